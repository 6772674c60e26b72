//! Secrets of a source: passwords, tokens, cookies, and whatever else its site gave out.
//!
//! A secret is stored as the place it comes from, and read when a request is made: it can be changed without a restart,
//! and commands that fetch nothing do not need it. It is never shown.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::files::folder_of;
use super::keys::SECRET;
use super::value::{ConfigValue, Section};

/// Largest file with a secret, in bytes.
const MAX_SECRET_FILE: u64 = 64 << 10;

/// Keys of a table that says where a secret is.
const PLACES: &[&str] = &["credential", "env", "file"];

/// What to write where that is not clear.
const PLACES_HINT: &str =
    "name one place: { credential = \"paper\" }, { env = \"PAPER\" } or { file = \"/run/paper\" }";

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

/// A secret as text, or as a table that says where it is: `{ credential = … }`, `{ env = … }`, `{ file = … }`.
pub(super) fn secret(value: &ConfigValue<'_>) -> Option<SecretSource> {
    match value.parsed() {
        DeValue::String(typed) => plain(value, typed),
        DeValue::Table(_) => one_of(value, &value.section(&SECRET)?, PLACES),
        _ => {
            value
                .expected("text, or where it is", &format!("{} = {{ credential = \"paper\" }}", value.key()));
            None
        }
    }
}

/// The secret of a table that has other keys, too; `keys` are those that say where it is, exactly one of which it must have.
/// Under `value` is the secret itself.
pub(super) fn one_of(
    value: &ConfigValue<'_>,
    section: &Section<'_>,
    keys: &[&'static str],
) -> Option<SecretSource> {
    let places: Vec<ConfigValue<'_>> = keys.iter().filter_map(|key| section.get(key)).collect();
    let [one] = places.as_slice() else {
        value.fault_at_key(format!("`{}` does not say where its value is", value.key()), PLACES_HINT);
        return None;
    };
    if let ("value", DeValue::String(typed)) = (one.key(), one.parsed()) {
        return plain(one, typed);
    }
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

/// A secret that stands in the file.
fn plain(value: &ConfigValue<'_>, typed: &str) -> Option<SecretSource> {
    // Such a header or cookie would be refused later with its text in the message.
    if typed.chars().any(|c| c.is_control() && c != '\t') {
        value.fault_at_key(
            format!("`{}` holds a line break or another control character", value.key()),
            PLACES_HINT,
        );
        return None;
    }
    Some(SecretSource::Plain(typed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
