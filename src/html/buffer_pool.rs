//! Buffers that a page leaves to the next page of its thread. Lists as long as those of a page are returned to the
//! operating system when freed and cleared when allocated anew, which takes as long as filling them.

use std::cell::Cell;

use super::node::{Attribute, Node};

/// Largest buffers that are kept for the next page, in bytes.
const MAX_KEPT: usize = 1 << 20;

/// Empty buffers of a document.
#[derive(Default)]
pub(super) struct Buffers {
    pub(super) text: String,
    pub(super) nodes: Vec<Node>,
    pub(super) attributes: Vec<Attribute>,
}

thread_local! {
    static KEPT: Cell<Buffers> = Cell::default();
}

impl Buffers {
    /// The buffers of the page before, or new ones.
    pub(super) fn take() -> Self {
        KEPT.try_with(Cell::take).unwrap_or_default()
    }

    /// Keeps the buffers for the next page, unless larger ones are kept already.
    pub(super) fn put_back(mut self) {
        self.text.clear();
        self.nodes.clear();
        self.attributes.clear();
        // Fails while the thread ends: then there is no next page.
        let _ = KEPT.try_with(|kept| {
            let other = kept.take();
            let is_better = self.bytes() <= MAX_KEPT && self.bytes() > other.bytes();
            kept.set(if is_better { self } else { other });
        });
    }

    fn bytes(&self) -> usize {
        self.text.capacity()
            + self.nodes.capacity() * size_of::<Node>()
            + self.attributes.capacity() * size_of::<Attribute>()
    }
}
