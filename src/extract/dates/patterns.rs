//! Finds a calendar date that begins at a token, in the orders and languages in which pages print dates.
//!
//! Each pattern takes the tokens from some position on and returns the date with the number of tokens it takes. Numbers
//! are ambiguous between languages, so the order of the patterns matters: the surest come first.

use chrono::NaiveDate;

use super::clock::time_at;
use super::context::DateContext;
use super::jalali;
use super::months::month;
use super::tokens::DateToken;
use crate::model::Precision;

/// A date among tokens.
pub(super) struct DateMatch {
    pub(super) date: NaiveDate,
    /// Day or Month.
    pub(super) precision: Precision,
    /// Index of its first token.
    pub(super) start: usize,
    /// Index of the token after it.
    pub(super) end: usize,
}

/// A date and the number of tokens it takes.
type Matched = (NaiveDate, usize);

/// The date that begins at a token.
pub(super) fn date_at(tokens: &[DateToken], start: usize, context: &DateContext<'_>) -> Option<DateMatch> {
    let rest = tokens.get(start..)?;
    let language = context.primary_language();
    let day = |(date, length)| (date, Precision::Day, length);
    let (date, precision, length) = year_first(rest, language)
        .or_else(|| jalali::named_date(rest))
        .or_else(|| year_last(rest, context))
        .or_else(|| day_month_year(rest, language))
        .map(day)
        .or_else(|| month_first(rest, language))
        .or_else(|| year_month_day(rest, language).map(day))?;
    Some(DateMatch { date, precision, start, end: start + length })
}

/// `20180105` at the beginning of a text, also before a time (`20180105T101112Z`).
pub(super) fn packed_date(tokens: &[DateToken]) -> Option<DateMatch> {
    Some(DateMatch { date: unpack(tokens.first()?)?, precision: Precision::Day, start: 0, end: 1 })
}

/// The date of a number of eight digits.
pub(super) fn unpack(token: &DateToken) -> Option<NaiveDate> {
    let packed = token.number(8)?;
    ymd(packed / 10_000, packed / 100 % 100, packed % 100)
}

/// `2018-01-05`, `2018/1/5`, `2018年1月5日`; in Persian and Pashto with a Jalali year, too.
fn year_first(tokens: &[DateToken], language: Option<&str>) -> Option<Matched> {
    let [year, first, month, second, day, ..] = tokens else {
        return None;
    };
    let (year, month, day) = (year.number(4)?, month.number(2)?, day.number(2)?);
    let separated = first.is_mark(&['-', '/', '.', '年', '년', '·', '–', '‑'])
        && second.is_mark(&['-', '/', '.', '月', '월', '·', '–', '‑']);
    let date = separated.then(|| ymd(year, month, day).or_else(|| jalali_ymd(language, year, month, day)))?;
    Some((date?, 5))
}

/// `5.1.2018`, `05/01/18`: two numbers and a year. Which of them is the day is decided by the language, unless only one
/// order is a date.
fn year_last(tokens: &[DateToken], context: &DateContext<'_>) -> Option<Matched> {
    let [first, mark, second, same_mark, year, ..] = tokens else {
        return None;
    };
    let (first, second) = (first.number(2)?, second.number(2)?);
    if mark != same_mark || !mark.is_mark(&['-', '/', '.']) {
        return None;
    }
    let year = match year {
        DateToken::Number { value, digits: 2 } if *value < 70 => 2000 + value,
        DateToken::Number { value, digits: 2 } => 1900 + value,
        year => year.number(4)?,
    };
    let (day, month) =
        if mark.is_mark(&['/', '-']) && context.is_month_first() { (second, first) } else { (first, second) };
    let date = ymd(year, month, day)
        .or_else(|| ymd(year, day, month))
        .or_else(|| jalali_ymd(context.primary_language(), year, month, day))?;
    Some((date, 5))
}

/// `5. Januar 2018`, `5 de enero de 2018`, `5th of Jan, 2018`, `05-Jan-18`.
fn day_month_year(tokens: &[DateToken], language: Option<&str>) -> Option<Matched> {
    let day = tokens.first()?.number(2)?;
    let month_index = skip_fillers(tokens, 1, 3);
    let (month, length) = month_at(tokens, month_index, language)?;
    let year_index = skip_fillers(tokens, month_index + length, 3);
    let year = match tokens.get(year_index)? {
        DateToken::Number { value, digits: 2 } if *value < 70 => 2000 + value,
        token => plain_year(token)?,
    };
    Some((ymd(year, month, day)?, year_index + 1))
}

/// `January 5, 2018`, `Jan. 5th 2018`, `Feb 18 10:27:24 2022`; or without a day, `January 2018`.
fn month_first(tokens: &[DateToken], language: Option<&str>) -> Option<(NaiveDate, Precision, usize)> {
    let (month, length) = month_at(tokens, 0, language)?;
    let next = skip_fillers(tokens, length, 2);
    let year_at = |index: usize| plain_year(tokens.get(index)?);
    if let Some(day) = tokens.get(next)?.number(2) {
        let year_index = skip_fillers(tokens, next + 1, 3);
        if let Some(date) = year_at(year_index).and_then(|year| ymd(year, month, day)) {
            return Some((date, Precision::Day, year_index + 1));
        }
        // The year stands behind the time; the match ends before the time, so that it is still read.
        let year = year_at(time_at(tokens, next + 1)?.end)?;
        return Some((ymd(year, month, day)?, Precision::Day, next + 1));
    }
    Some((ymd(year_at(next)?, month, 1)?, Precision::Month, next + 1))
}

/// `2018. január 5.`
fn year_month_day(tokens: &[DateToken], language: Option<&str>) -> Option<Matched> {
    let year = tokens.first()?.number(4)?;
    let month_index = skip_fillers(tokens, 1, 2);
    let (month, length) = month_at(tokens, month_index, language)?;
    let day_index = skip_fillers(tokens, month_index + length, 2);
    let day = tokens.get(day_index)?.number(2)?;
    Some((ymd(year, month, day)?, day_index + 1))
}

/// The month that is named at a token, and the number of tokens of its name: names with dots or spaces have several.
fn month_at(tokens: &[DateToken], at: usize, language: Option<&str>) -> Option<(u32, usize)> {
    let word = tokens.get(at)?.word()?;
    if word == "tháng" {
        let month = tokens.get(at + 1)?.number(2)?;
        return (1..=12).contains(&month).then_some((month, 2));
    }
    let dotted = match (tokens.get(at + 1), tokens.get(at + 2).and_then(DateToken::word)) {
        (Some(DateToken::Mark('.')), Some(second)) => month(&format!("{word}.{second}"), language),
        _ => None,
    };
    let pair = tokens
        .get(at + 1)
        .and_then(DateToken::word)
        .and_then(|second| month(&format!("{word}_{second}"), language));
    dotted
        .map(|month| (month, 3))
        .or_else(|| pair.map(|month| (month, 2)))
        .or_else(|| month(word, language).map(|month| (month, 1)))
}

/// The index of the first token from `from` on that is no filler, after at most `most` fillers.
fn skip_fillers(tokens: &[DateToken], from: usize, most: usize) -> usize {
    let fillers = tokens.iter().skip(from).take(most);
    from + fillers.take_while(|token| is_filler(token)).count()
}

/// What stands between the parts of a printed date: punctuation, ordinal endings, prepositions.
fn is_filler(token: &DateToken) -> bool {
    match token {
        DateToken::Mark(mark) => matches!(mark, '.' | ',' | '-' | '/' | '،' | 'º' | '°' | '\'' | '’' | '–'),
        DateToken::Word(word) => {
            ["st", "nd", "rd", "th", "er", "ère", "de", "del", "of", "º", "ª", "da", "ko", "gada", "d", "năm"]
                .contains(&word.as_str())
        }
        DateToken::Number { .. } => false,
    }
}

/// A year of four digits, 1900 to 2599 (the last are years of the Buddhist era).
fn plain_year(token: &DateToken) -> Option<u32> {
    token.number(4).filter(|year| (1900..2600).contains(year))
}

/// A day of the Gregorian calendar from 1900 to 2199; years of the Buddhist era (2443 to 2642) are converted.
pub(super) fn ymd(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = if (2443..2643).contains(&year) { year - 543 } else { year };
    if !(1900..2200).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// A Jalali date in numbers, in languages that use that calendar.
fn jalali_ymd(language: Option<&str>, year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    matches!(language, Some("fa" | "ps")).then(|| jalali::ymd(year, month, day))?
}
