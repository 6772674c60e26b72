//! The page's side of reading a date: zone, language, and the time of reading.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// What a printed date depends on besides its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DateContext<'a> {
    /// Zone of times that are printed without an offset.
    pub(crate) zone: Tz,
    /// Time of reading: the origin of "3 hours ago" and the limit of plausible dates.
    pub(crate) now: DateTime<Utc>,
    /// Language of the page (BCP 47), with or without a region.
    pub(crate) language: Option<&'a str>,
}

impl<'a> DateContext<'a> {
    /// The primary language tag: `de` of `de-AT`.
    pub(super) fn primary_language(&self) -> Option<&'a str> {
        self.language?.split(['-', '_']).next()
    }

    /// True where `1/5/2018` is the fifth of January: American and Philippine English, and English without a region.
    pub(super) fn is_month_first(&self) -> bool {
        self.language.is_some_and(|language| {
            let language = language.to_ascii_lowercase().replace('_', "-");
            matches!(language.as_str(), "en" | "en-us" | "en-ph")
        })
    }
}
