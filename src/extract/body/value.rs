//! What a block reads like.

use super::View;
use crate::html::{Block, BlockKind};

/// Whether a block reads like a paragraph of an article: long, or a sentence; not mostly links.
pub(super) fn is_paragraph(block: &Block) -> bool {
    let prose = matches!(block.kind, BlockKind::Paragraph | BlockKind::Item { .. });
    prose
        && weight(block) >= 25.0
        && block.linked_chars * 2 < block.chars
        && (weight(block) >= 80.0 || ends_sentence(&block.text))
}

/// Characters, those of scripts that write a word with one or two counted for more.
pub(super) fn weight(block: &Block) -> f64 {
    block.weight
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
    let mut next = document.nodes().next();
    let mut covered = Vec::with_capacity(view.blocks.len());
    for block in &view.blocks {
        while let Some(at) = next.filter(|at| *at <= block.first) {
            if view.noise.contains(at) {
                end = Some(document.end(at).max(end.unwrap_or(at)));
            }
            next = Some(at.next());
        }
        covered.push(end.is_some_and(|end| block.first < end));
    }
    covered
}
