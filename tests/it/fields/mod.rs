//! Which of page and feed wins a field, by a newsroom of pages with feeds that disagree with them: the table of
//! docs/explain/fields.md.

mod cases;
mod strangers;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, NaiveDate};
use serde_json::Value;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::config;
use crate::workspace::Workspace;
use cases::{Case, Feed, cases, html};

/// The table of the page, between these lines.
const TABLE: (&str, &str) =
    ("<!-- The table is held by tests/it/fields. -->\n", "<!-- End of the table. -->");

/// The sources: name, feed, path, and what else their section has.
const SOURCES: &[(&str, Feed, &str, &str)] = &[
    ("rss", Feed::Rss, "/rss.xml", ""),
    ("ruled", Feed::Ruled, "/ruled.xml", "[source.article]\ntitle = \".deck\"\n"),
    ("one-date", Feed::OneDate, "/one-date.xml", ""),
    ("atom", Feed::Atom, "/atom.xml", ""),
    ("json", Feed::Json, "/feed.json", ""),
    ("sitemap", Feed::Sitemap, "/sitemap.xml", ""),
    ("news", Feed::News, "/news.xml", ""),
    ("stranger", Feed::Stranger, "/rss.xml", ""),
    ("tokyo", Feed::Tokyo, "/tokyo.xml", "timezone = \"Asia/Tokyo\"\n"),
];

fn source_of(case: &Case) -> &'static str {
    SOURCES.iter().find(|(_, feed, ..)| *feed == case.feed).unwrap().0
}

/// The two sites, with all pages and feeds.
struct Sites {
    paper: Press,
    stranger: Press,
}

impl Sites {
    fn start(cases: &[Case]) -> Self {
        let sites = Self { paper: Press::start("127.0.0.2"), stranger: Press::start("127.0.0.3") };
        for case in cases {
            sites.paper.page(&format!("/{}", case.name), Reply::html(html(case)));
        }
        for (_, feed, path, _) in SOURCES {
            let of_feed: Vec<&Case> = cases.iter().filter(|case| case.feed == *feed).collect();
            let press = if *feed == Feed::Stranger { &sites.stranger } else { &sites.paper };
            press.page(path, sites.document(*feed, &of_feed));
        }
        sites
    }

    fn link(&self, case: &Case) -> String {
        self.paper.url(&format!("/{}", case.name))
    }

    /// A feed with an entry for each case.
    fn document(&self, feed: Feed, cases: &[&Case]) -> Reply {
        let entries: Vec<String> = cases.iter().map(|case| self.entry(feed, case)).collect();
        let entries = entries.concat();
        match feed {
            Feed::Atom => Reply::atom(format!(
                "<feed xmlns='http://www.w3.org/2005/Atom'><title>The Lindmouth Courier</title>{entries}</feed>"
            )),
            Feed::Json => Reply::json_feed(format!(
                r#"{{"version": "https://jsonfeed.org/version/1.1", "title": "The Lindmouth Courier", "items": [{}]}}"#,
                entries.trim_end_matches(',')
            )),
            Feed::Sitemap | Feed::News => Reply::ok(
                "application/xml",
                format!(
                    "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>{entries}</urlset>"
                ),
            ),
            _ => Reply::rss(format!(
                "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:content='http://purl.org/rss/1.0/modules/content/'>\
                 <channel><title>The Lindmouth Courier</title>{entries}</channel></rss>"
            )),
        }
    }

    fn entry(&self, feed: Feed, case: &Case) -> String {
        let Case { title, date, creator, language, .. } = case;
        let (link, short) = (self.link(case), "In short, as the feed has it.");
        match feed {
            Feed::Atom => format!(
                "<entry><id>{link}</id><title>{title}</title><link href='{link}'/><updated>{date}</updated>\
                 <author><name>{creator}</name></author><summary>{short}</summary></entry>"
            ),
            Feed::Json => format!(
                r#"{{"id": "{link}", "url": "{link}", "title": "{title}", "date_published": "{date}", "summary": "{short}",
                    "authors": [{{"name": "{creator}"}}], "language": "{language}"}},"#
            ),
            Feed::Sitemap => format!("<url><loc>{link}</loc><lastmod>{date}</lastmod></url>"),
            Feed::News => format!(
                "<url><loc>{link}</loc><news:news><news:publication><news:name>Courier</news:name><news:language>{language}</news:language>\
                 </news:publication><news:publication_date>{date}</news:publication_date><news:title>{title}</news:title></news:news></url>"
            ),
            _ => {
                let content = if case.content.is_empty() {
                    String::new()
                } else {
                    let (first, second) = texts::text(case.content);
                    format!("<content:encoded>&lt;p>{first}&lt;/p>&lt;p>{second}&lt;/p></content:encoded>")
                };
                let mut entry = format!(
                    "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><description>{short}</description>{content}"
                );
                for (name, value) in [
                    ("pubDate", rfc2822(date)),
                    ("dc:creator", (*creator).to_owned()),
                    ("dc:language", (*language).to_owned()),
                ] {
                    if !value.is_empty() {
                        write!(entry, "<{name}>{value}</{name}>").unwrap();
                    }
                }
                entry + "</item>"
            }
        }
    }

    fn config(&self) -> String {
        let mut text = config(&[]);
        for (name, feed, path, more) in SOURCES {
            let press = if *feed == Feed::Stranger { &self.stranger } else { &self.paper };
            let key = if matches!(feed, Feed::Sitemap | Feed::News) { "sitemap" } else { "feed" };
            write!(
                text,
                "[[source]]\nname = \"{name}\"\n{key} = \"{}\"\npages = \"always\"\nfirst_poll = 200\n{more}",
                press.url(path)
            )
            .unwrap();
        }
        text
    }
}

/// A date as RSS has it; a bare day stays as it is.
fn rfc2822(date: &str) -> String {
    let full = DateTime::parse_from_rfc3339(date).map(|at| at.to_rfc2822());
    full.unwrap_or_else(|_| {
        NaiveDate::parse_from_str(date, "%Y-%m-%d").map(|day| day.to_string()).unwrap_or_default()
    })
}

/// A field of an article as text; lists are joined.
fn value(article: &Value, field: &str) -> String {
    match &article[if field == "byline" { "authors" } else { field }] {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
        _ => String::new(),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn of_page_and_feed_the_surer_one_wins_each_field_and_try_says_why() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    let sites = Sites::start(&cases);
    let workspace = Workspace::new(&sites.config());
    let ended = workspace.run(&["run", "--once"]);
    let articles: BTreeMap<String, Value> = workspace
        .exported(&[])
        .into_iter()
        .map(|article| (word(&article["url"]).to_owned(), article))
        .collect();
    assert_eq!(articles.len(), cases.len(), "{}{}", ended.stdout, ended.stderr);
    let mut faults = Vec::new();
    let mut counted: BTreeMap<(&str, String), u64> = BTreeMap::new();
    let mut table =
        String::from("| page and feed | title | authors | date | language |\n|---|---|---|---|---|\n");
    for case in &cases {
        let (link, source) = (sites.link(case), source_of(case));
        let stored = &articles[&link];
        let tried = workspace.run(&["try", &link, "--source", source, "--json"]);
        let tried: Value = serde_json::from_str(&tried.stdout)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", case.name, tried.stderr));
        let choices = tried["choices"].as_array().unwrap();
        let choice =
            |field: &str| choices.iter().find(|choice| choice["field"] == field).unwrap_or(&Value::Null);
        for field in ["title", "byline", "published", "language", "modified"] {
            if value(&tried, field) != value(stored, field) {
                faults.push(format!(
                    "{}: try has the {field} {:?}, stored is {:?}",
                    case.name,
                    value(&tried, field),
                    value(stored, field)
                ));
            }
        }
        for (field, wanted, origin, reason) in case.wants {
            let found =
                (value(stored, field), word(&stored["origins"][*field]), word(&choice(field)["reason"]));
            if (found.0.as_str(), found.1, found.2) != (wanted, *origin, *reason) {
                faults.push(format!(
                    "{}: {field} is {found:?}, wanted {:?}",
                    case.name,
                    (wanted, origin, reason)
                ));
            }
        }
        let contradicted: BTreeSet<&str> = choices
            .iter()
            .filter(|choice| choice["feed"].is_string())
            .map(|choice| word(&choice["field"]))
            .collect();
        if contradicted != case.contradictions.iter().copied().collect() {
            faults.push(format!(
                "{}: contradictions are {contradicted:?}, wanted {:?}",
                case.name, case.contradictions
            ));
        }
        for field in contradicted {
            *counted.entry((source, field.to_owned())).or_default() += 1;
        }
        write!(table, "| {}", case.about).unwrap();
        for field in ["title", "byline", "published", "language"] {
            let choice = choice(field);
            let origin = choice["origin"].as_str().unwrap_or("–");
            let is_wanted = case.wants.iter().any(|(wanted, ..)| *wanted == field);
            let mark = if is_wanted { "**" } else { "" };
            write!(table, " | {mark}{origin}{mark}: {}", word(&choice["reason"])).unwrap();
        }
        table.push_str(" |\n");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (name, ..) in SOURCES {
        let of_source: BTreeMap<&str, u64> = counted
            .iter()
            .filter(|((source, _), _)| source == name)
            .map(|((_, field), count)| (field.as_str(), *count))
            .collect();
        let status = workspace.run(&["status", name, "--json"]);
        let status: Value = serde_json::from_str(&status.stdout).unwrap();
        let shown: BTreeMap<&str, u64> = status["source"]["contradictions"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(field, count)| (field.as_str(), count.as_u64().unwrap()))
            .collect();
        assert_eq!(shown, of_source, "{name}");
    }
    let said = workspace.run(&["status", "rss"]).stdout;
    assert!(said.contains("feed and page contradict each other"), "{said}");
    hold_table(&table);
}

/// Compares the table of the page with this one; writes it where `INSTA_UPDATE=always` asks for it.
fn hold_table(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explain/fields.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(TABLE.0).expect("the line before the table");
    let (written, tail) = rest.split_once(TABLE.1).expect("the line after the table");
    if written != table && std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        std::fs::write(&path, format!("{head}{}{table}{}{tail}", TABLE.0, TABLE.1)).unwrap();
        return;
    }
    assert_eq!(
        written, table,
        "docs/explain/fields.md is not what the program does; INSTA_UPDATE=always writes it"
    );
}
