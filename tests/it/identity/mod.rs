//! Attacks on the identity of articles (docs/threats.md, H30): sites that claim, copy, forge and redirect, and sites that say
//! the wrong thing about themselves. The real fetcher polls them on loopback, in virtual time.
//!
//! Every scene is played in all variants of [`stage::in_all_variants`]: whoever comes first, sources new and old, texts long
//! and too short to be compared.

mod claims;
mod feed_texts;
mod forms;
mod redirects;
mod shared_keys;
mod stage;
mod tombstones;
