//! `cuttings status`: how each source is doing, and why it is polled when.

use std::io::IsTerminal as _;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde_json::json;

use super::{Exit, Global, Usage, say, table, width};
use crate::store::{HostBackoff, OutputState, PollRow, Reader, SourceState, SourceStatus, StoreSummary};
use crate::{link, timing};

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The story of this source: its last 20 polls
    source: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Show it again every two seconds, until Ctrl-C
    #[arg(long, conflicts_with = "json")]
    watch: bool,
}

/// Polls in the story of a source.
const POLLS: usize = 20;

/// Hosts named as resting.
const RESTING: usize = 10;

/// Between two looks of `--watch`.
const WATCH: std::time::Duration = std::time::Duration::from_secs(2);

pub(super) fn status(global: &Global, args: &StatusArgs) -> anyhow::Result<Exit> {
    let database = global.database_to_read()?;
    let reader = Reader::open(&database)?;
    loop {
        let (text, exit) = look(&reader, &database, args)?;
        if !args.watch {
            say(&text)?;
            return Ok(exit);
        }
        // Home and clear, where there is a terminal to clear.
        let clear = if std::io::stdout().is_terminal() {
            "\x1b[H\x1b[2J"
        } else {
            ""
        };
        say(&format!("{clear}{text}"))?;
        std::thread::sleep(WATCH);
    }
}

fn look(reader: &Reader, database: &Path, args: &StatusArgs) -> anyhow::Result<(String, Exit)> {
    let now = Utc::now();
    let mut sources = reader.sources_status(now)?;
    if let Some(name) = &args.source {
        sources.retain(|source| source.name == *name);
        if sources.is_empty() {
            return Err(Usage(format!(
                "there is no source {name:?}; `cuttings status` names them"
            ))
            .into());
        }
    }
    let outputs = reader.outputs()?;
    let stuck = |output: &OutputState| output.failures + output.dead_letters > 0;
    let exit = if sources.iter().any(|source| source.needs_a_person(now))
        || (args.source.is_none() && outputs.iter().any(stuck))
    {
        Exit::NeedsAPerson
    } else {
        Exit::Done
    };
    if let (Some(_), Some(source)) = (&args.source, sources.first()) {
        let polls = reader.polls(source.id, POLLS)?;
        let text = if args.json {
            let polls: Vec<_> = polls.iter().map(poll_json).collect();
            json!({"source": source_json(source, now), "polls": polls}).to_string()
        } else {
            let wide = width::width();
            let mut text = sources_table(&sources, wide, now);
            for line in notes(&sources, now).lines() {
                text.push('\n');
                text.push_str(&width::wrapped(line, wide, 2).join("\n"));
            }
            format!("{text}\n\n{}", polls_text(&polls, wide, now))
        };
        return Ok((text, exit));
    }
    let (summary, resting) = (reader.summary()?, reader.host_backoffs(now, RESTING)?);
    let text = if args.json {
        as_json(&sources, &summary, &resting, &outputs, now)
    } else {
        let mut rest = outputs_as_text(&outputs, now);
        rest.push_str("\n\n");
        rest.push_str(&whole(&summary, &resting, database, now));
        let wide = width::width();
        let rest = rest
            .split('\n')
            .map(|line| width::wrapped(line, wide, 2).join("\n"));
        as_text(&sources, wide, now) + &rest.collect::<Vec<_>>().join("\n")
    };
    Ok((text, exit))
}

fn polls_text(polls: &[PollRow], wide: Option<usize>, now: DateTime<Utc>) -> String {
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
    let header = [
        "polled",
        "outcome",
        "http",
        "entries",
        "new",
        "bytes",
        "ms",
        "why the next then",
    ];
    let right = ["http", "entries", "new", "bytes", "ms"];
    table::within(wide, &header, &right, &["bytes", "ms", "http"], rows)
}

fn poll_json(poll: &PollRow) -> serde_json::Value {
    json!({
        "at": moment(Some(poll.at)), "outcome": poll.outcome, "code": poll.code, "http": poll.status,
        "entries": poll.entries, "new": poll.new, "bytes": poll.bytes, "ms": poll.duration_ms, "next_why": poll.next_why,
    })
}

/// A row for each source, and below them a line for each thing to be said of one.
fn as_text(sources: &[SourceStatus], wide: Option<usize>, now: DateTime<Utc>) -> String {
    let mut text = sources_table(sources, wide, now);
    let notes = notes(sources, now);
    let mut is_cut = false;
    for line in notes.lines() {
        text.push('\n');
        match (width::elided(line, wide), line.split_once(": ")) {
            (short, _) if short == line => text.push_str(line),
            (_, Some((name, note))) => {
                is_cut = true;
                let note = width::elided(&format!("  {note}"), wide);
                text.push_str(&format!("{}\n{note}", width::elided(&format!("{name}:"), wide)));
            }
            (short, None) => text.push_str(&short),
        }
    }
    if is_cut {
        let hint = "…: there is more of it; `cuttings status SOURCE` says all";
        text.push_str(&format!("\n{}", width::wrapped(hint, wide, 2).join("\n")));
    }
    text
}

fn sources_table(sources: &[SourceStatus], wide: Option<usize>, now: DateTime<Utc>) -> String {
    let rows = sources
        .iter()
        .filter(|source| source.state != SourceState::Gone)
        .map(|source| {
            let next = source.next.as_ref().map_or("never".into(), |next| {
                match source.host_backoff_until.filter(|&rests| rests > next.at) {
                    Some(rests) => format!("{}: its host is left alone", from_now(rests, now)),
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
    let header = [
        "source",
        "state",
        "last success",
        "24 h",
        "7 d",
        "articles",
        "waiting",
        "next",
    ];
    let right = ["24 h", "7 d", "articles", "waiting"];
    let spare = ["articles", "7 d", "last success", "24 h", "waiting"];
    table::within(wide, &header, &right, &spare, rows)
}

/// What there is to say of sources, a line each.
fn notes(sources: &[SourceStatus], now: DateTime<Utc>) -> String {
    let mut text = String::new();
    for source in sources {
        if let Some(error) = &source.last_error {
            text.push_str(&format!(
                "\n{}: {} [{}], {}",
                source.name,
                error.message,
                error.code,
                ago(error.at, now)
            ));
        }
        if let Some((silence, silent)) = source
            .silence
            .and_then(|silence| Some((silence, silence.unusual_length(now)?)))
        {
            let usual = silence
                .usual_gap
                .and_then(|usual| usual.to_std().ok())
                .unwrap_or_default();
            text.push_str(&format!(
                "\n{}: silent for {}, usually every {}",
                source.name,
                rough(silent.to_std().unwrap_or_default()),
                rough(usual)
            ));
        }
        if source.robots_denied > 0 {
            text.push_str(&format!(
                "\n{}: robots.txt has forbidden {} requests",
                source.name, source.robots_denied
            ));
        }
        if let (hits, tried @ 1..) = source.hits {
            text.push_str(&format!(
                "\n{}: its selectors found something {} times of {tried} ({} %)",
                source.name,
                hits,
                hits * 100 / tried
            ));
        }
        if source.state == SourceState::Ended {
            text.push_str(&format!(
                "\n{}: switched off, as its server says that the feed is gone for good (410). Give it another `feed`; or, \
                 to ask once more, run with `enabled = false` and then take that out",
                source.name
            ));
        }
        if source.ignore_robots {
            text.push_str(&format!(
                "\n{}: robots.txt is ignored (ignore_robots)",
                source.name
            ));
        }
        if let Some(to) = &source.moved_to {
            text.push_str(&format!(
                "\n{}: the feed has moved to {}",
                source.name,
                masked(to)
            ));
        }
        if let Some((why, by)) = &source.known_by {
            text.push_str(&format!("\n{}: {why}: entries are known by {by}", source.name));
        }
        if !source.excluded.is_empty() {
            let by: Vec<String> = source
                .excluded
                .iter()
                .map(|(filter, count)| format!("{count} by {filter}"))
                .collect();
            text.push_str(&format!("\n{}: left out {}", source.name, by.join(", ")));
        }
        for rule in source
            .rules
            .iter()
            .filter(|rule| rule.misses > 0 || rule.drift.is_some())
        {
            let (field, selector) = (&rule.field, &rule.selector);
            if let Some(drift) = &rule.drift {
                let since = rule.drift_at.map_or("just now".into(), |at| ago(at, now));
                let what = match drift.as_str() {
                    "length" => format!(
                        "finds {:.0} characters, it used to find {:.0}",
                        rule.length, rule.usual_length
                    ),
                    _ => format!(
                        "hits {:.0} % of pages, it used to hit {:.0} %",
                        rule.rate * 100.0,
                        rule.usual_rate * 100.0
                    ),
                };
                text.push_str(&format!(
                    "\n{}: DRIFT, {since}: {field} {selector:?} {what}; the site may have changed, look with \
                     `cuttings try URL --source {}`",
                    source.name, source.name
                ));
                continue;
            }
            text.push_str(&format!(
                "\n{}: {field} {selector:?} missed {} of {} pages",
                source.name,
                rule.misses,
                rule.hits + rule.misses
            ));
        }
    }
    text
}

/// The whole: how much there is, whose hosts rest, how much room is left.
fn whole(summary: &StoreSummary, resting: &[HostBackoff], database: &Path, now: DateTime<Utc>) -> String {
    let StoreSummary {
        sources,
        articles,
        pending,
        merged,
        split,
        shared,
        bytes,
        paused,
        ..
    } = summary;
    let mut text = String::new();
    if let Some(why) = paused {
        text.push_str(&format!("paused: {why}\n"));
    }
    text += &format!("{sources} sources, {articles} articles, {pending} pages waiting");
    if merged + split + shared > 0 {
        text.push_str(&format!(
            "; identity: {merged} merged, {split} told apart, {shared} shared keys"
        ));
    }
    for host in resting {
        text.push_str(&format!(
            "\n{} is left alone, to be asked again {}: {}",
            host.name,
            from_now(host.until, now),
            host.code.as_deref().unwrap_or("it asked for it")
        ));
    }
    text.push_str(&format!(
        "\n{} is {}",
        database.display(),
        megabytes(bytes + log_bytes(database))
    ));
    if let Some(free) = free_bytes(database) {
        text.push_str(&format!(", {} are free beside it", megabytes(free)));
    }
    text
}

/// Outputs that do not work, and those with messages that they would not take.
fn outputs_as_text(outputs: &[OutputState], now: DateTime<Utc>) -> String {
    let mut text = String::new();
    for output in outputs {
        if output.failures > 0 {
            let next = output.next_at.map_or("now".into(), |at| from_now(at, now));
            let (name, why, times) = (&output.name, &output.message, output.failures);
            text.push_str(&format!("\noutput {name}: {why} ({times} times, again {next})"));
        }
        if output.dead_letters > 0 {
            text.push_str(&format!(
                "\noutput {}: {} dead letters, the last: {}; `cuttings consumers --reset output.{} --seq N` sends again",
                output.name, output.dead_letters, output.message, output.name
            ));
        }
    }
    text
}

fn log_bytes(database: &Path) -> u64 {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |found| found.len())
}

/// What an ordinary user may still write beside the database.
pub(super) fn free_bytes(database: &Path) -> Option<u64> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let found = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

pub(super) fn megabytes(bytes: u64) -> String {
    match bytes >> 20 {
        more @ 10_240.. => format!("{} GB", more >> 10),
        0 => format!("{} KB", bytes.div_ceil(1024)),
        less => format!("{less} MB"),
    }
}

fn moment(at: Option<DateTime<Utc>>) -> Option<String> {
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// An address as it may be shown.
fn masked(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| link::mask_secrets(&url))
}

fn source_json(source: &SourceStatus, now: DateTime<Utc>) -> serde_json::Value {
    let misses: Vec<_> = source
        .rules
        .iter()
        .map(|rule| json!({"field": rule.field, "selector": rule.selector, "hits": rule.hits, "misses": rule.misses,
            "rate": rule.rate, "usual_rate": rule.usual_rate, "length": rule.length, "usual_length": rule.usual_length,
            "drift": rule.drift, "drift_at": moment(rule.drift_at)}))
        .collect();
    let silence = source.silence.map(|silence| {
        json!({"since": moment(Some(silence.since)), "usual_seconds": silence.usual_gap.map(|usual| usual.num_seconds()),
               "odd": silence.unusual_length(now).is_some()})
    });
    json!({
        "source": source.name, "state": source.state.as_str(), "needs_a_person": source.needs_a_person(now),
        "feed": masked(&source.url), "tags": source.tags,
        "last_poll": moment(source.polled_at), "last_success": moment(source.succeeded_at),
        "next": moment(source.next.as_ref().map(|next| next.at)), "why": source.next.as_ref().map(|next| &next.why),
        "host_rests_until": moment(source.host_backoff_until),
        "last_error": source.last_error.as_ref().map(|error| json!({"at": moment(Some(error.at)), "code": error.code, "message": error.message})),
        "moved_to": source.moved_to.as_deref().map(masked), "ignore_robots": source.ignore_robots, "waiting": source.pending, "articles": source.articles, "day": source.articles_day,
        "week": source.articles_week, "robots_denied": source.robots_denied, "rules_hit": source.hits.0, "rules_tried": source.hits.1,
        "silence": silence, "rules": misses,
        "known_by": source.known_by.as_ref().map_or("id", |(_, by)| by), "known_why": source.known_by.as_ref().map(|(why, _)| why),
        "left_out": source.excluded.iter().map(|(filter, count)| (filter.clone(), json!(count))).collect::<serde_json::Map<_, _>>(),
    })
}

fn as_json(
    sources: &[SourceStatus],
    summary: &StoreSummary,
    resting: &[HostBackoff],
    outputs: &[OutputState],
    now: DateTime<Utc>,
) -> String {
    let outputs: Vec<_> = outputs
        .iter()
        .map(|output| {
            json!({"output": output.name, "failures": output.failures, "failed_at": moment(Some(output.failed_at)),
                   "message": output.message, "next": moment(output.next_at), "dead_letters": output.dead_letters})
        })
        .collect();
    let sources: Vec<_> = sources.iter().map(|source| source_json(source, now)).collect();
    let resting: Vec<_> = resting
        .iter()
        .map(|host| json!({"host": host.name, "until": moment(Some(host.until)), "code": host.code}))
        .collect();
    json!({
        "sources": sources, "seq": summary.seq, "articles": summary.articles, "waiting": summary.pending,
        "merged": summary.merged, "split": summary.split, "shared": summary.shared, "store_id": summary.store_id,
        "resting": resting, "bytes": summary.bytes, "outputs": outputs, "paused": summary.paused,
    })
    .to_string()
}

fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now - at).to_std() {
        Ok(time) if time.as_secs() > 0 => format!("{} ago", rough(time)),
        _ => "just now".into(),
    }
}

fn from_now(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (at - now).to_std() {
        Ok(time) if time.as_secs() > 0 => format!("in {}", rough(time)),
        _ => "now".into(),
    }
}

/// To the unit that matters.
fn rough(time: std::time::Duration) -> String {
    let unit = match time.as_secs() {
        0..60 => 1,
        60..3_600 => 60,
        3_600..86_400 => 600,
        _ => 3_600,
    };
    timing::format_duration(std::time::Duration::from_secs(time.as_secs() / unit * unit))
}
