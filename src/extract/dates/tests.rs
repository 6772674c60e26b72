//! Dates by example.

use ::url::Url;

use super::*;

fn context(language: &str) -> DateContext<'_> {
    DateContext {
        zone: Tz::Europe__Berlin,
        now: DateTime::parse_from_rfc3339("2024-06-01T12:00:00Z").unwrap().to_utc(),
        language: Some(language),
    }
}

#[test]
fn dates_by_example() {
    for (language, text, expected) in [
        ("en", "2018-01-05", "2018-01-05"),
        ("en", "2018-01-05T10:11:12Z", "2018-01-05T10:11:12Z"),
        ("en", "2018-01-05T10:11:12.345+02:00", "2018-01-05T10:11:12+02:00"),
        ("en", "2018-01-05T10:11+0200", "2018-01-05T10:11:00+02:00"),
        ("en", "2018-01-05 10:11:12", "2018-01-05T10:11:12+01:00"),
        ("en", "20180105T101112Z", "2018-01-05"),
        ("en", "Fri, 05 Jan 2018 10:11:12 +0000", "2018-01-05T10:11:12Z"),
        ("en", "Bassel Oudat , Friday 5 Jan 2018", "2018-01-05"),
        ("en", "Jan. 5, 2018, 3:05 p.m. EST", "2018-01-05T15:05:00-05:00"),
        ("en", "January 5th 2018 at 12:30 AM", "2018-01-05T00:30:00+01:00"),
        ("en", "10:30, 5 January 2018", "2018-01-05T10:30:00+01:00"),
        ("en-US", "1/5/2018", "2018-01-05"),
        ("en-GB", "5/1/2018", "2018-01-05"),
        ("en-US", "25/1/2018", "2018-01-25"),
        ("de", "05.01.18, 10.11 Uhr", "2018-01-05T10:11:00+01:00"),
        ("de", "Freitag, 5. Januar 2018", "2018-01-05"),
        ("de", "5. März 2018", "2018-03-05"),
        ("fr", "Publié le 1er février 2018 à 14h30", "2018-02-01T14:30:00+01:00"),
        ("es", "5 de enero de 2018", "2018-01-05"),
        ("pt", "5 de março de 2018", "2018-03-05"),
        ("hu", "2018. január 5. 10:11", "2018-01-05T10:11:00+01:00"),
        ("ru", "5 января 2018, 10:11", "2018-01-05T10:11:00+01:00"),
        ("hr", "5. listopada 2018.", "2018-10-05"),
        ("pl", "5 listopada 2018", "2018-11-05"),
        ("tr", "5 Ağustos 2018", "2018-08-05"),
        ("ar", "٥ يناير ٢٠١٨", "2018-01-05"),
        ("ar", "5 كانون الثاني 2018", "2018-01-05"),
        ("fa", "جمعه ۵ مرداد ۱۴۰۳ - ۱۰:۱۱", "2024-07-26T10:11:00+02:00"),
        ("fa", "۳ آذر ماه ۱۴۰۵", "2026-11-24"),
        ("fa", "۱۴۰۳/۰۵/۰۵", "2024-07-26"),
        ("fa", "5 ژانویه 2018", "2018-01-05"),
        ("hi", "५ जनवरी २०१८", "2018-01-05"),
        ("th", "5 ม.ค. 2561", "2018-01-05"),
        ("ja", "2018年1月5日 10時11分", "2018-01-05T10:11:00+01:00"),
        ("ko", "2018년 1월 5일", "2018-01-05"),
        ("zh", "2018-01-05 10:11", "2018-01-05T10:11:00+01:00"),
        ("en", "January 2018", "2018-01"),
        ("en", "Fri Jan 05 10:11:12 2018", "2018-01-05T10:11:12+01:00"),
        ("en", "5 January 2018, 10:00-11:30", "2018-01-05T10:00:00+01:00"),
        ("en", "2018-01-05T10:00-03:30", "2018-01-05T10:00:00-03:30"),
        ("en-US", "01-05-2018", "2018-01-05"),
        ("vi", "ngày 5 tháng 1 năm 2018", "2018-01-05"),
        ("en", "1515147072", "2018-01-05T10:11:12Z"),
    ] {
        let found = parse_date(text, &context(language)).map(|at| at.to_string());
        assert_eq!(found.as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_date_gives_none() {
    for text in [
        "", "today", "12", "1234", "99.99.2018", "Chapter 5", "10:11", "May I", "3 hours", "13/32/2018",
        "1403/05/05",
    ] {
        assert_eq!(parse_date(text, &context("en")), None, "{text}");
    }
}

#[test]
fn dates_in_urls() {
    let now = context("en").now;
    let read = |url| date_in_url(&Url::parse(url).unwrap(), now).map(|at| at.to_string());
    assert_eq!(read("https://a.example/2018/01/05/x").as_deref(), Some("2018-01-05"));
    assert_eq!(read("https://a.example/news/2018-1-5-x").as_deref(), Some("2018-01-05"));
    assert_eq!(read("https://a.example/2018/jan/05/x").as_deref(), Some("2018-01-05"));
    assert_eq!(read("https://a.example/x-20180105.html").as_deref(), Some("2018-01-05"));
    assert_eq!(read("https://a.example/2118/01/05/x"), None);
    assert_eq!(read("https://a.example/12345678"), None);
}
