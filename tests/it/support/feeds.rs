//! Feeds as papers write them: RSS 2.0, Atom, JSON Feed.

use std::fmt::Write;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use serde_json::json;

use super::markup::escaped;

/// One entry, of whatever format.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// Not escaped; left out where empty.
    pub title: String,
    /// Absolute URL.
    pub link: String,
    /// `guid`, `atom:id` or `id`; left out where empty.
    pub id: String,
    /// RFC 3339, or a bare date, which is written as midnight UTC.
    pub published: String,
    /// HTML; left out where empty.
    pub summary: String,
    /// HTML of the full text; left out where empty.
    pub content: String,
    /// Left out where empty.
    pub author: String,
}

/// An RSS 2.0 document.
pub fn rss(title: &str, site: &str, items: &[Item]) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n<title>{}</title>\n<link>{}</link>\n\
         <description>{0}</description>\n",
        escaped(title),
        escaped(site),
    );
    for item in items {
        out.push_str("<item>\n");
        element(&mut out, "title", &item.title);
        element(&mut out, "link", &item.link);
        if !item.id.is_empty() {
            let _ = writeln!(out, "<guid isPermaLink=\"false\">{}</guid>", escaped(&item.id));
        }
        if !item.published.is_empty() {
            element(&mut out, "pubDate", &moment(&item.published).to_rfc2822());
        }
        element(&mut out, "dc:creator", &item.author);
        element(&mut out, "description", &item.summary);
        if !item.content.is_empty() {
            let _ = writeln!(out, "<content:encoded><![CDATA[{}]]></content:encoded>", item.content);
        }
        out.push_str("</item>\n");
    }
    out.push_str("</channel>\n</rss>\n");
    out
}

/// An Atom document (RFC 4287).
pub fn atom(title: &str, site: &str, items: &[Item]) -> String {
    let newest = items.iter().map(|item| moment(&item.published)).max();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>{}</title>\n<link href=\"{}\"/>\n<id>{1}</id>\n<updated>{}</updated>\n",
        escaped(title),
        escaped(site),
        rfc3339(newest.unwrap_or_default()),
    );
    for item in items {
        out.push_str("<entry>\n");
        element(&mut out, "title", &item.title);
        let _ = writeln!(out, "<link rel=\"alternate\" href=\"{}\"/>", escaped(&item.link));
        element(&mut out, "id", &item.id);
        let published = rfc3339(moment(&item.published));
        element(&mut out, "published", &published);
        element(&mut out, "updated", &published);
        if !item.author.is_empty() {
            let _ = writeln!(out, "<author><name>{}</name></author>", escaped(&item.author));
        }
        for (name, html) in [("summary", &item.summary), ("content", &item.content)] {
            if !html.is_empty() {
                let _ = writeln!(out, "<{name} type=\"html\">{}</{name}>", escaped(html));
            }
        }
        out.push_str("</entry>\n");
    }
    out.push_str("</feed>\n");
    out
}

/// A JSON Feed 1.1 document.
pub fn json_feed(title: &str, site: &str, items: &[Item]) -> String {
    let items: Vec<_> = items
        .iter()
        .map(|item| {
            let mut entry = json!({
                "id": item.id,
                "url": item.link,
                "title": item.title,
                "date_published": rfc3339(moment(&item.published)),
            });
            for (name, value) in [("summary", &item.summary), ("content_html", &item.content)] {
                if !value.is_empty() {
                    entry[name] = json!(value);
                }
            }
            if !item.author.is_empty() {
                entry["authors"] = json!([{ "name": item.author }]);
            }
            entry
        })
        .collect();
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": site,
        "items": items,
    });
    format!("{feed:#}\n")
}

fn element(out: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let _ = writeln!(out, "<{name}>{}</{name}>", escaped(value));
    }
}

fn moment(published: &str) -> DateTime<FixedOffset> {
    if let Ok(date) = published.parse::<NaiveDate>() {
        return Utc.from_utc_datetime(&date.and_time(NaiveTime::MIN)).fixed_offset();
    }
    DateTime::parse_from_rfc3339(published).unwrap_or_else(|error| panic!("{published:?}: {error}"))
}

fn rfc3339(at: DateTime<FixedOffset>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
