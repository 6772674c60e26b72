//! `cuttings poll`, `pause`, `resume`, `retry`, `backfill` and `reload`: requests to a running daemon, or to the next run.
//!
//! A request is a row in the database that the daemon reads twice a second. Only `reload` waits for the answer.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;
use chrono::{DateTime, Utc};
use clap::Args;

use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::{print_message, print_result};
use super::selection::parse_time;
use super::table;
use crate::store::{self, ControlClient, ControlOutcome};

/// How long `reload` waits for the daemon: it looks twice a second, and a large configuration takes seconds to read.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// How often `reload` looks for the answer.
const ANSWER_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
pub(super) struct SourceArgs {
    /// Name of the source
    source: String,
}

#[derive(Debug, Args)]
pub(super) struct PollArgs {
    /// Name of the source
    source: String,
    /// Ignore caching, Retry-After, and that the feed is gone
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct RetryArgs {
    /// Only this source and its pages
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct BackfillArgs {
    /// Name of the source
    source: String,
    /// Published since: a date, a time, or a length of time, such as 90d (first seen, where no date is known)
    #[arg(long, value_name = "WHEN")]
    since: String,
    /// Only show what would be collected
    #[arg(long)]
    dry_run: bool,
}

/// Makes a source due at once.
pub(super) fn poll(global: &GlobalOptions, args: &PollArgs) -> anyhow::Result<Exit> {
    let database = global.database_to_write()?;
    let outcome = ControlClient::open(&database)?.poll(&args.source, args.force, Utc::now())?;
    check_outcome(outcome, &args.source)?;
    print_message(&format!("{}: {}", args.source, when_done("polled", &database)));
    Ok(Exit::Done)
}

/// Pauses a source; the state survives restarts.
pub(super) fn pause(global: &GlobalOptions, args: &SourceArgs) -> anyhow::Result<Exit> {
    let outcome = ControlClient::open(&global.database_to_write()?)?.pause(&args.source)?;
    check_outcome(outcome, &args.source)?;
    let name = &args.source;
    print_message(&format!("{name}: paused; `cuttings resume {name}` lets it go on"));
    Ok(Exit::Done)
}

/// Ends a pause; the source is polled when it is due.
pub(super) fn resume(global: &GlobalOptions, args: &SourceArgs) -> anyhow::Result<Exit> {
    let outcome = ControlClient::open(&global.database_to_write()?)?.resume(&args.source)?;
    check_outcome(outcome, &args.source)?;
    print_message(&format!("{}: goes on", args.source));
    Ok(Exit::Done)
}

/// Makes failed pages due at once, with all their attempts again, and sources that are backing off.
pub(super) fn retry(global: &GlobalOptions, args: &RetryArgs) -> anyhow::Result<Exit> {
    let database = global.database_to_write()?;
    let (pages, polls) = match ControlClient::open(&database)?.retry(args.source.as_deref(), Utc::now())? {
        Ok(counts) => counts,
        Err(outcome) => {
            check_outcome(outcome, args.source.as_deref().unwrap_or_default())?;
            (0, 0)
        }
    };
    print_message(&match (pages, polls) {
        (0, 0) => "nothing waits for another try".to_owned(),
        _ => format!("{pages} pages and {polls} sources: {}", when_done("tried", &database)),
    });
    Ok(Exit::Done)
}

/// Has entries collected that the first poll of a source recorded as seen. The poll that does it needs the feed; the pages follow
/// one by one.
pub(super) fn backfill(global: &GlobalOptions, args: &BackfillArgs) -> anyhow::Result<Exit> {
    let name = &args.source;
    let now = Utc::now();
    let since = parse_time(&args.since, now)?;
    let database = global.database_to_write()?;
    let plan = match ControlClient::open(&database)?.backfill(name, since, args.dry_run, now)? {
        Ok(plan) => plan,
        Err(outcome) => {
            check_outcome(outcome, name)?;
            return Ok(Exit::Done);
        }
    };
    let day = |at: Option<DateTime<Utc>>| at.map(|at| at.date_naive().to_string()).unwrap_or_default();
    if args.dry_run {
        let (oldest, newest) = (day(plan.oldest), day(plan.newest));
        let counts = [plan.entries, plan.without_page].map(|count| count.to_string());
        let [entries, without_page] = counts;
        print_result(&table::table(
            &["source", "entries", "without a page", "oldest", "newest"],
            &["entries", "without a page"],
            std::iter::once(vec![name.clone(), entries, without_page, oldest, newest]),
        ))?;
    }
    print_message(&match plan.entries {
        0 => format!(
            "{name}: its first poll recorded no entry as seen that was published since {}",
            since.format("%F")
        ),
        entries if args.dry_run => {
            format!("{name}: {entries} entries would be collected; nothing was changed")
        }
        entries => {
            let lost = match plan.without_page {
                0 => String::new(),
                count => format!("; {count} have no page, and are collected if the feed still has them"),
            };
            format!(
                "{name}: {entries} entries of {} to {}: the feed is {}, then their pages are fetched one by one{lost}",
                day(plan.oldest),
                day(plan.newest),
                when_done("polled", &database)
            )
        }
    });
    Ok(Exit::Done)
}

/// Exit code 2 where the daemon refuses the new configuration; its mistakes are printed. Without a daemon it fails.
pub(super) fn reload(global: &GlobalOptions) -> anyhow::Result<Exit> {
    let database = global.database_to_write()?;
    let Some(daemon) = store::holder(&database) else {
        return Err(UsageError(format!(
            "{}: no daemon runs on this database; `cuttings run` starts one with the configuration as it is",
            database.display()
        ))
        .into());
    };
    let mut client = ControlClient::open(&database)?;
    let id = client.reload()?;
    let requested_at = Instant::now();
    loop {
        if let Some(answer) = client.answer(id)? {
            let failed = answer.strip_prefix("failed: ");
            print_message(failed.unwrap_or(&answer));
            return Ok(if failed.is_some() { Exit::Usage } else { Exit::Done });
        }
        if store::holder(&database).is_none() {
            bail!("the daemon (process {}) ended before it answered", daemon.pid);
        }
        if requested_at.elapsed() > ANSWER_TIMEOUT {
            bail!(
                "the daemon (process {}) has not answered in {} s; what it does is in its log",
                daemon.pid,
                ANSWER_TIMEOUT.as_secs()
            );
        }
        std::thread::sleep(ANSWER_INTERVAL);
    }
}

/// The error of a request that was not accepted.
fn check_outcome(outcome: ControlOutcome, name: &str) -> anyhow::Result<()> {
    match outcome {
        ControlOutcome::Done => Ok(()),
        ControlOutcome::Refused(why) => bail!("{name}: {why}"),
        ControlOutcome::Unknown(names) if names.is_empty() => {
            Err(UsageError(format!("there is no source {name:?}: the database knows none yet")).into())
        }
        ControlOutcome::Unknown(names) => Err(UsageError(format!(
            "there is no source {name:?}; there are {}{}",
            names.join(", "),
            if names.len() == 20 { ", and more: `cuttings list`" } else { "" }
        ))
        .into()),
    }
}

/// `polled at once by the daemon (process 7)`, or at the next run.
fn when_done(done: &str, database: &Path) -> String {
    match store::holder(database) {
        Some(daemon) => format!("{done} at once by the daemon (process {})", daemon.pid),
        None => format!("{done} at the next `cuttings run`: no daemon runs on this database"),
    }
}
