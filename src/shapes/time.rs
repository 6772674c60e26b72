//! A moment as JSON and tables show it.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// A moment in UTC to the second (RFC 3339): `2026-11-24T08:00:00Z`. Fractions are cut off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UtcSeconds(pub(crate) DateTime<Utc>);

impl fmt::Display for UtcSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl Serialize for UtcSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
