//! Pages without a text of their own that lead on: by `<meta http-equiv=refresh>`, by a script that names an address, or in a
//! way that only a browser can follow.
//!
//! Where a page has a text, nothing on it leads on: live pages refresh themselves. What is followed is what a reader would see
//! for a moment only.

use url::Url;

use super::meta_refresh::{Refresh, read_refresh, refresh_of};
use super::script_redirect;
use super::words::fold;
use crate::html::{Document, LimitExceeded, NodeId, ParseLimits, Tag, count_printed};
use crate::link;
use crate::model::{Extraction, Field, Origin, PageKind};

/// Printed characters: an extracted text this long is an article's.
const LEAST_TEXT: usize = 300;

/// Printed characters of the whole page, without links, headers and footers, from which on it is there to be read.
const LEAST_AROUND: usize = 600;

/// Printed characters: a text that asks to wait is shorter.
const LONGEST_NOTICE: usize = 200;

/// Printed characters: a text this short that asks to wait says nothing else.
const SHORT_NOTICE: usize = 60;

/// `<noscript>` elements that are looked into.
const MOST_NOSCRIPTS: usize = 20;

/// Bytes of a `<noscript>`: a longer one is no note for readers without scripts.
const LONGEST_NOSCRIPT: usize = 16 << 10;

/// Scripts in which an address is looked for.
const MOST_SCRIPTS: usize = 50;

/// Bytes of the text of a page in which a notice is looked for.
const MOST_SAID: usize = 4096;

/// What pages say that wait, check or want to be run; in lower case.
const NOTICES: &[&str] = &[
    "just a moment", "one moment", "moment please", "please wait", "checking your browser",
    "checking if the site", "verifying you are human", "verify you are human", "being redirected",
    "redirecting", "redirected automatically", "enable javascript", "enabling javascript",
    "activate javascript", "turn on javascript", "javascript is required", "requires javascript",
    "javascript is disabled", "javascript to be enabled", "javascript and cookies", "cookies and javascript",
    "einen moment", "bitte warten", "weitergeleitet", "javascript aktivieren", "un instant",
    "veuillez patienter", "redirection en cours", "activer javascript", "un momento", "espere por favor",
    "habilite javascript", "attendere", "um momento", "aguarde", "подождите", "включите javascript",
    "请稍候", "请稍等", "正在跳转", "启用javascript", "しばらくお待ち", "lütfen bekleyin", "يرجى الانتظار",
];

/// Titles of such pages, as [`fold`] makes them.
const TITLES: &[&str] = &[
    "justamoment", "onemoment", "onemomentplease", "pleasewait", "redirecting", "redirect", "loading",
    "weiterleitung",
];

/// Notes in the extraction of a page without a text where the page leads.
pub(super) fn note_lead(
    document: &Document,
    base: &Url,
    extraction: &mut Extraction,
) -> Result<(), LimitExceeded> {
    if has_text(extraction) {
        return Ok(());
    }
    document.spend_pass()?;
    let mut finder = Finder::default();
    finder.read(document);
    if document.is_overrun() {
        return Err(LimitExceeded::Steps);
    }
    let target = finder.target(base);
    if target.is_some() || finder.is_interstitial(extraction) {
        extraction.kind = PageKind::Interstitial;
        extraction.leads_to = target;
    }
    Ok(())
}

/// Notes where the `Refresh` header of a page leads, which means what the element means. The element goes before it.
pub fn note_refresh_header(extraction: &mut Extraction, value: Option<&str>, page: &Url) {
    if extraction.leads_to.is_some() || has_text(extraction) {
        return;
    }
    let target = value.and_then(read_refresh).and_then(|refresh| link::resolve(page, &refresh.target?));
    if target.is_some() {
        extraction.kind = PageKind::Interstitial;
        extraction.leads_to = target;
    }
}

/// Whether a page has a text to be read, or is of a kind that never leads on.
fn has_text(extraction: &Extraction) -> bool {
    let is_by_rule = extraction.origins.get(&Field::Body) == Some(&Origin::Rule);
    !matches!(extraction.kind, PageKind::Article | PageKind::Interstitial)
        || count_printed(&extraction.text) >= LEAST_TEXT
        || (is_by_rule && !extraction.text.is_empty())
}

/// What was found on a page.
#[derive(Default)]
struct Finder {
    /// The first valid one.
    refresh: Option<Refresh>,
    /// The same in `<noscript>`.
    hidden_refresh: Option<Refresh>,
    /// The address that a script names.
    script_target: Option<String>,
    /// Whether a script leads on in another way.
    computes: bool,
    has_script: bool,
    scripts: usize,
    noscripts: usize,
    /// Printed characters that are no links and stand in no header or footer.
    printed: usize,
    /// `<title>`
    title: String,
    /// The start of the text of the page, in lower case, with what it says to readers without scripts.
    said: String,
}

impl Finder {
    fn read(&mut self, document: &Document) {
        // Up to there nothing is read, or no text counts.
        let (mut next, mut aside) = (NodeId::default(), NodeId::default());
        for at in document.nodes() {
            if at < next {
                continue;
            }
            match document.tag(at) {
                Tag::Text => {
                    let text = document.text(at).unwrap_or_default();
                    if at >= aside {
                        self.printed += count_printed(text);
                    }
                    self.note(text);
                }
                Tag::A | Tag::Nav | Tag::Header | Tag::Footer => aside = aside.max(document.end(at)),
                Tag::Meta if self.refresh.is_none() => self.refresh = refresh_of(document, at),
                Tag::Body => self.read_script(document, document.attr(at, "onload")),
                Tag::Script => {
                    next = document.end(at);
                    let text = document.children(at).find_map(|child| document.text(child));
                    self.read_script(document, text.filter(|_| is_program(document, at)));
                    self.has_script = true;
                }
                Tag::Noscript => {
                    next = document.end(at);
                    for text in document.children(at).filter_map(|child| document.text(child)) {
                        self.read_noscript(document, text);
                    }
                }
                Tag::Title => {
                    next = document.end(at);
                    if self.title.is_empty() {
                        self.title = document.children(at).filter_map(|child| document.text(child)).collect();
                    }
                }
                tag if tag.has_no_text() && tag != Tag::Head => next = document.end(at),
                _ => {}
            }
        }
    }

    fn read_script(&mut self, document: &Document, text: Option<&str>) {
        let Some(text) = text.filter(|text| document.spend_text(text.len())) else {
            return;
        };
        self.scripts += 1;
        if self.script_target.is_none() && self.scripts <= MOST_SCRIPTS {
            self.script_target = script_redirect::target(text);
        }
        self.computes = self.computes || script_redirect::leads_on(text);
        self.has_script = true;
    }

    /// Its content is text: the page is parsed as if scripts ran.
    fn read_noscript(&mut self, document: &Document, text: &str) {
        self.noscripts += 1;
        if self.noscripts > MOST_NOSCRIPTS
            || text.len() > LONGEST_NOSCRIPT
            || !document.spend_text(text.len())
        {
            return;
        }
        // What comments need says nothing of the page.
        if !text.contains("disqus") && !text.contains("comments") {
            self.note(text);
        }
        let lower = text.to_ascii_lowercase();
        if self.hidden_refresh.is_none() && lower.contains("refresh") {
            let inner = Document::parse(text, &ParseLimits::default()).ok();
            self.hidden_refresh = inner.and_then(|inner| inner.nodes().find_map(|at| refresh_of(&inner, at)));
        }
    }

    fn note(&mut self, text: &str) {
        if self.said.len() < MOST_SAID {
            self.said.extend(text.chars().take(MOST_SAID).flat_map(char::to_lowercase));
            self.said.push(' ');
        }
    }

    /// Where the page leads by itself: a refresh, else a script, else a refresh for readers without scripts.
    fn target(&self, base: &Url) -> Option<Url> {
        if self.printed >= LEAST_AROUND {
            return None;
        }
        let url = |target: &String| {
            let target = target.trim();
            if target.starts_with('#') { None } else { link::resolve(base, target) }
        };
        let of = |refresh: &Option<Refresh>| url(refresh.as_ref()?.target.as_ref()?);
        let refresh = of(&self.refresh);
        let hidden = || {
            let target = of(&self.hidden_refresh)?;
            // That page tells how to turn scripts on.
            Some(target).filter(|target| !(self.has_script && is_about_scripts(target)))
        };
        refresh.or_else(|| self.script_target.as_ref().and_then(url)).or_else(hidden)
    }

    /// Whether the page is passed by what runs its scripts.
    fn is_interstitial(&self, extraction: &Extraction) -> bool {
        let says = |text: &str| NOTICES.iter().any(|notice| text.contains(notice));
        let title = fold(&self.title);
        if extraction.text.is_empty() {
            return self.printed < LEAST_AROUND
                && (self.computes
                    || TITLES.contains(&&*title)
                    || says(&self.said)
                    || says(&self.title.to_lowercase())
                    || (self.has_script && self.said.contains("javascript")));
        }
        let printed = count_printed(&extraction.text);
        printed < LONGEST_NOTICE
            && (self.has_script || printed < SHORT_NOTICE)
            && (says(&extraction.text.to_lowercase()) || TITLES.contains(&&*title))
    }
}

/// Whether a script is one that runs.
fn is_program(document: &Document, script: NodeId) -> bool {
    const TYPES: &[&str] = &[
        "", "module", "text/javascript", "application/javascript", "application/x-javascript",
        "text/ecmascript", "application/ecmascript", "text/jscript",
    ];
    let kind = document.attr(script, "type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    document.attr(script, "src").is_none() && TYPES.contains(&&*kind)
}

/// Whether an address is one for readers without scripts.
fn is_about_scripts(url: &Url) -> bool {
    let text = url.as_str().to_ascii_lowercase();
    ["noscript", "no-script", "no_script", "nojs", "no-js", "no_js", "javascript"]
        .iter()
        .any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use chrono::DateTime;
    use chrono_tz::Tz;

    use super::*;
    use crate::extract::{PageInput, article};

    fn extraction(html: &str) -> Extraction {
        let url = Url::parse("https://paper.example/a/1").unwrap();
        let page = PageInput { html, url: &url, link_header: None };
        article(&page, &[], Tz::UTC, DateTime::UNIX_EPOCH).unwrap()
    }

    fn lead(html: &str) -> Option<String> {
        extraction(html).leads_to.map(String::from)
    }

    fn refresh(content: &str) -> String {
        format!(
            "<html><head><title>One moment</title><meta http-equiv=\"refresh\" content=\"{content}\"></head><body></body></html>"
        )
    }

    #[test]
    fn a_refresh_is_read_in_all_its_spellings() {
        let real = "https://paper.example/real";
        for content in [
            "0; url=/real", "0;url=/real", "0;URL=/real", "0; URL='/real'", "0;URL=&quot;/real&quot;",
            "0 ; Url = /real", "0, url=/real", "0,/real", "0 url=/real", "0 /real", "0;/real",
            " 5; url=/real ", "\t3;\n url=\n/real", "0.5;url=/real", ".5;url=/real", "5.9; url=/real",
            "00;url=/real", "0;url='/real", "0;url='/real' and more", "0; url=&#x2F;real",
            "0;url=https://paper.example/real", "0;url=//paper.example/real", "0;url=../real",
            "0; url=https:/real", "0...;url=/real", "1.2.3 url=/real", "0;url=\u{a0}/real",
        ] {
            assert_eq!(lead(&refresh(content)).as_deref(), Some(real), "{content:?}");
        }
        for (content, target) in [
            ("0;url", "https://paper.example/a/url"),
            ("0;urls=/real", "https://paper.example/a/urls=/real"),
            ("0; url=http://other.example/x?a=b&amp;c=d#e", "http://other.example/x?a=b&c=d#e"),
            ("0; url=https://me:pw@other.example/x", "https://other.example/x"),
        ] {
            assert_eq!(lead(&refresh(content)).as_deref(), Some(target), "{content:?}");
        }
        for content in [
            "", "0", "5", "0;", "0; url=", "0;url=''", "6; url=/real", "600;url=/real",
            "99999999999999; url=/real", "url=/real", "; url=/real", "-1; url=/real", "x; url=/real",
            "0x; url=/real", "0s;url=/real", "0; url=javascript:alert(1)", "0; url=data:text/html,x",
            "0; url=file:///etc/passwd", "0; url=ftp://paper.example/", "0; url=https://", "0; url=#top",
            "0; url=mailto:a@b.example",
        ] {
            assert_eq!(lead(&refresh(content)), None, "{content:?}");
        }
    }

    #[test]
    fn a_page_without_a_text_leads_where_it_says() {
        for html in [
            "<meta http-equiv=Refresh content='0; url=/real'>",
            "<META CONTENT=\"0;URL=/real\" HTTP-EQUIV=\" REFRESH \">",
            "<body><p>You will be <a href=/real>redirected</a>.<meta http-equiv=refresh content='0; url=/real'>",
            "<header><meta http-equiv=refresh content='0; url=/real'><p>The Paper</p></header>",
            "<noscript><meta http-equiv=refresh content='0; url=/real'></noscript>",
            "<head><noscript><meta http-equiv=\"refresh\" content=\"0; url=/real\"></noscript></head><body><script>n(1)</script>",
            "<base href=/real/><meta http-equiv=refresh content='0; url=../real'>",
            "<meta http-equiv=refresh content='0; url=real'><base href=https://paper.example/x>",
            "<base href=javascript:x><meta http-equiv=refresh content='0; url=/real'>",
            "<script>location = '/real'</script>",
            "<script type='text/javascript'>window.location.replace('\\/real');</script><p>Redirecting…</p>",
            "<script src=/track.js></script><script>count(1)</script><script>top.location.href='/real'</script>",
            "<base href=https://paper.example/x/><script>location='../real'</script>",
            "<body onload=\"window.location='/real'\"><p>One moment</p></body>",
            // A refresh goes before a script, and a script before what is for readers without scripts.
            "<script>location = '/other'</script><meta http-equiv=refresh content='0; url=/real'>",
            "<noscript><meta http-equiv=refresh content='0; url=/other'></noscript><script>location = '/real'</script>",
        ] {
            let extraction = extraction(html);
            assert_eq!(
                (extraction.kind, extraction.leads_to.as_ref().map(Url::as_str)),
                (PageKind::Interstitial, Some("https://paper.example/real")),
                "{html}"
            );
        }
    }

    #[test]
    fn what_is_no_refresh_of_the_page_leads_nowhere() {
        let text = "<p>The old bridge, built in 1911, was taken down in spring, and its stones went into the wall of the park, where \
                    children sit on them at noon and eat what they have brought with them from home.</p>";
        let long = text.repeat(3);
        let tag = "<meta http-equiv=refresh content='0; url=/real'>";
        let script = "<script>location='/real'</script>";
        for html in [
            format!("<!-- {tag} -->"),
            format!("<div data-x=\"{tag}\"></div>"),
            format!("<title>{tag}</title>"),
            format!("<textarea>{tag}</textarea>"),
            format!("<template>{tag}</template>"),
            format!("<iframe srcdoc=\"{tag}\"></iframe>"),
            format!("<iframe>{tag}</iframe>"),
            format!("<style>{tag}</style><xmp>{tag}</xmp><noframes>{tag}</noframes>"),
            format!("<script type=application/json>{{\"html\": \"{tag}\"}}</script>"),
            "<script type=application/ld+json>location='/real'</script>".to_owned(),
            "<script type=text/template>location='/real'</script>".to_owned(),
            "<script src=x.js>location='/real'</script>".to_owned(),
            "<script>var html = \"location='/real'\"</script>".to_owned(),
            "<p>&lt;meta http-equiv=refresh content='0; url=/real'&gt;</p>".to_owned(),
            "<meta name=refresh content='0; url=/real'>".to_owned(),
            "<meta http-equiv=refresh>".to_owned(),
            "<noscript>&lt;meta http-equiv=refresh content='0;url=/real'&gt;</noscript>".to_owned(),
            "<noscript><!-- <meta http-equiv=refresh content='0;url=/real'> --></noscript>".to_owned(),
            // Only the first refresh counts.
            format!("<meta http-equiv=refresh content=300>{tag}"),
            // A page for readers without scripts is not the article.
            "<script>run(1)</script><noscript><meta http-equiv=refresh content='0;url=/nojs.html'></noscript>".to_owned(),
            "<script>run(1)</script><noscript><meta http-equiv=refresh content='0;url=/?_fb_noscript=1'></noscript>".to_owned(),
            // There is a text to be read.
            format!("{tag}<article><h1>The bridge</h1>{long}</article>"),
            format!("<article><h1>The bridge</h1>{long}</article>{script}"),
            format!("<article><h1>The bridge</h1>{long}</article><noscript>{tag}</noscript>"),
            // The extractor finds none, but there is much to read.
            format!("{tag}<table>{}</table>", "<tr><td>Goal by Holm<td>12'</tr>".repeat(60)),
        ] {
            assert_eq!(lead(&html), None, "{html}");
        }
        // In JSON of the page, too.
        let state = format!(
            "<noscript>{tag}</noscript><div id=root></div><script type=application/ld+json>{{\"@type\":\"NewsArticle\",\
             \"headline\":\"The bridge\",\"articleBody\":\"{}\"}}</script>",
            "The old bridge, built in 1911, was taken down in spring, and its stones went into the wall of the park. ".repeat(5)
        );
        assert_eq!((extraction(&state).kind, lead(&state)), (PageKind::Article, None));
    }

    #[test]
    fn a_page_that_only_scripts_pass_is_an_interstitial() {
        for html in [
            "<title>Just a moment...</title><body></body>",
            "<title>x</title><div id=root></div><script>if (a()) location.href = b()</script>",
            "<div id=app></div><script src=app.js></script><noscript>You need to enable JavaScript to run this app.</noscript>",
            "<div id=app></div><script src=app.js></script><noscript>Bitte JavaScript einschalten.</noscript>",
            "<h1>Please wait</h1><p>Checking your browser before you get to paper.example.</p><script src=x.js></script>",
            "<p>Enable JavaScript and cookies to continue</p><script>x()</script>",
            "<form id=f method=post action=/pass></form><script>document.forms[0].submit()</script>",
            "<title>Redirecting</title><p>Redirecting…</p>",
            "<script>document.cookie='a=b'; location.reload()</script>",
            // Longer than a script that only leads on.
            &*format!("<script>{}location='/real'</script>", "count(1);".repeat(25_000)),
        ] {
            let extraction = extraction(html);
            assert_eq!((extraction.kind, extraction.leads_to), (PageKind::Interstitial, None), "{html}");
        }
        let text = "<p>The council meets on Thursday to decide about the bridge, which has been closed since the flood.</p>";
        for html in [
            "<html lang=de><title>Ihre Zustimmung</title><body><div id=root></div></body>".to_owned(),
            "<title>A drawing</title><img src=/1.png><script src=x.js></script>".to_owned(),
            "<title>A drawing</title><img src=/1.png><noscript>Please enable JavaScript to view the \
             <a href=https://disqus.com>comments powered by Disqus.</a></noscript><script>var here = location.href</script>"
                .to_owned(),
            format!("<h1>The bridge</h1>{text}<noscript>Please enable JavaScript.</noscript><script>x()</script>"),
            format!("<h1>Redirecting the river</h1>{text}<script>if (a) location.href = b</script>"),
            "<h1>JavaScript is twenty</h1><p>The language of the web is twenty years old today.</p><script>x()</script>".to_owned(),
        ] {
            assert_eq!(extraction(&html).kind, PageKind::Article, "{html}");
        }
    }

    #[test]
    fn a_refresh_header_means_what_the_element_means() {
        let page = Url::parse("https://paper.example/a/1").unwrap();
        let of = |html: &str, value: &str| {
            let mut extraction = extraction(html);
            note_refresh_header(&mut extraction, Some(value), &page);
            (extraction.kind, extraction.leads_to.map(String::from))
        };
        let real = (PageKind::Interstitial, Some("https://paper.example/real".to_owned()));
        let empty = "<p>Nothing</p>";
        assert_eq!(of(empty, "0; url=/real"), real);
        assert_eq!(of(empty, "0; url=\"../real\""), real);
        assert_eq!(of("<meta http-equiv=refresh content='0;url=/real'>", "0; url=/other"), real);
        for value in ["0", "30; url=/real", "0; url=file:///x", "é", ""] {
            assert_eq!(of(empty, value), (PageKind::Article, None), "{value}");
        }
        let text =
            format!("<article>{}</article>", "<p>The old bridge was taken down in spring.</p>".repeat(20));
        assert_eq!(of(&text, "0; url=/real"), (PageKind::Article, None));
    }

    #[test]
    fn h13_pages_that_seem_to_lead_on_take_linear_time() {
        let begun = Instant::now();
        for piece in [
            "<meta http-equiv=refresh content='300'>",
            "<meta http-equiv=refresh content='x'>",
            "<noscript><meta refresh",
            "<noscript>refresh</noscript>",
            "<noscript><meta http-equiv=refresh content=x></noscript>",
            "<script>location</script>",
            "<script>location=</script>",
            "<script>setTimeout('setTimeout(",
            "<a>",
            "<header><a>x",
            "<title>",
            "<body onload=location=1>",
            "<script>location.href='a'+</script>",
        ] {
            let html = piece.repeat(1_000_000 / piece.len());
            let url = Url::parse("https://paper.example/a/1").unwrap();
            let page = PageInput { html: &html, url: &url, link_header: None };
            let _ = article(&page, &[], Tz::UTC, DateTime::UNIX_EPOCH);
        }
        let one = refresh(&format!("{}; url={}", "0".repeat(500_000), "'".repeat(500_000)));
        let _ = lead(&one);
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}
