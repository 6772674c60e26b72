//! What attributes say of an image: its URLs, the candidates of a `srcset`, its size in pixels.

/// Attributes with one URL, and attributes with a `srcset`.
#[rustfmt::skip]
pub(super) const URL_ATTRIBUTES: &[&str] = &[
    "src", "data-src", "data-original", "data-lazy-src", "data-url", "data-image",
];
pub(super) const SRCSET_ATTRIBUTES: &[&str] = &["srcset", "data-srcset", "data-lazy-srcset"];

/// Accepted pixels of a side. Smaller images are tracking pixels or placeholders; no encoder writes larger ones.
const PIXELS: std::ops::RangeInclusive<u32> = 2..=65_535;

/// True if a side of an image can have that length.
pub(super) fn is_side(pixels: u32) -> bool {
    PIXELS.contains(&pixels)
}

/// A length in pixels as pages write it: `1200`, `1200px`, `1200.0`. `100%` gives none.
pub(super) fn pixels(text: &str) -> Option<u32> {
    let number = text.trim().trim_end_matches("px").trim_end();
    let number = number.strip_suffix(".0").unwrap_or(number);
    number.parse().ok().filter(|pixels| is_side(*pixels))
}

/// The last segment of a URL's path, without query and fragment; none where it has two bytes or fewer.
pub(super) fn file_name(url: &str) -> Option<&str> {
    let path = url.trim().split(['?', '#']).next()?.trim_end_matches('/');
    let name = path.rsplit('/').next()?;
    (name.len() > 2).then_some(name)
}

/// The descriptor of a `srcset` candidate (WHATWG HTML, 4.8.4.2.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Descriptor {
    /// `400w`: width of the file in pixels.
    Width(u32),
    /// `2x`: pixels of the file for one of the layout.
    Density(f64),
    /// None, or one that is no number.
    Missing,
}

impl Descriptor {
    /// Greater is wider. A density of 1 counts as 1000 pixels.
    pub(super) fn rank(self) -> f64 {
        match self {
            Self::Width(width) => f64::from(width),
            Self::Density(density) => density * 1000.0,
            Self::Missing => 0.0,
        }
    }
}

/// The URLs of a `srcset` with their descriptors, in order.
pub(super) fn candidates(srcset: &str) -> impl Iterator<Item = (&str, Descriptor)> {
    let mut rest = srcset;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let (url, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let bare = url.trim_end_matches(',');
        if bare.is_empty() {
            return None;
        }
        // A comma at the end of the URL ends the candidate.
        if bare.len() < url.len() {
            rest = after;
            return Some((bare, Descriptor::Missing));
        }
        let (descriptor, after) = after.split_once(',').unwrap_or((after, ""));
        rest = after;
        let descriptor = descriptor.trim();
        let number = descriptor.trim_end_matches(char::is_alphabetic);
        let parsed = if descriptor.ends_with('x') {
            number.parse().ok().map(Descriptor::Density)
        } else {
            number.parse().ok().map(Descriptor::Width)
        };
        Some((bare, parsed.unwrap_or(Descriptor::Missing)))
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
                ("/a,b.jpg", Descriptor::Width(400)),
                ("/c.jpg", Descriptor::Width(1200)),
                ("/d.jpg", Descriptor::Density(2.0))
            ]
        );
        assert_eq!(all("/a.jpg"), [("/a.jpg", Descriptor::Missing)]);
        assert_eq!(
            all("/a.jpg, /b.jpg x"),
            [("/a.jpg", Descriptor::Missing), ("/b.jpg", Descriptor::Missing)]
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
