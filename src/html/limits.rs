//! Limits on what a page may cost. Pages come from anywhere: each limit is the same in every build.

/// Limits of one page. Deeper and wider pages are flattened, see `flatten`; larger ones are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLimits {
    /// Bytes of decoded HTML.
    pub bytes: usize,
    /// Elements that are open at once. Browsers stop at 512.
    pub depth: usize,
    /// Attributes of one element.
    pub attributes: usize,
    /// Formatting elements (`<b>`, `<font>`) that are open at once.
    pub formatting: usize,
    /// Elements and texts.
    pub nodes: usize,
    /// Work on the page in steps of about 10 ns (see `steps`): parsing, selectors and extraction together. Ordinary
    /// pages take 45 steps per node, the dearest of our corpora a million.
    pub steps: u32,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            depth: 300,
            attributes: 200,
            formatting: 12,
            nodes: 250_000,
            steps: 50_000_000,
        }
    }
}

/// Why a page is not parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitExceeded {
    /// More bytes than [`ParseLimits::bytes`].
    #[error("the page has {0} bytes of HTML, which is more than we parse")]
    Bytes(usize),
    /// More than [`ParseLimits::nodes`].
    #[error("the page has more than {0} elements and texts, which is more than we parse")]
    Nodes(usize),
    /// More than [`ParseLimits::steps`].
    #[error("the page takes too much work to read")]
    Steps,
}
