//! The command line: one file per subcommand.
//!
//! stdout is data, stderr is talk. Exit codes: 0 done, 1 some work failed or needs a person, 2 usage or configuration.

mod add;
mod backup;
mod check;
mod consumers;
mod control;
mod delete;
mod diff;
mod doctor;
mod export;
mod extract;
mod import;
mod import_feeds;
mod list;
mod paper;
mod parse;
mod progress;
mod prune;
mod reextract;
mod rule_tests;
mod run;
mod search;
mod sentences;
mod status;
mod table;
mod try_page;
mod verify;
mod when;
mod width;

use std::io::{self, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::Utc;
use clap::{Args, Parser, Subcommand};
use tracing::Level;

use crate::config::{self, Config, Faults};
use crate::telemetry::LogFormat;
use crate::{probe, telemetry};

/// A press-cuttings daemon: polls feeds, fetches the linked pages politely, cuts the articles out and keeps them in SQLite.
#[derive(Debug, Parser)]
#[command(name = "cuttings", version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
struct Global {
    /// Configuration file [default: $CUTTINGS_CONFIG, ./config/cuttings.toml, the user's, /etc/cuttings/cuttings.toml]
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Database file, instead of the configured one
    #[arg(long, global = true, value_name = "PATH")]
    database: Option<PathBuf>,
    /// More talk on stderr; twice for the detail of each article
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// What log lines on stderr look like; `auto` is the journal under systemd, else text
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "CUTTINGS_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Poll, fetch, cut and keep, until stopped or (--once) until nothing is due
    Run(run::RunArgs),
    /// Check the configuration: every mistake at once, with file and line
    Check(check::CheckArgs),
    /// Show what would be cut out of a page, and by what
    Try(try_page::TryArgs),
    /// Find the feeds of a site, and add one to the configuration
    Add(add::AddArgs),
    /// List the configured sources
    List(list::ListArgs),
    /// Show how each source is doing, and why it is polled when
    Status(status::StatusArgs),
    /// Have a source polled now, by the running daemon or at the next run
    Poll(control::PollArgs),
    /// Hold a source: not polled, its pages wait, until `resume`
    Pause(control::SourceArgs),
    /// Let a paused source go on
    Resume(control::SourceArgs),
    /// Have pages and sources that failed tried again now
    Retry(control::RetryArgs),
    /// Have the running daemon read its configuration anew; with a mistake in it the old one stays
    Reload,
    /// Find articles by their words
    Search(search::SearchArgs),
    /// Show what changed in an article, sentence by sentence
    Diff(diff::DiffArgs),
    /// Take an article down: text, revisions and stored page are gone, and never come back
    Delete(delete::DeleteArgs),
    /// Drop what the sources keep no longer, now
    Prune(prune::PruneArgs),
    /// Cut the stored pages anew by today's rules
    Reextract(reextract::ReextractArgs),
    /// Copy the database while it is in use, checked
    Backup(backup::BackupArgs),
    /// Check that the database is what it should be
    Verify(verify::VerifyArgs),
    /// Write articles out
    Export(Box<export::ExportArgs>),
    /// Take in the feeds of another reader (OPML), or the articles of an export from another database
    Import(import::ImportArgs),
    /// Show, reset or forget those who are served with `export --consumer`
    Consumers(consumers::ConsumersArgs),
    /// Look at everything a daemon needs from this machine: ok, or what to do
    Doctor(doctor::DoctorArgs),
    /// Print the completions of a shell
    Completions {
        /// Whose
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command into a folder
    Man(paper::ManArgs),
    /// Print the JSON Schema of the configuration, for editors
    Schema,
    /// Filter: feeds in, their entries out
    Parse(FilterArgs),
    /// Filter: pages in, their articles out
    Extract(extract::ExtractArgs),
    /// Reads one input and says nothing: the child of a daemon that suspects it
    #[command(name = probe::COMMAND, hide = true)]
    Probe {
        /// `feed` or `page`
        kind: String,
        /// As the server sent it
        content_type: String,
    },
}

#[derive(Debug, Args)]
struct FilterArgs {
    /// One JSON object a line, on stdin and stdout
    #[arg(long, required = true)]
    jsonl: bool,
}

fn check(global: &Global, args: &check::CheckArgs) -> anyhow::Result<Exit> {
    let colour = io::stderr().is_terminal();
    let (mut sink, mut stdout) = (io::sink(), io::stdout().lock());
    let code = check::check(
        global.config.as_deref(),
        colour,
        // With --json the results are all that stands there.
        if args.json { &mut sink } else { &mut stdout },
        &mut io::stderr().lock(),
    )?;
    if code != 0 {
        return Ok(Exit::Usage);
    }
    if args.live || args.stored {
        return rule_tests::run(global, args);
    }
    Ok(Exit::Done)
}

/// How a command ended, when it ended well enough to have an opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    NeedsAPerson = 1,
    Usage = 2,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::init(level(&cli), cli.global.log_format);
    let result = match &cli.command {
        Command::Run(args) => run::run(&cli.global, args),
        Command::Check(args) => check(&cli.global, args),
        Command::Try(args) => try_page::try_page(&cli.global, args),
        Command::Add(args) => add::add(&cli.global, args),
        Command::List(args) => list::list(&cli.global, args),
        Command::Status(args) => status::status(&cli.global, args),
        Command::Poll(args) => control::poll(&cli.global, args),
        Command::Pause(args) => control::pause(&cli.global, args),
        Command::Resume(args) => control::resume(&cli.global, args),
        Command::Retry(args) => control::retry(&cli.global, args),
        Command::Reload => control::reload(&cli.global),
        Command::Search(args) => search::search(&cli.global, args),
        Command::Diff(args) => diff::diff(&cli.global, args),
        Command::Delete(args) => delete::delete(&cli.global, args),
        Command::Reextract(args) => reextract::reextract(&cli.global, args),
        Command::Backup(args) => backup::backup(&cli.global, args),
        Command::Verify(args) => verify::verify(&cli.global, args),
        Command::Prune(args) => prune::prune(&cli.global, args),
        Command::Export(args) => export::export(&cli.global, args),
        Command::Import(args) => import::import(&cli.global, args),
        Command::Consumers(args) => consumers::consumers(&cli.global, args),
        Command::Doctor(args) => doctor::doctor(&cli.global, args),
        Command::Completions { shell } => paper::completions(*shell),
        Command::Man(args) => paper::man(args),
        Command::Schema => paper::schema(),
        Command::Parse(_) => filter(|input, output| parse::parse_jsonl(input, output)),
        Command::Extract(args) => extract::extract(&cli.global, args),
        Command::Probe { kind, content_type } => {
            probe::child(kind, content_type, &mut io::stdin().lock(), Utc::now())
                .map(|()| Exit::Done)
                .map_err(Into::into)
        }
    };
    match result {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.is::<Faulty>() => {
            complain(&error.to_string());
            ExitCode::from(Exit::Usage as u8)
        }
        Err(error) => {
            complain(&format!("error: {error:#}"));
            let usage = error.downcast_ref::<Usage>().is_some();
            ExitCode::from(if usage { Exit::Usage } else { Exit::NeedsAPerson } as u8)
        }
    }
}

/// `run` talks like a service; the other commands only of what went wrong.
fn level(cli: &Cli) -> Level {
    let usual = matches!(&cli.command, Command::Run(args) if !args.once);
    match (cli.global.quiet, cli.global.verbose, usual) {
        (true, ..) => Level::ERROR,
        (_, 0, false) => Level::WARN,
        (_, 0, true) | (_, 1, false) => Level::INFO,
        _ => Level::DEBUG,
    }
}

/// A mistake of the caller: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Mistakes of a configuration, each of which says what it is: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Faulty(String);

impl Global {
    /// Loads the configuration; its faults go to stderr as they are.
    fn load(&self) -> anyhow::Result<Config> {
        load_from(&self.config_path()?)
    }

    /// The configuration file: of the command line, else where it is looked for.
    fn config_path(&self) -> anyhow::Result<PathBuf> {
        config::find(self.config.as_deref()).map_err(|error| Usage(error.to_string()).into())
    }

    /// The database: of the command line, else configured, else the default place.
    fn database(&self, config: &Config) -> anyhow::Result<PathBuf> {
        let configured = self.database.clone().or_else(|| config.daemon.database.clone());
        configured.map_or_else(default_database, Ok)
    }

    /// The database where no configuration is needed to find it.
    fn database_alone(&self) -> anyhow::Result<PathBuf> {
        match &self.database {
            Some(path) => Ok(path.clone()),
            None => self.database(&self.load()?),
        }
    }

    /// The same for who only reads: the rest of the configuration may be broken.
    fn database_to_read(&self) -> anyhow::Result<PathBuf> {
        if let Some(path) = &self.database {
            return Ok(path.clone());
        }
        let named = config::named_database(&self.config_path()?).map_err(|faults| faulty(&faults))?;
        let database = named.path.map_or_else(default_database, Ok)?;
        if let Some(fault) = named.faults.as_ref().and_then(|faults| faults.all().first()) {
            tracing::warn!(
                "the configuration is broken (`cuttings check` shows all of it); reading {} all the same: {fault}",
                database.display()
            );
        }
        Ok(database)
    }
}

/// The configuration that sources are added to: an empty one where none was written yet.
fn load_or_begin(named: Option<&Path>) -> anyhow::Result<(PathBuf, Config)> {
    let path = config::find_or_begin(named).map_err(|error| Usage(error.to_string()))?;
    let config = if path.exists() {
        load_from(&path)?
    } else {
        Config::default()
    };
    Ok((path, config))
}

fn load_from(path: &Path) -> anyhow::Result<Config> {
    let loaded = config::load(path).map_err(|faults| faulty(&faults))?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded.config)
}

/// The mistakes of a configuration, as the error of a command.
fn faulty(faults: &Faults) -> Faulty {
    Faulty(faults.render(io::stderr().is_terminal()))
}

/// `$STATE_DIRECTORY/cuttings.db` under systemd, else the user's data folder (XDG Base Directory).
fn default_database() -> anyhow::Result<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    folder("STATE_DIRECTORY")
        .or_else(|| folder("XDG_DATA_HOME").map(|data| data.join("cuttings")))
        .or_else(|| folder("HOME").map(|home| home.join(".local/share/cuttings")))
        .map(|folder| folder.join("cuttings.db"))
        .ok_or_else(|| {
            Usage("no place for the database: set `database` in [daemon], or pass --database PATH".into())
                .into()
        })
}

/// Runs a filter from stdin to stdout.
fn filter(
    run: impl FnOnce(BufReader<io::StdinLock<'static>>, &mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<Exit> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    run(BufReader::new(io::stdin().lock()), &mut output)?;
    output.flush()?;
    Ok(Exit::Done)
}

/// Data, to stdout.
fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Talk, to stderr; nothing is left to do where even that fails.
fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A reader that went away (`| head`) is no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
