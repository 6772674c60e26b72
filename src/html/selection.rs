//! A part of a page that is read: the body of an article, one element, or all of it.
//!
//! `extract` makes selections; [`blocks`](super::blocks) and [`sanitised`](super::sanitised()) read them, so that the
//! text and the HTML of an article always come from the same elements.

use super::tag::Tag;
use super::tree::{Document, NodeId, NodeSet};

/// Some elements of a document, without some of what is in them, up to a position.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Elements or texts in document order, none within another.
    pub roots: Vec<NodeId>,
    /// Nodes that are left out, with everything in them.
    pub excluded: NodeSet,
    /// The selection ends before this node.
    pub until: Option<NodeId>,
}

impl Selection {
    /// One element, whole.
    pub fn of(document: &Document, root: NodeId) -> Self {
        Self::of_all(document, &[root])
    }

    /// The whole document.
    pub fn whole(document: &Document) -> Self {
        Self::of_all(document, document.root().as_slice())
    }

    /// Several elements in any order; those within another are dropped.
    pub fn of_all(document: &Document, elements: &[NodeId]) -> Self {
        let mut roots = elements.to_vec();
        roots.sort_unstable();
        let mut end = NodeId::default();
        roots.retain(|id| {
            let is_outer = *id >= end;
            if is_outer {
                end = document.end(*id);
            }
            is_outer
        });
        Self { roots, excluded: NodeSet::empty(document), until: None }
    }

    /// Ends the selection before the first text that contains one of `phrases`.
    pub fn end_before_phrase(&mut self, document: &Document, phrases: &[String]) {
        if phrases.is_empty() {
            return;
        }
        let found = self
            .texts(document)
            .find(|(_, text)| phrases.iter().any(|phrase| text.contains(phrase.as_str())));
        self.until = found.map(|(id, _)| id).or(self.until);
    }

    /// The texts that a reader sees, in order. Scripts are not among them.
    pub fn texts<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = (NodeId, &'a str)> {
        let mut roots = self.roots.iter();
        let (mut next, mut end) = (NodeId::default(), NodeId::default());
        std::iter::from_fn(move || {
            loop {
                if next >= end {
                    next = *roots.next()?;
                    end = document.end(next);
                }
                let id = next;
                if self.until.is_some_and(|until| id >= until) {
                    return None;
                }
                let tag = document.tag(id);
                if self.excluded.contains(id) || tag.has_no_text() {
                    next = document.end(id);
                    continue;
                }
                next = id.next();
                if tag == Tag::Text {
                    return Some((id, document.text(id).unwrap_or_default()));
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::{ParseLimits, blocks, join_blocks};

    #[test]
    fn a_selection_ends_before_a_phrase_that_scripts_do_not_count_for() {
        let document = Document::parse(
            "<p>a<script>The end</script></p><p>b</p><div>The end: <p>c</div>",
            &ParseLimits::default(),
        )
        .unwrap();
        let mut selection = Selection::whole(&document);
        selection.end_before_phrase(&document, &["The end".to_owned()]);
        assert_eq!(join_blocks(&blocks(&document, &selection)), "a\n\nb");
    }
}
