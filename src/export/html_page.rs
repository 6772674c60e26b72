//! HTML pages to read: one page for all articles, or one for each.
//!
//! The text of an article is sanitised HTML. The page needs no other file; only images are loaded from elsewhere.

use super::article::{authors_of, html_of};
use super::text::TextFormat;
use super::xml::{attribute, element, escape};
use crate::store::ArticleRef;

/// The style sheet.
const STYLE: &str = "body{max-width:42em;margin:2em auto;padding:0 1em;font:1.1em/1.5 serif}article{margin-bottom:4em}\
     img{max-width:100%;height:auto}.from{color:#555;font-size:.9em}";

/// A policy that lets no script run and images come from anywhere; requests have no Referer.
const HEAD: &str = "<meta charset=\"utf-8\">\n\
     <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src * data:; style-src 'unsafe-inline'\">\n\
     <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"viewport\" content=\"width=device-width\">\n";

/// A page with a heading for each article.
pub(super) struct HtmlPage;

impl TextFormat for HtmlPage {
    /// Title and language are those of the first article.
    fn begin(&self, first: Option<&ArticleRef<'_>>, out: &mut String) {
        out.push_str("<!DOCTYPE html>\n<html");
        if let Some(language) = first.and_then(|article| article.language) {
            attribute("lang", language, out);
        }
        out.extend([">\n<head>\n", HEAD]);
        let title = first.and_then(|article| article.title);
        element("title", title.unwrap_or("Articles"), out);
        element("style", STYLE, out);
        out.push_str("</head>\n<body>\n");
    }

    fn article(&self, article: &ArticleRef<'_>, out: &mut String) {
        out.push_str("<article");
        if let Some(language) = article.language {
            attribute("lang", language, out);
        }
        out.push_str(">\n<h1><a");
        attribute("href", article.url, out);
        out.push('>');
        escape(article.title.unwrap_or(article.url), out);
        out.push_str("</a></h1>\n<p class=\"from\">");
        let site = article.site.or(article.source);
        let mut from = authors_of(article);
        from.extend(article.published.into_iter().chain(site).map(str::to_owned));
        escape(&from.join(" · "), out);
        out.push_str("</p>\n");
        element("p", article.standfirst.unwrap_or_default(), out);
        out.extend([html_of(article).as_str(), "\n</article>\n"]);
    }

    fn end(&self) -> &'static str {
        "</body>\n</html>\n"
    }
}
