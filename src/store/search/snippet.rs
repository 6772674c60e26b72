//! The passage that shows why an article was found, and how well it fits.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::ledger::beginning;
use super::words::{self, Row, Word, words};

/// Bytes of a text that are looked at.
const LOOKED_AT: usize = 100_000;

/// Words of a passage.
const PASSAGE: usize = 32;

/// Words shown before the first that was found.
const BEFORE: usize = 8;

/// A passage of a text with what was found in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// One line.
    pub text: String,
    /// What was found: ranges of bytes of `text`, in order, not overlapping.
    pub marks: Vec<Range<usize>>,
}

/// Where terms were found: the term, the first word, how many words.
type Found = (usize, usize, usize);

fn find(text: &[Word<'_>], rows: &[Row]) -> Vec<Found> {
    let mut found = Vec::new();
    for at in 0..text.len() {
        for (term, row) in rows.iter().enumerate() {
            if let Some(count) = row.found_at(text, at) {
                found.push((term, at, count));
            }
        }
    }
    found
}

/// The passage of `text` with most of the terms; its beginning where none is in it.
pub(super) fn passage(text: &str, rows: &[Row]) -> Snippet {
    let text = beginning(text, LOOKED_AT);
    let words = words(text);
    let found = find(&words, rows);
    let reach = PASSAGE - BEFORE;
    let mut best = (0, 0);
    for (nth, &(_, at, _)) in found.iter().enumerate() {
        let terms: BTreeSet<usize> = found
            .iter()
            .skip(nth)
            .take_while(|(_, next, _)| next - at < reach)
            .map(|(term, ..)| *term)
            .collect();
        if terms.len() > best.0 {
            best = (terms.len(), at);
        }
        if best.0 == rows.len() {
            break;
        }
    }
    let first = best.1.saturating_sub(BEFORE);
    let last = (first + PASSAGE).min(words.len());
    let Some(shown) = words.get(first..last).filter(|shown| !shown.is_empty()) else {
        return Snippet::default();
    };
    let start = if first == 0 {
        0
    } else {
        shown.first().map_or(0, |word| word.at.start)
    };
    let end = if last == words.len() {
        text.len()
    } else {
        shown.last().map_or(0, |word| word.at.end)
    };
    let marked: Vec<Range<usize>> = found
        .iter()
        .filter(|(_, at, _)| (first..last).contains(at))
        .filter_map(|&(_, at, count)| {
            Some(words.get(at)?.at.start..words.get((at + count).min(last) - 1)?.at.end)
        })
        .collect();
    line(text, start..end, &marked, (first > 0, last < words.len()))
}

/// One line of a text, its white space as single spaces, with the marks where they are now.
fn line(
    text: &str,
    at: Range<usize>,
    marked: &[Range<usize>],
    (cut_before, cut_after): (bool, bool),
) -> Snippet {
    let mut snippet = Snippet::default();
    if cut_before {
        snippet.text.push('…');
    }
    let mut marks = marked.iter().peekable();
    let mut open: Option<(usize, usize)> = None;
    let offset = at.start;
    for (i, c) in text.get(at).unwrap_or_default().char_indices() {
        let i = i + offset;
        if let Some((from, _)) = open.take_if(|(_, end)| i >= *end) {
            close(&mut snippet, from);
        }
        while let Some(mark) = marks.next_if(|mark| mark.start <= i) {
            match &mut open {
                Some((_, end)) => *end = (*end).max(mark.end),
                None if mark.end > i => open = Some((snippet.text.len(), mark.end)),
                None => {}
            }
        }
        if !c.is_whitespace() {
            snippet.text.push(c);
        } else if !snippet.text.is_empty() && !snippet.text.ends_with(' ') {
            snippet.text.push(' ');
        }
    }
    if let Some((from, _)) = open {
        close(&mut snippet, from);
    }
    let kept = snippet.text.trim_end().len();
    snippet.text.truncate(kept);
    if cut_after {
        snippet.text.push('…');
    }
    snippet
}

fn close(snippet: &mut Snippet, from: usize) {
    let end = snippet.text.trim_end().len();
    if from < end {
        snippet.marks.push(from..end);
    }
}

/// How often each term is in each field, and how many words the fields have.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    terms: Vec<[u32; 3]>,
    lengths: [usize; 3],
}

/// Weights of title, standfirst and text: one word of a headline says more than one of the text.
const WEIGHTS: [f64; 3] = [6.0, 3.0, 1.0];

impl Counts {
    pub(super) fn of(fields: [&str; 3], rows: &[Row]) -> Self {
        let mut terms = vec![[0; 3]; rows.len()];
        let mut lengths = [0; 3];
        for (field, (text, length)) in fields.iter().zip(&mut lengths).enumerate() {
            *length = words::count(beginning(text, LOOKED_AT), rows, |term| {
                if let Some(count) = terms.get_mut(term).and_then(|counts| counts.get_mut(field)) {
                    *count += 1;
                }
            });
        }
        Self { terms, lengths }
    }

    fn has(&self, term: usize) -> bool {
        self.terms
            .get(term)
            .is_some_and(|counts| counts.iter().any(|&count| count > 0))
    }
}

/// How well each candidate fits, by BM25F (Robertson, Zaragoza and Taylor, 2004) with k1 = 1.2 and b = 0.75; how rare a
/// term is, is counted among the candidates.
pub(super) fn scores(candidates: &[Counts], terms: usize) -> Vec<f64> {
    let all = candidates.len() as f64;
    let mean: Vec<f64> = (0..3)
        .map(|field| {
            let sum: usize = candidates.iter().filter_map(|c| c.lengths.get(field)).sum();
            (sum as f64 / all.max(1.0)).max(1.0)
        })
        .collect();
    let rarity: Vec<f64> = (0..terms)
        .map(|term| {
            let with = candidates.iter().filter(|candidate| candidate.has(term)).count() as f64;
            (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
        })
        .collect();
    candidates
        .iter()
        .map(|candidate| {
            (0..terms)
                .map(|term| {
                    let counts = candidate.terms.get(term).copied().unwrap_or_default();
                    let weighted: f64 = counts
                        .iter()
                        .zip(candidate.lengths)
                        .zip(WEIGHTS)
                        .zip(&mean)
                        .map(|(((&count, length), weight), mean)| {
                            weight * f64::from(count) / (0.25 + 0.75 * length as f64 / mean)
                        })
                        .sum();
                    rarity.get(term).copied().unwrap_or(0.0) * weighted * 2.2 / (weighted + 1.2)
                })
                .sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::query;
    use super::*;

    fn shown(text: &str, typed: &str) -> String {
        let rows: Vec<Row> = query::parse(typed).unwrap().terms.iter().map(Row::of).collect();
        let snippet = passage(text, &rows);
        let mut out = snippet.text.clone();
        for mark in snippet.marks.iter().rev() {
            out.insert(mark.end, ']');
            out.insert(mark.start, '[');
        }
        out
    }

    #[test]
    fn a_passage_shows_what_was_found() {
        assert_eq!(
            shown("The old harbour,\n\nand a  new one.", "harbour new"),
            "The old [harbour], and a [new] one."
        );
        assert_eq!(shown("The Öl tanker", "\"ol tank\" OR ol*"), "The [Öl] tanker");
        assert_eq!(shown("The Öl tanker", "\"ol tanker\""), "The [Öl tanker]");
        assert_eq!(shown("我在北京市住", "北京"), "我在[北京]市住");
        assert_eq!(shown("Nothing here", "absent"), "Nothing here");
        assert_eq!(shown("", "absent"), "");
        let long = "word ".repeat(100) + "alpha gap beta " + &"word ".repeat(100);
        let text = shown(&long, "alpha beta");
        assert!(
            text.starts_with("…word") && text.ends_with("word…") && text.contains("[alpha] gap [beta]"),
            "{text}"
        );
        assert_eq!(text.split(' ').count(), PASSAGE);
    }

    #[test]
    fn a_rare_word_in_a_headline_counts_most() {
        let rows: Vec<Row> = query::parse("harbour OR the")
            .unwrap()
            .terms
            .iter()
            .map(Row::of)
            .collect();
        let candidates = [
            Counts::of(["The", "", "the the the the"], &rows),
            Counts::of(["Harbour", "", "the"], &rows),
            Counts::of(["", "", "a harbour in the text"], &rows),
        ];
        let scores = scores(&candidates, rows.len());
        assert!(scores[1] > scores[2] && scores[2] > scores[0], "{scores:?}");
    }
}
