//! Which blocks of a container are of the article.

use std::collections::HashMap;

use super::features::{FEW, range};
use super::{View, value};
use crate::extract::meta::fold;
use crate::html::{Block, BlockKind, NodeId, Tag};

/// Log-odds that a block needs. More than even: a wrong sentence is worse than a missing one, and the weights were fitted
/// to pages of which each has as much that is of the article as is not.
const LEAST: f32 = 0.5;

/// Positions of the blocks that are kept, in order; all that are paragraphs where nothing else is left.
pub(super) fn kept(view: &View<'_>, container: NodeId, odds: &[f32]) -> Vec<usize> {
    let title = view.title.map(fold).unwrap_or_default();
    let mut kept: Vec<usize> = odds
        .iter()
        .enumerate()
        .filter(|(_, odds)| **odds > LEAST)
        .map(|(index, _)| index)
        .filter(|index| {
            view.blocks
                .get(*index)
                .is_some_and(|block| belongs(block, &title))
        })
        .collect();
    if view.blocks.len() < FEW {
        keep_runs(view, &mut kept);
    }
    keep_tables(view, odds, &mut kept);
    begin_behind_byline(view, &mut kept);
    trim_ends(view, &mut kept);
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
                    .is_some_and(|block| block.linked_chars * 2 < block.chars && value::weight(block) >= 20.0)
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
    // Nothing but a link is a way to another page.
    if block.linked_chars * 10 > block.chars * 9
        && block.kind == BlockKind::Paragraph
        && value::weight(block) < 250.0
    {
        return false;
    }
    // A line without a letter parts sections.
    block.text.chars().any(char::is_alphanumeric)
}

/// Short lines before the first and behind the last paragraph are dates, labels, tags.
fn trim_ends(view: &View<'_>, kept: &mut Vec<usize>) {
    let is_scrap = |index: &usize| {
        view.blocks.get(*index).is_some_and(|block| {
            block.kind == BlockKind::Paragraph
                && value::weight(block) < 40.0
                && !value::ends_sentence(&block.text)
        })
    };
    let is_solid = |index: &usize| {
        view.blocks
            .get(*index)
            .is_some_and(|block| value::weight(block) >= 60.0)
    };
    let Some(first) = kept.iter().position(is_solid) else {
        return;
    };
    let last = kept.iter().rposition(is_solid).unwrap_or(first);
    let mut place = 0;
    kept.retain(|index| {
        let is_end = place < first || place > last;
        place += 1;
        !(is_end && is_scrap(index))
    });
}

/// A heading that no text follows is one of something left out.
fn drop_empty_headings(view: &View<'_>, kept: &mut Vec<usize>) {
    let level = |index: usize| match view.blocks.get(index).map(|block| block.kind) {
        Some(BlockKind::Heading(level)) => Some(level),
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

/// A long text said twice is printed for two widths of screen, or drawn out of the text in large letters. Among the same
/// siblings, with something between, it is said twice: a step of a plan, a line of a song.
fn drop_repeats(view: &View<'_>, kept: &mut Vec<usize>) {
    let mut seen: HashMap<&str, (NodeId, usize)> = HashMap::new();
    kept.retain(|index| {
        let Some(block) = view.blocks.get(*index).filter(|block| block.chars >= 60) else {
            return true;
        };
        let parent = view.document.parent(block.owner).unwrap_or(block.owner);
        let (first_parent, first) = *seen.entry(block.text.as_str()).or_insert((parent, *index));
        let is_first = first == *index;
        is_first || first_parent == parent && first + 1 < *index
    });
}

/// On a small page, without much around the article, a paragraph right behind a kept one in the same element is kept, too.
fn keep_runs(view: &View<'_>, kept: &mut Vec<usize>) {
    let covered = value::covered(view);
    let parent = |block: &Block| view.document.parent(block.owner);
    let mut out: Vec<usize> = Vec::with_capacity(kept.len());
    for (index, block) in view.blocks.iter().enumerate() {
        let follows = || {
            let before = index.checked_sub(1).filter(|before| out.last() == Some(before))?;
            let before = view.blocks.get(before)?;
            let together = before.owner == block.owner || parent(before) == parent(block);
            let plain = block.linked_chars * 10 < block.chars && covered.get(index) == Some(&false);
            (together && plain && value::is_paragraph(block)).then_some(())
        };
        if kept.binary_search(&index).is_ok() || follows().is_some() {
            out.push(index);
        }
    }
    *kept = out;
}

/// A table of which more is of the article than is not is of it as a whole: alone, most rows are a few words and
/// numbers.
fn keep_tables(view: &View<'_>, odds: &[f32], kept: &mut Vec<usize>) {
    let document = view.document;
    let table = |block: &Block| {
        (block.kind == BlockKind::Row).then(|| {
            let mut around = std::iter::once(block.owner).chain(document.ancestors(block.owner));
            around.find(|at| document.tag(*at) == Tag::Table)
        })
    };
    let mut from = 0;
    for rows in view
        .blocks
        .chunk_by(|one, next| table(one).is_some_and(|table_of| Some(table_of) == table(next)))
    {
        let range = from..from + rows.len();
        from = range.end;
        let (chars, linked) = rows.iter().fold((0, 0), |(chars, linked), row| {
            (chars + row.chars, linked + row.linked_chars)
        });
        if rows.len() < 2 || linked * 2 > chars {
            continue;
        }
        let sum: f32 = range.clone().filter_map(|index| odds.get(index)).sum();
        let (before, behind) = (
            kept.partition_point(|index| *index < range.start),
            kept.partition_point(|index| *index < range.end),
        );
        if sum > 0.0 {
            kept.splice(before..behind, range);
        }
    }
}

/// A line of names and a date parts the head of a page from its text: what stands before it is the standfirst.
fn begin_behind_byline(view: &View<'_>, kept: &mut Vec<usize>) {
    let weigh = |index: &usize| view.blocks.get(*index).map_or(0.0, value::weight);
    let is_byline = |index: &usize| {
        view.blocks.get(*index).is_some_and(|block| {
            block.kind == BlockKind::Paragraph
                && value::weight(block) < 60.0
                && !value::ends_sentence(&block.text)
                && has_year(&block.text)
        })
    };
    let Some(place) = kept.iter().take(3).position(is_byline) else {
        return;
    };
    let head: f64 = kept.iter().take(place).map(weigh).sum();
    let rest: f64 = kept.iter().skip(place + 1).map(weigh).sum();
    if head * 4.0 < rest {
        kept.drain(..=place);
    }
}

/// Whether a number of four digits is a year of ours.
fn has_year(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|number| number.len() == 4 && (number.starts_with("19") || number.starts_with("20")))
}
