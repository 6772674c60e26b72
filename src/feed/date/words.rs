//! Day and month in words, in any order: RFC 822 and what people write instead.

use super::{Clock, Parts, iso, zone};
use chrono::{NaiveDate, Offset, TimeZone};

/// Beginnings of the names of the months, January first, in the languages where none of them means another month or
/// a weekday that could stand in its place.
const MONTHS: [&str; 12] = [
    "jan ene gen sty янв січ ιαν oca يناير ינואר",
    "feb fév fev fév lut фев лют φεβ şub فبراير פברואר",
    "mar mär maa mrz мар бер μαρ μάρ mrt مارس מרץ",
    "apr avr abr kwi апр кві απρ nis أبريل ابريل إبريل אפריל",
    "may mai maj mei mag май мая тра μαΐ μάι μάϊ مايو מאי",
    "jun juin giu cze июн чер ιουν ιούν haz jún يونيو יוני",
    "jul juil lug lip июл лип ιουλ ιούλ tem júl يوليو יולי",
    "aug aoû aou ago sie авг сер αυγ αύγ ağu agu أغسطس اغسطس אוגוסט",
    "sep set wrz сен вер σεπ eyl szept سبتمبر ספטמבר",
    "oct okt ott out paź окт жов οκτ eki أكتوبر اكتوبر אוקטובר",
    "nov ноя νοε νοέ kas نوفمبر נובמבר",
    "dec dez dic déc gru дек гру δεκ ara des ديسمبر דצמבר",
];

/// Reads a date by what its words can be.
pub(super) fn read(text: &str) -> Option<Parts> {
    let mut found = Found::default();
    for word in text.split([' ', ',', ';']).filter(|word| !word.is_empty()) {
        found.take(word);
    }
    found.parts()
}

/// `am`, `pm` and their like at the beginning of a text, and the rest.
pub(super) fn half_of_day(text: &str) -> (Option<bool>, &str) {
    for (words, afternoon) in [
        (["a.m.", "AM", "am", "오전", "上午", "午前"], false),
        (["p.m.", "PM", "pm", "오후", "下午", "午後"], true),
    ] {
        for word in words {
            if let Some(rest) = text.strip_prefix(word) {
                return (Some(afternoon), rest.trim_start());
            }
        }
    }
    (None, text)
}

#[derive(Default)]
struct Found {
    numbers: Vec<u32>,
    /// How the numbers were parted, where not by a space.
    separator: Option<char>,
    month: Option<u32>,
    clock: Option<Clock>,
    afternoon: Option<bool>,
    offset: Option<i32>,
    zone: Option<chrono_tz::Tz>,
}

impl Found {
    fn take(&mut self, word: &str) {
        if let (Some(afternoon), "") = half_of_day(word) {
            self.afternoon = Some(afternoon);
        } else if let Some((clock, rest)) =
            iso::clock(word).filter(|_| word.contains(':') && self.clock.is_none())
        {
            self.clock = Some(clock);
            let (afternoon, rest) = half_of_day(rest);
            self.afternoon = self.afternoon.or(afternoon);
            self.offset = zone(rest);
        } else if self.clock.is_some() && (zone(word).is_some() || word.starts_with(['+', '-'])) {
            self.offset = self.offset.or(zone(word));
        } else if let Some(zone) = word.contains('/').then(|| word.parse().ok()).flatten() {
            self.zone = Some(zone);
        } else if word.contains(['-', '/', '.']) && word.contains(|c: char| c.is_ascii_digit()) {
            self.separator = word
                .chars()
                .find(|c| matches!(c, '-' | '/' | '.'))
                .filter(|_| !word.ends_with('.'));
            for part in word.split(['-', '/', '.']).filter(|part| !part.is_empty()) {
                self.part(part);
            }
        } else {
            self.part(word);
        }
    }

    fn part(&mut self, word: &str) {
        let length = word.bytes().take_while(u8::is_ascii_digit).count();
        match word.split_at_checked(length) {
            Some((digits, "" | "st" | "nd" | "rd" | "th" | "º" | "." | "er"))
                if (1..=4).contains(&digits.len()) =>
            {
                self.numbers.extend(digits.parse::<u32>());
            }
            Some(("", _)) if self.clock.is_none() || self.month.is_none() => {
                self.month = month(word).or(self.month);
            }
            // Five digits are no year, and half a number is nothing.
            Some((digits, _)) if !digits.is_empty() => self.numbers.push(u32::MAX),
            _ => {}
        }
    }

    fn parts(self) -> Option<Parts> {
        let (year, month, day) = match (self.month, self.numbers.as_slice()) {
            (Some(month), &[year @ 1000..=9999, day] | &[day, year]) => (year, month, Some(day)),
            (Some(month), &[year @ 1000..=9999]) => (year, month, None),
            (None, &[day, month, year]) if day > 12 || self.separator == Some('.') => {
                (year, month, Some(day))
            }
            (None, &[month, day, year]) if day > 12 => (year, month, Some(day)),
            _ => return None,
        };
        let year = i32::try_from(match year {
            0..=68 => year + 2000,
            69..=199 => year + 1900,
            year => year,
        })
        .ok()?;
        let clock = match (self.clock, self.afternoon) {
            (Some(clock), Some(afternoon)) => Some(clock.half(afternoon)),
            (clock, _) => clock,
        };
        let mut parts = Parts {
            year,
            month: Some(month),
            day,
            clock,
            offset: self.offset,
        };
        if let (Some(zone), Some(clock), Some(day)) = (self.zone, clock, day) {
            let local = clock.on(NaiveDate::from_ymd_opt(year, month, day)?)?;
            let at = zone.from_local_datetime(&local).earliest();
            parts.offset = at.map(|at| at.offset().fix().local_minus_utc());
        }
        Some(parts)
    }
}

fn month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    // Finnish November begins like March, Hebrew writes "in" before the name.
    if word.starts_with("marras") {
        return Some(11);
    }
    let word = word.strip_prefix('ב').unwrap_or(&word);
    (1..).zip(MONTHS).find_map(|(number, stems)| {
        stems
            .split(' ')
            .any(|stem| word.starts_with(stem))
            .then_some(number)
    })
}
