//! HTTP: polite, guarded GETs, by default one at a time per host.
//!
//! `poll`, `collect`, `deliver` and `cli` send their requests through [`Fetcher::get`], which follows redirects itself.
//! Each hop is checked by the [`Guard`] (addresses), waits for its host at the [`Gate`] (one request at a time, with a
//! gap), and releases it before the next hop. If the request says so, robots.txt is obeyed ([`Robots`]). Response or
//! failure carry what was learned about hosts and robots.txt; storing that is up to the caller. Webhooks take another
//! way: [`WebhookClient`]. A page that a program of the user's prints takes the same way as a request (`by_program`); a feed in a
//! file takes none of it (`local_file`).
//!
//! Rules: RFC 9110 (redirects, `Retry-After`), RFC 9111 (validators, freshness), RFC 9309 (robots.txt), docs/politeness.md
//! and docs/threats.md.

mod access;
mod body;
mod by_program;
mod capacity;
mod challenge;
mod client;
mod client_error;
mod clients;
mod cookies;
mod error;
mod gate;
mod guard;
mod headers;
mod hints;
mod local_file;
mod redirect_chain;
mod request;
mod resolve;
mod response;
mod robots;
mod webhook;

#[cfg(test)]
mod tests;

pub use self::access::{AccessFault, check_access};
pub use self::by_program::check_program;
pub use self::client::Fetcher;
pub use self::clients::{ClientError, install_crypto, user_agent};
pub use self::error::{FetchError, RefusedAddress};
pub use self::gate::{CoolingDown, Gate, Permit};
pub use self::guard::Guard;
pub use self::headers::Headers;
pub use self::hints::CacheHints;
pub use self::local_file::check_file;
pub use self::request::{Request, ResourceKind, SourceHeaders, Transport, basic_auth, bearer};
pub use self::resolve::{Lookup, SystemResolver};
pub use self::response::{BodyChunk, FailedFetch, FetchedDocument, Response, ResponseContent, Trail};
pub use self::robots::{MAX_CRAWL_DELAY, Robots};
pub use self::webhook::WebhookClient;
