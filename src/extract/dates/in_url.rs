//! The date in the path of a URL: `/2018/01/05/`, `/2018/jan/05/`, `/2018-01-05-`, `/20180105/`.
//!
//! Publishers form such URLs when an article is published, so this is the last source of its date.

use chrono::{DateTime, Duration, Utc};
use url::Url;

use super::months::month;
use super::patterns::{unpack, ymd};
use super::tokens::tokenize;
use crate::model::Timestamp;

/// The day in the path of an article's URL. Days later than two days from now are no dates but other numbers.
pub(crate) fn date_in_url(url: &Url, now: DateTime<Utc>) -> Option<Timestamp> {
    let tokens = tokenize(url.path());
    let separated = tokens.windows(5).find_map(|window| {
        let [year, first, name, second, day] = window else {
            return None;
        };
        let month = name.number(2).or_else(|| month(name.word()?, Some("en")))?;
        let is_date = first.is_mark(&['/', '-', '_']) && second.is_mark(&['/', '-', '_']);
        let (year, day) = (year.number(4)?, day.number(2)?);
        is_date.then(|| ymd(year, month, day))?
    });
    let date = separated.or_else(|| tokens.iter().find_map(unpack))?;
    (date <= now.date_naive() + Duration::days(2)).then(|| Timestamp::date(date))
}
