//! Options of the requests of a source: headers, cookies, passwords, proxies.

use std::path::PathBuf;

use super::fault::quoted;
use super::keys::BASIC_AUTH;
use super::secret_source::{SecretSource, secret};
use super::source_cookie::{SourceCookie, is_token, read_cookies};
use super::value::{ConfigValue, Section};

/// Options of the requests of a source. By default none is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// Header lines, by name; sent to the feed's own origin only.
    pub headers: Vec<(String, SecretSource)>,
    /// Cookies, by name.
    pub cookies: Vec<SourceCookie>,
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

/// Why a source may not set a header of this name; `None`: it may.
pub fn refused_header(name: &str) -> Option<&'static str> {
    if !is_token(name) {
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
        options.cookies = read_cookies(&value);
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
                cookies: vec![SourceCookie {
                    name: "session".into(),
                    value: SecretSource::File("d/paper.cookie".into()),
                    hosts: Vec::new()
                }],
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
}
