//! The list of active formatting elements (WHATWG HTML, 13.2.4.3), and what their end tags do (13.2.6.4.7).

use super::super::tree::Attr;
use super::open::{Active, Scope, Space};
use super::tokens::Name;
use super::{Builder, Outcome, Unusual};

impl Builder<'_> {
    pub(super) fn clear_formatting(&mut self) {
        while let Some(Some(_)) = self.formatting.pop() {}
    }

    fn is_open(&self, at: u32) -> bool {
        self.open.iter().rev().any(|open| open.at == at)
    }

    /// Reconstructs the active formatting elements (13.2.4.3). Mostly the last of them, if any, is open still.
    #[inline]
    pub(super) fn reconstruct(&mut self) {
        if let Some(Some(last)) = self.formatting.last()
            && !self.is_open(last.at)
        {
            self.open_again();
        }
    }

    #[inline(never)]
    fn open_again(&mut self) {
        let closed = |active: &&Option<Active>| active.is_some_and(|active| !self.is_open(active.at));
        let closed = self.formatting.iter().rev().take_while(closed).count();
        for place in self.formatting.len() - closed..self.formatting.len() {
            let Some(Some(active)) = self.formatting.get(place).copied() else {
                return;
            };
            let Some(node) = self.nodes.get(active.at as usize) else {
                return;
            };
            let (first, count) = (node.text, node.attrs);
            let at = self.push(active.tag, first, count);
            self.enter(at, active.tag, Space::Html);
            if let Some(slot) = self.formatting.get_mut(place) {
                *slot = Some(Active { at, ..active });
            }
        }
    }

    /// Inserts a formatting element; of four alike the first is forgotten.
    pub(super) fn format(&mut self, name: Name) {
        let at = self.insert(name, true);
        let since = self
            .formatting
            .iter()
            .rev()
            .take_while(|active| active.is_some())
            .count();
        let (mut alike, mut first) = (0, 0);
        for (place, active) in self.formatting.iter().enumerate().rev().take(since) {
            if active.is_some_and(|active| active.tag == name.tag && self.have_same_attributes(active.at, at))
            {
                (alike, first) = (alike + 1, place);
            }
        }
        if alike >= 3 {
            self.formatting.remove(first);
        }
        self.formatting.push(Some(Active { at, tag: name.tag }));
    }

    fn attributes_of(&self, at: u32) -> &[Attr] {
        self.nodes
            .get(at as usize)
            .and_then(|node| self.attrs.get(node.attributes()))
            .unwrap_or_default()
    }

    fn have_same_attributes(&self, one: u32, other: u32) -> bool {
        let (one, other) = (self.attributes_of(one), self.attributes_of(other));
        one.len() == other.len()
            && one.iter().all(|a| {
                other
                    .iter()
                    .any(|b| self.str(a.name) == self.str(b.name) && self.str(a.value) == self.str(b.value))
            })
    }

    /// The adoption agency algorithm, as far as it moves nothing (13.2.6.4.7).
    pub(super) fn adopt(&mut self, name: Name) -> Outcome {
        // Mostly it ends what was opened last.
        if let (Some(current), Some(Some(last))) = (self.open.last(), self.formatting.last())
            && current.at == last.at
            && last.tag == name.tag
        {
            self.pop();
            self.formatting.pop();
            return Ok(());
        }
        let is_active = |formatting: &[Option<Active>], at| {
            formatting
                .iter()
                .any(|active| active.is_some_and(|active| active.at == at))
        };
        if let Some(current) = self.open.last()
            && current.tag == name.tag
            && !is_active(&self.formatting, current.at)
        {
            self.pop();
            return Ok(());
        }
        // Each turn ends one element or the algorithm; the second finds that nothing of the name is left.
        let mut found = None;
        for (position, active) in self.formatting.iter().enumerate().rev() {
            let Some(active) = active else { break };
            if active.tag == name.tag {
                found = Some((position, *active));
                break;
            }
        }
        let Some((position, active)) = found else {
            self.end_of_any(name);
            return Ok(());
        };
        let Some(place) = self.open.iter().rposition(|open| open.at == active.at) else {
            self.formatting.remove(position);
            return Ok(());
        };
        if !self.finds_in_scope(Scope::Default, |open| open.at == active.at) {
            return Ok(());
        }
        if self.open.iter().skip(place).any(|open| open.is_special()) {
            return Err(Unusual);
        }
        self.truncate(place);
        self.formatting.remove(position);
        Ok(())
    }
}
