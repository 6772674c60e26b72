//! The same story on several sites: articles whose texts are nearly the same get one number, and stay articles.
//!
//! Each text has a fingerprint of 64 bits (SimHash: Charikar 2002) over its rows of three words; texts of which four
//! fifths are the same differ in about ten bits, half of which in about seventeen, unrelated ones in about thirty-two. The fingerprints of the latest
//! articles are held in memory: comparing with all of them takes less than one look into the database. What is near by
//! its fingerprint is then compared word by word, so a chance likeness joins nothing.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, params};

use super::alike::Shape;
use super::error::StoreError;

/// Articles that a new one is compared with: some days of a large collection.
const LATEST: usize = 50_000;

/// Bits that fingerprints of one story may differ in.
const NEAR: u32 = 20;

/// Fewer words tell no story: a notice to subscribe is the same on every page of a site.
const FEWEST: usize = 60;

/// Near fingerprints that are looked at, nearest first.
const COMPARED: usize = 8;

/// Fingerprints of the latest articles. A cache: what the database says decides.
#[derive(Debug, Default)]
pub(super) struct Latest {
    known: Option<VecDeque<(i64, u64)>>,
}

impl Latest {
    /// Gives an article its fingerprint and, where its story is known, the number of that.
    pub(super) fn place(&mut self, db: &Connection, article: i64, text: &str) -> Result<(), StoreError> {
        let shape = Shape::of(text);
        if shape.words() < FEWEST {
            return Ok(());
        }
        let print = shape.fingerprint();
        let known = self.known(db)?;
        let mut near: Vec<(u32, i64)> = known
            .iter()
            .map(|&(other, theirs)| ((print ^ theirs).count_ones(), other))
            .filter(|&(bits, other)| bits <= NEAR && other != article)
            .collect();
        near.sort_unstable();
        let mut cluster = None;
        for (_, other) in near.into_iter().take(COMPARED) {
            if let Some((number, text)) = told(db, other)?
                && shape.tells_the_story_of(&Shape::of(&text))
            {
                cluster = Some(number).filter(|&number| number != article);
                break;
            }
        }
        db.prepare_cached(
            "UPDATE article SET fingerprint = ?2, cluster = coalesce(?3, cluster) WHERE id = ?1",
        )?
        .execute(params![article, print.cast_signed(), cluster])?;
        let known = self.known(db)?;
        match known.iter_mut().rev().find(|(other, _)| *other == article) {
            Some(entry) => entry.1 = print,
            None => known.push_back((article, print)),
        }
        if known.len() > LATEST {
            known.pop_front();
        }
        Ok(())
    }

    fn known(&mut self, db: &Connection) -> Result<&mut VecDeque<(i64, u64)>, StoreError> {
        if self.known.is_none() {
            let mut known: VecDeque<(i64, u64)> = db
                .prepare(
                    "SELECT id, fingerprint FROM article WHERE fingerprint IS NOT NULL ORDER BY id DESC LIMIT ?1",
                )?
                .query_map([LATEST as i64], |row| {
                    Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
                })?
                .collect::<Result<_, _>>()?;
            known.make_contiguous().reverse();
            self.known = Some(known);
        }
        Ok(self.known.get_or_insert_default())
    }
}

/// The number of an article's story and its text; none where readers see it no more.
fn told(db: &Connection, article: i64) -> Result<Option<(i64, String)>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT coalesce(article.cluster, article.id), revision.text FROM article \
             JOIN revision ON revision.id = article.revision_id \
             WHERE article.id = ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL",
        )?
        .query_row([article], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}
