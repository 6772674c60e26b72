//! Recognises the entries of a document: which a source had before, and under which ident. Only reads.
//!
//! `ingest` stores what is found here; the schedule learns from the same what is new, so that the two never disagree. Nearly
//! all entries are found by their ident, with one look-up. The others are judged in this order:
//!
//! 1. The ident differs only because the source identifies its entries in another way now.
//! 2. Same link, and the id differs only in `#1`: an update of the entry, as the BBC marks it.
//! 3. Same link and title, and the old id is gone from the document: ids were changed. Or `key_from_url` finds the same in
//!    another link, the old link is gone, and title or text are the same: the page has another slug.
//! 4. Same link, but another title and text: different entries that share a link. Else it is the same article.
//! 5. Nothing of the document is known, but titles and dates are those of the latest entries: the site has moved.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::entry_rows::{
    BY_IDENT, BY_KEY, BY_LINK, EntryRow, LATEST, RecognisedEntry, Recognition, Renaming, Twin, bounded_ident,
};
use super::error::StoreError;
use super::session_parameters;
use crate::identity::{self, Fingerprint};
use crate::model::{Entry, EntryId, EntryIdentifier, EntryKeys, KeyKind, ParsedFeed, SourceId};

/// Rows of one link, and rows of a source, that a document is compared with: the latest.
const MAX_COMPARED: usize = 1000;

/// Entries with equal title and date from which on a document of unknown entries is that of a moved site.
const MOVED_ENTRIES: usize = 3;

/// What is known of the entries of a document, newest first; undated ones are last, in the order of the document, which is
/// most often newest first.
pub(super) fn recognise<'a>(
    db: &Connection,
    source: SourceId,
    feed: &'a ParsedFeed,
    keys: &'a [EntryKeys],
) -> Result<Vec<RecognisedEntry<'a>>, StoreError> {
    let mut entries: Vec<(usize, &Entry, &EntryKeys)> = feed
        .entries
        .iter()
        .zip(keys)
        .enumerate()
        .map(|(position, (entry, keys))| (position, entry, keys))
        .collect();
    entries.sort_by_cached_key(|(_, entry, _)| Reverse(entry.date().map(|at| at.utc(chrono_tz::UTC))));
    let has_rows = db.prepare_cached("SELECT 1 FROM entry WHERE source_id = ?1")?.exists([source.0])?;
    let mut matcher = Matcher { db, source, has_rows, named: HashSet::new(), links: HashMap::new() };
    let mut recognised = Vec::with_capacity(entries.len());
    let mut unknown = Vec::new();
    let mut idents: HashSet<String> = HashSet::new();
    for (place, (position, entry, keys)) in entries.into_iter().enumerate() {
        let mut entry = RecognisedEntry {
            entry,
            keys,
            position,
            ident: bounded_ident(&keys.ident),
            fingerprint: Fingerprint::of(entry, &keys.link_keys),
            recognition: Recognition::Repeated,
            replaces_slug: false,
        };
        if let Some(row) = matcher.row_of(&mut entry)? {
            if matcher.named.insert(row.id) {
                entry.recognition = Recognition::Known(row);
            }
        } else if idents.insert(entry.ident.clone()) {
            entry.recognition = Recognition::New { shares_link: false };
            unknown.push(place);
        }
        recognised.push(entry);
    }
    if !unknown.is_empty() {
        matcher.judge_unknown(&mut recognised, &unknown)?;
    }
    Ok(recognised)
}

/// Which entries of a document are new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnseenEntries {
    /// Positions of the entries that the source has not had yet, under whatever ident; each entry once.
    pub positions: Vec<usize>,
    /// Whether the source has had any of the others.
    pub knows_any: bool,
}

/// The entries that a source has not had yet, under whatever ident.
pub(super) fn unseen(
    db: &Connection,
    source: SourceId,
    feed: &ParsedFeed,
    keys: &[EntryKeys],
    session: &[String],
) -> Result<UnseenEntries, StoreError> {
    let mut new = recognise(db, source, feed, keys)?;
    let is_known = |entry: &RecognisedEntry<'_>| {
        use Recognition::{Known, Renamed, SameArticle};
        matches!(entry.recognition, Known(_) | Renamed(..) | SameArticle(Twin::Row { .. }))
    };
    let mut knows_any = new.iter().any(is_known);
    new.retain(|entry| matches!(entry.recognition, Recognition::New { .. }));
    // Those that are stored with a session, which is left out when the poll is recorded.
    let stored = if new.is_empty() || session_parameters::found(db, source, session)?.is_empty() {
        Vec::new()
    } else {
        session_parameters::rows_with(db, source, session)?
    };
    let count = new.len();
    new.retain(|entry| {
        !stored
            .iter()
            .any(|row| row.ident == entry.ident || row.link.is_some() && row.link == entry.fingerprint.link)
    });
    knows_any |= new.len() < count || (!knows_any && has_known_link(db, source, &new)?);
    let mut positions: Vec<usize> = new.into_iter().map(|entry| entry.position).collect();
    positions.sort_unstable();
    Ok(UnseenEntries { positions, knows_any })
}

/// Whether one of these entries has a link that the source gave before, to one entry: the feed names that entry in another way
/// now.
fn has_known_link(
    db: &Connection,
    source: SourceId,
    entries: &[RecognisedEntry<'_>],
) -> Result<bool, StoreError> {
    let mut rows = db.prepare_cached(
        "SELECT count(*) FROM entry WHERE source_id = ?1 AND link_hash = ?2 \
         AND NOT EXISTS (SELECT 1 FROM shared_link WHERE source_id = ?1 AND link_hash = ?2)",
    )?;
    let mut uses: HashMap<i64, usize> = HashMap::new();
    for link in entries.iter().filter_map(|entry| entry.fingerprint.link) {
        *uses.entry(link).or_default() += 1;
    }
    for entry in entries.iter().filter(|entry| entry.keys.is_own_link) {
        let link = entry.fingerprint.link.filter(|link| uses.get(link) == Some(&1));
        let Some(link) = link else { continue };
        if rows.query_row(params![source.0, link], |row| row.get::<_, i64>(0))? == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Matcher<'a> {
    db: &'a Connection,
    source: SourceId,
    /// Whether the source has entries: not at its first poll.
    has_rows: bool,
    /// Rows that an entry of the document has.
    named: HashSet<EntryId>,
    /// By the hash of the link.
    links: HashMap<i64, LinkGroup>,
}

/// The entries of a source that have one link.
#[derive(Default)]
struct LinkGroup {
    rows: Vec<EntryRow>,
    /// Whether the link was found to be shared before.
    is_shared: bool,
    /// Entries of the document that have it and whose ident was unknown, by their place.
    places: Vec<usize>,
}

impl LinkGroup {
    /// Whether equal titles say little, because several entries have the link at one time.
    fn repeats_titles(&self, named: &HashSet<EntryId>) -> bool {
        let stored = self.rows.iter().filter(|row| named.contains(&row.id)).count();
        self.is_shared || stored + self.places.len() > 1
    }
}

impl Matcher<'_> {
    fn row_of_ident(&self, ident: &str) -> Result<Option<EntryRow>, StoreError> {
        Ok(self
            .db
            .prepare_cached(BY_IDENT)?
            .query_row(params![self.source.0, ident], EntryRow::read)
            .optional()?)
    }

    /// The row with an entry's ident. A link does not identify an entry where another one had it before: then the entry is
    /// known by title and date.
    fn row_of(&self, entry: &mut RecognisedEntry<'_>) -> Result<Option<EntryRow>, StoreError> {
        if !self.has_rows {
            return Ok(None);
        }
        let row = self.row_of_ident(&entry.ident)?;
        let is_settled = row.as_ref().is_some_and(|row| !is_other_entry(entry, row));
        if is_settled || !entry.ident.starts_with(identity::LINK_IDENT) {
            return Ok(row);
        }
        let by_title = title_ident(entry.entry);
        let row_by_title = self.row_of_ident(&by_title)?;
        if row.is_some() || row_by_title.is_some() {
            entry.ident = by_title;
        }
        Ok(row_by_title)
    }

    /// Judges the entries whose ident is unknown; `unknown` are their places in the list.
    fn judge_unknown(
        &mut self,
        entries: &mut [RecognisedEntry<'_>],
        unknown: &[usize],
    ) -> Result<(), StoreError> {
        let has_rows = self.has_rows;
        if has_rows {
            self.find_by_previous_ident(entries, unknown)?;
        }
        for &place in unknown {
            let Some(entry) = entries.get(place).filter(|entry| is_new(entry)) else { continue };
            let Some(link) = entry.fingerprint.link else { continue };
            if has_rows && !self.links.contains_key(&link) {
                let group = self.link_group(link)?;
                self.links.insert(link, group);
            }
            self.links.entry(link).or_default().places.push(place);
        }
        if has_rows {
            self.find_other_slugs(entries, unknown)?;
        }
        let mut links: Vec<LinkGroup> = std::mem::take(&mut self.links).into_values().collect();
        links.retain(|group| !group.rows.is_empty() || group.places.len() > 1);
        // Those that were only renamed go first: their rows are taken then.
        for group in &links {
            self.find_renamed(entries, group);
        }
        for group in &links {
            self.judge_link(entries, group);
        }
        let is_unknown = |entry: &RecognisedEntry<'_>| {
            use Recognition::{New, Repeated, SameArticle};
            matches!(entry.recognition, New { .. } | Repeated | SameArticle(Twin::Earlier(_)))
        };
        if has_rows && entries.iter().all(is_unknown) {
            self.find_moved(entries)?;
        }
        Ok(())
    }

    /// Finds entries by the ident that they had before the source was identified in another way. Of several entries with one
    /// id, the row is that of the one with its title, or of the only one with its link.
    fn find_by_previous_ident(
        &mut self,
        entries: &mut [RecognisedEntry<'_>],
        unknown: &[usize],
    ) -> Result<(), StoreError> {
        let mut by_previous: HashMap<&str, Vec<usize>> = HashMap::new();
        for &place in unknown {
            if let Some(previous) = entries.get(place).and_then(|entry| entry.keys.previous_ident.as_deref())
            {
                by_previous.entry(previous).or_default().push(place);
            }
        }
        for (previous, places) in by_previous {
            let row = self.row_of_ident(&bounded_ident(previous))?;
            let Some(row) = row.filter(|row| !self.named.contains(&row.id)) else { continue };
            let having = |is_alike: &dyn Fn(&RecognisedEntry<'_>) -> bool| -> Vec<usize> {
                let alike = |place: &usize| entries.get(*place).is_some_and(is_alike);
                places.iter().copied().filter(alike).collect()
            };
            let title = having(&|entry| entry.fingerprint.has_title_of(&row.fingerprint));
            let link = having(&|entry| entry.fingerprint.link == row.fingerprint.link);
            let alone = having(&|entry| places.len() == 1 && !is_other_entry(entry, &row));
            let place = match (&*title, &*link, &*alone) {
                ([place, ..], ..) | (_, _, [place]) => *place,
                (_, [place], _) if !previous.starts_with(identity::LINK_IDENT) => *place,
                _ => continue,
            };
            self.rename(entries, place, row, Renaming::Identifier);
        }
        Ok(())
    }

    fn rename(&mut self, entries: &mut [RecognisedEntry<'_>], place: usize, row: EntryRow, why: Renaming) {
        self.named.insert(row.id);
        if let Some(entry) = entries.get_mut(place) {
            entry.recognition = Recognition::Renamed(row, why);
        }
    }

    fn link_group(&self, link: i64) -> Result<LinkGroup, StoreError> {
        let rows: Vec<EntryRow> = self
            .db
            .prepare_cached(BY_LINK)?
            .query_map(params![self.source.0, link, MAX_COMPARED as i64], EntryRow::read_with_ident)?
            .collect::<Result<_, _>>()?;
        let is_shared = !rows.is_empty()
            && self
                .db
                .prepare_cached("SELECT 1 FROM shared_link WHERE source_id = ?1 AND link_hash = ?2")?
                .exists([self.source.0, link])?;
        Ok(LinkGroup { rows, is_shared, places: Vec::new() })
    }

    /// Finds the entries of a link that have another id than before.
    fn find_renamed(&mut self, entries: &mut [RecognisedEntry<'_>], group: &LinkGroup) {
        let repeats_titles = group.repeats_titles(&self.named);
        for &place in &group.places {
            if let Some(row) = self.row_with_suffix(entries, place, group) {
                self.rename(entries, place, row.clone(), Renaming::Suffix);
                continue;
            }
            let Some(entry) = entries.get(place) else { continue };
            let is_alike = |row: &&EntryRow| {
                let known = &row.fingerprint;
                !self.named.contains(&row.id)
                    && entry.fingerprint.has_title_of(known)
                    && !entry.fingerprint.is_other_article(known, repeats_titles)
            };
            // The likest; of equal ones the latest.
            let likeness = |row: &&EntryRow| {
                let known = &row.fingerprint;
                (known.dated == entry.fingerprint.dated, entry.fingerprint.has_text_of(known), row.id)
            };
            if let Some(row) = group.rows.iter().filter(is_alike).max_by_key(likeness) {
                self.rename(entries, place, row.clone(), Renaming::Id);
            }
        }
    }

    /// The row of a link whose id differs from an entry's only in the number behind `#`, where no other entry has that id
    /// with yet another number: those are entries of one page.
    fn row_with_suffix<'r>(
        &self,
        entries: &[RecognisedEntry<'_>],
        place: usize,
        group: &'r LinkGroup,
    ) -> Option<&'r EntryRow> {
        let stem = id_stem(&entries.get(place)?.ident)?;
        let mut rows = group.rows.iter().filter(|row| id_stem(&row.ident) == Some(stem));
        let row = rows.next()?;
        let is_one_article = rows.all(|other| other.page.is_some() && other.page == row.page);
        let is_alone = entries.iter().filter(|entry| id_stem(&entry.ident) == Some(stem)).count() == 1;
        (is_one_article && is_alone && !self.named.contains(&row.id)).then_some(row)
    }

    /// Finds entries by what `key_from_url` finds in their link, where that is another one. The pattern may match too much, so
    /// title or text have to be the same; else the new
    /// page tells.
    fn find_other_slugs(
        &mut self,
        entries: &mut [RecognisedEntry<'_>],
        unknown: &[usize],
    ) -> Result<(), StoreError> {
        for &place in unknown {
            let Some(entry) = entries.get(place).filter(|entry| is_new(entry)) else { continue };
            let Some(key) = entry.keys.link_keys.iter().find(|key| key.kind == KeyKind::FromUrl) else {
                continue;
            };
            let rows: Vec<EntryRow> = self
                .db
                .prepare_cached(BY_KEY)?
                .query_map(params![self.source.0, key.key, MAX_COMPARED as i64], EntryRow::read)?
                .collect::<Result<_, _>>()?;
            let is_same = |row: &EntryRow| {
                let (seen, known) = (&entry.fingerprint, &row.fingerprint);
                (seen.title.is_some() && seen.title == known.title) || seen.has_text_of(known)
            };
            let link = entry.fingerprint.link;
            let mut gone = rows
                .iter()
                .filter(|row| !self.named.contains(&row.id) && row.fingerprint.link != link)
                .peekable();
            let replaces_slug = gone.peek().is_some();
            let same = gone.find(|row| is_same(row)).and_then(|row| row.page);
            if let Some(entry) = entries.get_mut(place) {
                entry.replaces_slug = replaces_slug;
                if let Some(page) = same {
                    entry.recognition = Recognition::OtherSlug(page);
                }
            }
        }
        Ok(())
    }

    /// Judges the entries of a link that are none of its stored ones: each is the same article as another, or shares the link.
    fn judge_link(&self, entries: &mut [RecognisedEntry<'_>], group: &LinkGroup) {
        let repeats_titles = group.repeats_titles(&self.named);
        let rows = || group.rows.iter().filter(|row| !row.is_unwanted);
        let mut new: Vec<usize> = Vec::new();
        let mut shares = group.is_shared;
        for &place in &group.places {
            let Some(entry) = entries.get(place).filter(|entry| is_new(entry)) else { continue };
            if entry.keys.excluded_by.is_some() {
                continue;
            }
            let is_same = |row: &&EntryRow| {
                let is_there = repeats_titles || self.named.contains(&row.id);
                !entry.fingerprint.is_other_article(&row.fingerprint, is_there)
            };
            let stored = rows().filter(is_same).max_by_key(|row| row.page.is_some());
            let earlier = new.iter().copied().find(|&earlier| {
                let other = entries.get(earlier).map(|other| &other.fingerprint);
                other.is_some_and(|other| !entry.fingerprint.is_other_article(other, true))
            });
            let twin = match (stored, earlier) {
                (Some(row), _) => Twin::Row {
                    page: row.page,
                    is_replaced: !self.named.contains(&row.id)
                        && !entry.fingerprint.has_title_of(&row.fingerprint),
                },
                (None, Some(earlier)) => Twin::Earlier(earlier),
                (None, None) => {
                    shares = shares || !new.is_empty() || rows().next().is_some();
                    new.push(place);
                    continue;
                }
            };
            if let Some(entry) = entries.get_mut(place) {
                entry.recognition = Recognition::SameArticle(twin);
            }
        }
        for place in new.into_iter().filter(|_| shares) {
            if let Some(entry) = entries.get_mut(place).filter(|entry| entry.keys.is_own_link) {
                entry.recognition = Recognition::New { shares_link: true };
                if entry.ident.starts_with(identity::LINK_IDENT) {
                    entry.ident = title_ident(entry.entry);
                }
            }
        }
    }

    /// Finds the entries of a document of which nothing is known by title and date: the site has another host now, and with it
    /// other ids.
    fn find_moved(&mut self, entries: &mut [RecognisedEntry<'_>]) -> Result<(), StoreError> {
        let name = |print: &Fingerprint| Some((print.title?, print.dated?));
        let named: Vec<(usize, (i64, i64))> = (0..)
            .zip(&*entries)
            .filter(|(_, entry)| is_new(entry))
            .filter_map(|(place, entry)| Some((place, name(&entry.fingerprint)?)))
            .collect();
        if named.len() < MOVED_ENTRIES {
            return Ok(());
        }
        let mut rows: HashMap<(i64, i64), EntryRow> = HashMap::new();
        let mut latest = self.db.prepare_cached(LATEST)?;
        for row in latest.query_map([self.source.0, MAX_COMPARED as i64], EntryRow::read)? {
            let row = row?;
            if let Some(name) = name(&row.fingerprint) {
                rows.entry(name).or_insert(row);
            }
        }
        let moved: Vec<(usize, EntryRow)> =
            named.iter().filter_map(|(place, name)| Some((*place, rows.remove(name)?))).collect();
        if moved.len() >= MOVED_ENTRIES && moved.len() * 2 >= named.len() {
            for (place, row) in moved {
                self.rename(entries, place, row, Renaming::Move);
            }
        }
        Ok(())
    }
}

fn is_new(entry: &RecognisedEntry<'_>) -> bool {
    matches!(entry.recognition, Recognition::New { .. })
}

/// Whether an entry that has the link of a stored one is another: its title, its date and its text differ.
fn is_other_entry(entry: &RecognisedEntry<'_>, row: &EntryRow) -> bool {
    let RecognisedEntry { keys, fingerprint, .. } = entry;
    keys.is_own_link
        && fingerprint.has_other_title_and_date(&row.fingerprint)
        && !fingerprint.has_text_of(&row.fingerprint)
}

fn title_ident(entry: &Entry) -> String {
    bounded_ident(&identity::ident(entry, EntryIdentifier::Title, &[]))
}

/// An id without the number behind its last `#`; `None` for an ident that is no id.
fn id_stem(ident: &str) -> Option<&str> {
    let id = ident.strip_prefix(identity::ID_IDENT)?;
    match id.rsplit_once('#') {
        Some((stem, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(stem).filter(|stem| !stem.is_empty())
        }
        _ => Some(id),
    }
}
