//! `cuttings status`: how each source is doing, and when and why it is polled next; with a source, its last polls.
//!
//! The exit code is 1 where something needs a person, so that the command serves as a check for monitoring.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;

use super::disk::{free_bytes, log_bytes, megabytes};
use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::print_result;
use super::status_notes::{SourceNote, notes_on};
use super::times::{ago, from_now};
use super::{table, terminal};
use crate::shapes::{self, SourceHistoryJson, StatusJson};
use crate::store::{HostBackoff, OutputState, PollRow, Reader, SourceState, SourceStatus, StoreSummary};

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Show the last 20 polls of this source
    source: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Show it again every two seconds, until Ctrl-C
    #[arg(long, conflicts_with = "json")]
    watch: bool,
}

/// Polls shown of one source.
const MAX_POLLS: usize = 20;

/// Hosts in backoff that are named.
const MAX_HOSTS: usize = 10;

/// How often `--watch` looks.
const WATCH_INTERVAL: Duration = Duration::from_secs(2);

/// Reads one snapshot of the database each time it is shown; it never writes.
pub(super) fn status(global: &GlobalOptions, args: &StatusArgs) -> anyhow::Result<Exit> {
    let database = global.database_to_read()?;
    let reader = Reader::open(&database)?;
    loop {
        let (text, exit) = match &args.source {
            Some(name) => source_status(&reader, name, args.json)?,
            None => whole_status(&reader, &database, args.json)?,
        };
        if !args.watch {
            print_result(&text)?;
            return Ok(exit);
        }
        // Cursor home and clear, where there is a terminal to clear.
        let clear = if std::io::stdout().is_terminal() { "\x1b[H\x1b[2J" } else { "" };
        print_result(&format!("{clear}{text}"))?;
        std::thread::sleep(WATCH_INTERVAL);
    }
}

/// One source with its last polls.
fn source_status(reader: &Reader, name: &str, json: bool) -> anyhow::Result<(String, Exit)> {
    let now = Utc::now();
    let sources = reader.sources_status(now)?;
    let Some(source) = sources.iter().find(|source| source.name == name) else {
        let names = sources.iter().map(|source| source.name.as_str());
        return Err(UsageError::unknown("source", name, names, "cuttings status").into());
    };
    let exit = Exit::done_if(!source.needs_attention(now));
    let polls = reader.polls(source.id, MAX_POLLS)?;
    if json {
        let text = shapes::to_line(&SourceHistoryJson::new(source, &polls, now))?;
        return Ok((text, exit));
    }
    let width = terminal::width();
    let mut text = source_table(std::iter::once(source), width, now);
    let notes = notes_on(source, now);
    text.push_str(if notes.is_empty() { "" } else { "\n" });
    for note in notes {
        text.push('\n');
        text.push_str(&terminal::wrapped(&note.to_string(), width, 2).join("\n"));
    }
    Ok((format!("{text}\n\n{}", poll_table(&polls, width, now)), exit))
}

/// All sources, outputs and the store.
fn whole_status(reader: &Reader, database: &Path, json: bool) -> anyhow::Result<(String, Exit)> {
    let now = Utc::now();
    let sources = reader.sources_status(now)?;
    let outputs = reader.outputs()?;
    let fails = |output: &OutputState| output.failures + output.dead_letters > 0;
    let exit = Exit::done_if(
        !sources.iter().any(|source| source.needs_attention(now)) && !outputs.iter().any(fails),
    );
    let (summary, backoff) = (reader.summary()?, reader.host_backoffs(now, MAX_HOSTS)?);
    if json {
        let text = shapes::to_line(&StatusJson::new(&sources, &summary, &backoff, &outputs, now))?;
        return Ok((text, exit));
    }
    let width = terminal::width();
    let mut lines = vec![source_table(&sources, width, now)];
    let notes: Vec<SourceNote<'_>> = sources.iter().flat_map(|source| notes_on(source, now)).collect();
    lines.extend(note_lines(&notes, width));
    let mut rest = output_lines(&outputs, now);
    rest.push(String::new());
    rest.extend(summary_lines(&summary, &backoff, database, now));
    lines.extend(rest.iter().flat_map(|line| terminal::wrapped(line, width, 2)));
    Ok((lines.join("\n"), exit))
}

/// A row for each poll, newest first.
fn poll_table(polls: &[PollRow], width: Option<usize>, now: DateTime<Utc>) -> String {
    let rows = polls.iter().map(|poll| {
        vec![
            ago(poll.at, now),
            poll.code.clone().unwrap_or_else(|| poll.outcome.clone()),
            poll.status.map_or("-".into(), |status| status.to_string()),
            poll.entries.to_string(),
            poll.new.to_string(),
            poll.bytes.to_string(),
            poll.duration_ms.to_string(),
            poll.next_why.clone(),
        ]
    });
    let header = ["polled", "outcome", "http", "entries", "new", "bytes", "ms", "why the next then"];
    let right = ["http", "entries", "new", "bytes", "ms"];
    table::within(width, &header, &right, &["bytes", "ms", "http"], rows)
}

/// A row for each source that is configured.
fn source_table<'a>(
    sources: impl IntoIterator<Item = &'a SourceStatus>,
    width: Option<usize>,
    now: DateTime<Utc>,
) -> String {
    let rows = sources.into_iter().filter(|source| source.state != SourceState::Gone).map(|source| {
        let next = source.next.as_ref().map_or("never".into(), |next| {
            match source.host_backoff_until.filter(|&until| until > next.at) {
                Some(until) => format!("{}: its host is in backoff", from_now(until, now)),
                None => format!("{}: {}", from_now(next.at, now), next.why),
            }
        });
        vec![
            source.name.clone(),
            source.state.as_str().into(),
            source.succeeded_at.map_or("never".into(), |at| ago(at, now)),
            source.articles_day.to_string(),
            source.articles_week.to_string(),
            source.articles.to_string(),
            source.pending.to_string(),
            next,
        ]
    });
    let header = ["source", "state", "last success", "24 h", "7 d", "articles", "waiting", "next"];
    let right = ["24 h", "7 d", "articles", "waiting"];
    let spare = ["articles", "7 d", "last success", "24 h", "waiting"];
    table::within(width, &header, &right, &spare, rows)
}

/// The notes below an empty line, each on one line, or cut off and on two where one is too narrow; at the end how to see
/// what was cut off.
fn note_lines(notes: &[SourceNote<'_>], width: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    if !notes.is_empty() {
        lines.push(String::new());
    }
    let mut is_cut = false;
    for note in notes {
        let line = note.to_string();
        if terminal::elided(&line, width) == line {
            lines.push(line);
        } else {
            is_cut = true;
            lines.push(terminal::elided(&format!("{}:", note.source), width));
            lines.push(terminal::elided(&format!("  {}", note.text), width));
        }
    }
    if is_cut {
        let hint = "…: there is more of it; `cuttings status SOURCE` says all";
        lines.extend(terminal::wrapped(hint, width, 2));
    }
    lines
}

/// How much is stored, which hosts are in backoff, how much space is left.
fn summary_lines(
    summary: &StoreSummary,
    backoff: &[HostBackoff],
    database: &Path,
    now: DateTime<Utc>,
) -> Vec<String> {
    let StoreSummary {
        sources, articles, pending, provisional, merged, split, shared, bytes, paused, ..
    } = summary;
    let mut lines: Vec<String> = paused.iter().map(|why| format!("paused: {why}")).collect();
    let mut counts = format!("{sources} sources, {articles} articles, {pending} pages waiting");
    if *provisional > 0 {
        let articles =
            if *provisional == 1 { "1 article is" } else { &format!("{provisional} articles are") };
        counts.push_str(&format!("; {articles} provisional: the feed's text, until the page comes"));
    }
    if merged + split + shared > 0 {
        counts.push_str(&format!("; identity: {merged} merged, {split} told apart, {shared} shared keys"));
    }
    lines.push(counts);
    lines.extend(backoff.iter().map(|host| {
        format!(
            "{} is in backoff, to be asked again {}: {}",
            host.name,
            from_now(host.until, now),
            host.code.as_deref().unwrap_or("it asked for it")
        )
    }));
    let free = free_bytes(database)
        .map_or(String::new(), |free| format!(", {} are free beside it", megabytes(free)));
    lines.push(format!("{} is {}{free}", database.display(), megabytes(bytes + log_bytes(database))));
    lines
}

/// Outputs that fail, and those that have dead letters.
fn output_lines(outputs: &[OutputState], now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    for output in outputs {
        let (name, why) = (&output.name, &output.message);
        if output.failures > 0 {
            let next = output.next_at.map_or("now".into(), |at| from_now(at, now));
            lines.push(format!("output {name}: {why} ({} times, again {next})", output.failures));
        }
        if output.dead_letters > 0 {
            lines.push(format!(
                "output {name}: {} dead letters, the last: {why}; `cuttings consumers --reset output.{name} --seq N` sends again",
                output.dead_letters
            ));
        }
    }
    lines
}
