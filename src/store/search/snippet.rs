//! The passage of an article with the terms of a search, and the score of the article.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::history::prefix;
use super::words::{self, FoldedWord, TermWords, words};

/// Bytes of a text in which terms are marked and counted.
const MAX_BYTES: usize = 100_000;

/// Words in a passage.
const PASSAGE_WORDS: usize = 32;

/// Words of a passage before the first match.
const WORDS_BEFORE: usize = 8;

/// A passage of a text with its matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// A single line.
    pub text: String,
    /// The matches: byte ranges of `text`, in order, not overlapping.
    pub marks: Vec<Range<usize>>,
}

/// An occurrence of a term.
struct TermMatch {
    /// Index of the term.
    term: usize,
    /// Index of its first word in the text.
    first: usize,
    /// Number of its words.
    count: usize,
}

fn find_matches(words: &[FoldedWord<'_>], terms: &[TermWords]) -> Vec<TermMatch> {
    let mut matches = Vec::new();
    for first in 0..words.len() {
        for (term, term_words) in terms.iter().enumerate() {
            if let Some(count) = term_words.matches_at(words, first) {
                matches.push(TermMatch { term, first, count });
            }
        }
    }
    matches
}

/// The passage of `text` with the most terms; its beginning where it has none.
pub(super) fn passage(text: &str, terms: &[TermWords]) -> Snippet {
    let text = prefix(text, MAX_BYTES);
    let words = words(text);
    let matches = find_matches(&words, terms);
    let reach = PASSAGE_WORDS - WORDS_BEFORE;
    // Number of different terms, and index of the first word.
    let mut best = (0, 0);
    for (nth, start) in matches.iter().enumerate() {
        let within: BTreeSet<usize> = matches
            .iter()
            .skip(nth)
            .take_while(|next| next.first - start.first < reach)
            .map(|next| next.term)
            .collect();
        if within.len() > best.0 {
            best = (within.len(), start.first);
        }
        if best.0 == terms.len() {
            break;
        }
    }
    let first = best.1.saturating_sub(WORDS_BEFORE);
    let last = (first + PASSAGE_WORDS).min(words.len());
    let Some(shown) = words.get(first..last).filter(|shown| !shown.is_empty()) else {
        return Snippet::default();
    };
    let start = if first == 0 { 0 } else { shown.first().map_or(0, |word| word.at.start) };
    let end = if last == words.len() { text.len() } else { shown.last().map_or(0, |word| word.at.end) };
    let marked: Vec<Range<usize>> = matches
        .iter()
        .filter(|found| (first..last).contains(&found.first))
        .filter_map(|found| {
            let last = (found.first + found.count).min(last) - 1;
            Some(words.get(found.first)?.at.start..words.get(last)?.at.end)
        })
        .collect();
    let mut snippet = Snippet::default();
    if first > 0 {
        snippet.text.push('…');
    }
    write_line(&mut snippet, text, start..end, &marked);
    if last < words.len() {
        snippet.text.push('…');
    }
    snippet
}

/// Appends a range of a text as a single line, white space as single spaces, with the marks at their new positions.
fn write_line(snippet: &mut Snippet, text: &str, at: Range<usize>, marked: &[Range<usize>]) {
    let mut marks = marked.iter().peekable();
    let mut open: Option<(usize, usize)> = None;
    let offset = at.start;
    for (i, c) in text.get(at).unwrap_or_default().char_indices() {
        let i = i + offset;
        if let Some((from, _)) = open.take_if(|(_, end)| i >= *end) {
            close_mark(snippet, from);
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
        close_mark(snippet, from);
    }
    let length = snippet.text.trim_end().len();
    snippet.text.truncate(length);
}

/// Adds a mark from `from` to the last character that is no space.
fn close_mark(snippet: &mut Snippet, from: usize) {
    let end = snippet.text.trim_end().len();
    if from < end {
        snippet.marks.push(from..end);
    }
}

/// Frequency of each term in title, standfirst and text, and their numbers of words.
#[derive(Clone, Debug)]
pub(super) struct TermCounts {
    terms: Vec<[u32; 3]>,
    lengths: [usize; 3],
}

/// Weights of title, standfirst and text: a word of a headline says more than one of the text.
const WEIGHTS: [f64; 3] = [6.0, 3.0, 1.0];

impl TermCounts {
    pub(super) fn of(fields: [&str; 3], terms: &[TermWords]) -> Self {
        let mut counts = vec![[0; 3]; terms.len()];
        let mut lengths = [0; 3];
        for (field, (text, length)) in fields.iter().zip(&mut lengths).enumerate() {
            *length = words::count(prefix(text, MAX_BYTES), terms, |term| {
                if let Some(count) = counts.get_mut(term).and_then(|counts| counts.get_mut(field)) {
                    *count += 1;
                }
            });
        }
        Self { terms: counts, lengths }
    }

    fn has(&self, term: usize) -> bool {
        self.terms.get(term).is_some_and(|counts| counts.iter().any(|&count| count > 0))
    }
}

/// The score of each candidate by BM25F (Robertson, Zaragoza and Taylor 2004) with k1 = 1.2 and b = 0.75. The rarity of a
/// term is its inverse frequency among the candidates.
pub(super) fn scores(candidates: &[TermCounts], terms: usize) -> Vec<f64> {
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
        let rows: Vec<TermWords> = query::parse(typed).unwrap().terms.iter().map(TermWords::of).collect();
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
        assert_eq!(text.split(' ').count(), PASSAGE_WORDS);
    }

    #[test]
    fn a_rare_word_in_a_headline_counts_most() {
        let rows: Vec<TermWords> =
            query::parse("harbour OR the").unwrap().terms.iter().map(TermWords::of).collect();
        let candidates = [
            TermCounts::of(["The", "", "the the the the"], &rows),
            TermCounts::of(["Harbour", "", "the"], &rows),
            TermCounts::of(["", "", "a harbour in the text"], &rows),
        ];
        let scores = scores(&candidates, rows.len());
        assert!(scores[1] > scores[2] && scores[2] > scores[0], "{scores:?}");
    }
}
