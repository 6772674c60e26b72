//! `cuttings diff`: what changed in an article, sentence by sentence.

use std::io::{self, IsTerminal};

use chrono::SecondsFormat;
use clap::Args;
use serde_json::{Value, json};

use super::sentences::{Change, changes};
use super::{Exit, Global, complain, say};
use crate::store::{Reader, RevisionRow};

/// Revisions shown with `--all`: a live blog has more than anybody reads.
const MOST: usize = 1000;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// Number of an article, or any URL of it
    article: String,
    /// Every change, not only the last
    #[arg(long)]
    all: bool,
    /// Print JSON, one object for each change
    #[arg(long)]
    json: bool,
}

pub(super) fn diff(global: &Global, args: &DiffArgs) -> anyhow::Result<Exit> {
    let reader = Reader::open(&global.database_to_read()?)?;
    let article = reader.find_article(&args.article)??;
    let revisions = reader.revisions_of(article, if args.all { MOST } else { 2 })?;
    if revisions.len() < 2 {
        complain(match revisions.len() {
            0 => "the article was deleted: none of its texts is kept",
            _ => "the article has one text: nothing changed since it was first stored",
        });
        return Ok(Exit::Done);
    }
    let colour = io::stdout().is_terminal();
    for (before, after) in revisions.iter().zip(revisions.iter().skip(1)) {
        say(&if args.json {
            as_json(article, before, after)
        } else {
            as_text(before, after, colour)
        })?;
    }
    Ok(Exit::Done)
}

/// Fields beside the text: name, before, after.
fn fields<'a>(before: &'a RevisionRow, after: &'a RevisionRow) -> [(&'static str, &'a str, &'a str); 5] {
    let of = |field: fn(&RevisionRow) -> Option<&str>| {
        (
            field(before).unwrap_or_default(),
            field(after).unwrap_or_default(),
        )
    };
    let named = |name, (before, after)| (name, before, after);
    [
        named("title", of(|r| r.title.as_deref())),
        named("standfirst", of(|r| r.standfirst.as_deref())),
        named("byline", of(|r| r.byline.as_deref())),
        named("published", of(|r| r.published.as_deref())),
        named("url", of(|r| Some(r.url.as_str()))),
    ]
}

fn as_text(before: &RevisionRow, after: &RevisionRow, colour: bool) -> String {
    let (red, green, end) = if colour {
        ("\x1b[31m", "\x1b[32m", "\x1b[39m")
    } else {
        ("", "", "")
    };
    let time = |revision: &RevisionRow| revision.fetched_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = vec![format!(
        "revision {} ({}) to {} ({})",
        before.revision_id,
        time(before),
        after.revision_id,
        time(after)
    )];
    for (name, before, after) in fields(before, after) {
        if before != after {
            lines.push(format!("{red}- {name}: {}{end}", one_line(before)));
            lines.push(format!("{green}+ {name}: {}{end}", one_line(after)));
        }
    }
    for change in changes(&before.text, &after.text) {
        lines.push(match change {
            Change::Out(text) => format!("{red}- {}{end}", one_line(text)),
            Change::In(text) => format!("{green}+ {}{end}", one_line(text)),
            Change::Same(1) => "  (1 sentence as before)".into(),
            Change::Same(count) => format!("  ({count} sentences as before)"),
        });
    }
    lines.join("\n")
}

fn as_json(article: i64, before: &RevisionRow, after: &RevisionRow) -> String {
    let differ: serde_json::Map<String, Value> = fields(before, after)
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| (name.to_owned(), json!({"before": before, "after": after})))
        .collect();
    let sentences: Vec<Value> = changes(&before.text, &after.text)
        .into_iter()
        .map(|change| match change {
            Change::Out(text) => json!({"out": text}),
            Change::In(text) => json!({"in": text}),
            Change::Same(count) => json!({"same": count}),
        })
        .collect();
    json!({
        "id": article, "before": before.revision_id, "after": after.revision_id, "seq": after.seq,
        "at": after.fetched_at.to_rfc3339_opts(SecondsFormat::Secs, true), "fields": differ, "sentences": sentences,
    })
    .to_string()
}
