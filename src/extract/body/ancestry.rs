//! What the elements around a node say of it: their tags, roles, names.
//!
//! Computed once for each node from that of its parent, which stands before it in document order. So a page costs one
//! pass, however deep it is nested.

use super::class_names::{NameCache, NameMeaning, NoiseLevel, WordSet};
use super::noise::is_noise_role;
use super::weights::Feature;
use crate::html::{Document, NodeId, Tag};

/// What is known of a node from itself and the elements around it.
#[derive(Clone, Copy, Default)]
pub(super) struct Ancestry {
    /// Bits of [`INHERITED`].
    flags: u32,
    /// Words in the names of the node and of all elements around it.
    pub(super) all_names: WordSet,
    /// Words in the names of the node alone.
    pub(super) own_names: WordSet,
    /// Number of `<article>` elements, the node included.
    pub(super) articles: u8,
}

/// The features that elements pass on to what is within them; their bits in this order.
const INHERITED: &[Feature] = &[
    Feature::InNav,
    Feature::InFooter,
    Feature::InAside,
    Feature::InHeader,
    Feature::InFigure,
    Feature::InForm,
    Feature::InArticle,
    Feature::InMain,
    Feature::InTable,
    Feature::InQuote,
    Feature::InList,
    Feature::InSection,
    Feature::InDetails,
    Feature::InLink,
    Feature::InRole,
    Feature::InHidden,
    Feature::InBody,
    Feature::InBodyName,
    Feature::SureName,
    Feature::LikelyName,
];

impl Ancestry {
    /// Each inherited feature, and whether the node has it.
    pub(super) fn inherited(&self) -> impl Iterator<Item = (Feature, bool)> {
        let flags = self.flags;
        let features = INHERITED.iter().enumerate();
        features.map(move |(place, feature)| (*feature, flags & (1 << place) != 0))
    }

    /// True if the node is a link or within one.
    pub(super) fn is_in_link(&self) -> bool {
        self.flags & bit(Feature::InLink) != 0
    }

    /// Adds what the names of the node say.
    fn add_names(&mut self, names: NameMeaning) {
        self.flags |= match names.noise {
            Some(NoiseLevel::Sure) => bit(Feature::SureName),
            Some(NoiseLevel::Likely) => bit(Feature::LikelyName),
            None => 0,
        };
        if names.is_body {
            self.flags |= bit(Feature::InBodyName);
        }
        add_words(&mut self.own_names, &names.words);
    }
}

/// The ancestry of every node, in document order.
pub(super) fn ancestries<'d>(document: &'d Document, names: &mut NameCache<'d>) -> Vec<Ancestry> {
    let mut all: Vec<Ancestry> = Vec::with_capacity(document.len());
    for at in document.nodes() {
        let parent =
            document.parent(at).and_then(|parent| all.get(parent.index())).copied().unwrap_or_default();
        all.push(ancestry(document, at, parent, names));
    }
    all
}

/// The ancestry of a node below a parent with that ancestry.
fn ancestry<'d>(document: &'d Document, at: NodeId, parent: Ancestry, names: &mut NameCache<'d>) -> Ancestry {
    let tag = document.tag(at);
    let mut node = Ancestry { own_names: WordSet::default(), ..parent };
    node.flags |= inherited_feature(tag).map_or(0, bit);
    node.articles = node.articles.saturating_add(u8::from(tag == Tag::Article));
    if matches!(
        tag,
        Tag::Text | Tag::Html | Tag::Body | Tag::Br | Tag::Script | Tag::Style | Tag::Meta | Tag::Link
    ) {
        return node;
    }
    for (attr, value) in document.attrs(at) {
        match attr {
            // The id of a heading is made of its text.
            "id" if tag.heading().is_some() => {}
            "class" | "id" | "data-component" | "data-testid" | "data-type" | "data-module" => {
                node.add_names(names.get(value));
            }
            "role" if is_noise_role(value) => node.flags |= bit(Feature::InRole),
            "aria-hidden" | "aria-modal" if value == "true" => node.flags |= bit(Feature::InHidden),
            "itemprop" if value.contains("articleBody") || value.contains("reviewBody") => {
                node.flags |= bit(Feature::InBody);
            }
            _ => {}
        }
    }
    let own_names = node.own_names;
    add_words(&mut node.all_names, &own_names);
    node
}

/// The feature of what is within an element with that tag.
fn inherited_feature(tag: Tag) -> Option<Feature> {
    Some(match tag {
        Tag::Nav | Tag::Menu => Feature::InNav,
        Tag::Footer => Feature::InFooter,
        Tag::Aside => Feature::InAside,
        Tag::Header => Feature::InHeader,
        Tag::Figure | Tag::Figcaption => Feature::InFigure,
        Tag::Form | Tag::Fieldset | Tag::Label => Feature::InForm,
        Tag::Article => Feature::InArticle,
        Tag::Main => Feature::InMain,
        Tag::Table => Feature::InTable,
        Tag::Blockquote => Feature::InQuote,
        Tag::Ul | Tag::Ol | Tag::Dl => Feature::InList,
        Tag::Section => Feature::InSection,
        Tag::Details => Feature::InDetails,
        Tag::A => Feature::InLink,
        _ => return None,
    })
}

/// The bit of an inherited feature in [`Ancestry::flags`].
fn bit(feature: Feature) -> u32 {
    INHERITED.iter().position(|known| *known == feature).map_or(0, |place| 1 << place)
}

/// Adds the words of another set.
pub(super) fn add_words(set: &mut WordSet, more: &WordSet) {
    for (slot, more) in set.iter_mut().zip(more) {
        *slot |= more;
    }
}
