//! Dates as feeds write them: ISO 8601 in part or whole, RFC 822 with every kind of zone, and their misspellings.
//!
//! What is ambiguous (`03/04/2018`) is no date. A time without a zone is taken as UTC; a bare date stays one.

mod iso;
mod usual;
mod words;

use chrono::{Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

use crate::model::{Precision, Timestamp};

/// Longest text that is looked at, in characters; the longest sane date is half of it.
const LONGEST: usize = 100;

/// Years outside of these are nonsense (HOSTILE H15).
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// A date in any of the known forms.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    if let Some(found) = usual::read(text.trim_ascii()) {
        return found.timestamp();
    }
    let text = cleaned(text);
    let text = text.trim();
    let found = iso::read(text)
        .or_else(|| words::read(text))
        .or_else(|| unix(text))?;
    found.timestamp()
}

/// The parts of a date as they are found.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    year: i32,
    month: Option<u32>,
    day: Option<u32>,
    clock: Option<Clock>,
    /// Seconds east of UTC.
    offset: Option<i32>,
}

/// A time of day; hour 24 is the end of the day.
#[derive(Clone, Copy, Debug)]
struct Clock {
    hour: u32,
    minute: u32,
    /// Absent where only hours and minutes were written.
    second: Option<u32>,
}

impl Parts {
    fn timestamp(self) -> Option<Timestamp> {
        if !YEARS.contains(&self.year) {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))?;
        let precision = match (self.month, self.day) {
            (None, _) => Precision::Year,
            (_, None) => Precision::Month,
            _ => Precision::Day,
        };
        let (Some(clock), Precision::Day) = (self.clock, precision) else {
            return Some(Timestamp {
                local: date.and_time(NaiveTime::MIN),
                offset: None,
                precision,
            });
        };
        let offset = FixedOffset::east_opt(self.offset.unwrap_or(0))?;
        Some(Timestamp {
            local: clock.on(date)?,
            offset: Some(offset),
            precision: match clock.second {
                Some(_) => Precision::Instant,
                None => Precision::Minute,
            },
        })
    }
}

impl Clock {
    /// Leap seconds are the second before them; `24:00` is the next day.
    fn on(self, date: NaiveDate) -> Option<NaiveDateTime> {
        let second = self.second.unwrap_or(0);
        if second > 61 || (self.hour == 24 && (self.minute, second) != (0, 0)) {
            return None;
        }
        let time = NaiveTime::from_hms_opt(self.hour % 24, self.minute, second.min(59))?;
        let days = i64::from(self.hour / 24);
        (self.hour <= 24).then(|| date.and_time(time) + Duration::days(days))
    }

    /// With `am` or `pm` behind it.
    fn half(self, afternoon: bool) -> Self {
        let hour = match (self.hour, afternoon) {
            (12, false) => 0,
            (hour @ 1..=11, true) => hour + 12,
            (hour, _) => hour,
        };
        Self { hour, ..self }
    }
}

/// Folded to one line, without comments in brackets (RFC 822, 3.4.3), East Asian units as separators.
fn cleaned(text: &str) -> String {
    let mut depth = 0_u32;
    let mut clean = String::new();
    for c in text.trim().chars().take(LONGEST) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '年' | '月' | '년' | '월' => clean.push('-'),
            '時' | '时' | '分' | '시' | '분' => clean.push(':'),
            '日' | '일' | '秒' | '초' => clean.push(' '),
            c if c.is_whitespace() || c.is_control() => clean.push(' '),
            '−' | '–' => clean.push('-'),
            '،' => clean.push(','),
            // Marks of direction.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            // Arabic, Persian, Devanagari and Bengali digits, and wide ones.
            '\u{660}'..='\u{669}' => clean.push(digit(c, 0x660)),
            '\u{6f0}'..='\u{6f9}' => clean.push(digit(c, 0x6f0)),
            '\u{966}'..='\u{96f}' => clean.push(digit(c, 0x966)),
            '\u{9e6}'..='\u{9ef}' => clean.push(digit(c, 0x9e6)),
            '\u{ff10}'..='\u{ff19}' => clean.push(digit(c, 0xff10)),
            c => clean.push(c),
        }
    }
    clean
}

/// The ASCII digit of a digit, where zero is `zero`.
fn digit(c: char, zero: u32) -> char {
    char::from_digit(u32::from(c).saturating_sub(zero), 10).unwrap_or(c)
}

/// Seconds since 1970: nine or ten digits and nothing else.
fn unix(text: &str) -> Option<Parts> {
    use chrono::{Datelike, Timelike};
    if !(9..=10).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let at = chrono::DateTime::from_timestamp(text.parse().ok()?, 0)?.naive_utc();
    Some(Parts {
        year: at.year(),
        month: Some(at.month()),
        day: Some(at.day()),
        clock: Some(Clock {
            hour: at.hour(),
            minute: at.minute(),
            second: Some(at.second()),
        }),
        offset: Some(0),
    })
}

/// `Z`, `+01:00`, `-0530`, `+1`, `GMT+2`, `EST`: seconds east of UTC.
fn zone(text: &str) -> Option<i32> {
    let name = text.trim_matches('.');
    if let Some(hours) = named_zone(name) {
        return Some(hours);
    }
    let number = ["GMT", "UTC", "UT", "gmt", "utc"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number.strip_prefix('+')?),
    };
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() || number.chars().any(|c| !c.is_ascii_digit() && c != ':') {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        3 | 4 => digits.split_at_checked(digits.len() - 2)?,
        _ => (digits.get(..2)?, digits.get(2..4)?),
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    // Offsets no place on earth has are nonsense: the time is kept, read as UTC.
    let sane = hours <= 18 && minutes < 60;
    Some(if sane {
        sign * (hours * 3600 + minutes * 60)
    } else {
        0
    })
}

/// Zones by name (RFC 822, 5.1, and what is met beside it). Letters count as nothing (RFC 5322, 4.3).
fn named_zone(name: &str) -> Option<i32> {
    let quarters = match name.to_ascii_uppercase().as_str() {
        "Z" | "UT" | "UTC" | "GMT" | "WET" | "UCT" | "ZULU" => 0,
        "BST" | "CET" | "MET" | "MEZ" | "WEST" | "WAT" => 4,
        "CEST" | "MEST" | "MESZ" | "EET" | "CAT" | "SAST" => 8,
        "EEST" | "MSK" | "EAT" | "TRT" => 12,
        "IRST" => 14,
        "MSD" | "GST" => 16,
        "PKT" => 20,
        "IST" => 22,
        "NPT" => 23,
        "ICT" | "WIB" => 28,
        "HKT" | "SGT" | "AWST" | "PHT" => 32,
        "JST" | "KST" => 36,
        "ACST" => 38,
        "AEST" => 40,
        "ACDT" => 42,
        "AEDT" => 44,
        "NZST" => 48,
        "NZDT" => 52,
        "NDT" => -10,
        "BRT" | "ART" | "ADT" => -12,
        "NST" => -14,
        "AST" | "EDT" | "ET" => -16,
        "EST" | "CDT" => -20,
        "CST" | "MDT" => -24,
        "MST" | "PDT" => -28,
        "PST" | "AKDT" | "PT" => -32,
        "AKST" => -36,
        "HST" => -40,
        letter if letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_uppercase()) => 0,
        _ => return None,
    };
    Some(quarters * 900)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_every_form() {
        for (text, expected) in [
            ("2018-01-05T10:20:30Z", "2018-01-05T10:20:30Z"),
            ("2018-01-05T10:20:30.123+01:00", "2018-01-05T10:20:30+01:00"),
            ("2018-01-05t10:20:30 -0530", "2018-01-05T10:20:30-05:30"),
            ("2018-01-05 10:20", "2018-01-05T10:20:00Z"),
            ("2018-01-05 T 10:20:30", "2018-01-05T10:20:30Z"),
            ("20180105T102030+01", "2018-01-05T10:20:30+01:00"),
            ("20180105", "2018-01-05"),
            ("2018/1/5", "2018-01-05"),
            ("2018-01-05", "2018-01-05"),
            ("2018-01", "2018-01"),
            ("2018", "2018"),
            ("2018-005", "2018-01-05"),
            ("2018005", "2018-01-05"),
            ("2018-12-31T24:00:00Z", "2019-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("Fri, 05 Jan 2018 10:20:30 GMT", "2018-01-05T10:20:30Z"),
            ("Fri, 5 Jan 2018 10:20 +0200", "2018-01-05T10:20:00+02:00"),
            ("05 January 2018 10:20:30 EST", "2018-01-05T10:20:30-05:00"),
            ("Fri, 05 Jan 18 10:20:30 PDT", "2018-01-05T10:20:30-07:00"),
            ("Fri, 09 Feb 96 23:59:45 UT", "1996-02-09T23:59:45Z"),
            ("Fri,05 Jan 2018 10:20:30 GMT+0100", "2018-01-05T10:20:30+01:00"),
            ("Fri, 05-Jan-2018 10:20:30 XYZ", "2018-01-05T10:20:30Z"),
            ("Fri Jan  5 10:20:30 2018", "2018-01-05T10:20:30Z"),
            ("Fri Jan  5 10:20:30 PST 2018", "2018-01-05T10:20:30-08:00"),
            ("January 5th, 2018 1:20 pm", "2018-01-05T13:20:00Z"),
            (
                "Fri(day), 5(th) Jan(uary (or so)) 2018 10:20:30 Z",
                "2018-01-05T10:20:30Z",
            ),
            ("Jan 5, 2018", "2018-01-05"),
            ("Jan 2018", "2018-01"),
            ("mar, 05 fév. 2018 10:20:30 +0100", "2018-02-05T10:20:30+01:00"),
            ("Fr, 5. März 2018", "2018-03-05"),
            ("الجمعة 5 يناير 2018 10:20", "2018-01-05T10:20:00Z"),
            ("5 أكتوبر 2018", "2018-10-05"),
            ("٥ يناير، ٢٠١٨", "2018-01-05"),
            ("２０１８年１月５日 10時20分", "2018-01-05T10:20:00Z"),
            ("5 באוקטובר 2018", "2018-10-05"),
            ("vr 5 mrt 2018", "2018-03-05"),
            ("5 Agustus 2018", "2018-08-05"),
            ("5. desember 2018 10:20:30 +0100", "2018-12-05T10:20:30+01:00"),
            ("5. marraskuuta 2018", "2018-11-05"),
            ("5 января 2018", "2018-01-05"),
            ("5 de mayo de 2018", "2018-05-05"),
            ("13.4.2018 10:20", "2018-04-13T10:20:00Z"),
            ("3.4.2018", "2018-04-03"),
            ("04/13/2018", "2018-04-13"),
            ("2004년 05월 28일 오후 01:31:15", "2004-05-28T13:31:15Z"),
            ("2018年1月5日", "2018-01-05"),
            ("1515147630", "2018-01-05T10:20:30Z"),
            ("Fri, 05 Jan 2018 10:20:30 +9900", "2018-01-05T10:20:30Z"),
        ] {
            let shown = parse(text).map(|at| at.to_string());
            assert_eq!(shown.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn h15_what_is_no_date() {
        for text in [
            "",
            "yesterday",
            "03/04/2018",
            "99999-01-01",
            "99999",
            "0000-00-00T00:00:00Z",
            "2018-13-01",
            "2018-02-30",
            "Fri, 30 Feb 2018 10:20:30 GMT",
            "Fri, 05 Jan 99999 10:20:30 GMT",
            "2018-01-05T25:00:00Z",
            "12345678901234567890",
            "10:20:30",
            "()(()",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"9 ".repeat(1_000_000)), None);
    }
}
