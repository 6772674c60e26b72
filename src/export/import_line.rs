//! Reads a line of the format `jsonl` for `cuttings import`.
//!
//! The file may come from anywhere: HTML is sanitised, control characters are dropped, URLs must be of the web, words such as
//! `method` must be ones that the database allows, numbers must be ones that others can read. The error is a sentence for
//! people; `cli` adds the line number. What lines say of each other is for `store::import` to check.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Utc};
use serde::Deserialize;
use url::Url;

use super::article::JsonEnclosure;
use crate::store::{
    AliasRecord, DecisionRecord, EntryRecord, ImportRecord, ImportedArticle, ImportedIdentity, ImportedPage,
    ImportedText, MembershipRecord, PageRecord,
};
use crate::{html, link};

/// Largest number of an article, a change or a page: every reader of JSON has it, and others come after it.
const MAX_NUMBER: i64 = 1 << 52;

/// Longest key or id of an entry, in bytes.
const MAX_KEY: usize = 2 * link::MAX_URL;

/// Most sources that one article belongs to.
const MAX_SOURCES: usize = 1000;

/// What a line says of its article; `TextLine` is the rest. Unknown keys are ignored: a later version may write more.
#[derive(Deserialize)]
struct ArticleLine {
    seq: i64,
    /// Number of the article.
    id: i64,
    /// `new`, `revised`, `merged` or `deleted`; none means `new`.
    op: Option<String>,
    /// Of a merged article: the article that it is part of now.
    into: Option<i64>,
    /// Of a removal: when it happened.
    at: Option<DateTime<Utc>>,
    /// Of a deletion: `takedown` or `expired`.
    why: Option<String>,
    cluster: Option<i64>,
    first_seen: Option<DateTime<Utc>>,
    /// The page of the text.
    page: Option<i64>,
    #[serde(default)]
    pages: Vec<PageLine>,
    #[serde(default)]
    memberships: Vec<MembershipRecord>,
    #[serde(default)]
    decisions: Vec<DecisionRecord>,
}

/// A page, with its texts that readers do not see.
#[derive(Deserialize)]
struct PageLine {
    #[serde(flatten)]
    record: PageRecord,
    #[serde(default)]
    texts: Vec<TextLine>,
}

/// A text: the line of an article, or an element of `texts`.
#[derive(Deserialize)]
struct TextLine {
    source: Option<String>,
    first_party: Option<bool>,
    url: Option<String>,
    short_link: Option<String>,
    title: Option<String>,
    standfirst: Option<String>,
    byline: Option<String>,
    #[serde(default)]
    authors: Vec<String>,
    published: Option<String>,
    published_at: Option<DateTime<Utc>>,
    precision: Option<String>,
    modified: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    html: String,
    image: Option<String>,
    image_width: Option<u32>,
    image_height: Option<u32>,
    language: Option<String>,
    site: Option<String>,
    section: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    rights: Option<String>,
    #[serde(default)]
    enclosures: Vec<JsonEnclosure>,
    kind: Option<String>,
    method: Option<String>,
    #[serde(default)]
    origins: BTreeMap<String, String>,
    fetched_at: Option<DateTime<Utc>>,
}

/// Words of `precision`, the least precise first.
const PRECISIONS: &[&str] = &["year", "month", "day", "minute", "instant"];

/// Reads a line. The error is a sentence for people.
pub(crate) fn read_line(text: &str) -> Result<ImportRecord, String> {
    let line: ArticleLine = parse(text)?;
    for (name, number) in [
        ("seq", Some(line.seq)),
        ("id", Some(line.id)),
        ("into", line.into),
        ("cluster", line.cluster),
        ("page", line.page),
    ] {
        check_number(name, number)?;
    }
    match line.op.as_deref() {
        Some("merged" | "deleted") => removal(line),
        Some("new" | "revised") | None => article(line, parse(text)?),
        Some(other) => Err(format!("`op` is {other:?}; it is new, revised, merged or deleted")),
    }
}

fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        let what = error.to_string();
        // There is only one line.
        what.replace(" at line 1 column ", " at byte ")
    })
}

fn check_number(name: &str, number: Option<i64>) -> Result<(), String> {
    match number {
        Some(number) if !(1..=MAX_NUMBER).contains(&number) => {
            Err(format!("`{name}` is {number}; it is a number above 0, and at most {MAX_NUMBER}"))
        }
        _ => Ok(()),
    }
}

/// A time that sorts as text.
fn check_time(name: &str, at: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    if (0..=9999).contains(&at.year()) {
        Ok(at)
    } else {
        Err(format!("`{name}` is in the year {}", at.year()))
    }
}

/// Checks the line of a merged or deleted article.
fn removal(line: ArticleLine) -> Result<ImportRecord, String> {
    let is_merged = line.op.as_deref() == Some("merged");
    let into = line.into.filter(|_| is_merged);
    if is_merged && into.is_none_or(|into| into == line.id) {
        return Err("a merged article names another one in `into`".into());
    }
    let why = line.why.map(|why| one_of("why", why, &["takedown", "expired"])).transpose()?;
    Ok(ImportRecord::Gone {
        seq: line.seq,
        id: line.id,
        into,
        at: check_time("at", line.at.ok_or("`at` is missing")?)?,
        why: why.filter(|_| !is_merged),
        identity: identity(line.pages, line.memberships, line.decisions)?,
    })
}

/// Checks the line of an article. Optional values that make no sense (a URL that is none, a date that is none) are dropped;
/// required ones and words of a closed set are errors.
fn article(line: ArticleLine, text: TextLine) -> Result<ImportRecord, String> {
    let text = imported_text(text, line.first_seen.unwrap_or_default())?;
    let first_seen = check_time("first_seen", line.first_seen.ok_or("`first_seen` is missing")?)?;
    if !line.pages.is_empty() && line.pages.iter().all(|page| Some(page.record.page) != line.page) {
        return Err("`page`, that of the text, is not in `pages`".into());
    }
    Ok(ImportRecord::Article(Box::new(ImportedArticle {
        seq: line.seq,
        id: line.id,
        revised: line.op.as_deref() == Some("revised"),
        cluster: line.cluster.unwrap_or(line.id),
        first_seen,
        page: line.page,
        text,
        identity: identity(line.pages, line.memberships, line.decisions)?,
    })))
}

fn imported_text(line: TextLine, first_seen: DateTime<Utc>) -> Result<ImportedText, String> {
    let method = line.method.unwrap_or_else(|| "auto".to_owned());
    let url = match line.url.as_deref().ok_or("`url` is missing")? {
        // An entry without a link.
        "" if method == "feed" => None,
        url => Some(link::web_url(url).ok_or_else(|| format!("`url` is no http or https address: {url:?}"))?),
    };
    let web = |value: Option<String>| value.and_then(|value| link::web_url(&value));
    let text = |value: Option<String>| value.map(|value| clean(&value));
    let date = |value: Option<String>| value.filter(|value| is_date(value));
    let enclosures: Vec<JsonEnclosure> = line.enclosures.into_iter().filter_map(enclosure).collect();
    Ok(ImportedText {
        source: line.source.and_then(|name| source_name(&name)),
        first_party: line.first_party.unwrap_or(true),
        short_link: web(line.short_link),
        title: text(line.title),
        standfirst: text(line.standfirst),
        byline: text(line.byline),
        authors: line.authors.iter().map(|name| clean(name)).collect(),
        published: date(line.published),
        published_at: line.published_at.filter(|at| check_time("published_at", *at).is_ok()),
        precision: line.precision.map(|word| one_of("precision", word, PRECISIONS)).transpose()?,
        modified: date(line.modified),
        text: clean(&line.text),
        html: safe(&line.html, url.as_ref()),
        image: web(line.image).map(String::from),
        image_width: line.image_width,
        image_height: line.image_height,
        language: text(line.language),
        site: text(line.site),
        section: text(line.section),
        tags: line.tags.iter().map(|tag| clean(tag)).collect(),
        rights: text(line.rights),
        enclosures: serde_json::to_string(&enclosures).map_err(|error| error.to_string())?,
        method: one_of("method", method, &["rule", "auto", "feed"])?,
        kind: line.kind.map_or_else(|| "article".to_owned(), |kind| clean(&kind)),
        origins: serde_json::to_string(&line.origins).map_err(|error| error.to_string())?,
        fetched_at: check_time("fetched_at", line.fetched_at.unwrap_or(first_seen))?,
        url,
    })
}

/// Checks what an article is known by, and that its parts fit together.
fn identity(
    lines: Vec<PageLine>,
    memberships: Vec<MembershipRecord>,
    decisions: Vec<DecisionRecord>,
) -> Result<ImportedIdentity, String> {
    let mut identity = ImportedIdentity { pages: Vec::new(), memberships, decisions };
    let mut numbers = BTreeSet::new();
    for PageLine { mut record, texts } in lines {
        check_page(&mut record)?;
        if !numbers.insert(record.page) {
            return Err(format!("page {} is there twice", record.page));
        }
        let texts =
            texts.into_iter().map(|text| imported_text(text, record.first_seen)).collect::<Result<_, _>>()?;
        identity.pages.push(ImportedPage { record, texts });
    }
    let mut names = BTreeSet::new();
    for member in &mut identity.memberships {
        check_membership(member, &numbers)?;
        if !names.insert(member.source.clone()) {
            return Err(format!("source {:?} is there twice", member.source));
        }
    }
    if names.len() > MAX_SOURCES {
        return Err(format!("more than {MAX_SOURCES} sources"));
    }
    for decision in &mut identity.decisions {
        check_key(&decision.one)?;
        check_key(&decision.other)?;
        check_time("at", decision.at)?;
        if decision.one == decision.other {
            return Err("a decision names two pages".into());
        }
        if decision.one > decision.other {
            std::mem::swap(&mut decision.one, &mut decision.other);
        }
    }
    Ok(identity)
}

fn check_page(page: &mut PageRecord) -> Result<(), String> {
    check_number("page", Some(page.page))?;
    check_key(&page.key)?;
    if !page.url.is_empty() {
        page.url = address("url", &page.url)?;
    }
    page.site = page.site.take().map(|site| clean(&site)).filter(|site| site.len() <= MAX_KEY);
    page.source = page.source.take().and_then(|name| source_name(&name));
    check_time("first_seen", page.first_seen)?;
    check_times(&[("requested_at", page.requested_at)])?;
    for AliasRecord { key, url, seen_at, .. } in &mut page.aliases {
        check_key(key)?;
        *url = url.take().map(|url| address("url", &url)).transpose()?;
        check_times(&[("seen_at", *seen_at)])?;
    }
    for claim in &mut page.claims {
        check_key(&claim.key)?;
        claim.url = address("url", &claim.url)?;
        check_times(&[("seen_at", claim.seen_at)])?;
    }
    Ok(())
}

fn check_membership(member: &mut MembershipRecord, pages: &BTreeSet<i64>) -> Result<(), String> {
    member.source = source_name(&member.source).ok_or("a source has no name, or a very long one")?;
    check_number("seq", member.seq)?;
    check_times(&[("first_seen", member.first_seen), ("joined", member.joined)])?;
    if member.first_seen.is_some() != member.seq.is_some()
        || (member.joined.is_some() && member.seq.is_none())
    {
        return Err(format!("source {:?} has only one of `first_seen` and `seq`", member.source));
    }
    for entry in &mut member.entries {
        let EntryRecord { entry: ident, page, url, credit, credit_url, .. } = entry;
        if ident.is_empty() || ident.len() > MAX_KEY || ident.contains('\0') {
            return Err("the id of an entry is empty or very long".into());
        }
        if pages.is_empty() || page.is_some_and(|page| !pages.contains(&page)) {
            return Err(format!("entry {ident:?} is of a page that is not in `pages`"));
        }
        if entry.first_seen.is_none() && member.first_seen.is_none() {
            return Err(format!("entry {ident:?} has no `first_seen`"));
        }
        *url = url.take().map(|url| address("url", &url)).transpose()?;
        *credit = credit.take().map(|title| clean(&title));
        *credit_url = credit_url.take().map(|url| address("credit_url", &url)).transpose()?;
        check_times(&[("first_seen", entry.first_seen), ("updated", entry.updated)])?;
    }
    Ok(())
}

fn check_times(times: &[(&str, Option<DateTime<Utc>>)]) -> Result<(), String> {
    times.iter().try_for_each(|(name, at)| at.map_or(Ok(()), |at| check_time(name, at).map(|_| ())))
}

/// A key is compared as it is, so it is not cleaned but refused.
fn check_key(key: &str) -> Result<(), String> {
    if key.is_empty() || key.len() > MAX_KEY || key.contains(char::is_control) {
        return Err("a key is empty, very long or has control characters".into());
    }
    Ok(())
}

fn address(name: &str, text: &str) -> Result<String, String> {
    let url = link::web_url(text).ok_or_else(|| format!("`{name}` is no http or https address: {text:?}"))?;
    Ok(url.into())
}

fn source_name(name: &str) -> Option<String> {
    Some(clean(name)).filter(|name| !name.is_empty() && name.len() <= 100)
}

fn one_of(name: &str, word: String, words: &[&str]) -> Result<String, String> {
    if words.contains(&word.as_str()) {
        return Ok(word);
    }
    Err(format!("`{name}` is {word:?}; it is {}", words.join(" or ")))
}

/// A media file, if its URL is of the web.
fn enclosure(file: JsonEnclosure) -> Option<JsonEnclosure> {
    Some(JsonEnclosure {
        url: link::web_url(&file.url)?.into(),
        mime: file.mime.map(|mime| clean(&mime)),
        length: file.length,
    })
}

/// Sanitises HTML (docs/threats.md, H16); what an export wrote stays the same: its links are absolute.
fn safe(html: &str, base: Option<&Url>) -> String {
    if html.is_empty() {
        return String::new();
    }
    let nowhere = link::web_url("https://address.invalid/");
    base.or(nowhere.as_ref()).map_or_else(String::new, |base| clean(&html::sanitise(html, base)))
}

/// Drops control characters other than tabs and line breaks.
fn clean(text: &str) -> String {
    text.chars().filter(|&c| !c.is_control() || c == '\n' || c == '\t').collect()
}

/// `2018`, `2018-01`, `2018-01-05` or RFC 3339.
fn is_date(text: &str) -> bool {
    let digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (text.len() <= 10 && digits(text)) || DateTime::parse_from_rfc3339(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(json: &str) -> ImportedText {
        match read_line(json).unwrap() {
            ImportRecord::Article(article) => article.text,
            gone @ ImportRecord::Gone { .. } => panic!("{gone:?}"),
        }
    }

    #[test]
    fn h16_what_is_imported_is_sanitised() {
        let article = text_of(
            r#"{"seq":1,"id":1,"url":"https://a.example/1","first_seen":"2026-11-24T00:00:00Z","text":"a\u0007b",
            "html":"<p onclick=x()>a<script>alert(1)</script><a href=\"javascript:x\">b</a></p><iframe src=x></iframe>",
            "image":"javascript:x","short_link":"data:x","published":"<b>"}"#,
        );
        assert_eq!(article.text, "ab");
        for bad in ["script", "onclick", "iframe", "javascript"] {
            assert!(!article.html.contains(bad), "{}", article.html);
        }
        assert_eq!((article.image, article.short_link, article.published), (None, None, None));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        for (line, says) in [
            ("{", "EOF"),
            ("{\"id\":1}", "missing field `seq`"),
            ("{\"seq\":0,\"id\":1}", "a number above 0"),
            ("{\"seq\":1,\"id\":1}", "`url` is missing"),
            ("{\"seq\":1,\"id\":1,\"url\":\"javascript:x\"}", "no http or https address"),
            ("{\"seq\":1,\"id\":1,\"op\":\"lost\"}", "new, revised, merged or deleted"),
            ("{\"seq\":1,\"id\":1,\"op\":\"merged\"}", "in `into`"),
        ] {
            let error = read_line(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
