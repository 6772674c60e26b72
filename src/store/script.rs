//! Segments scripts that are written without spaces between words, for the full-text index. Pure.
//!
//! SQLite's tokenizer `unicode61` makes one word of a whole Chinese sentence. Before indexing, each run of such characters
//! is therefore replaced by its overlapping pairs and its last character: 北京市 → `北京 京市 市`. A query for two or more
//! characters is then a phrase of pairs, one for a single character is a prefix of a pair; plain `sqlite3` can ask both.
//! Whoever changes this must have indexes rebuilt (`cuttings verify --rebuild-search`).

use std::borrow::Cow;

/// Whether a character is Thai, Lao, Myanmar, Khmer, kana or Han, marks included.
pub(super) fn is_unspaced(c: char) -> bool {
    // One comparison decides for most text.
    c >= '\u{0e01}'
        && matches!(c,
        '\u{0e01}'..='\u{0e3a}' | '\u{0e40}'..='\u{0e4e}' | '\u{0e81}'..='\u{0ece}' | '\u{0edc}'..='\u{0edf}'
        | '\u{1000}'..='\u{103f}' | '\u{1050}'..='\u{108f}' | '\u{109a}'..='\u{109d}' | '\u{1780}'..='\u{17d3}'
        | '\u{17d7}' | '\u{17dc}' | '\u{17dd}' | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{3096}' | '\u{3099}'..='\u{309a}'
        | '\u{309d}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a9e0}'..='\u{a9ef}' | '\u{aa60}'..='\u{aa7f}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a character is a mark of one of those scripts. Marks stay with the character before them.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0e31}' | '\u{0e34}'..='\u{0e3a}' | '\u{0e47}'..='\u{0e4e}' | '\u{0eb1}' | '\u{0eb4}'..='\u{0ebc}'
        | '\u{0ec8}'..='\u{0ece}' | '\u{102b}'..='\u{103e}' | '\u{1056}'..='\u{1059}' | '\u{105e}'..='\u{1060}'
        | '\u{1062}'..='\u{1064}' | '\u{1067}'..='\u{106d}' | '\u{1071}'..='\u{1074}' | '\u{1082}'..='\u{108d}' | '\u{108f}'
        | '\u{109a}'..='\u{109d}' | '\u{17b4}'..='\u{17d3}' | '\u{17dd}' | '\u{3099}' | '\u{309a}')
}

/// What a text is segmented for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segmentation {
    /// Indexing: each run ends with its last character alone.
    Index,
    /// Searching: a run at the end of the text has only its pairs, unless it is a single character.
    Query,
}

/// A text with its runs replaced by pairs.
pub(super) fn segmented(text: &str, purpose: Segmentation) -> Cow<'_, str> {
    // The first such character, U+0E01, begins with this byte in UTF-8.
    if !text.bytes().any(|byte| byte >= 0xe0) || !text.chars().any(is_unspaced) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut run: Vec<&str> = Vec::new();
    let mut start = None;
    let mut after = text.len();
    for (at, c) in text.char_indices() {
        if is_unspaced(c) {
            if let Some(from) = start.filter(|_| !is_mark(c)) {
                run.extend(text.get(from..at));
            }
            if start.is_none() || !is_mark(c) {
                start = Some(at);
            }
            after = at + c.len_utf8();
            continue;
        }
        if let Some(from) = start.take() {
            run.extend(text.get(from..after));
            write_pairs(&run, true, &mut out);
            run.clear();
        }
        out.push(c);
    }
    if let Some(from) = start {
        run.extend(text.get(from..after));
        write_pairs(&run, purpose == Segmentation::Index, &mut out);
    }
    Cow::Owned(out)
}

/// Writes the pairs of a run of characters, and its last character where `with_last` or where it is the only one.
fn write_pairs(run: &[&str], with_last: bool, out: &mut String) {
    out.push(' ');
    for pair in run.windows(2) {
        out.push_str(&pair.concat());
        out.push(' ');
    }
    if let Some(last) = run.last().filter(|_| with_last || run.len() == 1) {
        out.push_str(last);
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_become_pairs() {
        let whole =
            |text| segmented(text, Segmentation::Index).split_whitespace().collect::<Vec<_>>().join(" ");
        let open =
            |text| segmented(text, Segmentation::Query).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(matches!(segmented("Plain words", Segmentation::Index), Cow::Borrowed(_)));
        assert_eq!(whole("在北京市,2026年"), "在北 北京 京市 市 ,2026 年");
        assert_eq!(
            (open("北京市"), open("市"), open("市a")),
            ("北京 京市".into(), "市".into(), "市 a".into())
        );
        assert_eq!(whole("ข้าวผัด"), "ข้า าว วผั ผัด ด", "marks stay with their letter");
        assert_eq!(whole("\u{0e48}ก"), "\u{0e48}ก ก", "a mark without a letter is one");
        assert_eq!(whole("a北b"), "a 北 b");
    }
}
