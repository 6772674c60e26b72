//! The metrics of the database as OpenMetrics 1.0 text (<https://openmetrics.io>). docs/operations.md lists them.
//!
//! All values but `cuttings_store_failures` come from the database, so a restart resets no counter. `metrics_server`
//! serves the text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::store::StoreMetrics;

/// Counters of the database that become one metric with a label: `polls.ok` is `cuttings_polls_total{outcome="ok"}`.
struct CounterFamily {
    /// First part of the counters' names; the rest is the value of the label.
    prefix: &'static str,
    /// Name of the metric, without `_total`.
    name: &'static str,
    /// Name of the label.
    label: &'static str,
    /// Text of `# HELP`.
    help: &'static str,
}

/// The families of counters with a label.
const COUNTERS: &[CounterFamily] = &[
    counter("polls", "cuttings_polls", "outcome", "Polls by how they ended."),
    counter("failed", "cuttings_failures", "code", "Failures of polls and pages by code."),
    counter("entries", "cuttings_entries", "kind", "Entries of feeds by what they were."),
    counter("articles", "cuttings_articles", "kind", "Pages stored by what they were."),
    counter("method", "cuttings_texts", "method", "Texts by how they were obtained."),
    counter("identity", "cuttings_identity", "event", "Articles merged or split."),
];

/// A row of [`COUNTERS`].
const fn counter(
    prefix: &'static str,
    name: &'static str,
    label: &'static str,
    help: &'static str,
) -> CounterFamily {
    CounterFamily { prefix, name, label, help }
}

/// The text. Every family is there, also without a sample. Labels come from closed sets, so the number of time series
/// does not grow with the sources.
pub(super) fn exposition(metrics: &StoreMetrics, store_failures: &BTreeMap<&str, u64>) -> String {
    let mut text = String::new();
    // Writes a family; `kind` is a type of OpenMetrics, which decides about the suffix of the samples.
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, u64)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        let suffix = match kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{suffix}{labels} {value}");
        }
    };
    let single = |value: u64| [(String::new(), value)];
    let label = |name: &str, value: &str| format!("{{{name}=\"{value}\"}}");
    let states: Vec<_> =
        metrics.sources.iter().map(|(state, count)| (label("state", state), *count)).collect();
    family("cuttings_sources", "gauge", "Configured sources by state.", &states);
    for counter in COUNTERS {
        let samples: Vec<_> = metrics
            .counters
            .iter()
            .filter_map(|(name, value)| {
                let rest = name.strip_prefix(counter.prefix)?.strip_prefix('.')?;
                Some((label(counter.label, rest), *value))
            })
            .collect();
        family(counter.name, "counter", counter.help, &samples);
    }
    let failures: Vec<_> = store_failures.iter().map(|(code, count)| (label("code", code), *count)).collect();
    family(
        "cuttings_store_failures",
        "counter",
        "Errors of the database by code, since the start.",
        &failures,
    );
    let overflows = metrics.counters.iter().filter(|(name, _)| name == "overflows");
    family(
        "cuttings_feed_overflows",
        "counter",
        "Polls that found no known entry: some may have been missed.",
        &single(overflows.map(|(_, count)| *count).sum()),
    );
    let (hits, misses) = metrics.rules;
    family(
        "cuttings_selectors",
        "counter",
        "Selectors tried on pages by whether they matched.",
        &[(label("found", "yes"), hits), (label("found", "no"), misses)],
    );
    family(
        "cuttings_changes",
        "counter",
        "The last sequence number given to a change.",
        &single(metrics.seq),
    );
    let last_success = metrics.succeeded_at.map_or(0, |at| at.timestamp().unsigned_abs());
    for (name, help, value) in [
        ("cuttings_pages_waiting", "Entries whose page is to be fetched.", metrics.pending),
        (
            "cuttings_articles_provisional",
            "Articles with the feed's text, whose pages are still tried.",
            metrics.provisional,
        ),
        ("cuttings_hosts_in_backoff", "Hosts in backoff.", metrics.backoff),
        ("cuttings_database_bytes", "Size of the database.", metrics.bytes),
        ("cuttings_last_success_timestamp_seconds", "When a poll last succeeded.", last_success),
    ] {
        family(name, "gauge", help, &single(value));
    }
    let version = (label("version", env!("CARGO_PKG_VERSION")), 1);
    family("cuttings_build", "info", "The program.", &[version]);
    text.push_str("# EOF\n");
    text
}
