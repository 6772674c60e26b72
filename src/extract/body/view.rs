//! A page as the search for the body sees it: blocks of text, and elements that are noise.

use std::ops::Range;

use crate::html::{Block, Document, NodeId, NodeSet};

/// A page whose body is looked for. Blocks are named by their index in `blocks`.
pub(super) struct PageView<'a> {
    pub(super) document: &'a Document,
    /// All blocks that a reader sees, in document order.
    pub(super) blocks: Vec<Block>,
    /// Elements that are no part of an article, by their tags, roles and names.
    pub(super) noise: NodeSet,
    /// Title of the article.
    pub(super) title: Option<&'a str>,
    /// `articleBody` of JSON-LD.
    pub(super) declared_body: Option<&'a str>,
    /// Declared descriptions of the article.
    pub(super) descriptions: Vec<&'a str>,
}

impl PageView<'_> {
    /// The blocks within an element. Takes logarithmic time.
    pub(super) fn blocks_within(&self, at: NodeId) -> Range<usize> {
        let end = self.document.end(at);
        let from = self.blocks.partition_point(|block| block.first < at);
        let to = self.blocks.partition_point(|block| block.first < end);
        from..to
    }

    /// The weight of a block (see [`Block::weight`]); 0 without one.
    pub(super) fn weight(&self, index: usize) -> f64 {
        self.blocks.get(index).map_or(0.0, |block| block.weight)
    }

    /// For each block, whether it is within a noise element.
    pub(super) fn noise_cover(&self) -> Vec<bool> {
        let document = self.document;
        let mut end = None;
        let mut next = document.nodes().next();
        let mut covered = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            while let Some(at) = next.filter(|at| *at <= block.first) {
                if self.noise.contains(at) {
                    end = Some(document.end(at).max(end.unwrap_or(at)));
                }
                next = Some(at.next());
            }
            covered.push(end.is_some_and(|end| block.first < end));
        }
        covered
    }
}

/// Sums of a value over the blocks before each block: the sum within an element is a difference of two.
pub(super) struct PrefixSums(Vec<f64>);

impl PrefixSums {
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let mut sums = vec![0.0];
        for value in values {
            sum += value;
            sums.push(sum);
        }
        Self(sums)
    }

    /// The sum over all blocks.
    pub(super) fn total(&self) -> f64 {
        self.0.last().copied().unwrap_or_default()
    }

    /// The sum over a range of blocks.
    pub(super) fn within(&self, range: Range<usize>) -> f64 {
        let before = |index: usize| self.0.get(index).copied().unwrap_or_default();
        before(range.end) - before(range.start)
    }
}
