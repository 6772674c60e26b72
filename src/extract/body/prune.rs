//! Which blocks of a container are of the article.

use super::features::range;
use super::{View, value};
use crate::extract::meta::fold;
use crate::html::{At, Block, Shape};

/// Positions of the blocks that are kept, in order; all that are paragraphs where nothing else is left.
pub(super) fn kept(view: &View<'_>, container: At, odds: &[f32]) -> Vec<usize> {
    let title = view.title.map(fold).unwrap_or_default();
    let mut kept: Vec<usize> = odds
        .iter()
        .enumerate()
        .filter(|(_, odds)| **odds > 0.0)
        .map(|(index, _)| index)
        .filter(|index| {
            view.blocks
                .get(*index)
                .is_some_and(|block| belongs(block, &title))
        })
        .collect();
    drop_empty_headings(view, &mut kept);
    drop_repeats(view, &mut kept);
    if kept.is_empty() {
        kept = range(view, container)
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
    if title.len() > 10 && value::weight(block) < 250.0 && fold(&block.text) == title {
        return false;
    }
    // A line without a letter parts sections.
    block.text.chars().any(char::is_alphanumeric)
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
