//! What blocks are worth, and which element's blocks are worth most.

use super::{View, noise};
use crate::extract::jsonld::Linked;
use crate::extract::meta::fold;
use crate::html::{At, Block, Document, Shape, Tag};

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

/// The value of each block.
pub(super) fn of_blocks(view: &View<'_>, linked: &Linked) -> Vec<f64> {
    let said = linked.body.as_deref().map(fold).unwrap_or_default();
    let in_noise = covered(view);
    view.blocks
        .iter()
        .zip(in_noise)
        .map(|(block, noise)| {
            let weight = weight(block);
            if noise {
                return -(weight * 0.15).min(60.0) - 3.0;
            }
            if is_paragraph(block) {
                let mut value = weight - block.linked as f64;
                if said.len() > 200 && block.chars > 40 && said.contains(&fold(&block.text)) {
                    value *= 1.5;
                }
                return value.min(1500.0);
            }
            match block.shape {
                Shape::Heading(_) => -2.0,
                _ if block.linked * 2 >= block.chars => -15.0 - (weight * 0.5).min(60.0),
                Shape::Row => 0.0,
                Shape::Item { .. } => weight * 0.2 - 5.0,
                _ => -8.0,
            }
        })
        .collect()
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

/// The element whose blocks are worth most together; of those worth almost as much, the innermost.
pub(super) fn best_container(view: &View<'_>, root: At) -> At {
    let document = view.document;
    let mut sums = Vec::with_capacity(view.blocks.len() + 1);
    let mut sum = 0.0;
    sums.push(0.0);
    for value in &view.values {
        sum += value;
        sums.push(sum);
    }
    let total = |at: At| {
        let from = view.blocks.partition_point(|block| block.first < at);
        let to = view
            .blocks
            .partition_point(|block| block.first < document.end(at));
        sums.get(to).unwrap_or(&0.0) - sums.get(from).unwrap_or(&0.0)
    };
    let mut best = (root, f64::MIN);
    for at in document.within(root) {
        if !can_hold(document, at) {
            continue;
        }
        let worth = total(at);
        if worth <= 0.0 {
            continue;
        }
        let worth = worth * (1.0 + noise::body_hint(document, at));
        // Later is deeper: on a tie the innermost wins.
        if worth >= best.1 * 0.999 {
            best = (at, worth.max(best.1));
        }
    }
    best.0
}

fn can_hold(document: &Document, at: At) -> bool {
    let tag = document.tag(at);
    (tag.is_block() || matches!(tag, Tag::Other | Tag::Span | Tag::Font))
        && !matches!(tag, Tag::P | Tag::Li | Tag::Ul | Tag::Ol)
        && tag.heading().is_none()
}
