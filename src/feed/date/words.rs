//! Dates with their day and month in any order: RFC 822, and what people write instead.
//!
//! Each word is taken for what it can be (number, month, time, offset, zone); other words, such as weekdays, are passed
//! over. The order of three numbers must be certain: a dot between them, a number above 12, or two that
//! are equal.

use chrono::{NaiveDate, Offset, TimeZone};

use super::parts::{DateParts, TimeOfDay};
use super::time::{parse_time, split_digits, split_half_of_day};
use super::zone::parse_offset;

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

/// Is added to years before 1000 that are printed with four digits.
const EARLY: u32 = 10_000;

/// Parses a date from the words of a text, in any order.
pub(super) fn parse(text: &str) -> Option<DateParts> {
    let mut words = DateWords::default();
    for word in text.split([' ', ',', ';']).filter(|word| !word.is_empty()) {
        words.add(word);
    }
    words.parts()
}

/// What the words of a date were taken for.
#[derive(Default)]
struct DateWords {
    /// Days, months and years, in the order printed; `u32::MAX` for a number that can be none of them.
    numbers: Vec<u32>,
    /// What stood between the numbers, unless it was a space.
    separator: Option<char>,
    month: Option<u32>,
    time: Option<TimeOfDay>,
    afternoon: Option<bool>,
    /// Seconds east of UTC.
    offset: Option<i32>,
    /// A zone by its IANA name, such as `Europe/Berlin`.
    zone: Option<chrono_tz::Tz>,
}

impl DateWords {
    fn add(&mut self, word: &str) {
        if let (Some(afternoon), time) = split_half_of_day(word)
            && (time.is_empty() || time.starts_with(|c: char| c.is_ascii_digit()))
        {
            self.afternoon = Some(afternoon);
            if !time.is_empty() {
                self.add(time);
            }
        } else if let Some((time, rest)) =
            parse_time(word).filter(|_| word.contains(':') && self.time.is_none())
        {
            self.time = Some(time);
            let (afternoon, rest) = split_half_of_day(rest);
            self.afternoon = self.afternoon.or(afternoon);
            self.offset = parse_offset(rest);
        } else if self.time.is_some() && (parse_offset(word).is_some() || word.starts_with(['+', '-'])) {
            self.offset = self.offset.or(parse_offset(word));
        } else if let Some(zone) = word.contains('/').then(|| word.parse().ok()).flatten() {
            self.zone = Some(zone);
        } else if word.contains(['-', '/', '.']) && word.contains(|c: char| c.is_ascii_digit()) {
            let separator = word.chars().find(|c| matches!(c, '-' | '/' | '.'));
            self.separator = separator.filter(|_| !word.ends_with('.'));
            for part in word.split(['-', '/', '.']).filter(|part| !part.is_empty()) {
                self.add_part(part);
            }
        } else {
            self.add_part(word);
        }
    }

    /// Adds a number, perhaps with its ordinal ending, or the name of a month.
    fn add_part(&mut self, word: &str) {
        match split_digits(word) {
            (digits, "" | "st" | "nd" | "rd" | "th" | "º" | "." | "er")
                if (1..=4).contains(&digits.len()) =>
            {
                // `0001` is the zero of .NET and Go, and no short form of 2001.
                let is_early = digits.len() == 4 && digits.starts_with('0');
                self.numbers
                    .extend(digits.parse::<u32>().map(|number| number + if is_early { EARLY } else { 0 }));
            }
            ("", _) if self.time.is_none() || self.month.is_none() => {
                self.month = month_of(word).or(self.month);
            }
            ("", _) => {}
            // Five digits are no year, and half a number is nothing.
            _ => self.numbers.push(u32::MAX),
        }
    }

    /// The date, if the order of its numbers is certain. Years of two digits are 1969 to 2068.
    fn parts(self) -> Option<DateParts> {
        let (year, month, day) = match (self.month, self.numbers.as_slice()) {
            (Some(month), &[year @ 1000..=9999, day] | &[day, year]) => (year, month, Some(day)),
            (Some(month), &[year @ 1000..=9999]) => (year, month, None),
            (None, &[day, month, year]) if day > 12 || self.separator == Some('.') => {
                (year, month, Some(day))
            }
            (None, &[month, day, year]) if day > 12 || day == month => (year, month, Some(day)),
            _ => return None,
        };
        let year = i32::try_from(match year {
            EARLY.. => year - EARLY,
            0..=68 => year + 2000,
            69..=199 => year + 1900,
            year => year,
        })
        .ok()?;
        let time = match (self.time, self.afternoon) {
            (Some(time), Some(afternoon)) => Some(time.in_half(afternoon)),
            (time, _) => time,
        };
        let mut offset = self.offset;
        if let (Some(zone), Some(time), Some(day)) = (self.zone, time, day) {
            let local = time.on(NaiveDate::from_ymd_opt(year, month, day)?)?;
            let at = zone.from_local_datetime(&local).earliest();
            offset = at.map(|at| at.offset().fix().local_minus_utc());
        }
        Some(DateParts { year, month: Some(month), day, time, offset })
    }
}

/// The number of a month, 1 to 12, by the beginning of its name in any case.
fn month_of(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    // Finnish November begins like March, Hebrew writes "in" before the name.
    if word.starts_with("marras") {
        return Some(11);
    }
    let word = word.strip_prefix('ב').unwrap_or(&word);
    let is_named = |stems: &&str| stems.split(' ').any(|stem| word.starts_with(stem));
    (1..).zip(MONTHS).find_map(|(number, stems)| is_named(&stems).then_some(number))
}
