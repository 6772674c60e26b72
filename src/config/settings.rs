//! The keys that `[defaults]` and `[[source]]` share: read once for each section, applied in layers.
//!
//! A source has the value of its own section, else the one of `[defaults]`, else the one of [`Source::new`]. A value with
//! a mistake is reported and counts as not set.

use std::time::Duration;

use chrono_tz::Tz;
use toml::de::DeValue;

use super::article_rules::ArticleRules;
use super::fault::quoted;
use super::request::RequestOptions;
use super::source::{ArticleRetention, PagePolicy, Retention, RevisionPolicy, Source};
use super::url_command::UrlCommand;
use super::value::{ConfigValue, Section};
use super::{request, rules, url_command};
use crate::link::SameSite;
use crate::timing::{Cron, Schedule, format_duration};

/// Shortest interval between two polls, and shortest age of `revisit`, without `impolite`.
const FLOOR: Duration = Duration::from_mins(5);

/// Sets one field of a source.
type Change = Box<dyn Fn(&mut Source)>;

/// What a section sets.
#[derive(Default)]
pub(super) struct Settings {
    /// One for each key that is set.
    changes: Vec<Change>,
    /// Complete: what the section does not set is that of the base.
    request: RequestOptions,
    /// Complete, but for `timezone`, `language` and `key_from_url`, which are those of the section alone.
    article: ArticleRules,
}

impl Settings {
    /// Reads a section. `base` is `[defaults]`, or empty.
    pub(super) fn read(section: &Section<'_>, base: &Self, impolite: bool) -> Self {
        let mut settings = Self {
            changes: Vec::new(),
            request: request::with_shared_keys(section, &base.request),
            article: rules::with_page_keys(section, rules::of(section, base.article.clone())),
        };
        settings.set(schedule(section, impolite), |source| &mut source.schedule);
        let tags = |value: &ConfigValue<'_>| value.strings("tags = [\"news\"]");
        settings.set(section.read("tags", tags), |source| &mut source.tags);
        let same_site = section.read("same_site", ConfigValue::same_site);
        settings.set(same_site.map(|list| SameSite::of_source(&list)), |source| &mut source.same_site);
        settings.set_switch(section, "unwrap", |source| &mut source.unwrap);
        settings.set(section.read("pages", page_policy), |source| &mut source.pages);
        settings.set(section.read("keep_pages", retention), |source| &mut source.keep_pages);
        settings.set(section.read("keep", article_retention), |source| &mut source.keep);
        settings.set(section.read("revisions", revision_policy), |source| &mut source.revisions);
        let ages = |value: &ConfigValue<'_>| Some(revisit(value, impolite));
        settings.set(section.read("revisit", ages), |source| &mut source.revisit);
        let pages = |value: &ConfigValue<'_>| value.number(0..=100_000);
        settings.set(section.read("first_poll", pages), |source| &mut source.first_poll);
        let day = |value: &ConfigValue<'_>| value.duration("1d");
        settings.set(section.read("max_hint", day), |source| &mut source.max_hint);
        let fetch_command = |value: &ConfigValue<'_>| url_command::read(value, true);
        let fetch_command = section.read("fetch_command", fetch_command).map(UrlCommand::or_none);
        settings.set(fetch_command, |source| &mut source.fetch_command);
        settings.set_switch(section, "enabled", |source| &mut source.enabled);
        settings.set_switch(section, "provisional", |source| &mut source.provisional);
        settings.set_switch(section, "pin", |source| &mut source.pin);
        settings.set_switch(section, "ignore_robots", |source| &mut source.ignore_robots);
        settings.set_switch(section, "feed_robots", |source| &mut source.feed_robots);
        settings
    }

    /// Reads `true` or `false`.
    fn set_switch(&mut self, section: &Section<'_>, key: &'static str, field: fn(&mut Source) -> &mut bool) {
        self.set(section.read(key, ConfigValue::boolean), field);
    }

    /// Adds a change, where there is a value.
    fn set<T: Clone + 'static>(&mut self, value: Option<T>, field: fn(&mut Source) -> &mut T) {
        if let Some(value) = value {
            self.changes.push(Box::new(move |source| field(source).clone_from(&value)));
        }
    }

    /// Sets a source that has the defaults of [`Source::new`]: first what `[defaults]` says, then these settings.
    pub(super) fn apply(self, defaults: &Self, source: &mut Source) {
        for change in defaults.changes.iter().chain(&self.changes) {
            change(source);
        }
        // A site's own values of these three come between those of the source and those of [defaults].
        let (own, base) = (&self.article, &defaults.article);
        source.timezone = own.timezone.or(base.timezone).unwrap_or(source.timezone);
        source.language = own.language.clone().or_else(|| base.language.clone());
        source.key_from_url = own.key_from_url.clone().or_else(|| base.key_from_url.clone());
        if let Schedule::Cron(cron) = &source.schedule {
            source.schedule = Schedule::Cron(cron.in_zone(source.timezone));
        }
        source.request = self.request;
        source.article = self.article;
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
            format!("polls are {} apart, the least is {}", format_duration(gap), format_duration(FLOOR)),
            "poll less often, or set `impolite = true` in [politeness] for servers of your own",
        );
        return None;
    }
    Some(schedule)
}

/// An interval, or `adaptive`.
fn every_of(value: &ConfigValue<'_>) -> Option<Schedule> {
    if matches!(value.parsed(), DeValue::String(typed) if typed.trim() == "adaptive") {
        return Some(Schedule::Adaptive);
    }
    value.duration("30m").map(Schedule::Every)
}

/// A cron line in UTC; [`Settings::apply`] sets the zone of the source.
fn cron_line(value: &ConfigValue<'_>) -> Option<Cron> {
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

/// Whether pages are fetched.
fn page_policy(value: &ConfigValue<'_>) -> Option<PagePolicy> {
    value.one_of(&[("always", PagePolicy::Always), ("auto", PagePolicy::Auto), ("never", PagePolicy::Never)])
}

/// A length of time, a number of articles, or `forever`.
fn article_retention(value: &ConfigValue<'_>) -> Option<ArticleRetention> {
    let DeValue::String(typed) = value.parsed() else {
        let DeValue::Integer(_) = value.parsed() else {
            value.expected("`forever`, a length of time, or a number of articles", "keep = \"2y\"");
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
fn revision_policy(value: &ConfigValue<'_>) -> Option<RevisionPolicy> {
    value.one_of(&[
        ("all", RevisionPolicy::All),
        ("latest", RevisionPolicy::Latest),
        ("first", RevisionPolicy::First),
    ])
}

/// Ages of an article, shortest first, each once: from the floor to the longest time that an entry stays in the queue.
fn revisit(value: &ConfigValue<'_>, impolite: bool) -> Vec<Duration> {
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
    let age = |value: &ConfigValue<'_>| {
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
fn retention(value: &ConfigValue<'_>) -> Option<Retention> {
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
