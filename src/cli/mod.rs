//! The command line: one file per subcommand, and this file, which parses the arguments and calls it.
//!
//! Results go to stdout, messages and log lines to stderr ([`print`]). How a command ends, and the exit codes, are in
//! `exit`; the options of every command in `options`. The JSON that commands print is `crate::shapes`.
//!
//! A subcommand `x` is a file `x.rs` with its arguments, `XArgs`, and a function `x(&GlobalOptions, &XArgs) -> Result<Exit>`.
//! Files do not import this one; what several need is in a file of its own.

mod add;
mod backup;
mod check;
mod client;
mod consumers;
mod control;
mod delete;
mod diff;
mod disk;
mod doctor;
mod exit;
mod explain;
mod export;
mod extract;
mod feed_search;
mod import;
mod import_feeds;
mod join;
mod jsonl;
mod list;
mod man;
mod options;
mod parse;
mod print;
mod progress;
mod prune;
mod reextract;
mod rule_tests;
mod run;
mod run_summary;
mod search;
mod selection;
mod sentence_diff;
mod status;
mod status_notes;
mod stored_page;
mod table;
mod terminal;
mod times;
mod trial;
mod try_page;
mod verify;

use std::io;
use std::process::ExitCode;

use chrono::Utc;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use tracing::Level;

use crate::{probe, telemetry};
use exit::{ConfigError, Exit, UsageError, is_broken_pipe};
use options::GlobalOptions;
use print::print_message;

/// A press-cuttings daemon: polls feeds, fetches the linked pages politely, extracts the articles and stores them in SQLite.
#[derive(Debug, Parser)]
#[command(name = "cuttings", version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Poll feeds and collect articles, until stopped or (--once) until nothing is due
    Run(run::RunArgs),
    /// Check the configuration: shows every mistake with file and line
    Check(check::CheckArgs),
    /// Show what would be extracted from a page, and by which rules
    Try(try_page::TryArgs),
    /// Find the feeds of a site, and add one to the configuration
    Add(add::AddArgs),
    /// List the configured sources
    List(list::ListArgs),
    /// Show how each source is doing, and when and why it is polled next
    Status(status::StatusArgs),
    /// Poll a source now (or at the next run if no daemon is running)
    Poll(control::PollArgs),
    /// Pause a source: it is not polled and its pages are not fetched, until `resume`
    Pause(control::SourceArgs),
    /// Resume a paused source
    Resume(control::SourceArgs),
    /// Retry failed pages and sources now
    Retry(control::RetryArgs),
    /// Collect entries that the first poll of a source recorded as seen
    Backfill(control::BackfillArgs),
    /// Have the running daemon read its configuration again; with a mistake in it the old one stays in force
    Reload,
    /// Search the text of the articles
    Search(search::SearchArgs),
    /// Show what changed in an article, sentence by sentence
    Diff(diff::DiffArgs),
    /// Show why pages are one article or are not, and whether a link is known
    Explain(explain::ExplainArgs),
    /// Make one article of two, whatever is found later
    Join(join::JoinArgs),
    /// Part the pages of an article, whatever is found later
    Part(join::PartArgs),
    /// Take an article down: removes text, revisions and stored page; it is never fetched again
    Delete(delete::DeleteArgs),
    /// Delete now what is older than the sources say it is kept
    Prune(prune::PruneArgs),
    /// Extract the stored pages again with the present rules
    Reextract(reextract::ReextractArgs),
    /// Copy the database, also while it is in use, and check the copy
    Backup(backup::BackupArgs),
    /// Check the database for errors
    Verify(verify::VerifyArgs),
    /// Export articles to a file, a folder or stdout
    Export(Box<export::ExportArgs>),
    /// Import the feeds of another reader (OPML), or the articles of another database's export
    Import(import::ImportArgs),
    /// Show, reset or forget the consumers of `export --consumer`
    Consumers(consumers::ConsumersArgs),
    /// Check that this machine has what a daemon needs: says ok, or what to do
    Doctor(doctor::DoctorArgs),
    /// Print a completion script for a shell
    Completions {
        /// Shell to generate completions for
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command into a folder
    Man(man::ManArgs),
    /// Print the JSON Schema of the configuration, for editors
    Schema,
    /// Filter: parses feeds in files, prints their entries
    Parse(ParseArgs),
    /// Filter: extracts the articles of pages in files
    Extract(extract::ExtractArgs),
    /// Reads one input and prints nothing: the child process of a daemon that suspects it
    #[command(name = probe::COMMAND, hide = true)]
    Probe {
        /// `feed` or `page`
        kind: String,
        /// As the server sent it
        content_type: String,
    },
}

#[derive(Debug, Args)]
struct ParseArgs {
    /// One JSON object per line, on stdin and stdout
    #[arg(long, required = true)]
    jsonl: bool,
    /// As the document says it: garbled text and impossible dates stay
    #[arg(long)]
    as_is: bool,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::init(level(&cli), cli.global.log_format);
    match run_command(&cli) {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.is::<ConfigError>() => {
            print_message(&error.to_string());
            Exit::Usage.into()
        }
        Err(error) => {
            print_message(&format!("error: {error:#}"));
            let is_usage = error.downcast_ref::<UsageError>().is_some();
            if is_usage { Exit::Usage } else { Exit::NeedsAPerson }.into()
        }
    }
}

fn run_command(cli: &Cli) -> anyhow::Result<Exit> {
    let global = &cli.global;
    match &cli.command {
        Command::Run(args) => run::run(global, args),
        Command::Check(args) => check::check(global, args),
        Command::Try(args) => try_page::try_page(global, args),
        Command::Add(args) => add::add(global, args),
        Command::List(args) => list::list(global, args),
        Command::Status(args) => status::status(global, args),
        Command::Poll(args) => control::poll(global, args),
        Command::Pause(args) => control::pause(global, args),
        Command::Resume(args) => control::resume(global, args),
        Command::Retry(args) => control::retry(global, args),
        Command::Backfill(args) => control::backfill(global, args),
        Command::Reload => control::reload(global),
        Command::Search(args) => search::search(global, args),
        Command::Diff(args) => diff::diff(global, args),
        Command::Explain(args) => explain::explain(global, args),
        Command::Join(args) => join::join(global, args),
        Command::Part(args) => join::part(global, args),
        Command::Delete(args) => delete::delete(global, args),
        Command::Reextract(args) => reextract::reextract(global, args),
        Command::Backup(args) => backup::backup(global, args),
        Command::Verify(args) => verify::verify(global, args),
        Command::Prune(args) => prune::prune(global, args),
        Command::Export(args) => export::export(global, args),
        Command::Import(args) => import::import(global, args),
        Command::Consumers(args) => consumers::consumers(global, args),
        Command::Doctor(args) => doctor::doctor(global, args),
        Command::Completions { shell } => man::completions(*shell, Cli::command()),
        Command::Man(args) => man::man(args, Cli::command()),
        Command::Schema => man::schema(),
        Command::Parse(args) => {
            let now = (!args.as_is).then(Utc::now);
            jsonl::filter_stdin(|input, output| parse::parse_jsonl(input, output, now))
        }
        Command::Extract(args) => extract::extract(global, args),
        Command::Probe { kind, content_type } => {
            probe::child(kind, content_type, &mut io::stdin().lock(), Utc::now())?;
            Ok(Exit::Done)
        }
    }
}

/// What is logged: a daemon logs its work, other commands only what goes wrong.
fn level(cli: &Cli) -> Level {
    let is_daemon = matches!(&cli.command, Command::Run(args) if !args.once);
    match (cli.global.quiet, cli.global.verbose, is_daemon) {
        (true, ..) => Level::ERROR,
        (_, 0, false) => Level::WARN,
        (_, 0, true) | (_, 1, false) => Level::INFO,
        _ => Level::DEBUG,
    }
}
