//! Finds the body of an article without rules.
//!
//! Every block of the page (paragraph, heading, item, row) gets about a hundred features: form, length and links of its
//! text, the elements around it and their names, its place, what the head of the page declares. A linear model turns
//! them into the log-odds that the block belongs to the article (`weights`). The element whose blocks are worth most
//! together is the container of the article. Then each block is scored again with its neighbours as features: a short
//! line between two good paragraphs is good, one behind the last is not. At the end headings without text and repeated
//! texts are dropped (`prune`).
//!
//! The extraction pipeline calls [`find_body`]. All stages are linear in the number of nodes, or nearly so.

mod ancestry;
mod block_text;
mod class_names;
mod features;
mod noise;
mod prune;
mod score;
mod view;
mod weights;

#[cfg(test)]
mod tests;

use self::view::PageView;
use super::jsonld::JsonLd;
use super::page_meta::PageMeta;
use crate::html::{Block, Document, LimitExceeded, NodeId, NodeSet, Selection, Tag, blocks, join_blocks};

/// The body of an article.
#[derive(Debug)]
pub(super) struct BodyMatch {
    /// The part of the page that it is.
    pub(super) selection: Selection,
    /// The text of that part.
    pub(super) text: String,
}

/// Finds the body of a page; an empty one where there is none. `title` is the article's.
pub(super) fn find_body(
    document: &Document,
    title: Option<&str>,
    json_ld: &JsonLd,
    meta: &PageMeta,
) -> Result<BodyMatch, LimitExceeded> {
    let root = document.nodes().find(|at| document.tag(*at) == Tag::Body).or_else(|| document.nodes().next());
    let Some(root) = root else {
        return Ok(BodyMatch { selection: Selection::of_all(document, &[]), text: String::new() });
    };
    let mut page = Selection::of(document, root);
    noise::mark_hidden(document, &mut page.excluded);
    document.spend_pass()?;
    let blocks = blocks(document, &page);
    document.spend_pass()?;
    let mut names = class_names::NameCache::default();
    let noise = noise::mark_noise(document, &blocks, &mut names);
    let descriptions = ["og:description", "description", "twitter:description"];
    let descriptions = descriptions.iter().filter_map(|name| meta.first(&[name]));
    let view = PageView {
        document,
        blocks,
        noise,
        title,
        declared_body: json_ld.body.as_deref(),
        descriptions: descriptions.chain(json_ld.standfirst.as_deref()).collect(),
    };
    document.spend_pass()?;
    let mut features = features::block_features(&view, &mut names);
    document.spend_pass()?;
    let own_odds = score::own_odds(&features);
    let container = score::best_container(&view, &own_odds, root);
    document.spend_pass()?;
    score::add_neighbours(&view, &mut features, &own_odds, container);
    document.spend_pass()?;
    let odds = score::odds_among_neighbours(&features);
    let kept = prune::kept_blocks(&view, container, &odds);
    document.spend_pass()?;
    let kept: Vec<&Block> = kept.iter().filter_map(|index| view.blocks.get(*index)).collect();
    Ok(BodyMatch { selection: selection_of(&view, root, &kept, page.excluded), text: join_blocks(kept) })
}

/// The part of the page that has the kept blocks, and the images between them. `hidden` is what no reader sees.
fn selection_of(view: &PageView<'_>, root: NodeId, kept: &[&Block], hidden: NodeSet) -> Selection {
    let document = view.document;
    let mut excluded = hidden;
    let (Some(first), Some(last)) = (kept.first(), kept.last()) else {
        // What was left out does not matter without a root.
        return Selection { roots: Vec::new(), excluded, until: None };
    };
    // The innermost element around all of them.
    let container = document.ancestors(first.first).find(|at| last.last < document.end(*at)).unwrap_or(root);
    let mut texts = NodeSet::empty(document);
    for block in kept {
        let mut at = Some(block.first);
        while let Some(here) = at.filter(|at| *at <= block.last) {
            texts.insert(here);
            at = Some(here.next());
        }
    }
    for at in document.subtree(container) {
        let tag = document.tag(at);
        let is_left_out = match tag {
            Tag::Text => !texts.contains(at),
            Tag::Img | Tag::Amp | Tag::Picture => {
                let is_outside = document.end(at) <= first.first || at > last.last;
                is_outside || is_noise_image(view, at)
            }
            _ => false,
        };
        if is_left_out {
            excluded.insert(at);
        }
    }
    Selection { roots: vec![container], excluded, until: None }
}

/// True if an image is noise, or within noise other than the figure around it.
fn is_noise_image(view: &PageView<'_>, at: NodeId) -> bool {
    let document = view.document;
    view.noise.contains(at)
        || document
            .ancestors(at)
            .take(6)
            .any(|outer| view.noise.contains(outer) && document.tag(outer) != Tag::Figure)
}
