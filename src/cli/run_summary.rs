//! What a single run did, by source: shown by `run --once` at the end, and as a progress bar meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::ProgressBar;

use super::{progress, table};
use crate::config::Config;
use crate::daemon::Event;
use crate::model::{BROKEN_TRANSFER, Failure, StoreOutcome};
use crate::shapes::{FailureJson, RunJson, SourceRunJson};
use crate::store::Backlog;
use crate::telemetry;

/// Failures printed for one source; the others are in the database.
const MAX_ERRORS: usize = 5;

/// What happened so far.
pub(super) struct RunSummary {
    /// By name of the source; every one that is enabled.
    sources: BTreeMap<String, SourceSummary>,
    /// What is left to do.
    left: Backlog,
    /// Outputs that could not be brought up to date; the log says why.
    pub(super) outputs_failed: usize,
    bar: ProgressBar,
}

/// What happened to one source.
#[derive(Default)]
struct SourceSummary {
    polled: bool,
    /// Articles stored for the first time.
    new: u64,
    /// Entries and articles that were stored already.
    known: u64,
    /// Entries of its feed that could not be read.
    skipped: u64,
    /// Time of its polls and pages together.
    duration: Duration,
    /// By URL: what succeeds later in the run is no failure of the run.
    errors: BTreeMap<String, Box<Failure>>,
}

impl RunSummary {
    /// Shows the bar, where stderr is a terminal.
    pub(super) fn new(config: &Config) -> Self {
        let sources = config
            .sources
            .iter()
            .filter(|source| source.enabled)
            .map(|source| (source.name.clone(), SourceSummary::default()))
            .collect();
        let bar = progress::spinner("{spinner} {msg}  {elapsed}");
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
            telemetry::show(bar.clone());
        }
        Self { sources, left: Backlog::default(), outputs_failed: 0, bar }
    }

    /// Counts what happened.
    pub(super) fn add(&mut self, event: Event) {
        match event {
            Event::Polled(report) => {
                let source = self.sources.entry(report.source).or_default();
                source.polled = true;
                source.known += report.counts.known;
                source.skipped += report.counts.skipped;
                source.duration += report.duration;
                let whole = |fault: &Failure| fault.code == BROKEN_TRANSFER;
                let fault = report.faults.into_iter().find(|fault| !whole(fault));
                source.record(report.url, report.failure.or(fault));
            }
            Event::Collected(report) => {
                let source = self.sources.entry(report.source).or_default();
                match report.stored {
                    StoreOutcome::New(_) => source.new += 1,
                    StoreOutcome::Known(_) | StoreOutcome::Revised(_) => source.known += 1,
                    StoreOutcome::Excluded | StoreOutcome::Waiting => {}
                }
                source.duration += report.duration;
                source.record(report.url, report.failure);
            }
            Event::Left(left) => self.left = left,
        }
        // Counting thousands of sources at each step costs more than the step.
        if self.bar.is_hidden() {
            return;
        }
        let polled = self.sources.values().filter(|source| source.polled).count();
        let new: u64 = self.sources.values().map(|source| source.new).sum();
        let failed: u64 = self.sources.values().map(SourceSummary::failed).sum();
        self.bar.set_message(format!(
            "{polled} sources polled, {new} new, {failed} failed, {} pages waiting",
            self.left.pending
        ));
    }

    /// Removes the progress bar.
    pub(super) fn hide_bar(&self) {
        self.bar.finish_and_clear();
    }

    /// Whether anything failed.
    pub(super) fn has_failed(&self) -> bool {
        self.outputs_failed > 0 || self.sources.values().any(|source| source.failed() > 0)
    }

    /// A table, and below it the failures and what is left.
    pub(super) fn as_text(&self) -> String {
        let rows = self.sources.iter().map(|(name, source)| {
            vec![
                name.clone(),
                source.new.to_string(),
                source.known.to_string(),
                source.failed().to_string(),
                source.duration.as_millis().to_string(),
            ]
        });
        let mut text = table::table(
            &["source", "new", "known", "failed", "ms"],
            &["new", "known", "failed", "ms"],
            rows,
        );
        for (name, source) in &self.sources {
            for error in source.errors.values().take(MAX_ERRORS) {
                text.push_str(&format!(
                    "\n{name}: {} [{}] {}",
                    error.message,
                    error.code,
                    error.url.as_deref().unwrap_or_default()
                ));
            }
            if source.errors.len() > MAX_ERRORS {
                text.push_str(&format!(
                    "\n{name}: and {} more; `cuttings status` keeps them",
                    source.errors.len() - MAX_ERRORS
                ));
            }
        }
        if self.left.pending > 0 {
            text.push_str(&format!("\n{} pages wait for another try", self.left.pending));
        }
        if self.outputs_failed > 0 {
            text.push_str(&format!("\n{} outputs failed; `cuttings status` says why", self.outputs_failed));
        }
        text
    }

    /// The same as JSON, with all failures.
    pub(super) fn as_json(&self) -> RunJson<'_> {
        let sources = self.sources.iter().map(|(name, source)| SourceRunJson {
            source: name,
            polled: source.polled,
            new: source.new,
            known: source.known,
            failed: source.failed(),
            ms: u64::try_from(source.duration.as_millis()).unwrap_or(u64::MAX),
            errors: source.errors.values().map(|error| FailureJson::from(&**error)).collect(),
        });
        RunJson { sources: sources.collect(), waiting: self.left.pending }
    }
}

impl SourceSummary {
    /// Entries that could not be read, and URLs that failed last.
    fn failed(&self) -> u64 {
        self.skipped + self.errors.len() as u64
    }

    /// Keeps the last failure of a URL, until it succeeds.
    fn record(&mut self, url: String, failure: Option<Failure>) {
        match failure {
            Some(failure) => self.errors.insert(url, Box::new(failure)),
            None => self.errors.remove(&url),
        };
    }
}
