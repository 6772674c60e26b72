//! `cuttings prune`: what the sources keep no longer.

use chrono::Utc;
use clap::Args;

use super::{Exit, Global, complain, say, table};
use crate::store::MaintenanceWriter;

#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// Only tell what would be dropped
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn prune(global: &Global, args: &PruneArgs) -> anyhow::Result<Exit> {
    let config = global.load()?;
    let mut clerk = MaintenanceWriter::open(&global.database(&config)?)?;
    let policies = clerk.policies(&config.sources)?;
    let now = Utc::now();
    if args.dry_run {
        let (plans, pages) = clerk.plan(&policies, now)?;
        let rows = plans.into_iter().map(|plan| {
            let (from, until) = plan.from_until.unwrap_or_default();
            vec![plan.source, plan.articles.to_string(), from, until]
        });
        say(&table::table(
            &["source", "articles", "first stored", "last stored"],
            &["articles"],
            rows,
        ))?;
        complain(&format!("{pages} stored pages have expired; nothing was dropped"));
        return Ok(Exit::Done);
    }
    let bar = super::progress::spinner("{spinner} {pos} articles dropped, {elapsed}");
    let sum = clerk.prune(&policies, now, |sum| bar.set_position(sum.articles))?;
    bar.finish_and_clear();
    complain(&format!(
        "dropped {} articles and {} stored pages",
        sum.articles, sum.pages
    ));
    Ok(Exit::Done)
}
