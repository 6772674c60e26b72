//! What became of each piece of a page's text: for people who write rules.

use crate::config::ArticleRules;
use crate::html::{Block, BlockKind, Document, NodeSet, Selection, Tag, blocks};

/// What became of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// In the article.
    Kept,
    /// Taken out by `remove`.
    Removed,
    /// Behind a text of `cut_after`.
    CutOff,
    /// Not of the article.
    Outside,
}

impl Disposition {
    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Removed => "removed",
            Self::CutOff => "cut-off",
            Self::Outside => "outside",
        }
    }
}

/// A paragraph, heading or item of a page, in pieces that share a fate.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// What it is.
    pub shape: BlockKind,
    /// Its text.
    pub pieces: Vec<(Disposition, String)>,
}

/// All that a reader sees of a page, and what became of it.
pub(super) fn parts(document: &Document, article: &Selection, layers: &[&ArticleRules]) -> Vec<Segment> {
    let Some(root) = document
        .nodes()
        .find(|at| document.tag(*at) == Tag::Body)
        .or_else(|| document.nodes().next())
    else {
        return Vec::new();
    };
    let mut kept = NodeSet::empty(document);
    for (at, _) in article.texts(document) {
        kept.insert(at);
    }
    let mut removed = NodeSet::empty(document);
    for css in layers.iter().flat_map(|rules| &rules.remove) {
        for at in document
            .select(css)
            .into_iter()
            .flat_map(|at| document.subtree(at))
        {
            removed.insert(at);
        }
    }
    let inside = |at| article.roots.iter().any(|root| document.contains(*root, at));
    let fate = |at| {
        if kept.contains(at) {
            Disposition::Kept
        } else if removed.contains(at) {
            Disposition::Removed
        } else if article.until.is_some_and(|until| at >= until) && inside(at) {
            Disposition::CutOff
        } else {
            Disposition::Outside
        }
    };
    let whole = Selection::of(document, root);
    let mut texts = whole.texts(document).peekable();
    let mut parts = Vec::new();
    for Block {
        kind: shape,
        first,
        last,
        ..
    } in blocks(document, &whole)
    {
        let mut pieces: Vec<(Disposition, String)> = Vec::new();
        while texts.next_if(|(at, _)| *at < first).is_some() {}
        while let Some((at, text)) = texts.next_if(|(at, _)| *at <= last) {
            let fate = fate(at);
            match pieces.last_mut() {
                Some((before, piece)) if *before == fate || text.trim().is_empty() => piece.push_str(text),
                _ => pieces.push((fate, text.to_owned())),
            }
        }
        parts.push(Segment { shape, pieces });
    }
    parts
}
