//! The lead image of an article.
//!
//! The image for sharing (`og:image`) is the lead image where the page prints it, too. Where it does not, it is often a
//! crop with the paper's logo, or a picture of the paper itself. Then the first picture below the headline is taken.

use std::collections::HashSet;

use url::Url;

use super::extractor::{ArticlePosition, FallbackExtractor};
use crate::extract::image_attributes::{SRCSET_ATTRIBUTES, URL_ATTRIBUTES, candidates, file_name};
use crate::extract::words::class_words;
use crate::html::{Document, NodeId, Selection, Tag, image_source};
use crate::link;
use crate::model::Origin;

/// Pixels: a narrower picture is of an author, or a logo. The least height is half of it.
const LEAST_WIDTH: u32 = 160;

/// Elements around a picture that are looked at.
const MOST_ANCESTORS: usize = 12;

/// Class words of what stands beside an article.
#[rustfmt::skip]
const BESIDE: &[&str] = &[
    "author", "authors", "autor", "avatar", "byline", "logo", "related", "teaser", "teasers", "recommended",
    "recommendations", "newsletter", "promo", "sidebar", "navigation", "menu", "breadcrumb", "comments", "icon",
    "advertisement", "carousel", "card", "cards",
];

/// Parts of the file names of placeholders and logos.
#[rustfmt::skip]
const STAND_INS: &[&str] = &[
    "placeholder", "blank.", "spacer", "pixel.", "transparent", "loading", "avatar", "logo",
];

impl FallbackExtractor<'_> {
    /// The lead image: the declared one if the page shows it, else the first picture below the headline, else the
    /// declared one, else the first image of the body.
    pub(super) fn image(&self, position: &ArticlePosition, body: &Selection) -> Option<(Url, Origin)> {
        let document = self.document;
        let declared = self
            .meta
            .first(&[
                "og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src",
                "image",
            ])
            .and_then(|src| link::resolve(self.base, src))
            .map(|url| (url, Origin::Meta));
        let in_json_ld = || {
            let mut images = self.json_ld.images.iter();
            let url = images.find_map(|(src, _)| link::resolve(self.base, src))?;
            Some((url, Origin::JsonLd))
        };
        let declared = declared.or_else(in_json_ld);
        if let Some((url, _)) = &declared
            && file_name(url.as_str()).is_some_and(|name| self.shows_file(name))
        {
            return declared;
        }
        // Without a headline nothing tells which picture is the first.
        let in_body = || {
            let nodes = body.roots.iter().flat_map(|root| document.subtree(*root));
            nodes
                .filter(|at| matches!(document.tag(*at), Tag::Img | Tag::Amp))
                .find_map(|at| image_source(document, at, self.base))
        };
        self.first_picture(position)
            .map(|url| (url, Origin::Auto))
            .or(declared)
            .or_else(|| Some((in_body()?, Origin::Auto)))
    }

    /// True if an image with that file name is shown anywhere on the page.
    fn shows_file(&self, name: &str) -> bool {
        let document = self.document;
        document.nodes().filter(|at| matches!(document.tag(*at), Tag::Img | Tag::Amp | Tag::Source)).any(
            |at| {
                let single = URL_ATTRIBUTES.iter().filter_map(|attr| document.attr(at, attr));
                let sets = SRCSET_ATTRIBUTES.iter().filter_map(|attr| document.attr(at, attr));
                single
                    .chain(sets.flat_map(candidates).map(|(url, _)| url))
                    .any(|url| file_name(url) == Some(name))
            },
        )
    }

    /// The first picture between headline and end of the text, in its widest form.
    fn first_picture(&self, position: &ArticlePosition) -> Option<Url> {
        let document = self.document;
        let heading = position.heading?;
        // Elements beside the article that were met: what is within them is not looked at again.
        let mut beside: HashSet<NodeId> = HashSet::new();
        document
            .nodes()
            .skip(heading.index())
            .take_while(|at| *at < position.end)
            .filter(|at| matches!(document.tag(*at), Tag::Img | Tag::Amp))
            .filter(|at| is_picture(document, *at, &mut beside))
            .find_map(|at| self.widest_form(at))
    }

    /// The widest candidate of an image and of its `<picture>`, else its plain source.
    fn widest_form(&self, at: NodeId) -> Option<Url> {
        let document = self.document;
        let picture = document.parent(at).filter(|outer| document.tag(*outer) == Tag::Picture);
        let sources = picture
            .into_iter()
            .flat_map(|picture| document.children(picture))
            .filter(|child| document.tag(*child) == Tag::Source);
        let mut widest: Option<(f64, &str)> = None;
        for element in sources.chain([at]) {
            let sets = SRCSET_ATTRIBUTES.iter().filter_map(|attr| document.attr(element, attr));
            for (url, descriptor) in sets.flat_map(candidates) {
                if widest.is_none_or(|(most, _)| descriptor.rank() > most) && !is_stand_in(url) {
                    widest = Some((descriptor.rank(), url));
                }
            }
        }
        widest
            .and_then(|(_, url)| link::resolve(self.base, url))
            .or_else(|| image_source(document, at, self.base).filter(|url| !is_stand_in(url.as_str())))
    }
}

/// True if an image is a picture of the article: large enough, framed as pictures are, and not in an element beside the
/// article. Such elements are added to `beside`.
fn is_picture(document: &Document, at: NodeId, beside: &mut HashSet<NodeId>) -> bool {
    let side = |name| -> Option<u32> {
        let value = document.attr(at, name)?.trim();
        value.trim_end_matches("px").parse().ok()
    };
    if side("width").is_some_and(|width| width < LEAST_WIDTH)
        || side("height").is_some_and(|height| height < LEAST_WIDTH / 2)
    {
        return false;
    }
    // A picture of the article stands in a figure; icons and avatars do not.
    let mut framed = false;
    for outer in document.ancestors(at).take(MOST_ANCESTORS) {
        if beside.contains(&outer) {
            return false;
        }
        framed |= matches!(document.tag(outer), Tag::Figure | Tag::Picture);
        let is_beside = matches!(
            document.tag(outer),
            Tag::Nav | Tag::Aside | Tag::Footer | Tag::Button | Tag::Form | Tag::Svg
        ) || class_words(document, outer).any(|word| BESIDE.contains(&&*word));
        if is_beside {
            beside.insert(outer);
            return false;
        }
    }
    framed || document.tag(at) == Tag::Amp
}

/// True for a URL that is shown until the image is loaded, or that is a logo.
fn is_stand_in(url: &str) -> bool {
    let name = file_name(url).unwrap_or(url).to_ascii_lowercase();
    url.starts_with("data:") || STAND_INS.iter().any(|part| name.contains(part))
}
