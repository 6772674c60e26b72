//! `cuttings reextract`: today's rules over the pages that were stored.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::Utc;
use clap::Args;
use serde_json::json;
use url::Url;

use super::{Exit, Global, Usage, complain, progress, when};
use crate::config::Config;
use crate::extract::{self, PageInput, Pagination};
use crate::model::{Field, Method, Origin, PageKind};
use crate::store::{MaintenanceWriter, RawPageRow, RawPages, Reader, Reextraction, ReextractionOutcome};
use crate::{html, identity, link};

/// Pages in memory at a time.
const BATCH: usize = 8;

#[derive(Debug, Args)]
pub(super) struct ReextractArgs {
    /// Only pages of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only pages fetched since: 2026-11-24, 2026-11-24T08:00:00Z, or so long ago: 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,
    /// Print JSON, one object for each article that changes
    #[arg(long)]
    json: bool,
}

/// What came of all pages.
#[derive(Default)]
struct Sum {
    read: u64,
    changed: u64,
    fields: BTreeMap<&'static str, u64>,
    no_text: u64,
    several: u64,
    no_article: u64,
    failed: u64,
}

pub(super) fn reextract(global: &Global, args: &ReextractArgs) -> anyhow::Result<Exit> {
    let config = global.load()?;
    let now = Utc::now();
    let which = RawPages {
        source: args.source.clone(),
        since: args
            .since
            .as_deref()
            .map(|typed| when::parse(typed, now))
            .transpose()?,
    };
    if let Some(name) = &which.source
        && !config.sources.iter().any(|source| source.name == *name)
    {
        return Err(Usage(format!("no source is named {name:?}; `cuttings list` names them")).into());
    }
    let path = global.database(&config)?;
    let reader = Reader::open(&path)?;
    let mut clerk = if args.dry_run {
        None
    } else {
        Some(MaintenanceWriter::open(&path)?)
    };
    let bar = progress::bar(
        reader.raw_pages_count(&which)?,
        "{bar:30} {pos} of {len} pages, {per_sec}, {eta} left",
    );
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut sum, mut after) = (Sum::default(), 0);
    loop {
        let pages = reader.raw_pages_after(&which, after, BATCH)?;
        let Some(last) = pages.last() else { break };
        after = last.page_id;
        for page in &pages {
            sum.read += 1;
            let ways = reader.ways_to(page.page_id)?;
            // Whatever a parser does costs this one page.
            let cut = catch_unwind(AssertUnwindSafe(|| cut(&config, page, &ways))).unwrap_or(Cut::Failed);
            let recast = match cut {
                Cut::Anew(anew) => match &mut clerk {
                    Some(clerk) => clerk.recast(&anew, now)?,
                    None => reader.compare(&anew)?,
                },
                Cut::Several => {
                    sum.several += 1;
                    continue;
                }
                Cut::NoArticle => {
                    sum.no_article += 1;
                    continue;
                }
                Cut::Failed => {
                    sum.failed += 1;
                    continue;
                }
            };
            match recast {
                ReextractionOutcome::Changed(fields) => {
                    tell(&mut out, page, &fields, args.json)?;
                    sum.changed += 1;
                    for field in fields {
                        *sum.fields.entry(field).or_default() += 1;
                    }
                }
                ReextractionOutcome::NoText => sum.no_text += 1,
                ReextractionOutcome::Same | ReextractionOutcome::Gone => {}
            }
        }
        bar.inc(pages.len() as u64);
    }
    out.flush()?;
    bar.finish_and_clear();
    complain(&sum.told(args.dry_run));
    Ok(if sum.failed > 0 {
        Exit::NeedsAPerson
    } else {
        Exit::Done
    })
}

/// A stored page under today's rules.
enum Cut {
    Anew(Box<Reextraction>),
    /// It goes on on other pages.
    Several,
    /// A challenge or what `reject_if_contains` names.
    NoArticle,
    Failed,
}

fn cut(config: &Config, row: &RawPageRow, ways: &[String]) -> Cut {
    let Some(url) = link::web_url(&row.url) else {
        return Cut::Failed;
    };
    let source = row.source.as_deref().and_then(|name| config.source(name));
    let header = |wanted: &str| {
        row.headers
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim())
    };
    let html = html::decode(&row.body, header("content-type"));
    let page = PageInput {
        html: &html,
        url: &url,
        link_header: header("link"),
    };
    let zone = config.zone_for(source, &url);
    let Ok(mut extraction) = extract::article(
        &page,
        &config.rules_for(source, &url, row.fetched_at),
        zone,
        row.fetched_at,
    ) else {
        return Cut::Failed;
    };
    if matches!(extraction.kind, PageKind::Challenge | PageKind::NotArticle) {
        return Cut::NoArticle;
    }
    // Only the first of its pages is stored: it alone would say less than what is kept.
    if Pagination::new(&url, extraction.clone()).wanted().is_some() {
        return Cut::Several;
    }
    if extraction.language.is_none() {
        extraction.language = config.language_for(source, &url).map(str::to_owned);
    }
    let ways: Vec<Url> = ways.iter().filter_map(|way| link::web_url(way)).collect();
    let pattern = config.key_pattern_for(source, &url);
    Cut::Anew(Box::new(Reextraction {
        page_id: row.page_id,
        fetched_at: row.fetched_at,
        method: match extraction.origins.get(&Field::Body) {
            Some(Origin::Rule) => Method::Rule,
            _ => Method::Auto,
        },
        published_at: extraction.published.map(|published| published.utc(zone)),
        keys: identity::of_page(pattern, &extraction.links, &url, &ways, "").keys,
        extraction,
    }))
}

fn tell(out: &mut impl Write, page: &RawPageRow, fields: &[&str], json: bool) -> io::Result<()> {
    if json {
        let line = json!({"id": page.article_id, "url": page.url, "source": page.source, "fields": fields});
        return writeln!(out, "{line}");
    }
    writeln!(
        out,
        "{} {}: {}",
        page.article_id,
        Url::parse(&page.url).map_or_else(|_| page.url.clone(), |url| link::mask_secrets(&url)),
        fields.join(", ")
    )
}

impl Sum {
    fn told(&self, dry_run: bool) -> String {
        let would = if dry_run { "would change" } else { "changed" };
        let fields: Vec<String> = self
            .fields
            .iter()
            .map(|(field, count)| format!("{field} {count}"))
            .collect();
        let mut text = format!(
            "{} stored pages read, {} articles {would}",
            self.read, self.changed
        );
        if !fields.is_empty() {
            text.push_str(&format!(" ({})", fields.join(", ")));
        }
        for (count, what) in [
            (self.no_text, "give no text any more and stay as they are"),
            (
                self.several,
                "go on on other pages, which are not stored, and stay as they are",
            ),
            (
                self.no_article,
                "are no article by today's rules and stay as they are",
            ),
            (self.failed, "cannot be read; `cuttings try` says why"),
        ] {
            if count > 0 {
                text.push_str(&format!("; {count} {what}"));
            }
        }
        text
    }
}
