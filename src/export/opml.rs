//! OPML 2.0: the sources as a list of feeds, for other feed readers. `cuttings list --opml` writes the same document.

use std::io::Write as _;

use super::ExportError;
use super::writer::RecordExport;
use super::xml::{attribute, element};
use crate::link;
use crate::store::SourceStatus;

/// Writes the selected sources; returns how many.
pub(super) fn write(mut export: RecordExport<'_>) -> Result<u64, ExportError> {
    let (sources, tags) = (&export.query.sources, &export.query.tags);
    let is_selected = |source: &&SourceStatus| {
        (sources.is_empty() || sources.contains(&source.name))
            && (tags.is_empty() || tags.iter().any(|tag| source.tags.contains(tag)))
    };
    let statuses = export.reader.sources_status(export.now)?;
    let outlines: Vec<Outline<'_>> = statuses
        .iter()
        .filter(is_selected)
        .map(|source| Outline {
            name: &source.name,
            title: source.title.as_deref().unwrap_or(&source.name),
            // Passwords and tokens are not exported (docs/threats.md, H20).
            url: url::Url::parse(&source.url)
                .map_or_else(|_| source.url.clone(), |url| link::mask_secrets(&url)),
            tags: &source.tags,
        })
        .collect();
    export.sink.write_all(document(&outlines).as_bytes())?;
    export.sink.finish()?;
    Ok(outlines.len() as u64)
}

/// A feed in the list.
pub(crate) struct Outline<'a> {
    pub(crate) name: &'a str,
    pub(crate) title: &'a str,
    /// Secrets in it are masked by the caller.
    pub(crate) url: String,
    pub(crate) tags: &'a [String],
}

/// The whole document.
pub(crate) fn document(outlines: &[Outline<'_>]) -> String {
    let mut text =
        String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n<head>\n");
    element("title", "Sources of cuttings", &mut text);
    text.push_str("</head>\n<body>\n");
    for outline in outlines {
        text.push_str("<outline type=\"rss\"");
        attribute("text", outline.name, &mut text);
        attribute("title", outline.title, &mut text);
        attribute("xmlUrl", &outline.url, &mut text);
        // Commas separate the categories (OPML 2.0).
        let tags: Vec<String> = outline.tags.iter().map(|tag| tag.replace(',', " ")).collect();
        if !tags.is_empty() {
            attribute("category", &tags.join(","), &mut text);
        }
        text.push_str("/>\n");
    }
    text + "</body>\n</opml>\n"
}
