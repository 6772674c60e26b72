//! `cuttings list`: the configured sources, as a table, as JSON or as OPML.

use std::sync::Arc;

use clap::Args;

use super::exit::Exit;
use super::options::GlobalOptions;
use super::print::{print_json, print_message, print_result};
use super::table;
use crate::config::{Source, SourceKind};
use crate::export::{self, Outline};
use crate::link;
use crate::shapes::SourceListJson;

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print the feeds as a list for other readers (OPML)
    #[arg(long, conflicts_with = "json")]
    opml: bool,
}

pub(super) fn list(global: &GlobalOptions, args: &ListArgs) -> anyhow::Result<Exit> {
    let sources = global.load()?.sources;
    if args.opml {
        print_opml(&sources)?;
    } else if args.json {
        print_json(&SourceListJson::from(sources.as_slice()))?;
    } else {
        print_result(&source_table(&sources))?;
    }
    Ok(Exit::Done)
}

/// In the order of the configuration.
fn source_table(sources: &[Arc<Source>]) -> String {
    let rows = sources.iter().map(|source| {
        let when = if source.enabled { source.schedule.to_string() } else { "not enabled".into() };
        vec![source.name.clone(), when, source.tags.join(","), link::mask_secrets(&source.feed)]
    });
    table::table(&["source", "when", "tags", "feed"], &[], rows)
}

/// Only feeds of the web: other readers do not poll listing pages and sitemaps, run no programs, and have other files. Each that
/// is left out is named on stderr.
fn print_opml(sources: &[Arc<Source>]) -> anyhow::Result<()> {
    let (feeds, others): (Vec<&Source>, Vec<&Source>) =
        sources.iter().map(AsRef::as_ref).partition(|source| why_no_outline(source).is_none());
    let outlines: Vec<Outline<'_>> = feeds
        .iter()
        .map(|source| Outline {
            name: &source.name,
            title: &source.name,
            url: link::mask_secrets(&source.feed),
            tags: &source.tags,
        })
        .collect();
    print_result(export::opml(&outlines).trim_end())?;
    for source in others {
        let why = why_no_outline(source).unwrap_or_default();
        print_message(&format!("left out: {}: {why}", source.name));
    }
    Ok(())
}

/// Why other readers cannot poll a source.
fn why_no_outline(source: &Source) -> Option<String> {
    if !matches!(source.kind, SourceKind::Feed) {
        return Some(format!("a {} is no feed", source.kind.as_str()));
    }
    let is_local = source.feed.scheme() == "file" || source.feed_command.is_some();
    is_local.then(|| "its feed is a file or printed by a program of this machine".to_owned())
}
