//! Compares texts by their shingles: every three consecutive words (w-shingling, Broder 1997). Pure.
//!
//! [`TextSignature`] holds all shingles of a text and answers exactly; `articles` and `grouping` use it to decide whether
//! two pages are one article. [`Sketch`] and [`FineSketch`] are MinHash samples of constant size, by which `cluster`
//! finds likely matches without reading texts. Scripts without spaces count each character as a word.

use super::script;

/// Words of a text that are compared. Of a longer text only the beginning counts.
const MAX_WORDS: usize = 3000;

/// A text with fewer words is too short to compare: a line of boilerplate proves nothing.
const MIN_WORDS: usize = 20;

/// Two texts differ below this share of common shingles, in percent of the smaller set.
const DIFFERENT_BELOW: usize = 50;

/// Two articles report the same story from this share on, in percent of the larger set.
const SAME_STORY_FROM: usize = 45;

/// Two pages say the same from this share on, in percent of the larger set; one contains the other from this share of the
/// contained set on.
const EQUIVALENT_FROM: usize = 80;

/// The shingles of one text.
#[derive(Debug)]
pub(super) struct TextSignature {
    /// Whether there are enough words to compare.
    is_comparable: bool,
    /// Hashes of the shingles, sorted and unique.
    shingles: Vec<u64>,
}

impl TextSignature {
    pub(super) fn of(text: &str) -> Self {
        let words = word_hashes(text);
        let mut shingles: Vec<u64> = shingles(&words).collect();
        shingles.sort_unstable();
        shingles.dedup();
        Self { is_comparable: is_comparable(text), shingles }
    }

    /// Whether the texts are certainly different articles. Symmetric; false where either is too short to compare.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        let smaller = self.shingles.len().min(other.shingles.len());
        self.is_comparable() && other.is_comparable() && self.common(other) * 100 < DIFFERENT_BELOW * smaller
    }

    /// Whether the texts say the same. Symmetric; false where either is too short to compare.
    pub(super) fn is_equivalent_to(&self, other: &Self) -> bool {
        self.is_comparable() && other.is_comparable() && self.shares(other, EQUIVALENT_FROM)
    }

    /// Whether nearly all of this text is in the other.
    pub(super) fn is_contained_in(&self, other: &Self) -> bool {
        !self.shingles.is_empty() && self.common(other) * 100 >= EQUIVALENT_FROM * self.shingles.len()
    }

    /// Whether both report one story: nearly half of the larger text is in the other word for word.
    pub(super) fn is_same_story_as(&self, other: &Self) -> bool {
        self.shares(other, SAME_STORY_FROM)
    }

    /// Whether the text has enough words for a judgement.
    pub(super) fn is_comparable(&self) -> bool {
        self.is_comparable
    }

    /// Whether the common shingles are at least `percent` of the larger set.
    fn shares(&self, other: &Self, percent: usize) -> bool {
        self.common(other) * 100 >= percent * self.shingles.len().max(other.shingles.len())
    }

    /// Number of common shingles: one merge over both sorted lists.
    fn common(&self, other: &Self) -> usize {
        let mut theirs = other.shingles.iter().peekable();
        let is_theirs = |own: &&u64| {
            while theirs.next_if(|theirs| theirs < own).is_some() {}
            theirs.next_if_eq(own).is_some()
        };
        self.shingles.iter().filter(is_theirs).count()
    }
}

/// Whether a text has enough words for a judgement. Two letters of a script without spaces count as a word.
pub(super) fn is_comparable(text: &str) -> bool {
    let mut halves = 0;
    let mut in_word = false;
    for c in text.chars() {
        let is_letter = c.is_alphanumeric();
        if is_letter && script::is_unspaced(c) {
            halves += 1;
            in_word = false;
        } else if is_letter && !in_word {
            halves += 2;
            in_word = true;
        } else {
            in_word = is_letter;
        }
        if halves >= 2 * MIN_WORDS {
            return true;
        }
    }
    false
}

/// Hash of the words of a title; `None` without any.
pub(super) fn title_hash(title: &str) -> Option<i64> {
    let words = word_hashes(title);
    (!words.is_empty()).then(|| words.iter().fold(FNV_BASIS, |hash, &word| mix(hash, word)).cast_signed())
}

/// Bins of a [`Sketch`] and of a [`FineSketch`]. Powers of two: the upper bits of a hash choose the bin.
pub(super) const BINS: usize = 16;
const FINE_BINS: usize = 64;

/// MinHash by one permutation (Li, Owen and Zhang 2012): each shingle falls into one of 16 bins, and each bin keeps the
/// smallest hash. Two texts agree in a bin with the probability that their shingles agree: near-identical texts in about
/// half of the bins, unrelated ones in none. Stored as `article.sketch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sketch(
    /// 0: no shingle fell into the bin.
    [u16; BINS],
);

/// A sketch with more bins and fewer bits in each: separates near-identical texts from those that share a few lines. Never
/// stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FineSketch(
    /// 0: no shingle fell into the bin.
    [u8; FINE_BINS],
);

impl FineSketch {
    /// Whether both texts may report one story: an eighth of the bins agrees. Such texts share 29 of 100 distinct shingles
    /// ([`SAME_STORY_FROM`]); one pair in two hundred is missed. Of pairs that share fewer than five of 100 one in forty
    /// passes.
    pub(super) fn may_be_same_story_as(&self, other: &Self) -> bool {
        let bins = || self.0.iter().zip(&other.0);
        let used = bins().filter(|&(own, theirs)| (own | theirs) != 0).count();
        let equal = bins().filter(|&(own, theirs)| own == theirs && *own != 0).count();
        equal * 8 >= used
    }
}

impl Sketch {
    /// Both sketches of a text; `None` for a text with fewer than `min_words` words.
    pub(super) fn of(text: &str, min_words: usize) -> Option<(Self, FineSketch)> {
        let words = word_hashes(text);
        if words.len() < min_words {
            return None;
        }
        let mut coarse = [u64::MAX; BINS];
        let mut fine = [u64::MAX; FINE_BINS];
        for shingle in shingles(&words) {
            let hash = finalize(shingle);
            keep_smaller(&mut coarse, hash, hash >> 60);
            // Other bits choose the bin, so that both sketches are independent.
            let hash = hash.rotate_left(32);
            keep_smaller(&mut fine, hash, hash >> 58);
        }
        // The upper bits of a minimum are zeros; only the lower ones carry information.
        let sketch = Self(coarse.map(|hash| match hash {
            u64::MAX => 0,
            hash => (hash & 0xffff).max(1) as u16,
        }));
        let fine = FineSketch(fine.map(|hash| match hash {
            u64::MAX => 0,
            hash => (hash & 0xff).max(1) as u8,
        }));
        Some((sketch, fine))
    }

    /// Number and value of each bin that is in use.
    pub(super) fn bins(&self) -> impl Iterator<Item = (usize, u16)> + '_ {
        self.0.iter().copied().enumerate().filter(|&(_, value)| value != 0)
    }

    /// For the database: 16 little-endian numbers.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        self.0.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// The reverse of [`Self::to_bytes`]; `None` for any other length.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 2 * BINS] = bytes.try_into().ok()?;
        let mut values = [0; BINS];
        for (value, pair) in values.iter_mut().zip(bytes.as_chunks().0) {
            *value = u16::from_le_bytes(*pair);
        }
        Some(Self(values))
    }
}

fn keep_smaller(bins: &mut [u64], hash: u64, bin: u64) {
    if let Some(smallest) = usize::try_from(bin).ok().and_then(|bin| bins.get_mut(bin)) {
        *smallest = hash.min(*smallest);
    }
}

/// Hashes of the first [`MAX_WORDS`] words in lower case. Whatever is neither letter nor digit separates words.
fn word_hashes(text: &str) -> Vec<u64> {
    let mut words = Vec::with_capacity((text.len() / 5).min(MAX_WORDS));
    let mut word = FNV_BASIS;
    for c in text.chars() {
        // Most letters of most texts: no tables of Unicode.
        if c.is_ascii_alphanumeric() {
            word = mix(word, u64::from(c.to_ascii_lowercase()));
            continue;
        }
        let is_letter = c.is_alphanumeric();
        let is_whole_word = is_letter && script::is_unspaced(c);
        if word != FNV_BASIS && (is_whole_word || !is_letter) {
            words.push(std::mem::replace(&mut word, FNV_BASIS));
        }
        if words.len() >= MAX_WORDS {
            return words;
        }
        if is_whole_word {
            words.push(mix(FNV_BASIS, u64::from(c)));
        } else if is_letter {
            word = c.to_lowercase().fold(word, |word, c| mix(word, u64::from(c)));
        }
    }
    if word != FNV_BASIS {
        words.push(word);
    }
    words
}

/// Hashes of three words in a row.
fn shingles(words: &[u64]) -> impl Iterator<Item = u64> + '_ {
    words.windows(3).map(|three| three.iter().fold(FNV_BASIS, |hash, &word| mix(hash, word)))
}

/// Makes every bit depend on every other (the finalizer of SplitMix64).
fn finalize(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Offset basis of FNV-1a: the hash of nothing.
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a over 64-bit units, rotated so that the upper bits count. Not collision-resistant: who forges a collision only
/// makes two of their own pages look alike.
fn mix(hash: u64, next: u64) -> u64 {
    (hash ^ next).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(word: &str, count: usize) -> String {
        (0..count).fold(String::new(), |text, i| text + word + &i.to_string() + " ")
    }

    #[test]
    fn texts_differ_by_what_they_have_in_common() {
        let one = TextSignature::of(&many("a", 100));
        assert!(!one.differs_from(&one));
        assert!(one.differs_from(&TextSignature::of(&many("b", 100))));
        assert!(
            !one.differs_from(&TextSignature::of(&many("a", 30))),
            "the beginning of a text is that text"
        );
        assert!(!one.differs_from(&TextSignature::of("too short to be judged by anybody")), "not judged");
        let mixed = TextSignature::of(&(many("a", 100) + &many("b", 30)));
        assert!(one.is_equivalent_to(&TextSignature::of(&many("A", 100).replace(' ', ",\n"))));
        assert!(!one.is_equivalent_to(&mixed) && !one.differs_from(&mixed));
        let beginning = TextSignature::of(&many("a", 10));
        assert!(
            beginning.is_contained_in(&one)
                && !one.is_contained_in(&beginning)
                && !TextSignature::of("").is_contained_in(&one)
        );
    }

    /// How many of a thousand pairs pass, of whose 300 words so many are the same: a line that both have, or most of it.
    fn passing_pairs(same: usize) -> usize {
        let pairs = (0..1000).filter(|pair| {
            let fine_sketch = |own: &str| {
                let text = many(&format!("s{pair}x"), same) + &many(&format!("{own}{pair}x"), 300 - same);
                Sketch::of(&text, 60).unwrap().1
            };
            fine_sketch("a").may_be_same_story_as(&fine_sketch("b"))
        });
        pairs.count()
    }

    #[test]
    fn texts_that_share_a_few_lines_are_told_from_a_story_by_their_fine_sketches() {
        assert!(passing_pairs(300 * SAME_STORY_FROM / 100) >= 990, "a story is hardly missed");
        assert!(passing_pairs(20) < 100, "a line below everything is no story");
        assert_eq!(passing_pairs(0), 0);
    }

    #[test]
    fn scripts_without_spaces_are_judged() {
        let one: String = ('\u{4e00}'..).take(60).collect();
        let two: String = ('\u{5e00}'..).take(60).collect();
        assert!(TextSignature::of(&one).differs_from(&TextSignature::of(&two)));
        assert!(TextSignature::of(&one).is_equivalent_to(&TextSignature::of(&one)));
    }

    #[test]
    fn a_sketch_survives_the_database() {
        let sketch = Sketch::of(&many("a", 100), 60).unwrap().0;
        assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch));
        assert_eq!(Sketch::from_bytes(&[0; 31]), None);
    }
}
