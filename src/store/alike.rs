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

/// From this share, in percent of the larger, two pages of one article say the same.
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
        let mut triples: Vec<u64> = words
            .windows(3)
            .map(|three| three.iter().fold(BASIS, |hash, &word| mix(hash, word)))
            .collect();
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

    /// Whether both tell one story: nearly half of the larger is in the other, word for word.
    pub(super) fn tells_the_story_of(&self, other: &Self) -> bool {
        let larger = self.triples.len().max(other.triples.len());
        self.common(other) * 100 >= STORY * larger
    }

    /// Words that were looked at.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// 64 bits that are nearly the same for texts that are (SimHash: Charikar 2002).
    pub(super) fn fingerprint(&self) -> u64 {
        let mut sums = [0_i32; 64];
        for &triple in &self.triples {
            let mut bits = spread(triple);
            for sum in &mut sums {
                *sum += if bits & 1 == 1 { 1 } else { -1 };
                bits >>= 1;
            }
        }
        sums.iter()
            .rev()
            .fold(0, |print, &sum| print << 1 | u64::from(sum > 0))
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

/// Hashes of the first words, in lower case, without what stands between them.
fn words(text: &str) -> Vec<u64> {
    let mut words = Vec::new();
    let mut word = BASIS;
    for c in text.chars() {
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
    }

    #[test]
    fn scripts_without_spaces_are_judged() {
        let one: String = ('\u{4e00}'..).take(60).collect();
        let two: String = ('\u{5e00}'..).take(60).collect();
        assert!(Shape::of(&one).differs_from(&Shape::of(&two)));
        assert!(Shape::of(&one).says_the_same_as(&Shape::of(&one)));
    }
}
