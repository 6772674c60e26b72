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
    each(text, |word, at| {
        words.push(Word {
            folded: folded(word),
            at,
        });
    });
    words
}

/// Each word of a text as it is written, and where.
fn each<'a>(text: &'a str, mut met: impl FnMut(&'a str, Range<usize>)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while from < bytes.len() {
        // Between two signs of ASCII, none of which is ever of a word.
        let rest = bytes.get(from..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let piece = text.get(from..from + length).unwrap_or_default();
        if piece.is_ascii() {
            if !piece.is_empty() {
                met(piece, from..from + length);
            }
        } else {
            each_of_any(piece, &mut |word, at| met(word, from + at.start..from + at.end));
        }
        from += length + 1;
    }
}

/// The same of letters of any script.
fn each_of_any<'a>(text: &'a str, met: &mut dyn FnMut(&'a str, Range<usize>)) {
    let mut met = |at: Range<usize>| {
        if let Some(word) = text.get(at.clone()) {
            met(word, at);
        }
    };
    // Where the word began, and whether it is of a script without spaces.
    let mut begun: Option<(usize, bool)> = None;
    for (at, c) in text.char_indices() {
        let unspaced = script::is_unspaced(c);
        let letter = unspaced || c.is_alphanumeric();
        let goes_on = match begun {
            Some((_, true)) => unspaced && script::is_mark(c),
            Some((_, false)) => !unspaced && (letter || is_mark(c)),
            None => false,
        };
        if !goes_on {
            if let Some((from, _)) = begun.take() {
                met(from..at);
            }
            begun = letter.then_some((at, unspaced));
        }
    }
    if let Some((from, _)) = begun {
        met(from..text.len());
    }
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

    /// Whether the word at a place of this term is that one, or begins with it where it is a beginning. `is_same` is told
    /// what is wanted, and whether a beginning will do.
    fn wants(&self, place: usize, is_same: impl FnOnce(&str, bool) -> bool) -> bool {
        let is_last = place + 1 == self.words.len();
        self.words
            .get(place)
            .is_some_and(|wanted| is_same(wanted, self.prefix && is_last))
    }
}

/// How often each term is in a text, told to `found` by its number; gives the number of words. Nothing is folded into
/// memory of its own but words with letters that are not ASCII: a thousand texts are gone through for one search.
pub(super) fn count(text: &str, rows: &[Row], mut found: impl FnMut(usize)) -> usize {
    let mut number = 0;
    // Nearly no word of a text is looked at closely: what it begins with stays through folding, if that is ASCII, and its length
    // where all of it is. By first letter the lengths in bytes that are wanted, a bit for each.
    let mut wanted = [0_u64; 128];
    for row in rows {
        let Some(word) = row.words.first() else { continue };
        let length = word.len().min(63);
        let is_beginning = row.prefix && row.words.len() == 1;
        if let Some(lengths) = word
            .bytes()
            .next()
            .and_then(|first| wanted.get_mut(usize::from(first)))
        {
            *lengths |= if is_beginning {
                u64::MAX << length
            } else {
                1 << length
            };
        }
    }
    // Terms of several words that have begun: which, and how many words of it were met.
    let mut begun: Vec<(usize, usize)> = Vec::new();
    each(text, |word, _| {
        number += 1;
        let first = word.bytes().next().unwrap_or_default().to_ascii_lowercase();
        let lengths = wanted.get(usize::from(first)).copied().unwrap_or(u64::MAX);
        let is_ascii = word.is_ascii();
        let may_begin = lengths != 0 && (!is_ascii || lengths >> word.len().min(63) & 1 != 0);
        if begun.is_empty() && !may_begin {
            return;
        }
        let other = (!is_ascii).then(|| folded(word));
        let is_same = |wanted: &str, beginning: bool| {
            if let Some(folded) = &other {
                return folded == wanted || (beginning && folded.starts_with(wanted));
            }
            let reach = if beginning { wanted.len() } else { word.len() };
            word.get(..reach)
                .is_some_and(|word| word.eq_ignore_ascii_case(wanted))
        };
        begun.retain_mut(|(term, met)| {
            let Some(row) = rows.get(*term).filter(|row| row.wants(*met, is_same)) else {
                return false;
            };
            *met += 1;
            let is_whole = *met == row.words.len();
            if is_whole {
                found(*term);
            }
            !is_whole
        });
        for (term, row) in rows.iter().enumerate() {
            if row.wants(0, is_same) {
                if row.words.len() == 1 {
                    found(term);
                } else {
                    begun.push((term, 1));
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

    proptest::proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn a_term_is_counted_as_often_as_it_is_found(
            text in "[aAbéÉß京 ,.\u{301}]{0,60}",
            terms in proptest::collection::vec(("[abé京ß ]{1,5}", proptest::bool::ANY), 1..4),
        ) {
            let rows: Vec<Row> = terms
                .into_iter()
                .map(|(text, prefix)| Row::of(&Term { text, prefix }))
                .collect();
            let words = words(&text);
            let mut expected = vec![0; rows.len()];
            for at in 0..words.len() {
                for (term, row) in rows.iter().enumerate() {
                    expected[term] += usize::from(row.found_at(&words, at).is_some());
                }
            }
            let mut counted = vec![0; rows.len()];
            let number = count(&text, &rows, |term| counted[term] += 1);
            proptest::prop_assert_eq!((number, counted), (words.len(), expected));
        }
    }
}
