//! What a feed says of itself: title, site, language, author, and when it wishes to be polled.

use std::sync::Arc;
use std::time::Duration;

use chrono::Weekday;
use url::Url;

use super::draft::{language, web};
use super::fields::Field;
use super::plain::{self, Kind};
use super::token::Tag;
use super::{date, limits};
use crate::model::{Entry, EntryDetails, FeedHints, ParsedFeed};

/// Longest interval a feed may ask for; longer ones are mistakes.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// The feed's own fields while they are being read. What comes after the first entry counts only where nothing came
/// before it: it may be the rest of a broken entry.
#[derive(Debug, Default)]
pub(super) struct Channel {
    title: Option<String>,
    link: Option<Url>,
    language: Option<String>,
    rights: Option<String>,
    hubs: Vec<Url>,
    topic: Option<Url>,
    /// Of Atom feeds, whose entries may leave theirs out (RFC 4287, 4.2.1).
    author: Option<String>,
    hints: FeedHints,
    period: Option<Duration>,
    frequency: Option<u32>,
}

impl Channel {
    /// Takes what the root or channel element says in attributes.
    pub(super) fn start(&mut self, tag: &Tag<'_>, base: Option<&Url>) {
        if let Some(tag) = tag.raw("xml:lang") {
            self.language = self.language.take().or_else(|| language(tag));
        }
        if let Some(href) = tag.raw("href") {
            self.link(href, base);
        }
    }

    /// The site's address.
    pub(super) fn link(&mut self, href: &str, base: Option<&Url>) {
        if self.link.is_none() {
            self.link = web(href, base);
        }
    }

    /// A relation of the feed to another address (WebSub).
    pub(super) fn relation(&mut self, relation: &str, href: &str, base: Option<&Url>) {
        let Some(url) = web(href, base) else {
            return;
        };
        match relation {
            "hub" if self.hubs.len() < limits::HUBS && !self.hubs.contains(&url) => self.hubs.push(url),
            "self" if self.topic.is_none() => self.topic = Some(url),
            _ => {}
        }
    }

    /// A person with a name element.
    pub(super) fn author(&mut self, name: String) {
        self.author.get_or_insert(name);
    }

    /// Takes a field that stands outside of all entries.
    pub(super) fn take(&mut self, field: Field, text: &str, kind: Kind, base: Option<&Url>) {
        match field {
            Field::Title if self.title.is_none() => {
                self.title = Some(plain::line(text, kind, limits::LINE).0).filter(|title| !title.is_empty());
            }
            Field::Link => self.link(text, base),
            Field::Language => self.language = language(text).or(self.language.take()),
            Field::Rights if self.rights.is_none() => {
                self.rights = Some(plain::line(text, kind, limits::RIGHTS).0).filter(|line| !line.is_empty());
            }
            Field::Ttl => self.hints.ttl = number(text).and_then(|minutes| interval(minutes, 60)),
            Field::Hour => {
                // 24 is midnight in RSS 0.91.
                let hour = number(text)
                    .and_then(|hour| u8::try_from(hour).ok())
                    .filter(|hour| *hour <= 24);
                if let Some(hour) = hour.map(|hour| hour % 24)
                    && !self.hints.skip_hours.contains(&hour)
                {
                    self.hints.skip_hours.push(hour);
                }
            }
            Field::Day => {
                if let Ok(day) = text.trim().parse::<Weekday>()
                    && !self.hints.skip_days.contains(&day)
                {
                    self.hints.skip_days.push(day);
                }
            }
            Field::Period => self.period = period(text),
            Field::Frequency => {
                self.frequency = number(text).filter(|times| *times > 0);
            }
            Field::PeriodBase => {
                self.hints.update_base = date::parse(text).map(|at| at.utc(chrono_tz::UTC));
            }
            _ => {}
        }
    }

    /// Hands over what was found.
    pub(super) fn fill(self, feed: &mut ParsedFeed) {
        feed.title = self.title;
        feed.link = self.link;
        feed.hints = self.hints;
        feed.hubs = self.hubs;
        feed.topic = self.topic;
        if self.period.is_some() || self.frequency.is_some() {
            // Syndication module: daily, once, unless said otherwise.
            let period = self.period.unwrap_or(Duration::from_hours(24));
            feed.hints.update_period = Some(period / self.frequency.unwrap_or(1));
        }
        // RFC 4287, 4.2.10: the feed's rights hold for entries that have none.
        let of_all = EntryDetails {
            authors: self.author.into_iter().collect(),
            language: self.language.clone(),
            rights: self.rights.as_deref().map(Arc::from),
            ..EntryDetails::default()
        };
        hand_down(of_all, &mut feed.entries);
        feed.language = self.language;
        feed.rights = self.rights;
    }
}

/// Gives entries what their feed says of them all, where they say nothing themselves.
pub(super) fn hand_down(of_all: EntryDetails, entries: &mut [Entry]) {
    let Some(of_all) = of_all.kept() else {
        return;
    };
    for entry in entries {
        let Some(details) = &mut entry.details else {
            entry.details = Some(Arc::clone(&of_all));
            continue;
        };
        let details = Arc::make_mut(details);
        if details.authors.is_empty() {
            details.authors.clone_from(&of_all.authors);
        }
        if details.language.is_none() {
            details.language.clone_from(&of_all.language);
        }
        if details.rights.is_none() {
            details.rights.clone_from(&of_all.rights);
        }
    }
}

/// Takes in what `Link:` headers say of hubs and of the feed's own address; they go before the document (WebSub, 4).
pub fn apply_link_headers(feed: &mut ParsedFeed, hubs: &[String], topics: &[String], base: &Url) {
    let told = hubs.iter().filter_map(|href| web(href, Some(base)));
    for hub in told.chain(std::mem::take(&mut feed.hubs)) {
        if feed.hubs.len() < limits::HUBS && !feed.hubs.contains(&hub) {
            feed.hubs.push(hub);
        }
    }
    let topic = topics.iter().find_map(|href| web(href, Some(base)));
    feed.topic = topic.or(feed.topic.take());
}

fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

fn interval(count: u32, seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(u64::from(count) * seconds))
        .filter(|length| !length.is_zero() && *length <= LONGEST)
}

fn period(text: &str) -> Option<Duration> {
    let hours = match text.trim().to_ascii_lowercase().as_str() {
        "hourly" => 1,
        "daily" => 24,
        "weekly" => 7 * 24,
        "monthly" => 30 * 24,
        "yearly" => 365 * 24,
        _ => return None,
    };
    interval(hours, 3600)
}
