//! Citations: RIS, BibTeX and CSL-JSON, for reference managers and LaTeX.
//!
//! [`Citation`] is what all three formats write of an article. Each format is a [`CitationSyntax`] in a file of its
//! own. Every text is one line without control characters. An article's key is the same in all formats and in all
//! exports of a database; see [`key_of`].

mod author;
pub(super) mod bibtex;
pub(super) mod csl;
pub(super) mod ris;

use ring::digest::{SHA256, digest};

use super::article::{language_of, title_of};
use super::fields::list;
use super::text::TextFormat;
use super::writer::WriterOptions;
use crate::store::ArticleRef;
use author::Author;

/// How a format writes a file of citations.
pub(super) struct CitationSyntax {
    /// Begins the file.
    begin: &'static str,
    /// Stands between two citations.
    separator: &'static str,
    /// Ends the file.
    end: &'static str,
    /// Writes one citation.
    entry: fn(&Citation<'_>) -> String,
}

/// One citation for each article.
pub(super) struct Citations {
    syntax: &'static CitationSyntax,
    store_id: String,
    /// The export may have several versions of an article.
    has_revisions: bool,
}

impl Citations {
    pub(super) fn new(syntax: &'static CitationSyntax, options: &WriterOptions) -> Self {
        Self { syntax, store_id: options.channel.store_id.clone(), has_revisions: options.has_revisions }
    }
}

impl TextFormat for Citations {
    fn begin(&self, _first: Option<&ArticleRef<'_>>, out: &mut String) {
        out.push_str(self.syntax.begin);
    }

    fn article(&self, article: &ArticleRef<'_>, out: &mut String) {
        let revision = self.has_revisions.then_some(article.seq);
        let citation = Citation::new(article, key_of(&self.store_id, article.article_id, revision));
        out.push_str(&(self.syntax.entry)(&citation));
    }

    fn separator(&self) -> &'static str {
        self.syntax.separator
    }

    fn end(&self) -> &'static str {
        self.syntax.end
    }
}

/// The contents of a citation. Texts are one line each and not yet escaped.
struct Citation<'a> {
    /// See [`key_of`].
    key: String,
    /// Never empty.
    title: String,
    /// The byline as a whole, where no author was found.
    authors: Vec<Author>,
    /// The publication: the name of the site, else of the source.
    site: Option<String>,
    /// In the time zone of the page, as precise as it was printed.
    published: Option<PartialDate>,
    /// When the text was fetched (UTC).
    accessed: Option<PartialDate>,
    url: String,
    short_link: Option<String>,
    /// BCP 47.
    language: Option<&'a str>,
    /// The standfirst.
    summary: Option<String>,
    keywords: Vec<String>,
}

impl<'a> Citation<'a> {
    fn new(article: &ArticleRef<'a>, key: String) -> Self {
        let text = |text: Option<&str>| text.map(one_line).filter(|text| !text.is_empty());
        let texts = |json: &str| -> Vec<String> {
            let lines = list(json).into_iter().map(|item| one_line(&item));
            lines.filter(|line| !line.is_empty()).collect()
        };
        let mut authors: Vec<Author> = texts(article.authors).iter().map(|name| Author::new(name)).collect();
        if authors.is_empty() {
            authors.extend(text(article.byline).map(Author::Literal));
        }
        Self {
            key,
            title: one_line(&title_of(article)),
            authors,
            site: text(article.site).or_else(|| text(article.source)),
            published: article.published.and_then(PartialDate::parse),
            accessed: PartialDate::parse(article.fetched_at),
            url: one_line(article.url),
            short_link: text(article.short_link),
            language: language_of(article),
            summary: text(article.standfirst),
            keywords: texts(article.tags),
        }
    }

    /// The short link as a sentence: no format has a field for a second address.
    fn note(&self) -> Option<String> {
        self.short_link.as_ref().map(|link| format!("Short link: {link}"))
    }
}

/// `cuttings-5f3a9c21-17`: eight digits that name the database, and the number of the article, which never changes. (A
/// restored backup has another name, as it may give numbers again.) With `--revisions` the key ends in `-SEQ`, the number
/// of the change that brought the version.
fn key_of(store_id: &str, article_id: i64, revision: Option<i64>) -> String {
    let hash = digest(&SHA256, store_id.as_bytes());
    let store: String = hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let revision = revision.map_or_else(String::new, |seq| format!("-{seq}"));
    format!("cuttings-{store}-{article_id}{revision}")
}

/// A date of which the month or the day may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PartialDate {
    year: u16,
    /// 1 to 12.
    month: Option<u8>,
    /// 1 to 31; none without a month.
    day: Option<u8>,
}

impl PartialDate {
    /// Reads `2018`, `2018-01`, `2018-01-05` or RFC 3339, of which the date alone counts.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('T').next()?.split('-');
        let year = parts.next()?.parse().ok()?;
        let month = parts.next().and_then(|part| part.parse().ok()).filter(|month| (1..=12).contains(month));
        let day = parts.next().and_then(|part| part.parse().ok()).filter(|day| (1..=31).contains(day));
        Some(Self { year, month, day: month.and(day) })
    }
}

/// A text without line breaks and control characters, with single spaces.
fn one_line(text: &str) -> String {
    let plain = text.replace(|c: char| c.is_control(), " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
