//! The two forms that nearly all feeds use, read at one go: what is not exactly of these is left to the others, and what
//! is comes to the same with them.

use super::{Clock, Parts};

const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// `Fri, 05 Jan 2018 10:20:30 +0100` (RFC 822), `2018-01-05T10:20:30+01:00` (RFC 3339).
pub(super) fn read(text: &str) -> Option<Parts> {
    let text = Rest(text.as_bytes());
    rfc822(text).or_else(|| rfc3339(text))
}

fn rfc822(mut text: Rest<'_>) -> Option<Parts> {
    if text.word(&DAYS).is_some() {
        text.skip(b", ")?;
    }
    let day = text.number(1..=2)?;
    text.skip(b" ")?;
    let month = text.word(&MONTHS)?;
    text.skip(b" ")?;
    let year = text.number(4..=4)?;
    text.skip(b" ")?;
    let clock = text.clock()?;
    text.skip(b" ")?;
    let offset = match text.0 {
        b"GMT" | b"UTC" | b"Z" => 0,
        _ => text.offset(b"")?,
    };
    Some(Parts {
        // Fewer digits, written with noughts before them, mean a year of ours.
        year: i32::try_from(year).ok().filter(|&year| year >= 1000)?,
        month: Some(month + 1),
        day: Some(day),
        clock: Some(clock),
        offset: Some(offset),
    })
}

fn rfc3339(mut text: Rest<'_>) -> Option<Parts> {
    let year = text.number(4..=4)?;
    text.skip(b"-")?;
    let month = text.number(2..=2)?;
    text.skip(b"-")?;
    let day = text.number(2..=2)?;
    text.skip(b"T")?;
    let clock = text.clock()?;
    if text.skip(b".").is_some() {
        text.number(1..=9)?;
    }
    let offset = match text.0 {
        b"Z" => 0,
        _ => text.offset(b":")?,
    };
    Some(Parts {
        year: i32::try_from(year).ok()?,
        month: Some(month),
        day: Some(day),
        clock: Some(clock),
        offset: Some(offset),
    })
}

/// What is still to be read.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn skip(&mut self, bytes: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(bytes)?;
        Some(())
    }

    /// Which of some words of three letters comes, from 0.
    fn word(&mut self, words: &[&[u8]]) -> Option<u32> {
        let (word, rest) = self.0.split_at_checked(3)?;
        let place = words.iter().position(|known| *known == word)?;
        self.0 = rest;
        u32::try_from(place).ok()
    }

    /// A number of so many digits, no more of which follow.
    fn number(&mut self, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !digits.contains(&length) {
            return None;
        }
        let (number, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(
            number
                .iter()
                .fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0')),
        )
    }

    /// `10:20:30`
    fn clock(&mut self) -> Option<Clock> {
        let hour = self.number(2..=2)?;
        self.skip(b":")?;
        let minute = self.number(2..=2)?;
        self.skip(b":")?;
        Some(Clock {
            hour,
            minute,
            second: Some(self.number(2..=2)?),
        })
    }

    /// `+0100` and nothing more, with `between` the hours and the minutes; in seconds. One that is no place's is left to
    /// the others.
    fn offset(&mut self, between: &[u8]) -> Option<i32> {
        let (sign, digits) = match self.0.split_first()? {
            (b'+', rest) => (1, rest),
            (b'-', rest) => (-1, rest),
            _ => return None,
        };
        let (hours, rest) = digits.split_at_checked(2)?;
        let minutes = rest.strip_prefix(between)?;
        let hours = i32::try_from(Rest(hours).number(2..=2)?).ok()?;
        let minutes = i32::try_from(Rest(minutes).number(2..=2)?).ok()?;
        (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{cleaned, iso, words};
    use super::*;

    /// What [`super::super::parse`] would make of it without this.
    fn slowly(text: &str) -> Option<String> {
        let text = cleaned(text);
        let parts = iso::read(text.trim()).or_else(|| words::read(text.trim()))?;
        Some(parts.timestamp()?.to_string())
    }

    #[test]
    fn usual_dates_are_read_at_one_go_and_come_to_the_same() {
        let mut all = Vec::new();
        for zone in [
            "GMT", "UTC", "Z", "+0000", "-0530", "+1400", "+9900", "-1860", "EST", "+01:00", "+1", "",
        ] {
            for clock in [
                "10:20:30",
                "24:00:00",
                "23:59:60",
                "25:00:00",
                "1:20:30",
                "10:20",
                "10:20:30.5",
            ] {
                for day in ["05", "5", "30", "31", "00", "99"] {
                    for head in ["Fri, ", "Mon, ", "", "Fri ", "mon, "] {
                        for (month, year) in
                            [("Jan", "2018"), ("Feb", "1899"), ("Dec", "0018"), ("dec", "18")]
                        {
                            all.push(format!("{head}{day} {month} {year} {clock} {zone}"));
                        }
                    }
                    for month in ["01", "12", "13", "00"] {
                        for year in ["2018", "1899", "0018", "20018"] {
                            all.push(format!("{year}-{month}-{day}T{clock}{zone}"));
                        }
                    }
                }
            }
        }
        let mut read_here = 0;
        for text in &all {
            if let Some(parts) = read(text) {
                read_here += 1;
                assert_eq!(parts.timestamp().map(|at| at.to_string()), slowly(text), "{text}");
            }
        }
        assert!(read_here > 1000, "{read_here} of {}", all.len());
    }
}
