//! A text as a row of words, folded as the index folds them: for marking and ranking what was found.

use std::borrow::Cow;
use std::ops::Range;

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::super::script;
use super::query::Term;

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// Lower case, without diacritics.
    pub(super) folded: Cow<'a, str>,
    /// Bytes of the text.
    pub(super) at: Range<usize>,
}

/// The words of a text. A character of a script without spaces is a word of its own.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::with_capacity(text.len() / 6);
    // Where the word began, and whether it is of a script without spaces.
    let mut begun: Option<(usize, bool)> = None;
    for (at, c) in text.char_indices() {
        let (unspaced, letter) = if c.is_ascii() {
            (false, c.is_ascii_alphanumeric())
        } else {
            let unspaced = script::is_unspaced(c);
            (unspaced, unspaced || c.is_alphanumeric())
        };
        let goes_on = match begun {
            Some((_, true)) => unspaced && script::is_mark(c),
            Some((_, false)) => !unspaced && (letter || is_mark(c)),
            None => false,
        };
        if !goes_on {
            if let Some((from, _)) = begun.take() {
                push(text, from..at, &mut words);
            }
            begun = letter.then_some((at, unspaced));
        }
    }
    if let Some((from, _)) = begun {
        push(text, from..text.len(), &mut words);
    }
    words
}

/// The words of a segmented text as the index has them.
pub(super) fn indexed(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split(|c| !is_of_word(c))
        .filter(|word| !word.is_empty())
        .map(folded)
}

/// A term for the index whose last word is a beginning, parted: what stands before, and the beginning folded. None where
/// it ends in no word.
pub(super) fn parted(term: &str) -> Option<(&str, Cow<'_, str>)> {
    let term = term.trim_end_matches(|c| !is_of_word(c));
    let before = term.trim_end_matches(is_of_word);
    let beginning = term.get(before.len()..).filter(|word| !word.is_empty())?;
    Some((before, folded(beginning)))
}

/// Letters, digits, and the marks that belong to them: what the index makes words of, see schema.sql.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && (is_mark(c) || script::is_mark(c)))
}

/// Marks that are no letters: accents written apart, and the signs that join Indic letters.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' | '\u{0591}'..='\u{05c7}' | '\u{064b}'..='\u{065f}' | '\u{093c}' | '\u{094d}' | '\u{09bc}'
        | '\u{09cd}' | '\u{0a3c}' | '\u{0a4d}' | '\u{0abc}' | '\u{0acd}' | '\u{0b3c}' | '\u{0b4d}' | '\u{0bcd}' | '\u{0c4d}'
        | '\u{0ccd}' | '\u{0d4d}' | '\u{0dca}')
}

fn push<'a>(text: &'a str, at: Range<usize>, words: &mut Vec<Word<'a>>) {
    let Some(word) = text.get(at.clone()) else { return };
    words.push(Word {
        folded: folded(word),
        at,
    });
}

fn folded(word: &str) -> Cow<'_, str> {
    if word
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        return Cow::Borrowed(word);
    }
    if word.is_ascii() {
        return Cow::Owned(word.to_ascii_lowercase());
    }
    DecomposingNormalizerBorrowed::new_nfd()
        .normalize_iter(word.chars().flat_map(char::to_lowercase))
        .filter(|c| !('\u{0300}'..='\u{036f}').contains(c))
        .collect::<String>()
        .into()
}

/// A term as a row of folded words.
#[derive(Clone, Debug)]
pub(super) struct Row {
    words: Vec<String>,
    prefix: bool,
}

impl Row {
    pub(super) fn of(term: &Term) -> Self {
        Self {
            words: words(&term.text)
                .into_iter()
                .map(|word| word.folded.into_owned())
                .collect(),
            prefix: term.prefix,
        }
    }

    /// How many words from `at` on are this term; none where it is not there.
    pub(super) fn found_at(&self, text: &[Word<'_>], at: usize) -> Option<usize> {
        let row = text.get(at..at.checked_add(self.words.len())?)?;
        let last = self.words.len().checked_sub(1)?;
        let same = self
            .words
            .iter()
            .zip(row)
            .enumerate()
            .all(|(nth, (wanted, word))| {
                word.folded == *wanted
                    || (self.prefix && nth == last && word.folded.starts_with(wanted.as_str()))
            });
        same.then_some(row.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_as_the_index_does() {
        let of = |text: &str| {
            words(text)
                .into_iter()
                .map(|word| word.folded.into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("L’été, à PARIS!"), ["l", "ete", "a", "paris"]);
        assert_eq!(of("e\u{301}te\u{301}"), ["ete"]);
        assert_eq!(of("北京 2026年a"), ["北", "京", "2026", "年", "a"]);
        assert_eq!(of("ผัด"), ["ผั", "ด"]);
        assert_eq!(of("हिन्दी में"), ["हिन्दी", "में"]);
        let text = words("Ein Öl-Tanker");
        let row = Row::of(&Term {
            text: "ol tank".into(),
            prefix: true,
        });
        assert_eq!(
            (
                row.found_at(&text, 1),
                row.found_at(&text, 0),
                row.found_at(&text, 2)
            ),
            (Some(2), None, None)
        );
    }
}
