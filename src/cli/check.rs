//! `cuttings check`: what is wrong with the configuration, all of it.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use crate::config::{self, LoadedConfig, Source};
use crate::fetch;

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("tests").args(["live", "stored"]).multiple(true)))]
pub(super) struct CheckArgs {
    /// Fetch the page of each [[source.test]] and look for its passage
    #[arg(long)]
    pub(super) live: bool,
    /// The same with the pages that are kept in the database: nothing is fetched
    #[arg(long)]
    pub(super) stored: bool,
    /// Only the tests of this source
    #[arg(long, value_name = "NAME", requires = "tests")]
    pub(super) source: Option<String>,
    /// Print the results as JSON
    #[arg(long, requires = "tests")]
    pub(super) json: bool,
}

/// Reads the configuration and says on `out` what is in it, on `err` what is wrong or odd. Returns the exit code: 0 if
/// it can be used, else 2.
pub(super) fn check(
    explicit: Option<&Path>,
    colour: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let path = match config::find(explicit) {
        Ok(path) => path,
        Err(error) => {
            writeln!(err, "{error}")?;
            return Ok(2);
        }
    };
    match config::load(&path) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                writeln!(err, "{}", warning.render(colour))?;
            }
            if !can_ask(&loaded.config.sources, err)? {
                return Ok(2);
            }
            writeln!(out, "{}", summary(&path, &loaded))?;
            Ok(0)
        }
        Err(faults) => {
            writeln!(err, "{}", faults.render(colour))?;
            Ok(2)
        }
    }
}

/// Whether all that the sources configure to be asked with is there: secrets, certificates, proxies. What only the daemon
/// can see, as a variable of its environment, is a warning.
fn can_ask(sources: &[Arc<Source>], err: &mut dyn Write) -> io::Result<bool> {
    let mut wrong = 0_usize;
    for source in sources {
        for fault in fetch::check_access(&source.access) {
            let word = if fault.only_here { "warning" } else { "error" };
            wrong += usize::from(!fault.only_here);
            if wrong <= config::SHOWN {
                writeln!(
                    err,
                    "{word}: {}: source {:?}: {}",
                    source.at, source.name, fault.message
                )?;
            }
        }
    }
    if wrong > config::SHOWN {
        writeln!(err, "and {} more", wrong - config::SHOWN)?;
    }
    Ok(wrong == 0)
}

/// `config/cuttings.toml: ok, 3 sources, 1 site rule`
fn summary(path: &Path, loaded: &LoadedConfig) -> String {
    let sources = &loaded.config.sources;
    let off = sources.iter().filter(|source| !source.enabled).count();
    let off = if off == 0 {
        String::new()
    } else {
        format!(" ({off} not enabled)")
    };
    format!(
        "{}: ok, {}{off}, {}",
        path.display(),
        counted(sources.len(), "source"),
        counted(loaded.config.sites.len(), "site rule")
    )
}

fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn checked(text: &str) -> (u8, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cuttings.toml");
        fs::write(&path, text).unwrap();
        fs::create_dir(folder.path().join("sites")).unwrap();
        fs::write(folder.path().join("sites/paper.example.toml"), "title = 'h1'\n").unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = check(Some(&path), false, &mut out, &mut err).unwrap();
        let shown = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&*folder.path().to_string_lossy(), "FOLDER")
        };
        (code, shown(out), shown(err))
    }

    #[test]
    fn what_is_fine_is_counted() {
        let text = "[daemon]\ncontact = 'press@paper.example'\n[[source]]\nname = 'a'\nfeed = 'https://paper.example/a'\n\
                    [[source]]\nname = 'b'\nfeed = 'https://paper.example/b'\nenabled = false\n";
        let ok = "FOLDER/cuttings.toml: ok, 2 sources (1 not enabled), 1 site rule\n";
        assert_eq!(checked(text), (0, ok.to_owned(), String::new()));
    }

    #[test]
    fn what_a_source_is_asked_with_is_opened_and_secrets_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        fs::write(&secret, "hush\nhush\n").unwrap();
        let source = |more: &str| {
            format!(
                "[daemon]\ncontact = 'press@paper.example'\n[[source]]\nname = 'a'\nfeed = 'https://paper.example/a'\n{more}\n"
            )
        };
        let file = secret.display();
        for (more, said) in [
            (
                "bearer = { file = 'nowhere' }".to_owned(),
                "bearer: the secret in FOLDER/nowhere cannot be read",
            ),
            (format!("bearer = {{ file = '{file}' }}"), "control character"),
            (
                format!("headers = {{ X-Key = {{ file = '{file}' }} }}"),
                "headers.X-Key: ",
            ),
            (
                format!("cookies = {{ id = {{ file = '{file}' }} }}"),
                "cookies.id: ",
            ),
            (
                format!("proxy = {{ file = '{file}' }}"),
                "proxy: its value is no address",
            ),
            ("ca_file = 'nowhere.pem'".to_owned(), "ca_file FOLDER/nowhere.pem"),
            (format!("ca_file = '{file}'"), "certificate"),
            (
                "basic_auth = { user = 'me', password = { file = 'nowhere' } }".to_owned(),
                "basic_auth: the secret",
            ),
        ] {
            let (code, out, err) = checked(&source(&more));
            assert_eq!((code, out.as_str()), (2, ""), "{more}");
            assert!(err.contains(said) && !err.contains("hush"), "{more}: {err}");
            assert!(
                err.contains("error: FOLDER/cuttings.toml:3: source \"a\""),
                "{err}"
            );
        }
        let (code, _, err) = checked(&source("bearer = { env = 'CUTTINGS_TEST_NOT_SET' }"));
        assert_eq!(code, 0, "the daemon may have it: {err}");
        assert!(
            err.contains("warning") && err.contains("CUTTINGS_TEST_NOT_SET"),
            "{err}"
        );
        fs::write(&secret, "fine\n").unwrap();
        let (code, _, err) = checked(&source(&format!("bearer = {{ file = '{file}' }}")));
        assert_eq!((code, err.as_str()), (0, ""));
    }

    #[test]
    fn a_warning_is_talk() {
        let (code, out, err) = checked("");
        assert_eq!(
            (code, out.as_str()),
            (0, "FOLDER/cuttings.toml: ok, 0 sources, 1 site rule\n")
        );
        assert!(err.starts_with("warning: `contact`"), "{err}");
    }

    #[test]
    fn what_is_wrong_goes_to_stderr_with_code_2() {
        let (code, out, err) = checked("[[source]]\nname = 'a'\n");
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains("`feed` is missing in [[source]]"), "{err}");
        assert!(err.contains("FOLDER/cuttings.toml:1:1"), "{err}");
        assert!(err.trim_end().ends_with("1 mistake in 1 file"), "{err}");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let missing = Path::new("nowhere/cuttings.toml");
        assert_eq!(check(Some(missing), false, &mut out, &mut err).unwrap(), 2);
        assert!(out.is_empty() && !err.is_empty());
    }
}
