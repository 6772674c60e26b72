//! The Jalali calendar of Iran and Afghanistan, as Persian pages print it: `۵ مرداد ۱۴۰۳` is 26 July 2024.
//!
//! A year begins at the March equinox. Between 1244 and 1472 (1865 to 2094) its leap years follow a cycle of 33 years,
//! which covers the years accepted here.

use chrono::{Duration, NaiveDate};

use super::tokens::DateToken;

/// Accepted years, 1951 to 2071 in the Gregorian calendar. In no other calendar in use do new articles have such years.
const YEARS: std::ops::RangeInclusive<u32> = 1330..=1449;

/// The Gregorian day on which the first of [`YEARS`] began.
const FIRST_DAY: (i32, u32, u32) = (1951, 3, 22);

/// Names of the months from Farvardin on: first those of Iran (in two spellings of ی), then those of Afghanistan.
const MONTHS: [&[&str]; 12] = [
    &["فروردین", "فروردين", "حمل"],
    &["اردیبهشت", "ارديبهشت", "ثور"],
    &["خرداد", "جوزا"],
    &["تیر", "تير", "سرطان"],
    &["مرداد", "اسد"],
    &["شهریور", "شهريور", "سنبله"],
    &["مهر", "میزان"],
    &["آبان", "عقرب"],
    &["آذر", "قوس"],
    &["دی", "دي", "جدی"],
    &["بهمن", "دلو"],
    &["اسفند", "حوت"],
];

/// True if the last month, Esfand, has 30 days.
fn is_leap(year: u32) -> bool {
    matches!(year % 33, 1 | 5 | 9 | 13 | 17 | 22 | 26 | 30)
}

/// The Gregorian day of a Jalali one; none where there is no such day.
pub(super) fn ymd(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    if !YEARS.contains(&year) {
        return None;
    }
    let length = match month {
        1..=6 => 31,
        7..=11 => 30,
        12 if is_leap(year) => 30,
        12 => 29,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let years: u32 = (*YEARS.start()..year).map(|year| 365 + u32::from(is_leap(year))).sum();
    let months = (month - 1) * 30 + (month - 1).min(6);
    let (first_year, first_month, first_day) = FIRST_DAY;
    NaiveDate::from_ymd_opt(first_year, first_month, first_day)?
        .checked_add_signed(Duration::days(i64::from(years + months + day - 1)))
}

/// A day, a month's name and a year at the head of `tokens`, and the number of tokens they take.
pub(super) fn named_date(tokens: &[DateToken]) -> Option<(NaiveDate, usize)> {
    let day = tokens.first()?.number(2)?;
    let name = tokens.get(1)?.word()?;
    let month = MONTHS.iter().position(|names| names.contains(&name))?;
    // `۵ مرداد ماه ۱۴۰۳`, `۵ مرداد، ۱۴۰۳`
    let is_separated =
        tokens.get(2).is_some_and(|token| token.word() == Some("ماه") || token.is_mark(&['،', ',']));
    let at = if is_separated { 3 } else { 2 };
    let year = tokens.get(at)?.number(4)?;
    Some((ymd(year, u32::try_from(month).ok()? + 1, day)?, at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_known_from_history_and_almanacs() {
        for ((year, month, day), expected) in [
            ((1357, 11, 22), "1979-02-11"),
            ((1358, 1, 1), "1979-03-21"),
            ((1375, 12, 30), "1997-03-20"),
            ((1399, 1, 1), "2020-03-20"),
            ((1399, 12, 30), "2021-03-20"),
            ((1400, 1, 1), "2021-03-21"),
            ((1403, 1, 1), "2024-03-20"),
            ((1403, 5, 5), "2024-07-26"),
            ((1403, 12, 30), "2025-03-20"),
            ((1404, 1, 1), "2025-03-21"),
            ((1405, 9, 3), "2026-11-24"),
            ((1408, 12, 30), "2030-03-20"),
        ] {
            let found = ymd(year, month, day).map(|date| date.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{year}-{month}-{day}");
        }
        for (year, month, day) in [(1404, 12, 30), (1403, 7, 31), (1403, 13, 1), (1403, 1, 0), (2024, 1, 1)] {
            assert_eq!(ymd(year, month, day), None, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before: Option<NaiveDate> = None;
        for year in YEARS {
            for month in 1..=12 {
                for date in (1..=31).filter_map(|day| ymd(year, month, day)) {
                    assert!(before.is_none_or(|before| before.succ_opt() == Some(date)), "{year}-{month}");
                    before = Some(date);
                }
            }
        }
    }
}
