//! The words of a text, folded as the index folds them. `snippet` marks and ranks matches with them.

use std::borrow::Cow;
use std::ops::Range;

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::super::script;

/// A word or a phrase of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// As typed.
    pub(super) text: String,
    /// Whether its last word is a prefix.
    pub(super) prefix: bool,
}

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoldedWord<'a> {
    /// In lower case, without diacritics.
    pub(super) folded: Cow<'a, str>,
    /// Its bytes in the text.
    pub(super) at: Range<usize>,
}

/// The words of a text. A character of a script without spaces is a word of its own.
pub(super) fn words(text: &str) -> Vec<FoldedWord<'_>> {
    let mut words = Vec::with_capacity(text.len() / 6);
    for_each_word(text, |word, at| {
        words.push(FoldedWord { folded: folded(word), at });
    });
    words
}

/// Gives each word of a text as written, and its bytes.
fn for_each_word<'a>(text: &'a str, mut visit: impl FnMut(&'a str, Range<usize>)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while from < bytes.len() {
        // ASCII signs are never part of a word: what is between two of them is looked at by itself.
        let rest = bytes.get(from..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let piece = text.get(from..from + length).unwrap_or_default();
        if piece.is_ascii() {
            if !piece.is_empty() {
                visit(piece, from..from + length);
            }
        } else {
            for_each_word_of_any_script(piece, &mut |word, at| {
                visit(word, from + at.start..from + at.end);
            });
        }
        from += length + 1;
    }
}

/// The same where not all characters are ASCII.
fn for_each_word_of_any_script<'a>(text: &'a str, visit: &mut dyn FnMut(&'a str, Range<usize>)) {
    let mut visit = |at: Range<usize>| {
        if let Some(word) = text.get(at.clone()) {
            visit(word, at);
        }
    };
    // The start of the current word, and whether its script has no spaces.
    let mut begun: Option<(usize, bool)> = None;
    for (at, c) in text.char_indices() {
        let unspaced = script::is_unspaced(c);
        let letter = unspaced || c.is_alphanumeric();
        let continues = match begun {
            Some((_, true)) => unspaced && script::is_mark(c),
            Some((_, false)) => !unspaced && (letter || is_mark(c)),
            None => false,
        };
        if !continues {
            if let Some((from, _)) = begun.take() {
                visit(from..at);
            }
            begun = letter.then_some((at, unspaced));
        }
    }
    if let Some((from, _)) = begun {
        visit(from..text.len());
    }
}

/// The words of a segmented text as they are in the index.
pub(super) fn indexed(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split(|c| !is_word_char(c)).filter(|word| !word.is_empty()).map(folded)
}

/// Splits a segmented term before its last word, and folds that; `None` where the term ends in no word.
pub(super) fn split_last(term: &str) -> Option<(&str, Cow<'_, str>)> {
    let term = term.trim_end_matches(|c| !is_word_char(c));
    let before = term.trim_end_matches(is_word_char);
    let last = term.get(before.len()..).filter(|word| !word.is_empty())?;
    Some((before, folded(last)))
}

/// Whether a character is part of a word: letters, digits and their marks, as the tokenizer in schema.sql has it.
fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && (is_mark(c) || script::is_mark(c)))
}

/// Whether a character is a mark that Unicode does not call a letter: combining accents, and signs that join Indic letters.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' | '\u{0591}'..='\u{05c7}' | '\u{064b}'..='\u{065f}' | '\u{093c}' | '\u{094d}' | '\u{09bc}'
        | '\u{09cd}' | '\u{0a3c}' | '\u{0a4d}' | '\u{0abc}' | '\u{0acd}' | '\u{0b3c}' | '\u{0b4d}' | '\u{0bcd}' | '\u{0c4d}'
        | '\u{0ccd}' | '\u{0d4d}' | '\u{0dca}')
}

/// A word in lower case and without diacritics (`remove_diacritics 2` of the tokenizer).
fn folded(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
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

/// The folded words of a term.
#[derive(Clone, Debug)]
pub(super) struct TermWords {
    words: Vec<String>,
    /// Whether the last word is a prefix.
    prefix: bool,
}

impl TermWords {
    pub(super) fn of(term: &Term) -> Self {
        Self {
            words: words(&term.text).into_iter().map(|word| word.folded.into_owned()).collect(),
            prefix: term.prefix,
        }
    }

    /// Number of words from `at` on that match this term; `None` where it does not match there.
    pub(super) fn matches_at(&self, text: &[FoldedWord<'_>], at: usize) -> Option<usize> {
        let words = text.get(at..at.checked_add(self.words.len())?)?;
        let last = self.words.len().checked_sub(1)?;
        let same = self.words.iter().zip(words).enumerate().all(|(nth, (wanted, word))| {
            word.folded == *wanted || (self.prefix && nth == last && word.folded.starts_with(wanted.as_str()))
        });
        same.then_some(words.len())
    }

    /// Whether the `nth` word of this term matches. `is_same` receives that word, and whether it is a prefix.
    fn nth_matches(&self, nth: usize, is_same: impl FnOnce(&str, bool) -> bool) -> bool {
        let is_last = nth + 1 == self.words.len();
        self.words.get(nth).is_some_and(|wanted| is_same(wanted, self.prefix && is_last))
    }
}

/// Calls `found` with the index of a term for each of its occurrences in a text; returns the number of words. One search
/// counts in a thousand texts, so words are compared in place: only those that are not ASCII are copied and folded.
pub(super) fn count(text: &str, terms: &[TermWords], mut found: impl FnMut(usize)) -> usize {
    let mut number = 0;
    // Rules out most words by their first letter and length, which folding leaves alone in ASCII: for each first letter of a
    // term the lengths in bytes that can match, one bit each.
    let mut wanted = [0_u64; 128];
    for term in terms {
        let Some(word) = term.words.first() else { continue };
        let length = word.len().min(63);
        let is_prefix = term.prefix && term.words.len() == 1;
        if let Some(lengths) = word.bytes().next().and_then(|first| wanted.get_mut(usize::from(first))) {
            *lengths |= if is_prefix { u64::MAX << length } else { 1 << length };
        }
    }
    // Phrases that have matched in part: index of the term, and number of its words.
    let mut begun: Vec<(usize, usize)> = Vec::new();
    for_each_word(text, |word, _| {
        number += 1;
        let first = word.bytes().next().unwrap_or_default().to_ascii_lowercase();
        let lengths = wanted.get(usize::from(first)).copied().unwrap_or(u64::MAX);
        let is_ascii = word.is_ascii();
        let may_begin = lengths != 0 && (!is_ascii || lengths >> word.len().min(63) & 1 != 0);
        if begun.is_empty() && !may_begin {
            return;
        }
        let other = (!is_ascii).then(|| folded(word));
        let is_same = |wanted: &str, is_prefix: bool| {
            if let Some(folded) = &other {
                return folded == wanted || (is_prefix && folded.starts_with(wanted));
            }
            let reach = if is_prefix { wanted.len() } else { word.len() };
            word.get(..reach).is_some_and(|word| word.eq_ignore_ascii_case(wanted))
        };
        begun.retain_mut(|(index, matched)| {
            let Some(term) = terms.get(*index).filter(|term| term.nth_matches(*matched, is_same)) else {
                return false;
            };
            *matched += 1;
            let is_complete = *matched == term.words.len();
            if is_complete {
                found(*index);
            }
            !is_complete
        });
        for (index, term) in terms.iter().enumerate() {
            if term.nth_matches(0, is_same) {
                if term.words.len() == 1 {
                    found(index);
                } else {
                    begun.push((index, 1));
                }
            }
        }
    });
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_as_the_index_does() {
        let of =
            |text: &str| words(text).into_iter().map(|word| word.folded.into_owned()).collect::<Vec<_>>();
        assert_eq!(of("L’été, à PARIS!"), ["l", "ete", "a", "paris"]);
        assert_eq!(of("e\u{301}te\u{301}"), ["ete"]);
        assert_eq!(of("北京 2026年a"), ["北", "京", "2026", "年", "a"]);
        assert_eq!(of("ผัด"), ["ผั", "ด"]);
        assert_eq!(of("हिन्दी में"), ["हिन्दी", "में"]);
        let text = words("Ein Öl-Tanker");
        let row = TermWords::of(&Term { text: "ol tank".into(), prefix: true });
        assert_eq!(
            (row.matches_at(&text, 1), row.matches_at(&text, 0), row.matches_at(&text, 2)),
            (Some(2), None, None)
        );
    }

    proptest::proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn a_term_is_counted_as_often_as_it_is_found(
            text in "[aAbéÉß京 ,.\u{301}]{0,60}",
            terms in proptest::collection::vec(("[abé京ß ]{1,5}", proptest::bool::ANY), 1..4),
        ) {
            let rows: Vec<TermWords> = terms
                .into_iter()
                .map(|(text, prefix)| TermWords::of(&Term { text, prefix }))
                .collect();
            let words = words(&text);
            let mut expected = vec![0; rows.len()];
            for at in 0..words.len() {
                for (term, row) in rows.iter().enumerate() {
                    expected[term] += usize::from(row.matches_at(&words, at).is_some());
                }
            }
            let mut counted = vec![0; rows.len()];
            let number = count(&text, &rows, |term| counted[term] += 1);
            proptest::prop_assert_eq!((number, counted), (words.len(), expected));
        }
    }
}
