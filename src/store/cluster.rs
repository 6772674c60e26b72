//! Finds articles that report one story on several sites: they share a cluster number and stay articles of their own.
//!
//! Each text has a sketch of 16 bins, a sample of its shingles ([`Sketch`]). The sketches of the latest articles are held in
//! memory; each value of a bin leads to the articles that have it, so that candidates take 16 look-ups, whatever the
//! number of articles. Candidates are then compared shingle by shingle, so that a chance match joins nothing.
//! [`text_index`](super::text_index) calls this for each article that it indexes.

use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;
use super::similarity::{BINS, FineSketch, Sketch, TextSignature};

/// Articles in memory: some days of a large collection. Their positions fit into 16 bits.
const RING_SIZE: usize = 50_000;

/// A candidate agrees with the new sketch in at least so many bins. Texts that share half of their shingles agree in five.
const MIN_EQUAL_BINS: usize = 2;

/// Articles with the same value of a bin that are looked at, latest first: a phrase that everybody prints says little.
const MAX_CHAIN: usize = 24;

/// A text with fewer words has no cluster: a note to subscribe is the same on every page of a site.
const MIN_WORDS: usize = 60;

/// Candidates that are compared at most, and how many of them may agree in fewer than [`LIKELY_BINS`] bins: a line that a
/// site prints below everything makes such candidates of all its articles.
const MAX_COMPARED: usize = 8;
const MAX_UNLIKELY: usize = 2;
const LIKELY_BINS: usize = 4;

/// Sketches of the latest articles, loaded on first use. A cache: the database decides what is true.
#[derive(Debug, Default)]
pub(super) struct RecentSketches {
    ring: Option<SketchRing>,
}

impl RecentSketches {
    /// Adds an article. Returns its sketch and, where an earlier article reports the same story, the number of that cluster;
    /// neither for a short text.
    pub(super) fn assign(
        &mut self,
        db: &Connection,
        article: i64,
        text: &str,
    ) -> Result<(Option<Sketch>, Option<i64>), StoreError> {
        let Some((sketch, fine_sketch)) = Sketch::of(text, MIN_WORDS) else {
            return Ok((None, None));
        };
        let ring = self.ring(db)?;
        let mut cluster = None;
        // Most texts have no candidates and need no signature.
        let mut signature = None;
        for candidate in ring.candidates(&sketch, &fine_sketch, article) {
            if let Some((number, other)) = cluster_and_text(db, candidate)?
                && signature
                    .get_or_insert_with(|| TextSignature::of(text))
                    .is_same_story_as(&TextSignature::of(&other))
            {
                cluster = Some(number).filter(|&number| number != article);
                break;
            }
        }
        ring.add(article, &sketch, Some(fine_sketch));
        Ok((Some(sketch), cluster))
    }

    /// The ring, filled from the database on first use.
    fn ring(&mut self, db: &Connection) -> Result<&mut SketchRing, StoreError> {
        if self.ring.is_none() {
            let mut latest: Vec<(i64, Vec<u8>)> = db
                .prepare("SELECT id, sketch FROM article WHERE sketch IS NOT NULL ORDER BY id DESC LIMIT ?1")?
                .query_map([RING_SIZE as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            latest.reverse();
            let mut ring = SketchRing::default();
            for (article, sketch) in latest {
                if let Some(sketch) = Sketch::from_bytes(&sketch) {
                    ring.add(article, &sketch, None);
                }
            }
            self.ring = Some(ring);
        }
        Ok(self.ring.get_or_insert_default())
    }
}

/// The latest articles, numbered from one, in a ring: each new one replaces the oldest. About 11 MB when full.
#[derive(Debug)]
struct SketchRing {
    entries: Vec<RingEntry>,
    /// Number of the entry that was added last.
    last: u32,
    /// For each bin and value the number of the last entry with it; 0: none. See [`head_index`].
    heads: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
struct RingEntry {
    article: i64,
    /// For each bin the number of the previous entry with the same value; 0: none.
    previous: [u32; BINS],
    /// `None` for articles of earlier runs, since it is not stored.
    fine_sketch: Option<FineSketch>,
}

impl Default for SketchRing {
    fn default() -> Self {
        Self {
            // No number leads to the first entry until the ring is full.
            entries: vec![RingEntry::default()],
            last: 0,
            heads: vec![0; BINS << 16],
        }
    }
}

impl SketchRing {
    /// Articles to compare with `article`: those whose sketches agree in the most bins come first.
    fn candidates(&self, sketch: &Sketch, fine_sketch: &FineSketch, article: i64) -> Vec<i64> {
        let mut matches: Vec<u32> = Vec::new();
        for (bin, value) in sketch.bins() {
            let mut number = self.heads.get(head_index(bin, value)).copied().unwrap_or(0);
            for _ in 0..MAX_CHAIN {
                let Some(entry) = self.entry(number) else { break };
                matches.push(number);
                number = entry.previous.get(bin).copied().unwrap_or(0);
            }
        }
        matches.sort_unstable();
        let mut candidates: Vec<(usize, u32)> = matches
            .chunk_by(|a, b| a == b)
            .filter_map(|same| Some((same.len(), *same.first()?)))
            .filter(|&(equal, number)| equal >= MIN_EQUAL_BINS && self.may_match(number, fine_sketch))
            .collect();
        candidates.sort_unstable_by(|a, b| b.cmp(a));
        let likely = candidates.iter().take_while(|(equal, _)| *equal >= LIKELY_BINS).count();
        candidates.truncate(likely + MAX_UNLIKELY);
        candidates
            .into_iter()
            .filter_map(|(_, number)| Some(self.entry(number)?.article))
            .filter(|other| *other != article)
            .take(MAX_COMPARED)
            .collect()
    }

    /// False only where the fine sketches of both are known and differ.
    fn may_match(&self, number: u32, fine_sketch: &FineSketch) -> bool {
        let known = self.entry(number).and_then(|entry| entry.fine_sketch.as_ref());
        known.is_none_or(|known| known.may_be_same_story_as(fine_sketch))
    }

    fn add(&mut self, article: i64, sketch: &Sketch, fine_sketch: Option<FineSketch>) {
        self.last = self.last.wrapping_add(1).max(1);
        let mut entry = RingEntry { article, previous: [0; BINS], fine_sketch };
        for (bin, value) in sketch.bins() {
            if let (Some(previous), Some(head)) =
                (entry.previous.get_mut(bin), self.heads.get_mut(head_index(bin, value)))
            {
                *previous = std::mem::replace(head, self.last);
            }
        }
        match self.entries.get_mut(self.last as usize % RING_SIZE) {
            Some(oldest) => *oldest = entry,
            None => self.entries.push(entry),
        }
    }

    /// An entry by its number; `None` where another has replaced it.
    fn entry(&self, number: u32) -> Option<&RingEntry> {
        let is_held = number > 0 && (self.last.wrapping_sub(number) as usize) < RING_SIZE;
        self.entries.get(number as usize % RING_SIZE).filter(|_| is_held)
    }
}

/// Index of a bin's value in `heads`.
fn head_index(bin: usize, value: u16) -> usize {
    bin << 16 | usize::from(value)
}

/// An article's cluster and text; `None` where readers do not see it any more.
fn cluster_and_text(db: &Connection, article: i64) -> Result<Option<(i64, String)>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT coalesce(article.cluster, article.id), revision.text FROM article \
             JOIN revision ON revision.id = article.revision_id \
             WHERE article.id = ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL",
        )?
        .query_row([article], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}
