//! What is seen of a block: its text, its elements, their names, and its place on the page.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "features are near 1 and need no more than three digits"
)]

use std::collections::HashMap;

use super::names::{Known, Named, Noise, Words};
use super::weights::{COUNT, Feature};
use super::{View, noise, value};
use crate::extract::meta::fold;
use crate::html::{Block, BlockKind, Document, NodeId, Tag};

/// A block as the weights see it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    values: [f32; COUNT],
    /// Words of the owner and its parent; of all elements around.
    pub near: Words,
    pub far: Words,
}

impl Seen {
    fn new() -> Self {
        Self {
            values: [0.0; COUNT],
            near: [0; 4],
            far: [0; 4],
        }
    }

    pub(super) fn set(&mut self, feature: Feature, value: f32) {
        if let Some(slot) = self.values.get_mut(feature as usize) {
            *slot = value;
        }
    }

    fn flag(&mut self, feature: Feature, on: bool) {
        self.set(feature, f32::from(u8::from(on)));
    }

    pub(super) fn get(&self, feature: Feature) -> f32 {
        self.values.get(feature as usize).copied().unwrap_or_default()
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }
}

/// What is known of an element from the elements around it and itself.
#[derive(Clone, Copy, Default)]
struct Around {
    flags: u32,
    names: Words,
    own: Words,
    articles: u8,
}

/// Bits of [`Around::flags`], in order.
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

fn bit(feature: Feature) -> u32 {
    INHERITED
        .iter()
        .position(|known| *known == feature)
        .map_or(0, |place| 1 << place)
}

fn of_tag(tag: Tag) -> u32 {
    let feature = match tag {
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
        _ => return 0,
    };
    bit(feature)
}

fn flags(named: Named) -> u32 {
    let noise = match named.noise {
        Some(Noise::Sure) => bit(Feature::SureName),
        Some(Noise::Likely) => bit(Feature::LikelyName),
        None => 0,
    };
    if named.is_body {
        noise | bit(Feature::InBodyName)
    } else {
        noise
    }
}

/// Each element of the page with what is around it.
fn around<'d>(document: &'d Document, known: &mut Known<'d>) -> Vec<Around> {
    let mut all: Vec<Around> = Vec::with_capacity(document.len());
    for at in document.nodes() {
        let tag = document.tag(at);
        let outer = document
            .parent(at)
            .and_then(|parent| all.get(parent.index()))
            .copied()
            .unwrap_or_default();
        let mut own = Around { own: [0; 4], ..outer };
        own.flags |= of_tag(tag);
        own.articles = own.articles.saturating_add(u8::from(tag == Tag::Article));
        if !matches!(
            tag,
            Tag::Text | Tag::Html | Tag::Body | Tag::Br | Tag::Script | Tag::Style | Tag::Meta | Tag::Link
        ) {
            for (attr, value) in document.attrs(at) {
                match attr {
                    // The id of a heading is made of its words.
                    "id" if tag.heading().is_some() => {}
                    "class" | "id" | "data-component" | "data-testid" | "data-type" | "data-module" => {
                        let found = known.get(value);
                        own.flags |= flags(found);
                        for (slot, more) in own.own.iter_mut().zip(found.words) {
                            *slot |= more;
                        }
                    }
                    "role" if noise::is_noise_role(value) => own.flags |= bit(Feature::InRole),
                    "aria-hidden" | "aria-modal" if value == "true" => own.flags |= bit(Feature::InHidden),
                    "itemprop" if value.contains("articleBody") || value.contains("reviewBody") => {
                        own.flags |= bit(Feature::InBody);
                    }
                    _ => {}
                }
            }
            for (slot, more) in own.names.iter_mut().zip(own.own) {
                *slot |= more;
            }
        }
        all.push(own);
    }
    all
}

/// Sums over blocks before each, so that what is within an element is a difference.
pub(super) struct Sums(Vec<f64>);

impl Sums {
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let mut sums = vec![0.0];
        for value in values {
            sum += value;
            sums.push(sum);
        }
        Self(sums)
    }

    pub(super) fn total(&self) -> f64 {
        self.0.last().copied().unwrap_or_default()
    }

    pub(super) fn within(&self, range: std::ops::Range<usize>) -> f64 {
        let get = |at: usize| self.0.get(at).copied().unwrap_or_default();
        get(range.end) - get(range.start)
    }
}

/// The blocks within an element.
pub(super) fn range(view: &View<'_>, at: NodeId) -> std::ops::Range<usize> {
    let end = view.document.end(at);
    let from = view.blocks.partition_point(|block| block.first < at);
    let to = view.blocks.partition_point(|block| block.first < end);
    from..to
}

/// Bytes of `articleBody` that are searched for the texts of blocks, all together: ten thousand paragraphs in a book.
const MOST_LOOKED: usize = 1 << 30;

/// Blocks of a page so small that places on it mean nothing.
pub(super) const FEW: usize = 40;

/// Bytes of a description; longer ones are no description.
const LONGEST_LEAD: usize = 4000;

/// All blocks of the page as the weights see them, alone.
pub(super) fn of_blocks<'d>(view: &View<'d>, known: &mut Known<'d>) -> Vec<Seen> {
    let document = view.document;
    let around = around(document, known);
    let prose = Sums::of(view.blocks.iter().map(|block| {
        if value::is_paragraph(block) {
            value::weight(block)
        } else {
            0.0
        }
    }));
    let counts = Sums::of(
        view.blocks
            .iter()
            .map(|block| f64::from(u8::from(value::is_paragraph(block)))),
    );
    let chars = Sums::of(view.blocks.iter().map(|block| block.chars as f64));
    let linked = Sums::of(view.blocks.iter().map(|block| block.linked_chars as f64));
    let covered = value::covered(view);
    let title = view.title.map(fold).unwrap_or_default();
    let said = view
        .said
        .map(fold)
        .filter(|said| said.len() > 200)
        .unwrap_or_default();
    let leads: Vec<String> = view
        .leads
        .iter()
        .map(|lead| fold(lead))
        .filter(|lead| (30..LONGEST_LEAD).contains(&lead.len()))
        .collect();
    // Of each block the first with the same text, and how often that text occurs.
    let mut first_of: Vec<usize> = Vec::with_capacity(view.blocks.len());
    let mut times: Vec<u32> = vec![0; view.blocks.len()];
    let mut by_text: HashMap<&str, usize> = HashMap::with_capacity(view.blocks.len());
    for (index, block) in view.blocks.iter().enumerate() {
        let first = *by_text.entry(block.text.as_str()).or_insert(index);
        first_of.push(first);
        if let Some(times) = times.get_mut(first) {
            *times += 1;
        }
    }
    let folded: Vec<String> = view
        .blocks
        .iter()
        .map(|block| {
            if !said.is_empty() || (block.chars > 10 && block.chars < 1000) {
                fold(&block.text)
            } else {
                String::new()
            }
        })
        .collect();
    let headline = view
        .blocks
        .iter()
        .zip(&folded)
        .position(|(block, text)| {
            matches!(block.kind, BlockKind::Heading(1)) && *text == title && !title.is_empty()
        })
        .or_else(|| folded.iter().position(|text| *text == title && !title.is_empty()))
        .or_else(|| {
            view.blocks
                .iter()
                .position(|block| matches!(block.kind, BlockKind::Heading(1)))
        });
    let count = view.blocks.len().max(1);
    let mut looked = 0;
    let mut out = Vec::with_capacity(view.blocks.len());
    for (index, block) in view.blocks.iter().enumerate() {
        let mut seen = Seen::new();
        of_text(&mut seen, block);
        of_marks(&mut seen, document, block);
        let tag = document.tag(block.owner);
        seen.flag(Feature::OwnerP, tag == Tag::P);
        seen.flag(
            Feature::OwnerDiv,
            matches!(tag, Tag::Div | Tag::Section | Tag::Article | Tag::Main),
        );
        seen.flag(Feature::OwnerQuote, tag == Tag::Blockquote);
        seen.flag(Feature::OwnerCaption, tag == Tag::Figcaption);
        let here = around.get(block.owner.index()).copied().unwrap_or_default();
        // A link or quote may be within the owner and hold all of its text.
        let inner = document
            .parent(block.first)
            .and_then(|at| around.get(at.index()))
            .copied()
            .unwrap_or(here);
        for (place, feature) in INHERITED.iter().enumerate() {
            let flags = if *feature == Feature::InLink {
                inner.flags
            } else {
                here.flags
            };
            seen.flag(*feature, flags & (1 << place) != 0);
        }
        seen.flag(Feature::InArticles, here.articles > 1);
        let parent = document.parent(block.owner).unwrap_or(block.owner);
        let grand = document.parent(parent).unwrap_or(parent);
        let great = document.parent(grand).unwrap_or(grand);
        seen.far = here.names;
        seen.near = here.own;
        if let Some(outer) = around.get(parent.index()) {
            for (slot, more) in seen.near.iter_mut().zip(outer.own) {
                *slot |= more;
            }
        }
        seen.flag(Feature::Noise, covered.get(index).copied().unwrap_or_default());
        for (at, share, link) in [
            (parent, Feature::ShareParent, Feature::LinkedParent),
            (grand, Feature::ShareGrand, Feature::LinkedGrand),
            (great, Feature::ShareGreat, Feature::LinkedGreat),
        ] {
            let range = range(view, at);
            seen.set(
                share,
                (prose.within(range.clone()) / prose.total().max(1.0)) as f32,
            );
            seen.set(
                link,
                (linked.within(range.clone()) / chars.within(range.clone()).max(1.0)) as f32,
            );
            if at == parent {
                seen.set(
                    Feature::Siblings,
                    (counts.within(range.clone()).min(5.0) / 5.0) as f32,
                );
                seen.flag(Feature::SharedSome, prose.within(range) > prose.total() * 0.1);
            }
        }
        if let Some(headline) = headline {
            seen.flag(Feature::AfterTitle, index > headline);
            seen.flag(Feature::NearTitle, index > headline && index <= headline + 5);
        }
        // On a small page the last paragraph is as near the end as a footer is elsewhere.
        let place = if count < FEW {
            0.5
        } else {
            index as f32 / count as f32
        };
        seen.set(Feature::Place, place);
        seen.flag(Feature::LastTenth, place > 0.9);
        let text = folded.get(index).map(String::as_str).unwrap_or_default();
        if !said.is_empty() && text.len() > 30 && looked < MOST_LOOKED {
            looked += said.len();
            let is_in = said.contains(text);
            seen.flag(Feature::InSaid, is_in);
            seen.flag(Feature::NotInSaid, !is_in);
        }
        seen.flag(Feature::IsTitle, text.len() > 10 && text == title);
        seen.flag(
            Feature::IsLead,
            text.len() > 30
                && leads
                    .iter()
                    .any(|lead| lead.contains(text) || text.contains(lead.as_str())),
        );
        let first = first_of.get(index).copied().unwrap_or(index);
        seen.flag(Feature::Repeated, block.chars >= 30 && first != index);
        seen.flag(Feature::Recurs, times.get(first).is_some_and(|times| *times > 1));
        let noise = covered.get(index).copied().unwrap_or_default();
        seen.flag(Feature::NoiseShort, noise && value::weight(block) < 80.0);
        seen.flag(Feature::NoiseLong, noise && value::weight(block) >= 160.0);
        out.push(seen);
    }
    out
}

fn of_text(seen: &mut Seen, block: &Block) {
    seen.set(Feature::Bias, 1.0);
    match block.kind {
        BlockKind::Paragraph => seen.set(Feature::Paragraph, 1.0),
        BlockKind::Item { .. } => seen.set(Feature::Item, 1.0),
        BlockKind::Row => seen.set(Feature::Row, 1.0),
        BlockKind::Pre => seen.set(Feature::Pre, 1.0),
        BlockKind::Heading(1) => seen.set(Feature::H1, 1.0),
        BlockKind::Heading(2) => seen.set(Feature::H2, 1.0),
        BlockKind::Heading(3) => seen.set(Feature::H3, 1.0),
        BlockKind::Heading(_) => seen.set(Feature::H4, 1.0),
    }
    let weight = value::weight(block);
    for (feature, least) in [
        (Feature::Long20, 20.0),
        (Feature::Long40, 40.0),
        (Feature::Long80, 80.0),
        (Feature::Long160, 160.0),
        (Feature::Long320, 320.0),
    ] {
        seen.flag(feature, weight >= least);
    }
    seen.set(Feature::LogLength, (weight.max(1.0).ln() / 6.0) as f32);
    let linked = block.linked_chars as f32 / block.chars.max(1) as f32;
    seen.set(Feature::Linked, linked);
    seen.flag(Feature::LinkedHalf, linked >= 0.5);
    seen.flag(Feature::LinkedAll, linked >= 0.9);
    seen.flag(Feature::Unlinked, block.linked_chars == 0);
    let sentence = value::ends_sentence(&block.text);
    seen.flag(Feature::Sentence, sentence);
    seen.flag(Feature::LongSentence, sentence && weight >= 80.0);
    let link = linked >= 0.9;
    let (item, heading) = (
        matches!(block.kind, BlockKind::Item { .. }),
        matches!(block.kind, BlockKind::Heading(_)),
    );
    seen.flag(Feature::LinkParagraph, link && !item && !heading);
    seen.flag(Feature::LinkItem, link && item);
    seen.flag(Feature::LinkHeading, link && heading);
    seen.flag(
        Feature::Scrap,
        !sentence && weight < 40.0 && block.kind == BlockKind::Paragraph,
    );
    seen.flag(Feature::ScrapItem, !sentence && item);
    let text = block.text.as_str();
    seen.flag(Feature::Colon, text.ends_with([':', '：']));
    seen.flag(Feature::Question, text.ends_with(['?', '？', '؟']));
    let (mut commas, mut upper, mut lower, mut digits, mut separators) = (0u8, 0u32, 0u32, 0u32, 0u8);
    for c in text.chars().take(400) {
        match c {
            ',' | '،' | '、' | '，' => commas = commas.saturating_add(1),
            '|' | '·' | '•' | '/' | '»' | '›' => separators = separators.saturating_add(1),
            'a'..='z' => lower += 1,
            'A'..='Z' => upper += 1,
            ' ' => {}
            c if c.is_numeric() => digits += 1,
            c if c.is_uppercase() => upper += 1,
            c if c.is_alphabetic() => lower += 1,
            _ => {}
        }
    }
    let sampled = (upper + lower + digits).max(1) as f32;
    seen.set(Feature::Commas, f32::from(commas.min(3)) / 3.0);
    seen.flag(Feature::Capitals, upper as f32 > 0.6 * sampled);
    seen.flag(Feature::Digits, digits as f32 > 0.25 * sampled);
    seen.flag(Feature::Separators, separators > 0 && weight < 120.0);
    seen.flag(
        Feature::Arrow,
        text.starts_with(['›', '>', '►', '→', '▶', '+', '➡', '▸', '•'])
            || text.ends_with(['»', '›', '>', '►', '→', '▶', '▸', '…']) && linked > 0.3,
    );
    seen.flag(
        Feature::Copyright,
        text.contains(['©', '®']) || text.contains("(c)"),
    );
    seen.flag(
        Feature::Handle,
        weight < 300.0 && (text.contains(" @") || text.contains("http") || text.contains("www.")),
    );
    seen.flag(Feature::ReadMore, noise::is_read_more(text));
    seen.flag(Feature::Credit, noise::is_credit(text));
}

/// Whether all of it is set in italics or bold.
fn of_marks(seen: &mut Seen, document: &Document, block: &Block) {
    for at in document.ancestors(block.first).take_while(|at| *at > block.owner) {
        if document.end(at) <= block.last {
            continue;
        }
        match document.tag(at) {
            Tag::I | Tag::Em => seen.set(Feature::AllItalic, 1.0),
            Tag::B | Tag::Strong => seen.set(Feature::AllBold, 1.0),
            _ => {}
        }
    }
}
