//! How alike two titles or names are, in any script.
//!
//! Case, accents, width and vowel points make no difference. A text is compared by its words; scripts without spaces have
//! none, so there each pair of letters counts as one.

use std::collections::BTreeSet;

use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::extract::is_unspaced;

/// The letters and digits of a text, without what makes no difference, and `None` wherever a word ends.
fn characters(text: &str) -> Vec<Option<char>> {
    let mut characters = Vec::with_capacity(text.len());
    for c in DecomposingNormalizerBorrowed::new_nfkd().normalize(text).chars() {
        match c {
            // Accents, points of Hebrew and Arabic, joiners, soft hyphens, apostrophes within words.
            '\u{300}'..='\u{36f}'
            | '\u{591}'..='\u{5c7}'
            | '\u{640}'
            | '\u{64b}'..='\u{65f}'
            | '\u{200c}'..='\u{200f}'
            | '\u{ad}'
            | '\''
            | '’'
            | 'ʼ' => {}
            // Signs of Indic scripts that are no letters by themselves.
            '\u{94d}' | '\u{9cd}' | '\u{a4d}' | '\u{acd}' | '\u{b4d}' | '\u{bcd}' | '\u{c4d}' | '\u{ccd}'
            | '\u{d4d}' => characters.push(Some(c)),
            // Letters whose capitals have another lower case.
            'ς' => characters.push(Some('σ')),
            'ı' => characters.push(Some('i')),
            'ß' | 'ẞ' => characters.extend([Some('s'), Some('s')]),
            c if c.is_alphanumeric() => {
                let lower = c.to_lowercase().filter(|c| *c != '\u{307}');
                characters.extend(lower.map(Some));
            }
            _ => characters.push(None),
        }
    }
    characters
}

/// All letters of a text: equal for two spellings of one title.
pub(super) fn letters(text: &str) -> String {
    characters(text).into_iter().flatten().collect()
}

/// True if two texts have the same letters, and some.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let one = letters(one);
    !one.is_empty() && one == letters(other)
}

/// The words of a text; of scripts without spaces the pairs of letters, or a letter that stands alone.
fn parts(text: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    let mut end = |word: &mut String, is_pairs: bool| {
        let letters: Vec<char> = word.chars().collect();
        if is_pairs && letters.len() > 1 {
            parts.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
        } else if !letters.is_empty() {
            parts.insert(std::mem::take(word));
        }
        word.clear();
    };
    let (mut word, mut is_pairs) = (String::new(), false);
    for c in characters(text) {
        match c {
            Some(c) => {
                if is_unspaced(c) != is_pairs {
                    end(&mut word, is_pairs);
                    is_pairs = is_unspaced(c);
                }
                word.push(c);
            }
            None => end(&mut word, is_pairs),
        }
    }
    end(&mut word, is_pairs);
    parts
}

/// Letters of words that say something, in scripts in which the shorter ones are mostly articles and prepositions.
const LEAST_WORD: usize = 4;

/// The words by which titles are compared: without the short ones, unless there are no others.
fn words(title: &str) -> BTreeSet<String> {
    let all = parts(title);
    // Latin, Greek, Cyrillic.
    let is_short = |word: &String| {
        word.chars().count() < LEAST_WORD
            && word.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{52f}'))
    };
    if all.iter().all(is_short) { all } else { all.into_iter().filter(|word| !is_short(word)).collect() }
}

/// True if two titles have no word in common.
pub(super) fn shares_no_word(one: &str, other: &str) -> bool {
    words(one).is_disjoint(&words(other))
}

/// True if two titles have half of the words of the shorter in common.
pub(super) fn is_alike(one: &str, other: &str) -> bool {
    let (one, other) = (words(one), words(other));
    let common = one.intersection(&other).count();
    common > 0 && common * 2 >= one.len().min(other.len())
}

/// True if two names may be of one person: all words of one are in the other, initials too.
pub(super) fn is_same_person(one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let is_initial = |a: &str, b: &str| a.chars().count() == 1 && b.starts_with(a);
    let matches = |word: &String| {
        many.iter().any(|known| known == word || is_initial(word, known) || is_initial(known, word))
    };
    !few.is_empty() && few.iter().all(matches)
}
