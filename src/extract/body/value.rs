//! What a block reads like.

use super::View;
use crate::html::{Block, Shape};

/// Whether a block reads like a paragraph of an article: long, or a sentence; not mostly links.
pub(super) fn is_paragraph(block: &Block) -> bool {
    let prose = matches!(block.shape, Shape::Paragraph | Shape::Item { .. });
    prose
        && weight(block) >= 25.0
        && block.linked * 2 < block.chars
        && (weight(block) >= 80.0 || ends_sentence(&block.text))
}

/// Characters, those of scripts that write a word with one or two counted for more.
pub(super) fn weight(block: &Block) -> f64 {
    // Those scripts begin at U+2E80, whose first byte in UTF-8 is this.
    if !block.text.bytes().take(180).any(|byte| byte >= 0xe2) {
        return block.chars as f64;
    }
    let sample = block.text.chars().take(60);
    let (mut dense, mut all) = (0, 0);
    for c in sample.filter(|c| c.is_alphabetic()) {
        all += 1;
        dense += usize::from(matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'));
    }
    let factor = if dense * 2 > all { 2.5 } else { 1.0 };
    block.chars as f64 * factor
}

/// Whether a text ends as sentences do, in any script.
pub(super) fn ends_sentence(text: &str) -> bool {
    let last = text
        .trim_end_matches(|c: char| c.is_whitespace() || "\"'”’»)]“」』".contains(c))
        .chars()
        .next_back();
    matches!(
        last,
        Some('.' | '!' | '?' | '…' | '。' | '！' | '？' | '؟' | '۔' | '।' | ':' | '։' | '።')
    )
}

/// Whether each block is within noise.
pub(super) fn covered(view: &View<'_>) -> Vec<bool> {
    let document = view.document;
    let mut end = None;
    let mut next = document.all().next();
    let mut covered = Vec::with_capacity(view.blocks.len());
    for block in &view.blocks {
        while let Some(at) = next.filter(|at| *at <= block.first) {
            if view.noise.has(at) {
                end = Some(document.end(at).max(end.unwrap_or(at)));
            }
            next = Some(at.next());
        }
        covered.push(end.is_some_and(|end| block.first < end));
    }
    covered
}
