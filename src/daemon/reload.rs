//! Reload: a new configuration is checked and applied as a whole, or not at all. Running tasks keep the old one.
//!
//! SIGHUP and `cuttings reload` (a request in the database) trigger it. Sources, outputs and `[metrics]` change at once.
//! Limits of requests (`[fetch]`, `[politeness]`, `contact`) change when no task runs, as they need a new fetcher.
//! `database` changes at the next start.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::Utc;
use tracing::{error, info, warn};

use super::metrics_server::MetricsServer;
use super::notify;
use super::state::{Daemon, RunError};
use crate::config::{self, Config, ListenAddress, Source};
use crate::fetch::{self, ClientError, Fetcher};
use crate::model::SourceId;
use crate::store::StoreError;

/// A fetcher with the limits of a configuration.
pub(super) fn new_fetcher(config: &Config) -> Result<Fetcher, ClientError> {
    let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
    Fetcher::new(&config.fetch, &config.politeness, user_agent)
}

impl Daemon {
    /// Gives the fetcher what earlier runs learned of hosts: their robots.txt and backoff.
    pub(super) async fn load_host_states(&self) -> Result<(), StoreError> {
        let now = Utc::now();
        let hosts = self.store.host_states(now).await?;
        self.fetcher.restore_robots(&hosts.robots);
        self.fetcher.restore_hosts(&hosts.not_before, now);
        Ok(())
    }

    /// Applies a configuration: stores its sources, starts and stops outputs.
    pub(super) async fn apply_config(&mut self, config: Config) -> Result<(), RunError> {
        let config = Arc::new(config);
        let rows = self.store.apply_config(&config.sources, config.politeness.scope, Utc::now()).await?;
        self.store.retain_selectors(&config).await?;
        // Rows come in the order of the sources.
        self.sources =
            rows.iter().zip(&config.sources).map(|((id, _), source)| (id.0, Arc::clone(source))).collect();
        if let Some(outputs) = &mut self.outputs {
            let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
            outputs.apply_config(&config.outputs, &user_agent)?;
        }
        self.config = config;
        self.warn_of_short_watchdog();
        Ok(())
    }

    /// The source of a row in the database, if it is configured.
    pub(super) fn source(&self, id: SourceId) -> Option<Arc<Source>> {
        self.sources.get(&id.0).cloned()
    }

    /// Serves metrics at `address` from now on, and no longer where it did before. After an error nothing has changed.
    pub(super) async fn serve_metrics(&mut self, address: Option<&ListenAddress>) -> std::io::Result<()> {
        self.metrics = match address {
            Some(address) => {
                let database = self.store.path().to_owned();
                Some(MetricsServer::start(address, database, self.health.clone()).await?)
            }
            None => None,
        };
        Ok(())
    }

    /// Reads the configuration again and applies it. Returns a sentence about the result.
    pub(super) async fn reload(&mut self) -> String {
        notify::reloading();
        let result = self.read_config().await;
        notify::ready();
        result
    }

    /// Reads, checks and applies the configuration; the result is a sentence that begins with `failed:` after a failure.
    async fn read_config(&mut self) -> String {
        let path = self.config_path.clone();
        let read = tokio::task::spawn_blocking(move || config::load(&path)).await;
        let loaded = match read {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(faults)) => {
                for fault in faults.all() {
                    error!("{fault}");
                }
                let count = faults.mistakes();
                let plural = if count == 1 { "" } else { "s" };
                let message =
                    format!("the configuration has {count} mistake{plural}: the old one stays in force");
                error!("{message}; `cuttings check` shows them");
                notify::status(&message);
                return format!("failed: {message}\n{faults}");
            }
            Err(panic) => {
                error!("reading the configuration failed: {panic}; the old one stays in force");
                return "failed: reading the configuration failed; the old one stays in force".into();
            }
        };
        for warning in &loaded.warnings {
            warn!("{warning}");
        }
        let config = loaded.config;
        if config.daemon.database != self.config.daemon.database {
            warn!("`database` in [daemon] has changed: it holds from the next start");
        }
        if config.metrics.listen.as_ref() != self.metrics.as_ref().map(MetricsServer::address)
            && let Err(cause) = self.serve_metrics(config.metrics.listen.as_ref()).await
        {
            error!("cannot listen for [metrics] ({cause}): it stays where it was; choose another `listen`");
        }
        let summary = summary_of(&self.config, &config);
        let has_other_limits = config.fetch != self.config.fetch
            || config.politeness != self.config.politeness
            || config.daemon.contact != self.config.daemon.contact;
        if has_other_limits {
            info!("{summary}; the new limits of requests hold once nothing is in flight");
            self.next_config = Some(Box::new(config));
            return summary;
        }
        // Replaces one that still waits.
        self.next_config = None;
        match self.apply_config(config).await {
            Ok(()) => info!("{summary}"),
            Err(error) => {
                error!("the new configuration could not be taken in: {error:#}; the old one stays in force");
                return format!("failed: {error:#}; the old configuration stays in force");
            }
        }
        summary
    }

    /// Applies a configuration with other limits for requests, once no task runs: two fetchers at a time would not know
    /// of each other's requests, and a host could get two at once.
    pub(super) async fn apply_next_config(&mut self) {
        if !self.tasks.is_empty() {
            return;
        }
        let Some(config) = self.next_config.take() else {
            return;
        };
        let applied = async {
            self.fetcher = Arc::new(new_fetcher(&config)?);
            self.load_host_states().await?;
            self.apply_config(*config).await
        };
        match applied.await {
            Ok(()) => info!("the new limits of requests hold"),
            Err(error) => error!("the new configuration could not be taken in: {error:#}"),
        }
    }

    /// Answers the requests that other processes wrote into the database.
    pub(super) async fn answer_requests(&mut self) {
        let Ok(requests) = self.store.control_requests().await else {
            return;
        };
        let mut reload_result = None;
        for request in requests {
            let answer = match request.command.as_str() {
                "wake" => {
                    self.fetcher.clear_backoff(&request.argument);
                    "done".to_owned()
                }
                // One reload answers all that wait.
                "reload" => match &reload_result {
                    Some(answer) => String::clone(answer),
                    None => reload_result.insert(self.reload().await).clone(),
                },
                other => format!("failed: this daemon does not know {other:?}"),
            };
            if let Err(error) = self.store.answer_request(request.id, answer).await {
                error!("{error}");
            }
        }
    }
}

/// `reloaded: 312 sources, 2 new, 1 gone`
fn summary_of(old: &Config, new: &Config) -> String {
    let names = |config: &Config| -> HashSet<String> {
        config.sources.iter().map(|source| source.name.clone()).collect()
    };
    let (before, after) = (names(old), names(new));
    format!(
        "reloaded: {} sources, {} new, {} gone",
        after.len(),
        after.difference(&before).count(),
        before.difference(&after).count()
    )
}
