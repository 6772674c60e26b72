//! `cuttings list`: the configured sources.

use clap::Args;
use serde_json::json;

use super::{Exit, Global, say, table};
use crate::config::Source;
use crate::link;

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn list(global: &Global, args: &ListArgs) -> anyhow::Result<Exit> {
    let config = global.load()?;
    say(&if args.json {
        as_json(&config.sources)
    } else {
        as_table(&config.sources)
    })?;
    Ok(Exit::Done)
}

fn as_table(sources: &[Source]) -> String {
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
            link::masked(&source.feed),
        ]
    });
    table::table(&["source", "when", "tags", "feed"], &[], rows)
}

fn as_json(sources: &[Source]) -> String {
    let sources: Vec<_> = sources
        .iter()
        .map(|source| {
            json!({"source": source.name, "enabled": source.enabled, "when": source.schedule.to_string(),
                   "tags": source.tags, "feed": link::masked(&source.feed), "at": source.at})
        })
        .collect();
    json!({"sources": sources}).to_string()
}
