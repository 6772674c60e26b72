//! The keys that `[defaults]` and `[[source]]` share, read once and applied in layers: the source's own over those of
//! `[defaults]` over [`Source::new`].

use std::time::Duration;

use chrono_tz::Tz;
use regex::Regex;
use toml::de::DeValue;

use super::fault::quoted;
use super::nearest::nearest;
use super::value::{Section, Value};
use super::{
    ArticleRetention, ArticleRules, PagePolicy, RequestOptions, Retention, RevisionPolicy, Source, access,
    rules,
};
use crate::timing::{self, Cron, Schedule, format_duration};

/// Least interval of a source without `impolite`: the hard floor that an operator's own word is bound by.
pub(super) const FLOOR: Duration = Duration::from_mins(5);

/// What a section sets; `None` where it says nothing.
#[derive(Clone, Default)]
pub(super) struct Settings {
    /// A cron line is in UTC here; the zone of the source follows when it is applied.
    schedule: Option<Schedule>,
    timezone: Option<Tz>,
    tags: Option<Vec<String>>,
    language: Option<String>,
    key_from_url: Option<Regex>,
    pages: Option<PagePolicy>,
    keep_pages: Option<Retention>,
    keep: Option<ArticleRetention>,
    revisions: Option<RevisionPolicy>,
    revisit: Option<Vec<Duration>>,
    first_poll: Option<usize>,
    enabled: Option<bool>,
    max_hint: Option<Duration>,
    pin: Option<bool>,
    ignore_robots: Option<bool>,
    feed_robots: Option<bool>,
    /// Whole, as `article`.
    access: RequestOptions,
    /// Whole: what the section does not set is that of the section below.
    article: ArticleRules,
}

impl Settings {
    /// Reads a section; `base` gives the article rules it does not set.
    pub(super) fn read(section: &Section<'_>, base: &Self, impolite: bool) -> Self {
        Self {
            schedule: schedule(section, impolite),
            timezone: section.get("timezone").and_then(|value| timezone(&value)),
            tags: section
                .get("tags")
                .and_then(|value| value.strings("tags = [\"news\"]")),
            language: section.get("language").and_then(|value| language(&value)),
            key_from_url: section.get("key_from_url").and_then(|value| key_from_url(&value)),
            pages: section.get("pages").and_then(|value| pages(&value)),
            keep_pages: section.get("keep_pages").and_then(|value| keep(&value)),
            keep: section.get("keep").and_then(|value| keep_articles(&value)),
            revisions: section.get("revisions").and_then(|value| revisions(&value)),
            revisit: section.get("revisit").map(|value| revisit(&value, impolite)),
            first_poll: section
                .get("first_poll")
                .and_then(|value| value.number(0..=100_000)),
            enabled: section.get("enabled").and_then(|value| value.boolean()),
            max_hint: section.get("max_hint").and_then(|value| value.duration("1d")),
            pin: section.get("pin").and_then(|value| value.boolean()),
            ignore_robots: section.get("ignore_robots").and_then(|value| value.boolean()),
            feed_robots: section.get("feed_robots").and_then(|value| value.boolean()),
            access: access::ways(section, &base.access),
            article: rules::of(section, base.article.clone()),
        }
    }

    /// Sets a source: its own settings over those of `[defaults]` over what it has.
    pub(super) fn apply(self, defaults: &Self, source: &mut Source) {
        source.article = self.article;
        // What the source itself says goes before the rules of a site, what [defaults] say after them.
        source.article.timezone = self.timezone;
        source.article.language.clone_from(&self.language);
        source.article.key_from_url.clone_from(&self.key_from_url);

        source.timezone = self.timezone.or(defaults.timezone).unwrap_or(source.timezone);
        source.language = self.language.or_else(|| defaults.language.clone());
        source.key_from_url = self.key_from_url.or_else(|| defaults.key_from_url.clone());
        source.pages = self.pages.or(defaults.pages).unwrap_or(source.pages);
        source.keep_pages = self
            .keep_pages
            .or(defaults.keep_pages)
            .unwrap_or(source.keep_pages);
        source.keep = self.keep.or(defaults.keep).unwrap_or(source.keep);
        source.revisions = self.revisions.or(defaults.revisions).unwrap_or(source.revisions);
        source.revisit = self
            .revisit
            .or_else(|| defaults.revisit.clone())
            .unwrap_or_default();
        source.first_poll = self
            .first_poll
            .or(defaults.first_poll)
            .unwrap_or(source.first_poll);
        source.enabled = self.enabled.or(defaults.enabled).unwrap_or(source.enabled);
        source.max_hint = self.max_hint.or(defaults.max_hint).unwrap_or(source.max_hint);
        source.pin = self.pin.or(defaults.pin).unwrap_or(source.pin);
        source.ignore_robots = self
            .ignore_robots
            .or(defaults.ignore_robots)
            .unwrap_or(source.ignore_robots);
        source.feed_robots = self
            .feed_robots
            .or(defaults.feed_robots)
            .unwrap_or(source.feed_robots);
        source.access = self.access;
        if let Some(tags) = self.tags.or_else(|| defaults.tags.clone()) {
            source.tags = tags;
        }
        match self.schedule.or_else(|| defaults.schedule.clone()) {
            Some(Schedule::Cron(cron)) => source.schedule = Schedule::Cron(cron.in_zone(source.timezone)),
            Some(every) => source.schedule = every,
            None => {}
        }
    }
}

/// `every` or `cron`, not both, and not under the floor.
fn schedule(section: &Section<'_>, impolite: bool) -> Option<Schedule> {
    let every = section.get("every");
    let cron = section.get("cron");
    if let (Some(_), Some(cron)) = (&every, &cron) {
        cron.fault_at_key(
            "`every` and `cron` are both set",
            "leave one of them out: an interval, or times of day",
        );
    }
    let (value, schedule) = match (every, cron) {
        (Some(value), _) => {
            let every = every_of(&value);
            (value, every?)
        }
        (None, Some(value)) => {
            let cron = cron_line(&value);
            (value, Schedule::Cron(cron?))
        }
        (None, None) => return None,
    };
    let gap = schedule.shortest_gap();
    if gap < FLOOR && !impolite {
        value.fault(
            format!(
                "polls are {} apart, the least is {}",
                format_duration(gap),
                format_duration(FLOOR)
            ),
            "poll less often, or set `impolite = true` in [politeness] for servers of your own",
        );
        return None;
    }
    Some(schedule)
}

/// An interval, or `adaptive`.
fn every_of(value: &Value<'_>) -> Option<Schedule> {
    if matches!(value.parsed(), DeValue::String(typed) if typed.trim() == "adaptive") {
        return Some(Schedule::Adaptive);
    }
    value.duration("30m").map(Schedule::Every)
}

/// Read in UTC; the zone of the source follows.
fn cron_line(value: &Value<'_>) -> Option<Cron> {
    let typed = value.string("cron = \"*/15 6-22 * * MON-FRI\"")?;
    match Cron::parse(typed, Tz::UTC) {
        Ok(cron) => Some(cron),
        Err(error) => {
            let hint = if error.field.is_some() {
                "the five fields are minute, hour, day of month, month, day of week"
            } else {
                "\"*/15 6-22 * * MON-FRI\" is every 15 minutes from 6 to 22 on working days"
            };
            value.fault_within(error.offset, error.length, format!("`cron`: {error}"), hint);
            None
        }
    }
}

/// An IANA zone.
pub(super) fn timezone(value: &Value<'_>) -> Option<Tz> {
    let typed = value.string("timezone = \"Africa/Cairo\"")?;
    let zone = timing::zone(typed.trim());
    if zone.is_none() {
        let near = if value.text().is_flooded() {
            None
        } else {
            let city = |name: &&str| {
                name.rsplit('/')
                    .next()
                    .is_some_and(|city| city.eq_ignore_ascii_case(typed.trim()))
            };
            nearest(typed.trim(), timing::zone_names()).or_else(|| timing::zone_names().find(city))
        };
        let hint = match near {
            Some(name) => format!("did you mean \"{name}\"?"),
            None => "zones are named by region and city, such as \"Europe/Berlin\"".to_owned(),
        };
        value.fault(format!("there is no zone {}", quoted(typed)), hint);
    }
    zone
}

/// A language tag by its shape (RFC 5646, 2.1); whether the language exists is not looked up.
pub(super) fn language(value: &Value<'_>) -> Option<String> {
    let typed = value.string("language = \"en\"")?;
    let mut parts = typed.split('-');
    let letters = |part: &str, most: usize| {
        (2..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let primary = parts.next().is_some_and(|part| letters(part, 3));
    let rest = parts
        .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if primary && rest {
        return Some(typed.to_owned());
    }
    value.fault(
        format!("{} is no language tag", quoted(typed)),
        "write a code such as \"en\", \"ar\" or \"pt-BR\"",
    );
    None
}

/// A pattern that finds something in a URL.
pub(super) fn key_from_url(value: &Value<'_>) -> Option<Regex> {
    let pattern = value.regex("key_from_url = '/article/(\\d+)'")?;
    if pattern.is_match("") {
        value.fault(
            "`key_from_url` matches the empty text, so every article would have the same key",
            "write what is in the URL of one article only, such as '/article/(\\d+)'",
        );
        return None;
    }
    Some(pattern)
}

/// Whether pages are fetched.
fn pages(value: &Value<'_>) -> Option<PagePolicy> {
    value.one_of(&[
        ("always", PagePolicy::Always),
        ("auto", PagePolicy::Auto),
        ("never", PagePolicy::Never),
    ])
}

/// A length of time, a number of articles, or `forever`.
fn keep_articles(value: &Value<'_>) -> Option<ArticleRetention> {
    let DeValue::String(typed) = value.parsed() else {
        let DeValue::Integer(_) = value.parsed() else {
            value.expected(
                "`forever`, a length of time, or a number of articles",
                "keep = \"2y\"",
            );
            return None;
        };
        return Some(ArticleRetention::Newest(value.number(1..=1_000_000_000)?));
    };
    match typed.trim() {
        "forever" => Some(ArticleRetention::Forever),
        typed if typed.starts_with(|c: char| c.is_ascii_digit()) => {
            value.duration("2y").map(ArticleRetention::For)
        }
        other => {
            value.fault(
                format!("`keep` is {}", quoted(other)),
                "it is \"forever\", a length of time such as \"2y\", or a number of articles such as 10000",
            );
            None
        }
    }
}

/// Which texts of an article are kept.
fn revisions(value: &Value<'_>) -> Option<RevisionPolicy> {
    value.one_of(&[
        ("all", RevisionPolicy::All),
        ("latest", RevisionPolicy::Latest),
        ("first", RevisionPolicy::First),
    ])
}

/// Ages of an article, shortest first: not under the floor, and not over what the queue waits for anything.
fn revisit(value: &Value<'_>, impolite: bool) -> Vec<Duration> {
    const LONGEST: Duration = Duration::from_hours(7 * 24);
    const MOST: usize = 10;
    let example = "revisit = [\"1h\", \"1d\"]";
    let values = value.each();
    if values.len() > MOST {
        value.fault(
            format!("`revisit` has {} ages, the most is {MOST}", values.len()),
            format!("write {example}"),
        );
        return Vec::new();
    }
    let age = |value: &Value<'_>| {
        let age = value.duration("1h")?;
        if age < FLOOR && !impolite {
            value.fault(
                format!(
                    "an age of `revisit` is {}, the least is {}",
                    format_duration(age),
                    format_duration(FLOOR)
                ),
                "come back later, or set `impolite = true` in [politeness] for servers of your own",
            );
            return None;
        }
        if age > LONGEST {
            value.fault(
                format!(
                    "an age of `revisit` is {}, the most is {}",
                    format_duration(age),
                    format_duration(LONGEST)
                ),
                format!("articles are edited while they are new: write {example}"),
            );
            return None;
        }
        Some(age)
    };
    let mut ages: Vec<Duration> = values.iter().filter_map(age).collect();
    ages.sort_unstable();
    ages.dedup();
    ages
}

/// A length of time, `forever` or `never`.
fn keep(value: &Value<'_>) -> Option<Retention> {
    match value.text_or_empty("keep_pages = \"30d\"")? {
        "forever" => Some(Retention::Forever),
        "never" => Some(Retention::Never),
        typed if typed.starts_with(|c: char| c.is_ascii_digit()) => {
            Some(Retention::For(value.duration("30d")?))
        }
        other => {
            value.fault(
                format!("`keep_pages` is {}", quoted(other)),
                "it is a length of time such as \"30d\", or \"forever\", or \"never\"",
            );
            None
        }
    }
}
