//! The entries of a polled document: their keys, whether a filter excludes them, and which are new.
//!
//! `decide` calls it for every source of the document. Dates without an offset count as UTC here.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tracing::warn;
use url::Url;

use crate::config::{Config, FilterInput, PagePolicy, Source, SourceKind};
use crate::identity::{self, KeyRules};
use crate::model::{ClaimedSource, Entry, EntryIdentifier, EntryKeys, ParsedFeed, PollState};
use crate::store::{Store, StoreError, UnseenEntries};

/// Switches to a weaker identifier if the ids of a feed turn out to be unreliable; true if it did. It never switches
/// back. Notes links and ids of the document in `state`, to compare the next one with.
pub(super) fn degrade_identifier(claim: &ClaimedSource, feed: &ParsedFeed, state: &mut PollState) -> bool {
    let choice = identity::choose_identifier(&feed.entries, &state.last_names, &state.session_parameters);
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

/// Looks for query parameters that carry a session: they are left out of keys from this document on. Notes the links of the
/// document in `state`, to compare the next one with.
pub(super) fn find_sessions(claim: &ClaimedSource, feed: &ParsedFeed, state: &mut PollState) {
    let search = identity::find_sessions(&feed.entries, &state.last_links, &state.session_parameters);
    state.last_links = search.memory;
    if search.found.is_empty() {
        return;
    }
    let parameters = search.found.join("`, `");
    state.session_parameters.extend(search.found);
    let links = feed.entries.iter().filter_map(|entry| entry.link.as_ref());
    let pattern = identity::key_pattern(links, &state.session_parameters);
    warn!(
        source = claim.name,
        "the links have another `{parameters}` at each poll: it carries a session and is left out of keys from now on; \
         `key_from_url = '{pattern}'` settles it"
    );
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
    let is_feed = matches!(source.kind, SourceKind::Feed);
    let own_sites: Vec<String> =
        feed.link.iter().chain([&source.feed]).map(|url| source.same_site.site(url)).collect();
    let own_hosts: Vec<Option<&str>> = feed.link.iter().chain([&source.feed]).map(Url::host_str).collect();
    // Most links are on the host of their feed: then no list of suffixes is asked.
    let is_own =
        |link: &Url| own_hosts.contains(&link.host_str()) || own_sites.contains(&source.same_site.site(link));
    let idents = idents(feed, current, session, is_feed);
    let keys_of = |(entry, (by, ident)): (&Entry, (EntryIdentifier, String))| {
        let link = entry.link.as_ref();
        let rules = KeyRules {
            pattern: config.key_pattern_for(Some(source), link.unwrap_or(&source.feed)),
            same_site: &source.same_site,
            session,
        };
        EntryKeys {
            previous_ident: (previous != by).then(|| identity::ident(entry, previous, session)),
            // An entry without a page to fetch waits for no host.
            host: link.filter(|_| needs_page(source, entry)).map(|link| config.politeness.host_key(link)),
            is_own_link: is_feed && link.is_some_and(is_own),
            judges_page: source.filters.judge_pages(),
            excluded_by: source.filters.excluded_by(&filter_input(entry, now)),
            ident,
            link_keys: identity::link_keys(rules, link)
                .into_iter()
                .chain(identity::wrapper_key(rules, entry.wrapper.as_deref()))
                .collect(),
        }
    };
    feed.entries.iter().zip(idents).map(keys_of).collect()
}

/// What identifies each entry, and how. An id that several entries of the document have identifies none of them, nor does such a
/// link in a feed.
fn idents(
    feed: &ParsedFeed,
    current: EntryIdentifier,
    session: &[String],
    is_feed: bool,
) -> Vec<(EntryIdentifier, String)> {
    let shared_ids = identity::shared_ids(&feed.entries);
    let mut idents: Vec<(EntryIdentifier, String)> = feed
        .entries
        .iter()
        .map(|entry| {
            let is_shared = entry.id.as_ref().is_some_and(|id| shared_ids.contains(id));
            let by = if is_shared { current.max(EntryIdentifier::Link) } else { current };
            (by, identity::ident(entry, by, session))
        })
        .collect();
    let shared = if is_feed { identity::shared_links(&feed.entries, &idents) } else { HashSet::new() };
    for (entry, (by, ident)) in feed.entries.iter().zip(&mut idents) {
        if shared.contains(ident) {
            *by = EntryIdentifier::Title;
            *ident = identity::ident(entry, *by, session);
        }
    }
    idents
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
        link: entry.link.as_ref().map(Url::as_str),
        categories: Some(&details.categories),
        language: details.language.as_deref(),
        age: entry.date().and_then(|at| (now - at.utc(chrono_tz::UTC)).to_std().ok()),
        text: None,
    }
}

/// The entries that were never seen before.
pub(super) async fn unseen(
    store: &Store,
    claim: &ClaimedSource,
    feed: &Arc<ParsedFeed>,
    keys: &Arc<[EntryKeys]>,
    session: &[String],
) -> Result<UnseenEntries, StoreError> {
    if claim.first_poll {
        return Ok(UnseenEntries { positions: (0..keys.len()).collect(), knows_any: false });
    }
    store.unseen(claim.id, Arc::clone(feed), Arc::clone(keys), session.to_vec()).await
}

/// When entries were published, by their positions: `now` for those without a date.
pub(super) fn times(feed: &ParsedFeed, positions: &[usize], now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let time = |entry: &Entry| entry.date().map_or(now, |at| at.utc(chrono_tz::UTC));
    positions.iter().filter_map(|&position| feed.entries.get(position)).map(time).collect()
}
