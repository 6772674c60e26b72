//! How large the lead image is, where the page says so.
//!
//! Only what is said of that very address counts: another crop of the same picture has another size.

use url::Url;

use super::fields::Automatic;
use super::picture::{ONE, SEVERAL, Wide, candidates, file_name};
use crate::html::{NodeId, Tag};
use crate::link;
use crate::model::ImageSize;

/// Fewest pixels of a side: what is smaller counts visitors or stands in for an image. Most: what an encoder can write.
const LEAST: u32 = 2;
const MOST: u32 = 65_535;

/// A number of pixels as pages write it: `1200`, `1200px`; `100%` is none.
pub(super) fn pixels(text: &str) -> Option<u32> {
    let number = text.trim().trim_end_matches("px").trim_end();
    let number = number.strip_suffix(".0").unwrap_or(number);
    number
        .parse()
        .ok()
        .filter(|pixels| (LEAST..=MOST).contains(pixels))
}

impl Automatic<'_> {
    /// The size of an image: by `og:image:width` and `og:image:height`, else a schema.org `ImageObject`, else the
    /// element that shows it. Both sides from one of them, where one says both.
    pub(super) fn image_size(&self, image: &Url) -> ImageSize {
        let is_it = |src: &str| link::resolve(self.base, src).as_ref() == Some(image);
        let shared = self.meta.shared.iter();
        let shared = shared.filter(|(urls, _)| urls.iter().any(|url| is_it(url)));
        let linked = self.linked.images.iter().filter(|(url, _)| is_it(url));
        let shown = self.document.nodes().filter_map(|at| self.shown_size(at, image));
        let mut some = ImageSize::default();
        for size in shared
            .map(|(_, size)| *size)
            .chain(linked.map(|(_, size)| *size))
            .chain(shown)
        {
            if size.width.is_some() && size.height.is_some() {
                return size;
            }
            if some == ImageSize::default() {
                some = size;
            }
        }
        some
    }

    /// What an element that shows an image says of it: the width in its `srcset`, else its own.
    fn shown_size(&self, at: NodeId, image: &Url) -> Option<ImageSize> {
        let document = self.document;
        if !matches!(document.tag(at), Tag::Img | Tag::Amp | Tag::Source) {
            return None;
        }
        let name = file_name(image.as_str());
        // Most images of a page are others, which their names tell.
        let is_it =
            |src: &str| file_name(src) == name && link::resolve(self.base, src).as_ref() == Some(image);
        let sets = SEVERAL.iter().filter_map(|set| document.attr(at, set));
        let in_set = sets.flat_map(candidates).find(|(src, _)| is_it(src));
        match in_set {
            Some((_, Wide::Pixels(width))) => Some(ImageSize {
                width: Some(width).filter(|width| (LEAST..=MOST).contains(width)),
                height: None,
            }),
            // Made for a denser screen: the element is smaller than the file.
            Some((_, Wide::Density(_))) => None,
            Some((_, Wide::Unsaid)) | None => {
                let is_shown = ONE.iter().any(|name| document.attr(at, name).is_some_and(is_it));
                let side = |name| document.attr(at, name).and_then(pixels);
                is_shown.then(|| ImageSize {
                    width: side("width"),
                    height: side("height"),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::Tz;
    use url::Url;

    use crate::extract::{PageInput, article};

    fn size(head: &str, body: &str) -> (Option<u32>, Option<u32>) {
        let html = format!(
            "<html><head>{head}</head><body><article><h1>A dyke was mended</h1>{body}\
             <p>The dyke was mended in a night, by hand, with sand from the other side of the river.</p>\
             <p>Nobody could say in the morning who had begun, and nobody asked for a second time.</p></article>"
        );
        let url = Url::parse("https://paper.example/a/dyke").unwrap();
        let page = PageInput {
            html: &html,
            url: &url,
            link_header: None,
        };
        let cut = article(&page, &[], Tz::UTC, DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(cut.image.unwrap().as_str(), "https://paper.example/dyke.jpg");
        (cut.image_size.width, cut.image_size.height)
    }

    const SHARED: &str = "<meta property=og:image content=/dyke.jpg>";
    const BARE: &str = "<figure><img src=/dyke.jpg></figure>";

    #[test]
    fn a_size_is_what_the_page_says_of_that_image() {
        let linked = |object: &str| {
            format!(
                "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"headline\":\"A dyke was mended\",\
                 \"image\":{object}}}</script>"
            )
        };
        for (what, head, body, expected) in [
            ("nothing", SHARED.to_owned(), BARE, (None, None)),
            (
                "its properties",
                format!(
                    "{SHARED}<meta property=og:image:width content=1200><meta property=og:image:height content=630px>"
                ),
                BARE,
                (Some(1200), Some(630)),
            ),
            (
                "properties of the second",
                format!(
                    "{SHARED}<meta property=og:image content=/b.jpg><meta property=og:image:width content=900>"
                ),
                BARE,
                (None, None),
            ),
            (
                "properties before the only one",
                format!(
                    "<meta property=og:image:width content=1200><meta property=og:image:height content=0>{SHARED}"
                ),
                BARE,
                (Some(1200), None),
            ),
            (
                "schema.org",
                linked(
                    "{\"@type\":\"ImageObject\",\"url\":\"/dyke.jpg\",\"width\":\"1600px\",\"height\":{\"value\":900}}",
                ),
                BARE,
                (Some(1600), Some(900)),
            ),
            (
                "schema.org of another file",
                linked("[\"/dyke.jpg\",{\"url\":\"/small.jpg\",\"width\":160,\"height\":90}]"),
                BARE,
                (None, None),
            ),
            (
                "both sides before one",
                format!("{SHARED}<meta property=og:image:width content=1200>"),
                "<figure><img src=/dyke.jpg width=640 height=360></figure>",
                (Some(640), Some(360)),
            ),
            (
                "a set",
                String::new(),
                "<figure><img src=/s.jpg width=300 height=200 srcset='/s.jpg 300w, /dyke.jpg 1400w'></figure>",
                (Some(1400), None),
            ),
            (
                "a share of the column",
                String::new(),
                "<figure><img src=/dyke.jpg width='100%'></figure>",
                (None, None),
            ),
        ] {
            assert_eq!(size(&head, body), expected, "{what}");
        }
    }
}
