//! `cuttings verify`: whether the database is what it should be.

use clap::Args;

use super::{Exit, Global, complain, progress, say};
use crate::store::{MaintenanceWriter, Reader};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Build the index of words anew first
    #[arg(long)]
    rebuild_search: bool,
}

pub(super) fn verify(global: &Global, args: &VerifyArgs) -> anyhow::Result<Exit> {
    let path = if args.rebuild_search {
        global.database_alone()?
    } else {
        global.database_to_read()?
    };
    if args.rebuild_search {
        let bar = progress::spinner("{spinner} {pos} articles indexed, {per_sec}");
        MaintenanceWriter::open(&path)?.rebuild_search(|indexed| bar.set_position(indexed))?;
        bar.finish_and_clear();
    }
    let reader = Reader::open(&path)?;
    let bar = progress::spinner("{spinner} {msg}");
    let wrong = reader.verify(|what| bar.set_message(what.to_owned()))?;
    bar.finish_and_clear();
    if wrong.is_empty() {
        let summary = reader.summary()?;
        complain(&format!(
            "{}: {} articles, {} changes: everything is as it should be",
            path.display(),
            summary.articles,
            summary.seq
        ));
        return Ok(Exit::Done);
    }
    say(&wrong.join("\n"))?;
    complain("keep a copy of the database as it is; where SQLite itself finds fault, restore a backup");
    Ok(Exit::NeedsAPerson)
}
