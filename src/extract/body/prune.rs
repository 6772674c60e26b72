//! Which blocks of a container are of the article.

use super::{View, value};
use crate::extract::meta::fold;
use crate::html::{At, Block, Shape};

/// Positions of the blocks that are kept, in order; all that are paragraphs where nothing else is left.
pub(super) fn kept(view: &View<'_>, container: At) -> Vec<usize> {
    let end = view.document.end(container);
    let from = view.blocks.partition_point(|block| block.first < container);
    let to = view.blocks.partition_point(|block| block.first < end);
    let noise = value::covered(view);
    let title = view.title.map(fold).unwrap_or_default();
    let inside = from..to;
    let mut kept: Vec<usize> = inside
        .clone()
        .filter(|index| !noise.get(*index).copied().unwrap_or(true))
        .filter(|index| {
            view.blocks
                .get(*index)
                .is_some_and(|block| belongs(block, &title))
        })
        .collect();
    trim_ends(view, &mut kept);
    drop_empty_headings(view, &mut kept);
    drop_repeats(view, &mut kept);
    if kept.is_empty() {
        kept = inside
            .filter(|index| view.blocks.get(*index).is_some_and(value::is_paragraph))
            .collect();
    }
    if kept.is_empty() {
        kept = (0..view.blocks.len())
            .filter(|index| {
                view.blocks
                    .get(*index)
                    .is_some_and(|block| block.linked * 2 < block.chars && value::weight(block) >= 20.0)
            })
            .collect();
    }
    kept
}

/// Whether a block may be of the article by itself.
fn belongs(block: &Block, title: &str) -> bool {
    let weight = value::weight(block);
    if block.linked * 10 > block.chars * 9 && weight < 250.0 {
        return false;
    }
    if block.linked * 2 > block.chars && !value::ends_sentence(&block.text) {
        return false;
    }
    if title.len() > 10 && weight < 250.0 && fold(&block.text) == title {
        return false;
    }
    // A line without a letter parts sections.
    block.text.chars().any(char::is_alphanumeric)
}

/// Short lines before the first and after the last paragraph are dates, labels, tags.
fn trim_ends(view: &View<'_>, kept: &mut Vec<usize>) {
    let solid = |index: &usize| {
        view.blocks.get(*index).is_some_and(|block| {
            value::is_paragraph(block)
                || (matches!(block.shape, Shape::Row | Shape::Pre))
                || matches!(block.shape, Shape::Item { .. }) && value::weight(block) > 15.0
        })
    };
    let Some(first) = kept.iter().position(solid) else {
        return;
    };
    let last = kept.iter().rposition(solid).unwrap_or(first);
    // A heading right before the first paragraph opens the text.
    let first = match first
        .checked_sub(1)
        .and_then(|before| kept.get(before))
        .and_then(|index| view.blocks.get(*index))
    {
        Some(block) if matches!(block.shape, Shape::Heading(2..)) => first - 1,
        _ => first,
    };
    kept.truncate(last + 1);
    kept.drain(..first);
}

/// A heading that no text follows is one of something left out.
fn drop_empty_headings(view: &View<'_>, kept: &mut Vec<usize>) {
    let level = |index: usize| match view.blocks.get(index).map(|block| block.shape) {
        Some(Shape::Heading(level)) => Some(level),
        _ => None,
    };
    let mut out: Vec<usize> = Vec::with_capacity(kept.len());
    for index in kept.iter().rev() {
        let empty = level(*index).is_some_and(|own| match out.last() {
            None => true,
            Some(next) => level(*next).is_some_and(|next| next <= own),
        });
        // Of two headings in a row the upper is a title of a section only where it ranks higher.
        if !empty {
            out.push(*index);
        }
    }
    out.reverse();
    *kept = out;
}

/// A long text said twice is printed for two widths of screen.
fn drop_repeats(view: &View<'_>, kept: &mut Vec<usize>) {
    let mut seen = std::collections::HashSet::new();
    kept.retain(|index| {
        view.blocks
            .get(*index)
            .is_some_and(|block| block.chars < 60 || seen.insert(block.text.as_str()))
    });
}
