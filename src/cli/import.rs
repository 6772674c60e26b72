//! `cuttings import`: articles of an export, into this database; the feeds of a list are another matter (`import_feeds`).

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Exit, Global, Usage, complain, import_feeds};
use crate::export::read_line;
use crate::store::{ImportRecord, ImportSummary, Store};

/// Lines taken in with one step of the writer.
const BATCH: usize = 200;

/// Bytes of the lines of one step.
const BATCH_BYTES: usize = 8 << 20;

/// Longest line.
const LONGEST: u64 = 64 << 20;

/// Lines that are wrong and named; all are counted.
const NAMED: u64 = 20;

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Feeds (OPML), or articles as `cuttings export --format jsonl` writes them; compressed or not; `-` is stdin
    pub(super) file: PathBuf,
    /// Of feeds: show what would be added to the configuration, and add nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Of feeds: print JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn import(global: &Global, args: &ImportArgs) -> anyhow::Result<Exit> {
    let mut input = open(&args.file)?;
    if first_byte(&mut input)? == Some(b'<') {
        return import_feeds::import(global, args, &mut input);
    }
    let database = global.database_alone()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let (done, wrong) = runtime.block_on(async {
        let store = Store::open(&database, Utc::now())?;
        let taken = take_in(&store, args, &mut input).await;
        store.close().await?;
        taken
    })?;
    complain(&format!(
        "{} articles imported, {} known already, {} merged or deleted, {wrong} lines refused",
        done.new, done.known, done.gone
    ));
    Ok(if wrong > 0 { Exit::NeedsAPerson } else { Exit::Done })
}

async fn take_in(
    store: &Store,
    args: &ImportArgs,
    input: &mut dyn BufRead,
) -> anyhow::Result<(ImportSummary, u64)> {
    let verbatim = store.is_untouched().await?;
    let bar = progress();
    let (mut done, mut wrong) = (ImportSummary::default(), 0);
    let (mut batch, mut bytes): (Vec<ImportRecord>, usize) = (Vec::new(), 0);
    let (mut line, mut number) = (Vec::new(), 0_u64);
    loop {
        line.clear();
        let read = input
            .take(LONGEST + 1)
            .read_until(b'\n', &mut line)
            .context("cannot read the import")?;
        number += 1;
        if !line.trim_ascii().is_empty() {
            if line.len() as u64 > LONGEST {
                anyhow::bail!(
                    "{}:{number}: longer than 64 MiB: this is no export",
                    args.file.display()
                );
            }
            bytes += line.len();
            match std::str::from_utf8(line.trim_ascii())
                .map_err(|_| "not UTF-8".to_owned())
                .and_then(read_line)
            {
                Ok(arrival) => batch.push(arrival),
                Err(error) => {
                    wrong += 1;
                    if wrong <= NAMED {
                        complain(&format!(
                            "{}:{number}: {error}; the line is left out",
                            args.file.display()
                        ));
                    }
                }
            }
        }
        if batch.len() >= BATCH || bytes >= BATCH_BYTES || (read == 0 && !batch.is_empty()) {
            let taken = store
                .import(std::mem::take(&mut batch), verbatim, Utc::now())
                .await?;
            bytes = 0;
            done.new += taken.new;
            done.known += taken.known;
            done.gone += taken.gone;
            bar.set_position(done.new + done.known);
        }
        if read == 0 {
            bar.finish_and_clear();
            return Ok((done, wrong));
        }
    }
}

/// The file, decompressed by what its first bytes say.
fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let raw: Box<dyn io::Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        let file = File::open(path)
            .map_err(|error| Usage(format!("{}: cannot be read: {error}", path.display())))?;
        Box::new(file)
    };
    let mut raw = BufReader::with_capacity(1 << 16, raw);
    let begins = raw.fill_buf().context("cannot read the import")?;
    if begins.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(
            raw,
        ))));
    }
    if begins.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(Box::new(BufReader::new(zstd::Decoder::with_buffer(raw)?)));
    }
    Ok(Box::new(raw))
}

/// What the text begins with; it stays to be read.
fn first_byte(input: &mut dyn BufRead) -> anyhow::Result<Option<u8>> {
    let begins = input.fill_buf().context("cannot read the import")?;
    let begins = begins.strip_prefix("\u{feff}".as_bytes()).unwrap_or(begins);
    Ok(begins.trim_ascii_start().first().copied())
}

fn progress() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} articles, {per_sec}, {elapsed}") {
        bar.set_style(style);
    }
    bar
}
