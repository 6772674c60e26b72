//! The fields of an article that no rule gave: from JSON-LD, from the head, from what the page prints.

use std::borrow::Cow;

use url::Url;

use super::dates::Reading;
use super::jsonld::Linked;
use super::language::{declared_language, of_text};
use super::links;
use super::meta::{Meta, fold};
use crate::html::{Document, LimitExceeded, NodeId, Selection};
use crate::model::{Extraction, Field, Origin};

/// What the automatic has to go by.
pub(super) struct Automatic<'a> {
    pub(super) document: &'a Document,
    pub(super) meta: &'a Meta,
    pub(super) linked: &'a Linked,
    pub(super) base: &'a Url,
    pub(super) page: &'a Url,
    pub(super) reading: Reading<'a>,
}

impl Automatic<'_> {
    /// The headline without the name of the site.
    pub(super) fn title(&self, extraction: &mut Extraction) {
        if extraction.title.is_some() {
            return;
        }
        if let Some((title, origin)) = self.headline() {
            extraction.title = Some(title);
            extraction.origins.insert(Field::Title, origin);
        }
    }

    /// Where headline and text are on the page.
    fn place(&self, title: Option<&str>, body: &Selection) -> Place {
        let document = self.document;
        let end = body
            .roots
            .last()
            .map_or(NodeId::default(), |root| document.end(*root));
        let start = body
            .texts(document)
            .find(|(_, text)| text.trim().chars().count() > 60)
            .map_or(end, |(at, _)| at);
        let title = title.map(fold).unwrap_or_default();
        let mut headings: Vec<(NodeId, &str)> = Vec::new();
        headings.extend(self.meta.h1.iter().map(|(at, text)| (*at, text.as_str())));
        let first = headings.clone();
        headings.extend(self.meta.h2.iter().map(|(at, text)| (*at, text.as_str())));
        headings.sort_unstable();
        headings.retain(|(_, text)| {
            let text = fold(text);
            title.len() > 3 && !text.is_empty() && (text.ends_with(&title) || title.ends_with(&text))
        });
        if headings.is_empty() && title.len() > 3 {
            // Papers that print no headings print lines.
            let is_title = |text: &str| text.len() < title.len() * 2 + 40 && fold(text) == title;
            let lines = document
                .nodes()
                .filter(|at| document.text(*at).is_some_and(is_title))
                .filter(|at| {
                    !document
                        .ancestors(*at)
                        .take(3)
                        .any(|outer| document.tag(outer).has_no_text())
                })
                .filter_map(|at| document.parent(at));
            headings.extend(lines.map(|at| (at, "")));
        }
        let before =
            |headings: &[(NodeId, &str)]| headings.iter().rfind(|(at, _)| *at < start).map(|(at, _)| *at);
        let heading = before(&headings)
            .or_else(|| headings.first().map(|(at, _)| *at))
            .or_else(|| before(&first));
        let end = if end == NodeId::default() {
            document.nodes().last().unwrap_or_default()
        } else {
            end
        };
        Place { heading, end }
    }

    /// Everything but headline and body.
    pub(super) fn rest(&self, extraction: &mut Extraction, body: &Selection) -> Result<(), LimitExceeded> {
        self.document.spend_pass()?;
        let place = self.place(extraction.title.as_deref(), body);
        let site = self.linked.site.clone();
        let (site, origin) = match self.meta.site() {
            Some(site) => (Some(site.to_owned()), Origin::Meta),
            None => (site, Origin::JsonLd),
        };
        set(
            &mut extraction.site,
            site,
            Field::Site,
            origin,
            &mut extraction.origins,
        );
        self.document.spend_pass()?;
        let declared = declared_language(self.meta, self.linked);
        if extraction.language.is_none()
            && let Some((language, origin)) = of_text(declared, &extraction.text)
        {
            extraction.language = Some(language);
            extraction.origins.insert(Field::Language, origin);
        }
        self.document.spend_pass()?;
        if let Some((section, origin)) = self.section() {
            extraction.section = Some(section);
            extraction.origins.insert(Field::Section, origin);
        }
        let (tags, origin) = self.tags();
        extraction.tags = tags;
        extraction
            .origins
            .extend(origin.map(|origin| (Field::Tags, origin)));
        self.document.spend_pass()?;
        if extraction.links.canonical.is_some() {
            extraction.origins.insert(Field::Canonical, Origin::Meta);
        }
        if extraction.links.short_link.is_none() && extraction.links.shortlink.is_some() {
            extraction.origins.insert(Field::ShortLink, Origin::Meta);
        }
        if extraction.links.short_link.is_none() && extraction.links.shortlink.is_none() {
            extraction.links.shortlink = links::printed(self.document, self.base);
            if extraction.links.shortlink.is_some() {
                extraction.origins.insert(Field::ShortLink, Origin::Auto);
            }
        }
        self.document.spend_pass()?;
        if extraction.byline.is_none() && extraction.authors.is_empty() {
            let site = extraction.site.clone();
            if let Some((printed, names, origin)) = self.authors(site.as_deref(), &place) {
                extraction.byline = Some(printed);
                extraction.authors = names;
                extraction.origins.insert(Field::Byline, origin);
            }
        }
        self.document.spend_pass()?;
        if extraction.published.is_none()
            && let Some((at, origin)) = self.published(&place)
        {
            extraction.published = Some(at);
            extraction.origins.insert(Field::Published, origin);
        }
        self.document.spend_pass()?;
        if extraction.modified.is_none()
            && let Some((at, origin)) = self.modified()
        {
            extraction.modified = Some(at);
            extraction.origins.insert(Field::Modified, origin);
        }
        self.document.spend_pass()?;
        if extraction.standfirst.is_none()
            && let Some((text, origin)) = self.standfirst(extraction.title.as_deref(), &place)
        {
            extraction.standfirst = Some(text);
            extraction.origins.insert(Field::Standfirst, origin);
        }
        self.document.spend_pass()?;
        if extraction.image.is_none()
            && let Some((image, origin)) = self.image(&place, body)
        {
            extraction.image = Some(image);
            extraction.origins.insert(Field::Image, origin);
        }
        self.document.spend_pass()?;
        if let Some(image) = &extraction.image {
            extraction.image_size = self.image_size(image);
        }
        self.document.spend_pass()
    }
}

/// Where headline and text are on the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The headline as printed, the one right above the text.
    pub(super) heading: Option<NodeId>,
    /// One past the text.
    pub(super) end: NodeId,
}

fn set<T>(
    slot: &mut Option<T>,
    value: Option<T>,
    field: Field,
    origin: Origin,
    origins: &mut std::collections::BTreeMap<Field, Origin>,
) {
    if slot.is_none() && value.is_some() {
        *slot = value;
        origins.insert(field, origin);
    }
}

/// The words of an element's classes and id, in lower case.
pub(super) fn class_words(document: &Document, at: NodeId) -> impl Iterator<Item = Cow<'_, str>> {
    document
        .attrs(at)
        .filter(|(name, _)| matches!(*name, "class" | "id"))
        .flat_map(|(_, value)| words_of(value))
}

/// The words of a class list or id, in lower case.
pub(super) fn words_of(value: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let is_lower = |word: &str| {
        word.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    value
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && word.len() < 40)
        .map(move |word| {
            if is_lower(word) {
                word.into()
            } else {
                word.to_lowercase().into()
            }
        })
}
