//! Whether two texts say the same. Pure.
//!
//! Compared are the sets of three words in a row: how much of the smaller set is in the larger. Scripts without spaces
//! count each character as a word.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Words of a text that are looked at: an article's worth; a longer one is told by its beginning.
const WORDS: usize = 3000;

/// Fewer words than this are not judged: a line of boilerplate proves nothing either way.
const FEWEST: usize = 20;

/// Below this share two texts are different.
const DIFFERENT: f64 = 0.5;

/// From this share, both ways, two pages of one article say the same.
const SAME: f64 = 0.8;

/// A text, ready to be compared.
#[derive(Debug)]
pub(super) struct Shape {
    words: usize,
    triples: HashSet<u64>,
}

impl Shape {
    pub(super) fn of(text: &str) -> Self {
        let words = words(text);
        let triples = words
            .windows(3)
            .map(|three| {
                let mut hasher = DefaultHasher::new();
                three.hash(&mut hasher);
                hasher.finish()
            })
            .collect();
        Self {
            words: words.len(),
            triples,
        }
    }

    /// Whether the texts are certainly not the same article; symmetric. Too short a text is no proof.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        self.is_judged() && other.is_judged() && self.common(other) < DIFFERENT * self.smaller(other)
    }

    /// Whether one is as good as the other.
    #[allow(clippy::cast_precision_loss, reason = "at most WORDS")]
    pub(super) fn says_the_same_as(&self, other: &Self) -> bool {
        let larger = self.triples.len().max(other.triples.len()) as f64;
        self.is_judged() && other.is_judged() && self.common(other) >= SAME * larger
    }

    fn is_judged(&self) -> bool {
        self.words >= FEWEST
    }

    #[allow(clippy::cast_precision_loss, reason = "at most WORDS")]
    fn common(&self, other: &Self) -> f64 {
        self.triples.intersection(&other.triples).count() as f64
    }

    #[allow(clippy::cast_precision_loss, reason = "at most WORDS")]
    fn smaller(&self, other: &Self) -> f64 {
        self.triples.len().min(other.triples.len()) as f64
    }
}

/// Hashes of the first words, in lower case, without what stands between them.
fn words(text: &str) -> Vec<u64> {
    let mut words = Vec::new();
    let mut word = DefaultHasher::new();
    let mut inside = false;
    for c in text.chars() {
        let alone = stands_alone(c);
        if inside && (alone || !c.is_alphanumeric()) {
            words.push(word.finish());
            (word, inside) = (DefaultHasher::new(), false);
        }
        if words.len() >= WORDS {
            break;
        }
        if alone {
            let mut one = DefaultHasher::new();
            c.hash(&mut one);
            words.push(one.finish());
        } else if c.is_alphanumeric() {
            c.to_lowercase().for_each(|c| c.hash(&mut word));
            inside = true;
        }
    }
    if inside {
        words.push(word.finish());
    }
    words
}

/// Characters of scripts that are written without spaces: Thai to Khmer, kana, Han.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
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
