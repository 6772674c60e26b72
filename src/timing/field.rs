//! The five fields of a cron line, read into sets of numbers.

use super::cron::CronError;

/// What one of the five fields may hold.
pub(super) struct CronField {
    /// As errors call it.
    name: &'static str,
    least: u32,
    most: u32,
    /// Names, the first of which stands for `least`.
    names: &'static [&'static str],
}

/// In the order of the line (crontab(5)).
pub(super) const FIELDS: [CronField; 5] = [
    CronField::numbers("minute", 0, 59),
    CronField::numbers("hour", 0, 23),
    CronField::numbers("day of month", 1, 31),
    CronField {
        names: &[
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ],
        ..CronField::numbers("month", 1, 12)
    },
    CronField {
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        ..CronField::numbers("day of week", 0, 7)
    },
];

impl CronField {
    const fn numbers(name: &'static str, least: u32, most: u32) -> Self {
        Self {
            name,
            least,
            most,
            names: &[],
        }
    }

    /// The values of a field as bits; offsets of errors count from its beginning.
    pub(super) fn read(&self, word: &str) -> Result<u64, CronError> {
        let mut set = 0;
        let mut offset = 0;
        for part in word.split(',') {
            set |= self.part(part).map_err(|message| CronError {
                offset,
                length: part.len(),
                field: Some(self.name),
                message,
            })?;
            offset += part.len() + 1;
        }
        Ok(set)
    }

    /// `*`, `a` or `a-b`; the first and last of them with `/step`.
    fn part(&self, part: &str) -> Result<u64, String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let (first, last) = if range == "*" {
            // 7 is another Sunday, not an eighth day.
            (self.least, if self.most == 7 { 6 } else { self.most })
        } else if let Some((first, last)) = range.split_once('-') {
            let (first, last) = (self.value(first)?, self.value(last)?);
            // SAT-SUN ends on the other Sunday.
            (
                first,
                if last == 0 && first > 0 && self.most == 7 {
                    7
                } else {
                    last
                },
            )
        } else {
            let value = self.value(range)?;
            if step.is_some() {
                return Err(format!("a step needs a range: write `{range}-{}/…`", self.most));
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
        Ok((first..=last)
            .step_by(step)
            .fold(0, |set, value| set | (1 << value)))
    }

    /// Every how many of the range.
    fn step(&self, step: &str) -> Result<usize, String> {
        match number(step) {
            Some(0) => Err("a step of 0 never moves on".to_owned()),
            Some(value) if value <= self.most => {
                usize::try_from(value).map_err(|_| format!("`{step}` is too large"))
            }
            Some(value) => Err(format!(
                "a step of {value} is more than the field holds ({})",
                self.most
            )),
            None => Err(format!("`{step}` is no step; write `*/15` for every fifteenth")),
        }
    }

    /// A number within bounds, or a name.
    fn value(&self, text: &str) -> Result<u32, String> {
        let Self { least, most, .. } = *self;
        if let Some(value) = number(text) {
            return if value < least || value > most {
                Err(format!("{text} is not within {least} to {most}"))
            } else {
                Ok(value)
            };
        }
        for (name, value) in self.names.iter().zip(least..) {
            if name.eq_ignore_ascii_case(text) {
                return Ok(value);
            }
        }
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(", or {first} to {last}"),
            _ => String::new(),
        };
        Err(if text.is_empty() {
            format!("a value is missing: {least} to {most}{names}")
        } else {
            format!("`{text}` is none of {least} to {most}{names}")
        })
    }
}

/// Digits only: no sign, at most four.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
