//! Takes away dates that are no dates of publication, so that the order of entries is that of their first sight.
//!
//! No date is
//! - the zero of a calendar: 1899-12-30 and -31, 1904-01-01, 1970-01-01 (before 1700 and the year 1 are none to the parser),
//! - a moment more than two days ahead,
//! - a day before 1990, unless the document shows itself to be an archive: at least two entries of it are of different
//!   days between 1700 and 1990.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::model::{Entry, EntryDetails, ParsedFeed, Timestamp};

/// How far ahead a date may be: clocks and zones are wrong by a day, and papers date tomorrow's edition.
const AHEAD: TimeDelta = TimeDelta::days(2);

/// Feeds are younger than this year.
const FIRST_YEAR: i32 = 1990;

/// Days of different entries before [`FIRST_YEAR`] that make an archive.
const ARCHIVE_DAYS: usize = 2;

/// Days that computers count from: (year, month, day).
const ZEROS: [(i32, u32, u32); 4] = [(1899, 12, 30), (1899, 12, 31), (1904, 1, 1), (1970, 1, 1)];

/// Takes the false dates of a document away; counts them in [`ParsedFeed::false_dates`].
pub fn drop_false_dates(feed: &mut ParsedFeed, now: DateTime<Utc>) {
    let mut days = HashSet::new();
    for at in feed.entries.iter().filter_map(Entry::date) {
        if days.len() < ARCHIVE_DAYS && at.local.year() < FIRST_YEAR && !is_zero(at) {
            days.insert(at.local.date());
        }
    }
    let is_archive = days.len() >= ARCHIVE_DAYS;
    let is_false = |at: &mut Timestamp| {
        is_zero(*at) || at.utc(chrono_tz::UTC) > now + AHEAD || at.local.year() < FIRST_YEAR && !is_archive
    };
    for entry in &mut feed.entries {
        let printed = entry.date();
        let dates = [&mut entry.published, &mut entry.updated];
        let dropped = dates.into_iter().filter_map(|date| date.take_if(is_false)).count();
        feed.false_dates += dropped as u64;
        if dropped > 0 && entry.date() != printed {
            let details = entry.details.get_or_insert_with(|| Arc::new(EntryDetails::default()));
            Arc::make_mut(details).false_date = printed;
        }
    }
}

/// Whether a date is the zero of a calendar, by its own clock or by that of Greenwich.
fn is_zero(at: Timestamp) -> bool {
    let zeros = || ZEROS.iter().filter_map(|&(year, month, day)| NaiveDate::from_ymd_opt(year, month, day));
    let in_utc = at.utc(chrono_tz::UTC).naive_utc();
    zeros().any(|zero| at.local.date() == zero || in_utc == zero.and_time(NaiveTime::MIN))
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
            "Thu, 01 Jan 1970 01:00:00 +0100", "1980-01-01", "Tue, 31 Dec 1985 10:00:00 GMT",
        ] {
            assert_eq!(left(&[date]), (vec!["-".to_owned()], 1), "{date}");
            let with_new = left(&[date, "Mon, 30 Nov 2026 10:00:00 GMT"]);
            assert_eq!(with_new, (vec!["-".to_owned(), "2026-11-30T10:00:00Z".to_owned()], 1), "{date}");
        }
        for date in
            ["Mon, 01 Jan 0001 00:00:00 +0000", "0001-01-01T00:00:00Z", "1699-12-31", "1/1/0001 12:00:00 AM"]
        {
            assert_eq!(left(&[date]), (vec!["-".to_owned()], 0), "{date} is none to the parser");
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
    fn an_archive_keeps_its_dates_and_a_feed_with_one_old_date_is_none() {
        let archive = ["1851-09-18", "1923-05-06", "Fri, 06 May 1983 09:00:00 GMT", "1970-01-01"];
        let (dates, dropped) = left(&archive);
        assert_eq!(dates, ["1851-09-18", "1923-05-06", "1983-05-06T09:00:00Z", "-"]);
        assert_eq!(dropped, 1, "a zero is none in an archive, too");
        assert_eq!(
            left(&["1900-01-01", "1900-01-01", "1900-01-01"]).1,
            3,
            "one day is a default, no archive"
        );
        assert_eq!(left(&["1923-05-06", "2026-11-30"]).1, 1);
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
