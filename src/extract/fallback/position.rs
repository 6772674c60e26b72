//! Finds where headline and text stand on the page.
//!
//! The title may be printed several times: in a breadcrumb, as the headline, in a list below. The last one before the
//! text is the headline.

use super::extractor::{ArticlePosition, FallbackExtractor};
use crate::extract::words::fold;
use crate::html::{NodeId, Selection};

/// Characters: a text of more is a paragraph, before which the headline stands.
const PARAGRAPH: usize = 60;

impl FallbackExtractor<'_> {
    /// The position of the article with that title and body.
    pub(super) fn position(&self, title: Option<&str>, body: &Selection) -> ArticlePosition {
        let document = self.document;
        let end = body.roots.last().map_or(NodeId::default(), |root| document.end(*root));
        let start = body
            .texts(document)
            .find(|(_, text)| text.trim().chars().count() > PARAGRAPH)
            .map_or(end, |(at, _)| at);
        let title = title.map(fold).unwrap_or_default();
        let h1 = self.meta.h1.iter().map(|(at, _)| *at);
        // Headings with the title, or with a part of it: kickers stand within or beside it.
        let mut headings: Vec<NodeId> = self
            .meta
            .h1
            .iter()
            .chain(&self.meta.h2)
            .filter(|(_, text)| {
                let text = fold(text);
                title.len() > 3 && !text.is_empty() && (text.ends_with(&title) || title.ends_with(&text))
            })
            .map(|(at, _)| *at)
            .collect();
        headings.sort_unstable();
        if headings.is_empty() && title.len() > 3 {
            headings.extend(self.lines_with_title(&title));
        }
        let last_before = |headings: &[NodeId]| headings.iter().rfind(|at| **at < start).copied();
        let heading = last_before(&headings)
            .or_else(|| headings.first().copied())
            .or_else(|| last_before(&h1.collect::<Vec<_>>()));
        // Without a body the article may go on to the end of the page.
        let end = if end == NodeId::default() { document.nodes().last().unwrap_or_default() } else { end };
        ArticlePosition { heading, end }
    }

    /// The elements whose own text is the title: some papers print no headings.
    fn lines_with_title(&self, title: &str) -> impl Iterator<Item = NodeId> {
        let document = self.document;
        let is_title = move |text: &str| text.len() < title.len() * 2 + 40 && fold(text) == title;
        let is_shown = |at: &NodeId| {
            let mut outer = document.ancestors(*at).take(3);
            !outer.any(|outer| document.tag(outer).has_no_text())
        };
        document
            .nodes()
            .filter(move |at| document.text(*at).is_some_and(is_title))
            .filter(is_shown)
            .filter_map(|at| document.parent(at))
    }
}
