//! Extracts the article of a page: by the rules of its source and site, else without rules.
//!
//! ```text
//! HTML ─ parse ─┬─ rules      selectors of the configuration, strongest layer first
//!               ├─ jsonld     schema.org metadata
//!               ├─ page_meta  `<meta>`, `<link>`, `<title>`
//!               ├─ body       the text, by a model of its blocks
//!               └─ hydration  the JSON of scripts, where the page has no text without them
//! ```
//! Each field is taken from the first of them that gives it; [`Extraction::origins`] says from which. Callers are the
//! collector, `cuttings extract`, `try` and `reextract`.
//!
//! Everything here is pure. `now` is used only to read relative dates and to reject dates in the future. The work on one
//! page is limited in steps ([`ParseLimits::steps`]); a page that takes more gives [`ExtractError`] `too-slow`.

mod article;
mod author_words;
mod authors;
mod body;
mod dates;
mod disposition;
mod fallback;
mod hydration;
mod image_attributes;
mod jsonld;
mod language;
mod lead;
mod links;
mod meta_refresh;
mod next_page;
mod page_kind;
mod page_meta;
mod pagination;
mod rules;
mod script_redirect;
mod script_tokens;
mod site_name;
mod words;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::config::ArticleRules;
use crate::html::{Document, LimitExceeded, ParseLimits};
use crate::model::{Extraction, Grade};

pub use article::PageInput;
pub(crate) use authors::{is_no_author, is_person};
pub use disposition::{Disposition, Segment};
pub(crate) use language::{are_apart, detected_language, is_enough};
pub use lead::note_refresh_header;
pub use pagination::{MOST_PAGES, Pagination};
pub(crate) use site_name::{SEPARATORS, without_site};
pub(crate) use words::is_unspaced;

/// A page that is not extracted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// The page exceeds a limit of the parser, or takes too many steps.
    #[error("{0}: the page is set aside")]
    TooMuch(#[from] LimitExceeded),
}

impl ExtractError {
    /// Size is permanent. Too much work is soft: a page with fewer links or comments may pass the next time.
    pub fn grade(&self) -> Grade {
        match self {
            Self::TooMuch(LimitExceeded::Steps) => Grade::Soft,
            Self::TooMuch(LimitExceeded::Bytes(_) | LimitExceeded::Nodes(_)) => Grade::Permanent,
        }
    }

    /// Code from a closed set: database column and metric label.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooMuch(LimitExceeded::Bytes(_)) => "too-large",
            Self::TooMuch(LimitExceeded::Nodes(_)) => "too-many-nodes",
            Self::TooMuch(LimitExceeded::Steps) => "too-slow",
        }
    }
}

/// Extracts the article of a page. `rules` are strongest first; `zone` is the zone of printed times without one.
pub fn article(
    page: &PageInput<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Extraction, ExtractError> {
    article_within(page, rules, zone, now, &ParseLimits::default())
}

/// The same within other limits than the default ones.
fn article_within(
    page: &PageInput<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
    limits: &ParseLimits,
) -> Result<Extraction, ExtractError> {
    let document = Document::parse(page.html, limits)?;
    Ok(article::extract(&document, page, rules, zone, now)?.extraction)
}

/// Extracts the article of a page, and says of each piece of the page's text what became of it.
pub fn explained(
    page: &PageInput<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<(Extraction, Vec<Segment>), ExtractError> {
    let document = Document::parse(page.html, &ParseLimits::default())?;
    let article = article::extract(&document, page, rules, zone, now)?;
    let segments = disposition::segments(&document, &article.body, rules);
    Ok((article.extraction, segments))
}
