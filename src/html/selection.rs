//! A part of a page: what is read of it, and what is left out.

use super::tag::Tag;
use super::tree::{Document, NodeId, NodeSet};

/// A part of a document: some elements, without some of what is in them, up to a position.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Elements or texts in document order, none within another.
    pub roots: Vec<NodeId>,
    /// Left out, with everything in it.
    pub excluded: NodeSet,
    /// Nothing from here on.
    pub until: Option<NodeId>,
}

impl Selection {
    /// One element, whole.
    pub fn of(document: &Document, root: NodeId) -> Self {
        Self {
            roots: vec![root],
            excluded: NodeSet::empty(document),
            until: None,
        }
    }

    /// Several elements; those within another are dropped.
    pub fn of_all(document: &Document, found: &[NodeId]) -> Self {
        let mut roots: Vec<NodeId> = found.to_vec();
        roots.sort_unstable();
        roots.dedup();
        let mut end = NodeId(0);
        roots.retain(|at| {
            let outer = *at >= end;
            if outer {
                end = document.end(*at);
            }
            outer
        });
        Self {
            roots,
            excluded: NodeSet::empty(document),
            until: None,
        }
    }

    /// Ends it before the first text that contains one of `phrases`. Scripts are no text.
    pub fn end_before_phrase(&mut self, document: &Document, phrases: &[String]) {
        if phrases.is_empty() {
            return;
        }
        let found = self
            .texts(document)
            .find(|(_, text)| phrases.iter().any(|phrase| text.contains(phrase.as_str())));
        self.until = found.map(|(at, _)| at).or(self.until);
    }

    /// The texts a reader sees, in order.
    pub fn texts<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = (NodeId, &'a str)> {
        let mut roots = self.roots.iter();
        let (mut next, mut end) = (NodeId(0), NodeId(0));
        std::iter::from_fn(move || {
            loop {
                if next >= end {
                    next = *roots.next()?;
                    end = document.end(next);
                }
                let at = next;
                if self.until.is_some_and(|until| at >= until) {
                    return None;
                }
                let tag = document.tag(at);
                if self.excluded.contains(at) || tag.has_no_text() {
                    next = document.end(at);
                    continue;
                }
                next = NodeId(at.0 + 1);
                if tag == Tag::Text {
                    return Some((at, document.text(at).unwrap_or_default()));
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
    fn a_clip_ends_before_a_phrase_that_scripts_do_not_count_for() {
        let document = Document::parse(
            "<p>a<script>The end</script></p><p>b</p><div>The end: <p>c</div>",
            &ParseLimits::default(),
        )
        .unwrap();
        let mut clip = Selection::of(&document, document.nodes().next().unwrap());
        clip.end_before_phrase(&document, &["The end".to_owned()]);
        assert_eq!(join_blocks(&blocks(&document, &clip)), "a\n\nb");
    }
}
