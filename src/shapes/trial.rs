//! What `cuttings try` finds in a page: the article and how the rules did.

use serde::Serialize;
use url::Url;

use super::article::ArticleJson;
use crate::identity::Identity;
use crate::link;
use crate::model::{Extraction, Failure, FieldChoice, Origin};

/// A page that was tried. `try --json` prints it.
#[derive(Serialize)]
pub(crate) struct TrialJson<'a> {
    /// Its fields stand beside the others.
    #[serde(flatten)]
    article: ArticleJson<'a>,
    /// The page, after redirects; masked.
    url: String,
    /// Every selector that was tried, in order.
    tried: Vec<SelectorJson<'a>>,
    /// What the article would be known by, strongest first.
    keys: Vec<KeyJson<'a>>,
    /// Pages of which the article was put together.
    pages: usize,
    /// Link to the next page of the article, where one follows.
    next_page: Option<&'a str>,
    /// Link to the whole article on one page.
    single_page: Option<&'a str>,
    /// Which of page and feed won each field that both tell; empty without `--source`, and where its feed does not name the
    /// page.
    choices: Vec<ChoiceJson<'a>>,
    /// Why a later page is missing; left out where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<MissingPageJson<'a>>,
}

/// A selector and whether it found something.
#[derive(Serialize)]
struct SelectorJson<'a> {
    /// The field it is for.
    field: &'static str,
    /// As typed, with its `@attr`.
    selector: &'a str,
    /// Whether it found something.
    hit: bool,
    /// Characters found.
    length: usize,
    /// Where the rule stands: `[source.article]`, `sites/paper.example.toml`.
    layer: &'a str,
}

/// Which of page and feed won a field.
#[derive(Serialize)]
struct ChoiceJson<'a> {
    field: &'static str,
    /// Where the value is from, as in `origins`; `null`: neither has one.
    origin: Option<&'static str>,
    /// Why, in a word; docs/explain/fields.md has them.
    reason: &'static str,
    /// What the page says; left out where it does not contradict the feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
    /// What the feed says; left out likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<&'a str>,
}

/// A key by which an article is recognised.
#[derive(Serialize)]
struct KeyJson<'a> {
    /// `canonical`, `short-link`, `final-url`…
    kind: &'static str,
    /// The normalised value.
    key: &'a str,
}

/// A page of the article that could not be fetched or read.
#[derive(Serialize)]
struct MissingPageJson<'a> {
    /// From a closed set.
    code: &'static str,
    /// One sentence.
    message: &'a str,
    /// Masked.
    url: Option<&'a str>,
}

/// What a [`TrialJson`] shows.
pub(crate) struct TrialParts<'a> {
    /// The page, after redirects.
    pub(crate) url: &'a Url,
    /// What was found in it and the pages that follow.
    pub(crate) extraction: &'a Extraction,
    /// Its keys.
    pub(crate) identity: &'a Identity,
    /// Pages of the article that were read.
    pub(crate) pages: usize,
    /// Why a later page is missing.
    pub(crate) missing: Option<&'a Failure>,
    /// Which of page and feed won each field.
    pub(crate) choices: &'a [FieldChoice],
}

impl<'a> From<TrialParts<'a>> for TrialJson<'a> {
    fn from(parts: TrialParts<'a>) -> Self {
        let extraction = parts.extraction;
        Self {
            article: extraction.into(),
            url: link::mask_secrets(parts.url),
            tried: extraction
                .selectors
                .iter()
                .map(|tried| SelectorJson {
                    field: tried.field.as_str(),
                    selector: &tried.selector,
                    hit: tried.matched,
                    length: tried.length,
                    layer: &tried.defined_in,
                })
                .collect(),
            keys: parts
                .identity
                .keys
                .iter()
                .map(|key| KeyJson { kind: key.kind.as_str(), key: &key.key })
                .collect(),
            pages: parts.pages,
            next_page: extraction.pagination.next.as_ref().map(Url::as_str),
            single_page: extraction.pagination.single.as_ref().map(Url::as_str),
            choices: parts
                .choices
                .iter()
                .map(|choice| {
                    let contradiction = choice.contradiction.as_ref();
                    ChoiceJson {
                        field: choice.field.as_str(),
                        origin: choice.origin.map(Origin::as_str),
                        reason: choice.reason.as_str(),
                        page: contradiction.map(|both| both.page.as_str()),
                        feed: contradiction.map(|both| both.feed.as_str()),
                    }
                })
                .collect(),
            missing: parts.missing.map(|failure| MissingPageJson {
                code: failure.code,
                message: &failure.message,
                url: failure.url.as_deref(),
            }),
        }
    }
}
