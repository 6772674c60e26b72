//! What the text of a block reads like.

use crate::html::{Block, BlockKind};

/// True if a block reads like a paragraph of an article: long, or a sentence; and not mostly links.
pub(super) fn is_paragraph(block: &Block) -> bool {
    let is_prose = matches!(block.kind, BlockKind::Paragraph | BlockKind::Item { .. });
    is_prose
        && block.weight >= 25.0
        && block.linked_chars * 2 < block.chars
        && (block.weight >= 80.0 || ends_sentence(&block.text))
}

/// True if a text ends as sentences do, in any script; closing quotes and brackets may follow.
pub(super) fn ends_sentence(text: &str) -> bool {
    let last =
        text.trim_end_matches(|c: char| c.is_whitespace() || "\"'”’»)]“」』".contains(c)).chars().next_back();
    matches!(last, Some('.' | '!' | '?' | '…' | '。' | '！' | '？' | '؟' | '۔' | '।' | ':' | '։'))
}

/// True for a short paragraph that is no sentence: a date, a label, a tag.
pub(super) fn is_scrap(block: &Block, most_weight: f64) -> bool {
    block.kind == BlockKind::Paragraph && block.weight < most_weight && !ends_sentence(&block.text)
}
