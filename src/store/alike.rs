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
pub(super) struct Shape {
    words: usize,
    /// Hashes of three words in a row, sorted, without doubles.
    triples: Vec<u64>,
}

impl Shape {
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
        self.is_judged() && other.is_judged() && self.common(other) * 100 < DIFFERENT * smaller
    }

    /// Whether one is as good as the other; symmetric, and never so for texts too short to tell.
    pub(super) fn says_the_same_as(&self, other: &Self) -> bool {
        let larger = self.triples.len().max(other.triples.len());
        self.is_judged() && other.is_judged() && self.common(other) * 100 >= SAME * larger
    }

    /// Whether nearly all of it is in the other.
    pub(super) fn is_part_of(&self, other: &Self) -> bool {
        !self.triples.is_empty() && self.common(other) * 100 >= SAME * self.triples.len()
    }

    /// Whether both tell one story: nearly half of the larger is in the other, word for word.
    pub(super) fn tells_the_story_of(&self, other: &Self) -> bool {
        let larger = self.triples.len().max(other.triples.len());
        self.common(other) * 100 >= STORY * larger
    }

    /// Whether there is enough text to tell.
    pub(super) fn is_judged(&self) -> bool {
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

/// Places of a sketch.
pub(super) const PLACES: usize = 16;

/// MinHash with one permutation (Broder 1997; Li, Owen and Zhang 2012): the rows are dealt to sixteen places, and each
/// place keeps the least. Two texts agree at a place as often as their rows are the same, so of twins about half the
/// places are equal, of strangers none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sketch(
    /// 0: no row fell here.
    [u16; PLACES],
);

impl Sketch {
    /// The sketch of a text, by which likely twins are found without reading them; none of one of fewer words than that.
    pub(super) fn of(text: &str, fewest: usize) -> Option<Self> {
        let words = words(text);
        if words.len() < fewest {
            return None;
        }
        let mut least = [u64::MAX; PLACES];
        for row in rows(&words) {
            let hash = spread(row);
            if let Some(least) = usize::try_from(hash >> 60)
                .ok()
                .and_then(|place| least.get_mut(place))
            {
                *least = hash.min(*least);
            }
        }
        // What orders the hashes are their upper bits: of the least ones only the lower say something.
        Some(Self(least.map(|hash| match hash {
            u64::MAX => 0,
            hash => (hash & 0xffff).max(1) as u16,
        })))
    }

    /// Place and value, where there is one.
    pub(super) fn values(&self) -> impl Iterator<Item = (usize, u16)> + '_ {
        self.0
            .iter()
            .copied()
            .enumerate()
            .filter(|&(_, value)| value != 0)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// None for anything that [`Self::bytes`] does not write.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let values: [u16; PLACES] = pairs
            .iter()
            .map(|&pair| u16::from_le_bytes(pair))
            .collect::<Vec<_>>()
            .try_into()
            .ok()?;
        rest.is_empty().then_some(Self(values))
    }
}

/// Hashes of the first words, in lower case, without what stands between them.
fn words(text: &str) -> Vec<u64> {
    let mut words = Vec::with_capacity((text.len() / 5).min(WORDS));
    let (mut word, mut at) = (BASIS, 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        // Most letters of most texts, without a look into tables.
        if byte.is_ascii_alphanumeric() {
            word = mix(word, u64::from(byte.to_ascii_lowercase()));
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
        let one = Shape::of(&many("a", 100));
        assert!(!one.differs_from(&one));
        assert!(one.differs_from(&Shape::of(&many("b", 100))));
        assert!(
            !one.differs_from(&Shape::of(&many("a", 30))),
            "the beginning of a text is that text"
        );
        assert!(
            !one.differs_from(&Shape::of("too short to be judged by anybody")),
            "not judged"
        );
        let mixed = Shape::of(&(many("a", 100) + &many("b", 30)));
        assert!(one.says_the_same_as(&Shape::of(&many("A", 100).replace(' ', ",\n"))));
        assert!(!one.says_the_same_as(&mixed) && !one.differs_from(&mixed));
        let beginning = Shape::of(&many("a", 10));
        assert!(beginning.is_part_of(&one) && !one.is_part_of(&beginning) && !Shape::of("").is_part_of(&one));
    }

    #[test]
    fn scripts_without_spaces_are_judged() {
        let one: String = ('\u{4e00}'..).take(60).collect();
        let two: String = ('\u{5e00}'..).take(60).collect();
        assert!(Shape::of(&one).differs_from(&Shape::of(&two)));
        assert!(Shape::of(&one).says_the_same_as(&Shape::of(&one)));
    }
}
