//! How the sources, the outputs and the store are doing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::poll::PollJson;
use super::time::UtcSeconds;
use super::url::masked_url;
use crate::store::{HostBackoff, OutputState, PollRow, RuleStat, SourceStatus, StoreSummary};

/// The whole state. `status --json` prints it.
#[derive(Serialize)]
pub(crate) struct StatusJson<'a> {
    /// Every source that was ever configured, by name.
    sources: Vec<SourceStatusJson<'a>>,
    /// Outputs that failed since they last worked, or have dead letters.
    outputs: Vec<OutputJson<'a>>,
    /// Hosts that are not asked for a while; the first ten.
    backoff: Vec<BackoffJson<'a>>,
    /// Number of the last change.
    seq: i64,
    /// Articles that readers see.
    articles: u64,
    /// Entries whose page is not fetched yet.
    waiting: u64,
    /// Articles with the feed's text, whose pages are still tried.
    provisional: u64,
    /// Articles merged because a key showed that they are one.
    merged: u64,
    /// Articles split because a key turned out to be shared.
    split: u64,
    /// Keys found to be shared.
    shared: u64,
    /// Names the database; another one after a restore.
    store_id: &'a str,
    /// Size of the database file, write-ahead log not included.
    bytes: u64,
    /// Why nothing is collected, such as a full disk; `null`: it is.
    paused: Option<&'a str>,
}

/// One source and its last polls. `status SOURCE --json` prints it.
#[derive(Serialize)]
pub(crate) struct SourceHistoryJson<'a> {
    source: SourceStatusJson<'a>,
    /// Newest first; the last twenty.
    polls: Vec<PollJson<'a>>,
}

/// How a source is doing.
#[derive(Serialize)]
struct SourceStatusJson<'a> {
    /// Name.
    source: &'a str,
    /// `ok`, `failing`, `disabled`, `paused`, `ended`…
    state: &'static str,
    /// Whether a person should look at it.
    needs_a_person: bool,
    /// URL of the document that is polled; masked.
    feed: String,
    /// Labels.
    tags: &'a [String],
    /// `null`: never polled.
    last_poll: Option<UtcSeconds>,
    /// `null`: no poll succeeded yet.
    last_success: Option<UtcSeconds>,
    /// When it is polled next; `null`: never, it is switched off.
    next: Option<UtcSeconds>,
    /// What decided `next`.
    why: Option<&'a str>,
    /// Until when its host is not asked; `null`: it may be.
    backoff_until: Option<UtcSeconds>,
    /// The last failure; `null` once a poll succeeded.
    last_error: Option<LastErrorJson<'a>>,
    /// Where permanent redirects lead; masked.
    moved_to: Option<String>,
    /// Whether its pages are fetched without asking robots.txt.
    ignore_robots: bool,
    /// Entries whose page is not fetched yet.
    waiting: u64,
    /// Articles with the feed's text, whose pages are still tried.
    provisional: u64,
    /// Articles that belong to it; one of several sources counts for each.
    articles: u64,
    /// Those of the last 24 hours.
    day: u64,
    /// Those of the last 7 days.
    week: u64,
    /// Requests that robots.txt has forbidden, ever.
    robots_denied: u64,
    /// How often its selectors found something.
    rules_hit: u64,
    /// How often its selectors were tried.
    rules_tried: u64,
    /// `null`: it has no articles yet.
    silence: Option<SilenceJson>,
    /// Its selectors: first those that drift, then by misses.
    rules: Vec<RuleStatsJson<'a>>,
    /// What its entries are recognised by: `id`, `link`…
    known_by: &'a str,
    /// Why not by `id`; `null` where it is `id`.
    known_why: Option<&'a str>,
    /// Entries that each filter left out.
    left_out: BTreeMap<&'a str, u64>,
    /// Pages that the feed contradicted, by field.
    contradictions: BTreeMap<&'a str, u64>,
    /// Corrections that were not believed at once.
    doubted_corrections: u64,
    /// Entries that `backfill` asked for and did not find.
    backfill_lost: u64,
    /// Links that several of its entries have, and how many entries have one.
    shared_links: u64,
    sharing_entries: u64,
    /// Query parameters of its links that carry a session.
    session_parameters: &'a [String],
    /// What is odd about its last document, though it was taken.
    remarks: &'a [String],
}

/// A failure that was not followed by a success.
#[derive(Serialize)]
struct LastErrorJson<'a> {
    at: UtcSeconds,
    /// From a closed set.
    code: &'a str,
    /// One sentence.
    message: &'a str,
}

/// How long a source has brought nothing.
#[derive(Serialize)]
struct SilenceJson {
    /// When the last article came.
    since: UtcSeconds,
    /// The usual time between two articles; `null`: too few to say.
    usual_seconds: Option<i64>,
    /// Whether it is longer than usual.
    odd: bool,
}

/// How often a selector finds something.
#[derive(Serialize)]
struct RuleStatsJson<'a> {
    /// The field it is for.
    field: &'a str,
    /// As typed.
    selector: &'a str,
    /// Pages on which it found something, ever.
    hits: u64,
    /// Pages on which it did not.
    misses: u64,
    /// Share of the last pages on which it found something, 0 to 1.
    rate: f64,
    /// The same over a longer time.
    usual_rate: f64,
    /// Median length of the last values, in characters.
    length: f64,
    /// The same over a longer time.
    usual_length: f64,
    /// What fell, `rate` or `length`; `null`: neither.
    drift: Option<&'a str>,
    /// When it fell.
    drift_at: Option<UtcSeconds>,
}

/// An output that failed.
#[derive(Serialize)]
struct OutputJson<'a> {
    /// Name.
    output: &'a str,
    /// Failures in a row; 0: it works again.
    failures: u64,
    /// The last failure.
    failed_at: UtcSeconds,
    /// What went wrong.
    message: &'a str,
    /// When it is tried again; `null`: now.
    next: Option<UtcSeconds>,
    /// Messages that were refused for good.
    dead_letters: u64,
}

/// A host that is not asked for a while.
#[derive(Serialize)]
struct BackoffJson<'a> {
    host: &'a str,
    /// When it may be asked again.
    until: UtcSeconds,
    /// Code of its last failure; `null`: it asked for it (`Retry-After`).
    code: Option<&'a str>,
}

impl<'a> StatusJson<'a> {
    pub(crate) fn new(
        sources: &'a [SourceStatus],
        summary: &'a StoreSummary,
        backoff: &'a [HostBackoff],
        outputs: &'a [OutputState],
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            sources: sources.iter().map(|source| SourceStatusJson::new(source, now)).collect(),
            outputs: outputs.iter().map(OutputJson::from).collect(),
            backoff: backoff
                .iter()
                .map(|host| BackoffJson {
                    host: &host.name,
                    until: UtcSeconds(host.until),
                    code: host.code.as_deref(),
                })
                .collect(),
            seq: summary.seq,
            articles: summary.articles,
            waiting: summary.pending,
            provisional: summary.provisional,
            merged: summary.merged,
            split: summary.split,
            shared: summary.shared,
            store_id: &summary.store_id,
            bytes: summary.bytes,
            paused: summary.paused.as_deref(),
        }
    }
}

impl<'a> SourceHistoryJson<'a> {
    pub(crate) fn new(source: &'a SourceStatus, polls: &'a [PollRow], now: DateTime<Utc>) -> Self {
        Self { source: SourceStatusJson::new(source, now), polls: polls.iter().map(PollJson::from).collect() }
    }
}

impl<'a> SourceStatusJson<'a> {
    fn new(source: &'a SourceStatus, now: DateTime<Utc>) -> Self {
        let identifier = source.identifier.as_ref();
        Self {
            source: &source.name,
            state: source.state.as_str(),
            needs_a_person: source.needs_attention(now),
            feed: masked_url(&source.url),
            tags: &source.tags,
            last_poll: source.polled_at.map(UtcSeconds),
            last_success: source.succeeded_at.map(UtcSeconds),
            next: source.next.as_ref().map(|next| UtcSeconds(next.at)),
            why: source.next.as_ref().map(|next| next.why.as_ref()),
            backoff_until: source.host_backoff_until.map(UtcSeconds),
            last_error: source.last_error.as_ref().map(|error| LastErrorJson {
                at: UtcSeconds(error.at),
                code: &error.code,
                message: &error.message,
            }),
            moved_to: source.moved_to.as_deref().map(masked_url),
            ignore_robots: source.ignore_robots,
            waiting: source.pending,
            provisional: source.provisional,
            articles: source.articles,
            day: source.articles_day,
            week: source.articles_week,
            robots_denied: source.robots_denied,
            rules_hit: source.rule_hits,
            rules_tried: source.rule_tries,
            silence: source.silence.map(|silence| SilenceJson {
                since: UtcSeconds(silence.since),
                usual_seconds: silence.usual_gap.map(|usual| usual.num_seconds()),
                odd: silence.unusual_length(now).is_some(),
            }),
            rules: source.rules.iter().map(RuleStatsJson::from).collect(),
            known_by: identifier.map_or("id", |fallback| &fallback.by),
            known_why: identifier.map(|fallback| fallback.reason.as_str()),
            left_out: source.excluded.iter().map(|(filter, count)| (filter.as_str(), *count)).collect(),
            contradictions: source
                .contradictions
                .iter()
                .map(|(field, count)| (field.as_str(), *count))
                .collect(),
            doubted_corrections: source.doubted,
            backfill_lost: source.backfill_lost,
            shared_links: source.link_sharing.links,
            sharing_entries: source.link_sharing.entries,
            session_parameters: source.session_links.as_ref().map_or(&[], |links| &links.parameters),
            remarks: &source.remarks,
        }
    }
}

impl<'a> From<&'a RuleStat> for RuleStatsJson<'a> {
    fn from(rule: &'a RuleStat) -> Self {
        Self {
            field: &rule.field,
            selector: &rule.selector,
            hits: rule.hits,
            misses: rule.misses,
            rate: rule.rate,
            usual_rate: rule.usual_rate,
            length: rule.length,
            usual_length: rule.usual_length,
            drift: rule.drift.as_deref(),
            drift_at: rule.drift_at.map(UtcSeconds),
        }
    }
}

impl<'a> From<&'a OutputState> for OutputJson<'a> {
    fn from(output: &'a OutputState) -> Self {
        Self {
            output: &output.name,
            failures: output.failures,
            failed_at: UtcSeconds(output.failed_at),
            message: &output.message,
            next: output.next_at.map(UtcSeconds),
            dead_letters: output.dead_letters,
        }
    }
}
