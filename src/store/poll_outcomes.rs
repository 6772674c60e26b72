//! Records the outcome of a poll: the source's row, hosts, history and entries, in one transaction.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::{history, host_backoff, ingest, poll_state, robots_cache, session_parameters, time};
use crate::model::{CRASHED, Failure, PollCounts, PollOutcome, PollResult, RemarkKind, SourceId, Validators};

/// Records a poll outcome; refused if its lease was lost.
pub(super) fn record(db: &Connection, outcome: &PollOutcome) -> Result<PollCounts, StoreError> {
    let now = time::later(outcome.at, outcome.fetch.duration);
    let session = &outcome.state.session_parameters;
    let found = session_parameters::found(db, outcome.source, session)?;
    update_source(db, outcome)?;
    host_backoff::apply(db, &outcome.fetch.hosts, now)?;
    robots_cache::store(db, &outcome.fetch.robots)?;
    let mut counts = PollCounts::default();
    match &outcome.result {
        PollResult::NotModified(_) => history::add_poll(db, outcome, "not-modified", None, 0, counts)?,
        PollResult::Unchanged(_) => history::add_poll(db, outcome, "unchanged", None, 0, counts)?,
        PollResult::Document { feed, keys, limit, .. } => {
            if !found.is_empty() {
                session_parameters::leave_out(db, outcome.source, session, now)?;
                history::add_to_counter(db, outcome.source, "identity.session", found.len() as u64)?;
            }
            history::add_to_counter(db, outcome.source, "dates.false", feed.false_dates)?;
            let is_empty = outcome.state.remarks.iter().any(|remark| remark.kind == RemarkKind::Empty);
            history::add_to_counter(db, outcome.source, "documents.empty", u64::from(is_empty))?;
            counts = ingest::store_entries(db, outcome.source, feed, keys, *limit, now)?;
            store_feed_details(db, outcome.source, feed)?;
            history::add_poll(db, outcome, "taken", None, feed.entries.len(), counts)?;
        }
        PollResult::Failed(failure) => {
            history::add_failure(db, outcome.source, None, "poll", failure, now)?;
            history::add_poll(db, outcome, "failed", Some(failure.code), 0, counts)?;
        }
    }
    for fault in &outcome.faults {
        history::add_failure(db, outcome.source, None, "poll", fault, now)?;
    }
    history::add_to_counter(db, outcome.source, "documents.followed", outcome.followed)?;
    if outcome.ids_degraded {
        history::add_to_counter(db, outcome.source, "identity.degraded", 1)?;
    }
    history::add_to_counter(db, outcome.source, history::ODD_HEADERS, outcome.fetch.odd_headers)?;
    if outcome.overflowed {
        history::add_to_counter(db, outcome.source, "overflows", 1)?;
    }
    Ok(counts)
}

/// What happens to the stored validators.
struct ValidatorUpdate<'a> {
    /// `merged`, `replaced` or `unchanged`: for [`UPDATE_SOURCE`].
    mode: &'static str,
    validators: Option<&'a Validators>,
    body_hash: Option<&'a Vec<u8>>,
}

impl<'a> ValidatorUpdate<'a> {
    fn of(result: &'a PollResult) -> Self {
        let (mode, validators, body_hash) = match result {
            // RFC 9111, 3.2: a 304 replaces what it carries and erases nothing.
            PollResult::NotModified(validators) => ("merged", Some(validators), None),
            // Both together: an old one never travels with a new one (docs/politeness.md, P5).
            PollResult::Unchanged(validators) => ("replaced", Some(validators), None),
            PollResult::Document { validators, body_hash, .. } => {
                ("replaced", Some(validators), Some(body_hash))
            }
            PollResult::Failed(_) => ("unchanged", None, None),
        };
        Self { mode, validators, body_hash }
    }
}

/// Ends the lease and writes the result, the state and the next poll.
///
/// A poll that was requested while this one was under way (`repoll`) is due at once: this document may be older.
const UPDATE_SOURCE: &str = "UPDATE source SET \
     next_at = iif(repoll > 0, :now, :next_at), next_why = iif(repoll > 0, 'asked for', :next_why), \
     unconditional_at = iif(repoll = 2, NULL, :unconditional_at), gone = iif(repoll = 2, 0, :gone), repoll = 0, \
     etag = CASE :validators WHEN 'replaced' THEN :etag WHEN 'merged' THEN \
         iif(validators_url = url, coalesce(:etag, etag), etag) ELSE etag END, \
     last_modified = CASE :validators WHEN 'replaced' THEN :last_modified WHEN 'merged' THEN \
         iif(validators_url = url, coalesce(:last_modified, last_modified), last_modified) ELSE last_modified END, \
     body_hash = coalesce(:body_hash, body_hash), validators_url = iif(:validators = 'replaced', url, validators_url), \
     failures = :failures, crashes = iif(:crashed IS NULL, crashes, :crashed * (crashes + 1)), polled_at = :at, \
     succeeded_at = iif(:code IS NULL, :at, succeeded_at), failed_at = iif(:code IS NULL, NULL, :at), code = :code, \
     message = :message, final_url = coalesce(:final_url, final_url), rhythm = :rhythm, hints = :hints, \
     moved_to = :moved_to, moved_since = :moved_since, moved_polls = :moved_polls, permanent_url = :permanent_url, \
     sitemaps = :sitemaps, identified_by = :identified_by, identified_why = :identified_why, last_names = :last_names, \
     last_links = :last_links, session_parameters = :session_parameters, remarks = :remarks, \
     lease_run = NULL, lease_claim = NULL \
     WHERE id = :id AND lease_run = :run AND lease_claim = :claim";

fn update_source(db: &Connection, outcome: &PollOutcome) -> Result<(), StoreError> {
    let now = time::later(outcome.at, outcome.fetch.duration);
    let failure: Option<&Failure> = match &outcome.result {
        PollResult::Failed(failure) => Some(failure),
        _ => None,
    };
    // A document that was read resets the number of crashes; one that was not read leaves it.
    let crashed = match failure {
        None => Some(false),
        Some(failure) => CRASHED.contains(&failure.code).then_some(true),
    };
    let update = ValidatorUpdate::of(&outcome.result);
    let state = &outcome.state;
    let changed = db.prepare_cached(UPDATE_SOURCE)?.execute(named_params! {
        ":id": outcome.source.0,
        ":run": outcome.lease.run,
        ":claim": outcome.lease.claim,
        ":now": time::ms(now),
        ":next_at": time::ms(outcome.next.at),
        ":next_why": outcome.next.why,
        ":unconditional_at": state.unconditional_at.map(time::ms),
        ":gone": state.gone,
        ":validators": update.mode,
        ":etag": update.validators.and_then(|validators| validators.etag.as_ref()),
        ":last_modified": update.validators.and_then(|validators| validators.last_modified.as_ref()),
        ":body_hash": update.body_hash,
        ":failures": outcome.failures,
        ":crashed": crashed,
        ":at": time::text(now),
        ":code": failure.map(|failure| failure.code),
        ":message": failure.map(history::short_message),
        ":final_url": failure.is_none().then_some(outcome.fetch.url.as_str()),
        ":rhythm": state.rhythm,
        ":hints": poll_state::hints_json(state),
        ":moved_to": state.redirect.as_ref().map(|moved| moved.to.as_str()),
        ":moved_since": state.redirect.as_ref().map(|moved| time::ms(moved.since)),
        ":moved_polls": state.redirect.as_ref().map_or(0, |moved| moved.times),
        ":permanent_url": state.moved_to.as_ref().map(url::Url::as_str),
        ":sitemaps": poll_state::sitemaps_json(state),
        ":identified_by": state.identified_by.as_str(),
        ":identified_why": state.identified_why,
        ":last_names": state.last_names,
        ":last_links": state.last_links,
        ":remarks": poll_state::remarks_json(&state.remarks),
        ":session_parameters": serde_json::Value::from(state.session_parameters.clone()).to_string(),
    })?;
    if changed == 0 {
        return Err(StoreError::LeaseLost { what: format!("source {}", outcome.source.0) });
    }
    Ok(())
}

/// Stores what a feed says of itself, if that changed.
fn store_feed_details(
    db: &Connection,
    source: SourceId,
    feed: &crate::model::ParsedFeed,
) -> Result<(), StoreError> {
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
        feed.hubs.iter().map(url::Url::as_str).collect::<serde_json::Value>().to_string(),
        feed.topic.as_ref().map(url::Url::as_str)
    ])?;
    Ok(())
}
