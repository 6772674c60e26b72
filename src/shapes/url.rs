//! Stored URLs as they may be shown.

use url::Url;

use crate::link;

/// A stored URL without what is secret in it; unchanged where it is no URL.
pub(crate) fn masked_url(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| link::mask_secrets(&url))
}
