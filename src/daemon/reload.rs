//! Another configuration while the work goes on: checked whole, taken over whole, or not at all.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::Utc;
use tracing::{error, info, warn};

use super::metrics::Metrics;
use super::{Daemon, RunError, notify};
use crate::config::{self, Config, ListenAddress, Source};
use crate::fetch::{self, ClientError, Fetcher};
use crate::model::SourceId;
use crate::store::StoreError;

/// A fetcher with the limits of a configuration.
pub(super) fn fetcher(config: &Config) -> Result<Fetcher, ClientError> {
    let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
    Fetcher::new(&config.fetch, &config.politeness, user_agent)
}

impl Daemon {
    /// Tells the fetcher what earlier runs learned of hosts.
    pub(super) async fn remember(&self) -> Result<(), StoreError> {
        let now = Utc::now();
        let ledger = self.store.ledger(now).await?;
        self.fetcher.remember_robots(&ledger.robots);
        self.fetcher.remember_hosts(&ledger.resting, now);
        Ok(())
    }

    /// Brings the sources in line with a configuration, which is the one from here on. What is in flight keeps the one
    /// it began with.
    pub(super) async fn take_in(&mut self, config: Config) -> Result<(), RunError> {
        let config = Arc::new(config);
        let rows = self
            .store
            .sync(&config.sources, config.politeness.scope, Utc::now())
            .await?;
        self.store.retain_rules(&config).await?;
        // The rows come in the order of the sources.
        self.sources = rows
            .iter()
            .zip(&config.sources)
            .map(|((id, _), source)| (id.0, Arc::clone(source)))
            .collect();
        if let Some(outputs) = &mut self.outputs {
            let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
            outputs.follow(&config.outputs, &user_agent)?;
        }
        self.config = config;
        self.warn_of_a_short_watchdog();
        Ok(())
    }

    /// The source of a row, as it is configured now.
    pub(super) fn source(&self, id: SourceId) -> Option<Arc<Source>> {
        self.sources.get(&id.0).cloned()
    }

    /// Listens for those who watch, where there is a place for it; where it listened before no longer.
    pub(super) async fn listen(&mut self, on: Option<&ListenAddress>) -> std::io::Result<()> {
        let metrics = match on {
            Some(on) => Some(Metrics::listen(on, self.store.path().to_owned(), self.health.clone()).await?),
            None => None,
        };
        self.metrics = metrics;
        Ok(())
    }

    /// Reads the configuration anew. Gives what became of it, for whoever asked.
    pub(super) async fn reload(&mut self) -> String {
        notify::reloading();
        let answer = self.read_anew().await;
        notify::ready();
        answer
    }

    async fn read_anew(&mut self) -> String {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || config::load(&path)).await;
        let loaded = match read {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(faults)) => {
                for fault in faults.all() {
                    error!("{fault}");
                }
                let kept = format!(
                    "the configuration has {} mistake(s): the old one stays in force",
                    faults.mistakes()
                );
                error!("{kept}; `cuttings check` shows them");
                notify::status(&kept);
                return format!("failed: {kept}\n{faults}");
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
        if config.metrics.listen.as_ref() != self.metrics.as_ref().map(Metrics::on)
            && let Err(cause) = self.listen(config.metrics.listen.as_ref()).await
        {
            error!("cannot listen for [metrics] ({cause}): it stays where it was; choose another `listen`");
        }
        let news = news(&self.config, &config);
        let other_limits = config.fetch != self.config.fetch
            || config.politeness != self.config.politeness
            || config.daemon.contact != self.config.daemon.contact;
        if other_limits {
            info!("{news}; the new limits of requests hold once nothing is in flight");
            self.next_config = Some(Box::new(config));
            return news;
        }
        // A change-over that still waits is overtaken.
        self.next_config = None;
        match self.take_in(config).await {
            Ok(()) => info!("{news}"),
            Err(error) => {
                error!("the new configuration could not be taken in: {error:#}; the old one stays in force");
                return format!("failed: {error:#}; the old configuration stays in force");
            }
        }
        news
    }

    /// Changes to a configuration with other limits for requests. Two fetchers at a time would not know of each
    /// other's requests, and a host could be asked twice at once.
    pub(super) async fn change_over_when_empty(&mut self) {
        if !self.work.is_empty() {
            return;
        }
        let Some(config) = self.next_config.take() else {
            return;
        };
        let changed = async {
            self.fetcher = Arc::new(fetcher(&config)?);
            self.remember().await?;
            self.take_in(*config).await
        };
        match changed.await {
            Ok(()) => info!("the new limits of requests hold"),
            Err(error) => error!("the new configuration could not be taken in: {error:#}"),
        }
    }

    /// Does what was asked through the database.
    pub(super) async fn serve_requests(&mut self) {
        let Ok(requests) = self.store.requests().await else {
            return;
        };
        let mut reloaded = None;
        for request in requests {
            let answer = match request.word.as_str() {
                "wake" => {
                    self.fetcher.wake(&request.what);
                    "done".to_owned()
                }
                // As many as wait are served by one.
                "reload" => match &reloaded {
                    Some(answer) => String::clone(answer),
                    None => reloaded.insert(self.reload().await).clone(),
                },
                other => format!("failed: this daemon does not know {other:?}"),
            };
            if let Err(error) = self.store.answer(request.id, answer).await {
                error!("{error}");
            }
        }
    }
}

/// `reloaded: 312 sources, 2 new, 1 gone`
fn news(old: &Config, new: &Config) -> String {
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
