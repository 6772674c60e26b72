//! Splits texts into sentences and compares them (Myers' algorithm).

use std::time::{Duration, Instant};

use similar::{Algorithm, ChangeTag, DiffOp, capture_diff_slices_deadline};

use crate::shapes::SentenceChange;

/// How long a comparison may take; after that it goes on with a coarser one, which is still correct.
const COMPARE_TIMEOUT: Duration = Duration::from_secs(2);

/// The sentences of a text; none reaches over the end of a line. A sentence ends with a full stop of any script that is
/// followed by white space, a quote or the end of the line, or with one of the scripts that put no space after it.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    for line in text.lines() {
        let mut start = 0;
        let mut chars = line.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let ends = match c {
                '。' | '！' | '？' | '．' => true,
                '.' | '!' | '?' | '…' | '؟' | '۔' | '।' | '॥' | '።' | '။' | '។' => {
                    chars.peek().is_none_or(|(_, next)| {
                        next.is_whitespace() || matches!(next, '"' | '”' | '’' | '»' | ')')
                    })
                }
                _ => false,
            };
            if !ends {
                continue;
            }
            let mut end = at + c.len_utf8();
            while let Some((at, c)) =
                chars.next_if(|(_, c)| matches!(c, '"' | '”' | '’' | '»' | ')' | '」' | '』'))
            {
                end = at + c.len_utf8();
            }
            push(line.get(start..end), &mut sentences);
            start = end;
        }
        push(line.get(start..), &mut sentences);
    }
    sentences
}

/// Adds a sentence unless it is blank.
fn push<'a>(sentence: Option<&'a str>, sentences: &mut Vec<&'a str>) {
    sentences.extend(sentence.map(str::trim).filter(|sentence| !sentence.is_empty()));
}

/// What differs between two texts, in the order of both. Nothing where both are empty.
pub(super) fn changes<'a>(before: &'a str, after: &'a str) -> Vec<SentenceChange<'a>> {
    let (old, new) = (sentences(before), sentences(after));
    let deadline = Instant::now().checked_add(COMPARE_TIMEOUT);
    let mut changes = Vec::new();
    for op in capture_diff_slices_deadline(Algorithm::Myers, &old, &new, deadline) {
        if let DiffOp::Equal { len, .. } = op {
            changes.push(SentenceChange::Same(len));
            continue;
        }
        changes.extend(op.iter_changes(&old, &new).map(|change| match change.tag() {
            ChangeTag::Delete => SentenceChange::Out(change.value()),
            ChangeTag::Insert => SentenceChange::In(change.value()),
            ChangeTag::Equal => SentenceChange::Same(1),
        }));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_each_script_ends_them() {
        assert_eq!(
            sentences("One. \"Two!\" he said 3.5 times? Yes…\n\nThree"),
            ["One.", "\"Two!\"", "he said 3.5 times?", "Yes…", "Three"]
        );
        assert_eq!(sentences("今天開學了。他說：「好！」再見"), ["今天開學了。", "他說：「好！」", "再見"]);
        assert_eq!(sentences("هل جاء؟ نعم."), ["هل جاء؟", "نعم."]);
        assert!(sentences(" \n\n ").is_empty());
    }

    #[test]
    fn what_differs_is_listed_in_order() {
        let (before, after) = ("One. Two. Three. Four.", "One. 2. Three. Four. Five.");
        assert_eq!(
            changes(before, after),
            [
                SentenceChange::Same(1),
                SentenceChange::Out("Two."),
                SentenceChange::In("2."),
                SentenceChange::Same(2),
                SentenceChange::In("Five.")
            ]
        );
        assert_eq!(changes(before, before), [SentenceChange::Same(4)]);
    }
}
