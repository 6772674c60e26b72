//! What `cuttings status` says about a source below the table: its failure, its silence, its rules.
//!
//! A note that needs a person is one of those that make `SourceStatus::needs_attention` true: failure, silence, drift of a
//! selector, a feed that is gone. The others only inform.

use std::fmt;

use chrono::{DateTime, Utc};

use super::times::{ago, rough};
use crate::shapes::masked_url;
use crate::store::{IdentifierFallback, LinkSharing, RuleStat, SessionLinks, SourceState, SourceStatus};

/// A sentence about a source; printed as `name: text`.
pub(super) struct SourceNote<'a> {
    pub(super) source: &'a str,
    pub(super) text: String,
}

impl fmt::Display for SourceNote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.text)
    }
}

/// Everything to be said about a source, most urgent first.
pub(super) fn notes_on(source: &SourceStatus, now: DateTime<Utc>) -> Vec<SourceNote<'_>> {
    let mut notes = Vec::new();
    if let Some(error) = &source.last_error {
        notes.push(format!("{} [{}], {}", error.message, error.code, ago(error.at, now)));
    }
    if let Some((silence, silent)) =
        source.silence.and_then(|silence| Some((silence, silence.unusual_length(now)?)))
    {
        let usual = silence.usual_gap.and_then(|usual| usual.to_std().ok()).unwrap_or_default();
        notes.push(format!(
            "silent for {}, usually every {}",
            rough(silent.to_std().unwrap_or_default()),
            rough(usual)
        ));
    }
    notes.extend(source.remarks.iter().cloned());
    if source.robots_denied > 0 {
        notes.push(format!("robots.txt has forbidden {} requests", source.robots_denied));
    }
    if let (hits, tried @ 1..) = (source.rule_hits, source.rule_tries) {
        notes.push(format!(
            "its selectors found something {hits} times of {tried} ({} %)",
            hits * 100 / tried
        ));
    }
    if source.state == SourceState::Ended {
        notes.push(
            "switched off, as its server says that the feed is gone for good (410). Give it another `feed`; or, \
             to ask once more, run with `enabled = false` and then take that out"
                .to_owned(),
        );
    }
    if source.provisional > 0 {
        let (articles, pages) = if source.provisional == 1 {
            ("1 article has", "its page is")
        } else {
            (&*format!("{} articles have", source.provisional), "their pages are")
        };
        notes.push(format!("{articles} the feed's text for now (provisional); {pages} still tried"));
    }
    if source.ignore_robots {
        notes.push("robots.txt is ignored (ignore_robots)".to_owned());
    }
    if let Some(to) = &source.moved_to {
        notes.push(format!("the feed has moved to {}", masked_url(to)));
    }
    if let Some(IdentifierFallback { by, reason }) = &source.identifier {
        notes.push(format!("{reason}: entries are known by {by}"));
    }
    if let Some(SessionLinks { parameters, key_from_url }) = &source.session_links {
        notes.push(format!(
            "its links carry a session in `{}`, which is left out of keys; `key_from_url = '{key_from_url}'` settles it",
            parameters.join("`, `")
        ));
    }
    if let LinkSharing { links: links @ 1.., entries } = source.link_sharing {
        let links = if links == 1 { "1 link".to_owned() } else { format!("{links} links") };
        notes.push(format!("{entries} entries share {links}: each is an article of the feed's own text"));
    }
    if !source.excluded.is_empty() {
        let counts: Vec<String> =
            source.excluded.iter().map(|(filter, count)| format!("{count} by {filter}")).collect();
        notes.push(format!("left out {}", counts.join(", ")));
    }
    if !source.contradictions.is_empty() {
        let counts: Vec<String> =
            source.contradictions.iter().map(|(field, count)| format!("{field} on {count}")).collect();
        notes.push(format!(
            "feed and page contradict each other, by pages: {}; `cuttings try URL --source {}` shows which won",
            counts.join(", "),
            source.name
        ));
    }
    if source.doubted > 0 {
        notes.push(format!(
            "{} corrections of its feed were not believed at once: it changes all entries at each poll (docs/scheduling.md)",
            source.doubted
        ));
    }
    if source.backfill_lost > 0 {
        notes.push(format!(
            "{} entries that `cuttings backfill` asked for are no longer in the feed and have no link",
            source.backfill_lost
        ));
    }
    notes.extend(source.rules.iter().filter_map(|rule| rule_note(rule, &source.name, now)));
    let note = |text| SourceNote { source: &source.name, text };
    notes.into_iter().map(note).collect()
}

/// That a selector finds less than it used to, or has missed.
fn rule_note(rule: &RuleStat, source: &str, now: DateTime<Utc>) -> Option<String> {
    let (field, selector) = (&rule.field, &rule.selector);
    let Some(drift) = &rule.drift else {
        return (rule.misses > 0).then(|| {
            format!("{field} {selector:?} missed {} of {} pages", rule.misses, rule.hits + rule.misses)
        });
    };
    let since = rule.drift_at.map_or("just now".into(), |at| ago(at, now));
    let what = match drift.as_str() {
        "length" => format!("finds {:.0} characters, it used to find {:.0}", rule.length, rule.usual_length),
        _ => format!(
            "hits {:.0} % of pages, it used to hit {:.0} %",
            rule.rate * 100.0,
            rule.usual_rate * 100.0
        ),
    };
    Some(format!(
        "DRIFT, {since}: {field} {selector:?} {what}; the site may have changed, look with `cuttings try URL --source {source}`"
    ))
}
