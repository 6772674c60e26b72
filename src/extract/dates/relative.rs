//! Relative times: `3 hours ago`, `vor einem Tag`, `3小时前`.
//!
//! Languages are not told apart: a number, a unit and a word for "ago" anywhere in a short text are enough in any of them.
//! Seconds, months and years are not read, since they are too rough or too rare in print.

use chrono::Duration;

use super::context::DateContext;
use super::tokens::DateToken;
use crate::model::{Precision, Timestamp};

/// Words for "ago", before or after the number. French `il y a` is three tokens and is tested by itself.
#[rustfmt::skip]
const AGO: &[&str] = &[
    "ago", "vor", "hace", "há", "fa", "siden", "sedan", "geleden", "temu", "назад", "önce", "lalu", "acum",
    "před", "pred", "sitten", "тому", "преди", "пре", "prije", "πριν", "לפני", "منذ", "قبل", "پیش", "पहले",
    "trước", "yang", "prieš", "tagasi", "iepriekš", "óta",
];
/// The same as single characters (Chinese and Japanese, Korean).
const AGO_MARKS: &[char] = &['前', '전'];

/// A unit in seconds, and the beginnings of its names in all languages.
#[rustfmt::skip]
const UNITS: &[(i64, &[&str])] = &[
    (
        60,
        &[
            "min", "мин", "хв", "dakika", "menit", "perc", "λεπτ", "דק", "دقيق", "دقائق", "دقیق", "मिनट",
            "phút", "分", "분",
        ],
    ),
    (
        3600,
        &[
            "hour", "hr", "std", "stunde", "heure", "hora", "ore", "ora", "oră", "timer", "time", "timm", "uur",
            "uren", "godz", "час", "годин", "saat", "jam", "hodin", "tunti", "tuntia", "órá", "ώρ", "שע", "ساع",
            "घंट", "giờ", "val", "tund", "stund", "sat", "小时", "小時", "時", "시간",
        ],
    ),
    (
        86_400,
        &[
            "day", "tag", "jour", "día", "dia", "giorn", "dag", "dni", "dzie", "дн", "ден", "gün", "hari", "zi",
            "den", "dny", "päiv", "nap", "ημέρ", "μέρ", "ימים", "يوم", "أيام", "روز", "दिन", "ngày", "dien",
            "päev", "dan", "天", "日", "일",
        ],
    ),
    (
        604_800,
        &[
            "week", "woche", "semaine", "semana", "settiman", "uge", "veck", "tyg", "недел", "тижд", "hafta",
            "minggu", "týd", "viikko", "hét", "εβδομ", "שבוע", "أسبوع", "هفته", "tuần", "周", "週", "주",
        ],
    ),
];

/// Words for one: articles and numerals.
const ONE: &[&str] =
    &["a", "an", "one", "einer", "einem", "eine", "une", "un", "una", "uma", "um", "en", "et", "één", "een"];

/// Largest number of units; larger ones are no times.
const MOST_UNITS: i64 = 1000;

/// The moment that a relative time names, counted from `now`: to the minute for minutes and hours, else a day.
pub(super) fn relative_date(tokens: &[DateToken], context: &DateContext<'_>) -> Option<Timestamp> {
    let is_ago = |token: &DateToken| match token {
        DateToken::Word(word) => AGO.contains(&word.as_str()),
        DateToken::Mark(mark) => AGO_MARKS.contains(mark),
        DateToken::Number { .. } => false,
    };
    let is_il_y_a = |window: &[DateToken]| matches!(window, [DateToken::Word(il), DateToken::Word(y), DateToken::Word(a)] if il == "il" && y == "y" && a == "a");
    if !tokens.iter().any(is_ago) && !tokens.windows(3).any(is_il_y_a) {
        return None;
    }
    // The first number or article with a unit behind it.
    let (count, seconds) = (0..tokens.len()).find_map(|at| {
        let count = match tokens.get(at)? {
            DateToken::Number { value, .. } => i64::from(*value),
            DateToken::Word(word) if ONE.contains(&word.as_str()) => 1,
            _ => return None,
        };
        Some((count, unit_at(tokens.get(at + 1..)?)?))
    })?;
    if count > MOST_UNITS {
        return None;
    }
    let local = context.now.with_timezone(&context.zone).naive_local();
    let at = local - Duration::seconds(count * seconds);
    Some(if seconds < 86_400 {
        Timestamp::in_zone(at, Precision::Minute, context.zone)
    } else {
        Timestamp::date(at.date())
    })
}

/// The unit that the tokens begin with, in seconds.
fn unit_at(tokens: &[DateToken]) -> Option<i64> {
    let text: String = match tokens.first()? {
        DateToken::Word(word) => word.clone(),
        DateToken::Mark(_) => tokens
            .iter()
            .take(2)
            .map_while(|token| match token {
                DateToken::Mark(mark) => Some(*mark),
                _ => None,
            })
            .collect(),
        DateToken::Number { .. } => return None,
    };
    // `minggu` (a week) begins like `min`: the longest name that fits decides.
    UNITS
        .iter()
        .flat_map(|(seconds, names)| names.iter().map(move |name| (seconds, name)))
        .filter(|(_, name)| text.starts_with(**name))
        .max_by_key(|(_, name)| name.len())
        .map(|(seconds, _)| *seconds)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::extract::dates::parse_date;

    #[test]
    fn times_by_example() {
        let context = DateContext {
            zone: chrono_tz::Europe::Berlin,
            now: DateTime::parse_from_rfc3339("2024-06-01T12:00:00Z").unwrap().to_utc(),
            language: None,
        };
        let at_eleven = "2024-06-01T11:00:00+02:00";
        for (text, expected) in [
            ("3 hours ago", at_eleven),
            ("vor 3 Stunden", at_eleven),
            ("il y a 3 heures", at_eleven),
            ("hace 3 horas", at_eleven),
            ("há 3 horas", at_eleven),
            ("3 ore fa", at_eleven),
            ("3 timer siden", at_eleven),
            ("för 3 timmar sedan", at_eleven),
            ("3 uur geleden", at_eleven),
            ("3 godziny temu", at_eleven),
            ("3 часа назад", at_eleven),
            ("3 години тому", at_eleven),
            ("3 saat önce", at_eleven),
            ("3 jam yang lalu", at_eleven),
            ("před 3 hodinami", at_eleven),
            ("3 tuntia sitten", at_eleven),
            ("πριν 3 ώρες", at_eleven),
            ("לפני 3 שעות", at_eleven),
            ("منذ ٣ ساعات", at_eleven),
            ("۳ ساعت پیش", at_eleven),
            ("3 giờ trước", at_eleven),
            ("3小时前", at_eleven),
            ("3時間前", at_eleven),
            ("3시간 전", at_eleven),
            ("an hour ago", "2024-06-01T13:00:00+02:00"),
            ("20 minutes ago", "2024-06-01T13:40:00+02:00"),
            ("vor 2 Tagen", "2024-05-30"),
            ("vor einem Tag", "2024-05-31"),
            ("2日前", "2024-05-30"),
            ("1 week ago", "2024-05-25"),
        ] {
            let found = parse_date(text, &context).map(|at| at.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        for text in ["ago", "3 ago", "hours ago", "4000000000 hours ago", "3 hours"] {
            assert_eq!(parse_date(text, &context), None, "{text}");
        }
    }
}
