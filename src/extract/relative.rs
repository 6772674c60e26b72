//! Times told by how long ago they were: `3 hours ago`, `vor einem Tag`, `3小时前`.

use chrono::Duration;

use super::dates::Reading;
use super::tokens::Token;
use crate::model::{Precision, Timestamp};

/// Words that say "ago", before the time or after it.
const AGO: &[&str] = &[
    "ago",
    "vor",
    "hace",
    "há",
    "fa",
    "siden",
    "sedan",
    "geleden",
    "temu",
    "назад",
    "önce",
    "lalu",
    "acum",
    "před",
    "pred",
    "sitten",
    "тому",
    "преди",
    "пре",
    "prije",
    "πριν",
    "לפני",
    "منذ",
    "قبل",
    "پیش",
    "पहले",
    "trước",
    "yang",
    "prieš",
    "tagasi",
    "iepriekš",
    "óta",
];
const AGO_MARKS: &[char] = &['前', '전'];

/// A unit in seconds, and how its names begin.
const UNITS: &[(i64, &[&str])] = &[
    (
        60,
        &[
            "min",
            "мин",
            "хв",
            "dakika",
            "menit",
            "perc",
            "λεπτ",
            "דק",
            "دقيق",
            "دقائق",
            "دقیق",
            "मिनट",
            "phút",
            "分",
            "분",
        ],
    ),
    (
        3600,
        &[
            "hour",
            "hr",
            "std",
            "stunde",
            "heure",
            "hora",
            "ore",
            "ora",
            "oră",
            "timer",
            "time",
            "timm",
            "uur",
            "uren",
            "godz",
            "час",
            "годин",
            "saat",
            "jam",
            "hodin",
            "tunti",
            "tuntia",
            "órá",
            "ώρ",
            "שע",
            "ساع",
            "घंट",
            "giờ",
            "val",
            "tund",
            "stund",
            "sat",
            "小时",
            "小時",
            "時",
            "시간",
        ],
    ),
    (
        86_400,
        &[
            "day",
            "tag",
            "jour",
            "día",
            "dia",
            "giorn",
            "dag",
            "dni",
            "dzie",
            "дн",
            "ден",
            "gün",
            "hari",
            "zi",
            "den",
            "dny",
            "päiv",
            "nap",
            "ημέρ",
            "μέρ",
            "ימים",
            "يوم",
            "أيام",
            "روز",
            "दिन",
            "ngày",
            "dien",
            "päev",
            "dan",
            "天",
            "日",
            "일",
        ],
    ),
    (
        604_800,
        &[
            "week",
            "woche",
            "semaine",
            "semana",
            "settiman",
            "uge",
            "veck",
            "tyg",
            "недел",
            "тижд",
            "hafta",
            "minggu",
            "týd",
            "viikko",
            "hét",
            "εβδομ",
            "שבוע",
            "أسبوع",
            "هفته",
            "tuần",
            "周",
            "週",
            "주",
        ],
    ),
];

/// Words for one.
const ONE: &[&str] = &[
    "a", "an", "one", "einer", "einem", "eine", "une", "un", "una", "uma", "um", "en", "et", "één", "een",
];

/// Units counted at most.
const MOST: i64 = 1000;

/// The moment that long before `now`; to the minute where hours or minutes are told, else a bare date.
pub(super) fn relative(tokens: &[Token], reading: &Reading<'_>) -> Option<Timestamp> {
    let ago = |token: &Token| match token {
        Token::Word(word) => AGO.contains(&word.as_str()),
        Token::Mark(mark) => AGO_MARKS.contains(mark),
        Token::Number { .. } => false,
    };
    let french = |window: &[Token]| matches!(window, [Token::Word(il), Token::Word(y), Token::Word(a)] if il == "il" && y == "y" && a == "a");
    if !tokens.iter().any(ago) && !tokens.windows(3).any(french) {
        return None;
    }
    let (count, seconds) = (0..tokens.len()).find_map(|at| {
        let count = match tokens.get(at)? {
            Token::Number { value, .. } => i64::from(*value),
            Token::Word(word) if ONE.contains(&word.as_str()) => 1,
            _ => return None,
        };
        Some((count, unit(tokens.get(at + 1..)?)?))
    })?;
    if count > MOST {
        return None;
    }
    let local = reading.now.with_timezone(&reading.zone).naive_local();
    let at = local - Duration::seconds(count * seconds);
    Some(if seconds < 86_400 {
        Timestamp::in_zone(at, Precision::Minute, reading.zone)
    } else {
        Timestamp::date(at.date())
    })
}

/// The seconds of the unit that the tokens begin with.
fn unit(tokens: &[Token]) -> Option<i64> {
    let text: String = match tokens.first()? {
        Token::Word(word) => word.clone(),
        Token::Mark(_) => tokens
            .iter()
            .take(2)
            .map_while(|token| match token {
                Token::Mark(mark) => Some(*mark),
                _ => None,
            })
            .collect(),
        Token::Number { .. } => return None,
    };
    // `minggu`, a week, begins as minutes do: the longest name counts.
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
    use crate::extract::dates::read;

    #[test]
    fn times_by_example() {
        let reading = Reading {
            zone: chrono_tz::Europe::Berlin,
            now: DateTime::parse_from_rfc3339("2024-06-01T12:00:00Z")
                .unwrap()
                .to_utc(),
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
            let found = read(text, &reading).map(|at| at.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        for text in ["ago", "3 ago", "hours ago", "4000000000 hours ago", "3 hours"] {
            assert_eq!(read(text, &reading), None, "{text}");
        }
    }
}
