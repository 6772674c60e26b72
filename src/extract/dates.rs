//! Dates as machines and as people write them. None is ever made up: what is not printed is not known.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use url::Url;

use super::clock::clock;
pub(super) use super::formatted::formatted;
use super::jalali;
use super::months::month;
use super::relative::relative;
use super::tokens::{Token, ascii_digit, tokens};
use crate::model::{Precision, Timestamp};

/// How a page means what it prints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    /// Zone of times without one.
    pub(super) zone: Tz,
    /// For "3 hours ago", and to tell what cannot be.
    pub(super) now: DateTime<Utc>,
    /// As declared: primary tag, perhaps with a region.
    pub(super) language: Option<&'a str>,
}

/// Characters of a text in which a date is looked for.
pub(super) const WINDOW: usize = 400;

/// The first date in a text, in whatever form.
pub(super) fn read(text: &str, reading: &Reading<'_>) -> Option<Timestamp> {
    let text: String = text.chars().take(WINDOW).map(ascii_digit).collect();
    let tokens = tokens(&text);
    compact(&tokens)
        .or_else(|| (0..tokens.len()).find_map(|at| date_at(&tokens, at, reading)))
        .map(|found| found.stamp(&tokens, reading))
        .or_else(|| epoch(text.trim()))
        .or_else(|| relative(&tokens, reading))
}

/// The same, without what only reads as a date by itself: numbers packed together and times ago.
pub(super) fn printed(text: &str, reading: &Reading<'_>) -> Option<Timestamp> {
    let text: String = text.chars().take(WINDOW).map(ascii_digit).collect();
    let tokens = tokens(&text);
    let found = (0..tokens.len()).find_map(|at| date_at(&tokens, at, reading))?;
    Some(found.stamp(&tokens, reading))
}

/// The date in the path of a URL: `/2018/01/05/`, `/2018/jan/05/`, `/2018-01-05-`, `/20180105/`.
pub(super) fn in_url(url: &Url, now: DateTime<Utc>) -> Option<Timestamp> {
    let tokens = tokens(url.path());
    let numbers = tokens.windows(5).find_map(|window| {
        let [year, first, month, second, day] = window else {
            return None;
        };
        let month = month
            .number(2)
            .or_else(|| super::months::month(month.word()?, Some("en")));
        let (year, month, day) = (year.number(4)?, month?, day.number(2)?);
        let parted = first.is_mark(&['/', '-', '_']) && second.is_mark(&['/', '-', '_']);
        parted.then(|| ymd(year, month, day))?
    });
    let date = numbers.or_else(|| {
        tokens.iter().find_map(|token| {
            let packed = token.number(8)?;
            ymd(packed / 10_000, packed / 100 % 100, packed % 100)
        })
    })?;
    (date <= now.date_naive() + Duration::days(2)).then(|| Timestamp::date(date))
}

/// Whether a moment can be that of something already published.
pub(super) fn is_possible(at: &Timestamp, now: DateTime<Utc>) -> bool {
    at.local.year() >= 1900 && at.utc(Tz::UTC) <= now + Duration::days(2)
}

/// A date among tokens.
struct Found {
    date: NaiveDate,
    precision: Precision,
    /// The token after it.
    after: usize,
    /// The token it begins with.
    at: usize,
}

impl Found {
    /// With the time that stands next to it.
    fn stamp(self, tokens: &[Token], reading: &Reading<'_>) -> Timestamp {
        let bare = Timestamp::in_zone(self.date.and_time(NaiveTime::MIN), self.precision, reading.zone);
        if self.precision < Precision::Day {
            return bare;
        }
        let near_after = (self.after..tokens.len().min(self.after + 8)).find_map(|at| clock(tokens, at));
        let clock = near_after.or_else(|| {
            (self.at.saturating_sub(8)..self.at)
                .rev()
                .find_map(|at| clock(tokens, at).filter(|clock| clock.after <= self.at))
        });
        let Some(clock) = clock else {
            return bare;
        };
        let local = NaiveDateTime::new(self.date, clock.time);
        match clock.offset {
            Some(offset) => Timestamp {
                local,
                offset: Some(offset),
                precision: clock.precision,
            },
            None => Timestamp::in_zone(local, clock.precision, reading.zone),
        }
    }
}

/// A date that begins at a token.
fn date_at(tokens: &[Token], at: usize, reading: &Reading<'_>) -> Option<Found> {
    let rest = tokens.get(at..)?;
    let language = primary(reading.language);
    let found = |date: Option<NaiveDate>, length: usize, precision| {
        Some(Found {
            date: date?,
            precision,
            after: at + length,
            at,
        })
    };
    // Numbers alone tell no calendar.
    let persian = |year, month, day| {
        let is_persian = matches!(language, Some("fa" | "ps"));
        is_persian.then(|| jalali::ymd(year, month, day))?
    };
    let part = ['-', '/', '.', '年', '년', '·', '–', '‑'];
    if let [y, a, m, b, d, ..] = rest
        && let (Some(year), Some(month), Some(day)) = (y.number(4), m.number(2), d.number(2))
        && a.is_mark(&part)
        && b.is_mark(&['-', '/', '.', '月', '월', '·', '–', '‑'])
        && let Some(date) = ymd(year, month, day).or_else(|| persian(year, month, day))
    {
        return found(Some(date), 5, Precision::Day);
    }
    if let Some((date, length)) = jalali::named(rest) {
        return found(Some(date), length, Precision::Day);
    }
    // Two numbers and a year.
    if let [x, a, y, b, z, ..] = rest
        && let (Some(first), Some(second)) = (x.number(2), y.number(2))
        && a == b
        && a.is_mark(&['-', '/', '.'])
    {
        let year = z.number(4).or_else(|| {
            let short = z
                .number(2)
                .filter(|_| matches!(z, Token::Number { digits: 2, .. }))?;
            Some(if short < 70 { 2000 + short } else { 1900 + short })
        });
        let month_first = a.is_mark(&['/', '-']) && reading.month_first();
        let date = year.and_then(|year| {
            let (day, month) = if month_first {
                (second, first)
            } else {
                (first, second)
            };
            ymd(year, month, day)
                .or_else(|| ymd(year, day, month))
                .or_else(|| persian(year, month, day))
        });
        if date.is_some() {
            return found(date, 5, Precision::Day);
        }
    }
    // A day, a month's name, a year: `5. Januar 2018`, `5 de enero de 2018`, `5th of Jan, 2018`, `05-Jan-18`.
    if let Some(day) = rest.first().and_then(|token| token.number(2)) {
        let mut next = 1;
        while next < 4 && rest.get(next).is_some_and(is_filler) {
            next += 1;
        }
        if let Some((month, length)) = month_at(rest, next, language) {
            next += length;
            let first_after = next;
            while next < first_after + 3 && rest.get(next).is_some_and(is_filler) {
                next += 1;
            }
            let year = rest.get(next).and_then(year_of);
            if let Some(date) = year.and_then(|year| ymd(year, month, day)) {
                return found(Some(date), next + 1, Precision::Day);
            }
        }
    }
    // A month's name, a day, a year: `January 5, 2018`, `Jan. 5th 2018`; or without the day.
    if let Some((month, length)) = month_at(rest, 0, language) {
        let mut next = length;
        while next < length + 2 && rest.get(next).is_some_and(is_filler) {
            next += 1;
        }
        if let Some(day) = rest.get(next).and_then(|token| token.number(2)) {
            let mut then = next + 1;
            while then < next + 4 && rest.get(then).is_some_and(is_filler) {
                then += 1;
            }
            let year_at = |at: usize| {
                rest.get(at)
                    .and_then(|token| token.number(4))
                    .filter(|year| (1900..2600).contains(year))
            };
            if let Some(date) = year_at(then).and_then(|year| ymd(year, month, day)) {
                return found(Some(date), then + 1, Precision::Day);
            }
            // `Feb 18 10:27:24 2022`: the time is read as what follows the date.
            let behind = clock(rest, next + 1).and_then(|clock| year_at(clock.after));
            if let Some(date) = behind.and_then(|year| ymd(year, month, day)) {
                return found(Some(date), next + 1, Precision::Day);
            }
        }
        if let Some(year) = rest
            .get(next)
            .and_then(|token| token.number(4))
            .filter(|year| (1900..2600).contains(year))
        {
            // `2018. január 5.` has its day behind the month and its year before it.
            return found(ymd(year, month, 1), next + 1, Precision::Month);
        }
    }
    // A year, a month's name, a day: `2018. január 5.`
    if let Some(year) = rest.first().and_then(|token| token.number(4)) {
        let mut next = 1;
        while next < 3 && rest.get(next).is_some_and(is_filler) {
            next += 1;
        }
        let (month, length) = month_at(rest, next, language)?;
        let mut then = next + length;
        while then < next + length + 2 && rest.get(then).is_some_and(is_filler) {
            then += 1;
        }
        let day = rest.get(then).and_then(|token| token.number(2))?;
        return found(ymd(year, month, day), then + 1, Precision::Day);
    }
    None
}

/// A month's name at a token, and how many tokens it takes: names with dots inside are several.
fn month_at(tokens: &[Token], at: usize, language: Option<&str>) -> Option<(u32, usize)> {
    let word = tokens.get(at)?.word()?;
    if word == "tháng" {
        let month = tokens.get(at + 1)?.number(2)?;
        return (1..=12).contains(&month).then_some((month, 2));
    }
    let dotted = match (tokens.get(at + 1), tokens.get(at + 2).and_then(Token::word)) {
        (Some(Token::Mark('.')), Some(second)) => month(&format!("{word}.{second}"), language),
        _ => None,
    };
    let pair = tokens
        .get(at + 1)
        .and_then(Token::word)
        .and_then(|second| month(&format!("{word}_{second}"), language));
    dotted
        .map(|month| (month, 3))
        .or_else(|| pair.map(|month| (month, 2)))
        .or_else(|| month(word, language).map(|month| (month, 1)))
}

/// What stands between the parts of a printed date.
fn is_filler(token: &Token) -> bool {
    match token {
        Token::Mark(mark) => matches!(mark, '.' | ',' | '-' | '/' | '،' | 'º' | '°' | '\'' | '’' | '–'),
        Token::Word(word) => matches!(
            word.as_str(),
            "st" | "nd"
                | "rd"
                | "th"
                | "er"
                | "ère"
                | "de"
                | "del"
                | "of"
                | "º"
                | "ª"
                | "da"
                | "ko"
                | "gada"
                | "d"
                | "năm"
        ),
        Token::Number { .. } => false,
    }
}

fn year_of(token: &Token) -> Option<u32> {
    match token {
        Token::Number { value, digits: 4 } if (1900..2600).contains(value) => Some(*value),
        Token::Number { value, digits: 2 } if *value < 70 => Some(2000 + value),
        _ => None,
    }
}

/// A day of the calendar; years of the Buddhist era are brought to ours.
fn ymd(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = if (2443..2643).contains(&year) {
        year - 543
    } else {
        year
    };
    if !(1900..2200).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// `20180105`, `20180105T101112Z`
fn compact(tokens: &[Token]) -> Option<Found> {
    let packed = tokens.first()?.number(8)?;
    Some(Found {
        date: ymd(packed / 10_000, packed / 100 % 100, packed % 100)?,
        precision: Precision::Day,
        after: 1,
        at: 0,
    })
}

/// Seconds or milliseconds since 1970, between 1990 and 2100.
fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    let seconds = match text.len() {
        9 | 10 => number,
        13 => number / 1000,
        _ => return None,
    };
    let at = DateTime::from_timestamp(seconds, 0)?;
    (1990..2100)
        .contains(&at.year())
        .then(|| Timestamp::instant(at.fixed_offset()))
}

/// `de` of `de-AT`.
pub(super) fn primary(language: Option<&str>) -> Option<&str> {
    language?.split(['-', '_']).next()
}

impl Reading<'_> {
    /// Whether `1/5/2018` is the fifth of January.
    fn month_first(&self) -> bool {
        let Some(language) = self.language else {
            return false;
        };
        let language = language.to_ascii_lowercase().replace('_', "-");
        matches!(language.as_str(), "en" | "en-us" | "en-ph")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(language: &str) -> Reading<'_> {
        Reading {
            zone: Tz::Europe__Berlin,
            now: DateTime::parse_from_rfc3339("2024-06-01T12:00:00Z")
                .unwrap()
                .to_utc(),
            language: Some(language),
        }
    }

    #[test]
    fn dates_by_example() {
        for (language, text, expected) in [
            ("en", "2018-01-05", "2018-01-05"),
            ("en", "2018-01-05T10:11:12Z", "2018-01-05T10:11:12Z"),
            ("en", "2018-01-05T10:11:12.345+02:00", "2018-01-05T10:11:12+02:00"),
            ("en", "2018-01-05T10:11+0200", "2018-01-05T10:11:00+02:00"),
            ("en", "2018-01-05 10:11:12", "2018-01-05T10:11:12+01:00"),
            ("en", "20180105T101112Z", "2018-01-05"),
            ("en", "Fri, 05 Jan 2018 10:11:12 +0000", "2018-01-05T10:11:12Z"),
            ("en", "Bassel Oudat , Friday 5 Jan 2018", "2018-01-05"),
            ("en", "Jan. 5, 2018, 3:05 p.m. EST", "2018-01-05T15:05:00-05:00"),
            ("en", "January 5th 2018 at 12:30 AM", "2018-01-05T00:30:00+01:00"),
            ("en", "10:30, 5 January 2018", "2018-01-05T10:30:00+01:00"),
            ("en-US", "1/5/2018", "2018-01-05"),
            ("en-GB", "5/1/2018", "2018-01-05"),
            ("en-US", "25/1/2018", "2018-01-25"),
            ("de", "05.01.18, 10.11 Uhr", "2018-01-05T10:11:00+01:00"),
            ("de", "Freitag, 5. Januar 2018", "2018-01-05"),
            ("de", "5. März 2018", "2018-03-05"),
            (
                "fr",
                "Publié le 1er février 2018 à 14h30",
                "2018-02-01T14:30:00+01:00",
            ),
            ("es", "5 de enero de 2018", "2018-01-05"),
            ("pt", "5 de março de 2018", "2018-03-05"),
            ("hu", "2018. január 5. 10:11", "2018-01-05T10:11:00+01:00"),
            ("ru", "5 января 2018, 10:11", "2018-01-05T10:11:00+01:00"),
            ("hr", "5. listopada 2018.", "2018-10-05"),
            ("pl", "5 listopada 2018", "2018-11-05"),
            ("tr", "5 Ağustos 2018", "2018-08-05"),
            ("ar", "٥ يناير ٢٠١٨", "2018-01-05"),
            ("ar", "5 كانون الثاني 2018", "2018-01-05"),
            ("fa", "جمعه ۵ مرداد ۱۴۰۳ - ۱۰:۱۱", "2024-07-26T10:11:00+02:00"),
            ("fa", "۳ آذر ماه ۱۴۰۵", "2026-11-24"),
            ("fa", "۱۴۰۳/۰۵/۰۵", "2024-07-26"),
            ("fa", "5 ژانویه 2018", "2018-01-05"),
            ("hi", "५ जनवरी २०१८", "2018-01-05"),
            ("th", "5 ม.ค. 2561", "2018-01-05"),
            ("ja", "2018年1月5日 10時11分", "2018-01-05T10:11:00+01:00"),
            ("ko", "2018년 1월 5일", "2018-01-05"),
            ("zh", "2018-01-05 10:11", "2018-01-05T10:11:00+01:00"),
            ("en", "January 2018", "2018-01"),
            ("en", "Fri Jan 05 10:11:12 2018", "2018-01-05T10:11:12+01:00"),
            ("en", "5 January 2018, 10:00-11:30", "2018-01-05T10:00:00+01:00"),
            ("en", "2018-01-05T10:00-03:30", "2018-01-05T10:00:00-03:30"),
            ("en-US", "01-05-2018", "2018-01-05"),
            ("vi", "ngày 5 tháng 1 năm 2018", "2018-01-05"),
            ("en", "1515147072", "2018-01-05T10:11:12Z"),
        ] {
            let found = read(text, &reading(language)).map(|at| at.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_gives_none() {
        for text in [
            "",
            "today",
            "12",
            "1234",
            "99.99.2018",
            "Chapter 5",
            "10:11",
            "May I",
            "3 hours",
            "13/32/2018",
            "1403/05/05",
        ] {
            assert_eq!(read(text, &reading("en")), None, "{text}");
        }
    }

    #[test]
    fn dates_in_urls() {
        let now = reading("en").now;
        let read = |url| in_url(&Url::parse(url).unwrap(), now).map(|at| at.to_string());
        assert_eq!(
            read("https://a.example/2018/01/05/x").as_deref(),
            Some("2018-01-05")
        );
        assert_eq!(
            read("https://a.example/news/2018-1-5-x").as_deref(),
            Some("2018-01-05")
        );
        assert_eq!(
            read("https://a.example/2018/jan/05/x").as_deref(),
            Some("2018-01-05")
        );
        assert_eq!(
            read("https://a.example/x-20180105.html").as_deref(),
            Some("2018-01-05")
        );
        assert_eq!(read("https://a.example/2118/01/05/x"), None);
        assert_eq!(read("https://a.example/12345678"), None);
    }
}
