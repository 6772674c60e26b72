//! robots.txt (RFC 9309): the rules, the book they are kept in, and the asking.
//!
//! [`Robots`] reads a file and answers for a path; it is pure. The book remembers what each origin (scheme, host and
//! port) answered for as long as that may be believed. The fetcher asks where nothing is known: once per origin, through
//! the same guard and gate as everything else.

mod ask;
mod cache;
mod rules;

#[cfg(test)]
mod tests;

pub use self::rules::{MAX_CRAWL_DELAY, Robots};

pub(super) use self::cache::RobotsCache;
pub(super) use self::rules::MAX_ROBOTS;
