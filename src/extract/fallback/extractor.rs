//! The inputs that all modules of extraction without rules share.

use url::Url;

use crate::extract::dates::DateContext;
use crate::extract::jsonld::JsonLd;
use crate::extract::page_meta::PageMeta;
use crate::html::{Document, NodeId};

/// Finds the fields of an article without rules. Each field has a module of its own, which adds a method.
pub(crate) struct FallbackExtractor<'a> {
    pub(crate) document: &'a Document,
    pub(crate) meta: &'a PageMeta,
    pub(crate) json_ld: &'a JsonLd,
    /// Base of relative links: `<base href>`, else the page's URL.
    pub(crate) base: &'a Url,
    /// URL that served the page, after redirects.
    pub(crate) page_url: &'a Url,
    pub(crate) dates: DateContext<'a>,
}

/// Where headline and text stand on the page: fields are looked for near them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArticlePosition {
    /// The heading with the title, the last one before the text; none where the title is not printed.
    pub(crate) heading: Option<NodeId>,
    /// The node after the text.
    pub(crate) end: NodeId,
}
