//! Texts as sentences, and what differs between two of them.

use std::time::{Duration, Instant};

use similar::{Algorithm, ChangeTag, DiffOp, capture_diff_slices_deadline};

/// How long a comparison may take; beyond it is coarser, never wrong.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sentences of a text, paragraph by paragraph. An end is a full stop of any script with white space or the end behind
/// it, or one of the scripts that put no space there.
pub(super) fn sentences(text: &str) -> Vec<&str> {
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

fn push<'a>(sentence: Option<&'a str>, sentences: &mut Vec<&'a str>) {
    sentences.extend(sentence.map(str::trim).filter(|sentence| !sentence.is_empty()));
}

/// A sentence and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    /// Gone.
    Out(&'a str),
    /// New.
    In(&'a str),
    /// So many that stayed.
    Same(usize),
}

/// What differs between two texts, in order.
pub(super) fn changes<'a>(before: &'a str, after: &'a str) -> Vec<Change<'a>> {
    let (old, new) = (sentences(before), sentences(after));
    let deadline = Instant::now().checked_add(PATIENCE);
    let mut changes = Vec::new();
    for op in capture_diff_slices_deadline(Algorithm::Myers, &old, &new, deadline) {
        if let DiffOp::Equal { len, .. } = op {
            changes.push(Change::Same(len));
            continue;
        }
        changes.extend(op.iter_changes(&old, &new).map(|change| match change.tag() {
            ChangeTag::Delete => Change::Out(change.value()),
            ChangeTag::Insert => Change::In(change.value()),
            ChangeTag::Equal => Change::Same(1),
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
        assert_eq!(
            sentences("今天開學了。他說：「好！」再見"),
            ["今天開學了。", "他說：「好！」", "再見"]
        );
        assert_eq!(sentences("هل جاء؟ نعم."), ["هل جاء؟", "نعم."]);
        assert!(sentences(" \n\n ").is_empty());
    }

    #[test]
    fn what_differs_is_told_in_order() {
        let (before, after) = ("One. Two. Three. Four.", "One. 2. Three. Four. Five.");
        assert_eq!(
            changes(before, after),
            [
                Change::Same(1),
                Change::Out("Two."),
                Change::In("2."),
                Change::Same(2),
                Change::In("Five.")
            ]
        );
        assert_eq!(changes(before, before), [Change::Same(4)]);
    }
}
