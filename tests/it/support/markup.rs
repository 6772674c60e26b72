//! Four kinds of pages, as four kinds of sites mark an article up, each with furniture that is no article.

use std::fmt::Write;

use chrono::NaiveDate;

use super::texts::Text;

/// Printed around the articles; nothing of it belongs to one.
pub const FURNITURE: [&str; 6] =
    ["Subscribe to the paper", "Most read", "Short link", "Search Keywords", "All rights", "Last Update"];

/// A magazine's page: classes that say what they hold, a canonical URL, a machine-readable time, a promotion in the
/// middle of the text.
pub fn gazette(paper: &str, text: &Text, canonical: &str) -> String {
    let mut body = String::new();
    for (i, paragraph) in text.paragraphs.iter().enumerate() {
        let _ = writeln!(body, "<p>{}</p>", escaped(paragraph));
        if i == 0 {
            body.push_str("<aside class=\"promo\"><p>Subscribe to the paper: four weeks for the price of one.</p></aside>\n");
        }
    }
    format!(
        r#"<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title} | {paper}</title>
<link rel="canonical" href="{canonical}">
<meta property="og:title" content="{title}"><meta property="og:image" content="/img/{slug}.jpg">
<script>window.paper = {{ "edition": "Subscribe to the paper" }};</script></head>
<body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/sea">Sea</a></li><li><a href="/town">Town</a></li></ul></nav></header>
<main><article>
<h1 class="headline">{title}</h1>
<p class="standfirst">{standfirst}</p>
<p class="byline">{byline}</p>
<time class="published" datetime="{published}">{day}</time>
<div class="story-body">
{body}</div>
</article></main>
<aside class="most-read"><h2>Most read</h2><ol><li><a href="/one">Gulls learn to queue</a></li><li><a href="/two">The tide table, corrected</a></li></ol></aside>
<footer><p>All rights of {paper} and its authors.</p></footer>
</body></html>
"#,
        language = text.language,
        slug = text.slug,
        title = escaped(text.title),
        standfirst = escaped(text.standfirst),
        byline = escaped(text.byline),
        published = text.published,
        day = text.day(),
    )
}

/// A page of a `WebForms` site: one form around everything, numbered ids, byline and date in one line, search words
/// and a box with the short link behind the text. The box is empty where there is none.
pub fn webforms(paper: &str, text: &Text, short_link: Option<&str>) -> String {
    let mut body = String::new();
    for paragraph in &text.paragraphs {
        let _ = writeln!(body, "<p>{}</p>", escaped(paragraph));
    }
    let day: NaiveDate = text.published.parse().expect("a bare date");
    format!(
        r#"<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head><base id="head_MainBase" /><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>{title} - Region - World - {paper}</title></head>
<body>
<form method="post" action="/UI/Front/Inner.aspx?NewsContentID={slug}" id="form1">
<input type="hidden" id="ContentPlaceHolder1_hdnfTitle" value="{title}" />
<div class="header"><span class="last_update">Last Update 15:20</span>
<ul class="menu"><li><a href="/Index.aspx">Home</a></li><li><a href="/Category/2/8/World/Region.aspx">Region</a></li></ul></div>
<div class="left_inner" id="Content">
<div id="ContentPlaceHolder1_divLeftTitle">
<div id="ContentPlaceHolder1_hd" class="hd_inner">{title} <br /></div>
<div id="ContentPlaceHolder1_bref" class="bref_inner">{standfirst}</div>
<div id="ContentPlaceHolder1_source" class="bref_list" style="text-align: left">{byline} , {day}</div>
</div>
<div id="ContentPlaceHolder1_divContent" class="text_inner"><div style='clear: both; float: right; margin: 4px'>
<script type='text/javascript'>var slot = "Short link: not this one";</script></div>
{body}<div class='line_inner_AfterTopic'></div><br/><br/><div class="search_word" dir='ltr'><div class="hd_word" dir='ltr'>Search Keywords:</div>
<div class="words" dir='ltr'><a href="/UI/Front/Search.aspx?Text=canal">canal &nbsp;</a></div></div><br /><br />Short link: <br /><input type='text' class='text_inner_ShortLink' value='{short_link}' /><p>&nbsp;</p></div>
</div>
<div class="right_inner"><div class="most_read"><h3>Most read</h3><p>This paragraph stands beside every article of the day and belongs to none of them.</p></div></div>
<div class="footer">All rights of {paper}.</div>
</form></body></html>
"#,
        slug = text.slug,
        title = escaped(text.title),
        standfirst = escaped(text.standfirst),
        byline = escaped(text.byline),
        day = day.format("%A %-d %b %Y"),
        short_link = escaped(short_link.unwrap_or_default()),
    )
}

/// A review's page: a printed local date, paragraphs in plain blocks, `rel=shortlink`, no charset of its own.
pub fn revue(paper: &str, text: &Text, shortlink: &str) -> String {
    let mut body = String::new();
    for paragraph in &text.paragraphs {
        let _ = writeln!(body, "<div class=\"para\">{}</div>", escaped(paragraph));
    }
    let at = chrono::DateTime::parse_from_rfc3339(text.published).expect("a moment");
    format!(
        r#"<!DOCTYPE html>
<html lang="{language}">
<head><title>{paper} : {title}</title>
<link rel="shortlink" href="{shortlink}"></head>
<body>
<div id="top"><a href="/">{paper}</a> <a href="/archive">Archive</a></div>
<div id="piece">
<div class="kicker">Récit</div>
<h2 class="title">{title}</h2>
<div class="lead">{standfirst}</div>
<div class="signature"><span class="author">{byline}</span>, <span class="date">{date}</span></div>
<div class="text">
{body}</div>
</div>
<div id="foot">All rights of {paper}.</div>
</body></html>
"#,
        language = text.language,
        title = escaped(text.title),
        standfirst = escaped(text.standfirst),
        byline = escaped(text.byline),
        date = at.format("%d.%m.%Y %H:%M"),
    )
}

/// A page nobody wrote rules for: schema.org data, `OpenGraph`, an `<article>`.
pub fn plain(paper: &str, text: &Text, url: &str) -> String {
    let mut body = String::new();
    for paragraph in &text.paragraphs {
        let _ = writeln!(body, "<p>{}</p>", escaped(paragraph));
    }
    let data = serde_json::json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": text.title,
        "datePublished": text.published,
        "author": [{ "@type": "Person", "name": text.byline }],
        "mainEntityOfPage": url,
    });
    format!(
        r#"<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title} — {paper}</title>
<meta property="og:title" content="{title}"><meta property="og:site_name" content="{paper}">
<meta property="og:url" content="{url}"><meta name="description" content="{standfirst}">
<script type="application/ld+json">{data}</script></head>
<body>
<nav><a href="/">{paper}</a> <a href="/about">About</a></nav>
<article>
<h1>{title}</h1>
<p><em>{standfirst}</em></p>
{body}</article>
<footer><p>All rights of {paper}.</p></footer>
</body></html>
"#,
        language = text.language,
        title = escaped(text.title),
        standfirst = escaped(text.standfirst),
    )
}

/// Text as HTML or XML, also between double or single quotes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
