//! Room that a page leaves to the next one of its thread. Lists as long as a page's are given back to the system and asked
//! for anew each time, and what the system gives is cleared first: for pages of a paper that costs as much as to fill them.

use std::cell::Cell;

use super::tree::{Attr, Flat};

/// Bytes that are left to the next page, at most.
const MOST: usize = 1 << 20;

/// Empty lists.
#[derive(Default)]
pub(super) struct Room {
    pub(super) page: String,
    pub(super) nodes: Vec<Flat>,
    pub(super) attrs: Vec<Attr>,
}

thread_local! {
    static LEFT: Cell<Room> = Cell::default();
}

impl Room {
    /// What the last page left.
    pub(super) fn take() -> Self {
        LEFT.try_with(Cell::take).unwrap_or_default()
    }

    /// For the next page, unless there is more room already.
    pub(super) fn leave(mut self) {
        self.page.clear();
        self.nodes.clear();
        self.attrs.clear();
        // A thread that ends has no next page.
        let _ = LEFT.try_with(|left| {
            let other = left.take();
            let is_better = self.bytes() <= MOST && self.bytes() > other.bytes();
            left.set(if is_better { self } else { other });
        });
    }

    fn bytes(&self) -> usize {
        self.page.capacity()
            + self.nodes.capacity() * size_of::<Flat>()
            + self.attrs.capacity() * size_of::<Attr>()
    }
}
