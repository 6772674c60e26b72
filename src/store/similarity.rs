//! Whether two texts say the same. Pure.
//!
//! Compared are the sets of three words in a row: how much of the smaller set is in the larger. Scripts without spaces
//! count each character as a word.

use super::script;

/// Words of a text that are looked at: an article's worth; a longer one is told by its beginning.
const WORDS: usize = 3000;

/// Fewer words than this are not judged: a line of boilerplate proves nothing either way.
const FEWEST: usize = 20;

/// Below this share, in percent of the smaller, two texts are different.
const DIFFERENT: usize = 50;

/// From this share, in percent of the larger, two articles tell the same story.
const STORY: usize = 45;

/// From this share, in percent of the larger, two pages of one article say the same; of the smaller, it is a part.
const SAME: usize = 80;

/// A text, ready to be compared.
#[derive(Debug)]
pub(super) struct TextSignature {
    words: usize,
    /// Hashes of three words in a row, sorted, without doubles.
    triples: Vec<u64>,
}

impl TextSignature {
    pub(super) fn of(text: &str) -> Self {
        let words = words(text);
        let mut triples: Vec<u64> = rows(&words).collect();
        triples.sort_unstable();
        triples.dedup();
        Self {
            words: words.len(),
            triples,
        }
    }

    /// Whether the texts are certainly not the same article; symmetric. Too short a text is no proof.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        let smaller = self.triples.len().min(other.triples.len());
        self.is_comparable() && other.is_comparable() && self.common(other) * 100 < DIFFERENT * smaller
    }

    /// Whether one is as good as the other; symmetric, and never so for texts too short to tell.
    pub(super) fn is_equivalent_to(&self, other: &Self) -> bool {
        let larger = self.triples.len().max(other.triples.len());
        self.is_comparable() && other.is_comparable() && self.common(other) * 100 >= SAME * larger
    }

    /// Whether nearly all of it is in the other.
    pub(super) fn is_contained_in(&self, other: &Self) -> bool {
        !self.triples.is_empty() && self.common(other) * 100 >= SAME * self.triples.len()
    }

    /// Whether both tell one story: nearly half of the larger is in the other, word for word.
    pub(super) fn is_same_story_as(&self, other: &Self) -> bool {
        let larger = self.triples.len().max(other.triples.len());
        self.common(other) * 100 >= STORY * larger
    }

    /// Whether there is enough text to tell.
    pub(super) fn is_comparable(&self) -> bool {
        self.words >= FEWEST
    }

    fn common(&self, other: &Self) -> usize {
        let mut theirs = other.triples.iter().peekable();
        let is_theirs = |mine: &&u64| {
            while theirs.next_if(|theirs| theirs < mine).is_some() {}
            theirs.next_if_eq(mine).is_some()
        };
        self.triples.iter().filter(is_theirs).count()
    }
}

/// Places of a sketch, and of its detail.
pub(super) const BINS: usize = 16;
const DETAILS: usize = 64;

/// MinHash with one permutation (Broder 1997; Li, Owen and Zhang 2012): the rows are dealt to sixteen places, and each
/// place keeps the least. Two texts agree at a place as often as their rows are the same, so of twins about half the
/// places are equal, of strangers none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sketch(
    /// 0: no row fell here.
    [u16; BINS],
);

/// The same at more places, with less of each: tells twins from those that share a few lines, without their texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FineSketch([u8; DETAILS]);

impl FineSketch {
    /// Whether both may tell one story. Such share 29 rows of 100 ([`STORY`]), and one place of eight is asked for: of two
    /// hundred stories one is missed, and of those that share less than five rows of a hundred one in forty is let through.
    pub(super) fn may_be_same_story_as(&self, other: &Self) -> bool {
        let pairs = || self.0.iter().zip(&other.0);
        let taken = pairs().filter(|&(mine, theirs)| (mine | theirs) != 0).count();
        let agree = pairs()
            .filter(|&(mine, theirs)| mine == theirs && *mine != 0)
            .count();
        agree * 8 >= taken
    }
}

impl Sketch {
    /// The sketch of a text and its detail, by which likely twins are found without reading them; none of one of fewer words
    /// than that.
    pub(super) fn of(text: &str, fewest: usize) -> Option<(Self, FineSketch)> {
        let words = words(text);
        if words.len() < fewest {
            return None;
        }
        let mut least = [u64::MAX; BINS];
        let mut details = [u64::MAX; DETAILS];
        for row in rows(&words) {
            let hash = spread(row);
            keep(&mut least, hash, hash >> 60);
            // Ordered by other bits, so that a second opinion is one.
            let hash = hash.rotate_left(32);
            keep(&mut details, hash, hash >> 58);
        }
        // What orders the hashes are their upper bits: of the least ones only the lower say something.
        let sketch = Self(least.map(|hash| match hash {
            u64::MAX => 0,
            hash => (hash & 0xffff).max(1) as u16,
        }));
        let detail = FineSketch(details.map(|hash| match hash {
            u64::MAX => 0,
            hash => (hash & 0xff).max(1) as u8,
        }));
        Some((sketch, detail))
    }

    /// Place and value, where there is one.
    pub(super) fn bins(&self) -> impl Iterator<Item = (usize, u16)> + '_ {
        self.0
            .iter()
            .copied()
            .enumerate()
            .filter(|&(_, value)| value != 0)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// None for anything that [`Self::bytes`] does not write.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let values: [u16; BINS] = pairs
            .iter()
            .map(|&pair| u16::from_le_bytes(pair))
            .collect::<Vec<_>>()
            .try_into()
            .ok()?;
        rest.is_empty().then_some(Self(values))
    }
}

/// Keeps the lesser at a place.
fn keep(least: &mut [u64], hash: u64, place: u64) {
    if let Some(least) = usize::try_from(place).ok().and_then(|place| least.get_mut(place)) {
        *least = hash.min(*least);
    }
}

/// Hashes of the first words, in lower case, without what stands between them.
fn words(text: &str) -> Vec<u64> {
    let mut words = Vec::with_capacity((text.len() / 5).min(WORDS));
    let (mut word, mut at) = (BASIS, 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        // Most letters of most texts, and what stands between, without a look into tables of all characters.
        let letter = LETTERS.get(usize::from(byte)).copied().unwrap_or_default();
        if letter != 0 {
            word = mix(word, u64::from(letter));
            at += 1;
            continue;
        }
        if byte.is_ascii() {
            if word != BASIS {
                words.push(word);
                word = BASIS;
                if words.len() >= WORDS {
                    return words;
                }
            }
            at += 1;
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            break;
        };
        at += c.len_utf8();
        let alone = stands_alone(c);
        if word != BASIS && (alone || !c.is_alphanumeric()) {
            words.push(word);
            word = BASIS;
        }
        if words.len() >= WORDS {
            return words;
        }
        if alone {
            words.push(mix(BASIS, u64::from(c)));
        } else if c.is_alphanumeric() {
            word = c.to_lowercase().fold(word, |word, c| mix(word, u64::from(c)));
        }
    }
    if word != BASIS {
        words.push(word);
    }
    words
}

/// Letters and digits of ASCII in lower case; 0: another byte.
#[allow(clippy::indexing_slicing, reason = "done while compiling, of 256 bytes")]
static LETTERS: [u8; 256] = {
    let mut letters = [0; 256];
    let mut byte = 0u8;
    while byte.is_ascii() {
        if byte.is_ascii_alphanumeric() {
            letters[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    letters
};

/// Hashes of three words in a row.
fn rows(words: &[u64]) -> impl Iterator<Item = u64> + '_ {
    words
        .windows(3)
        .map(|three| three.iter().fold(BASIS, |hash, &word| mix(hash, word)))
}

/// Makes every bit depend on every other (the finish of SplitMix64).
fn spread(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Start of a hash.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a with a turn, so that the upper bits count. Who makes two texts collide only makes two pages of theirs alike.
fn mix(hash: u64, next: u64) -> u64 {
    (hash ^ next).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
}

/// Characters of scripts that are written without spaces.
fn stands_alone(c: char) -> bool {
    script::is_unspaced(c) && c.is_alphanumeric()
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
        assert!(
            !one.differs_from(&TextSignature::of("too short to be judged by anybody")),
            "not judged"
        );
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

    /// How many of a thousand pairs may tell one story, of whose 300 words so many are the same: a line that both have, or
    /// most of it.
    fn let_through(same: usize) -> usize {
        let pairs = (0..1000).filter(|pair| {
            let detail = |own: &str| {
                let text = many(&format!("s{pair}x"), same) + &many(&format!("{own}{pair}x"), 300 - same);
                Sketch::of(&text, 60).unwrap().1
            };
            detail("a").may_be_same_story_as(&detail("b"))
        });
        pairs.count()
    }

    #[test]
    fn what_shares_a_few_lines_is_told_from_a_story_without_its_text() {
        assert!(let_through(300 * STORY / 100) >= 990, "a story is hardly missed");
        assert!(let_through(20) < 100, "a line below everything is no story");
        assert_eq!(let_through(0), 0);
    }

    #[test]
    fn scripts_without_spaces_are_judged() {
        let one: String = ('\u{4e00}'..).take(60).collect();
        let two: String = ('\u{5e00}'..).take(60).collect();
        assert!(TextSignature::of(&one).differs_from(&TextSignature::of(&two)));
        assert!(TextSignature::of(&one).is_equivalent_to(&TextSignature::of(&one)));
    }
}
