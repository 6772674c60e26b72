//! Buffers that a page leaves to the next page of its thread. Lists as long as those of a page are returned to the
//! operating system when freed and cleared when allocated anew, which takes as long as filling them.

use std::cell::Cell;

use super::node::{Attribute, Node};

/// Largest buffers that are kept for the next page, in bytes.
const MAX_KEPT: usize = 2 << 20;

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
    /// Buffers for a page of that many bytes: those of the page before where they suffice.
    pub(super) fn take(page_bytes: usize) -> Self {
        let mut buffers = KEPT.try_with(Cell::take).unwrap_or_default();
        // Growing them would copy what they held.
        if buffers.text.capacity() < page_bytes {
            buffers.text = String::with_capacity(page_bytes + page_bytes / 8);
        }
        if buffers.nodes.capacity() < page_bytes / 32 {
            buffers.nodes = Vec::with_capacity(page_bytes / 32);
        }
        if buffers.attributes.capacity() < page_bytes / 48 {
            buffers.attributes = Vec::with_capacity(page_bytes / 48);
        }
        buffers
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
