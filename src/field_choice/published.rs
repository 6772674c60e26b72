//! The date of publication.
//!
//! Beside the general order: a bare day of the page keeps the feed's time of that day, and a date of the feed that is that of
//! the change the page declares gives way. Only a publication date that is the entry's own overrules
//! ([`crate::model::Entry::has_own_date`]).

use chrono::{Duration, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::feed_words::{FeedWords, settled};
use crate::model::{
    Candidate, Contradiction, Extraction, Field, FieldChoice, Origin, Precision, Reason, Standing, Timestamp,
};

/// Hours that the zones of the earth are ahead of UTC and behind it, at most.
const ZONES: (i64, i64) = (14, 12);

/// Two moments that are no further apart are of one day, whatever their zones and midnight say.
const SAME: Duration = Duration::hours(6);

/// Chooses the date of publication.
pub(super) fn choose(extraction: &mut Extraction, feed: &FeedWords<'_>, zone: Tz) -> FieldChoice {
    let (own, said) = match (extraction.published, feed.published) {
        (Some(own), Some(said)) => (own, said),
        (Some(_), None) => {
            let is_rule = extraction.origins.get(&Field::Published) == Some(&Origin::Rule);
            let reason = if is_rule { Reason::Rule } else { Reason::PageAlone };
            return settled(extraction, Field::Published, reason);
        }
        (None, said) => {
            if let Some(said) = said {
                set(extraction, said, Origin::Feed);
            }
            return settled(extraction, Field::Published, Reason::FeedAlone);
        }
    };
    let days = Days { zone };
    let may_overrule = feed.may_overrule && feed.has_own_date && said.precision >= Precision::Day;
    let contradiction = (may_overrule && own.precision >= Precision::Day && !days.are_same(&own, &said))
        .then(|| Contradiction { page: own.to_string(), feed: said.to_string() });
    let reason = if extraction.origins.get(&Field::Published) == Some(&Origin::Rule) {
        Reason::Rule
    } else if !feed.may_overrule {
        Reason::OnlyFills
    } else if !may_overrule {
        Reason::NotItsDate
    } else {
        decide(extraction, days, &own, said)
    };
    FieldChoice { contradiction, ..settled(extraction, Field::Published, reason) }
}

/// Sets the date where it is another than extraction found, and says why it is this one.
fn decide(extraction: &mut Extraction, days: Days, own: &Timestamp, said: Timestamp) -> Reason {
    let evidence = &extraction.evidence.dates;
    let of = |standing| {
        move |date: &&Candidate<Timestamp>| {
            date.standing == standing && date.value.precision >= Precision::Day
        }
    };
    let structured = || evidence.iter().filter(of(Standing::Structured));
    let confirmed = || structured().filter(|date| days.are_same(&date.value, &said));
    // Of two that the feed confirms, one with a time is better.
    if let Some(date) = confirmed().find(|date| !has_no_time(&date.value)).or_else(|| confirmed().next()) {
        if has_no_time(&date.value) && !has_no_time(&said) {
            set(extraction, said, Origin::Feed);
            return Reason::TimeOfDay;
        }
        let (value, origin) = (date.value, date.origin);
        set(extraction, value, origin);
        return Reason::StructuredAndFeed;
    }
    let is_printed = |date: &&Candidate<Timestamp>| {
        evidence
            .iter()
            .filter(of(Standing::Printed))
            .any(|printed| days.are_same(&printed.value, &date.value))
    };
    if let Some(date) = structured().find(is_printed) {
        let (value, origin) = (date.value, date.origin);
        set(extraction, value, origin);
        return Reason::StructuredAndPrint;
    }
    if days.are_same(own, &said) {
        return match (has_no_time(own), has_no_time(&said)) {
            (true, false) => {
                set(extraction, said, Origin::Feed);
                Reason::TimeOfDay
            }
            (_, true) => Reason::Agreed,
            (false, false) if own.utc(days.zone) == said.utc(days.zone) => Reason::Agreed,
            (false, false) => {
                set(extraction, said, Origin::Feed);
                Reason::Feed
            }
        };
    }
    // The feed's date is that of the change, the page's that of the publication.
    let is_change = extraction.modified.is_some_and(|modified| days.are_same(&modified, &said));
    if is_change && own.precision >= Precision::Day && own.utc(days.zone) < said.utc(days.zone) {
        return Reason::DateOfChange;
    }
    set(extraction, said, Origin::Feed);
    Reason::Feed
}

fn set(extraction: &mut Extraction, date: Timestamp, origin: Origin) {
    extraction.published = Some(date);
    extraction.origins.insert(Field::Published, origin);
}

/// True for a day without a time, and for a time of which nobody knows the zone: it is that of the page's readers or none.
fn has_no_time(date: &Timestamp) -> bool {
    is_bare(date) || date.offset.is_none()
}

/// True for a day without a time. Systems that have no time write midnight.
fn is_bare(date: &Timestamp) -> bool {
    date.precision <= Precision::Day || date.local.time() == NaiveTime::MIN
}

/// Compares the days of dates.
#[derive(Clone, Copy)]
struct Days {
    /// Zone of dates without an offset.
    zone: Tz,
}

impl Days {
    /// True if two dates are of one day: as printed, in the zone, or by hours. Where the zone of a bare day is not known, a time is of
    /// that day if it was that day somewhere.
    fn are_same(self, one: &Timestamp, other: &Timestamp) -> bool {
        let has_times = !is_bare(one) && !is_bare(other);
        let apart = (one.utc(self.zone) - other.utc(self.zone)).abs();
        has_times && apart <= SAME
            || self.of(one).iter().any(|day| self.of(other).contains(day))
            || self.is_somewhere(one, other)
            || self.is_somewhere(other, one)
    }

    /// Whether a time in UTC was within a bare day in some zone, and no zone is configured.
    fn is_somewhere(self, day: &Timestamp, time: &Timestamp) -> bool {
        let is_utc = time.offset.is_some_and(|offset| offset.local_minus_utc() == 0);
        if self.zone != Tz::UTC || !is_bare(day) || is_bare(time) || !is_utc {
            return false;
        }
        let midnight = day.local.date().and_time(NaiveTime::MIN);
        let (ahead, behind) = (Duration::hours(ZONES.0), Duration::days(1) + Duration::hours(ZONES.1));
        let time = time.utc(self.zone).naive_utc();
        midnight - ahead <= time && time < midnight + behind
    }

    /// The days that a date is of: as printed, and in the zone.
    fn of(self, date: &Timestamp) -> [NaiveDate; 2] {
        let printed = date.local.date();
        if is_bare(date) {
            return [printed, printed];
        }
        [printed, date.utc(self.zone).with_timezone(&self.zone).date_naive()]
    }
}
