//! `cuttings completions`, `man` and `schema`: descriptions of the program for shells, readers and editors.
//!
//! The first two are generated from the definition of the arguments, which the caller passes.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Command};

use super::exit::Exit;
use super::print::{print_bytes, print_result};
use crate::config;

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write cuttings.1, cuttings-run.1 and so on into this folder
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// Prints the script of a shell.
pub(super) fn completions(shell: clap_complete::Shell, mut command: Command) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "cuttings", &mut script);
    print_bytes(&script)?;
    Ok(Exit::Done)
}

/// Prints the page in roff, or writes one for each command.
pub(super) fn man(args: &ManArgs, command: Command) -> anyhow::Result<Exit> {
    if let Some(folder) = &args.to {
        std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .with_context(|| format!("cannot write manual pages into {}", folder.display()))?;
        return Ok(Exit::Done);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    print_bytes(&page)?;
    Ok(Exit::Done)
}

/// Prints the JSON Schema.
pub(super) fn schema() -> anyhow::Result<Exit> {
    print_result(&serde_json::to_string_pretty(&config::schema())?)?;
    Ok(Exit::Done)
}
