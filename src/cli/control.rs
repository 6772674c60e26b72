//! `cuttings poll`, `pause`, `resume`, `retry` and `reload`: what a person asks of a daemon, or of the next run.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;
use chrono::Utc;
use clap::Args;

use super::{Exit, Global, Usage, complain};
use crate::store::{self, ControlClient, ControlOutcome};

/// How long a daemon may take to answer: it looks twice a second, and a large configuration takes a while to read.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks for the answer.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
pub(super) struct SourceArgs {
    /// Its name in the configuration
    source: String,
}

#[derive(Debug, Args)]
pub(super) struct PollArgs {
    /// Its name in the configuration
    source: String,
    /// Ask for the whole document, even where the server wished to be left alone or said that the feed is gone
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct RetryArgs {
    /// Only what belongs to this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
}

pub(super) fn poll(global: &Global, args: &PollArgs) -> anyhow::Result<Exit> {
    let database = global.database_alone()?;
    let asked = ControlClient::open(&database)?.poll(&args.source, args.force, Utc::now())?;
    done(asked, &args.source)?;
    complain(&format!("{}: {}", args.source, when("polled", &database)));
    Ok(Exit::Done)
}

pub(super) fn pause(global: &Global, args: &SourceArgs) -> anyhow::Result<Exit> {
    let asked = ControlClient::open(&global.database_alone()?)?.pause(&args.source)?;
    done(asked, &args.source)?;
    let name = &args.source;
    complain(&format!("{name}: paused; `cuttings resume {name}` lets it go on"));
    Ok(Exit::Done)
}

pub(super) fn resume(global: &Global, args: &SourceArgs) -> anyhow::Result<Exit> {
    let asked = ControlClient::open(&global.database_alone()?)?.resume(&args.source)?;
    done(asked, &args.source)?;
    complain(&format!("{}: goes on", args.source));
    Ok(Exit::Done)
}

pub(super) fn retry(global: &Global, args: &RetryArgs) -> anyhow::Result<Exit> {
    let database = global.database_alone()?;
    let (pages, polls) = match ControlClient::open(&database)?.retry(args.source.as_deref(), Utc::now())? {
        Ok(counts) => counts,
        Err(asked) => {
            done(asked, args.source.as_deref().unwrap_or_default())?;
            (0, 0)
        }
    };
    complain(&match (pages, polls) {
        (0, 0) => "nothing waits for another try".to_owned(),
        _ => format!("{pages} pages and {polls} sources: {}", when("tried", &database)),
    });
    Ok(Exit::Done)
}

pub(super) fn reload(global: &Global) -> anyhow::Result<Exit> {
    let database = global.database_alone()?;
    let Some(daemon) = store::holder(&database) else {
        return Err(Usage(format!(
            "{}: no daemon runs on this database; `cuttings run` starts one with the configuration as it is",
            database.display()
        ))
        .into());
    };
    let mut side = ControlClient::open(&database)?;
    let id = side.reload()?;
    let asked = Instant::now();
    loop {
        if let Some(answer) = side.answer(id)? {
            let failed = answer.strip_prefix("failed: ");
            complain(failed.unwrap_or(&answer));
            return Ok(if failed.is_some() { Exit::Usage } else { Exit::Done });
        }
        if store::holder(&database).is_none() {
            bail!("the daemon (process {}) ended before it answered", daemon.pid);
        }
        if asked.elapsed() > PATIENCE {
            bail!(
                "the daemon (process {}) has not answered in {} s; what it does is in its log",
                daemon.pid,
                PATIENCE.as_secs()
            );
        }
        std::thread::sleep(LOOK);
    }
}

/// Says why it is not done.
fn done(asked: ControlOutcome, name: &str) -> anyhow::Result<()> {
    match asked {
        ControlOutcome::Done => Ok(()),
        ControlOutcome::Refused(why) => bail!("{name}: {why}"),
        ControlOutcome::Unknown(names) if names.is_empty() => Err(Usage(format!(
            "there is no source {name:?}: the database knows none yet"
        ))
        .into()),
        ControlOutcome::Unknown(names) => Err(Usage(format!(
            "there is no source {name:?}; there are {}{}",
            names.join(", "),
            if names.len() == 20 {
                ", and more: `cuttings list`"
            } else {
                ""
            }
        ))
        .into()),
    }
}

fn when(done: &str, database: &Path) -> String {
    match store::holder(database) {
        Some(daemon) => format!("{done} at once by the daemon (process {})", daemon.pid),
        None => format!("{done} at the next `cuttings run`: no daemon runs on this database"),
    }
}
