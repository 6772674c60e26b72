//! `cuttings prune`: deletes what `keep` and `keep_pages` of the sources say is kept no longer.

use chrono::Utc;
use clap::Args;

use super::exit::Exit;
use super::options::GlobalOptions;
use super::print::{print_message, print_result};
use super::{progress, table};
use crate::store::MaintenanceWriter;

#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// Only show what would be deleted
    #[arg(long)]
    dry_run: bool,
}

/// The daemon prunes too; this does it now, and while no daemon runs.
pub(super) fn prune(global: &GlobalOptions, args: &PruneArgs) -> anyhow::Result<Exit> {
    let config = global.load()?;
    let mut writer = MaintenanceWriter::open(&global.database(&config)?)?;
    let policies = writer.policies(&config.sources)?;
    let now = Utc::now();
    if args.dry_run {
        let forecast = writer.forecast(&policies, now)?;
        let rows = forecast.sources.into_iter().map(|plan| {
            let (from, until) = plan.from_until.unwrap_or_default();
            vec![plan.source, plan.articles.to_string(), from, until]
        });
        print_result(&table::table(
            &["source", "articles", "first stored", "last stored"],
            &["articles"],
            rows,
        ))?;
        print_message(&format!(
            "{} articles and {} stored pages are kept no longer; nothing was dropped",
            forecast.articles, forecast.pages
        ));
        return Ok(Exit::Done);
    }
    let bar = progress::spinner("{spinner} {pos} articles dropped, {elapsed}");
    let sum = writer.prune(&policies, now, |sum| bar.set_position(sum.articles))?;
    bar.finish_and_clear();
    print_message(&format!("dropped {} articles and {} stored pages", sum.articles, sum.pages));
    Ok(Exit::Done)
}
