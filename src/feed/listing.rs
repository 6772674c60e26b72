//! A page that links to articles, read as if it were a feed: for sites that have none.
//!
//! Title and date of an article are looked for in the block around its link: the largest element that holds no link to
//! another article of the list.

use std::collections::HashMap;

use chrono::format::{Parsed, StrftimeItems};
use chrono_tz::Tz;
use url::Url;

use super::{NotAFeed, date, limits};
use crate::config::{FieldRule, Listing};
use crate::html::{self, Document, NodeId, ParseLimits, line, tidy};
use crate::link;
use crate::model::{Entry, ParsedFeed, Precision, SkippedEntry, Timestamp};

/// A link of the list and what it leads to.
struct Found {
    at: NodeId,
    url: Url,
    key: String,
}

pub(super) fn read(
    bytes: &[u8],
    content_type: Option<&str>,
    base: &Url,
    listing: &Listing,
    zone: Tz,
) -> Result<ParsedFeed, NotAFeed> {
    let html = html::decode(bytes, content_type);
    let document = Document::parse(&html, &ParseLimits::default())
        .map_err(|too_much| NotAFeed::because(format!("the page cannot be read: {too_much}")))?;
    let base = base_of(&document, base);
    let (found, matched) = links(&document, &base, listing);
    let titles = elements(&document, &listing.title);
    let dates = elements(&document, &listing.date);
    if document.is_overrun() {
        let message = "a selector takes too many steps over the page: write it without `~`, `+` or `:has()`";
        return Err(NotAFeed::because(message));
    }
    if found.is_empty() {
        return Err(nothing(listing, matched));
    }
    let mut feed = ParsedFeed {
        title: title_of(&document),
        ..ParsedFeed::default()
    };
    let mut positions: HashMap<&str, usize> = HashMap::new();
    for (index, link) in found.iter().enumerate() {
        let block = block(&document, &found, index);
        let title = first(&document, block, &titles, |_, text| Some(text));
        let title = if listing.title.is_empty() {
            Some(line(&document, link.at)).filter(|text| !text.is_empty())
        } else {
            title
        };
        let published = first(&document, block, &dates, |rule, text| {
            dated(&text, rule.format.as_deref(), zone)
        });
        if let Some(known) = positions
            .get(link.key.as_str())
            .and_then(|&position| feed.entries.get_mut(position))
        {
            // The picture links to the article, too, and says nothing; of two texts the longer is the headline.
            let longer = |title: &String| title.len() > known.title.as_ref().map_or(0, String::len);
            if title.as_ref().is_some_and(longer) {
                known.title = title;
            }
            known.published = known.published.or(published);
            continue;
        }
        if feed.entries.len() >= limits::ENTRIES {
            feed.skipped.push(SkippedEntry {
                position: limits::ENTRIES,
                reason: format!("the page links to more than {} articles", limits::ENTRIES),
            });
            break;
        }
        positions.insert(&link.key, feed.entries.len());
        feed.entries.push(Entry {
            link: Some(link.url.clone()),
            title: title.map(cut),
            published,
            base: Some(Box::new(base.clone())),
            ..Entry::default()
        });
    }
    Ok(feed)
}

/// The links of the first selector that finds any, in document order, and how many elements were found in all.
fn links(document: &Document, base: &Url, listing: &Listing) -> (Vec<Found>, usize) {
    let page = link::key(base);
    let mut matched = 0;
    for rule in &listing.links {
        let elements = document.select(&rule.css);
        matched += elements.len();
        let found: Vec<Found> = elements
            .into_iter()
            .filter_map(|at| {
                let attr = rule.attr.as_deref().unwrap_or("href");
                let typed = tidy(document.attr(at, attr)?);
                let href = match &rule.matches {
                    Some(pattern) => {
                        let found = pattern.captures(&typed)?;
                        found.get(1).or_else(|| found.get(0))?.as_str()
                    }
                    None => typed.as_str(),
                };
                let url = link::resolve(base, href)?;
                let wanted = listing
                    .pattern
                    .as_ref()
                    .is_none_or(|pattern| pattern.is_match(url.as_str()));
                let key = link::key(&url);
                (wanted && key != page).then_some(Found { at, url, key })
            })
            .collect();
        if !found.is_empty() {
            return (found, matched);
        }
    }
    (Vec::new(), matched)
}

/// The largest element around a link that holds no link to another article.
fn block(document: &Document, found: &[Found], index: usize) -> NodeId {
    let Some(link) = found.get(index) else {
        return NodeId::default();
    };
    let other = |mut others: Box<dyn Iterator<Item = &Found> + '_>| {
        others.find(|other| other.key != link.key).map(|other| other.at)
    };
    let before = other(Box::new(found.iter().take(index).rev()));
    let after = other(Box::new(found.iter().skip(index + 1)));
    let alone = |at: &NodeId| {
        before.is_none_or(|before| before < *at) && after.is_none_or(|after| after >= document.end(*at))
    };
    document
        .ancestors(link.at)
        .take_while(alone)
        .last()
        .unwrap_or(link.at)
}

/// What each rule selects in the whole page, in document order: a selector may name what stands around a block.
fn elements<'r>(document: &Document, rules: &'r [FieldRule]) -> Vec<(&'r FieldRule, Vec<NodeId>)> {
    rules
        .iter()
        .map(|rule| (rule, document.select(&rule.css)))
        .collect()
}

/// The first value that a rule gives within a block.
fn first<T>(
    document: &Document,
    block: NodeId,
    rules: &[(&FieldRule, Vec<NodeId>)],
    read: impl Fn(&FieldRule, String) -> Option<T>,
) -> Option<T> {
    rules.iter().find_map(|(rule, elements)| {
        let from = elements.partition_point(|at| *at < block);
        elements
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|at| **at < document.end(block))
            .find_map(|&at| {
                let whole = match &rule.attr {
                    Some(attr) => tidy(document.attr(at, attr)?),
                    None => line(document, at),
                };
                let value = match &rule.matches {
                    Some(pattern) => {
                        let found = pattern.captures(&whole)?;
                        tidy(found.get(1).or_else(|| found.get(0))?.as_str())
                    }
                    None => whole,
                };
                if value.is_empty() { None } else { read(rule, value) }
            })
    })
}

/// A date as printed; one without an offset is of the source's zone.
fn dated(text: &str, format: Option<&str>, zone: Tz) -> Option<Timestamp> {
    let Some(format) = format else {
        return date::parse(text);
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

/// What relative links start from; a `<base>` without `href` says nothing.
fn base_of(document: &Document, page: &Url) -> Url {
    let base = document
        .all()
        .filter(|at| document.name(*at) == "base")
        .find_map(|at| link::resolve(page, document.attr(at, "href")?));
    base.unwrap_or_else(|| page.clone())
}

fn title_of(document: &Document) -> Option<String> {
    let at = document.all().find(|at| document.name(*at) == "title")?;
    Some(cut(line(document, at))).filter(|title| !title.is_empty())
}

/// At most so much of a line as a feed may have.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(limits::LINE));
    text
}

fn nothing(listing: &Listing, matched: usize) -> NotAFeed {
    let typed: Vec<String> = listing
        .links
        .iter()
        .map(|rule| format!("`{}`", rule.typed))
        .collect();
    let typed = typed.join(", ");
    match (matched, &listing.pattern) {
        (0, _) => NotAFeed {
            reason: format!("nothing on the page matches `links` = {typed}"),
            hint: Some("look at the page's source: what scripts add in a browser is not there".to_owned()),
        },
        (_, Some(pattern)) => NotAFeed {
            reason: format!(
                "{matched} elements match `links` = {typed}, but none leads to an address that matches `pattern` = '{pattern}'"
            ),
            hint: Some("`pattern` is searched in the whole address, https:// included".to_owned()),
        },
        (_, None) => NotAFeed {
            reason: format!(
                "{matched} elements match `links` = {typed}, but none has a link to another page"
            ),
            hint: Some("write the attribute that holds the address, as in \"h2 > a@href\"".to_owned()),
        },
    }
}
