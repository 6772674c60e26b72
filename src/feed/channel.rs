//! The feed's own fields: title, site, language, author, hubs, and when it wishes to be polled.
//!
//! Schedules: RSS 2.0 (`ttl`, `skipHours`, `skipDays`) and the RSS 1.0 syndication module (`updatePeriod`,
//! `updateFrequency`, `updateBase`). `schedule` decides what becomes of them.

use std::sync::Arc;
use std::time::Duration;

use chrono::Weekday;
use url::Url;

use super::date::parse_date;
use super::fields::FeedField;
use super::limits;
use super::plain_text::{TextKind, plain_line};
use super::token::StartTag;
use super::values::{language_tag, link_address, web_address};
use crate::model::{Entry, EntryDetails, FeedHints, ParsedFeed};

/// Longest `ttl`; longer ones are mistakes.
const MAX_TTL: Duration = Duration::from_hours(366 * 24);

/// The feed's own fields while they are parsed. Of most the first counts: what comes after an entry may be the rest of
/// a broken one.
#[derive(Debug, Default)]
pub(super) struct ChannelDraft {
    title: Option<String>,
    link: Option<Url>,
    language: Option<String>,
    rights: Option<String>,
    hubs: Vec<Url>,
    topic: Option<Url>,
    next: Option<Url>,
    /// The author of an Atom feed, whose entries may leave theirs out (RFC 4287, 4.2.1).
    author: Option<String>,
    hints: FeedHints,
    update_period: Option<Duration>,
    /// Updates in each period; above zero.
    update_frequency: Option<u32>,
}

impl ChannelDraft {
    /// Reads the attributes of the root or channel element.
    pub(super) fn read_attributes(&mut self, tag: &StartTag<'_>, base: Option<&Url>) {
        if let Some(tag) = tag.attribute("xml:lang") {
            self.language = self.language.take().or_else(|| language_tag(tag));
        }
        if let Some(href) = tag.attribute("href") {
            self.set_link(href, base);
        }
    }

    /// Sets the site's address, unless it is set.
    pub(super) fn set_link(&mut self, href: &str, base: Option<&Url>) {
        if self.link.is_none() {
            self.link = link_address(href, base);
        }
    }

    /// Adds a link of the feed by its relation: a hub, the feed's own address (WebSub, 4), the next document (RFC 5005, 3).
    pub(super) fn add_relation(&mut self, relation: &str, href: &str, base: Option<&Url>) {
        let Some(url) = web_address(href, base) else {
            return;
        };
        match relation {
            "hub" => add_hub(&mut self.hubs, url),
            "self" if self.topic.is_none() => self.topic = Some(url),
            "next" if self.next.is_none() => self.next = Some(url),
            _ => {}
        }
    }

    /// Sets the author, unless it is set.
    pub(super) fn set_author(&mut self, name: String) {
        self.author.get_or_insert(name);
    }

    /// Adds the text of a field outside of all entries. Fields of entries, such as `guid`, are ignored.
    pub(super) fn add(&mut self, field: FeedField, text: &str, kind: TextKind, base: Option<&Url>) {
        match field {
            FeedField::Title if self.title.is_none() => {
                self.title = plain_line(text, kind, limits::LINE);
            }
            FeedField::Link => self.set_link(text, base),
            FeedField::Language => self.language = language_tag(text).or(self.language.take()),
            FeedField::Rights if self.rights.is_none() => {
                self.rights = plain_line(text, kind, limits::RIGHTS);
            }
            FeedField::Ttl => {
                let ttl = number(text).map(|minutes| Duration::from_mins(u64::from(minutes)));
                self.hints.ttl = ttl.filter(|ttl| !ttl.is_zero() && *ttl <= MAX_TTL);
            }
            FeedField::SkipHour => {
                // 24 is midnight in RSS 0.91.
                let hour =
                    number(text).filter(|hour| *hour <= 24).and_then(|hour| u8::try_from(hour % 24).ok());
                add_once(&mut self.hints.skip_hours, hour);
            }
            FeedField::SkipDay => {
                add_once(&mut self.hints.skip_days, text.trim().parse::<Weekday>().ok());
            }
            FeedField::UpdatePeriod => self.update_period = named_period(text),
            FeedField::UpdateFrequency => {
                self.update_frequency = number(text).filter(|times| *times > 0);
            }
            FeedField::UpdateBase => {
                self.hints.update_base = parse_date(text).map(|at| at.utc(chrono_tz::UTC));
            }
            _ => {}
        }
    }

    /// Moves the fields into the parsed feed, and into those entries that lack them.
    pub(super) fn finish(self, feed: &mut ParsedFeed) {
        feed.title = self.title;
        feed.link = self.link;
        feed.hints = self.hints;
        feed.hubs = self.hubs;
        feed.topic = self.topic;
        feed.next = self.next;
        if self.update_period.is_some() || self.update_frequency.is_some() {
            // RSS 1.0 syndication module: both have defaults, daily and once.
            let period = self.update_period.unwrap_or(Duration::from_hours(24));
            feed.hints.update_period = Some(period / self.update_frequency.unwrap_or(1));
        }
        // RFC 4287, 4.2.10: the feed's rights hold for entries that have none.
        let defaults = EntryDetails {
            authors: self.author.into_iter().collect(),
            language: self.language.clone(),
            rights: self.rights.as_deref().map(Arc::from),
            ..EntryDetails::default()
        };
        apply_defaults(defaults, &mut feed.entries);
        feed.language = self.language;
        feed.rights = self.rights;
    }
}

/// Gives entries the authors, language and rights of their feed where they have none. Entries without any details
/// share one copy.
pub(super) fn apply_defaults(defaults: EntryDetails, entries: &mut [Entry]) {
    let Some(defaults) = defaults.kept() else {
        return;
    };
    for entry in entries {
        let Some(details) = &mut entry.details else {
            entry.details = Some(Arc::clone(&defaults));
            continue;
        };
        let details = Arc::make_mut(details);
        if details.authors.is_empty() {
            details.authors.clone_from(&defaults.authors);
        }
        if details.language.is_none() {
            details.language.clone_from(&defaults.language);
        }
        if details.rights.is_none() {
            details.rights.clone_from(&defaults.rights);
        }
    }
}

/// Adds the hubs and the feed's own address from the `Link:` headers of the response. They take precedence over those
/// in the document (WebSub, 4). `base` resolves relative addresses.
pub fn apply_link_headers(feed: &mut ParsedFeed, hubs: &[String], topics: &[String], base: &Url) {
    let in_document = std::mem::take(&mut feed.hubs);
    let in_headers = hubs.iter().filter_map(|href| web_address(href, Some(base)));
    for hub in in_headers.chain(in_document) {
        add_hub(&mut feed.hubs, hub);
    }
    let topic = topics.iter().find_map(|href| web_address(href, Some(base)));
    feed.topic = topic.or(feed.topic.take());
}

/// Adds a hub once, up to [`limits::HUBS`].
fn add_hub(hubs: &mut Vec<Url>, hub: Url) {
    if hubs.len() < limits::HUBS {
        add_once(hubs, Some(hub));
    }
}

fn add_once<T: PartialEq>(list: &mut Vec<T>, value: Option<T>) {
    list.extend(value.filter(|value| !list.contains(value)));
}

/// A whole number; signs and fractions are none.
fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

/// The length of an `updatePeriod` by its name (RSS 1.0 syndication module).
fn named_period(text: &str) -> Option<Duration> {
    Some(Duration::from_hours(match text.trim().to_ascii_lowercase().as_str() {
        "hourly" => 1,
        "daily" => 24,
        "weekly" => 7 * 24,
        "monthly" => 30 * 24,
        "yearly" => 365 * 24,
        _ => return None,
    }))
}
