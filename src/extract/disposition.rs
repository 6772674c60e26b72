//! Says of each piece of a page's text whether it is in the article, and if not, why: for people who write rules.

use crate::config::ArticleRules;
use crate::html::{Block, BlockKind, Document, NodeSet, Selection, Tag, blocks};

/// What became of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It is in the article.
    Kept,
    /// A rule of `remove` matches it.
    Removed,
    /// It stands behind a text of `cut_after`.
    CutOff,
    /// It is outside the body.
    Outside,
}

impl Disposition {
    /// The word that `try` prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Removed => "removed",
            Self::CutOff => "cut-off",
            Self::Outside => "outside",
        }
    }
}

/// A paragraph, heading or list item of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// What kind of block it is.
    pub kind: BlockKind,
    /// Its text, in pieces of the same disposition.
    pub pieces: Vec<(Disposition, String)>,
}

/// All blocks that a reader sees of a page, in order, with their dispositions. `body` is the body of the article,
/// `layers` are the rules that were applied.
pub(super) fn segments(document: &Document, body: &Selection, layers: &[&ArticleRules]) -> Vec<Segment> {
    let Some(root) =
        document.nodes().find(|at| document.tag(*at) == Tag::Body).or_else(|| document.nodes().next())
    else {
        return Vec::new();
    };
    let mut kept = NodeSet::empty(document);
    for (at, _) in body.texts(document) {
        kept.insert(at);
    }
    let mut removed = NodeSet::empty(document);
    for css in layers.iter().flat_map(|rules| &rules.remove) {
        for root in document.select(css) {
            for at in document.subtree(root) {
                removed.insert(at);
            }
        }
    }
    let disposition = |at| {
        if kept.contains(at) {
            Disposition::Kept
        } else if removed.contains(at) {
            Disposition::Removed
        } else if body.until.is_some_and(|until| at >= until)
            && body.roots.iter().any(|root| document.contains(*root, at))
        {
            Disposition::CutOff
        } else {
            Disposition::Outside
        }
    };
    let page = Selection::of(document, root);
    let mut texts = page.texts(document).peekable();
    let mut segments = Vec::new();
    for Block { kind, first, last, .. } in blocks(document, &page) {
        let mut pieces: Vec<(Disposition, String)> = Vec::new();
        while texts.next_if(|(at, _)| *at < first).is_some() {}
        while let Some((at, text)) = texts.next_if(|(at, _)| *at <= last) {
            let disposition = disposition(at);
            match pieces.last_mut() {
                // White space goes with the piece before it.
                Some((before, piece)) if *before == disposition || text.trim().is_empty() => {
                    piece.push_str(text);
                }
                _ => pieces.push((disposition, text.to_owned())),
            }
        }
        segments.push(Segment { kind, pieces });
    }
    segments
}
