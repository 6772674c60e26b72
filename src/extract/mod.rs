//! Cuts an article out of a page: by the rules of its source and site, else automatically.
//!
//! ```text
//! html ─ parse ─┬─ rules     selectors, strongest layer first
//!               ├─ jsonld    what the page says of itself, for machines
//!               ├─ meta      the same in its head
//!               └─ body      where the text is, found without being told
//! ```
//! A field that a rule does not give is taken from the next below; each says where it came from. Pure: `now` is only
//! for relative dates and for what cannot be.

mod authors;
mod body;
mod dates;
mod fields;
mod jsonld;
mod links;
mod meta;
mod months;
mod rules;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::Url;

use crate::config::ArticleRules;
use crate::html::{Clip, Document, Limits, Patience, TooMuch, blocks, join, sanitised};
use crate::model::{Extraction, Field, Kind, Origin};
use dates::Reading;
use fields::Automatic;
use meta::Meta;
use rules::Applied;

/// A page as it was fetched.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Decoded.
    pub html: &'a str,
    /// What served it, after redirects.
    pub url: &'a Url,
    /// The `Link:` header.
    pub link_header: Option<&'a str>,
}

/// A page that is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// More than we parse.
    #[error("{0}: the page is set aside")]
    TooMuch(#[from] TooMuch),
}

impl ExtractError {
    /// From a closed set: database column and metric label.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooMuch(TooMuch::Bytes(_)) => "too-large",
            Self::TooMuch(TooMuch::Nodes(_)) => "too-many-nodes",
            Self::TooMuch(TooMuch::Time) => "too-slow",
        }
    }
}

/// Cuts the article out of a page. `rules` are strongest first; `zone` is that of printed times without one.
pub fn article(
    page: &Page<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Extraction, ExtractError> {
    article_within(page, rules, zone, now, Patience::default())
}

/// As [`article`], for as long as the caller waits.
pub fn article_within(
    page: &Page<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
    patience: Patience<'_>,
) -> Result<Extraction, ExtractError> {
    let document = Document::parse_until(page.html, &Limits::default(), patience)?;
    let meta = Meta::read(&document);
    let linked = jsonld::read(&document);
    let base = links::base(&meta, page.url);
    let language = fields::declared_language(&meta, &linked);
    let reading = Reading {
        zone,
        now,
        language: language.as_deref(),
    };
    let mut applied = Applied {
        document: &document,
        layers: rules,
        base: &base,
        reading,
        tried: Vec::new(),
    };
    let mut extraction = Extraction {
        links: links::of_page(&meta, &base, page.link_header),
        ..Extraction::default()
    };
    by_rule(&mut applied, &mut extraction);

    let whole = Clip::of_all(&document, &document.all().take(1).collect::<Vec<_>>());
    if applied.rejects(&whole) {
        extraction.kind = Kind::NotArticle;
        extraction.tried = applied.tried;
        return Ok(extraction);
    }

    let automatic = Automatic {
        document: &document,
        meta: &meta,
        linked: &linked,
        base: &base,
        page: page.url,
        reading,
    };
    automatic.title(&mut extraction);
    // What follows is linear in what was parsed.
    if patience.is_over() {
        return Err(TooMuch::Time.into());
    }
    let clip = if let Some(clip) = applied.body() {
        extraction.origins.insert(Field::Body, Origin::Rule);
        extraction.text = join(&blocks(&document, &clip));
        clip
    } else {
        let mut found = body::find(&document, extraction.title.as_deref(), &linked, &meta);
        applied.cut(&mut found.clip);
        extraction.text = if found.clip.until.is_some() || rules.iter().any(|rules| !rules.remove.is_empty())
        {
            join(&blocks(&document, &found.clip))
        } else {
            found.text
        };
        if !extraction.text.is_empty() {
            extraction.origins.insert(Field::Body, Origin::Auto);
        }
        found.clip
    };
    extraction.html = sanitised(&document, &clip, &base);
    extraction.tried = applied.tried;
    automatic.rest(&mut extraction, &clip);
    extraction.kind = fields::kind(&document, &linked, &extraction);
    Ok(extraction)
}

/// What the rules give, all but the body.
fn by_rule(applied: &mut Applied<'_>, extraction: &mut Extraction) {
    extraction.title = applied.text(Field::Title, |rules| &rules.title);
    extraction.standfirst = applied.text(Field::Standfirst, |rules| &rules.standfirst);
    let bylines = applied.texts(Field::Byline, |rules| &rules.byline);
    extraction.published = applied.date(Field::Published, |rules| &rules.published);
    extraction.modified = applied.date(Field::Modified, |rules| &rules.modified);
    extraction.image = applied.url(Field::Image, |rules| &rules.image);
    extraction.links.short_link = applied.url(Field::ShortLink, |rules| &rules.short_link);
    if !bylines.is_empty() {
        extraction.authors = authors::clean(&bylines, None);
        extraction.byline = Some(bylines.join(", "));
    }
    for (field, given) in [
        (Field::Title, extraction.title.is_some()),
        (Field::Standfirst, extraction.standfirst.is_some()),
        (Field::Byline, extraction.byline.is_some()),
        (Field::Published, extraction.published.is_some()),
        (Field::Modified, extraction.modified.is_some()),
        (Field::Image, extraction.image.is_some()),
        (Field::ShortLink, extraction.links.short_link.is_some()),
    ] {
        if given {
            extraction.origins.insert(field, Origin::Rule);
        }
    }
}
