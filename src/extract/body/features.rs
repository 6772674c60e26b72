//! Computes the features of every block that the model weighs, apart from those of its neighbours (see `score`).
//!
//! Features that need the whole page (shares of its text, repeated texts, the place of the headline) are taken from sums
//! and tables that are made once, so each block costs its own text and a few look-ups.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "features are near 1 and need no more than three digits"
)]

use std::collections::HashMap;

use super::ancestry::{Ancestry, add_words, ancestries};
use super::block_text::{ends_sentence, is_paragraph, is_scrap};
use super::class_names::{NameCache, WordSet};
use super::noise::{is_credit, is_read_more};
use super::view::{PageView, PrefixSums};
use super::weights::{COUNT, Feature};
use crate::extract::words::fold;
use crate::html::{Block, BlockKind, Document, Tag};

/// Bytes of `articleBody` that are searched for the texts of all blocks together: enough for a book of ten thousand
/// paragraphs.
const MOST_SEARCHED: usize = 1 << 30;

/// Blocks: on a smaller page the place of a block means nothing.
pub(super) const FEW_BLOCKS: usize = 40;

/// Bytes of a folded description; shorter and longer ones are none.
const DESCRIPTION: std::ops::Range<usize> = 30..4000;

/// Bytes that a folded `articleBody` must exceed.
const LEAST_BODY: usize = 200;

/// Characters of a text that are sampled for kinds of characters.
const SAMPLE: usize = 400;

/// The features of a block. Most are 0 or 1, the others between -1 and 1 or so.
#[derive(Clone, Debug)]
pub(super) struct BlockFeatures {
    values: [f32; COUNT],
    /// Words in the names of the block's element and its parent.
    pub(super) near_names: WordSet,
    /// Words in the names of all elements around the block.
    pub(super) all_names: WordSet,
}

impl BlockFeatures {
    /// All features 0, no names.
    fn new() -> Self {
        Self { values: [0.0; COUNT], near_names: WordSet::default(), all_names: WordSet::default() }
    }

    /// Sets the value of a feature.
    pub(super) fn set(&mut self, feature: Feature, value: f32) {
        if let Some(slot) = self.values.get_mut(feature as usize) {
            *slot = value;
        }
    }

    /// Sets a feature to 1 or 0.
    pub(super) fn flag(&mut self, feature: Feature, on: bool) {
        self.set(feature, f32::from(u8::from(on)));
    }

    /// The value of a feature; 0 if it was not set.
    pub(super) fn get(&self, feature: Feature) -> f32 {
        self.values.get(feature as usize).copied().unwrap_or_default()
    }

    /// The values in the order of [`Feature`].
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }
}

/// The features of all blocks of a page.
pub(super) fn block_features<'d>(view: &PageView<'d>, names: &mut NameCache<'d>) -> Vec<BlockFeatures> {
    let ancestries = ancestries(view.document, names);
    let sums = PageSums::of(view);
    let texts = PageTexts::of(view);
    let covered = view.noise_cover();
    let mut searched = 0;
    view.blocks
        .iter()
        .enumerate()
        .map(|(index, block)| {
            let mut features = BlockFeatures::new();
            add_text(&mut features, block);
            add_emphasis(&mut features, view.document, block);
            add_elements(&mut features, view.document, block, &ancestries);
            let is_noise = covered.get(index).copied().unwrap_or_default();
            features.flag(Feature::Noise, is_noise);
            features.flag(Feature::NoiseShort, is_noise && block.weight < 80.0);
            features.flag(Feature::NoiseLong, is_noise && block.weight >= 160.0);
            sums.add_shares(&mut features, view, block);
            add_place(&mut features, index, view.blocks.len(), texts.headline);
            texts.add_comparisons(&mut features, index, block, &mut searched);
            features
        })
        .collect()
}

/// Sums over the blocks of a page, for the shares that an element has of them.
struct PageSums {
    /// Weight of the paragraphs.
    paragraphs: PrefixSums,
    /// Number of the paragraphs.
    paragraph_count: PrefixSums,
    /// Characters, and those of them within links.
    chars: PrefixSums,
    linked: PrefixSums,
}

impl PageSums {
    fn of(view: &PageView<'_>) -> Self {
        let sums = |value: fn(&Block) -> f64| PrefixSums::of(view.blocks.iter().map(value));
        Self {
            paragraphs: sums(|block| if is_paragraph(block) { block.weight } else { 0.0 }),
            paragraph_count: sums(|block| f64::from(u8::from(is_paragraph(block)))),
            chars: sums(|block| block.chars as f64),
            linked: sums(|block| block.linked_chars as f64),
        }
    }

    /// What part of the page's paragraphs is in the three elements around a block's own, and how much of it is links.
    fn add_shares(&self, features: &mut BlockFeatures, view: &PageView<'_>, block: &Block) {
        let document = view.document;
        let outer = |at| document.parent(at).unwrap_or(at);
        let all = self.paragraphs.total();
        let parent = outer(block.owner);
        let grand = outer(parent);
        for (at, share, linked) in [
            (parent, Feature::ShareParent, Feature::LinkedParent),
            (grand, Feature::ShareGrand, Feature::LinkedGrand),
            (outer(grand), Feature::ShareGreat, Feature::LinkedGreat),
        ] {
            let range = view.blocks_within(at);
            let paragraphs = self.paragraphs.within(range.clone());
            features.set(share, (paragraphs / all.max(1.0)) as f32);
            let chars = self.chars.within(range.clone());
            features.set(linked, (self.linked.within(range.clone()) / chars.max(1.0)) as f32);
            if at == parent {
                let count = self.paragraph_count.within(range);
                features.set(Feature::Siblings, (count.min(5.0) / 5.0) as f32);
                features.flag(Feature::SharedSome, paragraphs > all * 0.1);
            }
        }
    }
}

/// The texts of a page, folded, and what they are compared with.
struct PageTexts {
    title: String,
    /// `articleBody`; empty if it is short.
    declared_body: String,
    descriptions: Vec<String>,
    /// The text of each block; empty where it is compared with nothing.
    blocks: Vec<String>,
    /// For each block, the first block with the same text.
    first_same: Vec<usize>,
    /// For each first block, the number of blocks with its text.
    same_count: Vec<u32>,
    /// The block with the headline.
    headline: Option<usize>,
}

impl PageTexts {
    fn of(view: &PageView<'_>) -> Self {
        let title = view.title.map(fold).unwrap_or_default();
        let declared_body =
            view.declared_body.map(fold).filter(|body| body.len() > LEAST_BODY).unwrap_or_default();
        let descriptions = view.descriptions.iter().map(|text| fold(text));
        let descriptions = descriptions.filter(|text| DESCRIPTION.contains(&text.len())).collect();
        let mut first_same: Vec<usize> = Vec::with_capacity(view.blocks.len());
        let mut same_count: Vec<u32> = vec![0; view.blocks.len()];
        let mut by_text: HashMap<&str, usize> = HashMap::with_capacity(view.blocks.len());
        for (index, block) in view.blocks.iter().enumerate() {
            let first = *by_text.entry(block.text.as_str()).or_insert(index);
            first_same.push(first);
            if let Some(count) = same_count.get_mut(first) {
                *count += 1;
            }
        }
        let fold_block = |block: &Block| {
            if !declared_body.is_empty() || (block.chars > 10 && block.chars < 1000) {
                fold(&block.text)
            } else {
                String::new()
            }
        };
        let blocks: Vec<String> = view.blocks.iter().map(fold_block).collect();
        let is_h1 = |block: &Block| matches!(block.kind, BlockKind::Heading(1));
        let is_title = |text: &String| *text == title && !title.is_empty();
        let headline = view
            .blocks
            .iter()
            .zip(&blocks)
            .position(|(block, text)| is_h1(block) && is_title(text))
            .or_else(|| blocks.iter().position(is_title))
            .or_else(|| view.blocks.iter().position(is_h1));
        Self { title, declared_body, descriptions, blocks, first_same, same_count, headline }
    }

    /// Whether a block's text is that of the title, of a description, of the declared body, of another block. `searched`
    /// counts the bytes that were searched so far.
    fn add_comparisons(
        &self,
        features: &mut BlockFeatures,
        index: usize,
        block: &Block,
        searched: &mut usize,
    ) {
        let text = self.blocks.get(index).map(String::as_str).unwrap_or_default();
        if !self.declared_body.is_empty() && text.len() > 30 && *searched < MOST_SEARCHED {
            *searched += self.declared_body.len();
            let is_declared = self.declared_body.contains(text);
            features.flag(Feature::InDeclaredBody, is_declared);
            features.flag(Feature::NotInDeclaredBody, !is_declared);
        }
        features.flag(Feature::IsTitle, text.len() > 10 && text == self.title);
        let is_in = |description: &String| description.contains(text) || text.contains(description.as_str());
        features.flag(Feature::IsDescription, text.len() > 30 && self.descriptions.iter().any(is_in));
        let first = self.first_same.get(index).copied().unwrap_or(index);
        features.flag(Feature::Repeated, block.chars >= 30 && first != index);
        features.flag(Feature::Recurs, self.same_count.get(first).is_some_and(|count| *count > 1));
    }
}

/// The tag of the block's element, and what the elements around it say.
fn add_elements(features: &mut BlockFeatures, document: &Document, block: &Block, ancestries: &[Ancestry]) {
    let tag = document.tag(block.owner);
    features.flag(Feature::OwnerP, tag == Tag::P);
    features.flag(Feature::OwnerDiv, matches!(tag, Tag::Div | Tag::Section | Tag::Article | Tag::Main));
    features.flag(Feature::OwnerQuote, tag == Tag::Blockquote);
    features.flag(Feature::OwnerCaption, tag == Tag::Figcaption);
    let own = ancestries.get(block.owner.index()).copied().unwrap_or_default();
    // A link within the block's element may hold all of its text.
    let inner = document.parent(block.first).and_then(|at| ancestries.get(at.index())).unwrap_or(&own);
    for (feature, has) in own.inherited() {
        features.flag(feature, has);
    }
    // Set again, by the text instead of the element.
    features.flag(Feature::InLink, inner.is_in_link());
    features.flag(Feature::InArticles, own.articles > 1);
    features.all_names = own.all_names;
    features.near_names = own.own_names;
    let parent = document.parent(block.owner).unwrap_or(block.owner);
    if let Some(parent) = ancestries.get(parent.index()) {
        add_words(&mut features.near_names, &parent.own_names);
    }
}

/// Where a block stands on the page and to the headline.
fn add_place(features: &mut BlockFeatures, index: usize, count: usize, headline: Option<usize>) {
    if let Some(headline) = headline {
        features.flag(Feature::AfterTitle, index > headline);
        features.flag(Feature::NearTitle, index > headline && index <= headline + 5);
    }
    // On a small page the last paragraph is as near to the end as a footer is elsewhere.
    let place = if count < FEW_BLOCKS { 0.5 } else { index as f32 / count as f32 };
    features.set(Feature::Place, place);
    features.flag(Feature::LastTenth, place > 0.9);
}

/// The kind of a block, and the form of its text.
fn add_text(features: &mut BlockFeatures, block: &Block) {
    features.set(Feature::Bias, 1.0);
    let kind = match block.kind {
        BlockKind::Paragraph => Feature::Paragraph,
        BlockKind::Item { .. } => Feature::Item,
        BlockKind::Row => Feature::Row,
        BlockKind::Pre => Feature::Pre,
        BlockKind::Heading(1) => Feature::H1,
        BlockKind::Heading(2) => Feature::H2,
        BlockKind::Heading(3) => Feature::H3,
        BlockKind::Heading(_) => Feature::H4,
    };
    features.set(kind, 1.0);
    let weight = block.weight;
    for (feature, least) in [
        (Feature::Long20, 20.0),
        (Feature::Long40, 40.0),
        (Feature::Long80, 80.0),
        (Feature::Long160, 160.0),
        (Feature::Long320, 320.0),
    ] {
        features.flag(feature, weight >= least);
    }
    features.set(Feature::LogLength, (weight.max(1.0).ln() / 6.0) as f32);
    let linked = block.linked_chars as f32 / block.chars.max(1) as f32;
    let is_link = linked >= 0.9;
    let is_item = matches!(block.kind, BlockKind::Item { .. });
    let is_heading = matches!(block.kind, BlockKind::Heading(_));
    features.set(Feature::Linked, linked);
    features.flag(Feature::LinkedHalf, linked >= 0.5);
    features.flag(Feature::LinkedAll, is_link);
    features.flag(Feature::Unlinked, block.linked_chars == 0);
    features.flag(Feature::LinkParagraph, is_link && !is_item && !is_heading);
    features.flag(Feature::LinkItem, is_link && is_item);
    features.flag(Feature::LinkHeading, is_link && is_heading);
    let text = block.text.as_str();
    let is_sentence = ends_sentence(text);
    features.flag(Feature::Sentence, is_sentence);
    features.flag(Feature::LongSentence, is_sentence && weight >= 80.0);
    features.flag(Feature::Scrap, is_scrap(block, 40.0));
    features.flag(Feature::ScrapItem, !is_sentence && is_item);
    features.flag(Feature::Colon, text.ends_with([':', '：']));
    features.flag(Feature::Question, text.ends_with(['?', '？', '؟']));
    add_characters(features, block);
    features.flag(
        Feature::Arrow,
        text.starts_with(['›', '>', '►', '→', '▶', '+', '➡', '▸', '•'])
            || text.ends_with(['»', '›', '>', '►', '→', '▶', '▸', '…']) && linked > 0.3,
    );
    features.flag(Feature::Copyright, text.contains(['©', '®']) || text.contains("(c)"));
    features.flag(
        Feature::Handle,
        weight < 300.0 && (text.contains(" @") || text.contains("http") || text.contains("www.")),
    );
    features.flag(Feature::ReadMore, is_read_more(text));
    features.flag(Feature::Credit, is_credit(text));
}

/// Commas, separators, and the shares of capitals and digits in the beginning of a text.
fn add_characters(features: &mut BlockFeatures, block: &Block) {
    let (mut commas, mut upper, mut lower, mut digits, mut separators) = (0u8, 0u32, 0u32, 0u32, 0u8);
    for c in block.text.chars().take(SAMPLE) {
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
    features.set(Feature::Commas, f32::from(commas.min(3)) / 3.0);
    features.flag(Feature::Capitals, upper as f32 > 0.6 * sampled);
    features.flag(Feature::Digits, digits as f32 > 0.25 * sampled);
    features.flag(Feature::Separators, separators > 0 && block.weight < 120.0);
}

/// Whether all of a block is set in italics or bold.
fn add_emphasis(features: &mut BlockFeatures, document: &Document, block: &Block) {
    for at in document.ancestors(block.first).take_while(|at| *at > block.owner) {
        if document.end(at) <= block.last {
            continue;
        }
        match document.tag(at) {
            Tag::I | Tag::Em => features.set(Feature::AllItalic, 1.0),
            Tag::B | Tag::Strong => features.set(Feature::AllBold, 1.0),
            _ => {}
        }
    }
}
