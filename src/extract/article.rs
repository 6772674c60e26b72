//! Extracts an article in the order in which its fields depend on each other.
//!
//! Metadata first, since it has the base of links and the language of dates; then the rules; then the title, which the
//! search for the body needs; then the body, near which all other fields are looked for.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::Url;

use super::dates::DateContext;
use super::fallback::FallbackExtractor;
use super::jsonld;
use super::page_meta::PageMeta;
use super::rules::RuleMatcher;
use super::{authors, body, hydration, language, lead, links, next_page, page_kind};
use crate::config::ArticleRules;
use crate::html::{self, Document, LimitExceeded, Selection, blocks, join_blocks, sanitised};
use crate::link;
use crate::model::{Extraction, Field, Origin, PageKind, PaginationLinks};

/// Characters: a body without a rule that has fewer may be text that the page's scripts would show.
const SHORT_BODY: usize = 140;

/// A page as it was fetched.
#[derive(Clone, Copy, Debug)]
pub struct PageInput<'a> {
    /// Decoded HTML.
    pub html: &'a str,
    /// URL that served it, after redirects.
    pub url: &'a Url,
    /// The `Link:` header (RFC 8288).
    pub link_header: Option<&'a str>,
}

/// An extracted article.
pub(super) struct Article {
    pub(super) extraction: Extraction,
    /// The part of the page that is its body.
    pub(super) body: Selection,
}

/// Extracts the article of a parsed page. Each stage is charged as a pass over the page.
pub(super) fn extract(
    document: &Document,
    page: &PageInput<'_>,
    rules: &[&ArticleRules],
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Article, LimitExceeded> {
    document.spend_pass()?;
    let meta = PageMeta::read(document);
    document.spend_pass()?;
    let json_ld = jsonld::read(document);
    document.spend_pass()?;
    let base = links::base(&meta, page.url);
    // A configured language decides how dates are read, too.
    let configured = rules.iter().find_map(|rules| rules.language.clone());
    let language = configured.or_else(|| language::declared_language(&meta, &json_ld));
    let dates = DateContext { zone, now, language: language.as_deref() };
    let mut matcher = RuleMatcher::new(document, rules, &base, dates);
    let mut extraction =
        Extraction { links: links::page_links(&meta, &base, page.link_header), ..Extraction::default() };
    apply_rules(&mut matcher, &mut extraction);
    document.spend_pass()?;

    if matcher.rejects_page() {
        extraction.kind = PageKind::NotArticle;
        extraction.selectors = matcher.outcomes;
        document.spend_pass()?;
        return Ok(Article { extraction, body: Selection::of_all(document, &[]) });
    }

    let fallback = FallbackExtractor {
        document,
        meta: &meta,
        json_ld: &json_ld,
        base: &base,
        page_url: page.url,
        dates,
    };
    fallback.fill_title(&mut extraction);
    document.spend_pass()?;
    let body = extract_body(&mut matcher, &fallback, &mut extraction)?;
    document.spend_pass()?;
    extraction.html = sanitised(document, &body, &base);
    document.spend_pass()?;
    use_hydration_text(&fallback, &mut extraction);
    fallback.fill_fields(&mut extraction, &body)?;
    extraction.kind = page_kind::page_kind(document, &json_ld, &extraction, &body);
    document.spend_pass()?;
    lead::note_lead(document, &base, &mut extraction)?;
    extraction.pagination = pagination_links(&mut matcher, &meta, page.url);
    document.spend_pass()?;
    extraction.selectors = matcher.outcomes;
    document.spend_pass()?;
    Ok(Article { extraction, body })
}

/// Sets the fields that rules give, all but the body.
fn apply_rules(matcher: &mut RuleMatcher<'_>, extraction: &mut Extraction) {
    extraction.title = matcher.text(Field::Title, |rules| &rules.title);
    extraction.standfirst = matcher.text(Field::Standfirst, |rules| &rules.standfirst);
    let bylines = matcher.texts(Field::Byline, |rules| &rules.byline);
    extraction.published = matcher.date(Field::Published, |rules| &rules.published);
    extraction.modified = matcher.date(Field::Modified, |rules| &rules.modified);
    extraction.image = matcher.url(Field::Image, |rules| &rules.image);
    extraction.links.short_link = matcher.url(Field::ShortLink, |rules| &rules.short_link);
    if !bylines.is_empty() {
        extraction.authors = authors::names(&bylines, None);
        extraction.byline = Some(bylines.join(", "));
    }
    for (field, is_set) in [
        (Field::Title, extraction.title.is_some()),
        (Field::Standfirst, extraction.standfirst.is_some()),
        (Field::Byline, extraction.byline.is_some()),
        (Field::Published, extraction.published.is_some()),
        (Field::Modified, extraction.modified.is_some()),
        (Field::Image, extraction.image.is_some()),
        (Field::ShortLink, extraction.links.short_link.is_some()),
    ] {
        // No rule gave a value before, so every value is one of a rule.
        if is_set {
            extraction.origins.insert(field, Origin::Rule);
        }
    }
}

/// Finds the body, by rule or without, and sets its text.
fn extract_body(
    matcher: &mut RuleMatcher<'_>,
    fallback: &FallbackExtractor<'_>,
    extraction: &mut Extraction,
) -> Result<Selection, LimitExceeded> {
    let document = fallback.document;
    let by_rule = matcher.body();
    document.spend_pass()?;
    if let Some(selection) = by_rule {
        extraction.origins.insert(Field::Body, Origin::Rule);
        extraction.text = join_blocks(&blocks(document, &selection));
        return Ok(selection);
    }
    let title = extraction.title.as_deref();
    let mut found = body::find_body(document, title, fallback.json_ld, fallback.meta)?;
    matcher.cut(&mut found.selection);
    // The rules of `remove` and `cut_after` hold without a body rule, too.
    let is_cut =
        found.selection.until.is_some() || matcher.layers.iter().any(|rules| !rules.remove.is_empty());
    extraction.text = if is_cut { join_blocks(&blocks(document, &found.selection)) } else { found.text };
    if !extraction.text.is_empty() {
        extraction.origins.insert(Field::Body, Origin::Auto);
    }
    Ok(found.selection)
}

/// Replaces a short body by the text of JSON-LD (`articleBody`) or of the page's hydration JSON, where that is at least
/// three times as long.
fn use_hydration_text(fallback: &FallbackExtractor<'_>, extraction: &mut Extraction) {
    let length = extraction.text.chars().count();
    if length >= SHORT_BODY || extraction.origins.get(&Field::Body) == Some(&Origin::Rule) {
        return;
    }
    // `articleBody` is preferred: the scripts' JSON has other texts, too.
    let declared = fallback.json_ld.body.as_deref().and_then(hydration::prose_html);
    let title = extraction.title.as_deref();
    let found = declared
        .map(|html| (html, Origin::JsonLd))
        .or_else(|| Some((hydration::find_text(fallback.document, title)?, Origin::State)));
    let Some((html, origin)) = found else {
        return;
    };
    let (text, html) = html::text_and_html(&html, fallback.base);
    if text.chars().count() > length * 3 {
        (extraction.text, extraction.html) = (text, html);
        extraction.origins.insert(Field::Body, origin);
    }
}

/// Other pages of the article: by rule, else the next page by its link.
fn pagination_links(matcher: &mut RuleMatcher<'_>, meta: &PageMeta, page_url: &Url) -> PaginationLinks {
    let (document, base) = (matcher.document, matcher.base);
    // With a rule of `next_page` nothing else is followed, even if the rule gives nothing.
    let has_rule = matcher.layers.iter().any(|rules| !rules.next_page.is_empty());
    let next = matcher.url(Field::NextPage, |rules| &rules.next_page);
    let single = matcher.url(Field::SinglePage, |rules| &rules.single_page);
    PaginationLinks {
        next: if has_rule { next } else { next_page::find_next(document, meta, base, page_url) },
        single,
        amp: meta.link("amphtml").and_then(|href| link::resolve(base, href)),
        joined: Vec::new(),
    }
}
