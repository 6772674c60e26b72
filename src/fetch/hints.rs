//! When a server wants to be asked again: `Retry-After` (RFC 9110, 10.2.3), `Cache-Control`, `Age` and `Expires`
//! (RFC 9111, 4.2). Invalid values are ignored and counted.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};

use super::headers::Headers;

/// Longest `Retry-After` that is honoured.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Longest freshness that is reported; `schedule` has a shorter limit of its own.
const MAX_FRESH: Duration = Duration::from_hours(365 * 24);

/// What the headers of a response say about the next request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheHints {
    /// Until when the response is fresh (RFC 9111, 4.2); `None` if it is stale already.
    pub fresh_until: Option<DateTime<Utc>>,
    /// The header value that says so: `max-age=3600`, `Expires`. For `status`.
    pub fresh_by: Option<String>,
    /// Names of headers with an invalid value, which was ignored.
    pub odd: Vec<&'static str>,
}

impl CacheHints {
    /// Reads the headers of an answer that arrived at `now`.
    pub fn read(headers: &Headers, now: DateTime<Utc>) -> Self {
        let mut hints = Self::default();
        let age = headers.text("age").map(|age| seconds(&age));
        if age == Some(None) {
            hints.odd.push("age");
        }
        if let Some((lifetime, by)) = lifetime(headers, now, &mut hints.odd) {
            let age = age.flatten().unwrap_or_default();
            let left = lifetime.saturating_sub(age).min(MAX_FRESH);
            if !left.is_zero() {
                hints.fresh_until = Some(now + left);
                hints.fresh_by = Some(by);
            }
        }
        hints
    }
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds or a date. Never in the past, at most a day ahead.
pub(super) fn retry_after(value: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = match seconds(value) {
        Some(wait) => now + wait.min(MAX_RETRY_AFTER),
        None => http_date(value, now)?,
    };
    Some(at.clamp(now, now + MAX_RETRY_AFTER))
}

/// How long a response is fresh from when it was generated, and the header value that says so.
fn lifetime(
    headers: &Headers,
    now: DateTime<Utc>,
    odd: &mut Vec<&'static str>,
) -> Option<(Duration, String)> {
    let mut max_age = None;
    for value in headers.all("cache-control") {
        for directive in String::from_utf8_lossy(value).split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                // The server says that its own copy must be asked for each time.
                "no-cache" | "no-store" => return None,
                // RFC 9111, 4.2.1: of several the first.
                "max-age" if max_age.is_none() => max_age = Some(seconds(value.trim().trim_matches('"'))),
                _ => {}
            }
        }
    }
    if let Some(age) = max_age {
        let Some(age) = age else {
            odd.push("cache-control");
            return None;
        };
        return Some((age, format!("max-age={}", age.as_secs())));
    }
    let expires = headers.text("expires")?;
    // RFC 9111, 5.3: nought is a time in the past, and so is what is no date; that much has a meaning.
    let is_past = matches!(expires.trim(), "0" | "-1");
    let Some(expires) = http_date(&expires, now) else {
        if !is_past {
            odd.push("expires");
        }
        return None;
    };
    // Both by the server's clock, which may differ from ours.
    let date = headers.text("date").map(|date| http_date(&date, now));
    if date == Some(None) {
        odd.push("date");
    }
    let made = date.flatten().unwrap_or(now);
    Some(((expires - made).to_std().ok()?, "Expires".to_owned()))
}

/// RFC 9111, 1.2.2: digits only; too many of them mean "for ever".
fn seconds(value: &str) -> Option<Duration> {
    let value = value.trim();
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))).min(MAX_FRESH))
}

/// RFC 9110, 5.6.7, in any of its three forms; the weekday is not looked at.
///
/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`
pub(super) fn http_date(value: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut words = value.split([' ', ',', '-', '\t']).filter(|word| !word.is_empty());
    let _weekday = words.next()?;
    let (first, second, third, fourth) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let zone = words.next();
    if words.next().is_some() {
        return None;
    }
    let (day, month, year, time) = match (first.parse::<u32>(), zone) {
        (Ok(day), Some("GMT" | "UTC")) => (day, second, third, fourth),
        (Err(_), None) => (second.parse().ok()?, first, fourth, third),
        _ => return None,
    };
    let month = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(month))
        .and_then(|index| u32::try_from(index + 1).ok())?;
    let year = match (year.len(), year.parse::<i32>().ok()?) {
        (4, year) => year,
        (2, short) => whole_year(short, now),
        _ => return None,
    };
    let mut clock = time.split(':').map(|part| part.parse::<u32>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    // A leap second is the last of its minute.
    let at = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second.min(59))?;
    (clock.next().is_none() && second <= 60).then(|| at.and_utc())
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// RFC 9110, 5.6.7: a two-digit year more than fifty years ahead is the last one with these digits.
fn whole_year(short: i32, now: DateTime<Utc>) -> i32 {
    let this = chrono::Datelike::year(&now);
    let year = this - this.rem_euclid(100) + short;
    if year > this + 50 { year - 100 } else { year }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn fresh(lines: &[(&str, &str)]) -> Option<i64> {
        let hints = CacheHints::read(&lines.iter().copied().collect(), now());
        assert_eq!(hints.fresh_until.is_some(), hints.fresh_by.is_some());
        hints.fresh_until.map(|at| (at - now()).num_seconds())
    }

    fn retry(value: &str) -> Option<i64> {
        retry_after(value, now()).map(|at| (at - now()).num_seconds())
    }

    #[test]
    fn p11_max_age_less_age_delays_and_expires_only_without_it() {
        assert_eq!(fresh(&[("Cache-Control", "public, max-age=3600")]), Some(3600));
        assert_eq!(fresh(&[("cache-control", "MAX-AGE=\"60\"")]), Some(60));
        assert_eq!(fresh(&[("Cache-Control", "max-age=3600"), ("Age", "600")]), Some(3000));
        assert_eq!(fresh(&[("Cache-Control", "max-age=60"), ("Age", "600")]), None);
        assert_eq!(fresh(&[("Cache-Control", "max-age=60, max-age=600")]), Some(60));
        let expires = ("Expires", "Tue, 24 Nov 2026 13:00:00 GMT");
        assert_eq!(fresh(&[expires]), Some(3600));
        assert_eq!(fresh(&[expires, ("Cache-Control", "max-age=5")]), Some(5));
        // A server whose clock is an hour ahead.
        assert_eq!(fresh(&[expires, ("Date", "Tue, 24 Nov 2026 12:59:00 GMT")]), Some(60));
        assert_eq!(fresh(&[expires, ("Cache-Control", "no-cache")]), None);
    }

    #[test]
    fn p11_past_and_broken_values_add_nothing() {
        for lines in [
            [("Expires", "0")],
            [("Expires", "-1")],
            [("Expires", "Mon, 23 Nov 2026 12:00:00 GMT")],
            [("Expires", "soon")],
            [("Cache-Control", "max-age=-5")],
            [("Cache-Control", "max-age=1.5")],
            [("Cache-Control", "max-age")],
            [("Cache-Control", "max-age=\u{0661}")],
            [("Cache-Control", "s-maxage=60")],
        ] {
            assert_eq!(fresh(&lines), None, "{lines:?}");
        }
        let endless = fresh(&[("Cache-Control", "max-age=99999999999999999999999")]);
        assert_eq!(endless, Some(365 * 24 * 3600));
        // A broken max-age does not let Expires in: the server meant something else.
        assert_eq!(
            fresh(&[("Cache-Control", "max-age=x"), ("Expires", "Tue, 24 Nov 2026 13:00:00 GMT")]),
            None
        );
        assert_eq!(fresh(&[("Cache-Control", "max-age=60"), ("Age", "old")]), Some(60));
    }

    #[test]
    fn p13_retry_after_is_seconds_or_any_of_three_dates() {
        assert_eq!(retry("120"), Some(120));
        assert_eq!(retry("Tue, 24 Nov 2026 12:10:00 GMT"), Some(600));
        assert_eq!(retry("Tuesday, 24-Nov-26 12:10:00 GMT"), Some(600));
        assert_eq!(retry("Tue Nov 24 12:10:00 2026"), Some(600));
        assert_eq!(retry("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        assert_eq!(retry("0"), Some(0));
        assert_eq!(retry("99999999999999999999"), Some(24 * 3600));
        assert_eq!(retry("Tue, 24 Nov 2099 12:10:00 GMT"), Some(24 * 3600));
        for nonsense in ["", "-5", "soon", "1.5", "Tue, 32 Nov 2026 12:10:00 GMT", "12:00", "5 minutes"] {
            assert_eq!(retry(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn two_digit_years_more_than_fifty_ahead_are_past() {
        let at = |text: &str| http_date(text, now()).map(|at| at.to_rfc3339());
        assert_eq!(at("Sunday, 06-Nov-94 08:49:37 GMT").as_deref(), Some("1994-11-06T08:49:37+00:00"));
        assert_eq!(at("Sunday, 06-Nov-30 08:49:60 GMT").as_deref(), Some("2030-11-06T08:49:59+00:00"));
        assert_eq!(at("Sun Nov  6 08:49:37 1994").as_deref(), Some("1994-11-06T08:49:37+00:00"));
        assert_eq!(at("Sun, 06 Nov 1994 08:49:37 +0200"), None);
    }
}
