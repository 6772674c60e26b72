//! Pages with the markup of real sites and words of ours, from `../shared/extraction` where it is beside the checkout.
//!
//! A [`Template`] is a page of 30 to 150 kB in English. Each word of more than three letters is replaced by one of ours
//! of similar length, which word depending on the number of the article: so no two articles are alike, and no text of
//! the publisher is stored. Tags, scripts and styles stay as they are; addresses by which the page names itself become
//! those of the article.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use scraper::{ElementRef, Html, Selector};

use crate::own_pages;

/// Pages that are used.
const TEMPLATES: usize = 100;

/// Bytes of a page.
const SIZES: std::ops::RangeInclusive<usize> = 30_000..=150_000;

/// Bytes of text in the paragraphs of an article, at least.
const MIN_TEXT: usize = 2_000;

/// Where the address of the article is put.
const ADDRESS: &str = "https://page.invalid/address";

/// Words that dates are made of are not replaced.
const KEPT: &str = "january february march april june july august september october november december monday tuesday \
    wednesday thursday friday saturday sunday";

/// A page of a real site.
pub(crate) struct Template {
    html: String,
    /// CSS selector of the element that holds most of the text.
    pub(crate) container: String,
}

/// The templates, evenly spaced through all pages that are fit for it; none where the pages are not there.
pub(crate) fn templates() -> Vec<Template> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/extraction"));
    let unpacked = tempfile::tempdir().unwrap();
    for set in ["fundus", "scrapinghub", "trafilatura", "wcxb"] {
        let archive = folder.join(format!("{set}.tar.gz"));
        let tar = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(unpacked.path()).status();
        if !archive.exists() || !tar.is_ok_and(|status| status.success()) {
            println!("left out: real pages, {} cannot be unpacked\n", archive.display());
            return Vec::new();
        }
    }
    let mut paths = Vec::new();
    for set in std::fs::read_dir(unpacked.path()).unwrap() {
        let files = std::fs::read_dir(set.unwrap().path()).unwrap();
        paths.extend(files.map(|file| file.unwrap().path()));
    }
    paths.sort();
    let all: Vec<Template> = paths.iter().filter_map(|path| Template::read(path)).collect();
    let (count, wanted) = (all.len(), TEMPLATES.min(all.len()));
    let is_chosen = |at: &usize| (at + 1) * wanted / count > at * wanted / count;
    all.into_iter().enumerate().filter(|(at, _)| is_chosen(at)).map(|(_, template)| template).collect()
}

impl Template {
    /// Reads a page; none if it is not fit for a template.
    fn read(path: &Path) -> Option<Self> {
        let size = usize::try_from(std::fs::metadata(path).unwrap().len()).unwrap();
        let html = SIZES.contains(&size).then(|| std::fs::read_to_string(path).ok()).flatten()?;
        let page = Html::parse_document(&html);
        let attribute = |css: &str, name: &str| {
            let found = page.select(&selector(css)).find_map(|element| element.attr(name));
            found.map(str::to_owned)
        };
        let language = attribute("html", "lang")?;
        let leads_elsewhere = ["link[rel=next]", "meta[http-equiv=refresh i]", "base"]
            .iter()
            .any(|css| page.select(&selector(css)).next().is_some());
        if !language.starts_with("en") || leads_elsewhere || attribute("h1", "nothing").is_some() {
            return None;
        }
        page.select(&selector("h1")).next()?;
        let container = container(&page)?;
        let mut html = html;
        for (css, name) in [
            ("link[rel=canonical]", "href"),
            ("meta[property='og:url']", "content"),
            ("link[rel=shortlink]", "href"),
        ] {
            if let Some(address) = attribute(css, name).filter(|address| address.len() > 12) {
                let escaped = |address: &str| address.replace('/', "\\/");
                html = html.replace(&address, ADDRESS).replace(&escaped(&address), &escaped(ADDRESS));
            }
        }
        let template = Self { html, container };
        template.is_article().then_some(template)
    }

    /// Whether an article of one page is found in it without rules.
    fn is_article(&self) -> bool {
        let url = url::Url::parse(ADDRESS).unwrap();
        let html = self.page(ADDRESS, 1);
        let page = cuttings::extract::PageInput { html: &html, url: &url, link_header: None };
        let now = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let found = cuttings::extract::article(&page, &[], chrono_tz::UTC, now);
        found.is_ok_and(|found| {
            found.kind == cuttings::model::PageKind::Article
                && found.pagination == cuttings::model::PaginationLinks::default()
                && found.text.len() >= MIN_TEXT
        })
    }

    /// The page of the article with this number, at `url`.
    pub(crate) fn page(&self, url: &str, number: usize) -> String {
        let escaped = |address: &str| address.replace('/', "\\/");
        let html = self.html.replace(ADDRESS, url).replace(&escaped(ADDRESS), &escaped(url));
        with_other_words(&html, number)
    }
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap()
}

/// The selector of the densest container: the element with most text in paragraphs that are its children. None if that
/// is too little, or if neither its id nor its classes tell it from all others.
fn container(page: &Html) -> Option<String> {
    let paragraph = selector("p");
    let mut lengths: HashMap<_, usize> = HashMap::new();
    for paragraph in page.select(&paragraph) {
        let parent = paragraph.parent().and_then(ElementRef::wrap);
        if let Some(parent) = parent {
            let length: usize = paragraph.text().map(str::len).sum();
            *lengths.entry(parent.id()).or_default() += length;
        }
    }
    let (id, length) = lengths.into_iter().max_by_key(|(id, length)| (*length, *id))?;
    let densest = ElementRef::wrap(page.tree.get(id)?)?;
    let is_plain = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    let element = densest.value();
    let id = element.id().filter(is_plain).map(|id| format!("#{id}"));
    let classes: String = element.classes().filter(is_plain).map(|class| format!(".{class}")).collect();
    let names = id.into_iter().chain(Some(classes).filter(|classes| !classes.is_empty()));
    let mut selectors = names.map(|name| format!("{}{name}", element.name()));
    let is_unique = |css: &String| page.select(&selector(css)).count() == 1;
    selectors.find(is_unique).filter(|_| length >= MIN_TEXT)
}

/// Our words by their length in letters, from 4.
static WORDS: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
    let mut words = vec![Vec::new(); 12];
    for word in own_pages::WORDS.split_whitespace().filter(|word| word.len() > 3) {
        words[word.len().min(11)].push(word);
    }
    words.retain(|words| !words.is_empty());
    words
});

/// The page with other words in its text, in the descriptions of its head and in the article texts of its JSON-LD.
fn with_other_words(html: &str, number: usize) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        replace_words(text, number, &mut out);
        let lower = after.get(..8).unwrap_or(after).to_ascii_lowercase();
        let end = ["script", "style", "!--"].iter().find(|name| lower.starts_with(*name));
        let end = match end {
            Some(&"!--") => after.find("-->"),
            Some(name) => find_in_any_case(after, &format!("</{name}")),
            None => after.find('>'),
        };
        let (tag, after) = after.split_at(end.unwrap_or(after.len()));
        out.push('<');
        let value_names: &[&str] = if lower.starts_with("meta") && !tag.contains("http-equiv") {
            if ["description", "title"].iter().any(|name| tag.contains(name)) { &["content="] } else { &[] }
        } else if lower.starts_with("script") && tag.contains("ld+json") {
            &["\"articleBody\"", "\"headline\"", "\"description\""]
        } else {
            &[]
        };
        replace_values(tag, value_names, number, &mut out);
        rest = after;
    }
    replace_words(rest, number, &mut out);
    out
}

fn find_in_any_case(text: &str, word: &str) -> Option<usize> {
    let window = |at: usize| text.as_bytes().get(at..at + word.len());
    memchr::memchr_iter(b'<', text.as_bytes())
        .find(|at| window(*at).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes())))
}

/// Replaces words in the quoted values after these names.
fn replace_values(text: &str, names: &[&str], number: usize, out: &mut String) {
    let mut rest = text;
    loop {
        let found = names.iter().filter_map(|name| Some(rest.find(name)? + name.len())).min();
        let Some((before, after)) = found.map(|at| rest.split_at(at)) else {
            break;
        };
        out.push_str(before);
        rest = after;
        let value = after.trim_start_matches([' ', ':', '\n', '\t', '\r']);
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            continue;
        };
        let start = after.len() - value.len() + 1;
        let mut is_escaped = false;
        let end = after[start..].find(|c| {
            let ends = c == quote && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let end = start + end.unwrap_or(after.len() - start);
        out.push_str(&after[..start]);
        replace_words(&after[start..end], number, out);
        rest = &after[end..];
    }
    out.push_str(rest);
}

/// Replaces the words of a text that have more than three letters. Character references and what follows a backslash
/// stay.
fn replace_words(text: &str, number: usize, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_alphabetic() || matches!(c, '&' | '\\')) {
        let (before, word) = rest.split_at(at);
        out.push_str(before);
        let length = match word.as_bytes()[0] {
            b'&' => word.find([';', ' ']).map_or(1, |end| if end < 10 { end + 1 } else { 1 }),
            b'\\' => word.char_indices().nth(2).map_or(word.len(), |(end, _)| end),
            _ => word.find(|c: char| !c.is_alphabetic()).unwrap_or(word.len()),
        };
        let (word, after) = word.split_at(length);
        rest = after;
        let letters = word.chars().count();
        let lower = word.to_lowercase();
        let is_kept =
            letters < 4 || word.starts_with(['&', '\\']) || KEPT.split_whitespace().any(|kept| kept == lower);
        if is_kept {
            out.push_str(word);
            continue;
        }
        let words = &WORDS[(letters - 4).min(WORDS.len() - 1)];
        let ours = words[own_pages::hash(number, &lower) % words.len()];
        if word.starts_with(char::is_uppercase) {
            out.push_str(&ours[..1].to_uppercase());
            out.push_str(&ours[1..]);
        } else {
            out.push_str(ours);
        }
    }
    out.push_str(rest);
}
