//! `adaptive` against fixed intervals and another crawler's rule, over two simulated years of five kinds of source.
//!
//! The table it gives stands in docs/scheduling.md; `cargo test rhythm -- --nocapture` prints it.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use cuttings::schedule::{MAX_WAIT, PollContext, PollHints, Rhythm, next};
use cuttings::timing::{Schedule, format_duration};

const DAYS: i64 = 2 * 365;

fn start() -> DateTime<Utc> {
    "2025-01-01T00:00:00Z".parse().unwrap()
}

/// xorshift: other numbers each time, and the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// A source: its name, how many entries its document holds, and when it publishes.
struct Paper {
    name: &'static str,
    window: usize,
    entries: Vec<DateTime<Utc>>,
}

fn papers() -> Vec<Paper> {
    let hours = || (0..DAYS * 24).map(|hour| start() + TimeDelta::hours(hour));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut within = |from: DateTime<Utc>, minutes: u64| {
        from + TimeDelta::minutes(i64::try_from(dice.throw(minutes)).unwrap())
    };
    let mut wire = Vec::new();
    let mut daily = Vec::new();
    let mut weekly = Vec::new();
    let mut bursty = Vec::new();
    let mut dead = Vec::new();
    for hour in hours() {
        let busy = (6..22).contains(&hour.hour());
        let number = if busy { 6 } else { 2 };
        wire.extend((0..number).map(|_| within(hour, 60)));
        let working_day = !matches!(hour.weekday(), Weekday::Sun);
        if hour.hour() == 4 && working_day {
            daily.extend((0..40).map(|_| within(hour, 20)));
        } else if (9..18).contains(&hour.hour()) && working_day {
            daily.extend((0..1).map(|_| within(hour, 60)));
        }
        if hour.hour() == 15 && hour.weekday() == Weekday::Thu {
            weekly.extend((0..25).map(|_| within(hour, 10)));
        }
        // Silent for six days on the average, and then fifty entries within two hours.
        if within(start(), 6 * 24) == start() {
            bursty.extend((0..50).map(|_| within(hour, 120)));
        }
        if hour < start() + TimeDelta::days(14) && hour.hour() == 12 {
            dead.push(within(hour, 60));
        }
    }
    [
        ("hourly wire", 50, wire),
        ("daily paper", 60, daily),
        ("weekly", 25, weekly),
        ("bursty", 20, bursty),
        ("dead after two weeks", 20, dead),
    ]
    .into_iter()
    .map(|(name, window, mut entries)| {
        entries.sort();
        Paper { name, window, entries }
    })
    .collect()
}

/// What decides when to come again.
enum Rule {
    Fixed(Duration),
    /// StormCrawler's adaptive scheduler as news-crawl configures it: from twelve hours, half as long again after no
    /// change, a fifth shorter after one, between ninety minutes and ninety days.
    NewsCrawl(f64),
    /// Ours, with answers that can be conditional.
    Adaptive(Box<Rhythm>),
}

impl Rule {
    fn all() -> [(&'static str, Self); 4] {
        [
            ("every 15 min", Self::Fixed(Duration::from_mins(15))),
            ("every hour", Self::Fixed(Duration::from_hours(1))),
            ("news-crawl", Self::NewsCrawl(720.0)),
            ("**adaptive**", Self::Adaptive(Box::default())),
        ]
    }

    /// After a poll that brought these.
    fn after(&mut self, new: &[DateTime<Utc>], window: usize, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Fixed(every) => now + *every,
            Self::NewsCrawl(minutes) => {
                *minutes = (*minutes * if new.is_empty() { 1.5 } else { 0.8 }).clamp(90.0, 129_600.0);
                now + Duration::from_secs_f64(*minutes * 60.0)
            }
            Self::Adaptive(rhythm) => {
                // An unchanged document is a 304: its length is not told.
                rhythm.observe(new, if new.is_empty() { 0 } else { window }, now);
                let situation = PollContext {
                    name: "paper",
                    schedule: &Schedule::Adaptive,
                    rhythm,
                    conditional: true,
                    hints: &PollHints::default(),
                    max_hint: MAX_WAIT,
                    failure: None,
                };
                next(&situation, now).at
            }
        }
    }
}

#[derive(Debug, Default)]
struct Result {
    requests: usize,
    missed: usize,
    delays: Vec<TimeDelta>,
}

impl Result {
    /// The delay that so many per cent of the entries found do not exceed.
    fn delay(&self, percent: usize) -> String {
        let at = (self.delays.len() * percent / 100).min(self.delays.len().saturating_sub(1));
        let Some(delay) = self.delays.get(at) else {
            return "–".into();
        };
        format_duration(Duration::from_secs(delay.num_minutes().unsigned_abs() * 60))
    }
}

fn run(paper: &Paper, mut rule: Rule, dated: bool) -> Result {
    let end = start() + TimeDelta::days(DAYS);
    // The first poll is a few hours in, when there is something to see.
    let mut now = start() + TimeDelta::hours(5);
    let mut seen = paper.entries.partition_point(|at| *at <= now);
    let mut result = Result::default();
    rule.after(&paper.entries[..seen], paper.window.min(seen), now);
    while now < end {
        result.requests += 1;
        let published = paper.entries.partition_point(|at| *at <= now);
        let oldest = published.saturating_sub(paper.window);
        result.missed += oldest.saturating_sub(seen);
        let new = &paper.entries[oldest.max(seen)..published];
        result.delays.extend(new.iter().map(|at| now - *at));
        seen = published;
        let undated = vec![now; new.len()];
        now = rule.after(if dated { new } else { &undated }, published - oldest, now);
    }
    result.delays.sort();
    result
}

fn table() -> (String, Vec<(&'static str, &'static str, Result)>) {
    let mut text = String::from(
        "| source | entries | rule | requests a day | missed | median delay | 95 % within |\n|---|--:|---|--:|--:|--:|--:|\n",
    );
    let mut all = Vec::new();
    for paper in papers() {
        for (name, rule) in Rule::all() {
            let result = run(&paper, rule, true);
            writeln!(
                text,
                "| {} | {} | {name} | {:.1} | {} | {} | {} |",
                paper.name,
                paper.entries.len(),
                result.requests as f64 / DAYS as f64,
                result.missed,
                result.delay(50),
                result.delay(95),
            )
            .unwrap();
            all.push((paper.name, name, result));
        }
    }
    (text, all)
}

/// Which requests a day and missed entries `adaptive` comes to.
fn adaptive(name: &str, window: usize, dated: bool) -> (i64, usize) {
    let paper = papers().into_iter().find(|paper| paper.name == name).unwrap();
    let result = run(&Paper { window, ..paper }, Rule::Adaptive(Box::default()), dated);
    (i64::try_from(result.requests).unwrap() / DAYS, result.missed)
}

#[test]
fn a_document_that_is_replaced_every_morning_is_not_asked_for_all_day() {
    let (requests, missed) = adaptive("daily paper", 40, true);
    assert!(requests <= 15 && missed <= 40, "{requests} a day, {missed} missed");
    // By the quarter of an hour it is 250: what fills within minutes is lost at any rate.
    let (requests, missed) = adaptive("hourly wire", 4, true);
    assert!(requests <= 96 && missed <= 500, "{requests} a day, {missed} missed");
}

#[test]
fn entries_without_dates_teach_the_same_more_slowly() {
    for (name, window, requests, missed) in
        [("daily paper", 60, 15, 0), ("weekly", 25, 24, 0), ("bursty", 20, 96, 300)]
    {
        let got = adaptive(name, window, false);
        println!("{name}: {} requests a day, {} missed", got.0, got.1);
        assert!(got.0 <= requests && got.1 <= missed, "{name}: {got:?}");
    }
}

#[test]
fn the_rhythm_is_followed_as_the_documentation_says() {
    let (text, all) = table();
    println!("{text}");
    let of = |paper: &str, rule: &str| {
        let found = all.iter().find(|(name, by, _)| *name == paper && by.contains(rule));
        &found.unwrap().2
    };
    for paper in papers() {
        let (ours, hourly, quarter) =
            (of(paper.name, "adaptive"), of(paper.name, "every hour"), of(paper.name, "15 min"));
        assert!(ours.requests <= quarter.requests, "{}", paper.name);
        // Nothing is missed that polling by the hour would have had, but what taught us how the source is.
        assert!(ours.missed <= hourly.missed + 2 * paper.window, "{}", paper.name);
    }
    let dead = of("dead after two weeks", "adaptive");
    assert!(dead.requests as i64 <= 2 * DAYS, "a dead source costs about a request a day: {}", dead.requests);
    let documented = include_str!("../../docs/scheduling.md");
    assert!(documented.contains(&text), "docs/scheduling.md has another table than:\n{text}");
}
