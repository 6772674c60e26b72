//! `cuttings check`: all mistakes of the configuration, and with `--live` or `--stored` whether its rules still work.

use std::collections::HashSet;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Exit;
use super::options::GlobalOptions;
use super::rule_tests::{self, RuleTestArgs};
use crate::config::{self, Config, LoadedConfig, Source, counted};
use crate::fetch::{self, AccessFault, FetchError};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    tests: RuleTestArgs,
}

/// Exit code 2 for mistakes of the configuration, 1 where a test fails. Warnings change nothing.
pub(super) fn check(global: &GlobalOptions, args: &CheckArgs) -> anyhow::Result<Exit> {
    let colour = io::stderr().is_terminal();
    let mut err = io::stderr().lock();
    // With --json only the results of the tests go to stdout.
    let exit = if args.tests.json {
        check_config(global.config.as_deref(), colour, &mut io::sink(), &mut err)?
    } else {
        check_config(global.config.as_deref(), colour, &mut io::stdout().lock(), &mut err)?
    };
    drop(err);
    match exit {
        Exit::Done if args.tests.live || args.tests.stored => rule_tests::run(global, &args.tests),
        exit => Ok(exit),
    }
}

/// Loads the configuration; writes what is in it to `out`, and what is wrong or odd to `err`.
fn check_config(
    explicit: Option<&Path>,
    colour: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<Exit> {
    let path = match config::find(explicit) {
        Ok(path) => path,
        Err(error) => {
            writeln!(err, "{error}")?;
            return Ok(Exit::Usage);
        }
    };
    match config::load(&path) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                writeln!(err, "{}", warning.render(colour))?;
            }
            if !check_access(&loaded.config, err)? {
                return Ok(Exit::Usage);
            }
            writeln!(out, "{}", summary(&path, &loaded))?;
            Ok(Exit::Done)
        }
        Err(faults) => {
            writeln!(err, "{}", faults.render(colour))?;
            Ok(Exit::Usage)
        }
    }
}

/// Whether the secrets, certificates, proxies, programs and files that sources name can be used. What only the daemon can see,
/// such as a variable of its environment, is a warning.
fn check_access(config: &Config, err: &mut dyn Write) -> io::Result<bool> {
    let mut errors = 0_usize;
    // Of programs: [defaults] may give one to thousands of sources.
    let mut said = HashSet::new();
    for source in &config.sources {
        let faults = access_faults(source, &config.fetch.allow_files).into_iter();
        let of_programs = program_faults(source).filter(|fault| said.insert(fault.message.clone()));
        for fault in faults.chain(of_programs.collect::<Vec<_>>()) {
            let word = if fault.only_here { "warning" } else { "error" };
            errors += usize::from(!fault.only_here);
            if errors <= config::SHOWN {
                writeln!(err, "{word}: {}: source {:?}: {}", source.at, source.name, fault.message)?;
            }
        }
    }
    if errors > config::SHOWN {
        writeln!(err, "and {} more", errors - config::SHOWN)?;
    }
    Ok(errors == 0)
}

/// The programs of a source that cannot be run.
fn program_faults(source: &Source) -> impl Iterator<Item = AccessFault> {
    [("fetch_command", &source.fetch_command), ("feed_command", &source.feed_command)]
        .into_iter()
        .filter_map(|(key, command)| fetch::check_program(key, command.as_ref()?))
}

/// What else of a source's access cannot be used.
fn access_faults(source: &Source, allow_files: &[PathBuf]) -> Vec<AccessFault> {
    let mut faults = fetch::check_access(&source.request);
    if source.feed.scheme() == "file"
        && let Err(error) = fetch::check_file(&source.feed, allow_files)
    {
        // The file may come later, and the account of the daemon may read another one.
        let only_here = matches!(error, FetchError::File { .. });
        faults.push(AccessFault { message: format!("feed: {error}"), only_here });
    }
    faults
}

/// `config/cuttings.toml: ok, 3 sources, 1 site rule`
fn summary(path: &Path, loaded: &LoadedConfig) -> String {
    let sources = &loaded.config.sources;
    let disabled = sources.iter().filter(|source| !source.enabled).count();
    let disabled = match disabled {
        0 => String::new(),
        _ => format!(" ({disabled} not enabled)"),
    };
    format!(
        "{}: ok, {}{disabled}, {}",
        path.display(),
        counted(sources.len(), "source"),
        counted(loaded.config.sites.all().count(), "site rule")
    )
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
        let exit = check_config(Some(&path), false, &mut out, &mut err).unwrap();
        let shown = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&*folder.path().to_string_lossy(), "FOLDER")
        };
        (exit as u8, shown(out), shown(err))
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
            (format!("headers = {{ X-Key = {{ file = '{file}' }} }}"), "headers.X-Key: "),
            (format!("cookies = {{ id = {{ file = '{file}' }} }}"), "cookies.id: "),
            (format!("proxy = {{ file = '{file}' }}"), "proxy: its value is no address"),
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
            assert!(err.contains("error: FOLDER/cuttings.toml:3: source \"a\""), "{err}");
        }
        let (code, _, err) = checked(&source("bearer = { env = 'CUTTINGS_TEST_NOT_SET' }"));
        assert_eq!(code, 0, "the daemon may have it: {err}");
        assert!(err.contains("warning") && err.contains("CUTTINGS_TEST_NOT_SET"), "{err}");
        fs::write(&secret, "fine\n").unwrap();
        let (code, _, err) = checked(&source(&format!("bearer = {{ file = '{file}' }}")));
        assert_eq!((code, err.as_str()), (0, ""));
    }

    #[test]
    fn a_warning_is_talk() {
        let (code, out, err) = checked("");
        assert_eq!((code, out.as_str()), (0, "FOLDER/cuttings.toml: ok, 0 sources, 1 site rule\n"));
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
        assert_eq!(check_config(Some(missing), false, &mut out, &mut err).unwrap(), Exit::Usage);
        assert!(out.is_empty() && !err.is_empty());
    }
}
