//! Chooses the blocks of the article by their odds, and corrects the choice by what the blocks say together.
//!
//! The corrections run in a fixed order. Those that add blocks (runs, tables) come first; those that remove some (head of
//! the page, ends, headings, repeats) see the result. Each keeps the indexes sorted.

use std::collections::HashMap;

use super::block_text::{is_paragraph, is_scrap};
use super::features::FEW_BLOCKS;
use super::view::PageView;
use crate::extract::words::fold;
use crate::html::{Block, BlockKind, NodeId, Tag};

/// Log-odds that a block needs. More than even: a wrong sentence is worse than a missing one, and the model was fitted to
/// pages weighted so that each has as much text of the article as other text.
const LEAST_ODDS: f32 = 0.5;

/// Weight of a block that may be a repeated title or a link alone; a heavier one is text.
const MOST_NO_TEXT: f64 = 250.0;

/// Characters of a text that is dropped where it is repeated.
const LEAST_REPEATED: usize = 60;

/// The blocks of the article, in order. Without any, all paragraphs of the container; without any of those, all blocks
/// that are not mostly links.
pub(super) fn kept_blocks(view: &PageView<'_>, container: NodeId, odds: &[f32]) -> Vec<usize> {
    let title = view.title.map(fold).unwrap_or_default();
    let block_is =
        |index: usize, condition: &dyn Fn(&Block) -> bool| view.blocks.get(index).is_some_and(condition);
    let mut kept: Vec<usize> = odds
        .iter()
        .enumerate()
        .filter(|(_, odds)| **odds > LEAST_ODDS)
        .map(|(index, _)| index)
        .filter(|index| block_is(*index, &|block| can_be_kept(block, &title)))
        .collect();
    if view.blocks.len() < FEW_BLOCKS {
        extend_runs(view, &mut kept);
    }
    keep_whole_tables(view, odds, &mut kept);
    begin_after_byline(view, &mut kept);
    trim_ends(view, &mut kept);
    drop_empty_headings(view, &mut kept);
    drop_repeats(view, &mut kept);
    if kept.is_empty() {
        kept = view.blocks_within(container).filter(|index| block_is(*index, &is_paragraph)).collect();
    }
    if kept.is_empty() {
        let is_text = |block: &Block| block.linked_chars * 2 < block.chars && block.weight >= 20.0;
        kept = (0..view.blocks.len()).filter(|index| block_is(*index, &is_text)).collect();
    }
    kept
}

/// False for what is never part of the text: the title again, a paragraph that is only a link, a line without a letter.
fn can_be_kept(block: &Block, title: &str) -> bool {
    let is_light = block.weight < MOST_NO_TEXT;
    let is_title = title.len() > 10 && is_light && fold(&block.text) == title;
    let is_link = block.linked_chars * 10 > block.chars * 9 && block.kind == BlockKind::Paragraph && is_light;
    !is_title && !is_link && block.text.chars().any(char::is_alphanumeric)
}

/// On a small page, keeps a paragraph right behind a kept one in the same element: there is little around the article.
fn extend_runs(view: &PageView<'_>, kept: &mut Vec<usize>) {
    let covered = view.noise_cover();
    // `extended` ends with the block before if that was kept.
    let parent = |block: &Block| view.document.parent(block.owner);
    let mut extended: Vec<usize> = Vec::with_capacity(kept.len());
    for (index, block) in view.blocks.iter().enumerate() {
        let before = index
            .checked_sub(1)
            .filter(|before| extended.last() == Some(before))
            .and_then(|before| view.blocks.get(before));
        let follows = before.is_some_and(|before| {
            (before.owner == block.owner || parent(before) == parent(block))
                && block.linked_chars * 10 < block.chars
                && covered.get(index) == Some(&false)
                && is_paragraph(block)
        });
        if follows || kept.binary_search(&index).is_ok() {
            extended.push(index);
        }
    }
    *kept = extended;
}

/// Keeps all rows of a table whose rows are together likelier of the article than not: alone, most rows are a few words
/// and numbers.
fn keep_whole_tables(view: &PageView<'_>, odds: &[f32], kept: &mut Vec<usize>) {
    let document = view.document;
    let table_of = |row: &Block| {
        (row.kind == BlockKind::Row).then(|| {
            let mut around = std::iter::once(row.owner).chain(document.ancestors(row.owner));
            around.find(|at| document.tag(*at) == Tag::Table)
        })
    };
    // Rows of one table that follow each other are one chunk; every other block is a chunk of its own.
    let mut from = 0;
    for rows in
        view.blocks.chunk_by(|row, next| table_of(row).is_some_and(|table| Some(table) == table_of(next)))
    {
        let range = from..from + rows.len();
        from = range.end;
        let chars: usize = rows.iter().map(|row| row.chars).sum();
        let linked: usize = rows.iter().map(|row| row.linked_chars).sum();
        if rows.len() < 2 || linked * 2 > chars {
            continue;
        }
        let sum: f32 = range.clone().filter_map(|index| odds.get(index)).sum();
        if sum > 0.0 {
            let before = kept.partition_point(|index| *index < range.start);
            let behind = kept.partition_point(|index| *index < range.end);
            kept.splice(before..behind, range);
        }
    }
}

/// Drops what stands before a line with names and a date, the standfirst, if more text follows the line.
fn begin_after_byline(view: &PageView<'_>, kept: &mut Vec<usize>) {
    let is_byline = |index: &usize| {
        let block = view.blocks.get(*index);
        block.is_some_and(|block| is_scrap(block, 60.0) && has_year(&block.text))
    };
    let Some(place) = kept.iter().take(3).position(is_byline) else {
        return;
    };
    let weigh = |index: &usize| view.weight(*index);
    let before: f64 = kept.iter().take(place).map(weigh).sum();
    let behind: f64 = kept.iter().skip(place + 1).map(weigh).sum();
    if before * 4.0 < behind {
        kept.drain(..=place);
    }
}

/// True if a text has a year from 1900 to 2099 as a number by itself.
fn has_year(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|number| number.len() == 4 && (number.starts_with("19") || number.starts_with("20")))
}

/// Drops the scraps (dates, labels, tags) before the first and behind the last block with text.
fn trim_ends(view: &PageView<'_>, kept: &mut Vec<usize>) {
    let is_solid = |index: &usize| view.weight(*index) >= 60.0;
    let Some(first) = kept.iter().position(is_solid) else {
        return;
    };
    let last = kept.iter().rposition(is_solid).unwrap_or(first);
    let mut place = 0;
    kept.retain(|index| {
        let is_end = place < first || place > last;
        place += 1;
        let block = view.blocks.get(*index);
        !(is_end && block.is_some_and(|block| is_scrap(block, 40.0)))
    });
}

/// Drops headings that no text follows: the text was left out. Of two headings in a row the upper one stays if it is of a
/// higher level, since it is the title of several sections.
fn drop_empty_headings(view: &PageView<'_>, kept: &mut Vec<usize>) {
    let level = |index: usize| match view.blocks.get(index)?.kind {
        BlockKind::Heading(level) => Some(level),
        _ => None,
    };
    // From the end, so that the block behind each heading is decided before it.
    let mut with_text: Vec<usize> = Vec::with_capacity(kept.len());
    for index in kept.iter().rev() {
        let is_empty = level(*index).is_some_and(|own| match with_text.last() {
            None => true,
            Some(next) => level(*next).is_some_and(|next| next <= own),
        });
        if !is_empty {
            with_text.push(*index);
        }
    }
    with_text.reverse();
    *kept = with_text;
}

/// Drops long texts that are repeated: they are printed for two widths of screen, or as pull quotes. A text that is
/// repeated in the same element with something between is meant: a step of a plan, a line of a song.
fn drop_repeats(view: &PageView<'_>, kept: &mut Vec<usize>) {
    let mut seen: HashMap<&str, (NodeId, usize)> = HashMap::new();
    kept.retain(|index| {
        let Some(block) = view.blocks.get(*index).filter(|block| block.chars >= LEAST_REPEATED) else {
            return true;
        };
        let parent = view.document.parent(block.owner).unwrap_or(block.owner);
        let (first_parent, first) = *seen.entry(block.text.as_str()).or_insert((parent, *index));
        first == *index || first_parent == parent && first + 1 < *index
    });
}
