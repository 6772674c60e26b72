//! Fetching for commands that do so without a daemon: `add`, `try`, `check --live`.

use anyhow::Context as _;

use crate::config::Config;
use crate::fetch::{self, Fetcher};

/// A client with the limits, the gaps and the name of the daemon's.
pub(super) fn fetcher(config: &Config) -> anyhow::Result<Fetcher> {
    fetch::install_crypto();
    let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
    Ok(Fetcher::new(&config.fetch, &config.politeness, user_agent)?)
}

/// Runs one task to its end, on this thread.
pub(super) fn block_on<T>(task: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    Ok(runtime.block_on(task))
}
