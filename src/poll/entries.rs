//! What the entries of a document are to us: how each is known, whether it is wanted, and what they say of its ids
//! and its rhythm.

use chrono::{DateTime, Utc};
use tracing::warn;

use crate::config::{Config, FilterInput, PagePolicy, Source};
use crate::identity;
use crate::model::{ClaimedSource, Entry, EntryIdentifier, EntryKeys, ParsedFeed, PollState};
use crate::schedule::Rhythm;
use crate::store::{Store, StoreError};

/// Whether the page of an entry is fetched at all.
fn needs_page(source: &Source, entry: &Entry) -> bool {
    match source.pages {
        PagePolicy::Always => true,
        PagePolicy::Auto => !entry.has_full_text(),
        PagePolicy::Never => false,
    }
}

/// Notes how far the ids of a document can be relied on. Whether that is less than before.
pub(super) fn judge_ids(claim: &ClaimedSource, feed: &ParsedFeed, memory: &mut PollState) -> bool {
    let trust = identity::choose_identifier(&feed.entries, &memory.last_names);
    memory.last_names = trust.names;
    if trust.by <= memory.identified_by {
        return false;
    }
    warn!(
        source = claim.name,
        "{}: from now on entries are known by {}",
        trust.why.as_deref().unwrap_or_default(),
        trust.by.as_str()
    );
    memory.identified_by = trust.by;
    memory.identified_why = trust.why;
    true
}

/// What the filters can know of an entry before its page is had.
fn judged(entry: &Entry, now: DateTime<Utc>) -> FilterInput<'_> {
    FilterInput {
        title: entry.title.as_deref(),
        link: entry.link.as_ref().map(url::Url::as_str),
        categories: Some(&entry.details().categories),
        language: entry.details().language.as_deref(),
        age: entry
            .published
            .or(entry.updated)
            .and_then(|at| (now - at.utc(chrono_tz::UTC)).to_std().ok()),
        text: None,
    }
}

/// How each entry of a document is known, and where its page waits.
pub(super) fn keys(
    config: &Config,
    source: &Source,
    feed: &ParsedFeed,
    (before, by): (EntryIdentifier, EntryIdentifier),
    now: DateTime<Utc>,
) -> Vec<EntryKeys> {
    let pattern =
        |entry: &Entry| config.key_pattern_for(Some(source), entry.link.as_ref().unwrap_or(&source.feed));
    let shared = identity::shared_ids(&feed.entries);
    let keyed = |entry: &Entry| {
        let is_shared = entry.id.as_ref().is_some_and(|id| shared.contains(id));
        let by = if is_shared {
            by.max(EntryIdentifier::Link)
        } else {
            by
        };
        let mut keys = identity::of_link(pattern(entry), entry, by);
        keys.previous_ident = (before != by).then(|| identity::ident(entry, before));
        // An entry that needs no page waits for no host.
        keys.host = entry
            .link
            .as_ref()
            .filter(|_| needs_page(source, entry))
            .map(|link| config.politeness.place(link));
        keys.excluded_by = source.filters.against(&judged(entry, now));
        keys
    };
    feed.entries.iter().map(keyed).collect()
}

/// Teaches the rhythm what a document brought. Whether it had nothing in common with the one before, if it is the
/// `whole` of what there is.
pub(super) async fn learn(
    store: &Store,
    claim: &ClaimedSource,
    feed: &ParsedFeed,
    keys: &[EntryKeys],
    rhythm: &mut Rhythm,
    now: DateTime<Utc>,
    whole: bool,
) -> Result<bool, StoreError> {
    let unseen = if claim.first_poll {
        (0..keys.len()).collect()
    } else {
        let idents = keys.iter().map(|keys| keys.ident.clone()).collect();
        store.unseen(claim.id, idents).await?
    };
    let times: Vec<_> = unseen
        .iter()
        .filter_map(|&position| feed.entries.get(position))
        .map(|entry| {
            entry
                .published
                .or(entry.updated)
                .map_or(now, |at| at.utc(chrono_tz::UTC))
        })
        .collect();
    let overflowed = rhythm.observe(&times, feed.entries.len(), now) && whole;
    if overflowed {
        warn!(
            source = claim.name,
            entries = feed.entries.len(),
            "nothing in the feed was known: something in between may have been missed"
        );
    }
    Ok(overflowed)
}
