//! `cuttings list`: the configured sources.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::{Exit, Global, say, table};
use crate::config::{Source, SourceKind};
use crate::export::{self, Outline};
use crate::link;

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print the feeds as a list for other readers (OPML)
    #[arg(long, conflicts_with = "json")]
    opml: bool,
}

pub(super) fn list(global: &Global, args: &ListArgs) -> anyhow::Result<Exit> {
    let config = global.load()?;
    if args.opml {
        return as_opml(&config.sources);
    }
    say(&if args.json {
        as_json(&config.sources)
    } else {
        as_table(&config.sources)
    })?;
    Ok(Exit::Done)
}

fn as_table(sources: &[Arc<Source>]) -> String {
    let rows = sources.iter().map(|source| {
        let when = if source.enabled {
            source.schedule.to_string()
        } else {
            "not enabled".into()
        };
        vec![
            source.name.clone(),
            when,
            source.tags.join(","),
            link::mask_secrets(&source.feed),
        ]
    });
    table::table(&["source", "when", "tags", "feed"], &[], rows)
}

/// Listing pages and sitemaps are nothing that other readers know: they are left out, and that is said.
fn as_opml(sources: &[Arc<Source>]) -> anyhow::Result<Exit> {
    let (feeds, others): (Vec<&Source>, Vec<&Source>) = sources
        .iter()
        .map(AsRef::as_ref)
        .partition(|source| matches!(source.form, SourceKind::Feed));
    let outlines: Vec<Outline<'_>> = feeds
        .iter()
        .map(|source| Outline {
            name: &source.name,
            title: &source.name,
            url: link::mask_secrets(&source.feed),
            tags: &source.tags,
        })
        .collect();
    say(export::opml(&outlines).trim_end())?;
    for source in others {
        super::complain(&format!(
            "left out: {}: a {} is no feed",
            source.name,
            source.form.as_str()
        ));
    }
    Ok(Exit::Done)
}

fn as_json(sources: &[Arc<Source>]) -> String {
    let sources: Vec<_> = sources
        .iter()
        .map(|source| {
            json!({"source": source.name, "enabled": source.enabled, "when": source.schedule.to_string(),
                   "tags": source.tags, "kind": source.form.as_str(), "feed": link::mask_secrets(&source.feed), "at": source.at})
        })
        .collect();
    json!({"sources": sources}).to_string()
}
