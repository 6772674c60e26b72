//! `cuttings search`: articles by their words.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use chrono::{SecondsFormat, Utc};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Exit, Global, Usage, say, when};
use crate::store::{Hit, Hits, Reader, SearchError, SearchRequest, Snippet, SortBy};

#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// Words that must all be there; "words in a row", beginn*, OR, NOT, (parentheses), title: standfirst: text:
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// Only articles of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only published since: 2026-11-24, 2026-11-24T08:00:00Z, or so long ago: 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only published before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// What fits best first, else what was published last; of the thousand that match and arrived last
    #[arg(long)]
    rank: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// The same story on several sites once
    #[arg(long, value_enum, value_name = "WHAT")]
    unique: Option<Unique>,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Unique {
    /// One article of each cluster
    Cluster,
}

pub(super) fn search(global: &Global, args: &SearchArgs) -> anyhow::Result<Exit> {
    let now = Utc::now();
    let time = |typed: &Option<String>, option| -> anyhow::Result<_> {
        typed
            .as_deref()
            .map(|typed| when::parse(typed, now))
            .transpose()
            .context(option)
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
        Err(SearchError::Query(error)) => return Err(Usage(error.to_string()).into()),
        Err(SearchError::Store(error)) => return Err(error.into()),
    };
    for beginning in shortened {
        writeln!(
            io::stderr(),
            "`{beginning}` begins more words than can be looked through: looked for those that are commonest in the latest \
             articles; with more letters all of them are found"
        )?;
    }
    let lines: Vec<String> = if args.json {
        hits.iter().map(as_json).collect()
    } else {
        let colour = io::stdout().is_terminal();
        hits.iter().map(|hit| as_text(hit, colour)).collect()
    };
    if !lines.is_empty() {
        say(&lines.join("\n"))?;
    }
    Ok(Exit::Done)
}

fn as_text(hit: &Hit, colour: bool) -> String {
    let (open, close) = if colour {
        ("\x1b[1m", "\x1b[22m")
    } else {
        ("[", "]")
    };
    let date = hit
        .published
        .clone()
        .unwrap_or_else(|| hit.first_seen.to_rfc3339_opts(SecondsFormat::Secs, true));
    format!(
        "{} {} ({})\n  {}\n  {}",
        hit.article_id,
        hit.title.as_deref().map_or("(no title)".into(), one_line),
        [hit.source.as_deref().unwrap_or("-"), &date].join(", "),
        one_line(&hit.url),
        marked(&hit.snippet, open, close)
    )
}

/// The passage with what was found between `open` and `close`.
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

/// Stored text has tabs and line breaks, and no other control characters.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn as_json(hit: &Hit) -> String {
    let text = &hit.snippet.text;
    let characters = |bytes: usize| text.get(..bytes).unwrap_or_default().chars().count();
    let marks: Vec<[usize; 2]> = hit
        .snippet
        .marks
        .iter()
        .map(|mark| [characters(mark.start), characters(mark.end)])
        .collect();
    json!({
        "id": hit.article_id, "url": hit.url, "title": hit.title, "source": hit.source, "published": hit.published,
        "language": hit.language, "first_seen": hit.first_seen.to_rfc3339_opts(SecondsFormat::Secs, true),
        "cluster": hit.cluster, "snippet": text, "marks": marks, "score": hit.score,
    })
    .to_string()
}
