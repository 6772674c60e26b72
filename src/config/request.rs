//! Options of the requests of a source: headers, cookies, passwords, proxies.
//!
//! A secret is stored as the place it comes from, and read when a request is made: it can be changed without a restart,
//! and commands that fetch nothing do not need it. It is never shown.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::fault::quoted;
use super::files::folder_of;
use super::keys::{BASIC_AUTH, SECRET};
use super::value::{ConfigValue, Section};

/// Largest file with a secret, in bytes.
const MAX_SECRET_FILE: u64 = 64 << 10;

/// Options of the requests of a source. By default none is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// Header lines, by name; sent to the feed's own origin only.
    pub headers: Vec<(String, SecretSource)>,
    /// Cookies by name; sent to the feed's own origin only.
    pub cookies: Vec<(String, SecretSource)>,
    /// User name and password (RFC 7617).
    pub basic_auth: Option<(String, SecretSource)>,
    /// A token (RFC 6750).
    pub bearer: Option<SecretSource>,
    /// `http://`, `https://`, `socks5://` or `socks5h://`.
    pub proxy: Option<SecretSource>,
    /// Never HTTP/2.
    pub http1_only: bool,
    /// PEM file of certificates that are trusted in addition to those of the system.
    pub ca_file: Option<PathBuf>,
    /// Another User-Agent than that of the program; it has a contact in it.
    pub user_agent: Option<String>,
}

/// A secret, or the place it is read from. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The secret itself.
    Plain(String),
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
    /// A file of `$CREDENTIALS_DIRECTORY`, where systemd puts what `LoadCredential=` names.
    Credential(String),
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("(secret)"),
            Self::Env(name) => write!(f, "(secret of the environment variable {name})"),
            Self::File(path) => write!(f, "(secret of the file {})", path.display()),
            Self::Credential(name) => write!(f, "(secret of the credential {name})"),
        }
    }
}

impl SecretSource {
    /// Whether only the process that fetches can tell if it is there: a variable of its environment, a credential of its unit.
    pub fn is_process_specific(&self) -> bool {
        match self {
            Self::Env(_) => true,
            Self::Credential(_) => std::env::var_os("CREDENTIALS_DIRECTORY").is_none(),
            Self::Plain(_) | Self::File(_) => false,
        }
    }

    /// Reads the secret; the error says where it was looked for and what to do. Line breaks at the end of a file are left out.
    pub fn read(&self) -> Result<String, String> {
        match self {
            Self::Plain(value) => Ok(value.clone()),
            Self::Env(name) => std::env::var(name)
                .map_err(|_| format!("the environment variable {name} is not set; set it for this process")),
            Self::File(path) => read_secret_file(path),
            Self::Credential(name) => {
                let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    format!(
                        "there is no $CREDENTIALS_DIRECTORY for the credential {name}; \
                         write LoadCredential={name}:/path/of/the/file in the unit"
                    )
                })?;
                read_secret_file(&Path::new(&folder).join(name))
            }
        }
    }
}

/// The text of a file without line breaks at its end; larger than 64 KiB, or not UTF-8, it fails.
fn read_secret_file(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_SECRET_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("the secret in {shown} cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_SECRET_FILE {
        return Err(format!("the secret in {shown} is larger than 64 KiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("the secret in {shown} is not UTF-8"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Why a source may not set a header of this name; `None`: it may.
pub fn refused_header(name: &str) -> Option<&'static str> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) {
        return Some("no header has such a name");
    }
    CLIENT_HEADERS
        .iter()
        .any(|header| header.eq_ignore_ascii_case(name))
        .then_some("it is part of how requests are made")
}

/// Headers that the client sets: those of the connection, of conditions and of codings.
const CLIENT_HEADERS: &[&str] = &[
    "accept-encoding", "connection", "content-length", "expect", "host", "http2-settings", "if-match",
    "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive",
    "proxy-authorization", "proxy-connection", "range", "te", "trailer", "transfer-encoding", "upgrade",
];

/// The keys that `[defaults]` may have too, over the values of `base`.
pub(super) fn with_shared_keys(section: &Section<'_>, base: &RequestOptions) -> RequestOptions {
    let mut options = base.clone();
    options.proxy = section.read("proxy", proxy).or(options.proxy);
    options.http1_only = section.read("http1_only", ConfigValue::boolean).unwrap_or(options.http1_only);
    let ca_file = |value: &ConfigValue<'_>| value.path("ca_file = \"/etc/ssl/paper.pem\"");
    options.ca_file = section.read("ca_file", ca_file).or(options.ca_file);
    options.user_agent = section.read("user_agent", user_agent).or(options.user_agent);
    options
}

/// The keys that only a source may have: what the owner of a site gave out is for that site.
pub(super) fn read_source_keys(section: &Section<'_>, options: &mut RequestOptions) {
    if let Some(value) = section.get("headers") {
        options.headers = pairs(&value, "headers = { X-Key = \"…\" }", |value, name| {
            let refused = match name.to_ascii_lowercase().as_str() {
                "cookie" => Some(("cookies are set elsewhere", "write cookies = { name = \"value\" }")),
                "user-agent" => Some(("it is set elsewhere", "write user_agent = \"…\"")),
                _ => refused_header(name).map(|why| (why, "leave it out")),
            };
            if let Some((why, hint)) = refused {
                value.fault_at_key(format!("the header {} cannot be set: {why}", quoted(name)), hint);
            }
            refused.is_none()
        });
    }
    if let Some(value) = section.get("cookies") {
        options.cookies = pairs(&value, "cookies = { session = \"…\" }", |value, name| {
            let fine = refused_header(name).is_none_or(|why| why != "no header has such a name");
            if !fine {
                value.fault_at_key(
                    format!("no cookie has the name {}", quoted(name)),
                    "letters, digits and dashes",
                );
            }
            fine
        });
    }
    let basic = section.get("basic_auth");
    let bearer = section.get("bearer");
    if let (Some(_), Some(bearer)) = (&basic, &bearer) {
        bearer.fault_at_key(
            "`basic_auth` and `bearer` are both set",
            "leave one of them out: a request has one Authorization",
        );
    }
    if let Some(section) = basic.and_then(|value| value.section(&BASIC_AUTH)) {
        let user =
            section.need("user", "write user = \"me\"").and_then(|value| value.string("user = \"me\""));
        let password = section
            .need("password", "write password = { credential = \"paper\" }")
            .and_then(|value| secret(&value));
        options.basic_auth = user.map(str::to_owned).zip(password);
    }
    if let Some(token) = bearer.and_then(|value| secret(&value)) {
        options.bearer = Some(token);
    }
}

/// A table of names and secrets; `allowed` reports the names that are not.
fn pairs(
    value: &ConfigValue<'_>,
    example: &str,
    allowed: impl Fn(&ConfigValue<'_>, &str) -> bool,
) -> Vec<(String, SecretSource)> {
    let Some(named) = value.named(example) else {
        return Vec::new();
    };
    named
        .into_iter()
        .filter_map(|value| {
            let name = value.key();
            let secret = secret(&value);
            allowed(&value, name).then_some(())?;
            Some((name.to_owned(), secret?))
        })
        .collect()
}

/// A secret as text, or as a table that says where it is: `{ credential = … }`, `{ env = … }`, `{ file = … }`.
fn secret(value: &ConfigValue<'_>) -> Option<SecretSource> {
    let place =
        "name one place: { credential = \"paper\" }, { env = \"PAPER\" } or { file = \"/run/paper\" }";
    match value.parsed() {
        DeValue::String(typed) => {
            // Such a header or cookie would be refused later with its text in the message.
            if typed.chars().any(|c| c.is_control() && c != '\t') {
                value.fault_at_key(
                    format!("`{}` holds a line break or another control character", value.key()),
                    place,
                );
                return None;
            }
            Some(SecretSource::Plain(typed.clone().into_owned()))
        }
        DeValue::Table(_) => {
            let section = value.section(&SECRET)?;
            let places = ["credential", "env", "file"].map(|key| section.get(key));
            let mut given = places.iter().flatten();
            let (Some(one), None) = (given.next(), given.next()) else {
                value.fault_at_key(format!("`{}` does not say where its value is", value.key()), place);
                return None;
            };
            let typed = one.string(&format!("{} = \"paper\"", one.key()))?;
            match one.key() {
                "env" => Some(SecretSource::Env(typed.to_owned())),
                "file" => Some(SecretSource::File(folder_of(one.file().path()).join(typed))),
                _ if typed.contains('/') || typed.starts_with('.') => {
                    one.fault(
                        "a credential is the name of a file in $CREDENTIALS_DIRECTORY",
                        "write its name without a folder",
                    );
                    None
                }
                _ => Some(SecretSource::Credential(typed.to_owned())),
            }
        }
        _ => {
            value
                .expected("text, or where it is", &format!("{} = {{ credential = \"paper\" }}", value.key()));
            None
        }
    }
}

/// URL of a proxy; one with a password may be a secret from elsewhere.
fn proxy(value: &ConfigValue<'_>) -> Option<SecretSource> {
    let proxy = secret(value)?;
    if let SecretSource::Plain(typed) = &proxy {
        let scheme = url::Url::parse(typed).ok().filter(url::Url::has_host);
        if !scheme.is_some_and(|url| matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")) {
            value.fault_at_key(
                "`proxy` is no address of a proxy",
                "write proxy = \"http://proxy.example:3128\" or \"socks5://127.0.0.1:1080\"",
            );
            return None;
        }
    }
    Some(proxy)
}

/// A User-Agent with a contact in it that is not that of a browser.
fn user_agent(value: &ConfigValue<'_>) -> Option<String> {
    let example = "user_agent = \"morning-press/2 (+https://example.org/bot)\"";
    let typed = value.string(example)?.trim();
    let has_contact = ["https://", "http://", "mailto:", "@"].iter().any(|mark| typed.contains(mark));
    let fault = if !typed.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Some("`user_agent` is more than plain ASCII")
    } else if typed.to_ascii_lowercase().contains("mozilla") {
        Some("`user_agent` is a browser's name: sites are told who asks them")
    } else if !has_contact {
        Some("`user_agent` does not say whom to ask")
    } else {
        None
    };
    if let Some(fault) = fault {
        value.fault(fault, format!("write {example}"));
        return None;
    }
    Some(typed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::load_text;
    use super::*;

    fn source(more: &str) -> String {
        format!("daemon.contact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://a.example/'\n{more}")
    }

    fn access(more: &str) -> RequestOptions {
        let text = source(more);
        let loaded = load_text("d/cuttings.toml", &text).unwrap_or_else(|faults| panic!("{faults}"));
        loaded.config.sources[0].request.clone()
    }

    fn mistake(more: &str) -> String {
        load_text("cuttings.toml", &source(more)).unwrap_err().to_string()
    }

    #[test]
    fn everything_a_source_may_need_is_read() {
        let access = access(
            "headers = { X-Key = { env = 'PAPER_KEY' }, Accept-Language = 'ar' }\ncookies = { session = { file = 'paper.cookie' } }\n\
             basic_auth = { user = 'me', password = { credential = 'paper' } }\nproxy = 'socks5://me:hush@127.0.0.1:1080'\n\
             http1_only = true\nca_file = 'paper.pem'\nuser_agent = 'press/2 (+mailto:bot@paper.example)'\n",
        );
        let plain = |text: &str| SecretSource::Plain(text.to_owned());
        assert_eq!(
            access,
            RequestOptions {
                headers: vec![
                    ("Accept-Language".into(), plain("ar")),
                    ("X-Key".into(), SecretSource::Env("PAPER_KEY".into()))
                ],
                cookies: vec![("session".into(), SecretSource::File("d/paper.cookie".into()))],
                basic_auth: Some(("me".into(), SecretSource::Credential("paper".into()))),
                bearer: None,
                proxy: Some(plain("socks5://me:hush@127.0.0.1:1080")),
                http1_only: true,
                ca_file: Some("d/paper.pem".into()),
                user_agent: Some("press/2 (+mailto:bot@paper.example)".into()),
            }
        );
        assert!(!format!("{access:?}").contains("hush"));
    }

    #[test]
    fn mistakes_are_named_and_secrets_are_not() {
        for (more, said) in [
            ("headers = { Host = 'hush' }", "part of how requests are made"),
            ("headers = { 'a b' = 'hush' }", "no header has such a name"),
            ("headers = { cookie = 'hush' }", "write cookies"),
            ("headers = { X-Key = \"hush\\r\\nX: y\" }", "control character"),
            ("headers = { X-Key = { } }", "does not say where"),
            ("headers = { X-Key = { env = 'A', file = 'b' } }", "does not say where"),
            ("headers = { X-Key = 5 }", "text, or where it is"),
            ("headers = 'hush'", "a table is expected"),
            ("headers = { X-Key = hush }", "quotes"),
            ("[source.headers]\nX-Key = hush", "quotes"),
            ("bearer = { credential = '../hush' }", "without a folder"),
            ("bearer = { file = '' }", "`file` is empty"),
            ("basic_auth = { user = 'me' }", "`password` is missing"),
            ("basic_auth = { user = 'me', password = 'hush' }\nbearer = 'hush'", "both set"),
            ("proxy = 'ftp://hush'", "no address of a proxy"),
            ("user_agent = 'press/2'", "whom to ask"),
            ("user_agent = 'Mozilla/5.0 (+https://paper.example)'", "a browser's name"),
        ] {
            let message = mistake(more);
            assert!(message.contains(said), "{more}: {message}");
            assert!(!message.contains("hush"), "{message}");
        }
    }

    #[test]
    fn a_secret_comes_from_where_it_was_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("paper");
        std::fs::write(&path, "hush\n").unwrap();
        assert_eq!(SecretSource::File(path).read().unwrap(), "hush");
        let missing = SecretSource::File(folder.path().join("none")).read().unwrap_err();
        assert!(missing.contains("cannot be read"), "{missing}");
        let unset = SecretSource::Env("CUTTINGS_NO_SUCH_VARIABLE".into()).read().unwrap_err();
        assert!(unset.contains("is not set"), "{unset}");
        let endless = SecretSource::File("/dev/zero".into()).read().unwrap_err();
        assert!(endless.contains("larger than"), "{endless}");
    }
}
