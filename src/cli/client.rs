//! Fetching for commands that do so without a daemon: `add`, `try`, `check --live`.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::fetch::{self, Fetcher};
use crate::program;

/// A client with the limits, the gaps and the name of the daemon's.
pub(super) fn fetcher(config: &Config) -> anyhow::Result<Fetcher> {
    fetch::install_crypto();
    let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
    Ok(Fetcher::new(&config.fetch, &config.politeness, user_agent)?)
}

/// As [`block_on`], for a task that may run programs of the user's: a signal that ends this process ends them, too.
pub(super) fn block_on_with_programs<T>(task: impl Future<Output = T>) -> anyhow::Result<T> {
    block_on(async {
        let on = |kind| signal(kind).context("cannot listen for signals");
        let mut interrupt = on(SignalKind::interrupt())?;
        let (mut terminate, mut hangup) = (on(SignalKind::terminate())?, on(SignalKind::hangup())?);
        let number = tokio::select! {
            done = task => return Ok(done),
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = terminate.recv() => SignalKind::terminate(),
            _ = hangup.recv() => SignalKind::hangup(),
        };
        program::kill_all();
        std::process::exit(128 + number.as_raw_value());
    })?
}

/// Runs one task to its end, on this thread.
pub(super) fn block_on<T>(task: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    Ok(runtime.block_on(task))
}
