//! Reads a page that links to articles as if it were a feed, for sites that have none.
//!
//! The configuration selects the links (`listing = { url, links, … }`). Title and date of an article are looked for in
//! the block around its link: the largest element without a link to another article of the list. An article that is
//! linked several times (picture, headline, "read more") is one entry.

use std::collections::HashMap;

use chrono::format::{Parsed, StrftimeItems};
use chrono_tz::Tz;
use url::Url;

use super::date::parse_date;
use super::error::NotAFeed;
use super::limits::{self, truncated};
use crate::config::{FieldRule, Listing};
use crate::html::{self, Document, NodeId, ParseLimits, collapse_whitespace, text_line};
use crate::link;
use crate::model::{Entry, ParsedFeed, Precision, Timestamp};

/// A link of the list.
struct ListedLink {
    node: NodeId,
    url: Url,
    /// See [`link::key`]; links with the same key lead to the same article.
    key: String,
}

/// A rule with the elements that its selector matches in the whole page, in document order.
type MatchedRule<'r> = (&'r FieldRule, Vec<NodeId>);

/// Parses a listing page. `base` is its address; a printed time without an offset is in `zone`.
pub(super) fn parse_page(
    bytes: &[u8],
    content_type: Option<&str>,
    base: &Url,
    listing: &Listing,
    zone: Tz,
) -> Result<ParsedFeed, NotAFeed> {
    let html = html::decode(bytes, content_type);
    let document = Document::parse(&html, &ParseLimits::default())
        .map_err(|exceeded| NotAFeed::because(format!("the page cannot be read: {exceeded}")))?;
    let base = base_of(&document, base);
    let (links, matched) = select_links(&document, &base, listing);
    let titles = match_rules(&document, &listing.title);
    let dates = match_rules(&document, &listing.date);
    // The budget of steps is shared by all selectors of the page; without it their results are not complete.
    if document.is_overrun() {
        let message = "a selector takes too many steps over the page: write it without `~`, `+` or `:has()`";
        return Err(NotAFeed::because(message));
    }
    if links.is_empty() {
        return Err(no_links(listing, matched));
    }
    let mut feed = ParsedFeed { title: title_of(&document), ..ParsedFeed::default() };
    let mut positions: HashMap<&str, usize> = HashMap::new();
    for (index, link) in links.iter().enumerate() {
        let block = block_around(&document, &links, index);
        let title = if listing.title.is_empty() {
            Some(text_line(&document, link.node)).filter(|text| !text.is_empty())
        } else {
            first_value(&document, block, &titles, |_, text| Some(text))
        };
        let published = first_value(&document, block, &dates, |rule, text| {
            printed_date(&text, rule.format.as_deref(), zone)
        });
        let known = positions.get(link.key.as_str());
        if let Some(known) = known.and_then(|&position| feed.entries.get_mut(position)) {
            // A picture may link to the article without a text. Of two texts the longer is the headline.
            let is_longer = |title: &String| title.len() > known.title.as_ref().map_or(0, String::len);
            if title.as_ref().is_some_and(is_longer) {
                known.title = title;
            }
            known.published = known.published.or(published);
            continue;
        }
        if feed.entries.len() >= limits::ENTRIES {
            let reason = format!("the page links to more than {} articles", limits::ENTRIES);
            limits::record_loss(&mut feed.skipped, limits::ENTRIES, reason);
            break;
        }
        positions.insert(&link.key, feed.entries.len());
        feed.entries.push(Entry {
            link: Some(link.url.clone()),
            title: title.map(|title| truncated(&title, limits::LINE).to_owned()),
            published,
            base: Some(Box::new(base.clone())),
            ..Entry::default()
        });
    }
    Ok(feed)
}

/// The links of the first selector that finds any, in document order, and how many elements all selectors so far
/// matched. Links to the page itself are none.
fn select_links(document: &Document, base: &Url, listing: &Listing) -> (Vec<ListedLink>, usize) {
    let page_key = link::key(base);
    let mut matched = 0;
    for rule in &listing.links {
        let nodes = document.select(&rule.css);
        matched += nodes.len();
        let listed = |node| {
            let attribute = rule.attr.as_deref().unwrap_or("href");
            let printed = collapse_whitespace(document.attr(node, attribute)?);
            let url = link::resolve(base, matched_part(rule, &printed)?)?;
            let pattern = listing.pattern.as_ref();
            let is_article = pattern.is_none_or(|pattern| pattern.is_match(url.as_str()));
            let key = link::key(&url);
            (is_article && key != page_key).then_some(ListedLink { node, url, key })
        };
        let links: Vec<ListedLink> = nodes.into_iter().filter_map(listed).collect();
        if !links.is_empty() {
            return (links, matched);
        }
    }
    (Vec::new(), matched)
}

/// The part of a text that a rule's `match` takes: its first group, else the whole match.
fn matched_part<'t>(rule: &FieldRule, text: &'t str) -> Option<&'t str> {
    let Some(pattern) = &rule.matches else {
        return Some(text);
    };
    let captures = pattern.captures(text)?;
    Some(captures.get(1).or_else(|| captures.get(0))?.as_str())
}

/// The largest element around a link without a link to another article.
fn block_around(document: &Document, links: &[ListedLink], index: usize) -> NodeId {
    let Some(link) = links.get(index) else {
        return NodeId::default();
    };
    let is_other = |other: &&ListedLink| other.key != link.key;
    let before = links.iter().take(index).rfind(is_other);
    let after = links.iter().skip(index + 1).find(is_other);
    let is_alone = |block: &NodeId| {
        before.is_none_or(|other| other.node < *block)
            && after.is_none_or(|other| other.node >= document.end(*block))
    };
    let blocks = document.ancestors(link.node).take_while(is_alone);
    blocks.last().unwrap_or(link.node)
}

/// Matches rules against the whole page: a selector may name what is around a block.
fn match_rules<'r>(document: &Document, rules: &'r [FieldRule]) -> Vec<MatchedRule<'r>> {
    rules.iter().map(|rule| (rule, document.select(&rule.css))).collect()
}

/// The first value of the first rule that gives one within a block.
fn first_value<T>(
    document: &Document,
    block: NodeId,
    rules: &[MatchedRule<'_>],
    read: impl Fn(&FieldRule, String) -> Option<T>,
) -> Option<T> {
    rules.iter().find_map(|(rule, nodes)| {
        let from = nodes.partition_point(|node| *node < block);
        let nodes = nodes.iter().skip(from).take_while(|node| **node < document.end(block));
        nodes.copied().find_map(|node| {
            let text = match &rule.attr {
                Some(attribute) => collapse_whitespace(document.attr(node, attribute)?),
                None => text_line(document, node),
            };
            let value = match &rule.matches {
                Some(_) => collapse_whitespace(matched_part(rule, &text)?),
                None => text,
            };
            if value.is_empty() { None } else { read(rule, value) }
        })
    })
}

/// A date as printed, by the rule's strftime `format` if it has one. A time without an offset is in `zone`.
fn printed_date(text: &str, format: Option<&str>, zone: Tz) -> Option<Timestamp> {
    let Some(format) = format else {
        return parse_date(text);
    };
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text.trim(), StrftimeItems::new(format)).ok()?;
    if let Ok(at) = parsed.to_datetime() {
        return Some(Timestamp::instant(at));
    }
    if let Ok(at) = parsed.to_naive_datetime_with_offset(0) {
        return Some(Timestamp::in_zone(at, Precision::Minute, zone));
    }
    parsed.to_naive_date().ok().map(Timestamp::date)
}

/// The address that relative links start from: that of the first `<base>` with an `href`, else the page's own.
fn base_of(document: &Document, page: &Url) -> Url {
    let mut bases = document.nodes().filter(|node| document.name(*node) == "base");
    bases.find_map(|node| link::resolve(page, document.attr(node, "href")?)).unwrap_or_else(|| page.clone())
}

/// The title of the page, which becomes that of the feed.
fn title_of(document: &Document) -> Option<String> {
    let node = document.nodes().find(|node| document.name(*node) == "title")?;
    let title = text_line(document, node);
    Some(truncated(&title, limits::LINE).to_owned()).filter(|title| !title.is_empty())
}

/// The error for a page without links to articles; `matched` elements matched the selectors.
fn no_links(listing: &Listing, matched: usize) -> NotAFeed {
    let selectors: Vec<String> = listing.links.iter().map(|rule| format!("`{}`", rule.typed)).collect();
    let selectors = selectors.join(", ");
    match (matched, &listing.pattern) {
        (0, _) => NotAFeed::with_hint(
            format!("nothing on the page matches `links` = {selectors}"),
            "look at the page's source: what scripts add in a browser is not there",
        ),
        (_, Some(pattern)) => NotAFeed::with_hint(
            format!(
                "{matched} elements match `links` = {selectors}, but none leads to an address that matches `pattern` = '{pattern}'"
            ),
            "`pattern` is searched in the whole address, https:// included",
        ),
        (_, None) => NotAFeed::with_hint(
            format!("{matched} elements match `links` = {selectors}, but none has a link to another page"),
            "write the attribute that holds the address, as in \"h2 > a@href\"",
        ),
    }
}
