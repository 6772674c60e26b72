//! An article as extraction finds it in a page, before it is stored.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::model::{Extraction, Timestamp};

/// The fields of an article that was extracted. `extract --jsonl` and `try --json` print it.
#[derive(Serialize)]
pub(crate) struct ArticleJson<'a> {
    /// Headline.
    title: Option<&'a str>,
    /// Names, in the order of the page.
    authors: &'a [String],
    /// When it was published, with the precision and the offset that the page gives: `2026-11`, `2026-11-24T09:15+01:00`.
    published: Option<String>,
    /// When it was last changed, written as `published`.
    modified: Option<String>,
    /// The lead paragraph.
    standfirst: Option<&'a str>,
    /// Plain text; a blank line separates paragraphs. Empty where no body was found.
    text: &'a str,
    /// The body as clean HTML.
    html: &'a str,
    /// URL of the lead image.
    image: Option<&'a str>,
    /// Pixels.
    image_width: Option<u32>,
    /// Pixels.
    image_height: Option<u32>,
    /// BCP 47.
    language: Option<&'a str>,
    /// Name of the publication.
    site: Option<&'a str>,
    /// Section of the publication.
    section: Option<&'a str>,
    /// Keywords of the page.
    tags: &'a [String],
    /// The short link that the page prints, else the one of its `rel=shortlink`.
    short_link: Option<&'a str>,
    /// `rel=canonical`.
    canonical: Option<&'a str>,
    /// What the page is: `article`, `challenge`, `not-article`…
    kind: &'static str,
    /// How each field was found, by its name: `rule`, `meta`, `auto`…
    origins: BTreeMap<&'static str, &'static str>,
}

impl<'a> From<&'a Extraction> for ArticleJson<'a> {
    fn from(extraction: &'a Extraction) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let links = &extraction.links;
        Self {
            title: extraction.title.as_deref(),
            authors: &extraction.authors,
            published: time(extraction.published),
            modified: time(extraction.modified),
            standfirst: extraction.standfirst.as_deref(),
            text: &extraction.text,
            html: &extraction.html,
            image: extraction.image.as_ref().map(Url::as_str),
            image_width: extraction.image_size.width,
            image_height: extraction.image_size.height,
            language: extraction.language.as_deref(),
            site: extraction.site.as_deref(),
            section: extraction.section.as_deref(),
            tags: &extraction.tags,
            short_link: links.short_link.as_ref().or(links.shortlink.as_ref()).map(Url::as_str),
            canonical: links.canonical.as_ref().map(Url::as_str),
            kind: extraction.kind.as_str(),
            origins: extraction
                .origins
                .iter()
                .map(|(field, origin)| (field.as_str(), origin.as_str()))
                .collect(),
        }
    }
}

/// One line that `extract --jsonl` answers: the article or the error.
#[derive(Serialize)]
pub(crate) struct ExtractAnswerJson<'a> {
    /// As the request gave it; any JSON, `null` where it gave none.
    pub(crate) id: Value,
    /// Whether an article was extracted; `error` says why not.
    pub(crate) ok: bool,
    /// Left out where `ok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Its fields stand beside `id`; left out where not `ok`.
    #[serde(flatten)]
    pub(crate) article: Option<ArticleJson<'a>>,
    /// The body as Markdown; left out unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) markdown: Option<String>,
}
