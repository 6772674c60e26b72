//! `cuttings run`: the daemon, or once.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::info;

use super::{Exit, Global, load_from, say, table};
use crate::daemon::{self, Daemon, Event, RunOptions, Signal};
use crate::fetch;
use crate::model::{Failure, StoreOutcome};
use crate::store::{Backlog, Store};
use crate::{cpu, telemetry, timing};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Poll what is due and collect what is ready, then stop
    #[arg(long)]
    pub(super) once: bool,
    /// With --once: poll every source, due or not (still conditional)
    #[arg(long, requires = "once")]
    all: bool,
    /// With --once: stay for what becomes due within this time, such as 20s or 5m
    #[arg(long, requires = "once", value_name = "TIME", value_parser = duration)]
    wait: Option<Duration>,
    /// With --once: print the result as JSON
    #[arg(long, requires = "once")]
    json: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    timing::parse_duration(text).map_err(|error| error.to_string())
}

pub(super) fn run(global: &Global, args: &RunArgs) -> anyhow::Result<Exit> {
    fetch::install_crypto();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cpu::count() + 1)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let result = runtime.block_on(async {
        // Before anything that takes time: a signal is an order from here on.
        let orders = listen(args.once)?;
        let path = global.config_path()?;
        let config = load_from(&path)?;
        let database = global.database(&config)?;
        let options = RunOptions {
            once: args.once,
            all: args.all,
            wait: args.wait.unwrap_or_default(),
        };
        // A daemon runs for a year, and what it did is in the database.
        let mut tally = args.once.then(|| Tally::new(&config));
        let sources = config.sources.iter().filter(|source| source.enabled).count();
        let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
        let outputs = config.outputs.clone();
        let store = Arc::new(Store::open(&database, Utc::now())?);
        let ended = async {
            let daemon = Daemon::new(Arc::clone(&store), config, path, options).await?;
            info!(sources, database = %database.display(), "ready");
            let watch = |event| {
                if let Some(tally) = &mut tally {
                    tally.take(event);
                }
            };
            daemon.run(orders, watch).await
        }
        .await;
        let delivered = if args.once && ended.is_ok() {
            daemon::deliver_once(&outputs, &database, &user_agent).await
        } else {
            Ok(0)
        };
        // The writer commits what it was given before the process ends, whatever the run came to.
        store.close().await?;
        ended?;
        let outputs_failed = delivered?;
        anyhow::Ok(tally.map(|tally| Tally {
            outputs_failed,
            ..tally
        }))
    });
    // Extraction of a large page that was cut off by a stop may still be at work: nothing waits for it.
    runtime.shutdown_timeout(Duration::from_millis(100));
    let Some(tally) = result? else {
        return Ok(Exit::Done);
    };
    tally.bar.finish_and_clear();
    say(&if args.json { tally.json() } else { tally.table() })?;
    Ok(if tally.failed() {
        Exit::NeedsAPerson
    } else {
        Exit::Done
    })
}

/// Signals as orders: SIGTERM and SIGINT stop, a second one leaves at once; SIGHUP reloads a daemon, and ends a single
/// run as it ends every program of a terminal that was closed.
fn listen(once: bool) -> anyhow::Result<mpsc::Receiver<Signal>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut hangup = if once {
        None
    } else {
        Some(signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?)
    };
    let (orders, received) = mpsc::channel(8);
    tokio::spawn(async move {
        let mut stopping = false;
        loop {
            let reload = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            let order = tokio::select! {
                _ = terminate.recv() => Signal::Stop,
                _ = interrupt.recv() => Signal::Stop,
                _ = reload => Signal::Reload,
            };
            if order == Signal::Stop && std::mem::replace(&mut stopping, true) {
                // Safe at any moment: what is not committed is done again at the next start.
                std::process::exit(130);
            }
            // Nothing here waits, so that a second signal is always heard. Reloads leave room for a stop; where several
            // wait, one more would read the same file.
            if order == Signal::Stop || orders.capacity() > 1 {
                let _ = orders.try_send(order);
            }
        }
    });
    Ok(received)
}

/// What a single run did, by source.
struct Tally {
    rows: BTreeMap<String, Row>,
    left: Backlog,
    /// Outputs that could not be brought up to date; the log says why.
    outputs_failed: usize,
    bar: ProgressBar,
}

#[derive(Default)]
struct Row {
    polled: bool,
    new: u64,
    known: u64,
    skipped: u64,
    ms: u128,
    /// By URL: what succeeds later in the run is no failure of the run.
    errors: BTreeMap<String, Box<Failure>>,
}

impl Tally {
    fn new(config: &crate::config::Config) -> Self {
        let rows = config
            .sources
            .iter()
            .filter(|source| source.enabled)
            .map(|source| (source.name.clone(), Row::default()))
            .collect();
        let bar = if io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            telemetry::show(bar.clone());
            bar
        } else {
            ProgressBar::hidden()
        };
        Self {
            rows,
            left: Backlog::default(),
            outputs_failed: 0,
            bar,
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Polled(report) => {
                let row = self.rows.entry(report.source).or_default();
                row.polled = true;
                row.known += report.counts.known;
                row.skipped += report.counts.skipped;
                row.ms += report.duration.as_millis();
                row.ended(report.url, report.failure);
            }
            Event::Collected(report) => {
                let row = self.rows.entry(report.source).or_default();
                match report.stored {
                    StoreOutcome::New(_) => row.new += 1,
                    StoreOutcome::Known(_) | StoreOutcome::Revised(_) => row.known += 1,
                    StoreOutcome::Excluded | StoreOutcome::Waiting => {}
                }
                row.ms += report.duration.as_millis();
                row.ended(report.url, report.failure);
            }
            Event::Left(left) => self.left = left,
        }
        // Counting thousands of sources at each step costs more than the step.
        if self.bar.is_hidden() {
            return;
        }
        let polled = self.rows.values().filter(|row| row.polled).count();
        let new: u64 = self.rows.values().map(|row| row.new).sum();
        let failed: u64 = self.rows.values().map(Row::failed).sum();
        self.bar.set_message(format!(
            "{polled} sources polled, {new} new, {failed} failed, {} pages waiting",
            self.left.pending
        ));
    }

    fn failed(&self) -> bool {
        self.outputs_failed > 0 || self.rows.values().any(|row| row.failed() > 0)
    }

    fn table(&self) -> String {
        let rows = self.rows.iter().map(|(name, row)| {
            vec![
                name.clone(),
                row.new.to_string(),
                row.known.to_string(),
                row.failed().to_string(),
                row.ms.to_string(),
            ]
        });
        let mut text = table::table(
            &["source", "new", "known", "failed", "ms"],
            &["new", "known", "failed", "ms"],
            rows,
        );
        for (name, row) in &self.rows {
            for error in row.errors.values().take(MOST_ERRORS) {
                text.push_str(&format!(
                    "\n{name}: {} [{}] {}",
                    error.message,
                    error.code,
                    error.url.as_deref().unwrap_or_default()
                ));
            }
            if row.errors.len() > MOST_ERRORS {
                text.push_str(&format!(
                    "\n{name}: and {} more; `cuttings status` keeps them",
                    row.errors.len() - MOST_ERRORS
                ));
            }
        }
        if self.left.pending > 0 {
            text.push_str(&format!("\n{} pages wait for another try", self.left.pending));
        }
        if self.outputs_failed > 0 {
            text.push_str(&format!(
                "\n{} outputs failed; `cuttings status` says why",
                self.outputs_failed
            ));
        }
        text
    }

    fn json(&self) -> String {
        let sources: Vec<_> = self
            .rows
            .iter()
            .map(|(name, row)| {
                let errors: Vec<_> = row
                    .errors
                    .values()
                    .map(|error| json!({"code": error.code, "grade": error.grade.as_str(), "message": error.message, "url": error.url}))
                    .collect();
                json!({"source": name, "polled": row.polled, "new": row.new, "known": row.known, "failed": row.failed(),
                       "ms": row.ms, "errors": errors})
            })
            .collect();
        json!({"sources": sources, "waiting": self.left.pending}).to_string()
    }
}

/// Errors printed for one source: the rest are in the database.
const MOST_ERRORS: usize = 5;

impl Row {
    fn failed(&self) -> u64 {
        self.skipped + self.errors.len() as u64
    }

    fn ended(&mut self, url: String, failure: Option<Failure>) {
        match failure {
            Some(failure) => self.errors.insert(url, Box::new(failure)),
            None => self.errors.remove(&url),
        };
    }
}
