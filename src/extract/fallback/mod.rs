//! Fills the fields that no rule gave: from `<meta>`, from JSON-LD, from what the page prints.
//!
//! The order of the sources differs by field and is documented in the field's module. A field is filled only if it has no
//! value, and [`Extraction::origins`] gets the source of the value. Later fields use earlier ones: the byline is compared
//! with the name of the site, the standfirst with the title.

mod byline;
mod extractor;
mod image;
mod image_size;
mod position;
mod published;
mod standfirst;
mod title;
mod topics;

use std::collections::BTreeMap;

pub(super) use self::extractor::FallbackExtractor;

use super::language::{declared_language, language_of_text};
use super::links;
use crate::html::{LimitExceeded, Selection};
use crate::model::{Extraction, Field, Origin};

impl FallbackExtractor<'_> {
    /// Fills the headline, which the search for the body needs.
    pub(super) fn fill_title(&self, extraction: &mut Extraction) {
        if extraction.title.is_none() {
            let (title, titles) = self.title();
            extraction.evidence.titles = titles;
            fill(&mut extraction.title, &mut extraction.origins, Field::Title, || title);
        }
    }

    /// Fills everything but headline and body. Each field is charged as a pass over the page.
    pub(super) fn fill_fields(
        &self,
        extraction: &mut Extraction,
        body: &Selection,
    ) -> Result<(), LimitExceeded> {
        let document = self.document;
        let Extraction { title, text, origins, site, links, evidence, .. } = extraction;
        document.spend_pass()?;
        // Byline, dates, standfirst and image are looked for near the article.
        let position = self.position(title.as_deref(), body);
        fill(site, origins, Field::Site, || self.site());
        document.spend_pass()?;
        fill(&mut extraction.language, origins, Field::Language, || {
            language_of_text(declared_language(self.meta, self.json_ld), text)
        });
        document.spend_pass()?;
        fill(&mut extraction.section, origins, Field::Section, || self.section());
        let (tags, tags_origin) = self.tags();
        extraction.tags = tags;
        origins.extend(tags_origin.map(|origin| (Field::Tags, origin)));
        document.spend_pass()?;
        if links.canonical.is_some() {
            origins.insert(Field::Canonical, Origin::Meta);
        }
        if links.short_link.is_none() {
            // Declared in the head or the `Link:` header, else printed.
            if links.shortlink.is_some() {
                origins.insert(Field::ShortLink, Origin::Meta);
            }
            fill(&mut links.shortlink, origins, Field::ShortLink, || {
                Some((links::printed_short_link(document, self.base)?, Origin::Auto))
            });
        }
        document.spend_pass()?;
        // Byline and authors are one field.
        if extraction.byline.is_none() && extraction.authors.is_empty() {
            let (byline, bylines) = self.byline(site.as_deref(), &position);
            evidence.bylines = bylines;
            if let Some(byline) = byline {
                extraction.byline = Some(byline.printed);
                extraction.authors = byline.names;
                origins.insert(Field::Byline, byline.origin);
            }
        }
        document.spend_pass()?;
        if extraction.published.is_none() {
            evidence.dates = self.published(&position);
            // The surest comes first.
            let surest = evidence.dates.first().map(|date| (date.value, date.origin));
            fill(&mut extraction.published, origins, Field::Published, || surest);
        }
        document.spend_pass()?;
        fill(&mut extraction.modified, origins, Field::Modified, || self.modified());
        document.spend_pass()?;
        fill(&mut extraction.standfirst, origins, Field::Standfirst, || {
            self.standfirst(title.as_deref(), &position)
        });
        document.spend_pass()?;
        fill(&mut extraction.image, origins, Field::Image, || self.image(&position, body));
        document.spend_pass()?;
        if let Some(image) = &extraction.image {
            extraction.image_size = self.image_size(image);
        }
        document.spend_pass()
    }

    /// The name of the site: by `<meta>`, else the publisher of JSON-LD.
    fn site(&self) -> Option<(String, Origin)> {
        let declared = self.meta.site().map(|site| (site.to_owned(), Origin::Meta));
        declared.or_else(|| Some((self.json_ld.site.clone()?, Origin::JsonLd)))
    }
}

/// Sets a field that has no value yet, and notes where the value comes from.
fn fill<T>(
    slot: &mut Option<T>,
    origins: &mut BTreeMap<Field, Origin>,
    field: Field,
    find: impl FnOnce() -> Option<(T, Origin)>,
) {
    if slot.is_none()
        && let Some((value, origin)) = find()
    {
        *slot = Some(value);
        origins.insert(field, origin);
    }
}
