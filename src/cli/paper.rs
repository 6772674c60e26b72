//! `cuttings completions`, `man` and `schema`: what the program says of itself, for shells, readers and editors.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _};

use super::{Cli, Exit, say};
use crate::config;

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write cuttings.1, cuttings-run.1 and so on into this folder
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

pub(super) fn completions(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cuttings", &mut script);
    print(&script)
}

pub(super) fn man(args: &ManArgs) -> anyhow::Result<Exit> {
    if let Some(folder) = &args.to {
        std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
            .with_context(|| format!("cannot write manual pages into {}", folder.display()))?;
        return Ok(Exit::Done);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    print(&page)
}

pub(super) fn schema() -> anyhow::Result<Exit> {
    say(&serde_json::to_string_pretty(&config::schema())?)?;
    Ok(Exit::Done)
}

fn print(bytes: &[u8]) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(Exit::Done)
}
