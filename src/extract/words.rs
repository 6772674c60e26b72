//! Words as the other modules compare them: folded texts, and the words of class lists.

use std::borrow::Cow;

use crate::html::{Document, NodeId};

/// Bytes of a class or id word; longer ones carry no meaning.
const LONGEST_WORD: usize = 40;

/// Only the letters and digits of a text, in lower case: equal for two spellings of one title or name that differ in
/// case, spaces or punctuation.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            folded.push(c.to_ascii_lowercase());
        } else if !c.is_ascii() && c.is_alphanumeric() {
            folded.extend(c.to_lowercase());
        }
    }
    folded
}

/// True for letters of scripts that put no spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9d}' | '\u{20000}'..='\u{3ffff}')
}

/// The words of an element's `class` and `id`, in lower case. Takes steps by their length, since the class list of one
/// element may be read for each of its descendants; none once the page is overrun.
pub(super) fn class_words(document: &Document, at: NodeId) -> impl Iterator<Item = Cow<'_, str>> {
    document
        .attrs(at)
        .filter(|(name, _)| matches!(*name, "class" | "id"))
        .take_while(|(_, value)| document.spend_text(value.len()))
        .flat_map(|(_, value)| split_words(value))
}

/// The words of a class list or id, in lower case.
pub(super) fn split_words(value: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let is_lower = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    value
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && word.len() < LONGEST_WORD)
        .map(move |word| if is_lower(word) { word.into() } else { word.to_lowercase().into() })
}
