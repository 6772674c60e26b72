//! The cases of docs/explain/fields.md: a page, what a feed says of it, and which of them wins each field.

use std::fmt::Write as _;

use super::texts::text;

/// The feed by which a page is found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Feed {
    /// RSS of the page's site.
    Rss,
    /// The same, read by a source with rules.
    Ruled,
    /// RSS in which all entries have one date.
    OneDate,
    /// Atom with `updated` alone.
    Atom,
    /// JSON Feed.
    Json,
    /// A sitemap with `lastmod`.
    Sitemap,
    /// A sitemap with `news:publication_date` and `news:title`.
    News,
    /// RSS of another site.
    Stranger,
    /// RSS of a source in Tokyo.
    Tokyo,
}

/// One page and its entry.
#[derive(Clone)]
pub(super) struct Case {
    /// Path of the page, and name of the case.
    pub(super) name: &'static str,
    /// What the table says of it.
    pub(super) about: &'static str,
    pub(super) feed: Feed,
    pub(super) title: &'static str,
    pub(super) date: &'static str,
    pub(super) creator: &'static str,
    pub(super) language: &'static str,
    /// Full text in the feed, if not empty; else it has a sentence.
    pub(super) content: &'static str,
    pub(super) page: Page,
    /// Field, value, origin and reason.
    pub(super) wants: &'static [(&'static str, &'static str, &'static str, &'static str)],
    /// Fields in which page and feed contradict each other.
    pub(super) contradictions: &'static [&'static str],
}

/// A page in parts.
#[derive(Clone, Copy)]
pub(super) struct Page {
    /// Language of its text; empty: it has none.
    pub(super) text: &'static str,
    /// `<html lang>`.
    pub(super) lang: &'static str,
    /// In the head, beside `<title>`.
    pub(super) head: &'static str,
    /// `<title>`.
    pub(super) title: &'static str,
    /// Before the article.
    pub(super) masthead: &'static str,
    /// `<h1>`.
    pub(super) heading: &'static str,
    /// Below the heading, such as byline and date.
    pub(super) below: &'static str,
}

/// A page that says what its feed says: the cases differ from it in one thing or two.
const PAGE: Page = Page {
    text: "en",
    lang: "en",
    head: "",
    title: "Council votes to rebuild the breakwater | The Lindmouth Courier",
    masthead: "<header><a href=/>Home</a></header>",
    heading: "Council votes to rebuild the breakwater",
    below: "",
};

const CASE: Case = Case {
    name: "",
    about: "",
    feed: Feed::Rss,
    title: "Council votes to rebuild the breakwater",
    date: "2024-03-04T18:20:00Z",
    creator: "Ines Holt",
    language: "en",
    content: "",
    page: PAGE,
    wants: &[],
    contradictions: &[],
};

/// The HTML of a page.
pub(super) fn html(case: &Case) -> String {
    let Page { text: language, lang, head, title, masthead, heading, below } = case.page;
    let mut out = String::from("<!DOCTYPE html><html");
    if !lang.is_empty() {
        let _ = write!(out, " lang={lang}");
    }
    let _ = write!(out, "><head><meta charset=utf-8><title>{title}</title>{head}</head><body>{masthead}");
    if language.is_empty() {
        let _ = write!(out, "<div id=root></div>");
    } else {
        let (first, second) = text(language);
        let heading = if heading.is_empty() { String::new() } else { format!("<h1>{heading}</h1>") };
        let _ = write!(
            out,
            "<main><article>{heading}{below}<div class=story><p>{first}</p><p>{second}</p><p>[{}]</p></div></article></main>",
            case.name
        );
    }
    out.push_str("<footer><p>All rights reserved</p></footer></body></html>");
    out
}

/// All cases, in the order of the table.
#[rustfmt::skip]
pub(super) fn cases() -> Vec<Case> {
    vec![
        // Titles.
        Case { name: "heading-of-masthead", about: "`<h1>` is the paper's name, the headline stands in `<h2>`",
            page: Page { masthead: "<header><h1><a href=/>The Lindmouth Courier</a></h1></header>", heading: "",
                below: "<h2>Council votes to rebuild the breakwater</h2>", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "feed", "feed")],
            contradictions: &["title"], ..CASE },
        Case { name: "heading-of-something-else", about: "the only heading shares no word with the feed",
            page: Page { title: "Lindmouth", heading: "Subscribers read more every morning", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "feed", "feed")],
            contradictions: &["title"], ..CASE },
        Case { name: "declared-and-printed", about: "`og:title` and `<h1>` agree against the feed",
            title: "Breakwater: what the vote means",
            page: Page { head: "<meta property=og:title content='Council votes to rebuild the breakwater'>", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "structured-and-print")], ..CASE },
        Case { name: "declared-like-the-feed", about: "`og:title` is the feed's title, `<h1>` the name of a section",
            page: Page { title: "Lindmouth", head: "<meta property=og:title content='Council votes to rebuild the breakwater'>",
                heading: "News from the harbour and the town", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "meta", "structured-and-feed")],
            contradictions: &["title"], ..CASE },
        Case { name: "declared-alone", about: "JSON-LD has a title that nothing confirms",
            page: Page { title: "Lindmouth", heading: "",
                head: r#"<script type="application/ld+json">{"@type":"NewsArticle","headline":"Template of articles, version two"}</script>"#, ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "feed", "feed")],
            contradictions: &["title"], ..CASE },
        Case { name: "microdata-headline", about: "`itemprop=headline` is like the feed's title",
            title: "Council votes to rebuild breakwater",
            page: Page { title: "Lindmouth", heading: "", below: "<h1 itemprop=headline>Council votes to rebuild the old breakwater</h1>", ..PAGE },
            wants: &[("title", "Council votes to rebuild the old breakwater", "auto", "structured-and-print")], ..CASE },
        Case { name: "cut-with-dots", about: "the feed's title ends with dots",
            title: "Council votes to rebuild…", page: Page { title: "Lindmouth", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "whole-title")], ..CASE },
        Case { name: "cut-with-brackets", about: "it ends with dots in brackets",
            title: "Council votes to rebuild [...]", page: Page { title: "Lindmouth", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "whole-title")], ..CASE },
        Case { name: "cut-at-a-length", about: "the feed's title ends in the middle of a word",
            title: "Council votes to rebuild the breakw", page: Page { title: "Lindmouth", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "whole-title")], ..CASE },
        Case { name: "cut-with-site", about: "cut, and with the site's name behind it",
            title: "Council votes to rebuild... - The Lindmouth Courier", page: Page { title: "Lindmouth", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "whole-title")], ..CASE },
        Case { name: "site-behind", about: "the feed's title has the site's name behind it",
            title: "Council votes to rebuild the breakwater - The Lindmouth Courier", page: Page { title: "Lindmouth", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "whole-title")], ..CASE },
        Case { name: "site-before", about: "the feed's title has the site's name before it",
            title: "The Lindmouth Courier | Council votes to rebuild the breakwater", page: Page { title: "Lindmouth", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "whole-title")], ..CASE },
        Case { name: "site-behind-wrong-heading", about: "the same, and the page has no headline at all",
            title: "Council votes to rebuild the breakwater - The Lindmouth Courier",
            page: Page { title: "Welcome", heading: "", head: "<meta property=og:site_name content='The Lindmouth Courier'>", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "feed", "feed")], contradictions: &["title"], ..CASE },
        Case { name: "untitled", about: "the feed says “Untitled”", title: "Untitled",
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "page-alone")], ..CASE },
        Case { name: "address-for-title", about: "the feed's title is a URL", title: "http://127.0.0.2/news/council-votes",
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "page-alone")], ..CASE },
        Case { name: "rule-for-title", about: "a rule names the title", feed: Feed::Ruled,
            page: Page { below: "<p class=deck>Stones to move again</p>", ..PAGE },
            wants: &[("title", "Stones to move again", "rule", "rule")], contradictions: &["title"], ..CASE },
        Case { name: "ja-heading", about: "Japanese: no pair of letters in common", title: "防波堤の再建を可決", language: "ja",
            page: Page { text: "ja", lang: "ja", title: "港町新聞", heading: "朝刊購読のお申し込みはこちらから受け付けております", ..PAGE },
            wants: &[("title", "防波堤の再建を可決", "feed", "feed"), ("language", "ja", "meta", "agreed")],
            contradictions: &["title"], ..CASE },
        Case { name: "ja-site-behind", about: "Japanese: the site's name behind it", title: "防波堤の再建を可決｜港町新聞", language: "ja",
            page: Page { text: "ja", lang: "ja", title: "港町", heading: "防波堤の再建を可決", ..PAGE },
            wants: &[("title", "防波堤の再建を可決", "auto", "whole-title")], ..CASE },
        Case { name: "zh-cut", about: "Chinese: cut with dots", title: "港务委员会投票决定重建…", language: "zh-CN",
            page: Page { text: "zh", lang: "zh", title: "海港日报", heading: "港务委员会投票决定重建东侧防波堤并封闭码头两个冬天", ..PAGE },
            wants: &[("title", "港务委员会投票决定重建东侧防波堤并封闭码头两个冬天", "auto", "whole-title")], ..CASE },
        Case { name: "th-reworded", about: "Thai: other words, pairs in common, `<title>` confirms the heading", title: "ลงมติสร้างเขื่อนกันคลื่น", language: "th",
            page: Page { text: "th", lang: "th", title: "คณะกรรมการลงมติสร้างเขื่อนกันคลื่นใหม่ | ข่าวท่าเรือ", heading: "คณะกรรมการลงมติสร้างเขื่อนกันคลื่นใหม่", ..PAGE },
            wants: &[("title", "คณะกรรมการลงมติสร้างเขื่อนกันคลื่นใหม่", "auto", "structured-and-print")], ..CASE },
        Case { name: "el-capitals", about: "Greek: the feed has capitals without accents", title: "ΨΗΦΟΣ ΓΙΑ ΤΟΝ ΚΥΜΑΤΟΘΡΑΥΣΤΗ", language: "el",
            page: Page { text: "el", lang: "el", title: "Λιμάνι", heading: "Ψήφος για τον κυματοθραύστη", ..PAGE },
            wants: &[("title", "Ψήφος για τον κυματοθραύστη", "auto", "agreed")], ..CASE },
        Case { name: "ar-site-behind", about: "Arabic: the site's name behind it", title: "المجلس يقرر إعادة بناء حاجز الأمواج - بريد الميناء", language: "ar",
            page: Page { text: "ar", lang: "ar", title: "الميناء", heading: "المجلس يقرر إعادة بناء حاجز الأمواج", ..PAGE },
            wants: &[("title", "المجلس يقرر إعادة بناء حاجز الأمواج", "auto", "whole-title")], ..CASE },
        Case { name: "ko-heading", about: "Korean: the heading shares no word", title: "방파제 재건 가결", language: "ko",
            page: Page { text: "ko", lang: "ko", title: "항구", heading: "아침 신문 구독 신청을 받습니다 지금 바로 신청하세요", ..PAGE },
            wants: &[("title", "방파제 재건 가결", "feed", "feed")], contradictions: &["title"], ..CASE },
        Case { name: "hi-reworded", about: "Hindi: shares words, `og:title` agrees with the feed", title: "तटबंध फिर बनेगा", language: "hi",
            page: Page { text: "hi", lang: "hi", title: "समाचार", head: "<meta property=og:title content='तटबंध फिर बनेगा'>",
                heading: "बंदरगाह परिषद का फैसला आया", ..PAGE },
            wants: &[("title", "तटबंध फिर बनेगा", "meta", "structured-and-feed")], contradictions: &["title"], ..CASE },
        // Dates.
        Case { name: "hour-as-year", about: "Russian: an hour was read as the year", language: "ru", title: "Порт строит волнорез",
            page: Page { text: "ru", lang: "ru", heading: "Порт строит волнорез", title: "Порт строит волнорез", below: "<div class=article__date>4 марта, 18:20</div>", ..PAGE },
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "feed")], contradictions: &["published"], ..CASE },
        Case { name: "bare-day", about: "the page prints the day alone",
            page: Page { below: "<p class=date>4 March 2024</p>", ..PAGE },
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "time-of-day")], ..CASE },
        Case { name: "bare-day-in-zone", about: "the same day in the zone of the source", feed: Feed::Tokyo, date: "2024-03-04T16:30:00Z",
            page: Page { below: "<p class=date>5 March 2024</p>", ..PAGE },
            wants: &[("published", "2024-03-04T16:30:00Z", "feed", "time-of-day")], ..CASE },
        Case { name: "midnight", about: "JSON-LD has midnight for a time",
            page: Page { head: r#"<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2024-03-04T00:00:00+00:00"}</script>"#, ..PAGE },
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "time-of-day")], ..CASE },
        Case { name: "evening-somewhere", about: "the page prints the day of its readers, the feed has UTC and no zone is configured", date: "2024-03-05T03:30:00Z",
            page: Page { below: "<p class=date>4 March 2024</p>", ..PAGE },
            wants: &[("published", "2024-03-05T03:30:00Z", "feed", "time-of-day")], ..CASE },
        Case { name: "day-to-come", about: "the page prints a day that is to come",
            page: Page { below: "<p class=date>4 March 2031</p>", ..PAGE },
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "feed-alone")], ..CASE },
        Case { name: "same-day", about: "JSON-LD has another time of the feed's day",
            page: Page { head: r#"<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2024-03-04T18:05:00+01:00"}</script>"#, ..PAGE },
            wants: &[("published", "2024-03-04T18:05:00+01:00", "json-ld", "structured-and-feed")], ..CASE },
        Case { name: "declared-and-printed-day", about: "`<meta>` and print agree on another day",
            page: Page { head: "<meta property=article:published_time content='2024-03-01T08:00:00Z'>", below: "<p class=date>1 March 2024</p>", ..PAGE },
            wants: &[("published", "2024-03-01T08:00:00Z", "meta", "structured-and-print")], contradictions: &["published"], ..CASE },
        Case { name: "declared-day-alone", about: "`<meta>` has another day, and nothing is printed",
            page: Page { head: "<meta property=article:published_time content='2020-01-01T00:00:00Z'>", ..PAGE },
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "feed")], contradictions: &["published"], ..CASE },
        Case { name: "one-of-two-declared", about: "JSON-LD has another day, `<meta>` the feed's",
            page: Page { head: r#"<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2020-01-01T09:00:00Z"}</script><meta property=article:published_time content="2024-03-04T18:20:30Z">"#, ..PAGE },
            wants: &[("published", "2024-03-04T18:20:30Z", "meta", "structured-and-feed")], contradictions: &["published"], ..CASE },
        Case { name: "day-of-change", about: "the feed's date is the page's `modified`", date: "2024-03-06T09:00:00Z",
            page: Page { head: "<meta property=article:modified_time content='2024-03-06T09:00:00Z'>", below: "<p class=date>4 March 2024</p>", ..PAGE },
            wants: &[("published", "2024-03-04", "auto", "date-of-change")], contradictions: &["published"], ..CASE },
        Case { name: "printed-is-the-change", about: "the page prints the day of the change",
            page: Page { head: "<meta property=article:modified_time content='2024-03-08T10:00:00Z'>", below: "<p class=date>8 March 2024</p>", ..PAGE },
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "feed")], contradictions: &["published"], ..CASE },
        Case { name: "day-of-masthead", about: "the date above the masthead is that of today", language: "de", title: "Rat beschließt neuen Wellenbrecher",
            page: Page { text: "de", lang: "de", title: "Rat beschließt neuen Wellenbrecher", heading: "Rat beschließt neuen Wellenbrecher",
                masthead: "<header><span class=date>Freitag, 22. November 2024</span></header>", ..PAGE },
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "feed")], contradictions: &["published"], ..CASE },
        Case { name: "microdata-day", about: "`itemprop=datePublished` has a time of the feed's day",
            page: Page { below: "<time itemprop=datePublished datetime='2024-03-04T19:20:00+01:00'>yesterday</time>", ..PAGE },
            wants: &[("published", "2024-03-04T19:20:00+01:00", "auto", "structured-and-feed")], ..CASE },
        Case { name: "2024/02/29/day-in-address", about: "the URL has another day",
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "feed")], contradictions: &["published"], ..CASE },
        Case { name: "no-date", about: "only the feed has a date", wants: &[("published", "2024-03-04T18:20:00Z", "feed", "feed-alone")], ..CASE },
        Case { name: "one-date-for-all", about: "all entries of the feed have one date", feed: Feed::OneDate, date: "2024-04-01T00:00:05Z",
            page: Page { below: "<p class=date>4 March 2024</p>", ..PAGE },
            wants: &[("published", "2024-03-04", "auto", "not-its-date")], ..CASE },
        Case { name: "one-date-fills", about: "the same, and the page has none", feed: Feed::OneDate, date: "2024-04-01T00:00:05Z",
            wants: &[("published", "2024-04-01T00:00:05Z", "feed", "feed-alone")], ..CASE },
        Case { name: "updated-alone", about: "Atom with `updated` alone", feed: Feed::Atom, date: "2024-04-02T07:00:00Z",
            page: Page { below: "<p class=date>4 March 2024</p>", ..PAGE },
            wants: &[("published", "2024-03-04", "auto", "page-alone"), ("modified", "2024-04-02T07:00:00Z", "feed", "")], ..CASE },
        Case { name: "json-feed", about: "JSON Feed against a printed date", feed: Feed::Json,
            page: Page { below: "<p class=date>9 March 2021</p>", ..PAGE },
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "feed")], contradictions: &["published"], ..CASE },
        Case { name: "lastmod", about: "`lastmod` of a sitemap is no publication date", feed: Feed::Sitemap, title: "", creator: "", language: "", date: "2024-04-02T07:00:00Z",
            page: Page { below: "<p class=date>4 March 2024</p>", ..PAGE },
            wants: &[("published", "2024-03-04", "auto", "page-alone")], ..CASE },
        Case { name: "news-sitemap", about: "`news:publication_date` is one", feed: Feed::News, creator: "",
            page: Page { below: "<p class=date>9 March 2021</p>", ..PAGE },
            wants: &[("published", "2024-03-04T18:20:00Z", "feed", "feed")], contradictions: &["published"], ..CASE },
        Case { name: "bare-day-of-feed", about: "the feed has a day alone, JSON-LD the time", date: "2024-03-04",
            page: Page { head: r#"<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2024-03-04T06:45:00Z"}</script>"#, ..PAGE },
            wants: &[("published", "2024-03-04T06:45:00Z", "json-ld", "structured-and-feed")], ..CASE },
        // Authors.
        Case { name: "printed-people", about: "JSON-LD names one, the page prints another, the feed nobody", creator: "",
            page: Page { head: r#"<script type="application/ld+json">{"@type":"NewsArticle","headline":"Council votes to rebuild the breakwater","author":{"@type":"Person","name":"Web Desk Intern"}}</script>"#,
                below: "<p class=byline>By <a rel=author href=/a/3>Marta Elling</a></p>", ..PAGE },
            wants: &[("byline", "Marta Elling", "auto", "printed-people")], ..CASE },
        Case { name: "printed-against-feed", about: "the page prints one, the feed names another",
            page: Page { below: "<p class=byline>By <a rel=author href=/a/3>Marta Elling</a></p>", ..PAGE },
            wants: &[("byline", "Ines Holt", "feed", "feed")], contradictions: &["byline"], ..CASE },
        Case { name: "printed-and-declared", about: "JSON-LD and print name one, the feed another",
            page: Page { head: r#"<script type="application/ld+json">{"@type":"NewsArticle","headline":"Council votes to rebuild the breakwater","author":{"@type":"Person","name":"Marta Elling"}}</script>"#,
                below: "<p class=byline>By <a rel=author href=/a/3>Marta Elling</a></p>", ..PAGE },
            wants: &[("byline", "Marta Elling", "json-ld", "structured-and-print")], contradictions: &["byline"], ..CASE },
        Case { name: "printed-against-account", about: "the page prints one, the feed has an account", creator: "jdoe42",
            page: Page { below: "<p class=byline>By <a rel=author href=/a/3>Marta Elling</a></p>", ..PAGE },
            wants: &[("byline", "Marta Elling", "auto", "printed-people")], ..CASE },
        Case { name: "printed-against-organisation", about: "JSON-LD names the publisher, the page prints one, the feed has a URL", creator: "https://courier.example/authors/7",
            page: Page { head: r#"<script type="application/ld+json">{"@type":"NewsArticle","author":{"@type":"Organization","name":"Courier Media Holding"}}</script>"#,
                below: "<p class=byline>By <a rel=author href=/a/3>Marta Elling</a></p>", ..PAGE },
            wants: &[("byline", "Marta Elling", "auto", "printed-people")], ..CASE },
        Case { name: "admin", about: "the feed's creator is “admin”", creator: "admin",
            page: Page { head: "<meta name=author content='Marta Elling'>", ..PAGE },
            wants: &[("byline", "Marta Elling", "meta", "no-author")], ..CASE },
        Case { name: "e-mail", about: "it is an e-mail address", creator: "desk@courier.example",
            page: Page { head: "<meta name=author content='Marta Elling'>", ..PAGE },
            wants: &[("byline", "Marta Elling", "meta", "no-author")], ..CASE },
        Case { name: "site-as-author", about: "it is the site's own name", creator: "The Lindmouth Courier",
            page: Page { head: "<meta property=og:site_name content='The Lindmouth Courier'><meta name=author content='Marta Elling'>", ..PAGE },
            wants: &[("byline", "Marta Elling", "meta", "no-author")], ..CASE },
        Case { name: "declared-somebody-else", about: "`<meta>` names somebody whom nothing confirms",
            page: Page { head: "<meta name=author content='Template Author'>", ..PAGE },
            wants: &[("byline", "Ines Holt", "feed", "feed")], contradictions: &["byline"], ..CASE },
        Case { name: "organisation", about: "JSON-LD names the publisher",
            page: Page { head: r#"<script type="application/ld+json">{"@type":"NewsArticle","author":{"@type":"Organization","name":"Courier Media Holding"}}</script>"#, ..PAGE },
            wants: &[("byline", "Ines Holt", "feed", "feed")], ..CASE },
        Case { name: "initial", about: "the feed has the initial of the first name", creator: "I. Holt",
            page: Page { head: "<meta name=author content='Ines Holt'>", ..PAGE },
            wants: &[("byline", "Ines Holt", "meta", "agreed")], ..CASE },
        Case { name: "agency", about: "the page prints an agency",
            page: Page { below: "<p class=byline>Reuters</p>", ..PAGE },
            wants: &[("byline", "Ines Holt", "feed", "feed")], ..CASE },
        Case { name: "no-author", about: "the page names nobody", wants: &[("byline", "Ines Holt", "feed", "feed-alone")], ..CASE },
        Case { name: "es-authors", about: "Spanish: two authors, the feed has one of them", language: "es", title: "El consejo aprueba el rompeolas", creator: "Marta Elling",
            page: Page { text: "es", lang: "es", title: "El consejo aprueba el rompeolas", heading: "El consejo aprueba el rompeolas",
                below: "<p class=autor>Por Ines Holt y Marta Elling</p>", ..PAGE },
            wants: &[("byline", "Ines Holt; Marta Elling", "auto", "printed-people")], ..CASE },
        // Language.
        Case { name: "text-tells", about: "a long German text, feed and page say `en`", title: "Rat beschließt neuen Wellenbrecher",
            page: Page { text: "de", title: "Rat beschließt neuen Wellenbrecher", heading: "Rat beschließt neuen Wellenbrecher", ..PAGE },
            wants: &[("language", "de", "auto", "text-itself")], contradictions: &["language"], ..CASE },
        Case { name: "text-tells-against-channel", about: "a long French text, only the feed says `en`", title: "Le conseil vote la digue",
            page: Page { text: "fr", lang: "", title: "Le conseil vote la digue", heading: "Le conseil vote la digue", ..PAGE },
            wants: &[("language", "fr", "auto", "text-itself")], contradictions: &["language"], ..CASE },
        Case { name: "short-text", about: "a short German text, the page says `en`, the feed `de`", language: "de", title: "Meldung aus dem Hafen",
            page: Page { text: "kurz", title: "Meldung aus dem Hafen", heading: "Meldung aus dem Hafen", ..PAGE },
            wants: &[("language", "de", "feed", "feed")], contradictions: &["language"], ..CASE },
        Case { name: "regions", about: "the page says `en-GB`, the feed `en-US`", language: "en-US", page: Page { lang: "en-GB", ..PAGE },
            wants: &[("language", "en-GB", "meta", "agreed")], ..CASE },
        Case { name: "he-text", about: "a long Hebrew text on a page that says `en`", language: "he", title: "המועצה תבנה את שובר הגלים",
            page: Page { text: "he", title: "המועצה תבנה את שובר הגלים", heading: "המועצה תבנה את שובר הגלים", ..PAGE },
            wants: &[("language", "he", "auto", "agreed")], ..CASE },
        // Text of the feed.
        Case { name: "consent-wall", about: "a page that asks for consent",
            title: "Bridge reopens after repair", creator: "Ada Holm", date: "2024-03-05T10:00:00Z",
            page: Page { text: "", lang: "de", title: "Ihre Zustimmung",
                head: "<meta property=og:title content=Consent><meta name=author content='Consent Ltd'><meta property=og:image content=/logo.png><meta name=description content='We value your privacy and so do our partners'><meta property=article:section content=Privacy><meta name=keywords content=consent><meta property=og:site_name content=Consent><meta property=article:published_time content='2020-01-01T00:00:00Z'>", ..PAGE },
            wants: &[("title", "Bridge reopens after repair", "feed", "feed-text"), ("byline", "Ada Holm", "feed", "feed-text"),
                ("published", "2024-03-05T10:00:00Z", "feed", "feed-text"), ("language", "en", "feed", "feed-text"),
                ("image", "", "", ""), ("standfirst", "", "", ""), ("section", "", "", ""), ("tags", "", "", ""), ("site", "", "", "")], ..CASE },
        Case { name: "empty-frame", about: "a page that scripts would fill; a long text in the feed", language: "en", title: "Rat beschließt neuen Wellenbrecher",
            content: "de",
            page: Page { text: "", title: "App", head: "<meta property=og:title content='App for readers'>", ..PAGE },
            wants: &[("title", "Rat beschließt neuen Wellenbrecher", "feed", "feed-text"), ("language", "de", "auto", "text-itself")], ..CASE },
        Case { name: "frame-without-words", about: "a wall, and the feed has neither author nor date nor language", creator: "", date: "", language: "",
            page: Page { text: "", title: "Access", head: "<meta name=author content='Gate Keeper'><meta property=article:published_time content='2020-01-01T00:00:00Z'>", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "feed", "feed-text"), ("byline", "", "", "neither"), ("published", "", "", "neither"),
                ("language", "", "", "neither")], ..CASE },
        // Feeds of other sites.
        Case { name: "stranger-differs", about: "a feed of another site says otherwise", feed: Feed::Stranger,
            title: "You will not believe this wall", date: "2023-01-01T00:30:00Z", creator: "Some Linker", language: "fr",
            page: Page { title: "Lindmouth", below: "<p class=byline>By Marta Elling</p><p class=date>4 March 2024</p>", ..PAGE },
            wants: &[("title", "Council votes to rebuild the breakwater", "auto", "only-fills"), ("byline", "Marta Elling", "auto", "only-fills"),
                ("published", "2024-03-04", "auto", "only-fills"), ("language", "en", "meta", "only-fills")], ..CASE },
        Case { name: "stranger-fills", about: "a feed of another site fills what is missing", feed: Feed::Stranger,
            page: Page { lang: "", ..PAGE },
            wants: &[("byline", "Ines Holt", "feed", "feed-alone"), ("published", "2024-03-04T18:20:00Z", "feed", "feed-alone")], ..CASE },
    ]
}
