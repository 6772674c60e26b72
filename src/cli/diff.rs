//! `cuttings diff`: what changed in an article, sentence by sentence.
//!
//! Each pair of revisions that follow one another is compared; without `--all` only the last pair.

use std::io::{self, IsTerminal};

use clap::Args;

use super::exit::Exit;
use super::options::GlobalOptions;
use super::print::{one_line, print_json, print_message, print_result};
use super::sentence_diff::changes;
use crate::shapes::{DiffJson, FieldDiffJson, SentenceChange, UtcSeconds};
use crate::store::{Reader, RevisionRow};

/// Most revisions that `--all` compares; live blogs have thousands.
const MAX_REVISIONS: usize = 1000;

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

pub(super) fn diff(global: &GlobalOptions, args: &DiffArgs) -> anyhow::Result<Exit> {
    let reader = Reader::open(&global.database_to_read()?)?;
    let article = reader.find_article(&args.article)??;
    let revisions = reader.revisions_of(article, if args.all { MAX_REVISIONS } else { 2 })?;
    match revisions.len() {
        0 => print_message("the article was deleted: none of its texts is kept"),
        1 => print_message("the article has one text: nothing changed since it was first stored"),
        _ => {}
    }
    let colour = io::stdout().is_terminal();
    for (before, after) in revisions.iter().zip(revisions.iter().skip(1)) {
        if args.json {
            print_json(&as_json(article, before, after))?;
        } else {
            print_result(&as_text(before, after, colour))?;
        }
    }
    Ok(Exit::Done)
}

/// The fields beside the text that differ, by name.
fn changed_fields<'a>(
    before: &'a RevisionRow,
    after: &'a RevisionRow,
) -> impl Iterator<Item = (&'static str, FieldDiffJson<'a>)> {
    type Get = fn(&RevisionRow) -> Option<&str>;
    let fields: [(&'static str, Get); 5] = [
        ("title", |revision| revision.title.as_deref()),
        ("standfirst", |revision| revision.standfirst.as_deref()),
        ("byline", |revision| revision.byline.as_deref()),
        ("published", |revision| revision.published.as_deref()),
        ("url", |revision| Some(&revision.url)),
    ];
    fields.into_iter().filter_map(move |(name, get)| {
        let (before, after) = (get(before).unwrap_or_default(), get(after).unwrap_or_default());
        (before != after).then_some((name, FieldDiffJson { before, after }))
    })
}

/// Removed lines begin with `-`, added ones with `+`, as those of `diff -u`.
fn as_text(before: &RevisionRow, after: &RevisionRow, colour: bool) -> String {
    let (red, green, end) = if colour { ("\x1b[31m", "\x1b[32m", "\x1b[39m") } else { ("", "", "") };
    let mut lines = vec![format!(
        "revision {} ({}) to {} ({})",
        before.revision_id,
        UtcSeconds(before.fetched_at),
        after.revision_id,
        UtcSeconds(after.fetched_at)
    )];
    for (name, field) in changed_fields(before, after) {
        lines.push(format!("{red}- {name}: {}{end}", one_line(field.before)));
        lines.push(format!("{green}+ {name}: {}{end}", one_line(field.after)));
    }
    for change in changes(&before.text, &after.text) {
        lines.push(match change {
            SentenceChange::Out(text) => format!("{red}- {}{end}", one_line(text)),
            SentenceChange::In(text) => format!("{green}+ {}{end}", one_line(text)),
            SentenceChange::Same(1) => "  (1 sentence as before)".into(),
            SentenceChange::Same(count) => format!("  ({count} sentences as before)"),
        });
    }
    lines.join("\n")
}

fn as_json<'a>(article: i64, before: &'a RevisionRow, after: &'a RevisionRow) -> DiffJson<'a> {
    DiffJson {
        id: article,
        before: before.revision_id,
        after: after.revision_id,
        seq: after.seq,
        at: UtcSeconds(after.fetched_at),
        fields: changed_fields(before, after).collect(),
        sentences: changes(&before.text, &after.text),
    }
}
