//! HTML to read: one page, or a page for each article.

use std::io::Write as _;

use super::feeds::html_of;
use super::fields::list;
use super::xml::{attribute, element, escape};
use super::{ArticleWriter, ExportError, OutputSink};
use crate::store::ArticleRef;

const STYLE: &str = "body{max-width:42em;margin:2em auto;padding:0 1em;font:1.1em/1.5 serif}article{margin-bottom:4em}\
     img{max-width:100%;height:auto}.from{color:#555;font-size:.9em}";

/// A page of articles, one after another.
pub(crate) struct Page {
    out: OutputSink,
    begun: bool,
}

impl Page {
    /// Begins one.
    pub(crate) fn new(out: OutputSink) -> Self {
        Self { out, begun: false }
    }

    fn begin(&mut self, title: &str, language: Option<&str>) -> Result<(), ExportError> {
        self.begun = true;
        let mut head = Vec::from("<!DOCTYPE html>\n<html");
        if let Some(language) = language {
            attribute("lang", language, &mut head);
        }
        // Whatever slips through runs no script and is not told where the reader comes from.
        head.extend_from_slice(
            b">\n<head>\n<meta charset=\"utf-8\">\n\
              <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src * data:; style-src 'unsafe-inline'\">\n\
              <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"viewport\" content=\"width=device-width\">\n",
        );
        element("title", title, &mut head);
        element("style", STYLE, &mut head);
        head.extend_from_slice(b"</head>\n<body>\n");
        Ok(self.out.write_all(&head)?)
    }
}

impl ArticleWriter for Page {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if !self.begun {
            self.begin(article.title.unwrap_or("Articles"), article.language)?;
        }
        let mut out = Vec::from("<article");
        if let Some(language) = article.language {
            attribute("lang", language, &mut out);
        }
        out.extend_from_slice(b">\n<h1><a");
        attribute("href", article.url, &mut out);
        out.push(b'>');
        escape(article.title.unwrap_or(article.url), &mut out);
        out.extend_from_slice(b"</a></h1>\n");
        let mut from: Vec<String> = list(article.authors);
        if from.is_empty() {
            from.extend(article.byline.map(str::to_owned));
        }
        from.extend(article.published.map(str::to_owned));
        from.extend(article.site.or(article.source).map(str::to_owned));
        out.extend_from_slice(b"<p class=\"from\">");
        escape(&from.join(" · "), &mut out);
        out.extend_from_slice(b"</p>\n");
        element("p", article.standfirst.unwrap_or_default(), &mut out);
        out.extend_from_slice(html_of(article).as_bytes());
        out.extend_from_slice(b"\n</article>\n");
        Ok(self.out.write_all(&out)?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if !self.begun {
            self.begin("Articles", None)?;
        }
        self.out.write_all(b"</body>\n</html>\n")?;
        self.out.finish()
    }
}
