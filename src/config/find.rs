//! Finds the configuration file.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// No configuration was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigNotFound {
    /// The file that was named does not exist.
    #[error("{}, named by {by}, is not there; check the path", path.display())]
    Named {
        /// The option or variable that names it.
        by: &'static str,
        /// What it names.
        path: PathBuf,
    },
    /// No file was named, and none of the usual ones exists.
    #[error(
        "no configuration found; looked for{}\nname one with --config, or write one: config/cuttings.toml of the package shows every key",
        listed(looked)
    )]
    Nowhere {
        /// The usual places, in order.
        looked: Vec<PathBuf>,
    },
}

fn listed(paths: &[PathBuf]) -> String {
    let mut list = String::new();
    for path in paths {
        // Writing to a string cannot fail.
        let _ = write!(list, "\n  {}", path.display());
    }
    list
}

/// The file that `explicit` names, else `$CUTTINGS_CONFIG`, else the first of the usual places that exists.
pub fn find(explicit: Option<&Path>) -> Result<PathBuf, ConfigNotFound> {
    find_in(explicit, |name| std::env::var_os(name), Path::exists)
}

/// Like [`find`], for a file that may be created: where none exists, the one that was named, else the user's own.
pub fn find_or_new(explicit: Option<&Path>) -> Result<PathBuf, ConfigNotFound> {
    find(explicit).or_else(ConfigNotFound::begun)
}

impl ConfigNotFound {
    /// Where a new file is to be created; never in `/etc`.
    fn begun(self) -> Result<PathBuf, Self> {
        match self {
            Self::Named { path, .. } => Ok(path),
            Self::Nowhere { looked } => {
                let own = |path: &&PathBuf| path.is_absolute() && !path.starts_with("/etc");
                match looked.iter().find(own) {
                    Some(path) => Ok(path.clone()),
                    None => Err(Self::Nowhere { looked }),
                }
            }
        }
    }
}

/// Like [`find`], with an environment and a file system that the caller provides. Empty variables count as unset.
pub fn find_in(
    explicit: Option<&Path>,
    env: impl Fn(&str) -> Option<OsString>,
    exists: impl Fn(&Path) -> bool,
) -> Result<PathBuf, ConfigNotFound> {
    let var = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let named = match explicit {
        Some(path) => Some(("--config", path.to_owned())),
        None => var("CUTTINGS_CONFIG").map(|path| ("$CUTTINGS_CONFIG", path)),
    };
    if let Some((by, path)) = named {
        return if exists(&path) { Ok(path) } else { Err(ConfigNotFound::Named { by, path }) };
    }
    let home = || var("HOME").map(|home| home.join(".config"));
    // A relative XDG folder counts as unset (XDG Base Directory Specification, "Basics").
    let user = var("XDG_CONFIG_HOME").filter(|path| path.is_absolute()).or_else(home);
    let looked: Vec<PathBuf> = [
        Some(PathBuf::from("config/cuttings.toml")),
        user.map(|folder| folder.join("cuttings/cuttings.toml")),
        Some(PathBuf::from("/etc/cuttings/cuttings.toml")),
    ]
    .into_iter()
    .flatten()
    .collect();
    match looked.iter().find(|path| exists(path)) {
        Some(path) => Ok(path.clone()),
        None => Err(ConfigNotFound::Nowhere { looked }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(
        explicit: Option<&str>,
        env: &[(&str, &str)],
        there: &[&str],
    ) -> Result<PathBuf, ConfigNotFound> {
        find_in(
            explicit.map(Path::new),
            |name| {
                let (_, value) = env.iter().find(|(key, _)| *key == name)?;
                Some(OsString::from(*value))
            },
            |path| there.iter().any(|known| path == Path::new(known)),
        )
    }

    #[test]
    fn the_order_of_the_search() {
        let env = [("CUTTINGS_CONFIG", "/v.toml"), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")];
        let all = [
            "/e.toml", "/v.toml", "config/cuttings.toml", "/x/cuttings/cuttings.toml",
            "/h/.config/cuttings/cuttings.toml", "/etc/cuttings/cuttings.toml",
        ];
        assert_eq!(found(Some("/e.toml"), &env, &all), Ok("/e.toml".into()));
        assert_eq!(found(None, &env, &all), Ok("/v.toml".into()));
        assert_eq!(found(None, &env[1..], &all), Ok("config/cuttings.toml".into()));
        assert_eq!(found(None, &env[1..], &all[3..]), Ok("/x/cuttings/cuttings.toml".into()));
        assert_eq!(
            found(None, &[("HOME", "/h"), ("XDG_CONFIG_HOME", "x")], &all[3..]),
            Ok("/h/.config/cuttings/cuttings.toml".into())
        );
        assert_eq!(
            found(None, &[("CUTTINGS_CONFIG", "")], &all[3..]),
            Ok("/etc/cuttings/cuttings.toml".into())
        );
    }

    #[test]
    fn what_is_named_and_not_there_is_an_error() {
        let error = found(Some("/e.toml"), &[], &["config/cuttings.toml"]).unwrap_err();
        assert_eq!(error.to_string(), "/e.toml, named by --config, is not there; check the path");
        let error = found(None, &[("CUTTINGS_CONFIG", "v")], &["config/cuttings.toml"]).unwrap_err();
        assert_eq!(error.to_string(), "v, named by $CUTTINGS_CONFIG, is not there; check the path");
    }

    #[test]
    fn what_is_missing_is_begun_where_it_was_named_or_at_home() {
        let begun = |explicit, env: &[(&str, &str)]| found(explicit, env, &[]).or_else(ConfigNotFound::begun);
        assert_eq!(begun(Some("/e.toml"), &[]), Ok("/e.toml".into()));
        assert_eq!(begun(None, &[("HOME", "/h")]), Ok("/h/.config/cuttings/cuttings.toml".into()));
        assert!(begun(None, &[]).is_err(), "nobody's home");
    }

    #[test]
    fn a_vain_search_lists_where() {
        let error = found(None, &[("HOME", "/h")], &[]).unwrap_err();
        insta::assert_snapshot!(error, @r"
        no configuration found; looked for
          config/cuttings.toml
          /h/.config/cuttings/cuttings.toml
          /etc/cuttings/cuttings.toml
        name one with --config, or write one: config/cuttings.toml of the package shows every key
        ");
    }
}
