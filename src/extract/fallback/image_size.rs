//! The size of the lead image, where the page states it.
//!
//! Only what is said of that very URL counts: another crop of the same picture has another size.

use url::Url;

use super::extractor::FallbackExtractor;
use crate::extract::image_attributes::{
    Descriptor, SRCSET_ATTRIBUTES, URL_ATTRIBUTES, candidates, file_name, is_side, pixels,
};
use crate::html::{NodeId, Tag};
use crate::link;
use crate::model::ImageSize;

impl FallbackExtractor<'_> {
    /// The size of an image in pixels: by `og:image:width` and `og:image:height`, else by a schema.org `ImageObject`,
    /// else by the element that shows it. The first of them that states both sides, else the first that states one.
    pub(super) fn image_size(&self, image: &Url) -> ImageSize {
        let is_image = |src: &str| link::resolve(self.base, src).as_ref() == Some(image);
        let shared = self.meta.shared_images.iter();
        let shared = shared.filter(|shared| shared.urls.iter().any(|url| is_image(url)));
        let in_json_ld = self.json_ld.images.iter().filter(|(url, _)| is_image(url));
        let shown = self.document.nodes().filter_map(|at| self.shown_size(at, image));
        let mut one_side = ImageSize::default();
        for size in shared.map(|shared| shared.size).chain(in_json_ld.map(|(_, size)| *size)).chain(shown) {
            if size.width.is_some() && size.height.is_some() {
                return size;
            }
            if one_side == ImageSize::default() {
                one_side = size;
            }
        }
        one_side
    }

    /// What an element that shows an image says of its size: the width in its `srcset`, else its own attributes.
    fn shown_size(&self, at: NodeId, image: &Url) -> Option<ImageSize> {
        let document = self.document;
        if !matches!(document.tag(at), Tag::Img | Tag::Amp | Tag::Source) {
            return None;
        }
        let name = file_name(image.as_str());
        // The file name is compared first: most images of a page are others.
        let is_image =
            |src: &str| file_name(src) == name && link::resolve(self.base, src).as_ref() == Some(image);
        let sets = SRCSET_ATTRIBUTES.iter().filter_map(|set| document.attr(at, set));
        match sets.flat_map(candidates).find(|(src, _)| is_image(src)) {
            Some((_, Descriptor::Width(width))) => {
                Some(ImageSize { width: Some(width).filter(|width| is_side(*width)), height: None })
            }
            // The attributes tell the size on the screen, which is smaller than the file.
            Some((_, Descriptor::Density(_))) => None,
            Some((_, Descriptor::Missing)) | None => {
                let mut urls = URL_ATTRIBUTES.iter().filter_map(|name| document.attr(at, name));
                let side = |name| document.attr(at, name).and_then(pixels);
                urls.any(is_image).then(|| ImageSize { width: side("width"), height: side("height") })
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
        let page = PageInput { html: &html, url: &url, link_header: None };
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
