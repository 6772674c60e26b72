//! Times of day, and the digits they are made of.

use super::parts::TimeOfDay;

/// Parses a time at the beginning of a text: `10:20`, `10:20:30`, `10.20.30`, `10:20:30.123`, `102030`, `1020`.
/// Returns it with the text after it. A fraction of a second is passed over.
pub(super) fn parse_time(text: &str) -> Option<(TimeOfDay, &str)> {
    // Four or six digits are `hhmm` or `hhmmss`; other numbers need a separator.
    let (hour, rest) = split_digits(text);
    let (hour, minute, second, rest) = match hour.len() {
        4 | 6 => (hour.get(..2)?, hour.get(2..4)?, hour.get(4..)?, rest),
        1 | 2 => {
            let (minute, rest) = split_digits(rest.strip_prefix([':', '.'])?);
            if !(1..=2).contains(&minute.len()) {
                return None;
            }
            let (second, rest) = rest.strip_prefix([':', '.']).map_or(("", rest), split_digits);
            (hour, minute, second.get(..2).unwrap_or(second), rest)
        }
        _ => return None,
    };
    let time =
        TimeOfDay { hour: hour.parse().ok()?, minute: minute.parse().ok()?, second: second.parse().ok() };
    let rest = rest.strip_prefix(['.', ',']).map_or(rest, |rest| split_digits(rest).1);
    Some((time, rest))
}

/// Looks for `am`, `pm` or their like at the beginning of a text: whether it means the afternoon, and the text after it.
pub(super) fn split_half_of_day(text: &str) -> (Option<bool>, &str) {
    const MORNING: &[&str] =
        &["a.m.", "AM", "am", "오전", "새벽", "아침", "上午", "午前", "凌晨", "清晨", "早上", "早晨", "朝"];
    const AFTERNOON: &[&str] = &[
        "p.m.", "PM", "pm", "오후", "저녁", "밤", "낮", "下午", "午後", "午后", "傍晚", "晚上", "晚间",
        "晚間", "夜晚", "夕方", "夜", "昼",
    ];
    // Noon begins before twelve.
    if let Some(rest) = text.strip_prefix("中午").map(str::trim_start) {
        return ((!rest.starts_with("11")).then_some(true), rest);
    }
    for (words, afternoon) in [(MORNING, false), (AFTERNOON, true)] {
        if let Some(rest) = words.iter().find_map(|word| text.strip_prefix(word)) {
            return (Some(afternoon), rest.trim_start());
        }
    }
    (None, text)
}

/// The digits at the beginning of a text, and the text after them.
pub(super) fn split_digits(text: &str) -> (&str, &str) {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(length).unwrap_or(("", text))
}
