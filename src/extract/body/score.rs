//! Scores the blocks, alone and among their neighbours, and finds the element whose blocks are worth most.
//!
//! A score is the log-odds that a block is of the article: the dot product of its features and the weights of one of two
//! models, plus the weights of the words in the names around it.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "features are near 1 and need no more than three digits"
)]

use super::class_names::WordSet;
use super::features::BlockFeatures;
use super::view::{PageView, PrefixSums};
use super::weights::{Feature, WEIGHTS, WORDS};
use crate::html::{BlockKind, Document, NodeId, Tag};

/// Log-odds are limited to this range: beyond it a block is as sure as any.
const MOST_ODDS: f32 = 4.0;

/// Weight from which on a block is text rather than a scrap.
const SOLID: f64 = 60.0;

/// Share of a container's blocks that need not be of the article: a block must be likelier than this to add worth.
const LEAST_PROBABILITY: f64 = 0.4;

/// Which of the two models in `weights` scores a block.
#[derive(Clone, Copy)]
enum Model {
    /// By the block's own features.
    Alone,
    /// By its neighbours, too.
    AmongNeighbours,
}

/// The log-odds that a block is of the article.
fn odds(features: &BlockFeatures, model: Model) -> f32 {
    let column = model as usize;
    let mut sum = 0.0;
    for (value, weights) in features.values().iter().zip(WEIGHTS) {
        sum += value * weights.get(column).copied().unwrap_or_default();
    }
    sum + word_odds(&features.near_names, |place| WORDS.get(place)?.1.get(column).copied())
        + word_odds(&features.all_names, |place| WORDS.get(place)?.2.get(column).copied())
}

/// The sum of the weights of a set of words.
fn word_odds(words: &WordSet, weight: impl Fn(usize) -> Option<f32>) -> f32 {
    let mut sum = 0.0;
    for (index, bits) in words.iter().enumerate() {
        let mut left = *bits;
        while left != 0 {
            sum += weight(index * 64 + left.trailing_zeros() as usize).unwrap_or_default();
            left &= left - 1;
        }
    }
    sum
}

/// The log-odds of each block alone, from -4 to 4.
pub(super) fn own_odds(features: &[BlockFeatures]) -> Vec<f32> {
    features.iter().map(|features| odds(features, Model::Alone).clamp(-MOST_ODDS, MOST_ODDS)).collect()
}

/// The log-odds of each block, its neighbours included.
pub(super) fn odds_among_neighbours(features: &[BlockFeatures]) -> Vec<f32> {
    features.iter().map(|features| odds(features, Model::AmongNeighbours)).collect()
}

/// The element whose blocks are worth most together: characters that are of the article, less those that are not.
pub(super) fn best_container(view: &PageView<'_>, own_odds: &[f32], root: NodeId) -> NodeId {
    let sums = PrefixSums::of(view.blocks.iter().zip(own_odds).map(|(block, odds)| {
        let probability = f64::from(1.0 / (1.0 + (-odds).exp()));
        (block.weight.min(1500.0) + 10.0) * (probability - LEAST_PROBABILITY)
    }));
    let mut best = (root, f64::MIN);
    for at in view.document.subtree(root) {
        if !is_container(view.document, at) {
            continue;
        }
        let worth = sums.within(view.blocks_within(at));
        // Later is deeper: of elements that are worth about the same the innermost is taken.
        if worth > 0.0 && worth >= best.1 * 0.995 {
            best = (at, worth.max(best.1));
        }
    }
    best.0
}

/// True for an element that may hold a whole article.
fn is_container(document: &Document, at: NodeId) -> bool {
    let tag = document.tag(at);
    (tag.is_block() || matches!(tag, Tag::Other | Tag::Span | Tag::Font))
        && !matches!(tag, Tag::P | Tag::Li | Tag::Ul | Tag::Ol)
        && tag.heading().is_none()
}

/// Adds the features that come from the neighbours of each block and from its place in the container.
pub(super) fn add_neighbours(
    view: &PageView<'_>,
    features: &mut [BlockFeatures],
    own_odds: &[f32],
    container: NodeId,
) {
    let neighbours = Neighbours::of(view, own_odds, container);
    for (index, features) in features.iter_mut().enumerate() {
        neighbours.add_odds(features, index);
        neighbours.add_container(features, index);
        neighbours.add_span(features, index);
        neighbours.add_parents(features, index);
    }
}

/// What all blocks of a page say together.
struct Neighbours<'v> {
    view: &'v PageView<'v>,
    /// Log-odds of each block alone.
    own_odds: &'v [f32],
    /// The element with the article.
    container: NodeId,
    /// Blocks of the container.
    inside: std::ops::Range<usize>,
    /// First and last solid block of the container that is likely of the article; else its ends.
    first: usize,
    last: usize,
    /// Number of such blocks.
    solid: PrefixSums,
    /// Weight of the blocks that are likely of the article; of all blocks.
    likely_weight: PrefixSums,
    weight: PrefixSums,
    /// The container has an `itemprop`.
    is_declared: bool,
}

impl<'v> Neighbours<'v> {
    /// Takes the sums once, in time linear in the number of blocks.
    fn of(view: &'v PageView<'v>, own_odds: &'v [f32], container: NodeId) -> Self {
        let inside = view.blocks_within(container);
        let is_likely = |index: usize| own_odds.get(index).is_some_and(|odds| *odds > 0.0);
        let is_solid =
            |index: usize| inside.contains(&index) && is_likely(index) && view.weight(index) >= SOLID;
        let all = 0..view.blocks.len();
        Self {
            first: inside.clone().find(|index| is_solid(*index)).unwrap_or(inside.start),
            last: inside.clone().rfind(|index| is_solid(*index)).unwrap_or(inside.end),
            solid: PrefixSums::of(all.clone().map(|index| f64::from(u8::from(is_solid(index))))),
            likely_weight: PrefixSums::of(
                all.clone().map(|index| if is_likely(index) { view.weight(index) } else { 0.0 }),
            ),
            weight: PrefixSums::of(all.map(|index| view.weight(index))),
            is_declared: view.document.attr(container, "itemprop").is_some(),
            view,
            own_odds,
            container,
            inside,
        }
    }

    /// The odds of a block from -1 to 1; -1 beyond the ends of the page.
    fn odds_at(&self, index: Option<usize>) -> f32 {
        let odds = index.and_then(|index| self.own_odds.get(index));
        odds.map_or(-1.0, |odds| odds / MOST_ODDS)
    }

    /// Solid blocks behind a block.
    fn solid_behind(&self, index: usize) -> f64 {
        self.solid.within(index + 1..self.view.blocks.len())
    }

    /// The odds of a block and of the three before and after it.
    fn add_odds(&self, features: &mut BlockFeatures, index: usize) {
        let own = self.odds_at(Some(index));
        let before = |by: usize| self.odds_at(index.checked_sub(by));
        let after = |by: usize| self.odds_at(index.checked_add(by));
        features.set(Feature::Alone, own);
        features.set(Feature::Before, before(1));
        features.set(Feature::After, after(1));
        features.set(Feature::Before3, (before(1) + before(2) + before(3)) / 3.0);
        features.set(Feature::After3, (after(1) + after(2) + after(3)) / 3.0);
        let in_container =
            if self.inside.contains(&index) { Feature::AloneInside } else { Feature::AloneOutside };
        features.set(in_container, own);
    }

    /// Whether a block is in the container, and how deep.
    fn add_container(&self, features: &mut BlockFeatures, index: usize) {
        let is_inside = self.inside.contains(&index);
        features.flag(Feature::Inside, is_inside);
        features.flag(Feature::InDeclaredContainer, is_inside && self.is_declared);
        if is_inside && let Some(block) = self.view.blocks.get(index) {
            let mut around = self.view.document.ancestors(block.owner).take(5);
            let depth = around.position(|at| at == self.container);
            features.set(Feature::Depth, depth.map_or(1.0, |depth| depth as f32 / 5.0));
        }
    }

    /// How a block stands to the span from the first to the last solid block, and to the block behind it.
    fn add_span(&self, features: &mut BlockFeatures, index: usize) {
        let (first, last) = (self.first, self.last);
        let is_end = self.solid_behind(index) < 1.5;
        let is_italic = features.get(Feature::AllItalic) > 0.0;
        let is_linked = features.get(Feature::Linked) > 0.1;
        let is_lead = features.get(Feature::IsDescription) > 0.0;
        features.flag(Feature::ItalicEnd, is_italic && is_end);
        features.flag(Feature::LinkedEnd, is_linked && is_end);
        features.flag(Feature::DescriptionAhead, is_lead && index < first);
        features.flag(Feature::InSpan, (first..=last).contains(&index));
        features.flag(Feature::AheadOfSpan, index < first && index + 6 >= first);
        features.flag(Feature::BehindSpan, index > last);
        let is_heading = |index: usize| {
            let block = self.view.blocks.get(index);
            block.is_some_and(|block| matches!(block.kind, BlockKind::Heading(_)))
        };
        let heads_heading = is_heading(index) && is_heading(index + 1);
        let is_good_next = self.own_odds.get(index + 1).is_some_and(|odds| *odds > 0.0);
        features.flag(Feature::HeadsHeading, heads_heading);
        features.flag(Feature::HeadsLikely, is_heading(index) && !heads_heading && is_good_next);
        features.flag(Feature::LastHeading, is_heading(index) && index > last);
        features.flag(Feature::ShortBehind, index > last && self.view.weight(index) < SOLID);
        let distance = |solid: f64| (solid.min(5.0) / 5.0) as f32;
        features.set(Feature::HeadDistance, distance(self.solid.within(0..index)));
        features.set(Feature::TailDistance, distance(self.solid_behind(index)));
    }

    /// How much of the text within the two elements around a block is likely of the article.
    fn add_parents(&self, features: &mut BlockFeatures, index: usize) {
        let Some(block) = self.view.blocks.get(index) else {
            return;
        };
        let outer = |at| self.view.document.parent(at).unwrap_or(at);
        let likely_share = |at| {
            let range = self.view.blocks_within(at);
            let likely = self.likely_weight.within(range.clone());
            (likely / self.weight.within(range).max(1.0)) as f32
        };
        let parent = outer(block.owner);
        features.set(Feature::LikelyParent, likely_share(parent));
        features.set(Feature::LikelyGrand, likely_share(outer(parent)));
        let likely = self.likely_weight.within(self.view.blocks_within(parent));
        let share = likely / self.likely_weight.within(self.inside.clone()).max(1.0);
        features.set(Feature::LikelyShare, share.min(1.0) as f32);
    }
}
