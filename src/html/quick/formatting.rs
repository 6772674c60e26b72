//! The list of active formatting elements (WHATWG HTML, 13.2.4.3) and the adoption agency algorithm (13.2.6.4.7).

use super::super::node::Attribute;
use super::super::tag::Tag;
use super::builder::{FormattingElement, GiveUp, OpenIn, TreeBuilder};
use super::element_groups::SPECIAL;
use super::open_elements::ElementScope;
use super::tokenizer::TagName;

impl TreeBuilder<'_> {
    /// Clears the list up to the last marker, the marker included.
    pub(super) fn clear_to_marker(&mut self) {
        while let Some(Some(_)) = self.formatting.pop() {}
    }

    /// Whether an element is on the stack of open elements. The search begins at the current node.
    fn is_open(&self, node: u32) -> bool {
        self.open.iter().rev().any(|open| open.node == node)
    }

    /// Reconstructs the active formatting elements: opens those again that were closed with the block around them.
    #[inline]
    pub(super) fn reconstruct_formatting(&mut self) {
        // Nearly always the last one, if any, is still open.
        if let Some(Some(last)) = self.formatting.last()
            && !self.is_open(last.node)
        {
            self.reopen_formatting();
        }
    }

    /// Opens the closed entries at the end of the list. The new elements share the attributes of the old ones.
    fn reopen_formatting(&mut self) {
        let is_closed =
            |entry: &&Option<FormattingElement>| entry.is_some_and(|entry| !self.is_open(entry.node));
        let closed = self.formatting.iter().rev().take_while(is_closed).count();
        for place in self.formatting.len() - closed..self.formatting.len() {
            let Some(entry) = self.formatting.get(place).copied().flatten() else {
                return;
            };
            let Some(node) = self.nodes.get(entry.node as usize).copied() else {
                return;
            };
            let node = self.push_node(node);
            self.push_open(node, entry.tag, OpenIn::Html);
            if let Some(slot) = self.formatting.get_mut(place) {
                *slot = Some(FormattingElement { node, ..entry });
            }
        }
    }

    /// Inserts a formatting element. Of four equal ones the first leaves the list ("Noah's Ark clause").
    pub(super) fn insert_formatting(&mut self, name: TagName) {
        let node = self.insert(name);
        let (mut equal, mut first) = (0, 0);
        for (place, entry) in self.formatting.iter().enumerate().rev() {
            let Some(entry) = entry else { break };
            if entry.tag == name.tag && self.have_same_attributes(entry.node, node) {
                (equal, first) = (equal + 1, place);
            }
        }
        if equal >= 3 {
            self.formatting.remove(first);
        }
        self.formatting.push(Some(FormattingElement { node, tag: name.tag }));
    }

    /// The attributes of a node, in the order of the page.
    fn attributes_of(&self, node: u32) -> &[Attribute] {
        self.nodes
            .get(node as usize)
            .and_then(|node| self.attributes.get(node.attributes()))
            .unwrap_or_default()
    }

    /// Whether two elements have the same attributes in any order.
    fn have_same_attributes(&self, one: u32, other: u32) -> bool {
        let (one, other) = (self.attributes_of(one), self.attributes_of(other));
        let is_same = |a: &Attribute, b: &Attribute| {
            self.str(a.name) == self.str(b.name) && self.str(a.value) == self.str(b.value)
        };
        one.len() == other.len() && one.iter().all(|a| other.iter().any(|b| is_same(a, b)))
    }

    /// The last formatting element of a tag after the last marker, and its place in the list.
    pub(super) fn active_formatting(&self, tag: Tag) -> Option<(usize, FormattingElement)> {
        let entries = self.formatting.iter().enumerate().rev();
        let after_marker = entries.map_while(|(place, entry)| Some((place, (*entry)?)));
        after_marker.into_iter().find(|(_, entry)| entry.tag == tag)
    }

    /// The adoption agency algorithm as far as it moves no node: the loop of the standard then runs once, because a
    /// second round finds no element of the name.
    pub(super) fn close_formatting(&mut self, name: TagName) -> Result<(), GiveUp> {
        if let Some(current) = self.open.last().copied()
            && current.tag == name.tag
            && !self.formatting.iter().flatten().any(|entry| entry.node == current.node)
        {
            self.pop();
            return Ok(());
        }
        let Some((place, entry)) = self.active_formatting(name.tag) else {
            self.close_any_other(name);
            return Ok(());
        };
        let Some(depth) = self.open.iter().rposition(|open| open.node == entry.node) else {
            self.formatting.remove(place);
            return Ok(());
        };
        if !self.any_in_scope(ElementScope::Default, |open| open.node == entry.node) {
            return Ok(());
        }
        // With a block inside, the block moves.
        if self.open.iter().skip(depth).any(|open| SPECIAL.contains(open.tag)) {
            return Err(GiveUp);
        }
        self.truncate_open(depth);
        self.formatting.remove(place);
        Ok(())
    }
}
