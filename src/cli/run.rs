//! `cuttings run`: the daemon, or with `--once` a single run that ends when nothing is due.
//!
//! The first SIGTERM or SIGINT stops it after what is under way, a second one at once; SIGHUP reloads the configuration.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::info;

use super::exit::Exit;
use super::options::{GlobalOptions, load_from};
use super::print::{print_json, print_result};
use super::run_summary::RunSummary;
use crate::daemon::{self, Daemon, RunOptions, Signal};
use crate::fetch;
use crate::store::Store;
use crate::{cpu, program, timing};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Poll what is due and collect what is ready, then stop
    #[arg(long)]
    pub(super) once: bool,
    /// With --once: poll every source, due or not (still conditional)
    #[arg(long, requires = "once")]
    all: bool,
    /// With --once: wait for what becomes due within this time, such as 20s or 5m
    #[arg(long, requires = "once", value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
    /// With --once: print the result as JSON
    #[arg(long, requires = "once")]
    json: bool,
}

/// `20s`, `5m`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    timing::parse_duration(text).map_err(|error| error.to_string())
}

/// Exit code 1 where a single run had a failure that no later success made good; a daemon ends with 0 when it is stopped.
pub(super) fn run(global: &GlobalOptions, args: &RunArgs) -> anyhow::Result<Exit> {
    fetch::install_crypto();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cpu::count() + 1)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let result = runtime.block_on(async {
        // First, so that a signal is handled while the configuration is read.
        let signals = listen(args.once)?;
        let path = global.config_path()?;
        let config = load_from(&path)?;
        let database = global.database(&config)?;
        let options = RunOptions { once: args.once, all: args.all, wait: args.wait.unwrap_or_default() };
        // A daemon runs for a year; what it did is in the database.
        let mut summary = args.once.then(|| RunSummary::new(&config));
        let sources = config.sources.iter().filter(|source| source.enabled).count();
        let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
        let outputs = config.outputs.clone();
        let store = Arc::new(Store::open(&database, Utc::now())?);
        let ended = async {
            let daemon = Daemon::new(Arc::clone(&store), config, path, options).await?;
            info!(sources, database = %database.display(), "ready");
            let watch = |event| {
                if let Some(summary) = &mut summary {
                    summary.add(event);
                }
            };
            daemon.run(signals, watch).await
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
        if let Some(summary) = &mut summary {
            summary.outputs_failed = delivered?;
        }
        anyhow::Ok(summary)
    });
    // A large page may still be in extraction after a stop; it is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(100));
    let Some(summary) = result? else {
        return Ok(Exit::Done);
    };
    summary.hide_bar();
    if args.json {
        print_json(&summary.as_json())?;
    } else {
        print_result(&summary.as_text())?;
    }
    Ok(Exit::done_if(!summary.has_failed()))
}

/// Listens for signals: SIGTERM and SIGINT stop, a second one exits at once; SIGHUP reloads a daemon, and ends a single
/// run, as it ends every program whose terminal was closed.
fn listen(once: bool) -> anyhow::Result<mpsc::Receiver<Signal>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut hangup =
        if once { None } else { Some(signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?) };
    let (sender, signals) = mpsc::channel(8);
    tokio::spawn(async move {
        let mut stopping = false;
        loop {
            let reload = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            let signal = tokio::select! {
                _ = terminate.recv() => Signal::Stop,
                _ = interrupt.recv() => Signal::Stop,
                _ = reload => Signal::Reload,
            };
            if signal == Signal::Stop && std::mem::replace(&mut stopping, true) {
                program::kill_all();
                // Safe at any moment: what is not committed is done again at the next start.
                std::process::exit(130);
            }
            // `try_send` never waits, so that a second signal is always handled. A reload leaves room for a stop; where
            // several are queued, one more would read the same file.
            if signal == Signal::Stop || sender.capacity() > 1 {
                let _ = sender.try_send(signal);
            }
        }
    });
    Ok(signals)
}
