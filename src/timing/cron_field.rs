//! Parses the five fields of a cron line into sets of numbers: bit n of a `u64` stands for the value n.

use std::fmt;

/// Why a cron line cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct CronError {
    /// Byte offset of the error in the line.
    pub offset: usize,
    /// Bytes that are wrong; 0 where something is missing.
    pub length: usize,
    /// The field that is wrong, such as `day of month`; `None`: the line as a whole.
    pub field: Option<&'static str>,
    /// What is wrong, as a phrase.
    pub message: String,
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// The values that one of the five fields may have.
pub(super) struct CronField {
    /// Its name in error messages.
    name: &'static str,
    min: u32,
    max: u32,
    /// Names of the values from `min` on; case is ignored.
    names: &'static [&'static str],
}

/// The fields in the order of a line (crontab(5)).
pub(super) const FIELDS: [CronField; 5] = [
    CronField::numbers("minute", 0, 59),
    CronField::numbers("hour", 0, 23),
    CronField::numbers("day of month", 1, 31),
    CronField {
        names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
        ..CronField::numbers("month", 1, 12)
    },
    CronField {
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        ..CronField::numbers("day of week", 0, 7)
    },
];

impl CronField {
    const fn numbers(name: &'static str, min: u32, max: u32) -> Self {
        Self { name, min, max, names: &[] }
    }

    /// Parses a field. Offsets of errors count from its start.
    pub(super) fn parse(&self, word: &str) -> Result<u64, CronError> {
        let mut set = 0;
        let mut offset = 0;
        for part in word.split(',') {
            set |= self.parse_part(part).map_err(|message| CronError {
                offset,
                length: part.len(),
                field: Some(self.name),
                message,
            })?;
            offset += part.len() + 1;
        }
        Ok(set)
    }

    /// Parses `*`, `a` or `a-b`; `*` and `a-b` may have a `/step`.
    fn parse_part(&self, part: &str) -> Result<u64, String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let (first, last) = if range == "*" {
            // 7 is Sunday again, not an eighth day.
            (self.min, if self.max == 7 { 6 } else { self.max })
        } else if let Some((first, last)) = range.split_once('-') {
            let (first, last) = (self.value(first)?, self.value(last)?);
            // SAT-SUN ends on Sunday as 7.
            let is_next_sunday = last == 0 && first > 0 && self.max == 7;
            (first, if is_next_sunday { 7 } else { last })
        } else {
            let value = self.value(range)?;
            if step.is_some() {
                return Err(format!("a step needs a range: write `{range}-{}/…`", self.max));
            }
            (value, value)
        };
        if first > last {
            return Err(format!("`{range}` runs backwards; write the smaller value first"));
        }
        let step = match step {
            None => 1,
            Some(step) => self.step(step)?,
        };
        Ok((first..=last).step_by(step).fold(0, |set, value| set | (1 << value)))
    }

    /// Parses the number after `/`.
    fn step(&self, step: &str) -> Result<usize, String> {
        match number(step) {
            Some(0) => Err("a step of 0 never moves on".to_owned()),
            Some(value) if value <= self.max => {
                usize::try_from(value).map_err(|_| format!("`{step}` is too large"))
            }
            Some(value) => Err(format!("a step of {value} is more than the field holds ({})", self.max)),
            None => Err(format!("`{step}` is no step; write `*/15` for every fifteenth")),
        }
    }

    /// Parses a number within bounds, or a name.
    fn value(&self, text: &str) -> Result<u32, String> {
        let Self { min, max, .. } = *self;
        if let Some(value) = number(text) {
            return if value < min || value > max {
                Err(format!("{text} is not within {min} to {max}"))
            } else {
                Ok(value)
            };
        }
        for (name, value) in self.names.iter().zip(min..) {
            if name.eq_ignore_ascii_case(text) {
                return Ok(value);
            }
        }
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(", or {first} to {last}"),
            _ => String::new(),
        };
        Err(if text.is_empty() {
            format!("a value is missing: {min} to {max}{names}")
        } else {
            format!("`{text}` is none of {min} to {max}{names}")
        })
    }
}

/// Parses up to four digits; no sign.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
