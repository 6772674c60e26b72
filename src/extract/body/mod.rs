//! Where the text of an article is, found without being told.
//!
//! Every block of the page (paragraph, heading, item) is worth something: paragraphs of sentences are worth their
//! length, lists of links and short lines cost. What looks like navigation, sharing or teasers by its structure costs,
//! too. The element whose blocks are worth most together holds the article, split over siblings or not; schema.org's
//! `articleBody` and common names of containers count in its favour. Within it the blocks that are not of the article
//! are left out again.

mod noise;
mod prune;
mod value;

use crate::html::{At, Block, Clip, Document, Marks, Tag, blocks, join};

use super::jsonld::Linked;

/// The body that was found: what it is cut out by, and its text.
#[derive(Debug)]
pub(super) struct Found {
    pub clip: Clip,
    pub text: String,
}

/// A page as the search sees it.
struct View<'a> {
    document: &'a Document,
    /// All blocks that a reader sees, in order.
    blocks: Vec<Block>,
    /// What each is worth as a part of the article.
    values: Vec<f64>,
    /// Elements that are no part of an article.
    noise: Marks,
    title: Option<&'a str>,
}

/// Finds the body of a page.
pub(super) fn find(document: &Document, title: Option<&str>, linked: &Linked) -> Found {
    let root = document
        .all()
        .find(|at| document.tag(*at) == Tag::Body)
        .or_else(|| document.all().next());
    let Some(root) = root else {
        return Found {
            clip: Clip::of_all(document, &[]),
            text: String::new(),
        };
    };
    let mut whole = Clip::of(document, root);
    noise::hide(document, &mut whole.without);
    let all = blocks(document, &whole);
    let noise = noise::mark(document, &all);
    let mut view = View {
        document,
        values: Vec::new(),
        blocks: all,
        noise,
        title,
    };
    view.values = value::of_blocks(&view, linked);
    let container = value::best_container(&view, root);
    let kept = prune::kept(&view, container);
    let clip = clip_of(&view, container, &kept, whole.without);
    let text = join(kept.iter().filter_map(|index| view.blocks.get(*index)));
    Found { clip, text }
}

/// A clip of the container with just the kept blocks in it.
fn clip_of(view: &View<'_>, container: At, kept: &[usize], hidden: Marks) -> Clip {
    let document = view.document;
    let mut without = hidden;
    let mut texts = Marks::none(document);
    for block in kept.iter().filter_map(|index| view.blocks.get(*index)) {
        let mut at = Some(block.first);
        while let Some(here) = at.filter(|at| *at <= block.last) {
            texts.add(here);
            at = Some(here.next());
        }
    }
    let (first, last) = match (kept.first(), kept.last()) {
        (Some(first), Some(last)) => (view.blocks.get(*first), view.blocks.get(*last)),
        _ => (None, None),
    };
    // Texts that are of no kept block go; figures between kept ones stay for their images.
    for at in document.within(container) {
        if document.tag(at) == Tag::Text && !texts.has(at) {
            without.add(at);
        }
    }
    for at in document.within(container) {
        let outside = first.is_none_or(|first| document.end(at) <= first.first)
            || last.is_none_or(|last| at > last.last);
        let image = matches!(document.tag(at), Tag::Img | Tag::Amp | Tag::Picture);
        if image
            && (outside
                || view.noise.has(at)
                || document
                    .ancestors(at)
                    .take(6)
                    .any(|outer| view.noise.has(outer) && document.tag(outer) != Tag::Figure))
        {
            without.add(at);
        }
    }
    Clip {
        roots: if kept.is_empty() {
            Vec::new()
        } else {
            vec![container]
        },
        without,
        until: None,
    }
}
