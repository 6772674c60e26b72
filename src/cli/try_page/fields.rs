//! The fields of an article as both reports list them.

use url::Url;

use crate::model::{Extraction, Field, ImageSize};

/// Every field but the body, in the order in which a person looks for them; `None` where it was not found.
pub(super) fn fields(extraction: &Extraction) -> Vec<(Field, Option<String>)> {
    let shown = |url: &Option<Url>| url.as_ref().map(Url::to_string);
    let joined = |list: &[String], separator| (!list.is_empty()).then(|| list.join(separator));
    let links = &extraction.links;
    vec![
        (Field::Title, extraction.title.clone()),
        (Field::Standfirst, extraction.standfirst.clone()),
        (Field::Byline, joined(&extraction.authors, "; ")),
        (Field::Published, extraction.published.map(|at| at.to_string())),
        (Field::Modified, extraction.modified.map(|at| at.to_string())),
        (Field::Image, image(extraction)),
        (Field::ShortLink, shown(&links.short_link).or_else(|| shown(&links.shortlink))),
        (Field::Canonical, shown(&links.canonical)),
        (Field::Language, extraction.language.clone()),
        (Field::Site, extraction.site.clone()),
        (Field::Section, extraction.section.clone()),
        (Field::Tags, joined(&extraction.tags, ", ")),
        (Field::NextPage, shown(&extraction.pagination.next)),
        (Field::SinglePage, shown(&extraction.pagination.single)),
    ]
}

/// How a field was found, as a word; empty where it was not.
pub(super) fn origin(extraction: &Extraction, field: Field) -> &'static str {
    extraction.origins.get(&field).map_or("", |origin| origin.as_str())
}

/// The lead image, with its size where that is known.
fn image(extraction: &Extraction) -> Option<String> {
    let url = extraction.image.as_ref()?;
    let side = |pixels: Option<u32>| pixels.map_or_else(|| "?".to_owned(), |pixels| pixels.to_string());
    let ImageSize { width, height } = extraction.image_size;
    if (width, height) == (None, None) {
        return Some(url.to_string());
    }
    Some(format!("{url} ({} x {} pixels)", side(width), side(height)))
}
