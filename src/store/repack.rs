//! Kept pages packed anew while there is nothing else to do: smaller, and unpacked they are the same bytes.
//!
//! A page is stored as it came, or packed in haste, and waits in `raw_page_due` until enough of its source do. A step
//! reads some of them, packs them off the writer's thread, alone and with what the pages of the source have in common
//! ([`dictionary`]), and puts what is smaller in their place in one transaction, which passes over every page that is
//! no longer the one that was read. Each page is looked at once. What is cut off between two steps costs the step.
//!
//! A dictionary is used while it pays, a month at most, and goes with the last page that needs it. When an article is
//! taken down those of its sources are retired: the pages are unpacked from them, and they go at once.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};
use tracing::warn;

use super::articles::PageId;
use super::dictionary::{self, SEVERAL};
use super::error::StoreError;
use super::raw::{BODY, Body, DICTIONARY};
use super::writer::Haste;
use super::{Store, ledger, pages, retention, time};
use crate::model::{ArticleId, SourceId};

/// Pages of a source that wait before they are looked at: fewer say little about what they have in common.
const ENOUGH: i64 = 8;

/// Pages of one step.
const STEP: i64 = 16;

/// Bytes of a step's pages without their codings: under a second's work. A page that has more stays as it is.
const BYTES: i64 = 6 << 20;

/// How long a dictionary is used: what it holds of a page that is gone by then goes with the last page packed with it.
const USED: chrono::Duration = chrono::Duration::days(30);

/// What a step came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repacked {
    /// Pages that are smaller now.
    pub pages: u64,
    /// Their bytes before.
    pub before: u64,
    /// And after, with those of a dictionary made for them.
    pub after: u64,
    /// Whether there was something to do; then there may be more.
    pub more: bool,
}

impl Store {
    /// Packs some of the kept pages anew.
    pub async fn repack(&self, now: DateTime<Utc>) -> Result<Repacked, StoreError> {
        let look = move |db: &Connection| look(db, now);
        let due = self.writer.call_in(Haste::Look, "look for pages to pack", look);
        match due.await? {
            Due::Nothing => Ok(Repacked::default()),
            Due::Retired => {
                self.writer.call("unpack stored pages", dissolve).await?;
                Ok(Repacked {
                    more: true,
                    ..Repacked::default()
                })
            }
            Due::Batch(batch) => {
                let weighed = tokio::task::spawn_blocking(move || weigh(batch));
                let weighed = weighed.await.map_err(|_| StoreError::Closed)??;
                let swap = move |db: &Connection| swap(db, &weighed, now);
                self.writer.call("pack stored pages", swap).await
            }
        }
    }
}

/// Has a page wait for its turn.
pub(super) fn wait(db: &Connection, source: SourceId, page: PageId) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR IGNORE INTO raw_page_due (source_id, page_id) VALUES (?1, ?2)")?
        .execute([source.0, page.0])?;
    Ok(())
}

/// What there is to do next.
#[derive(Debug)]
pub(super) enum Due {
    Nothing,
    /// A takedown was cut off: see [`dissolve`].
    Retired,
    Batch(Batch),
}

/// Pages of one source.
#[derive(Debug)]
pub(super) struct Batch {
    source: i64,
    pages: Vec<Page>,
    /// Pages that wait for nothing any more: gone, or too large.
    settled: Vec<i64>,
    /// The one in use.
    dictionary: Option<(i64, Vec<u8>)>,
}

#[derive(Debug)]
struct Page {
    id: i64,
    /// Pages that tell the same story have the same number.
    story: i64,
    body: Body,
}

/// Reads what is due.
pub(super) fn look(db: &Connection, now: DateTime<Utc>) -> Result<Due, StoreError> {
    let retired = db
        .prepare_cached("SELECT 1 FROM raw_dictionary WHERE retired = 1 LIMIT 1")?
        .exists([])?;
    if retired {
        return Ok(Due::Retired);
    }
    let source: Option<i64> = db
        .prepare_cached(
            "SELECT source_id FROM raw_page_due GROUP BY source_id HAVING count(*) >= ?1 LIMIT 1",
        )?
        .query_row([ENOUGH], |row| row.get(0))
        .optional()?;
    let Some(source) = source else {
        return Ok(Due::Nothing);
    };
    let stored: Option<(i64, Vec<u8>, i64)> = db
        .prepare_cached(
            "SELECT id, body, length FROM raw_dictionary WHERE retired = 0 AND source_id = ?1 AND made_at > ?2 \
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![source, time::text(now - USED)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let mut batch = Batch {
        source,
        pages: Vec::new(),
        settled: Vec::new(),
        // One that is damaged is told by `verify`, and not used.
        dictionary: stored.and_then(|(id, body, length)| Some((id, dictionary::stored(&body, length).ok()?))),
    };
    let mut query = db.prepare_cached(&format!(
        "SELECT {BODY}, raw_page_due.page_id, raw_page.page_id IS NULL, coalesce(article.cluster, article.id) \
         FROM raw_page_due LEFT JOIN raw_page ON raw_page.page_id = raw_page_due.page_id {DICTIONARY} \
         LEFT JOIN page ON page.id = raw_page_due.page_id LEFT JOIN article ON article.id = page.article_id \
         WHERE raw_page_due.source_id = ?1 ORDER BY raw_page_due.page_id LIMIT ?2"
    ))?;
    let mut rows = query.query([source, STEP])?;
    let mut sum = 0_i64;
    while let Some(row) = rows.next()? {
        let (id, is_gone): (i64, bool) = (row.get(6)?, row.get(7)?);
        if is_gone {
            batch.settled.push(id);
            continue;
        }
        let (body, story) = (Body::read(row)?, row.get(8)?);
        if !(0..=BYTES).contains(&body.length) {
            batch.settled.push(id);
            continue;
        }
        sum += body.length;
        if sum > BYTES {
            break;
        }
        batch.pages.push(Page { id, story, body });
    }
    Ok(Due::Batch(batch))
}

/// A batch, packed.
#[derive(Debug)]
pub(super) struct Weighed {
    source: i64,
    pages: Vec<(Page, Choice)>,
    settled: Vec<i64>,
    with: With,
}

/// The smallest form of a page.
#[derive(Debug)]
struct Choice {
    bytes: Vec<u8>,
    is_with: bool,
}

/// What pages are packed with.
#[derive(Debug)]
enum With {
    Nothing,
    Stored(i64),
    Made {
        /// The pages it was made of.
        of: Vec<i64>,
        packed: Vec<u8>,
        length: usize,
    },
}

/// Packs a batch: with the dictionary in use if that pays, else with a new one if that does.
pub(super) fn weigh(batch: Batch) -> Result<Weighed, StoreError> {
    let Batch {
        source,
        pages: read,
        mut settled,
        dictionary,
    } = batch;
    let (mut pages, mut plain) = (Vec::new(), Vec::new());
    for page in read {
        match page.body.unpacked() {
            Ok(bytes) => {
                pages.push(page);
                plain.push(bytes);
            }
            Err(error) => {
                warn!("the stored page {} stays as it is: {error}", page.id);
                settled.push(page.id);
            }
        }
    }
    let failed = |error: std::io::Error| StoreError::Damaged {
        doing: "pack stored pages",
        what: error.to_string(),
    };
    let pack = |with: Option<&[u8]>| -> Result<Vec<Vec<u8>>, StoreError> {
        plain
            .iter()
            .map(|page| dictionary::packed(page, with).map_err(failed))
            .collect()
    };
    let alone = pack(None)?;
    // What a page takes without a dictionary, and with one.
    let least: Vec<usize> = pages
        .iter()
        .zip(&alone)
        .map(|(page, alone)| page.body.bytes.len().min(alone.len()))
        .collect();
    let sum: usize = least.iter().sum();
    let of = |packed: &[Vec<u8>]| -> usize {
        least
            .iter()
            .zip(packed)
            .map(|(least, with)| with.len().min(*least))
            .sum()
    };
    let mut with = (With::Nothing, Vec::new());
    if let Some((id, dictionary)) = &dictionary {
        let packed = pack(Some(dictionary))?;
        if pays(of(&packed), sum) {
            with = (With::Stored(*id), packed);
        }
    }
    if let (With::Nothing, _) = with {
        let mut stories = HashSet::new();
        let sample = pages
            .iter()
            .zip(&plain)
            .filter(|(page, _)| stories.insert(page.story));
        let (of_pages, sample): (Vec<i64>, Vec<&[u8]>) =
            sample.map(|(page, plain)| (page.id, plain.as_slice())).unzip();
        let made = if sample.len() < SEVERAL {
            Vec::new()
        } else {
            dictionary::common(&sample)
        };
        if !made.is_empty() {
            let stored = dictionary::packed(&made, None).map_err(failed)?;
            let packed = pack(Some(&made))?;
            if pays(of(&packed) + stored.len(), sum) {
                let made = With::Made {
                    of: of_pages,
                    packed: stored,
                    length: made.len(),
                };
                with = (made, packed);
            }
        }
    }
    let (with, packed) = with;
    let mut packed = packed.into_iter();
    let choices = alone.into_iter().map(|alone| match packed.next() {
        Some(bytes) if bytes.len() < alone.len() => Choice { bytes, is_with: true },
        _ => Choice {
            bytes: alone,
            is_with: false,
        },
    });
    Ok(Weighed {
        source,
        pages: pages.into_iter().zip(choices).collect(),
        settled,
        with,
    })
}

/// Whether a dictionary saves a tenth.
fn pays(with: usize, without: usize) -> bool {
    with.saturating_mul(10) <= without.saturating_mul(9)
}

/// Puts what is smaller by a twentieth in its place. What has changed since it was read waits for another turn.
pub(super) fn swap(db: &Connection, weighed: &Weighed, now: DateTime<Utc>) -> Result<Repacked, StoreError> {
    // The old form of a page may be taken down one day, and nobody would know where in the file it lies.
    retention::with_secure_delete(db, || {
        let mut repacked = Repacked {
            more: true,
            ..Repacked::default()
        };
        let mut same = HashSet::new();
        for (page, _) in &weighed.pages {
            if is_same(db, page)? {
                same.insert(page.id);
            }
        }
        let dictionary = match &weighed.with {
            With::Nothing => None,
            With::Stored(id) if is_in_use(db, *id)? => Some(*id),
            With::Made { of, packed, length } if of.iter().all(|page| same.contains(page)) => {
                db.prepare_cached(
                    "INSERT INTO raw_dictionary (source_id, made_at, pages, body, length) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![weighed.source, time::text(now), of.len() as i64, packed, *length as i64])?;
                repacked.after += packed.len() as u64;
                Some(db.last_insert_rowid())
            }
            // An article was taken down meanwhile, and the dictionary may hold of it.
            With::Stored(_) | With::Made { .. } => return Ok(repacked),
        };
        let mut settled = weighed.settled.clone();
        for (page, choice) in weighed.pages.iter().filter(|(page, _)| same.contains(&page.id)) {
            settled.push(page.id);
            let (before, after) = (page.body.bytes.len(), choice.bytes.len());
            if after.saturating_mul(20) > before.saturating_mul(19) {
                continue;
            }
            put(db, page.id, &choice.bytes, dictionary.filter(|_| choice.is_with))?;
            repacked.pages += 1;
            repacked.before += before as u64;
            repacked.after += after as u64;
        }
        for page in settled {
            db.prepare_cached("DELETE FROM raw_page_due WHERE source_id = ?1 AND page_id = ?2")?
                .execute([weighed.source, page])?;
        }
        ledger::count(db, SourceId(weighed.source), "pages.packed", repacked.pages)?;
        Ok(repacked)
    })
}

/// Whether a page is stored as it was read.
fn is_same(db: &Connection, page: &Page) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM raw_page WHERE page_id = ?1 AND codings = ?2 AND body = ?3 AND dictionary IS ?4 AND length = ?5",
        )?
        .exists(params![
            page.id,
            page.body.codings,
            page.body.bytes,
            page.body.dictionary,
            page.body.length
        ])?)
}

fn is_in_use(db: &Connection, dictionary: i64) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM raw_dictionary WHERE id = ?1 AND retired = 0")?
        .exists([dictionary])?)
}

fn put(db: &Connection, page: i64, body: &[u8], dictionary: Option<i64>) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE raw_page SET codings = 'zstd', body = ?2, dictionary = ?3 WHERE page_id = ?1")?
        .execute(params![page, body, dictionary])?;
    Ok(())
}

/// Retires the dictionaries of the sources that an article came by, before its texts are dropped.
pub(super) fn retire(db: &Connection, article: ArticleId) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE raw_dictionary SET retired = 1 WHERE retired = 0 AND source_id IN \
         (SELECT source_id FROM page WHERE article_id = ?1 \
         UNION SELECT revision.source_id FROM revision JOIN page ON page.id = revision.page_id WHERE page.article_id = ?1 \
         UNION SELECT entry.source_id FROM entry JOIN page ON page.id = entry.page_id WHERE page.article_id = ?1)",
    )?
    .execute([article.0])?;
    Ok(())
}

/// Unpacks some of the pages that a retired dictionary is needed for, and drops it with the last of them; whether there
/// may be more.
pub(super) fn dissolve(db: &Connection) -> Result<bool, StoreError> {
    let retired: Option<(i64, i64)> = db
        .prepare_cached("SELECT id, source_id FROM raw_dictionary WHERE retired = 1 LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((dictionary, source)) = retired else {
        return Ok(false);
    };
    retention::with_secure_delete(db, || {
        let pages: Vec<i64> = db
            .prepare_cached("SELECT page_id FROM raw_page WHERE dictionary = ?1 LIMIT ?2")?
            .query_map([dictionary, STEP], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for &page in &pages {
            let body = db
                .prepare_cached(&format!(
                    "SELECT {BODY} FROM raw_page {DICTIONARY} WHERE raw_page.page_id = ?1"
                ))?
                .query_row([page], Body::read)?;
            match body.unpacked().and_then(|plain| pages::packed(&plain)) {
                Ok(packed) => {
                    put(db, page, &packed, None)?;
                    wait(db, SourceId(source), PageId(page))?;
                }
                Err(error) => {
                    warn!("the stored page {page} is dropped, nobody can read it: {error}");
                    db.prepare_cached("DELETE FROM raw_page WHERE page_id = ?1")?
                        .execute([page])?;
                }
            }
        }
        if pages.is_empty() {
            db.prepare_cached("DELETE FROM raw_dictionary WHERE id = ?1")?
                .execute([dictionary])?;
        }
        Ok(true)
    })
}

/// Drops the dictionaries that no page needs.
pub(super) fn sweep(db: &Connection) -> Result<(), StoreError> {
    db.prepare_cached(
        "DELETE FROM raw_dictionary WHERE id IN (SELECT id FROM raw_dictionary \
         WHERE NOT EXISTS (SELECT 1 FROM raw_page WHERE raw_page.dictionary = raw_dictionary.id))",
    )?
    .execute([])?;
    Ok(())
}
