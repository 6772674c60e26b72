//! OPML 2.0: the sources, for other feed readers.

use std::io::Write as _;

use super::xml::{attribute, element};
use super::{ExportError, OutputSink};
use crate::link;
use crate::store::{Reader, SourceStatus};

/// Writes the sources that are selected; gives how many.
pub(crate) fn opml(
    reader: &Reader,
    sources: &[String],
    tags: &[String],
    now: chrono::DateTime<chrono::Utc>,
    mut out: OutputSink,
) -> Result<u64, ExportError> {
    let wanted = |source: &SourceStatus| {
        (sources.is_empty() || sources.contains(&source.name))
            && (tags.is_empty() || tags.iter().any(|tag| source.tags.contains(tag)))
    };
    let statuses = reader.sources_status(now)?;
    let outlines: Vec<Outline<'_>> = statuses
        .iter()
        .filter(|source| wanted(source))
        .map(|source| Outline {
            name: &source.name,
            title: source.title.as_deref().unwrap_or(&source.name),
            // Passwords and tokens stay at home (HOSTILE H20).
            url: url::Url::parse(&source.url)
                .map_or_else(|_| source.url.clone(), |url| link::mask_secrets(&url)),
            tags: &source.tags,
        })
        .collect();
    out.write_all(&document(&outlines))?;
    out.finish()?;
    Ok(outlines.len() as u64)
}

/// A feed of a list.
pub(crate) struct Outline<'a> {
    pub(crate) name: &'a str,
    pub(crate) title: &'a str,
    /// Without secrets.
    pub(crate) url: String,
    pub(crate) tags: &'a [String],
}

/// The whole list.
pub(crate) fn document(outlines: &[Outline<'_>]) -> Vec<u8> {
    let mut text = Vec::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n<head>\n");
    element("title", "Sources of cuttings", &mut text);
    text.extend_from_slice(b"</head>\n<body>\n");
    for outline in outlines {
        text.extend_from_slice(b"<outline type=\"rss\"");
        attribute("text", outline.name, &mut text);
        attribute("title", outline.title, &mut text);
        attribute("xmlUrl", &outline.url, &mut text);
        // Commas part the categories (OPML 2.0): a tag cannot have one.
        let tags: Vec<String> = outline.tags.iter().map(|tag| tag.replace(',', " ")).collect();
        if !tags.is_empty() {
            attribute("category", &tags.join(","), &mut text);
        }
        text.extend_from_slice(b"/>\n");
    }
    text.extend_from_slice(b"</body>\n</opml>\n");
    text
}
