//! `cuttings import`: articles of an export into this database. A list of feeds (OPML) goes to [`import_feeds`] instead;
//! the first byte tells which it is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;

use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::print_message;
use super::{import_feeds, progress};
use crate::export::read_line;
use crate::store::{ImportRecord, ImportSummary, Store};

/// Articles of one transaction.
const BATCH: usize = 200;

/// Bytes of the lines of one transaction, at most one line more.
const BATCH_BYTES: usize = 8 << 20;

/// Longest line, in bytes.
const MAX_LINE: u64 = 64 << 20;

/// Refused lines that are named; all are counted.
const MAX_NAMED: u64 = 20;

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Feeds (OPML), or articles as `cuttings export --format jsonl` writes them; compressed or not; `-` is stdin
    file: PathBuf,
    /// Feeds: show what would be added to the configuration, and add nothing
    #[arg(long)]
    dry_run: bool,
    /// Feeds: print JSON
    #[arg(long)]
    json: bool,
}

/// Exit code 1 where lines were refused; the others are imported.
pub(super) fn import(global: &GlobalOptions, args: &ImportArgs) -> anyhow::Result<Exit> {
    let mut input = open(&args.file)?;
    if first_byte(&mut input)? == Some(b'<') {
        let opml = import_feeds::read(&args.file, &mut input)?;
        return import_feeds::import(global, opml, args.dry_run, args.json);
    }
    let database = global.database_to_write()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let (summary, refused) = runtime.block_on(async {
        let store = Store::open(&database, Utc::now())?;
        let imported = import_lines(&store, &args.file, &mut input).await;
        store.close().await?;
        imported
    })?;
    print_message(&format!(
        "{} articles imported, {} known already, {} merged or deleted, {refused} lines refused",
        summary.new, summary.known, summary.gone
    ));
    Ok(Exit::done_if(refused == 0))
}

/// Imports all lines; returns what became of them, and how many were refused.
async fn import_lines(
    store: &Store,
    file: &Path,
    input: &mut dyn BufRead,
) -> anyhow::Result<(ImportSummary, u64)> {
    let mut import = store.begin_import().await?;
    let bar = progress::spinner("{spinner} {pos} articles, {per_sec}, {elapsed}");
    let (mut summary, mut refused) = (ImportSummary::default(), 0);
    let mut refuse = |number: u64, why: &str| {
        refused += 1;
        if refused <= MAX_NAMED {
            print_message(&format!("{}:{number}: {why}; the line is left out", file.display()));
        }
    };
    // The lines of the batch: their records, and their numbers.
    let (mut batch, mut numbers): (Vec<ImportRecord>, Vec<u64>) = (Vec::new(), Vec::new());
    let (mut line, mut number, mut bytes) = (Vec::new(), 0_u64, 0);
    loop {
        line.clear();
        let read = input.take(MAX_LINE + 1).read_until(b'\n', &mut line).context("cannot read the import")?;
        number += 1;
        if !line.trim_ascii().is_empty() {
            if line.len() as u64 > MAX_LINE {
                anyhow::bail!("{}:{number}: longer than 64 MiB: this is no export", file.display());
            }
            bytes += line.len();
            match std::str::from_utf8(line.trim_ascii())
                .map_err(|_| "not UTF-8".to_owned())
                .and_then(read_line)
            {
                Ok(record) => {
                    batch.push(record);
                    numbers.push(number);
                }
                Err(error) => refuse(number, &error),
            }
        }
        if batch.len() >= BATCH || bytes >= BATCH_BYTES || (read == 0 && !batch.is_empty()) {
            let imported = store.import(&mut import, std::mem::take(&mut batch), Utc::now()).await?;
            for (at, why) in &imported.refused {
                refuse(numbers.get(*at).copied().unwrap_or_default(), why);
            }
            numbers.clear();
            bytes = 0;
            summary.new += imported.new;
            summary.known += imported.known;
            summary.gone += imported.gone;
            bar.set_position(summary.new + summary.known);
        }
        if read == 0 {
            store.end_import(import).await?;
            bar.finish_and_clear();
            return Ok((summary, refused));
        }
    }
}

/// Opens the file or stdin, decompressed as its first bytes say: gzip (RFC 1952), zstd (RFC 8878) or plain.
fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let raw: Box<dyn io::Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        let file = File::open(path)
            .map_err(|error| UsageError(format!("{}: cannot be read: {error}", path.display())))?;
        Box::new(file)
    };
    let mut raw = BufReader::with_capacity(1 << 16, raw);
    let begins = raw.fill_buf().context("cannot read the import")?;
    if begins.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(raw))));
    }
    if begins.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(Box::new(BufReader::new(zstd::Decoder::with_buffer(raw)?)));
    }
    Ok(Box::new(raw))
}

/// The first byte that is no white space and no byte order mark; it is not consumed.
fn first_byte(input: &mut dyn BufRead) -> anyhow::Result<Option<u8>> {
    let begins = input.fill_buf().context("cannot read the import")?;
    let begins = begins.strip_prefix("\u{feff}".as_bytes()).unwrap_or(begins);
    Ok(begins.trim_ascii_start().first().copied())
}
