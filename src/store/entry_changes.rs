//! What a feed says anew of known entries, and how far it is believed.
//!
//! Another title, another text, a later date, or another link with the same `key_from_url` says that an entry was corrected.
//! Some feeds say so of all entries at each poll: the date is that of the build, or an advertisement ends each text. So each
//! source has a credit for each kind of change. A change that is believed costs one, of
//! each kind that it is of; an entry that says the same as in the last
//! document earns a quarter, a page that had changed four, and a day one. Where most entries are quiet, each change is believed;
//! where all change at once, a few, and then one a day. A change that is not believed waits in `entry.news` for credit, as long
//! as its feed has the entry.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::entry_rows::{EntryRow, RecognisedEntry};
use super::error::StoreError;
use super::page_id::PageId;
use super::time;
use crate::model::{EntryChange, Key, KeyKind, SourceId};

/// The credit that a source begins with and keeps from one document to the next, at most.
const FULL: f64 = 8.0;

/// What a quiet entry earns for each kind of change.
const QUIET: f64 = 0.25;

/// What a page earns that had changed as its feed said.
const CONFIRMED: f64 = 4.0;

/// Milliseconds of a day, which earns one.
const DAY: f64 = 86_400_000.0;

/// All kinds of change, the most telling first: the first with credit pays.
const KINDS: [EntryChange; 4] = [EntryChange::Title, EntryChange::Text, EntryChange::Link, EntryChange::Date];

/// What an entry says against the last document: by kind of change whether it changed; `None` where there is nothing to
/// compare.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EntryChanges([Option<bool>; 4]);

impl EntryChanges {
    /// Compares an entry with its row. Dates count where they are later.
    pub(super) fn of(
        db: &Connection,
        entry: &RecognisedEntry<'_>,
        row: &EntryRow,
    ) -> Result<Self, StoreError> {
        let (seen, known) = (&entry.fingerprint, &row.fingerprint);
        let differ = |one: Option<i64>, other: Option<i64>| Some(one? != other?);
        let published =
            entry.entry.published.and(seen.dated).zip(known.dated).map(|(seen, known)| seen > known);
        let updated = entry.entry.updated.map(|at| time::text(at.utc(chrono_tz::UTC)));
        // Text of one format in UTC: it sorts by time.
        let updated = updated.as_ref().zip(row.updated.as_ref()).map(|(seen, known)| seen > known);
        Ok(Self([
            differ(seen.title, known.title),
            differ(seen.text, known.text),
            match differ(seen.link, known.link) {
                Some(true) => has_pattern_key(db, row.page, &entry.keys.link_keys)?,
                same => same,
            },
            published.max(updated),
        ]))
    }

    /// Whether an entry said the same in the last document.
    fn is_quiet(self, kind: EntryChange) -> bool {
        self.get(kind) == Some(false)
    }

    fn get(self, kind: EntryChange) -> Option<bool> {
        KINDS.iter().zip(self.0).find_map(|(known, changed)| changed.filter(|_| *known == kind))
    }

    /// With a change that is told otherwise: by another id, or because it was not believed before.
    pub(super) fn and(mut self, kind: Option<EntryChange>) -> Self {
        for (known, changed) in KINDS.iter().zip(&mut self.0) {
            if kind == Some(*known) {
                *changed = Some(true);
            }
        }
        self
    }

    /// The most telling change of those that satisfy a condition.
    pub(super) fn first(self, is_meant: impl Fn(EntryChange) -> bool) -> Option<EntryChange> {
        KINDS.into_iter().find(|kind| self.get(*kind) == Some(true) && is_meant(*kind))
    }
}

/// Whether `key_from_url` finds in another link what it found in that of a page: then the page has another slug. `None` where
/// it finds nothing, so that the link says nothing.
fn has_pattern_key(db: &Connection, page: Option<PageId>, keys: &[Key]) -> Result<Option<bool>, StoreError> {
    let Some((page, key)) = page.zip(keys.iter().find(|key| key.kind == KeyKind::FromUrl)) else {
        return Ok(None);
    };
    Ok(Some(is_key_of_article(db, page, &key.key)?).filter(|is_same| *is_same))
}

/// Whether a key is one of the article of a page.
pub(super) fn is_key_of_article(db: &Connection, page: PageId, key: &str) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM alias JOIN page ON page.id = alias.page_id WHERE alias.key = ?2 AND alias.shared = 0 \
             AND page.article_id = (SELECT article_id FROM page WHERE id = ?1)",
        )?
        .exists(params![page.0, key])?)
}

/// How many changes of each kind are believed of a source (`source.change_credit`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ChangeCredit {
    title: f64,
    text: f64,
    link: f64,
    date: f64,
    /// When the days were last counted, in milliseconds since 1970.
    at: i64,
}

impl Default for ChangeCredit {
    fn default() -> Self {
        Self { title: FULL, text: FULL, link: FULL, date: FULL, at: 0 }
    }
}

impl ChangeCredit {
    /// The credit of a source, with what the time has earned.
    pub(super) fn load(db: &Connection, source: SourceId, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let stored: Option<String> = db
            .prepare_cached("SELECT change_credit FROM source WHERE id = ?1")?
            .query_row([source.0], |row| row.get(0))?;
        let Some(mut credit) = stored.as_deref().and_then(|json| serde_json::from_str::<Self>(json).ok())
        else {
            return Ok(Self { at: time::ms(now), ..Self::default() });
        };
        let days = time::ms(now).saturating_sub(credit.at).max(0) as f64 / DAY;
        credit.at = time::ms(now);
        for kind in KINDS {
            *credit.of(kind) += days;
        }
        Ok(credit.kept())
    }

    /// What the entry of a document earns.
    pub(super) fn earn_quiet(&mut self, changes: EntryChanges) {
        for kind in KINDS.into_iter().filter(|kind| changes.is_quiet(*kind)) {
            *self.of(kind) += QUIET;
        }
    }

    pub(super) fn has(&self, kind: EntryChange) -> bool {
        let mut credit = *self;
        *credit.of(kind) >= 1.0
    }

    /// Pays for a change that is believed, with each kind that it is of.
    pub(super) fn spend(&mut self, changes: EntryChanges) {
        for kind in KINDS.into_iter().filter(|kind| changes.get(*kind) == Some(true)) {
            let credit = self.of(kind);
            *credit = (*credit - 1.0).max(0.0);
        }
    }

    /// Stores it, without what exceeds the most.
    pub(super) fn store(self, db: &Connection, source: SourceId) -> Result<(), StoreError> {
        let kept = self.kept();
        let is_full = kept == Self { at: kept.at, ..Self::default() };
        let json = serde_json::to_string(&kept).ok().filter(|_| !is_full);
        db.prepare_cached("UPDATE source SET change_credit = ?2 WHERE id = ?1 AND change_credit IS NOT ?2")?
            .execute(params![source.0, json])?;
        Ok(())
    }

    fn kept(mut self) -> Self {
        for kind in KINDS {
            let credit = self.of(kind);
            *credit = credit.clamp(0.0, FULL);
        }
        self
    }

    fn of(&mut self, kind: EntryChange) -> &mut f64 {
        match kind {
            EntryChange::Title => &mut self.title,
            EntryChange::Text => &mut self.text,
            EntryChange::Link => &mut self.link,
            EntryChange::Date => &mut self.date,
        }
    }
}

/// Credits a source with a page that had changed as its feed said.
pub(super) fn confirm(
    db: &Connection,
    source: SourceId,
    kind: EntryChange,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut credit = ChangeCredit::load(db, source, now)?;
    *credit.of(kind) += CONFIRMED;
    credit.store(db, source)
}
