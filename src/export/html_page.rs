//! HTML pages to read: one page for all articles, or one for each.

use std::io::Write as _;

use super::article::{authors_of, html_of};
use super::destination::OutputSink;
use super::xml::{attribute, element, escape};
use super::{ArticleWriter, ExportError};
use crate::store::ArticleRef;

const STYLE: &str = "body{max-width:42em;margin:2em auto;padding:0 1em;font:1.1em/1.5 serif}article{margin-bottom:4em}\
     img{max-width:100%;height:auto}.from{color:#555;font-size:.9em}";

/// No script runs, whatever slips through; images may come from anywhere. No site is told where its reader comes from.
const HEAD: &str = "<meta charset=\"utf-8\">\n\
     <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src * data:; style-src 'unsafe-inline'\">\n\
     <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"viewport\" content=\"width=device-width\">\n";

/// Writes a page.
pub(super) struct HtmlPageWriter {
    out: OutputSink,
    is_begun: bool,
}

impl HtmlPageWriter {
    pub(super) fn new(out: OutputSink) -> Self {
        Self { out, is_begun: false }
    }

    /// Writes all that stands before the articles; title and language are those of the first one.
    fn begin(&mut self, title: &str, language: Option<&str>) -> Result<(), ExportError> {
        self.is_begun = true;
        let mut head = String::from("<!DOCTYPE html>\n<html");
        if let Some(language) = language {
            attribute("lang", language, &mut head);
        }
        head.extend([">\n<head>\n", HEAD]);
        element("title", title, &mut head);
        element("style", STYLE, &mut head);
        head.push_str("</head>\n<body>\n");
        Ok(self.out.write_all(head.as_bytes())?)
    }
}

impl ArticleWriter for HtmlPageWriter {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if !self.is_begun {
            self.begin(article.title.unwrap_or("Articles"), article.language)?;
        }
        let mut out = String::from("<article");
        if let Some(language) = article.language {
            attribute("lang", language, &mut out);
        }
        out.push_str(">\n<h1><a");
        attribute("href", article.url, &mut out);
        out.push('>');
        escape(article.title.unwrap_or(article.url), &mut out);
        out.push_str("</a></h1>\n<p class=\"from\">");
        let site = article.site.or(article.source);
        let mut from = authors_of(article);
        from.extend(article.published.into_iter().chain(site).map(str::to_owned));
        escape(&from.join(" · "), &mut out);
        out.push_str("</p>\n");
        element("p", article.standfirst.unwrap_or_default(), &mut out);
        out.extend([html_of(article).as_str(), "\n</article>\n"]);
        Ok(self.out.write_all(out.as_bytes())?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if !self.is_begun {
            self.begin("Articles", None)?;
        }
        self.out.write_all(b"</body>\n</html>\n")?;
        self.out.finish()
    }
}
