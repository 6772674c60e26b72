//! Media files that an entry has or that an article keeps.

use url::Url;

/// A media file that an entry links to.
#[derive(Clone, Debug, PartialEq)]
pub struct Enclosure {
    /// http or https, absolute.
    pub url: Url,
    /// MIME type as declared.
    pub mime: Option<String>,
    /// Bytes as declared.
    pub length: Option<u64>,
}
