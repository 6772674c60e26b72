//! `cuttings` polls feeds, fetches the linked pages politely, cuts the articles out and keeps them in SQLite.
//!
//! Two halves, joined by a durable queue in the database; each is one function that reads from top to bottom:
//!
//! ```text
//! poll     claim due source → fetch document → parse → entries → link keys → record_poll     (one transaction)
//!                                                                              │ unseen entries wait as `pending`
//! collect  claim pending entry → fetch page → extract → identity → record_article             (one transaction)
//!                                                                              │ articles, each with a sequence number
//! export   read changes after N → write
//! ```
//!
//! Read in this order: [`model`] (the nouns), [`poll`] and [`collect`] (the way), then the rooms they pass through:
//! [`fetch`], [`feed`], [`extract`], [`identity`], [`store`].
//!
//! What is *not* here, on purpose:
//!
//! - No article is stored without its entry's state changing in the same transaction; no validator ahead of its entries.
//! - No request leaves without passing the address guard and the host gate, redirects included.
//! - No error vanishes: each is a row, a counter and one log line, with source and URL.
//! - No network, clock or file access in `link`, `timing`, `html`, `identity`, `schedule`, `feed`, `extract`.
//! - No SQL outside `store`; no unbounded read, queue, body, redirect or list.
//! - No user agent that is not ours.

pub mod model;

mod article_builder;
pub mod collect;
pub mod poll;
pub mod probe;

pub mod extract;
pub mod feed;
pub mod fetch;
pub mod identity;
pub mod schedule;
pub mod store;

pub mod config;
pub mod content_coding;
pub mod cpu;
pub mod html;
pub mod link;
pub mod timing;

pub mod cli;
pub mod daemon;
pub mod deliver;
pub mod export;
mod shapes;
pub mod telemetry;

/// The configuration of all property tests: the seeds of failures go to `tests/proptest-regressions`.
#[cfg(test)]
pub(crate) fn proptest_config() -> proptest::test_runner::Config {
    use proptest::test_runner::{Config, FileFailurePersistence};
    let seeds = FileFailurePersistence::SourceParallel("tests/proptest-regressions");
    Config {
        failure_persistence: Some(Box::new(seeds)),
        ..Config::default()
    }
}
