//! robots.txt (RFC 9309): parsed, cached, and checked before requests.
//!
//! [`Robots`] parses a file and answers for a path; it is pure. The cache keeps what each origin (scheme, host and port)
//! answered, for at most a day. Where it has nothing, the fetcher requests robots.txt once per origin, through the same
//! guard and gate as everything else.

mod cache;
mod check;
mod rules;

#[cfg(test)]
mod tests;

pub use self::rules::{MAX_CRAWL_DELAY, Robots};

pub(super) use self::cache::RobotsCache;
pub(super) use self::rules::MAX_ROBOTS;
