//! `cuttings` polls feeds, fetches the linked pages politely, extracts the articles and stores them in SQLite.
//!
//! Two stages, joined by a durable queue in the database; each is one function that reads from top to bottom:
//!
//! ```text
//! poll     claim due source → fetch document → parse → entries → link keys → record_poll     (one transaction)
//!                                                                              │ new entries are `pending`
//! collect  claim pending entry → fetch page → extract → identity → record_page             (one transaction)
//!                                                                              │ articles, each with a sequence number
//! export   read changes after N → write
//! ```
//!
//! Read in this order: [`model`] (the nouns), [`poll`] and [`collect`] (the stages), then what they call: [`fetch`],
//! [`feed`], [`extract`], [`identity`], [`store`]. `daemon` schedules the stages, `export` and `deliver` write articles out,
//! `cli` is the command line, and `shapes` the JSON that it prints. ARCHITECTURE.md has the map.
//!
//! Invariants:
//!
//! - An article is stored in the same transaction as the new state of its entry; validators never without their entries.
//! - Every request passes the address guard and the host gate, redirects included.
//! - Every error is a row, a counter and one log line, with source and URL.
//! - `link`, `timing`, `html`, `identity`, `schedule`, `feed` and `extract` use no network, clock or file.
//! - SQL is only in `store`; reads, queues, bodies, redirects and lists are bounded.
//! - The user agent is that of `cuttings` or the one that the operator configures, never that of a browser.
//!
//! Modules are public only where integration tests, benches, examples or fuzz targets use them. The crate is not meant as
//! a library: nothing here is stable but what docs/schema.md and docs/exports.md say.

pub mod model;

mod article_builder;
pub mod collect;
mod field_choice;
pub mod poll;
mod probe;
mod program;

pub mod extract;
pub mod feed;
pub mod fetch;
pub mod identity;
pub mod schedule;
pub mod store;

pub mod config;
mod content_coding;
mod cpu;
pub mod html;
pub mod link;
pub mod timing;

pub mod cli;
mod daemon;
mod deliver;
mod export;
mod shapes;
mod telemetry;

/// The configuration of all property tests: the seeds of failures go to `tests/proptest-regressions`.
#[cfg(test)]
pub(crate) fn proptest_config() -> proptest::test_runner::Config {
    use proptest::test_runner::{Config, FileFailurePersistence};
    let seeds = FileFailurePersistence::SourceParallel("tests/proptest-regressions");
    Config { failure_persistence: Some(Box::new(seeds)), ..Config::default() }
}
