//! Replaces prefixes such as `harb*` by the commonest words that they begin, where FTS5 would need too long.
//!
//! Before its first match FTS5 merges the postings of every word with the prefix: half a second for a million postings,
//! whatever the limit. The latest articles are a sample of that. Where they show that it would be too much, the words that
//! are commonest in the sample are searched for instead, which FTS5 does match by match.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::super::history::prefix;
use super::super::reader::Reader;
use super::super::script::{Segmentation, segmented};
use super::words;

/// Postings that FTS5 may merge for one prefix: about ten milliseconds.
const MAX_POSTINGS: u64 = 30_000;

/// Articles in the sample.
const SAMPLE_SIZE: usize = 100;

/// Bytes of each field of an article that are sampled.
const MAX_BYTES: usize = 20_000;

/// Words that replace one prefix at most, and all prefixes of a query together; each prefix has four at least.
const MAX_WORDS: usize = 32;
const MAX_ALL_WORDS: usize = 128;

/// Words of the latest articles that begin with one of some prefixes, and their frequency.
pub(super) struct PrefixSample {
    words: HashMap<String, u64>,
    /// Articles in the sample.
    sampled: u64,
    /// Articles in the database.
    articles: u64,
    /// Words that replace one prefix at most.
    max_words: usize,
}

impl PrefixSample {
    /// Samples for the folded prefixes of a query.
    pub(super) fn of(reader: &Reader, prefixes: &[String]) -> rusqlite::Result<Self> {
        let articles: i64 =
            reader.db.query_row("SELECT coalesce(max(id), 0) FROM article", [], |row| row.get(0))?;
        let mut latest = reader.db.prepare_cached(
            "SELECT revision.title, revision.standfirst, revision.text FROM article \
             JOIN revision ON revision.id = article.revision_id \
             WHERE article.merged_into IS NULL AND article.deleted_at IS NULL ORDER BY article.id DESC LIMIT ?1",
        )?;
        let mut rows = latest.query([SAMPLE_SIZE as i64])?;
        let (mut words, mut sampled) = (HashMap::<String, u64>::new(), 0);
        while let Some(row) = rows.next()? {
            sampled += 1;
            for column in 0..3 {
                let text = row.get::<_, Option<String>>(column)?.unwrap_or_default();
                for word in words::indexed(&segmented(prefix(&text, MAX_BYTES), Segmentation::Index)) {
                    if prefixes.iter().any(|prefix| word.starts_with(prefix.as_str())) {
                        *words.entry(word.into_owned()).or_default() += 1;
                    }
                }
            }
        }
        Ok(Self {
            words,
            sampled,
            articles: articles.unsigned_abs(),
            max_words: (MAX_ALL_WORDS / prefixes.len().max(1)).clamp(4, MAX_WORDS),
        })
    }

    /// The words that replace a folded prefix; `None` where FTS5 can search for the prefix itself.
    pub(super) fn expansions(&self, prefix: &str) -> Option<Vec<String>> {
        let mut words: Vec<(u64, &str)> = self
            .words
            .iter()
            .filter(|(word, _)| word.starts_with(prefix))
            .map(|(word, count)| (*count, word.as_str()))
            .collect();
        let postings: u64 = words.iter().map(|(count, _)| count).sum();
        // Extrapolated from the sample, which for a small collection is most of it.
        if postings.saturating_mul(self.articles) <= MAX_POSTINGS.saturating_mul(self.sampled) {
            return None;
        }
        words.sort_unstable_by_key(|&(count, word)| (Reverse(count), word));
        Some(words.into_iter().take(self.max_words).map(|(_, word)| word.to_owned()).collect())
    }
}
