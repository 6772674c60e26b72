//! The columns of a revision that hold extracted fields, as text.
//!
//! Used when an article is stored and when its page is extracted again (`cuttings reextract`), which compares the columns.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Utc};
use rusqlite::{Connection, Row, params};

use super::error::StoreError;
use super::page_id::PageId;
use super::time;
use crate::model::{Enclosure, Extraction, Method, Origin, SourceId};

/// For [`RevisionColumns::read`].
pub(super) const COLUMNS: &str = "url, short_link, title, standfirst, byline, authors, published, published_at, precision, \
     modified, text, html, image, language, site, method, kind, origins, section, tags, rights, enclosures, image_width, image_height";

/// Extracted fields of a page. Lists are JSON; times are as in docs/schema.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RevisionColumns {
    url: String,
    short_link: Option<String>,
    title: Option<String>,
    standfirst: Option<String>,
    byline: Option<String>,
    authors: String,
    published: Option<String>,
    published_at: Option<String>,
    precision: Option<String>,
    modified: Option<String>,
    text: String,
    html: String,
    image: Option<String>,
    language: Option<String>,
    site: Option<String>,
    method: String,
    kind: String,
    origins: BTreeMap<String, String>,
    section: Option<String>,
    tags: String,
    rights: Option<String>,
    enclosures: String,
    image_width: Option<u32>,
    image_height: Option<u32>,
}

impl RevisionColumns {
    pub(super) fn of(
        fields: &Extraction,
        method: Method,
        published_at: Option<DateTime<Utc>>,
        url: &str,
    ) -> Self {
        let links = &fields.links;
        let list = |texts: &[String]| {
            let texts: Vec<String> = texts.iter().map(|text| clean(text)).collect();
            serde_json::Value::from(texts).to_string()
        };
        // Years of more than four digits would not sort as text.
        let published_at = published_at.filter(|at| (0..=9999).contains(&at.year()));
        Self {
            url: url.to_owned(),
            short_link: links.short_link.as_ref().or(links.shortlink.as_ref()).map(ToString::to_string),
            title: fields.title.as_deref().map(clean),
            standfirst: fields.standfirst.as_deref().map(clean),
            byline: fields.byline.as_deref().map(clean),
            authors: list(&fields.authors),
            published: fields.published.as_ref().map(ToString::to_string),
            published_at: published_at.map(time::text),
            precision: fields.published.map(|at| at.precision.as_str().to_owned()),
            modified: fields.modified.map(|at| at.to_string()),
            text: clean(&fields.text),
            html: clean(&fields.html),
            image: fields.image.as_ref().map(ToString::to_string),
            language: fields.language.as_deref().map(clean),
            site: fields.site.as_deref().map(clean),
            method: method.as_str().to_owned(),
            kind: fields.kind.as_str().to_owned(),
            origins: fields
                .origins
                .iter()
                .map(|(field, origin)| (field.as_str().to_owned(), origin.as_str().to_owned()))
                .collect(),
            section: fields.section.as_deref().map(clean),
            tags: list(&fields.tags),
            rights: fields.rights.as_deref().map(clean),
            enclosures: enclosures(&fields.enclosures),
            image_width: fields.image_size.width,
            image_height: fields.image_size.height,
        }
    }

    /// A row of [`COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let origins: String = row.get(17)?;
        Ok(Self {
            url: row.get(0)?,
            short_link: row.get(1)?,
            title: row.get(2)?,
            standfirst: row.get(3)?,
            byline: row.get(4)?,
            authors: row.get(5)?,
            published: row.get(6)?,
            published_at: row.get(7)?,
            precision: row.get(8)?,
            modified: row.get(9)?,
            text: row.get(10)?,
            html: row.get(11)?,
            image: row.get(12)?,
            language: row.get(13)?,
            site: row.get(14)?,
            method: row.get(15)?,
            kind: row.get(16)?,
            origins: serde_json::from_str(&origins).unwrap_or_default(),
            section: row.get(18)?,
            tags: row.get(19)?,
            rights: row.get(20)?,
            enclosures: row.get(21)?,
            image_width: row.get(22)?,
            image_height: row.get(23)?,
        })
    }

    /// Inserts a revision of a page, with the `seq` of its change if that is known; gives its row id. `first_party`: it is the
    /// text of the page, or of a feed of the page's site.
    pub(super) fn insert(
        &self,
        db: &Connection,
        page: PageId,
        source: SourceId,
        first_party: bool,
        fetched_at: DateTime<Utc>,
        seq: Option<i64>,
    ) -> Result<i64, StoreError> {
        db.prepare_cached(&format!(
            "INSERT INTO revision ({COLUMNS}, page_id, source_id, fetched_at, seq, first_party) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
             ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)"
        ))?
        .execute(params![
            self.url,
            self.short_link,
            self.title,
            self.standfirst,
            self.byline,
            self.authors,
            self.published,
            self.published_at,
            self.precision,
            self.modified,
            self.text,
            self.html,
            self.image,
            self.language,
            self.site,
            self.method,
            self.kind,
            serde_json::to_string(&self.origins).unwrap_or_else(|_| "{}".into()),
            self.section,
            self.tags,
            self.rights,
            self.enclosures,
            self.image_width,
            self.image_height,
            page.0,
            source.0,
            time::text(fetched_at),
            seq,
            first_party
        ])?;
        Ok(db.last_insert_rowid())
    }

    /// Takes fields that came from the feed out of `before`, where the page does not have them.
    pub(super) fn keep_from_feed(&mut self, before: &Self) {
        let feed = Origin::Feed.as_str();
        let from_feed = |field: &str| before.origins.get(field).is_some_and(|origin| origin == feed);
        let mut kept = Vec::new();
        for (field, now, then) in [
            ("title", &mut self.title, &before.title),
            ("standfirst", &mut self.standfirst, &before.standfirst),
            ("modified", &mut self.modified, &before.modified),
            ("language", &mut self.language, &before.language),
            ("image", &mut self.image, &before.image),
        ] {
            if now.is_none() && from_feed(field) {
                now.clone_from(then);
                kept.push(field);
            }
        }
        if self.published.is_none() && from_feed("published") {
            self.published.clone_from(&before.published);
            self.published_at.clone_from(&before.published_at);
            self.precision.clone_from(&before.precision);
            kept.push("published");
        }
        if self.authors == "[]" && from_feed("byline") {
            self.authors.clone_from(&before.authors);
            kept.push("byline");
        }
        // Pages have neither.
        self.rights.clone_from(&before.rights);
        self.enclosures.clone_from(&before.enclosures);
        if self.tags == "[]" {
            self.tags.clone_from(&before.tags);
        }
        for field in kept {
            self.origins.insert(field.to_owned(), feed.to_owned());
        }
    }

    /// Names of the fields in which a reader would see a difference. Markup, section and tags do not count: sites change
    /// them at will.
    pub(super) fn differences(&self, before: &Self) -> Vec<&'static str> {
        let text = |text: &Option<String>| -> String {
            text.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let body = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        [
            ("title", text(&self.title) != text(&before.title)),
            ("standfirst", text(&self.standfirst) != text(&before.standfirst)),
            ("byline", text(&self.byline) != text(&before.byline) || self.authors != before.authors),
            ("published", self.published != before.published || self.published_at != before.published_at),
            ("modified", self.modified != before.modified),
            ("text", body(&self.text) != body(&before.text)),
            ("image", self.image != before.image),
            ("short_link", self.short_link != before.short_link),
            ("language", self.language != before.language),
            ("site", text(&self.site) != text(&before.site)),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// Enclosures as a JSON list of objects.
fn enclosures(files: &[Enclosure]) -> String {
    let map = |file: &Enclosure| {
        serde_json::json!({
            "url": file.url.as_str(),
            "type": file.mime.as_deref().map(clean),
            "length": file.length,
        })
    };
    files.iter().map(map).collect::<serde_json::Value>().to_string()
}

/// Text as it is stored: without control characters except tab and line break.
pub(super) fn clean(text: &str) -> String {
    // Every control character begins with one of these bytes, and most texts have none of them. All bytes are looked at, so
    // that the compiler can test many at once: a twentieth of the cost of stopping at the first.
    let may_be_control =
        |byte: u8| (byte < b' ' && byte != b'\n' && byte != b'\t') || byte == 0x7f || byte == 0xc2;
    if !text.bytes().fold(false, |any, byte| any | may_be_control(byte)) {
        return text.to_owned();
    }
    text.chars().filter(|&c| !c.is_control() || c == '\n' || c == '\t').collect()
}
