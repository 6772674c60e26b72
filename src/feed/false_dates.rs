//! Takes away dates that are no dates of publication, so that the order of entries is that of their first sight.
//!
//! No date is
//! - the zero of a clock: a day from which computers count, and January 1970, where seconds end that were taken for
//!   milliseconds,
//! - a day before 1700, such as the first of the year 1,
//! - a moment more than two days ahead.
//!
//! An archive keeps its dates: a zero is a date in a document that has other dates within a year of it.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::model::{Entry, EntryDetails, ParsedFeed, Precision, Timestamp};

/// There are no papers from before this year.
const FIRST_YEAR: i32 = 1700;

/// How far ahead a date may be: clocks and zones are wrong by a day, and papers date tomorrow's edition.
const AHEAD: TimeDelta = TimeDelta::days(2);

/// How near another date of the document shows that a zero is a date.
const NEAR: TimeDelta = TimeDelta::days(366);

/// The zeros of clocks: first and last day of each, as (year, month, day).
const ZEROS: [[(i32, u32, u32); 2]; 5] = [
    // SQL Server.
    [(1753, 1, 1), (1753, 1, 1)],
    // OLE, spreadsheets.
    [(1899, 12, 30), (1900, 1, 1)],
    // The first Macintosh.
    [(1904, 1, 1), (1904, 1, 1)],
    // Unix; in America it is the evening before.
    [(1969, 12, 31), (1970, 1, 31)],
    // DOS.
    [(1980, 1, 1), (1980, 1, 1)],
];

/// Takes the false dates of a document away; counts them in [`ParsedFeed::false_dates`].
pub fn drop_false_dates(feed: &mut ParsedFeed, now: DateTime<Utc>) {
    let mut zeros = zero_days();
    if zeros.iter().any(|zero| feed.entries.iter().any(|entry| dates(entry).any(|at| zero.has(at)))) {
        let others: Vec<NaiveDate> = (feed.entries.iter().flat_map(dates))
            .filter(|at| !zeros.iter().any(|zero| zero.has(*at)))
            .map(|at| at.local.date())
            .collect();
        zeros.retain(|zero| !others.iter().any(|other| zero.is_near(*other)));
    }
    let is_false = |at: &mut Timestamp| {
        at.local.year() < FIRST_YEAR
            || at.utc(chrono_tz::UTC) > now + AHEAD
            || zeros.iter().any(|zero| zero.has(*at))
    };
    for entry in &mut feed.entries {
        let printed = entry.date();
        let dates = [&mut entry.published, &mut entry.updated];
        let dropped = dates.into_iter().filter_map(|date| date.take_if(is_false)).count();
        feed.false_dates += dropped as u64;
        entry.has_own_date &= entry.published.is_some();
        if dropped > 0 && entry.date() != printed {
            let details = entry.details.get_or_insert_with(|| Arc::new(EntryDetails::default()));
            Arc::make_mut(details).false_date = printed;
        }
    }
}

fn dates(entry: &Entry) -> impl Iterator<Item = Timestamp> {
    [entry.published, entry.updated].into_iter().flatten()
}

/// One of [`ZEROS`].
struct ZeroDays {
    first: NaiveDate,
    last: NaiveDate,
}

fn zero_days() -> Vec<ZeroDays> {
    let day = |(year, month, day)| NaiveDate::from_ymd_opt(year, month, day);
    ZEROS
        .iter()
        .filter_map(|&[first, last]| Some(ZeroDays { first: day(first)?, last: day(last)? }))
        .collect()
}

impl ZeroDays {
    /// Whether a date is this zero, by its own clock or by that of Greenwich. A bare year or month is none.
    fn has(&self, at: Timestamp) -> bool {
        let in_utc = at.utc(chrono_tz::UTC).naive_utc();
        at.precision >= Precision::Day
            && ((self.first..=self.last).contains(&at.local.date())
                || in_utc == self.first.and_time(NaiveTime::MIN))
    }

    fn is_near(&self, day: NaiveDate) -> bool {
        self.first - day <= NEAR && day - self.last <= NEAR
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::parse;

    /// The dates that are left of entries with these dates, and how many were taken away.
    fn left(dates: &[&str]) -> (Vec<String>, u64) {
        let items: String = dates
            .iter()
            .enumerate()
            .map(|(number, date)| {
                format!("<item><title>{number}</title><link>/{number}</link><pubDate>{date}</pubDate></item>")
            })
            .collect();
        let text = format!("<rss><channel><title>T</title>{items}</channel></rss>");
        let mut feed = parse(text.as_bytes(), None, None).unwrap();
        drop_false_dates(&mut feed, "2026-11-30T12:00:00Z".parse().unwrap());
        let shown = |entry: &Entry| entry.date().map_or("-".to_owned(), |at| at.to_string());
        (feed.entries.iter().map(shown).collect(), feed.false_dates)
    }

    #[test]
    fn zeros_of_calendars_are_no_dates() {
        for date in [
            "Sat, 30 Dec 1899 00:00:00 +0000", "1899-12-31", "1904-01-01T00:00:00Z",
            "Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 31 Dec 1969 16:00:00 -0800",
            "Thu, 01 Jan 1970 01:00:00 +0100", "1970-01-21T00:14:51Z", "1900-01-01T00:00:00", "1753-01-01",
            "1980-01-01", "Mon, 01 Jan 0001 00:00:00 +0000", "0001-01-01T00:00:00Z", "1699-12-31",
            "1/1/0001 12:00:00 AM", "01 Jan 0001",
        ] {
            assert_eq!(left(&[date]), (vec!["-".to_owned()], 1), "{date}");
            let with_new = left(&[date, "Mon, 30 Nov 2026 10:00:00 GMT"]);
            assert_eq!(with_new, (vec!["-".to_owned(), "2026-11-30T10:00:00Z".to_owned()], 1), "{date}");
        }
    }

    #[test]
    fn a_date_may_be_two_days_ahead_and_no_more() {
        for (date, is_date) in [
            ("Wed, 02 Dec 2026 12:00:00 GMT", true),
            ("Wed, 02 Dec 2026 12:00:01 GMT", false),
            ("Wed, 02 Dec 2026 14:00:00 +0200", true),
            ("2026-12-02", true),
            ("2026-12-03", false),
            ("2026-12", true),
            ("2027", false),
            ("Sat, 16 Nov 2041 19:11:00 GMT", false),
        ] {
            assert_eq!(left(&[date]).1 == 0, is_date, "{date}");
        }
    }

    #[test]
    fn an_archive_keeps_its_dates() {
        for dates in [
            &["1851-09-18", "1923-05-06", "1983-05-06T09:00:00Z"][..],
            &["1923-05-06"],
            &["1923-05-06", "2026-11-30"],
            &["1985-12-31T10:00:00Z", "2026-11-30T10:00:00Z"],
            // Beside others of their time zeros are dates.
            &["1899-12-29", "1899-12-30", "1899-12-31", "1900-01-02"],
            &["1904-01-01", "1904-06-01"],
            &["1970-01-01", "1970-01-15", "1970-02-01"],
            &["1900"],
        ] {
            assert_eq!(left(dates), (dates.iter().map(|date| (*date).to_owned()).collect(), 0), "{dates:?}");
        }
        let (dates, dropped) = left(&["1851-09-18", "1923-05-06", "1970-01-01", "1970-01-21T00:14:51Z"]);
        assert_eq!((dates, dropped), (["1851-09-18", "1923-05-06", "-", "-"].map(str::to_owned).into(), 2));
        assert_eq!(left(&["1900-01-01", "1900-01-01", "1900-01-01"]).1, 3);
    }

    #[test]
    fn a_false_date_gives_way_to_the_other_and_still_identifies_the_entry() {
        let text = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A</title><published>2041-01-01T00:00:00Z</published>
            <updated>2026-11-29T00:00:00Z</updated></entry></feed>";
        let mut feed = parse(text.as_bytes(), None, None).unwrap();
        let printed = feed.entries[0].printed_date();
        drop_false_dates(&mut feed, "2026-11-30T12:00:00Z".parse().unwrap());
        let entry = &feed.entries[0];
        assert_eq!(entry.published, None);
        assert_eq!(entry.date().map(|at| at.to_string()).as_deref(), Some("2026-11-29T00:00:00Z"));
        assert_eq!(entry.printed_date(), printed);
    }
}
