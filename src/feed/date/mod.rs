//! Parses the dates of feeds, sitemaps and listing pages.
//!
//! Accepted: ISO 8601 and RFC 3339 ([`iso`]), RFC 822 and dates in words ([`words`]), seconds since 1970, and their
//! common misspellings. The month names of about twenty languages and the digits of five scripts are known.
//!
//! An ambiguous date (`03/04/2018`) is no date. A time without a zone is taken as UTC. A bare date, month or year
//! keeps its [`Precision`](crate::model::Precision) and has no offset.

mod east_asian;
mod iso;
mod parts;
mod time;
mod words;
mod zone;

use chrono::{DateTime, Datelike};

use self::parts::YEARS;
use crate::model::Timestamp;

/// Characters of a text that are read; the longest real date is half as long.
const MAX_CHARS: usize = 100;

/// Parses a date in any of the known forms.
pub(super) fn parse_date(text: &str) -> Option<Timestamp> {
    let text = normalised(text);
    let text = text.trim().trim_start_matches([' ', ',', ';']);
    match iso::parse(text).or_else(|| words::parse(text)) {
        Some(parts) => parts.timestamp(),
        None => unix_seconds(text),
    }
}

/// The text on one line, without the comments in brackets of RFC 822 (3.4.3). Digits of other scripts become ASCII,
/// East Asian dates are rewritten, and marks of direction go.
fn normalised(text: &str) -> String {
    let mut depth = 0_u32;
    let mut line = String::new();
    for c in text.trim().chars().take(MAX_CHARS) {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '−' | '–' => line.push('-'),
            c if c.is_whitespace() || c.is_control() => line.push(' '),
            '،' => line.push(','),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            // The full-width forms of ASCII.
            '：' => line.push(':'),
            '／' => line.push('/'),
            '．' => line.push('.'),
            '－' => line.push('-'),
            '，' | '、' => line.push(','),
            c => line.push(ascii_digit(c)),
        }
    }
    east_asian::rewritten(&line)
}

/// The ASCII digit of an Arabic, Persian, Devanagari, Bengali or full-width digit; other characters stay.
fn ascii_digit(c: char) -> char {
    let code = u32::from(c);
    [0x660, 0x6f0, 0x966, 0x9e6, 0xff10]
        .iter()
        .find_map(|zero| char::from_digit(code.checked_sub(*zero)?, 10))
        .unwrap_or(c)
}

/// Seconds since 1970: nine or ten digits and nothing else.
fn unix_seconds(text: &str) -> Option<Timestamp> {
    if !(9..=10).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let at = DateTime::from_timestamp(text.parse().ok()?, 0)?;
    YEARS.contains(&at.year()).then(|| Timestamp::instant(at.fixed_offset()))
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
            ("Fri(day), 5(th) Jan(uary (or so)) 2018 10:20:30 Z", "2018-01-05T10:20:30Z"),
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
            ("2026年11月30日 星期一 下午 02:46", "2026-11-30T14:46:00Z"),
            ("2026年11月30日星期一下午2:46:05", "2026-11-30T14:46:05Z"),
            ("2026-11-30 周一 晚上 8点半", "2026-11-30T20:30:00Z"),
            ("2026年11月30号 上午9點05分", "2026-11-30T09:05:00Z"),
            ("2026年11月30日 凌晨 00:10", "2026-11-30T00:10:00Z"),
            ("2026年11月30日(月) 14時46分30秒", "2026-11-30T14:46:30Z"),
            ("２０２６年１１月３０日（月）１４：４６", "2026-11-30T14:46:00Z"),
            ("2026年11月30日月曜日14時", "2026-11-30T14:00:00Z"),
            ("2026年 11 月 30 日 午後 2時 46分", "2026-11-30T14:46:00Z"),
            ("令和8年11月30日 14:46", "2026-11-30T14:46:00Z"),
            ("民國115年11月30日 14:46", "2026-11-30T14:46:00Z"),
            ("2026년 11월 30일 월요일 오후 2시 46분", "2026-11-30T14:46:00Z"),
            ("2026. 11. 30. 오후 2:46", "2026-11-30T14:46:00Z"),
            ("2026.11.30 월 14:46", "2026-11-30T14:46:00Z"),
            ("2026.11.30(월) 14:46", "2026-11-30T14:46:00Z"),
            ("2026-11-30 오전 12:05", "2026-11-30T00:05:00Z"),
            ("星期一, 2026年11月30日 14:46", "2026-11-30T14:46:00Z"),
            ("30/11/2026 下午02:46", "2026-11-30T14:46:00Z"),
            ("2026-11-30 Monday at 14:46 +0100", "2026-11-30T14:46:00+01:00"),
            ("2026年11月", "2026-11"),
            ("2026年", "2026"),
            ("1515147630", "2018-01-05T10:20:30Z"),
            ("Fri, 05 Jan 2018 10:20:30 +9900", "2018-01-05T10:20:30Z"),
        ] {
            let shown = parse_date(text).map(|at| at.to_string());
            assert_eq!(shown.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn h15_what_is_no_date() {
        for text in [
            "", "yesterday", "03/04/2018", "99999-01-01", "99999", "0000-00-00T00:00:00Z", "2018-13-01",
            "2018-02-30", "Fri, 30 Feb 2018 10:20:30 GMT", "Fri, 05 Jan 99999 10:20:30 GMT",
            "0001-01-01T00:00:00", "Mon, 01 Jan 0001 00:00:00 +0000", "1 Jan 001", "1/31/0001 12:00:00 AM",
            "1699-12-31", "2018-01-05T25:00:00Z", "12345678901234567890", "10:20:30", "()(()",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
        assert_eq!(parse_date(&"9 ".repeat(1_000_000)), None);
    }
}
