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

mod author_words;
mod authors;
mod body;
mod byline;
mod clock;
mod dates;
mod disposition;
mod fields;
mod formatted;
mod jalali;
mod jsonld;
mod kind;
mod language;
mod links;
mod meta;
mod months;
mod pagination;
mod paging;
mod picture;
mod references;
mod relative;
mod rules;
mod size;
mod standfirst;
mod state;
mod title;
mod tokens;
mod topics;
mod when;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::Url;

use crate::config::ArticleRules;
use crate::html::{self, Document, LimitExceeded, ParseLimits, Selection, blocks, join_blocks, sanitised};
use crate::model::{Extraction, Field, Grade, Origin, PageKind, PaginationLinks};
use dates::Reading;
use fields::Automatic;
use jsonld::Linked;
use meta::Meta;
use rules::Applied;

pub use disposition::{Disposition, Segment};
pub use pagination::{MOST_PAGES, Pagination};

/// A page as it was fetched.
#[derive(Clone, Copy, Debug)]
pub struct PageInput<'a> {
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
    TooMuch(#[from] LimitExceeded),
}

impl ExtractError {
    /// How bad: the same page is as large tomorrow, while one that takes too much work may be simpler then.
    pub fn grade(&self) -> Grade {
        match self {
            Self::TooMuch(LimitExceeded::Steps) => Grade::Soft,
            Self::TooMuch(LimitExceeded::Bytes(_) | LimitExceeded::Nodes(_)) => Grade::Permanent,
        }
    }

    /// From a closed set: database column and metric label.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooMuch(LimitExceeded::Bytes(_)) => "too-large",
            Self::TooMuch(LimitExceeded::Nodes(_)) => "too-many-nodes",
            Self::TooMuch(LimitExceeded::Steps) => "too-slow",
        }
    }
}

/// Cuts the article out of a page. `rules` are strongest first; `zone` is that of printed times without one.
pub fn article(
    page: &PageInput<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Extraction, ExtractError> {
    article_within(page, rules, zone, now, &ParseLimits::default())
}

/// The same within other limits.
fn article_within(
    page: &PageInput<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
    limits: &ParseLimits,
) -> Result<Extraction, ExtractError> {
    let document = Document::parse(page.html, limits)?;
    Ok(cut_out(&document, page, rules, zone, now)?.0)
}

/// The same, with what became of each piece of the page's text.
pub fn explained(
    page: &PageInput<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<(Extraction, Vec<Segment>), ExtractError> {
    let document = Document::parse(page.html, &ParseLimits::default())?;
    let (extraction, clip) = cut_out(&document, page, rules, zone, now)?;
    let parts = disposition::parts(&document, &clip, rules);
    Ok((extraction, parts))
}

/// The article, and what of the document is its body.
fn cut_out(
    document: &Document,
    page: &PageInput<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<(Extraction, Selection), ExtractError> {
    document.spend_pass()?;
    let meta = Meta::read(document);
    document.spend_pass()?;
    let linked = jsonld::read(document);
    document.spend_pass()?;
    let base = links::base(&meta, page.url);
    // What the configuration says of the site counts for its dates, too.
    let configured = rules.iter().find_map(|rules| rules.language.clone());
    let language = configured.or_else(|| language::declared_language(&meta, &linked));
    let reading = Reading {
        zone,
        now,
        language: language.as_deref(),
    };
    let mut applied = Applied {
        document,
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
    document.spend_pass()?;

    let whole = Selection::of_all(document, &document.nodes().take(1).collect::<Vec<_>>());
    if applied.rejects(&whole) {
        extraction.kind = PageKind::NotArticle;
        extraction.selectors = applied.tried;
        document.spend_pass()?;
        return Ok((extraction, Selection::of_all(document, &[])));
    }

    let automatic = Automatic {
        document,
        meta: &meta,
        linked: &linked,
        base: &base,
        page: page.url,
        reading,
    };
    automatic.title(&mut extraction);
    document.spend_pass()?;
    let ruled = applied.body();
    document.spend_pass()?;
    let clip = if let Some(clip) = ruled {
        extraction.origins.insert(Field::Body, Origin::Rule);
        extraction.text = join_blocks(&blocks(document, &clip));
        clip
    } else {
        let mut found = body::find(document, extraction.title.as_deref(), &linked, &meta)?;
        applied.cut(&mut found.clip);
        extraction.text = if found.clip.until.is_some() || rules.iter().any(|rules| !rules.remove.is_empty())
        {
            join_blocks(&blocks(document, &found.clip))
        } else {
            found.text
        };
        if !extraction.text.is_empty() {
            extraction.origins.insert(Field::Body, Origin::Auto);
        }
        found.clip
    };
    document.spend_pass()?;
    extraction.html = sanitised(document, &clip, &base);
    document.spend_pass()?;
    last_resort(document, &linked, &base, &mut extraction);
    automatic.rest(&mut extraction, &clip)?;
    extraction.kind = kind::of(document, &linked, &extraction, &clip);
    document.spend_pass()?;
    extraction.pagination = more(&mut applied, &meta, page);
    document.spend_pass()?;
    extraction.selectors = applied.tried;
    document.spend_pass()?;
    Ok((extraction, clip))
}

/// Characters under which the text of a page without a rule is worth a look at what its scripts would show.
const HARDLY: usize = 140;

/// The text of a page that has hardly any for a reader without scripts: of its JSON-LD, or of its scripts' own JSON.
fn last_resort(document: &Document, linked: &Linked, base: &Url, extraction: &mut Extraction) {
    let printed = extraction.text.chars().count();
    if printed >= HARDLY || extraction.origins.get(&Field::Body) == Some(&Origin::Rule) {
        return;
    }
    let of_json = |html: &str| {
        let (text, html) = html::text_and_html(html, base);
        (text.chars().count() > printed * 3).then_some((text, html))
    };
    let declared = linked.body.as_deref().and_then(state::as_prose);
    let found = declared
        .map(|html| (html, Origin::JsonLd))
        .or_else(|| Some((state::find(document, extraction.title.as_deref())?, Origin::State)));
    if let Some((html, origin)) = found
        && let Some((text, html)) = of_json(&html)
    {
        (extraction.text, extraction.html) = (text, html);
        extraction.origins.insert(Field::Body, origin);
    }
}

/// Other pages of the article: by rule, else the next one found by its link.
fn more(applied: &mut Applied<'_>, meta: &Meta, page: &PageInput<'_>) -> PaginationLinks {
    let (document, base) = (applied.document, applied.base);
    let ruled = applied.layers.iter().any(|rules| !rules.next_page.is_empty());
    let next = applied.url(Field::NextPage, |rules| &rules.next_page);
    let single = applied.url(Field::SinglePage, |rules| &rules.single_page);
    let found = || paging::next(document, meta, base, page.url);
    PaginationLinks {
        next: if ruled { next } else { found() },
        single,
        amp: meta
            .link("amphtml")
            .and_then(|href| crate::link::resolve(base, href)),
        joined: Vec::new(),
    }
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
