//! `cuttings export`: articles out.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Exit, Global, complain};
use crate::export::{self, Target};
use crate::store::Reader;

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Form of the output
    #[arg(long, value_enum)]
    format: Format,
    /// Only what changed after this sequence number
    #[arg(long, value_name = "N", default_value_t = 0)]
    since_seq: i64,
    /// A file, replaced whole when all is written; `-` is stdout
    #[arg(long, value_name = "PATH", default_value = "-")]
    to: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// One JSON object a line
    Jsonl,
}

pub(super) fn export(global: &Global, args: &ExportArgs) -> anyhow::Result<Exit> {
    let reader = Reader::open(&global.database_alone()?)?;
    let Format::Jsonl = args.format;
    let bar = progress(&args.to);
    let step = |written| bar.set_position(written);
    let (written, seq) = if args.to == Path::new("-") {
        let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
        let done = export::jsonl(&reader, args.since_seq, &mut out, step)?;
        out.flush()?;
        done
    } else {
        let mut out = Target::create(&args.to)?;
        let done = export::jsonl(&reader, args.since_seq, &mut out, step)?;
        out.finish()?;
        done
    };
    bar.finish_and_clear();
    if args.to != Path::new("-") {
        complain(&format!(
            "{written} articles written to {}; go on with --since-seq {seq}",
            args.to.display()
        ));
    }
    Ok(Exit::Done)
}

/// Shown where a person waits: the data goes elsewhere and stderr is a terminal.
fn progress(to: &Path) -> ProgressBar {
    let to_terminal = to == Path::new("-") && io::stdout().is_terminal();
    if to_terminal || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} articles, {per_sec}, {elapsed}") {
        bar.set_style(style);
    }
    bar
}
