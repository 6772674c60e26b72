//! EPUB 3: a book of articles, by source and day, without images.
//!
//! A chapter is written to the zip file as its article comes; the table of contents stays in memory until the end.
//! Articles come by source and, within it, by day.

use std::io::{self, Write as _};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use super::article::{authors_of, day_of, html_of, language_of, start_of, title_of, uuid_of};
use super::destination::OutputSink;
use super::xml::{attribute, element, escape, inline_element};
use super::{ArticleWriter, ExportError, FeedChannel, WriterOptions};
use crate::html::{Document, NodeId, ParseLimits, Tag};
use crate::store::ArticleRef;

/// Most articles in a book; readers do not open larger ones.
const MAX_CHAPTERS: usize = 20_000;

/// Tells readers where the package document is (EPUB OCF, 4.2.6.3.1).
const CONTAINER: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
     <container version=\"1.0\" xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\"><rootfiles>\
     <rootfile full-path=\"book/package.opf\" media-type=\"application/oebps-package+xml\"/></rootfiles></container>\n";

/// Writes a book.
pub(super) struct EpubWriter {
    book: ZipWriter<StreamWriter<OutputSink>>,
    channel: FeedChannel,
    chapters: Vec<Chapter>,
    /// When the text that is newest was fetched (RFC 3339 in UTC).
    modified: String,
    /// That of the first article that has one.
    language: Option<String>,
}

/// A chapter as the table of contents names it.
struct Chapter {
    title: String,
    source: String,
    /// `YYYY-MM-DD`.
    day: String,
}

impl EpubWriter {
    /// Begins a book; `mimetype` must be its first file, and not compressed (EPUB OCF, 4.2.2).
    pub(super) fn new(options: WriterOptions) -> Result<Self, ExportError> {
        let mut book = ZipWriter::new_stream(options.sink);
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        book.start_file("mimetype", stored).map_err(failed)?;
        book.write_all(b"application/epub+zip")?;
        let mut epub = Self {
            book,
            channel: options.channel,
            chapters: Vec::new(),
            modified: "1970-01-01T00:00:00Z".to_owned(),
            language: None,
        };
        epub.write_file("META-INF/container.xml", CONTAINER)?;
        Ok(epub)
    }

    /// Adds a file to the zip archive.
    fn write_file(&mut self, name: &str, text: &str) -> Result<(), ExportError> {
        let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.book.start_file(name, deflated).map_err(failed)?;
        Ok(self.book.write_all(text.as_bytes())?)
    }

    /// The package document: what the book is called and which files it has, in reading order. The id of the book is
    /// derived from its title and its newest text, so that the same articles make the same book.
    fn package(&self) -> String {
        let name = format!("{}/book/{}/{}", self.channel.store_id, self.channel.title, self.modified);
        let mut out = String::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" \
             unique-identifier=\"id\">\n<metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<dc:identifier id=\"id\">",
        );
        escape(&uuid_of(&name), &mut out);
        out.push_str("</dc:identifier>\n");
        element("dc:title", &self.channel.title, &mut out);
        element("dc:language", self.language.as_deref().unwrap_or("und"), &mut out);
        out.push_str("<meta property=\"dcterms:modified\">");
        escape(&self.modified, &mut out);
        out.push_str(
            "</meta>\n</metadata>\n<manifest>\n\
             <item id=\"nav\" href=\"nav.xhtml\" media-type=\"application/xhtml+xml\" properties=\"nav\"/>\n",
        );
        for number in 1..=self.chapters.len() {
            out.push_str(&format!(
                "<item id=\"a{number}\" href=\"a{number}.xhtml\" media-type=\"application/xhtml+xml\"/>\n"
            ));
        }
        out.push_str("</manifest>\n<spine>\n<itemref idref=\"nav\"/>\n");
        for number in 1..=self.chapters.len() {
            out.push_str(&format!("<itemref idref=\"a{number}\"/>\n"));
        }
        out + "</spine>\n</package>\n"
    }

    /// The table of contents: sources, the days of each, the articles of each day.
    fn contents(&self) -> String {
        const BEGIN: &str = "</span><ol>\n";
        const END: &str = "</ol></li>\n";
        let mut out = page_head(&self.channel.title, self.language.as_deref());
        out.push_str("<nav epub:type=\"toc\">");
        inline_element("h1", &self.channel.title, &mut out);
        out.push_str("<ol>\n");
        if self.chapters.is_empty() {
            out.push_str("<li><a href=\"nav.xhtml\">Nothing</a></li>\n");
        }
        let (mut source, mut day) = (None, None);
        for (number, chapter) in (1..).zip(&self.chapters) {
            let is_new_source = source != Some(&chapter.source);
            if is_new_source || day != Some(&chapter.day) {
                out.push_str(if day.is_some() { END } else { "" });
                if is_new_source {
                    out.push_str(if source.is_some() { END } else { "" });
                    out.push_str("<li><span>");
                    escape(&chapter.source, &mut out);
                    out.push_str(BEGIN);
                }
                out.push_str("<li><span>");
                escape(&chapter.day, &mut out);
                out.push_str(BEGIN);
                (source, day) = (Some(&chapter.source), Some(&chapter.day));
            }
            out.push_str(&format!("<li><a href=\"a{number}.xhtml\">"));
            escape(&chapter.title, &mut out);
            out.push_str("</a></li>\n");
        }
        if source.is_some() {
            out.extend([END, END]);
        }
        out + "</ol></nav>\n</body>\n</html>\n"
    }
}

impl ArticleWriter for EpubWriter {
    /// Writes a chapter: title, authors, standfirst, text and URL.
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if self.chapters.len() >= MAX_CHAPTERS {
            return Err(ExportError::Usage(format!(
                "more than {MAX_CHAPTERS} articles make no book that a reader opens: select fewer with --since, --source or --limit"
            )));
        }
        let title = title_of(article);
        let language = language_of(article);
        let mut out = page_head(&title, language);
        element("h1", &title, &mut out);
        let mut from = authors_of(article);
        from.extend(article.published.map(str::to_owned));
        element("p", &from.join(" · "), &mut out);
        if let Some(standfirst) = article.standfirst {
            out.push_str("<p>");
            inline_element("em", standfirst, &mut out);
            out.push_str("</p>\n");
        }
        xhtml(&html_of(article), &mut out);
        out.push_str("<p><a");
        attribute("href", article.url, &mut out);
        out.push('>');
        escape(article.url, &mut out);
        out.push_str("</a></p>\n</body>\n</html>\n");
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
        self.write_file(&format!("book/a{}.xhtml", self.chapters.len()), &out)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        let (contents, package) = (self.contents(), self.package());
        self.write_file("book/nav.xhtml", &contents)?;
        self.write_file("book/package.opf", &package)?;
        self.book.finish().map_err(failed)?.into_inner().finish()
    }
}

/// A page up to the beginning of its body.
fn page_head(title: &str, language: Option<&str>) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" \
         xmlns:epub=\"http://www.idpf.org/2007/ops\"",
    );
    if let Some(language) = language {
        attribute("lang", language, &mut out);
        attribute("xml:lang", language, &mut out);
    }
    out.push_str(">\n<head>");
    inline_element("title", title, &mut out);
    out + "</head>\n<body>\n"
}

/// Elements of an article's HTML that a book has; of others only the text is written.
const BOOK_TAGS: &str =
    "p h2 h3 h4 h5 h6 ul ol li blockquote pre em strong b i code sub sup a br hr table tr td th";

/// Appends HTML as XHTML. Without recursion: HTML may be deep.
fn xhtml(html: &str, out: &mut String) {
    let Ok(document) = Document::parse(html, &ParseLimits::default()) else {
        return;
    };
    let mut open: Vec<(NodeId, &'static str)> = Vec::new();
    let close = |name: &str, out: &mut String| out.extend(["</", name, ">"]);
    for node in document.nodes() {
        while let Some((last, name)) = open.last()
            && !document.contains(*last, node)
        {
            close(name, out);
            open.pop();
        }
        if let Some(text) = document.text(node) {
            escape(text, out);
            continue;
        }
        let tag = document.tag(node);
        if BOOK_TAGS.split(' ').all(|name| name != tag.name()) {
            continue;
        }
        out.extend(["<", tag.name()]);
        if let Some(href) = document.attr(node, "href").filter(|_| tag == Tag::A) {
            attribute("href", href, out);
        }
        if tag.is_void() {
            out.push_str("/>");
        } else {
            out.push('>');
            open.push((node, tag.name()));
        }
    }
    for (_, name) in open.into_iter().rev() {
        close(name, out);
    }
    out.push('\n');
}

/// Errors of the disk, such as a full one, keep their kind.
fn failed(error: zip::result::ZipError) -> ExportError {
    ExportError::Write(match error {
        zip::result::ZipError::Io(error) => error,
        other => io::Error::other(other),
    })
}
