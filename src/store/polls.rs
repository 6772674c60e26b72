//! What a poll came to: one change of its source's row, and what its document brought.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::{host_backoff, ingest, ledger, memory, robots_cache, time};
use crate::model::{CRASHED, Failure, PollCounts, PollOutcome, PollResult, SourceId, Validators};

/// Everything one poll changes.
pub(super) fn record(db: &Connection, outcome: &PollOutcome) -> Result<PollCounts, StoreError> {
    let now = time::later(outcome.at, outcome.fetch.duration);
    settle(db, outcome)?;
    host_backoff::apply(db, &outcome.fetch.hosts, now)?;
    robots_cache::keep(db, &outcome.fetch.robots)?;
    let mut counts = PollCounts::default();
    match &outcome.result {
        PollResult::NotModified(_) => ledger::polled(db, outcome, "not-modified", None, 0, counts)?,
        PollResult::Unchanged(_) => ledger::polled(db, outcome, "unchanged", None, 0, counts)?,
        PollResult::Document {
            feed, keys, limit, ..
        } => {
            counts = ingest::document(db, outcome.source, feed, keys, *limit, now)?;
            present(db, outcome.source, feed)?;
            ledger::polled(db, outcome, "taken", None, feed.entries.len(), counts)?;
        }
        PollResult::Failed(failure) => {
            ledger::failed(db, outcome.source, None, "poll", failure, now)?;
            ledger::polled(db, outcome, "failed", Some(failure.code), 0, counts)?;
        }
    }
    if outcome.ids_degraded {
        ledger::count(db, outcome.source, "identity.degraded", 1)?;
    }
    ledger::count(db, outcome.source, ledger::ODD_HEADERS, outcome.fetch.odd_headers)?;
    if outcome.overflowed {
        ledger::count(db, outcome.source, "overflows", 1)?;
    }
    Ok(counts)
}

/// What becomes of the validators that are kept.
struct Kept<'a> {
    how: &'static str,
    validators: Option<&'a Validators>,
    body_hash: Option<&'a Vec<u8>>,
}

impl<'a> Kept<'a> {
    fn of(result: &'a PollResult) -> Self {
        let (how, validators, body_hash) = match result {
            // RFC 9111, 3.2: a 304 replaces what it carries and erases nothing.
            PollResult::NotModified(validators) => ("carried", Some(validators), None),
            // Both together: an old one never travels with a new one (P5).
            PollResult::Unchanged(validators) => ("replaced", Some(validators), None),
            PollResult::Document {
                validators,
                body_hash,
                ..
            } => ("replaced", Some(validators), Some(body_hash)),
            PollResult::Failed(_) => ("left", None, None),
        };
        Self {
            how,
            validators,
            body_hash,
        }
    }
}

/// When next, how it went, what is remembered of it, and whose turn it is: the lease ends here, if it is held still.
///
/// What was asked for while this poll was under way (`again`) is not done by it: the document may have been older.
const SETTLE: &str = "UPDATE source SET \
     next_at = iif(again > 0, :now, :next_at), next_why = iif(again > 0, 'asked for', :next_why), \
     full_at = iif(again = 2, NULL, :full_at), gone = iif(again = 2, 0, :gone), again = 0, \
     etag = CASE :kept WHEN 'replaced' THEN :etag WHEN 'carried' THEN \
         iif(validators_url = url, coalesce(:etag, etag), etag) ELSE etag END, \
     last_modified = CASE :kept WHEN 'replaced' THEN :last_modified WHEN 'carried' THEN \
         iif(validators_url = url, coalesce(:last_modified, last_modified), last_modified) ELSE last_modified END, \
     body_hash = coalesce(:body_hash, body_hash), validators_url = iif(:kept = 'replaced', url, validators_url), \
     failures = :failures, crashes = iif(:crashed IS NULL, crashes, :crashed * (crashes + 1)), polled_at = :at, \
     succeeded_at = iif(:code IS NULL, :at, succeeded_at), failed_at = iif(:code IS NULL, NULL, :at), code = :code, \
     message = :message, served_by = coalesce(:served_by, served_by), rhythm = :rhythm, hints = :hints, \
     moved_to = :moved_to, moved_since = :moved_since, moved_times = :moved_times, address = :address, \
     sitemaps = :sitemaps, known_by = :known_by, known_why = :known_why, names = :names, \
     claimed_run = NULL, claimed_claim = NULL \
     WHERE id = :id AND claimed_run = :run AND claimed_claim = :claim";

fn settle(db: &Connection, outcome: &PollOutcome) -> Result<(), StoreError> {
    let now = time::later(outcome.at, outcome.fetch.duration);
    let failure: Option<&Failure> = match &outcome.result {
        PollResult::Failed(failure) => Some(failure),
        _ => None,
    };
    // A document that was read well clears its name; one that was not read leaves it as it is.
    let crashed = match failure {
        None => Some(false),
        Some(failure) => CRASHED.contains(&failure.code).then_some(true),
    };
    let kept = Kept::of(&outcome.result);
    let memory = &outcome.state;
    let changed = db.prepare_cached(SETTLE)?.execute(named_params! {
        ":id": outcome.source.0,
        ":run": outcome.lease.run,
        ":claim": outcome.lease.claim,
        ":now": time::ms(now),
        ":next_at": time::ms(outcome.next.at),
        ":next_why": outcome.next.why,
        ":full_at": memory.full_at.map(time::ms),
        ":gone": memory.gone,
        ":kept": kept.how,
        ":etag": kept.validators.and_then(|validators| validators.etag.as_ref()),
        ":last_modified": kept.validators.and_then(|validators| validators.last_modified.as_ref()),
        ":body_hash": kept.body_hash,
        ":failures": outcome.failures,
        ":crashed": crashed,
        ":at": time::text(now),
        ":code": failure.map(|failure| failure.code),
        ":message": failure.map(|failure| ledger::short(&failure.message)),
        ":served_by": failure.is_none().then_some(outcome.fetch.url.as_str()),
        ":rhythm": memory.rhythm,
        ":hints": memory::hints_json(memory),
        ":moved_to": memory.redirect.as_ref().map(|moved| moved.to.as_str()),
        ":moved_since": memory.redirect.as_ref().map(|moved| time::ms(moved.since)),
        ":moved_times": memory.redirect.as_ref().map_or(0, |moved| moved.times),
        ":address": memory.moved_to.as_ref().map(url::Url::as_str),
        ":sitemaps": memory::sitemaps_json(memory),
        ":known_by": memory.identified_by.as_str(),
        ":known_why": memory.identified_why,
        ":names": memory.last_names,
    })?;
    if changed == 0 {
        return Err(StoreError::LeaseLost {
            what: format!("source {}", outcome.source.0),
        });
    }
    Ok(())
}

/// What a feed says of itself; written where it says something else than before.
fn present(db: &Connection, source: SourceId, feed: &crate::model::ParsedFeed) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE source SET title = ?2, site_url = ?3, language = ?4, rights = ?5, hubs = ?6, topic = ?7 \
         WHERE id = ?1 AND (title, site_url, language, rights, hubs, topic) IS NOT (?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        source.0,
        feed.title,
        feed.link.as_ref().map(url::Url::as_str),
        feed.language,
        feed.rights,
        feed.hubs
            .iter()
            .map(url::Url::as_str)
            .collect::<serde_json::Value>()
            .to_string(),
        feed.topic.as_ref().map(url::Url::as_str)
    ])?;
    Ok(())
}
