//! `cuttings verify`: whether the database is intact.
//!
//! SQLite's integrity check, the invariants between the tables, and whether stored pages can be decompressed.

use clap::Args;

use super::exit::Exit;
use super::options::GlobalOptions;
use super::print::{print_message, print_result};
use super::progress;
use crate::store::{MaintenanceWriter, Reader};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Rebuild the full-text index first
    #[arg(long)]
    rebuild_search: bool,
}

/// Exit code 1 where anything is wrong; each error is a line on stdout.
pub(super) fn verify(global: &GlobalOptions, args: &VerifyArgs) -> anyhow::Result<Exit> {
    let path = if args.rebuild_search {
        let path = global.database_to_write()?;
        let bar = progress::spinner("{spinner} {pos} articles indexed, {per_sec}");
        MaintenanceWriter::open(&path)?.rebuild_search(|indexed| bar.set_position(indexed))?;
        bar.finish_and_clear();
        path
    } else {
        global.database_to_read()?
    };
    let reader = Reader::open(&path)?;
    let bar = progress::spinner("{spinner} {msg}");
    let errors = reader.verify(|check| bar.set_message(check.to_owned()))?;
    bar.finish_and_clear();
    if errors.is_empty() {
        let summary = reader.summary()?;
        print_message(&format!(
            "{}: {} articles, {} changes: everything is as it should be",
            path.display(),
            summary.articles,
            summary.seq
        ));
        return Ok(Exit::Done);
    }
    print_result(&errors.join("\n"))?;
    print_message("keep a copy of the database as it is; where SQLite itself finds fault, restore a backup");
    Ok(Exit::NeedsAPerson)
}
