//! The lead image of an article: what it prints below the headline rather than what it hands to other sites.
//!
//! The image for sharing (`og:image`) is the lead image where the page prints it, too. Where it does not, it is often a
//! crop with the paper's logo or a picture of the paper itself, and the first picture of the article is meant.

use std::collections::HashSet;

use url::Url;

use super::fields::{Automatic, Place, class_words};
use crate::html::{Document, NodeId, Selection, Tag, image_source};
use crate::link;
use crate::model::Origin;

/// Attributes that hold one image, and those that hold several.
pub(super) const ONE: &[&str] = &[
    "src",
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-url",
    "data-image",
];
pub(super) const SEVERAL: &[&str] = &["srcset", "data-srcset", "data-lazy-srcset"];

/// A picture narrower than this is of an author or a logo.
const NARROW: u32 = 160;

impl Automatic<'_> {
    /// The lead image.
    pub(super) fn image(&self, place: &Place, body: &Selection) -> Option<(Url, Origin)> {
        let declared = self
            .meta
            .first(&[
                "og:image",
                "og:image:url",
                "og:image:secure_url",
                "twitter:image",
                "twitter:image:src",
                "image",
            ])
            .and_then(|src| link::resolve(self.base, src))
            .map(|url| (url, Origin::Meta));
        let linked = || {
            self.linked
                .images
                .iter()
                .find_map(|(src, _)| link::resolve(self.base, src))
                .map(|url| (url, Origin::JsonLd))
        };
        let shared = declared.or_else(linked);
        if let Some((url, _)) = &shared
            && file_name(url.as_str()).is_some_and(|name| self.prints(name))
        {
            return shared;
        }
        let printed = || {
            body.roots
                .iter()
                .flat_map(|root| self.document.subtree(*root))
                .filter(|at| matches!(self.document.tag(*at), Tag::Img | Tag::Amp))
                .find_map(|at| image_source(self.document, at, self.base))
                .map(|url| (url, Origin::Auto))
        };
        self.first_picture(place)
            .map(|url| (url, Origin::Auto))
            .or(shared)
            .or_else(printed)
    }

    /// Whether an image of that file name is shown anywhere on the page.
    fn prints(&self, name: &str) -> bool {
        let document = self.document;
        document
            .nodes()
            .filter(|at| matches!(document.tag(*at), Tag::Img | Tag::Amp | Tag::Source))
            .any(|at| {
                let one = ONE.iter().filter_map(|attr| document.attr(at, attr));
                let several = SEVERAL.iter().filter_map(|attr| document.attr(at, attr));
                one.chain(several.flat_map(|set| candidates(set).map(|(url, _)| url)))
                    .any(|url| file_name(url) == Some(name))
            })
    }

    /// The first picture of the article, in the largest form there is.
    fn first_picture(&self, place: &Place) -> Option<Url> {
        let document = self.document;
        let from = place.heading?;
        let mut passed: HashSet<NodeId> = HashSet::new();
        document
            .nodes()
            .skip(from.index())
            .take_while(|at| *at < place.end)
            .filter(|at| matches!(document.tag(*at), Tag::Img | Tag::Amp))
            .filter(|at| is_picture(document, *at, &mut passed))
            .find_map(|at| self.largest(at))
    }

    fn largest(&self, at: NodeId) -> Option<Url> {
        let document = self.document;
        let picture = document
            .parent(at)
            .filter(|outer| document.tag(*outer) == Tag::Picture);
        let sources = picture
            .into_iter()
            .flat_map(|picture| document.children(picture))
            .filter(|child| document.tag(*child) == Tag::Source);
        let mut best: Option<(f64, &str)> = None;
        for element in sources.chain([at]) {
            let sets = SEVERAL.iter().filter_map(|attr| document.attr(element, attr));
            for (url, wide) in sets.flat_map(candidates) {
                if best.is_none_or(|(most, _)| wide.rank() > most) && !is_stand_in(url) {
                    best = Some((wide.rank(), url));
                }
            }
        }
        best.and_then(|(_, url)| link::resolve(self.base, url))
            .or_else(|| image_source(document, at, self.base).filter(|url| !is_stand_in(url.as_str())))
    }
}

/// Whether an image is shown as a picture of the text around it.
fn is_picture(document: &Document, at: NodeId, passed: &mut HashSet<NodeId>) -> bool {
    let size = |name| {
        document
            .attr(at, name)?
            .trim()
            .trim_end_matches("px")
            .parse::<u32>()
            .ok()
    };
    if size("width").is_some_and(|width| width < NARROW)
        || size("height").is_some_and(|height| height < NARROW / 2)
    {
        return false;
    }
    let mut framed = false;
    // What is left out once is left out whole.
    for outer in document.ancestors(at).take(12) {
        if passed.contains(&outer) {
            return false;
        }
        framed |= matches!(document.tag(outer), Tag::Figure | Tag::Picture);
        let aside = matches!(
            document.tag(outer),
            Tag::Nav | Tag::Aside | Tag::Footer | Tag::Button | Tag::Form | Tag::Svg
        ) || class_words(document, outer).any(|word| is_beside(&word));
        if aside {
            passed.insert(outer);
            return false;
        }
    }
    framed || document.tag(at) == Tag::Amp
}

/// Words for what stands beside an article.
fn is_beside(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "author",
        "authors",
        "autor",
        "avatar",
        "byline",
        "logo",
        "related",
        "teaser",
        "teasers",
        "recommended",
        "recommendations",
        "newsletter",
        "promo",
        "sidebar",
        "navigation",
        "menu",
        "breadcrumb",
        "comments",
        "icon",
        "advertisement",
        "carousel",
        "card",
        "cards",
    ];
    WORDS.contains(&word)
}

/// Whether a URL is that of a stand-in until the image is loaded.
fn is_stand_in(url: &str) -> bool {
    let name = file_name(url).unwrap_or(url).to_ascii_lowercase();
    url.starts_with("data:")
        || [
            "placeholder",
            "blank.",
            "spacer",
            "pixel.",
            "transparent",
            "loading",
            "avatar",
            "logo",
        ]
        .iter()
        .any(|mark| name.contains(mark))
}

/// The last part of a path.
pub(super) fn file_name(url: &str) -> Option<&str> {
    let path = url.trim().split(['?', '#']).next()?.trim_end_matches('/');
    let name = path.rsplit('/').next()?;
    (name.len() > 2).then_some(name)
}

/// What a `srcset` says of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wide {
    /// Pixels.
    Pixels(u32),
    /// Of the screen it is for.
    Density(f64),
    /// Nothing.
    Unsaid,
}

impl Wide {
    /// Greater is wider; a density counts as so many thousand pixels.
    fn rank(self) -> f64 {
        match self {
            Self::Pixels(width) => f64::from(width),
            Self::Density(density) => density * 1000.0,
            Self::Unsaid => 0.0,
        }
    }
}

/// The candidates of a `srcset`.
pub(super) fn candidates(set: &str) -> impl Iterator<Item = (&str, Wide)> {
    let mut rest = set;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let (url, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let bare = url.trim_end_matches(',');
        if bare.is_empty() {
            return None;
        }
        if bare.len() < url.len() {
            rest = after;
            return Some((bare, Wide::Unsaid));
        }
        let (descriptor, after) = after.split_once(',').unwrap_or((after, ""));
        rest = after;
        let descriptor = descriptor.trim();
        let number = descriptor.trim_end_matches(char::is_alphabetic);
        let density = descriptor
            .ends_with('x')
            .then(|| number.parse().ok().map(Wide::Density));
        let wide = density.unwrap_or_else(|| number.parse().ok().map(Wide::Pixels));
        Some((bare, wide.unwrap_or(Wide::Unsaid)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidates_of_a_set() {
        let all = |set| candidates(set).collect::<Vec<_>>();
        assert_eq!(
            all("/a,b.jpg 400w, /c.jpg 1200w,/d.jpg 2x"),
            [
                ("/a,b.jpg", Wide::Pixels(400)),
                ("/c.jpg", Wide::Pixels(1200)),
                ("/d.jpg", Wide::Density(2.0))
            ]
        );
        assert_eq!(all("/a.jpg"), [("/a.jpg", Wide::Unsaid)]);
        assert_eq!(
            all("/a.jpg, /b.jpg x"),
            [("/a.jpg", Wide::Unsaid), ("/b.jpg", Wide::Unsaid)]
        );
        assert_eq!(all(" ,, "), []);
    }

    #[test]
    fn names_of_files() {
        assert_eq!(file_name("https://a.example/x/y.jpg?w=1#z"), Some("y.jpg"));
        assert_eq!(file_name("https://a.example/x/y.jpg/"), Some("y.jpg"));
        assert_eq!(file_name(""), None);
    }
}
