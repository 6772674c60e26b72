//! `cuttings reextract`: extracts the stored pages again, by the present rules, and stores what differs.
//!
//! Pages are read in batches, so that memory does not grow with the database. A page that makes the extractor panic
//! fails alone.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::Utc;
use clap::Args;
use url::Url;

use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::print_message;
use super::progress;
use super::selection::parse_time;
use super::stored_page::header;
use crate::config::Config;
use crate::extract::{self, PageInput, Pagination};
use crate::field_choice::{self, ChoicePlace, FeedWords};
use crate::identity::{KeyRules, PageUrls};
use crate::model::{Field, Method, Origin, PageKind, RecalledPage};
use crate::shapes::{self, ReextractedJson};
use crate::store::{MaintenanceWriter, RawPageRow, RawPages, Reader, Reextraction, ReextractionOutcome};
use crate::{html, identity, link};

/// Pages in memory at a time.
const BATCH: usize = 8;

#[derive(Debug, Args)]
pub(super) struct ReextractArgs {
    /// Only pages of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only pages fetched since: 2026-11-24, 2026-11-24T08:00:00Z, or a length of time: 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Print JSON, one object for each article that changes
    #[arg(long)]
    json: bool,
}

/// What became of all pages.
#[derive(Default)]
struct ReextractSummary {
    /// Pages read.
    read: u64,
    /// Articles that changed, or would.
    changed: u64,
    /// Changes by field.
    fields: BTreeMap<&'static str, u64>,
    /// Pages without a text by the present rules.
    no_text: u64,
    /// First pages of articles on several pages.
    multi_page: u64,
    /// Pages that are no article by the present rules.
    no_article: u64,
    /// Pages that cannot be read, or panic.
    failed: u64,
}

/// Exit code 1 where a page could not be read. A page without an article by the present rules changes nothing.
pub(super) fn reextract(global: &GlobalOptions, args: &ReextractArgs) -> anyhow::Result<Exit> {
    let config = global.load()?;
    let now = Utc::now();
    let which = RawPages {
        source: args.source.clone(),
        since: args.since.as_deref().map(|typed| parse_time(typed, now)).transpose()?,
    };
    if let Some(name) = &which.source
        && config.source(name).is_none()
    {
        let names = config.sources.iter().map(|source| source.name.as_str());
        return Err(UsageError::unknown("source", name, names, "cuttings list").into());
    }
    let path = global.database(&config)?;
    let reader = Reader::open(&path)?;
    let mut writer = if args.dry_run { None } else { Some(MaintenanceWriter::open(&path)?) };
    let bar = progress::bar(
        reader.raw_pages_count(&which)?,
        "{bar:30} {pos} of {len} pages, {per_sec}, {eta} left",
    );
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut summary, mut after) = (ReextractSummary::default(), 0);
    loop {
        let pages = reader.raw_pages_after(&which, after, BATCH)?;
        let Some(last) = pages.last() else { break };
        after = last.page_id;
        for page in &pages {
            summary.read += 1;
            let hops = reader.links_to(page.page_id)?;
            let stored = reader.recalled_page(page.page_id)?;
            let reextraction =
                catch_unwind(AssertUnwindSafe(|| reextract_page(&config, page, &hops, stored.as_ref())))
                    .unwrap_or(ReextractedPage::Failed);
            let outcome = match (reextraction, &mut writer) {
                (ReextractedPage::Article(article), Some(writer)) => {
                    writer.store_reextraction(&article, now)?
                }
                (ReextractedPage::Article(article), None) => reader.compare(&article)?,
                (ReextractedPage::MultiPage, _) => {
                    summary.multi_page += 1;
                    continue;
                }
                (ReextractedPage::NoArticle, _) => {
                    summary.no_article += 1;
                    continue;
                }
                (ReextractedPage::Failed, _) => {
                    summary.failed += 1;
                    continue;
                }
            };
            match outcome {
                ReextractionOutcome::Changed(fields) => {
                    write_change(&mut out, page, &fields, args.json)?;
                    summary.changed += 1;
                    for field in fields {
                        *summary.fields.entry(field).or_default() += 1;
                    }
                }
                ReextractionOutcome::NoText => summary.no_text += 1,
                ReextractionOutcome::Same | ReextractionOutcome::Gone => {}
            }
        }
        bar.inc(pages.len() as u64);
    }
    out.flush()?;
    bar.finish_and_clear();
    print_message(&summary.as_text(args.dry_run));
    Ok(Exit::done_if(summary.failed == 0))
}

/// A stored page by the present rules.
enum ReextractedPage {
    /// What is to be stored.
    Article(Box<Reextraction>),
    /// The article continues on pages that are not stored: the first alone has less text than the stored article.
    MultiPage,
    /// A challenge, or what `reject_if_contains` names.
    NoArticle,
    /// The page cannot be read.
    Failed,
}

/// Extracts one page; `hops` are the URLs that led to it, `stored` is what is known of its feed's words.
fn reextract_page(
    config: &Config,
    row: &RawPageRow,
    hops: &[String],
    stored: Option<&RecalledPage>,
) -> ReextractedPage {
    let Some(url) = link::web_url(&row.url) else {
        return ReextractedPage::Failed;
    };
    let source = row.source.as_deref().and_then(|name| config.source(name));
    let html = html::decode(&row.body, header(row, "content-type"));
    let page = PageInput { html: &html, url: &url, link_header: header(row, "link") };
    let zone = config.zone_for(source, &url);
    let rules = config.rules_for(source, &url, row.fetched_at);
    let Ok(mut extraction) = extract::article(&page, &rules, zone, row.fetched_at) else {
        return ReextractedPage::Failed;
    };
    if matches!(extraction.kind, PageKind::Challenge | PageKind::Interstitial | PageKind::NotArticle) {
        return ReextractedPage::NoArticle;
    }
    if Pagination::new(&url, extraction.clone()).next_url().is_some() {
        return ReextractedPage::MultiPage;
    }
    let host = link::host(&url);
    let place = ChoicePlace { zone, host: &host, language: config.language_for(source, &url) };
    let feed = stored.map_or_else(FeedWords::default, |stored| {
        FeedWords::of(&stored.entry, stored.own_feed, &extraction.evidence)
    });
    field_choice::choose(&mut extraction, &feed, place);
    let hops: Vec<Url> = hops.iter().filter_map(|hop| link::web_url(hop)).collect();
    let pattern = config.key_pattern_for(source, &url);
    let rules = KeyRules { pattern, same_site: config.same_site_for(source), session: &[] };
    let urls = PageUrls { served: &url, asked: None, redirects: &hops, joined: &[] };
    ReextractedPage::Article(Box::new(Reextraction {
        page_id: row.page_id,
        fetched_at: row.fetched_at,
        method: match extraction.origins.get(&Field::Body) {
            Some(Origin::Rule) => Method::Rule,
            _ => Method::Auto,
        },
        published_at: extraction.published.map(|published| published.utc(zone)),
        keys: identity::of_page(rules, &extraction.links, urls, "").keys,
        extraction,
    }))
}

/// One line for each article that changed, or would.
fn write_change(
    out: &mut impl Write,
    page: &RawPageRow,
    fields: &[&'static str],
    json: bool,
) -> io::Result<()> {
    if json {
        let line = shapes::to_line(&ReextractedJson {
            id: page.article_id,
            url: &page.url,
            source: page.source.as_deref(),
            fields,
        })?;
        return writeln!(out, "{line}");
    }
    writeln!(out, "{} {}: {}", page.article_id, shapes::masked_url(&page.url), fields.join(", "))
}

impl ReextractSummary {
    /// One line for a person.
    fn as_text(&self, dry_run: bool) -> String {
        let would = if dry_run { "would change" } else { "changed" };
        let fields: Vec<String> =
            self.fields.iter().map(|(field, count)| format!("{field} {count}")).collect();
        let mut text = format!("{} stored pages read, {} articles {would}", self.read, self.changed);
        if !fields.is_empty() {
            text.push_str(&format!(" ({})", fields.join(", ")));
        }
        for (count, what) in [
            (self.no_text, "give no text any more and stay as they are"),
            (self.multi_page, "go on on other pages, which are not stored, and stay as they are"),
            (self.no_article, "are no article by today's rules and stay as they are"),
            (self.failed, "cannot be read; `cuttings try` says why"),
        ] {
            if count > 0 {
                text.push_str(&format!("; {count} {what}"));
            }
        }
        text
    }
}
