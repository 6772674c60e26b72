//! What blocks are worth alone and among their neighbours, and which element's blocks are worth most.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "features are near 1 and need no more than three digits"
)]

use super::features::{Seen, Sums, range};
use super::names::Words;
use super::weights::{Feature, WEIGHTS, WORDS};
use super::{View, value};
use crate::html::{BlockKind, Document, NodeId, Tag};

/// The log-odds that a block is of the article: alone (0) or among its neighbours (1).
fn odds(seen: &Seen, among: usize) -> f32 {
    let mut sum = 0.0;
    for (value, weights) in seen.values().iter().zip(WEIGHTS) {
        sum += value * weights.get(among).copied().unwrap_or_default();
    }
    sum + named(&seen.near, |place| WORDS.get(place)?.1.get(among).copied())
        + named(&seen.far, |place| WORDS.get(place)?.2.get(among).copied())
}

fn named(names: &Words, weight: impl Fn(usize) -> Option<f32>) -> f32 {
    let mut sum = 0.0;
    for (index, word) in names.iter().enumerate() {
        let mut rest = *word;
        while rest != 0 {
            sum += weight(index * 64 + rest.trailing_zeros() as usize).unwrap_or_default();
            rest &= rest - 1;
        }
    }
    sum
}

/// Log-odds beyond which a block is as sure as any.
const SURE: f32 = 4.0;

/// The log-odds of each block alone.
pub(super) fn alone(seen: &[Seen]) -> Vec<f32> {
    seen.iter().map(|seen| odds(seen, 0).clamp(-SURE, SURE)).collect()
}

/// The element whose blocks are worth most together: characters that are of the article less those that are not.
pub(super) fn best_container(view: &View<'_>, alone: &[f32], root: NodeId) -> NodeId {
    let sums = Sums::of(view.blocks.iter().zip(alone).map(|(block, odds)| {
        let share = f64::from(1.0 / (1.0 + (-odds).exp()));
        (value::weight(block).min(1500.0) + 10.0) * (share - 0.4)
    }));
    let mut best = (root, f64::MIN);
    for at in view.document.subtree(root) {
        if !can_hold(view.document, at) {
            continue;
        }
        let worth = sums.within(range(view, at));
        // Later is deeper: on a tie the innermost wins.
        if worth > 0.0 && worth >= best.1 * 0.995 {
            best = (at, worth.max(best.1));
        }
    }
    best.0
}

fn can_hold(document: &Document, at: NodeId) -> bool {
    let tag = document.tag(at);
    (tag.is_block() || matches!(tag, Tag::Other | Tag::Span | Tag::Font))
        && !matches!(tag, Tag::P | Tag::Li | Tag::Ul | Tag::Ol)
        && tag.heading().is_none()
}

/// Adds to what is seen of each block what its neighbours are worth.
pub(super) fn look_around(view: &View<'_>, seen: &mut [Seen], alone: &[f32], container: NodeId) {
    let inside = range(view, container);
    let solid = |index: usize| {
        inside.contains(&index)
            && alone.get(index).is_some_and(|odds| *odds > 0.0)
            && view
                .blocks
                .get(index)
                .is_some_and(|block| value::weight(block) >= 60.0)
    };
    let first = inside.clone().find(|index| solid(*index)).unwrap_or(inside.start);
    let last = inside.clone().rfind(|index| solid(*index)).unwrap_or(inside.end);
    let good = Sums::of((0..view.blocks.len()).map(|index| f64::from(u8::from(solid(index)))));
    let worth = |index: usize| view.blocks.get(index).map_or(0.0, value::weight);
    let positive = Sums::of(
        alone
            .iter()
            .enumerate()
            .map(|(index, odds)| if *odds > 0.0 { worth(index) } else { 0.0 }),
    );
    let all = Sums::of((0..view.blocks.len()).map(worth));
    let hint = view.document.attr(container, "itemprop").is_some();
    let odds_at = |index: Option<usize>| {
        index
            .and_then(|index| alone.get(index))
            .map_or(-1.0, |odds| odds / SURE)
    };
    for (index, seen) in seen.iter_mut().enumerate() {
        let Some(block) = view.blocks.get(index) else {
            continue;
        };
        seen.set(Feature::Alone, odds_at(Some(index)));
        let before = |by: usize| odds_at(index.checked_sub(by));
        let after = |by: usize| odds_at(index.checked_add(by));
        seen.set(Feature::Before, before(1));
        seen.set(Feature::After, after(1));
        seen.set(Feature::Before3, (before(1) + before(2) + before(3)) / 3.0);
        seen.set(Feature::After3, (after(1) + after(2) + after(3)) / 3.0);
        let is_inside = inside.contains(&index);
        let own = odds_at(Some(index));
        let depth = view
            .document
            .ancestors(block.owner)
            .take(5)
            .position(|at| at == container);
        let tail = good.within(index + 1..view.blocks.len());
        let (italic, linked, lead) = (
            seen.get(Feature::AllItalic) > 0.0,
            seen.get(Feature::Linked) > 0.1,
            seen.get(Feature::IsLead) > 0.0,
        );
        seen.set(
            if is_inside {
                Feature::AloneInside
            } else {
                Feature::AloneOutside
            },
            own,
        );
        if is_inside {
            seen.set(Feature::Depth, depth.map_or(1.0, |depth| depth as f32 / 5.0));
        }
        let mut flag = |feature, on: bool| seen.set(feature, f32::from(u8::from(on)));
        flag(Feature::Inside, is_inside);
        flag(Feature::ItalicEnd, italic && tail < 1.5);
        flag(Feature::LinkedEnd, linked && tail < 1.5);
        flag(Feature::LeadAhead, lead && index < first);
        flag(Feature::InsideHint, is_inside && hint);
        flag(Feature::InSpan, (first..=last).contains(&index));
        flag(Feature::AheadOfSpan, index < first && index + 6 >= first);
        flag(Feature::BehindSpan, index > last);
        let next = view.blocks.get(index + 1);
        let heading = matches!(block.kind, BlockKind::Heading(_));
        let next_heads = next.is_some_and(|next| matches!(next.kind, BlockKind::Heading(_)));
        flag(Feature::HeadsHeading, heading && next_heads);
        flag(
            Feature::HeadsGood,
            heading && !next_heads && alone.get(index + 1).is_some_and(|odds| *odds > 0.0),
        );
        flag(Feature::LastHeading, heading && index > last);
        flag(Feature::ShortBehind, index > last && value::weight(block) < 60.0);
        seen.set(
            Feature::HeadDistance,
            (good.within(0..index).min(5.0) / 5.0) as f32,
        );
        seen.set(
            Feature::TailDistance,
            (good.within(index + 1..view.blocks.len()).min(5.0) / 5.0) as f32,
        );
        let parent = view.document.parent(block.owner).unwrap_or(block.owner);
        let grand = view.document.parent(parent).unwrap_or(parent);
        for (at, feature) in [(parent, Feature::GoodParent), (grand, Feature::GoodGrand)] {
            let range = range(view, at);
            if at == parent {
                let share = positive.within(range.clone()) / positive.within(inside.clone()).max(1.0);
                seen.set(Feature::GoodShare, share.min(1.0) as f32);
            }
            seen.set(
                feature,
                (positive.within(range.clone()) / all.within(range).max(1.0)) as f32,
            );
        }
    }
}

/// The log-odds of each block among its neighbours.
pub(super) fn among(seen: &[Seen]) -> Vec<f32> {
    seen.iter().map(|seen| odds(seen, 1)).collect()
}
