//! OPML 2.0: the sources, for other feed readers.

use std::io::Write as _;

use super::xml::{attribute, element};
use super::{ExportError, Sink};
use crate::link;
use crate::store::{Reader, SourceStatus};

/// Writes the sources that are selected; gives how many.
pub(crate) fn opml(
    reader: &Reader,
    sources: &[String],
    tags: &[String],
    now: chrono::DateTime<chrono::Utc>,
    mut out: Sink,
) -> Result<u64, ExportError> {
    let wanted = |source: &SourceStatus| {
        (sources.is_empty() || sources.contains(&source.name))
            && (tags.is_empty() || tags.iter().any(|tag| source.tags.contains(tag)))
    };
    let mut text = Vec::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n<head>\n");
    element("title", "Sources of cuttings", &mut text);
    text.extend_from_slice(b"</head>\n<body>\n");
    let mut written = 0;
    for source in reader.sources_status(now)?.iter().filter(|source| wanted(source)) {
        text.extend_from_slice(b"<outline type=\"rss\"");
        attribute("text", &source.name, &mut text);
        attribute(
            "title",
            source.title.as_deref().unwrap_or(&source.name),
            &mut text,
        );
        // Passwords and tokens stay at home (HOSTILE H20).
        let url = url::Url::parse(&source.url).map_or_else(|_| source.url.clone(), |url| link::masked(&url));
        attribute("xmlUrl", &url, &mut text);
        // Commas part the categories (OPML 2.0): a tag cannot have one.
        let tags: Vec<String> = source.tags.iter().map(|tag| tag.replace(',', " ")).collect();
        if !tags.is_empty() {
            attribute("category", &tags.join(","), &mut text);
        }
        text.extend_from_slice(b"/>\n");
        written += 1;
    }
    text.extend_from_slice(b"</body>\n</opml>\n");
    out.write_all(&text)?;
    out.finish()?;
    Ok(written)
}
