//! Where the text of an article is, found without being told.
//!
//! Every block of the page (paragraph, heading, item) is seen with some hundred features: its shape, length and links,
//! the elements around it and what they are called, its place, what the page says of itself for machines. Weights say
//! how likely it is of the article. The element whose blocks are worth most together holds the article; then each block
//! is looked at once more, among its neighbours: a short line between two good paragraphs is good, one behind the last
//! is not. Last, what the kept blocks say about each other: headings of nothing, texts said twice.

mod features;
mod names;
mod noise;
mod prune;
mod score;
mod value;
mod weights;

#[cfg(test)]
mod tests;

use crate::html::{Block, Document, LimitExceeded, NodeId, NodeSet, Selection, Tag, blocks, join_blocks};

use super::jsonld::Linked;
use super::meta::Meta;

/// The body that was found: what it is cut out by, and its text.
#[derive(Debug)]
pub(super) struct Found {
    pub clip: Selection,
    pub text: String,
}

/// A page as the search sees it.
struct View<'a> {
    document: &'a Document,
    /// All blocks that a reader sees, in order.
    blocks: Vec<Block>,
    /// Elements that are no part of an article.
    noise: NodeSet,
    title: Option<&'a str>,
    /// JSON-LD's `articleBody`.
    said: Option<&'a str>,
    /// Descriptions of the article.
    leads: Vec<&'a str>,
}

/// Finds the body of a page.
pub(super) fn find(
    document: &Document,
    title: Option<&str>,
    linked: &Linked,
    meta: &Meta,
) -> Result<Found, LimitExceeded> {
    let root = document
        .nodes()
        .find(|at| document.tag(*at) == Tag::Body)
        .or_else(|| document.nodes().next());
    let Some(root) = root else {
        return Ok(Found {
            clip: Selection::of_all(document, &[]),
            text: String::new(),
        });
    };
    let mut whole = Selection::of(document, root);
    noise::hide(document, &mut whole.excluded);
    document.spend_pass()?;
    let all = blocks(document, &whole);
    document.spend_pass()?;
    let mut known = names::Known::default();
    let noise = noise::mark(document, &all, &mut known);
    let described = ["og:description", "description", "twitter:description"];
    let leads = described.iter().filter_map(|name| meta.first(&[name]));
    let view = View {
        document,
        blocks: all,
        noise,
        title,
        said: linked.body.as_deref(),
        leads: leads.chain(linked.standfirst.as_deref()).collect(),
    };
    document.spend_pass()?;
    let mut seen = features::of_blocks(&view, &mut known);
    document.spend_pass()?;
    let alone = score::alone(&seen);
    let container = score::best_container(&view, &alone, root);
    document.spend_pass()?;
    score::look_around(&view, &mut seen, &alone, container);
    document.spend_pass()?;
    let among = score::among(&seen);
    let kept = prune::kept(&view, container, &among);
    document.spend_pass()?;
    let clip = clip_of(&view, root, &kept, whole.excluded);
    let text = join_blocks(kept.iter().filter_map(|index| view.blocks.get(*index)));
    Ok(Found { clip, text })
}

/// The innermost element around all kept blocks.
fn around(view: &View<'_>, root: NodeId, kept: &[usize]) -> NodeId {
    let (Some(first), Some(last)) = (kept.first(), kept.last()) else {
        return root;
    };
    let (Some(first), Some(last)) = (view.blocks.get(*first), view.blocks.get(*last)) else {
        return root;
    };
    view.document
        .ancestors(first.first)
        .find(|at| last.last < view.document.end(*at))
        .unwrap_or(root)
}

/// A clip with just the kept blocks in it.
fn clip_of(view: &View<'_>, root: NodeId, kept: &[usize], hidden: NodeSet) -> Selection {
    let document = view.document;
    let container = around(view, root, kept);
    let mut without = hidden;
    let mut texts = NodeSet::empty(document);
    for block in kept.iter().filter_map(|index| view.blocks.get(*index)) {
        let mut at = Some(block.first);
        while let Some(here) = at.filter(|at| *at <= block.last) {
            texts.insert(here);
            at = Some(here.next());
        }
    }
    let (first, last) = match (kept.first(), kept.last()) {
        (Some(first), Some(last)) => (view.blocks.get(*first), view.blocks.get(*last)),
        _ => (None, None),
    };
    // Texts that are of no kept block go; figures between kept ones stay for their images.
    for at in document.subtree(container) {
        if document.tag(at) == Tag::Text && !texts.contains(at) {
            without.insert(at);
        }
    }
    for at in document.subtree(container) {
        let outside = first.is_none_or(|first| document.end(at) <= first.first)
            || last.is_none_or(|last| at > last.last);
        let image = matches!(document.tag(at), Tag::Img | Tag::Amp | Tag::Picture);
        if image
            && (outside
                || view.noise.contains(at)
                || document
                    .ancestors(at)
                    .take(6)
                    .any(|outer| view.noise.contains(outer) && document.tag(outer) != Tag::Figure))
        {
            without.insert(at);
        }
    }
    Selection {
        roots: if kept.is_empty() {
            Vec::new()
        } else {
            vec![container]
        },
        excluded: without,
        until: None,
    }
}
