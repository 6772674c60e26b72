//! What a beginning such as `harb*` stands for, where that is too much to look through.
//!
//! FTS5 merges what it has of every word that begins so before it gives the first match: half a second for a million
//! places, whatever the limit. The latest articles are a sample of that. Where they say that it would be too much,
//! the words that are commonest in them are looked for instead, which FTS5 does one match after the other.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::super::ledger::beginning as start_of;
use super::super::reader::Reader;
use super::super::script::{Segmentation, segmented};
use super::words;

/// Places in the index that are merged for one beginning: some ten milliseconds.
const PLACES: u64 = 30_000;

/// Articles of the sample.
const SAMPLE: usize = 100;

/// Bytes of each that are looked at.
const LOOKED_AT: usize = 20_000;

/// Words that stand for one beginning.
const WORDS: usize = 32;

/// For all beginnings of a query together; each has four, though.
const ALL_WORDS: usize = 128;

/// Words of the latest articles with one of the beginnings, and how often they are there.
pub(super) struct Sample {
    words: HashMap<String, u64>,
    /// Articles it was taken from, and articles there are.
    taken: u64,
    articles: u64,
    /// How many words stand for one beginning.
    most: usize,
}

impl Sample {
    /// For a query with these beginnings, folded.
    pub(super) fn of(reader: &Reader, beginnings: &[String]) -> rusqlite::Result<Self> {
        let articles: i64 = reader
            .db
            .query_row("SELECT coalesce(max(id), 0) FROM article", [], |row| row.get(0))?;
        let mut latest = reader.db.prepare_cached(
            "SELECT revision.title, revision.standfirst, revision.text FROM article \
             JOIN revision ON revision.id = article.revision_id \
             WHERE article.merged_into IS NULL AND article.deleted_at IS NULL ORDER BY article.id DESC LIMIT ?1",
        )?;
        let mut rows = latest.query([SAMPLE as i64])?;
        let (mut words, mut taken) = (HashMap::<String, u64>::new(), 0);
        while let Some(row) = rows.next()? {
            taken += 1;
            for column in 0..3 {
                let text = row.get::<_, Option<String>>(column)?.unwrap_or_default();
                for word in words::indexed(&segmented(start_of(&text, LOOKED_AT), Segmentation::Index)) {
                    if !beginnings
                        .iter()
                        .any(|beginning| word.starts_with(beginning.as_str()))
                    {
                        continue;
                    }
                    // Most are there already, and need no copy.
                    if let Some(count) = words.get_mut(&*word) {
                        *count += 1;
                    } else {
                        words.insert(word.into_owned(), 1);
                    }
                }
            }
        }
        Ok(Self {
            words,
            taken,
            articles: articles.unsigned_abs(),
            most: (ALL_WORDS / beginnings.len().max(1)).clamp(4, WORDS),
        })
    }

    /// The words to look for in place of a folded beginning; none where FTS5 can be asked for it as it is.
    pub(super) fn instead_of(&self, beginning: &str) -> Option<Vec<String>> {
        let mut like: Vec<(u64, &str)> = self
            .words
            .iter()
            .filter(|(word, _)| word.starts_with(beginning))
            .map(|(word, count)| (*count, word.as_str()))
            .collect();
        let there: u64 = like.iter().map(|(count, _)| count).sum();
        // Of a small collection the sample is all or much of it, and this is exact.
        if there.saturating_mul(self.articles) <= PLACES.saturating_mul(self.taken) {
            return None;
        }
        like.sort_unstable_by_key(|&(count, word)| (Reverse(count), word));
        Some(
            like.into_iter()
                .take(self.most)
                .map(|(_, word)| word.to_owned())
                .collect(),
        )
    }
}
