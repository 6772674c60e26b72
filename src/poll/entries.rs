//! The entries of a polled document: their keys, whether a filter excludes them, and which are new.
//!
//! `decide` calls it for every source of the document. Dates without an offset count as UTC here.

use chrono::{DateTime, Utc};
use tracing::warn;

use crate::config::{Config, FilterInput, PagePolicy, Source};
use crate::identity::{self, KeyRules};
use crate::model::{ClaimedSource, Entry, EntryIdentifier, EntryKeys, ParsedFeed, PollState};
use crate::store::{Store, StoreError};

/// Switches to a weaker identifier if the ids of a feed turn out to be unreliable; true if it did. It never switches
/// back. Notes links and ids of the document in `state`, to compare the next one with.
pub(super) fn degrade_identifier(claim: &ClaimedSource, feed: &ParsedFeed, state: &mut PollState) -> bool {
    let choice = identity::choose_identifier(&feed.entries, &state.last_names);
    state.last_names = choice.names;
    if choice.by <= state.identified_by {
        return false;
    }
    warn!(
        source = claim.name,
        "{}: from now on entries are identified by {}",
        choice.why.as_deref().unwrap_or_default(),
        choice.by.as_str()
    );
    state.identified_by = choice.by;
    state.identified_why = choice.why;
    true
}

/// The keys of each entry, in order. `previous` is the identifier before this document, `current` from now on.
pub(super) fn keys(
    config: &Config,
    source: &Source,
    feed: &ParsedFeed,
    previous: EntryIdentifier,
    current: EntryIdentifier,
    session: &[String],
    now: DateTime<Utc>,
) -> Vec<EntryKeys> {
    let shared_ids = identity::shared_ids(&feed.entries);
    let keys_of = |entry: &Entry| {
        let link = entry.link.as_ref();
        let is_shared = entry.id.as_ref().is_some_and(|id| shared_ids.contains(id));
        let by = if is_shared { current.max(EntryIdentifier::Link) } else { current };
        let rules = KeyRules {
            pattern: config.key_pattern_for(Some(source), link.unwrap_or(&source.feed)),
            same_site: &source.same_site,
            session,
        };
        EntryKeys {
            previous_ident: (previous != by).then(|| identity::ident(entry, previous, session)),
            // An entry without a page to fetch waits for no host.
            host: link.filter(|_| needs_page(source, entry)).map(|link| config.politeness.host_key(link)),
            is_own_link: link.is_some_and(|link| source.same_site.is_same(link, &source.feed)),
            judges_page: source.filters.judge_pages(),
            excluded_by: source.filters.excluded_by(&filter_input(entry, now)),
            ident: identity::ident(entry, by, session),
            link_keys: identity::link_keys(rules, link),
        }
    };
    feed.entries.iter().map(keys_of).collect()
}

/// Whether the page of an entry is fetched.
fn needs_page(source: &Source, entry: &Entry) -> bool {
    match source.pages {
        PagePolicy::Always => true,
        PagePolicy::Auto => !entry.has_full_text(),
        PagePolicy::Never => false,
    }
}

/// What filters can match before the page is fetched.
fn filter_input(entry: &Entry, now: DateTime<Utc>) -> FilterInput<'_> {
    let details = entry.details();
    FilterInput {
        title: entry.title.as_deref(),
        link: entry.link.as_ref().map(url::Url::as_str),
        categories: Some(&details.categories),
        language: details.language.as_deref(),
        age: entry.published.or(entry.updated).and_then(|at| (now - at.utc(chrono_tz::UTC)).to_std().ok()),
        text: None,
    }
}

/// When the entries that were never seen before were published: `now` for those without a date.
pub(super) async fn new_times(
    store: &Store,
    claim: &ClaimedSource,
    feed: &ParsedFeed,
    keys: &[EntryKeys],
    now: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, StoreError> {
    let new = if claim.first_poll {
        (0..keys.len()).collect()
    } else {
        let idents = keys.iter().map(|keys| keys.ident.clone()).collect();
        store.unseen(claim.id, idents).await?
    };
    let time = |entry: &Entry| {
        let printed = entry.published.or(entry.updated);
        printed.map_or(now, |at| at.utc(chrono_tz::UTC))
    };
    Ok(new.iter().filter_map(|&position| feed.entries.get(position)).map(time).collect())
}
