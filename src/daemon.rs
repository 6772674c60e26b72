//! Claims what is due, hands it to the two halves of the way, and stops when told.
//!
//! One loop serves both the daemon and `run --once`. Every task it starts it also joins; a stop lets what is in
//! flight finish for a while and then drops it, which closes its sockets and leaves its lease to be voided.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use tracing::{error, info};

use crate::collect::{self, PageReport};
use crate::config::{Config, Source};
use crate::fetch::Fetcher;
use crate::poll::{self, PollReport};
use crate::store::{Store, StoreError, Waiting};

/// How long a stop waits for what is in flight; systemd kills after ninety seconds, we promise ten.
const GRACE: Duration = Duration::from_secs(8);

/// Longest sleep without another look at the clock: the machine may have been suspended, or the clock set.
const LOOK: Duration = Duration::from_secs(30);

/// How long the loop holds off after the store refused to record: a full disk does not get better by haste.
const STORE_REST: Duration = Duration::from_secs(5);

/// What a run is to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Stop when nothing is due any more, and nothing will be within `wait`.
    pub once: bool,
    /// Poll every source, due or not.
    pub all: bool,
    /// With `once`: stay for what becomes due within this time of the start.
    pub wait: Duration,
}

/// What happens during a run, for those who watch.
#[derive(Clone, Debug)]
pub enum Event {
    /// A source was polled.
    Polled(PollReport),
    /// A page was collected.
    Collected(PageReport),
    /// What is left to do, after each step.
    Left(Waiting),
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed in a way that no waiting mends.
    #[error(transparent)]
    Store(#[from] StoreError),
}

enum Step {
    Polled(Result<Vec<PollReport>, StoreError>),
    Collected(Result<PageReport, StoreError>),
}

/// Runs until there is nothing left (`once`) or `stop` resolves.
pub async fn run(
    store: &Arc<Store>,
    fetcher: &Arc<Fetcher>,
    config: &Arc<Config>,
    options: Options,
    stop: impl Future<Output = ()>,
    mut watch: impl FnMut(Event),
) -> Result<(), RunError> {
    let started = Utc::now();
    let ledger = store.ledger(started).await?;
    fetcher.remember_robots(&ledger.robots);
    fetcher.remember_hosts(&ledger.resting, started);
    let rows = store
        .sync(&config.sources, config.politeness.scope, started)
        .await?;
    let by_name: HashMap<&str, &Source> = config
        .sources
        .iter()
        .map(|source| (source.name.as_str(), source))
        .collect();
    let sources: HashMap<i64, Arc<Source>> = rows
        .into_iter()
        .filter_map(|(id, name)| Some((id.0, Arc::new((*by_name.get(name.as_str())?).clone()))))
        .collect();

    let mut stop = pin!(stop);
    let mut work: JoinSet<Step> = JoinSet::new();
    let room = config.politeness.in_flight.max(1);
    let deadline = started + options.wait;
    let mut hold_off: Option<DateTime<Utc>> = None;
    loop {
        let now = Utc::now();
        if hold_off.is_none_or(|until| now >= until) {
            hold_off = None;
            if let Err(error) = claim(
                store, fetcher, config, &sources, &mut work, options, room, started,
            )
            .await
            {
                hold_off = Some(give_up_or_hold(error, options)?);
            }
        }
        let waiting = store.waiting(Utc::now()).await.unwrap_or_default();
        watch(Event::Left(waiting.clone()));
        let next = next_step(&waiting, config, options, deadline, hold_off);
        if work.is_empty() && next.is_none() {
            return Ok(());
        }
        let sleep = next
            .map_or(LOOK, |at| (at - Utc::now()).to_std().unwrap_or_default())
            .min(LOOK);
        // Full: only a finished step makes room.
        let full = work.len() >= room;
        tokio::select! {
            biased;
            () = &mut stop => return finish(store, work, watch).await,
            Some(step) = work.join_next(), if !work.is_empty() => {
                if let Some(error) = seen(step, &mut watch) {
                    hold_off = Some(give_up_or_hold(error, options)?);
                }
            }
            () = tokio::time::sleep(sleep.max(Duration::from_millis(1))), if !full => {}
        }
    }
}

/// Starts what is due, as far as there is room: polls first, they feed the rest.
#[expect(
    clippy::too_many_arguments,
    reason = "the state of the loop above, not a thing of its own"
)]
async fn claim(
    store: &Arc<Store>,
    fetcher: &Arc<Fetcher>,
    config: &Arc<Config>,
    sources: &HashMap<i64, Arc<Source>>,
    work: &mut JoinSet<Step>,
    options: Options,
    room: usize,
    started: DateTime<Utc>,
) -> Result<(), StoreError> {
    let all = options.all.then_some(started);
    let free = room.saturating_sub(work.len());
    // Half the room at most: a thousand sources due at once must not keep the queue from moving.
    let claimed = store.claim_sources(Utc::now(), free.div_ceil(2), all).await?;
    let claimed = claimed
        .into_iter()
        .filter_map(|claim| Some((Arc::clone(sources.get(&claim.id.0)?), claim)));
    for claims in poll::by_address(claimed) {
        let (store, fetcher, config) = (Arc::clone(store), Arc::clone(fetcher), Arc::clone(config));
        work.spawn(
            async move { Step::Polled(poll::poll(&store, &fetcher, &config, claims, Utc::now()).await) },
        );
    }
    let free = room.saturating_sub(work.len());
    for claim in store
        .claim_entries(Utc::now(), free, config.politeness.host_gap)
        .await?
    {
        let Some(source) = sources.get(&claim.source.0).map(Arc::clone) else {
            continue;
        };
        let (store, fetcher, config) = (Arc::clone(store), Arc::clone(fetcher), Arc::clone(config));
        work.spawn(async move {
            Step::Collected(collect::collect(&store, &fetcher, &config, &source, claim, Utc::now()).await)
        });
    }
    Ok(())
}

/// When to look for work again; nothing when a single run is through.
fn next_step(
    waiting: &Waiting,
    config: &Config,
    options: Options,
    deadline: DateTime<Utc>,
    hold_off: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    if let Some(until) = hold_off {
        return Some(until);
    }
    let next = match (waiting.next_source, waiting.next_entry) {
        (Some(source), Some(entry)) => Some(source.min(entry)),
        (source, entry) => source.or(entry),
    };
    if !options.once {
        return Some(next.unwrap_or_else(|| Utc::now() + LOOK));
    }
    // A page that only waits for its host's turn is ready, however long the row.
    let turn = Utc::now() + config.politeness.host_gap;
    let entry = waiting.next_entry.filter(|&at| at <= deadline.max(turn));
    let source = waiting.next_source.filter(|&at| at <= deadline);
    entry.into_iter().chain(source).min()
}

/// Tells of a finished step; gives the store's error back.
fn seen(step: Result<Step, tokio::task::JoinError>, watch: &mut impl FnMut(Event)) -> Option<StoreError> {
    match step {
        Ok(Step::Polled(Ok(reports))) => reports
            .into_iter()
            .for_each(|report| watch(Event::Polled(report))),
        Ok(Step::Collected(Ok(report))) => watch(Event::Collected(report)),
        Ok(Step::Polled(Err(error)) | Step::Collected(Err(error))) => {
            // The lease was lost to a later claim: that one will record.
            error!("{error}");
            return Some(error);
        }
        Err(panic) => error!("a step died: {panic}; its lease runs out and it is tried again"),
    }
    None
}

/// A run that ends anyway gives up when the store does; the daemon holds off and tries again.
fn give_up_or_hold(error: StoreError, options: Options) -> Result<DateTime<Utc>, RunError> {
    if options.once && !error.is_lease_lost() {
        return Err(error.into());
    }
    Ok(Utc::now()
        + if error.is_lease_lost() {
            Duration::ZERO
        } else {
            STORE_REST
        })
}

/// Lets what is in flight finish, then drops it and gives its leases back.
async fn finish(
    store: &Store,
    mut work: JoinSet<Step>,
    mut watch: impl FnMut(Event),
) -> Result<(), RunError> {
    info!(in_flight = work.len(), "stopping: no new work");
    let drain = async {
        while let Some(step) = work.join_next().await {
            seen(step, &mut watch);
        }
    };
    if tokio::time::timeout(GRACE, drain).await.is_err() {
        info!("some requests did not finish in time: they are dropped and done again at the next start");
        work.shutdown().await;
    }
    store.release_all().await?;
    Ok(())
}
