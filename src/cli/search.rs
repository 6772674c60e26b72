//! `cuttings search`: full-text search over the stored articles.
//!
//! Only the 1,000 most recently stored matches are ranked or sorted, so that a common word costs no more than a rare one.

use std::io::{self, IsTerminal};

use anyhow::Context;
use chrono::Utc;
use clap::Args;

use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::{one_line, print_message, print_result};
use super::selection::{Unique, parse_time};
use crate::shapes::{self, SearchHitJson, UtcSeconds};
use crate::store::{Hit, Hits, Reader, SearchError, SearchRequest, Snippet, SortBy};

#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// Words that must all be there; "words in a row", beginn*, OR, NOT, (parentheses), title: standfirst: text:
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// Only articles of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only published since: 2026-11-24, 2026-11-24T08:00:00Z, or a length of time: 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only published before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Best match first instead of newest first; of the 1,000 most recently stored matches
    #[arg(long)]
    rank: bool,
    /// Most articles to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Show one article per story
    #[arg(long, value_enum, value_name = "WHAT")]
    unique: Option<Unique>,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

/// A query that cannot be parsed is a mistake of the command line. Nothing found is exit code 0 and no output.
pub(super) fn search(global: &GlobalOptions, args: &SearchArgs) -> anyhow::Result<Exit> {
    let now = Utc::now();
    let time = |typed: &Option<String>, option| -> anyhow::Result<_> {
        typed.as_deref().map(|typed| parse_time(typed, now)).transpose().context(option)
    };
    let search = SearchRequest {
        query: args.query.join(" "),
        source: args.source.clone(),
        since: time(&args.since, "--since")?,
        until: time(&args.until, "--until")?,
        order: if args.rank { SortBy::Rank } else { SortBy::Newest },
        limit: args.limit,
        one_of_a_cluster: args.unique == Some(Unique::Cluster),
    };
    let reader = Reader::open(&global.database_to_read()?)?;
    let Hits { hits, shortened } = match reader.search(&search) {
        Ok(found) => found,
        Err(SearchError::Query(error)) => return Err(UsageError(error.to_string()).into()),
        Err(SearchError::Store(error)) => return Err(error.into()),
    };
    for prefix in shortened {
        print_message(&format!(
            "`{prefix}` begins more words than can be looked through: looked for those that are commonest in the latest \
             articles; with more letters all of them are found"
        ));
    }
    let colour = io::stdout().is_terminal();
    for hit in &hits {
        print_result(&if args.json {
            shapes::to_line(&SearchHitJson::from(hit))?
        } else {
            as_text(hit, colour)
        })?;
    }
    Ok(Exit::Done)
}

/// Three lines: number, title, source and date; URL; passage.
fn as_text(hit: &Hit, colour: bool) -> String {
    let (open, close) = if colour { ("\x1b[1m", "\x1b[22m") } else { ("[", "]") };
    let date = hit.published.clone().unwrap_or_else(|| UtcSeconds(hit.first_seen).to_string());
    format!(
        "{} {} ({})\n  {}\n  {}",
        hit.article_id,
        hit.title.as_deref().map_or("(no title)".into(), one_line),
        [sources_of(hit), date].join(", "),
        one_line(&hit.url),
        marked(&hit.snippet, open, close)
    )
}

/// The names of all its sources.
fn sources_of(hit: &Hit) -> String {
    if hit.sources.is_empty() {
        return hit.source.clone().unwrap_or_else(|| "-".into());
    }
    hit.sources.join(", ")
}

/// The passage, each match between `open` and `close`.
fn marked(snippet: &Snippet, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    for mark in &snippet.marks {
        out.push_str(snippet.text.get(at..mark.start).unwrap_or_default());
        out.push_str(open);
        out.push_str(snippet.text.get(mark.clone()).unwrap_or_default());
        out.push_str(close);
        at = mark.end;
    }
    out.push_str(snippet.text.get(at..).unwrap_or_default());
    out
}
