//! The same story on several sites: articles whose texts are nearly the same get one number, and stay articles.
//!
//! Each text has a sketch of sixteen numbers, a sample of its rows of three words ([`Sketch`]). Those of the latest
//! articles are held in memory, each number leading to the articles that have it: what agrees in some of them is found
//! by sixteen look-ups, whatever the number of articles. It is then compared word by word, so a chance likeness joins
//! nothing.

use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;
use super::similarity::{BINS, FineSketch, Sketch, TextSignature};

/// Articles that a new one is compared with: some days of a large collection. Their positions fit 16 bits.
const LATEST: usize = 50_000;

/// Places at which sketches of one story agree at least: of texts that share half of their rows, five or so do.
const AGREE: usize = 2;

/// Articles with the same number at a place that are looked at, latest first: a turn of phrase that everybody prints
/// says little.
const WITH_THE_SAME: usize = 24;

/// Fewer words tell no story: a notice to subscribe is the same on every page of a site.
const FEWEST: usize = 60;

/// Likely twins that are looked at, the likeliest first; and how many of those that agree at fewer places than this: a line
/// that a site prints below everything makes such of all its articles.
const COMPARED: usize = 8;
const LIKELY: usize = 4;
const UNLIKELY: usize = 2;

/// Sketches of the latest articles. A cache: what the database says decides.
#[derive(Debug, Default)]
pub(super) struct RecentSketches {
    known: Option<Known>,
}

impl RecentSketches {
    /// The sketch of an article and, where its story is known, the number of that; neither for a short text.
    pub(super) fn assign(
        &mut self,
        db: &Connection,
        article: i64,
        text: &str,
    ) -> Result<(Option<Sketch>, Option<i64>), StoreError> {
        let Some((sketch, detail)) = Sketch::of(text, FEWEST) else {
            return Ok((None, None));
        };
        let known = self.known(db)?;
        let mut cluster = None;
        // Most texts are like no other, and need not be made ready to be compared.
        let mut shape = None;
        for other in known.like(&sketch, &detail, article) {
            if let Some((number, other)) = told(db, other)?
                && shape
                    .get_or_insert_with(|| TextSignature::of(text))
                    .is_same_story_as(&TextSignature::of(&other))
            {
                cluster = Some(number).filter(|&number| number != article);
                break;
            }
        }
        known.add(article, &sketch, Some(detail));
        Ok((Some(sketch), cluster))
    }

    fn known(&mut self, db: &Connection) -> Result<&mut Known, StoreError> {
        if self.known.is_none() {
            let mut latest: Vec<(i64, Vec<u8>)> = db
                .prepare("SELECT id, sketch FROM article WHERE sketch IS NOT NULL ORDER BY id DESC LIMIT ?1")?
                .query_map([LATEST as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            latest.reverse();
            let mut known = Known::default();
            for (article, sketch) in latest {
                if let Some(sketch) = Sketch::from_bytes(&sketch) {
                    known.add(article, &sketch, None);
                }
            }
            self.known = Some(known);
        }
        Ok(self.known.get_or_insert_default())
    }
}

/// The latest articles, numbered from one, in a ring: the next takes the room of the oldest. Some eleven megabytes when
/// full.
#[derive(Debug)]
struct Known {
    ring: Vec<Sketched>,
    last: u32,
    /// For each place and value the last number with it; 0: there is none.
    heads: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Sketched {
    article: i64,
    /// For each place the number before with the same value; 0: there is none.
    before: [u32; BINS],
    /// None of those of earlier runs: it is not written down.
    detail: Option<FineSketch>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            // No number leads to the first place until the ring is full.
            ring: vec![Sketched {
                article: 0,
                before: [0; BINS],
                detail: None,
            }],
            last: 0,
            heads: vec![0; BINS << 16],
        }
    }
}

impl Known {
    /// Articles that agree with a sketch at some places, at most of them first.
    fn like(&self, sketch: &Sketch, detail: &FineSketch, article: i64) -> Vec<i64> {
        let mut met: Vec<u32> = Vec::new();
        for (place, value) in sketch.bins() {
            let mut number = self.heads.get(slot(place, value)).copied().unwrap_or(0);
            for _ in 0..WITH_THE_SAME {
                let Some(entry) = self.entry(number) else { break };
                met.push(number);
                number = entry.before.get(place).copied().unwrap_or(0);
            }
        }
        met.sort_unstable();
        let mut like: Vec<(usize, u32)> = met
            .chunk_by(|a, b| a == b)
            .filter_map(|same| Some((same.len(), *same.first()?)))
            .filter(|&(agree, number)| agree >= AGREE && self.may_be(number, detail))
            .collect();
        like.sort_unstable_by(|a, b| b.cmp(a));
        let likely = like.iter().take_while(|(agree, _)| *agree >= LIKELY).count();
        like.truncate(likely + UNLIKELY);
        like.into_iter()
            .filter_map(|(_, number)| Some(self.entry(number)?.article))
            .filter(|other| *other != article)
            .take(COMPARED)
            .collect()
    }

    fn may_be(&self, number: u32, detail: &FineSketch) -> bool {
        let known = self.entry(number).and_then(|entry| entry.detail.as_ref());
        known.is_none_or(|known| known.may_be_same_story_as(detail))
    }

    fn add(&mut self, article: i64, sketch: &Sketch, detail: Option<FineSketch>) {
        self.last = self.last.wrapping_add(1).max(1);
        let mut entry = Sketched {
            article,
            before: [0; BINS],
            detail,
        };
        for (place, value) in sketch.bins() {
            if let (Some(before), Some(head)) = (
                entry.before.get_mut(place),
                self.heads.get_mut(slot(place, value)),
            ) {
                *before = std::mem::replace(head, self.last);
            }
        }
        match self.ring.get_mut(self.last as usize % LATEST) {
            Some(oldest) => *oldest = entry,
            None => self.ring.push(entry),
        }
    }

    /// An article of the ring by its number; none where another has its room by now.
    fn entry(&self, number: u32) -> Option<&Sketched> {
        let is_held = number > 0 && (self.last.wrapping_sub(number) as usize) < LATEST;
        self.ring.get(number as usize % LATEST).filter(|_| is_held)
    }
}

/// Where the last number with a value at a place is kept.
fn slot(place: usize, value: u16) -> usize {
    place << 16 | usize::from(value)
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
