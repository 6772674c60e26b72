//! Dates of China, Japan and Korea, in the form that [`super::iso`] reads: units become separators, weekdays go, years of eras
//! become years.

/// The weekdays that stand before 曜日, 요일, and behind 星期 and its like.
const WEEKDAYS: [&str; 3] = ["月火水木金土日", "월화수목금토일", "一二三四五六日天"];

/// Words before the number of a weekday.
const WEEKS: [&[char]; 5] = [&['星', '期'], &['礼', '拜'], &['禮', '拜'], &['周'], &['週']];

/// Names of the months as [`super::words`] reads them.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Numerals of a number.
const MAX_NUMERALS: usize = 4;

/// Eras, and the year before their first.
const ERAS: [(&[char], i32); 6] = [
    (&['令', '和'], 2018),
    (&['平', '成'], 1988),
    (&['昭', '和'], 1925),
    (&['民', '國'], 1911),
    (&['民', '国'], 1911),
    (&['中', '華', '民', '國'], 1911),
];

/// Rewrites a date; one without letters of these scripts stays as it is. Its digits are ASCII.
pub(super) fn rewritten(text: &str) -> String {
    if !text.chars().any(|c| matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')) {
        return text.to_owned();
    }
    let chars = with_digits(&text.chars().collect::<Vec<_>>());
    let mut rest = chars.as_slice();
    let mut line = String::new();
    while let Some((&c, after)) = rest.split_first() {
        rest = after;
        if let Some(behind) = behind_weekday(c, after) {
            line.push(' ');
            rest = behind;
        } else if let Some((year, behind)) = year_of_era(c, after) {
            line.push_str(&year.to_string());
            rest = behind;
        } else if let Some(before) = matches!(c, '月' | '월').then(|| month_without_year(&line)).flatten() {
            line = before;
        } else if let Some(separator) = separator(c) {
            let behind = without_spaces(after);
            let is_number = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
            let (follows, leads) =
                (line.trim_end().ends_with(|c: char| c.is_ascii_digit()), is_number(behind.first()));
            if follows && (leads || c == '半') {
                line.truncate(line.trim_end().len());
            }
            match (separator, behind.first()) {
                _ if !follows => line.push(' '),
                (':', Some('半')) if is_hour(c) => {
                    line.push_str(":30");
                    rest = behind.get(1..).unwrap_or_default();
                }
                _ if leads => {
                    line.push(separator);
                    rest = behind;
                }
                // An hour without minutes.
                _ if is_hour(c) => line.push_str(":00 "),
                _ => line.push(' '),
            }
        } else {
            line.push(c);
        }
    }
    line
}

/// The line with the name of a month in place of its number at the end, unless the number follows a year: 30 11月 2026.
fn month_without_year(line: &str) -> Option<String> {
    let before = line.trim_end().trim_end_matches(|c: char| c.is_ascii_digit());
    let number: usize = line.get(before.len()..)?.trim().parse().ok()?;
    if before.trim_end().ends_with('-') {
        return None;
    }
    Some(format!("{before} {} ", MONTHS.get(number.checked_sub(1)?)?))
}

/// The text with digits for the numerals before units.
fn with_digits(text: &[char]) -> Vec<char> {
    let (mut rest, mut line) = (text, Vec::with_capacity(text.len()));
    while let Some((&c, after)) = rest.split_first() {
        rest = after;
        if let Some((number, behind)) = number_before_unit(c, after) {
            line.extend(number.chars());
            rest = behind;
        } else {
            line.push(c);
        }
    }
    line
}

/// The digits of a number that begins with `c`, and what follows it, if that is a unit: 二〇二六年, 十一月, 廿日.
fn number_before_unit(c: char, after: &[char]) -> Option<(String, &[char])> {
    let digits: Vec<u32> =
        [c].iter().chain(after).map_while(|c| numeral(*c)).take(MAX_NUMERALS + 1).collect();
    if digits.is_empty() || digits.len() > MAX_NUMERALS {
        return None;
    }
    let behind = after.get(digits.len() - 1..)?;
    separator(*without_spaces(behind).first()?)?;
    let number = match *digits.as_slice() {
        [10] => "10".to_owned(),
        [10, ones] => (10 + ones).to_string(),
        [20, ones] => (20 + ones).to_string(),
        [tens, 10] => (tens * 10).to_string(),
        [tens, 10, ones] => (tens * 10 + ones).to_string(),
        _ => digits.iter().map(u32::to_string).collect(),
    };
    Some((number, behind))
}

/// The value of a Chinese numeral.
fn numeral(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '零' | '○' => 0,
        '十' => 10,
        '廿' => 20,
        c => (1..).zip("一二三四五六七八九".chars()).find(|(_, numeral)| *numeral == c)?.0,
    })
}

/// What the unit of a number becomes.
fn separator(c: char) -> Option<char> {
    Some(match c {
        '年' | '月' | '년' | '월' => '-',
        '時' | '时' | '點' | '点' | '시' | '分' | '분' => ':',
        '日' | '号' | '號' | '일' | '秒' | '초' => ' ',
        _ => return None,
    })
}

fn is_hour(c: char) -> bool {
    matches!(c, '時' | '时' | '點' | '点' | '시')
}

fn without_spaces(chars: &[char]) -> &[char] {
    let spaces = chars.iter().take_while(|c| c.is_whitespace()).count();
    chars.get(spaces..).unwrap_or_default()
}

/// What follows the weekday that begins with `c`.
fn behind_weekday(c: char, after: &[char]) -> Option<&[char]> {
    let [japanese, korean, chinese] = WEEKDAYS;
    match after {
        ['曜', behind @ ..] if japanese.contains(c) => {
            return Some(behind.strip_prefix(&['日']).unwrap_or(behind));
        }
        ['요', '일', behind @ ..] if korean.contains(c) => return Some(behind),
        _ => {}
    }
    WEEKS.iter().find_map(|week| {
        let (first, others) = week.split_first()?;
        let (number, behind) = after.strip_prefix(others).filter(|_| c == *first)?.split_first()?;
        chinese.contains(*number).then_some(behind)
    })
}

/// The year that an era beginning with `c` counts, and what follows it. Its first year is 元.
fn year_of_era(c: char, after: &[char]) -> Option<(i32, &[char])> {
    ERAS.iter().find_map(|(era, before)| {
        let (first, others) = era.split_first()?;
        let behind = without_spaces(after.strip_prefix(others).filter(|_| c == *first)?);
        if let Some(behind) = behind.strip_prefix(&['元']) {
            return Some((before + 1, behind));
        }
        let digits = behind.iter().take_while(|c| c.is_ascii_digit()).count();
        let (number, behind) = behind.split_at_checked(digits).filter(|_| (1..=3).contains(&digits))?;
        let number: i32 = number.iter().collect::<String>().parse().ok()?;
        Some((before + number, behind))
    })
}
