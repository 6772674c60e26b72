//! EPUB 3: a book of articles, by source and day, without images.

use std::io::{self, Write as _};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use super::feeds::{html_of, is_language, start_of, title_of, uuid_of};
use super::fields::list;
use super::place::day_of;
use super::xml::{attribute, element, escape};
use super::{ArticleWriter, ExportError, FeedChannel, OutputSink};
use crate::html::{Document, NodeId, ParseLimits, Tag};
use crate::store::ArticleRef;

/// No reader opens a larger book, and its table of contents is in memory until the end.
const MOST: usize = 20_000;

const CONTAINER: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
     <container version=\"1.0\" xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\"><rootfiles>\
     <rootfile full-path=\"book/package.opf\" media-type=\"application/oebps-package+xml\"/></rootfiles></container>\n";

/// A book under construction.
pub(crate) struct Epub {
    book: ZipWriter<StreamWriter<OutputSink>>,
    channel: FeedChannel,
    chapters: Vec<Chapter>,
    /// The latest moment that an article was fetched.
    modified: String,
    language: Option<String>,
}

struct Chapter {
    title: String,
    source: String,
    day: String,
}

impl Epub {
    /// Begins one; articles come by source and day.
    pub(crate) fn new(channel: FeedChannel, out: OutputSink) -> Result<Self, ExportError> {
        let mut book = ZipWriter::new_stream(out);
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        book.start_file("mimetype", stored).map_err(failed)?;
        book.write_all(b"application/epub+zip")?;
        let mut epub = Self {
            book,
            channel,
            chapters: Vec::new(),
            modified: "1970-01-01T00:00:00Z".to_owned(),
            language: None,
        };
        epub.file("META-INF/container.xml", CONTAINER.as_bytes())?;
        Ok(epub)
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.book.start_file(name, packed).map_err(failed)?;
        Ok(self.book.write_all(bytes)?)
    }

    fn package(&self) -> Vec<u8> {
        let mut out = Vec::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" \
             unique-identifier=\"id\">\n<metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<dc:identifier id=\"id\">",
        );
        let name = format!(
            "{}/book/{}/{}",
            self.channel.store_id, self.channel.title, self.modified
        );
        escape(&uuid_of(&name), &mut out);
        out.extend_from_slice(b"</dc:identifier>\n<dc:title>");
        escape(&self.channel.title, &mut out);
        out.extend_from_slice(b"</dc:title>\n");
        element("dc:language", self.language.as_deref().unwrap_or("und"), &mut out);
        out.extend_from_slice(b"<meta property=\"dcterms:modified\">");
        escape(&self.modified, &mut out);
        out.extend_from_slice(
            b"</meta>\n</metadata>\n<manifest>\n\
              <item id=\"nav\" href=\"nav.xhtml\" media-type=\"application/xhtml+xml\" properties=\"nav\"/>\n",
        );
        for number in 1..=self.chapters.len() {
            let line = format!(
                "<item id=\"a{number}\" href=\"a{number}.xhtml\" media-type=\"application/xhtml+xml\"/>\n"
            );
            out.extend_from_slice(line.as_bytes());
        }
        out.extend_from_slice(b"</manifest>\n<spine>\n<itemref idref=\"nav\"/>\n");
        for number in 1..=self.chapters.len() {
            out.extend_from_slice(format!("<itemref idref=\"a{number}\"/>\n").as_bytes());
        }
        out.extend_from_slice(b"</spine>\n</package>\n");
        out
    }

    /// The table of contents: sources, their days, the articles of each.
    fn contents(&self) -> Vec<u8> {
        let mut out = begun(&self.channel.title, self.language.as_deref());
        out.extend_from_slice(b"<nav epub:type=\"toc\"><h1>");
        escape(&self.channel.title, &mut out);
        out.extend_from_slice(b"</h1><ol>\n");
        if self.chapters.is_empty() {
            out.extend_from_slice(b"<li><a href=\"nav.xhtml\">Nothing</a></li>\n");
        }
        let (mut source, mut day) = (None, None);
        for (at, chapter) in self.chapters.iter().enumerate() {
            if source != Some(&chapter.source) {
                if source.is_some() {
                    out.extend_from_slice(b"</ol></li>\n</ol></li>\n");
                }
                out.extend_from_slice(b"<li><span>");
                escape(&chapter.source, &mut out);
                out.extend_from_slice(b"</span><ol>\n");
                (source, day) = (Some(&chapter.source), None);
            }
            if day != Some(&chapter.day) {
                if day.is_some() {
                    out.extend_from_slice(b"</ol></li>\n");
                }
                out.extend_from_slice(b"<li><span>");
                escape(&chapter.day, &mut out);
                out.extend_from_slice(b"</span><ol>\n");
                day = Some(&chapter.day);
            }
            out.extend_from_slice(format!("<li><a href=\"a{}.xhtml\">", at + 1).as_bytes());
            escape(&chapter.title, &mut out);
            out.extend_from_slice(b"</a></li>\n");
        }
        if source.is_some() {
            out.extend_from_slice(b"</ol></li>\n</ol></li>\n");
        }
        out.extend_from_slice(b"</ol></nav>\n</body>\n</html>\n");
        out
    }
}

impl ArticleWriter for Epub {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if self.chapters.len() >= MOST {
            return Err(ExportError::Usage(format!(
                "more than {MOST} articles make no book that a reader opens: select fewer with --since, --source or --limit"
            )));
        }
        let title = title_of(article);
        let language = article.language.filter(|tag| is_language(tag));
        let mut out = begun(&title, language);
        out.extend_from_slice(b"<h1>");
        escape(&title, &mut out);
        out.extend_from_slice(b"</h1>\n");
        let mut from: Vec<String> = list(article.authors);
        from.retain(|name| !name.trim().is_empty());
        if from.is_empty() {
            from.extend(article.byline.map(str::to_owned));
        }
        from.extend(article.published.map(str::to_owned));
        element("p", &from.join(" · "), &mut out);
        if let Some(standfirst) = article.standfirst {
            out.extend_from_slice(b"<p><em>");
            escape(standfirst, &mut out);
            out.extend_from_slice(b"</em></p>\n");
        }
        xhtml(&html_of(article), &mut out);
        out.extend_from_slice(b"<p><a");
        attribute("href", article.url, &mut out);
        out.push(b'>');
        escape(article.url, &mut out);
        out.extend_from_slice(b"</a></p>\n</body>\n</html>\n");
        self.chapters.push(Chapter {
            title: start_of(&title, 120),
            source: article.source.unwrap_or("Other").to_owned(),
            day: day_of(article).to_owned(),
        });
        if article.fetched_at > self.modified.as_str() {
            article.fetched_at.clone_into(&mut self.modified);
        }
        if self.language.is_none() {
            self.language = language.map(str::to_owned);
        }
        let number = self.chapters.len();
        self.file(&format!("book/a{number}.xhtml"), &out)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        let (contents, package) = (self.contents(), self.package());
        self.file("book/nav.xhtml", &contents)?;
        self.file("book/package.opf", &package)?;
        self.book.finish().map_err(failed)?.into_inner().finish()
    }
}

/// A page up to its body.
fn begun(title: &str, language: Option<&str>) -> Vec<u8> {
    let mut out = Vec::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" \
         xmlns:epub=\"http://www.idpf.org/2007/ops\"",
    );
    if let Some(language) = language {
        attribute("lang", language, &mut out);
        attribute("xml:lang", language, &mut out);
    }
    out.extend_from_slice(b">\n<head><title>");
    escape(title, &mut out);
    out.extend_from_slice(b"</title></head>\n<body>\n");
    out
}

/// What of an article's HTML goes into a book; the rest is text.
const KEPT: &[Tag] = &[
    Tag::P,
    Tag::H2,
    Tag::H3,
    Tag::H4,
    Tag::H5,
    Tag::H6,
    Tag::Ul,
    Tag::Ol,
    Tag::Li,
    Tag::Blockquote,
    Tag::Pre,
    Tag::Em,
    Tag::Strong,
    Tag::B,
    Tag::I,
    Tag::Code,
    Tag::Sub,
    Tag::Sup,
    Tag::A,
    Tag::Br,
    Tag::Hr,
    Tag::Table,
    Tag::Tr,
    Tag::Td,
    Tag::Th,
];

/// HTML as XHTML. Without recursion: HTML may be deep.
fn xhtml(html: &str, out: &mut Vec<u8>) {
    let Ok(document) = Document::parse(html, &ParseLimits::default()) else {
        return;
    };
    let mut open: Vec<(NodeId, &'static str)> = Vec::new();
    for at in document.nodes() {
        while let Some((last, name)) = open.last()
            && !document.contains(*last, at)
        {
            out.extend_from_slice(format!("</{name}>").as_bytes());
            open.pop();
        }
        if let Some(text) = document.text(at) {
            escape(text, out);
            continue;
        }
        let tag = document.tag(at);
        if !KEPT.contains(&tag) {
            continue;
        }
        out.extend_from_slice(format!("<{}", tag.name()).as_bytes());
        if let Some(href) = document.attr(at, "href").filter(|_| tag == Tag::A) {
            attribute("href", href, out);
        }
        if tag.is_void() {
            out.extend_from_slice(b"/>");
        } else {
            out.push(b'>');
            open.push((at, tag.name()));
        }
    }
    for (_, name) in open.into_iter().rev() {
        out.extend_from_slice(format!("</{name}>").as_bytes());
    }
    out.push(b'\n');
}

fn failed(error: zip::result::ZipError) -> ExportError {
    match error {
        zip::result::ZipError::Io(error) => error.into(),
        other => io::Error::other(other).into(),
    }
}
