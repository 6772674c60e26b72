//! `cuttings backup`: a checked copy of the database, daemon or no daemon.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, Global, complain, progress};
use crate::store;

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The copy; replaced whole once the new one is checked
    path: PathBuf,
}

pub(super) fn backup(global: &Global, args: &BackupArgs) -> anyhow::Result<Exit> {
    let bar = progress::spinner("{spinner} copying and checking, {elapsed}");
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let size = store::backup(&global.database_to_read()?, &args.path);
    bar.finish_and_clear();
    complain(&format!(
        "{}: {} KiB, checked; to restore it: stop the daemon, move the database and its -wal and -shm away, and copy this file there",
        args.path.display(),
        size?.div_ceil(1024)
    ));
    Ok(Exit::Done)
}
