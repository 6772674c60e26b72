//! `cuttings backup`: a checked copy of the database, with or without a running daemon.
//!
//! The copy has a `store_id` of its own, by which readers see after a restore that they have to start again.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::options::GlobalOptions;
use super::print::print_message;
use super::progress;
use crate::store;

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The copy; an older one is replaced once the new one is checked
    path: PathBuf,
}

/// Fails, and leaves an older copy as it is, where the new one does not pass the check.
pub(super) fn backup(global: &GlobalOptions, args: &BackupArgs) -> anyhow::Result<Exit> {
    let bar = progress::spinner("{spinner} copying and checking, {elapsed}");
    bar.enable_steady_tick(Duration::from_millis(200));
    let size = store::backup(&global.database_to_read()?, &args.path);
    bar.finish_and_clear();
    print_message(&format!(
        "{}: {} KiB, checked; to restore it: stop the daemon, move the database and its -wal and -shm away, and copy this file there",
        args.path.display(),
        size?.div_ceil(1024)
    ));
    Ok(Exit::Done)
}
