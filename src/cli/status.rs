//! `cuttings status`: how each source is doing, and why it is polled when.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde_json::json;

use super::{Exit, Global, say, table};
use crate::store::{OutputState, Reader, SourceState, SourceStatus, Summary};
use crate::timing;

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn status(global: &Global, args: &StatusArgs) -> anyhow::Result<Exit> {
    let reader = Reader::open(&global.database_alone()?)?;
    let now = Utc::now();
    let (sources, summary, outputs) = (reader.sources_status(now)?, reader.summary()?, reader.outputs()?);
    say(&if args.json {
        as_json(&sources, &summary, &outputs)
    } else {
        as_text(&sources, &summary, now) + &outputs_as_text(&outputs, now)
    })?;
    let needs_a_person = sources.iter().any(|source| {
        let drifts = source.rules.iter().any(|rule| rule.drift.is_some());
        drifts
            || matches!(
                source.state,
                SourceState::Failing | SourceState::SetAside | SourceState::Ended
            )
    }) || outputs
        .iter()
        .any(|output| output.failures + output.dead_letters > 0);
    Ok(if needs_a_person {
        Exit::NeedsAPerson
    } else {
        Exit::Done
    })
}

fn as_text(sources: &[SourceStatus], summary: &Summary, now: DateTime<Utc>) -> String {
    let rows = sources
        .iter()
        .filter(|source| source.state != SourceState::Gone)
        .map(|source| {
            let next = source.next.as_ref().map_or("never".into(), |next| {
                let at = source
                    .host_rests_until
                    .map_or(next.at, |rests| rests.max(next.at));
                format!("{}: {}", from_now(at, now), next.why)
            });
            vec![
                source.name.clone(),
                source.state.as_str().into(),
                source.succeeded_at.map_or("never".into(), |at| ago(at, now)),
                source.day.to_string(),
                source.week.to_string(),
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
    let mut text = table::table(&header, &["24 h", "7 d", "articles", "waiting"], rows);
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
            text.push_str(&format!("\n{}: the feed has moved to {to}", source.name));
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
    let Summary {
        sources,
        articles,
        pending,
        merged,
        split,
        shared,
        paused,
        ..
    } = summary;
    if let Some(why) = paused {
        text.push_str(&format!("\npaused: {why}"));
    }
    text.push_str(&format!(
        "\n{sources} sources, {articles} articles, {pending} pages waiting"
    ));
    if merged + split + shared > 0 {
        text.push_str(&format!(
            "; identity: {merged} merged, {split} told apart, {shared} shared keys"
        ));
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

fn as_json(sources: &[SourceStatus], summary: &Summary, outputs: &[OutputState]) -> String {
    let moment = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    let sources: Vec<_> = sources
        .iter()
        .map(|source| {
            let misses: Vec<_> = source
                .rules
                .iter()
                .map(|rule| json!({"field": rule.field, "selector": rule.selector, "hits": rule.hits, "misses": rule.misses,
                    "rate": rule.rate, "usual_rate": rule.usual_rate, "length": rule.length, "usual_length": rule.usual_length,
                    "drift": rule.drift, "drift_at": moment(rule.drift_at)}))
                .collect();
            json!({
                "source": source.name, "state": source.state.as_str(), "feed": source.url, "tags": source.tags,
                "last_poll": moment(source.polled_at), "last_success": moment(source.succeeded_at),
                "next": moment(source.next.as_ref().map(|next| next.at)), "why": source.next.as_ref().map(|next| &next.why),
                "host_rests_until": moment(source.host_rests_until),
                "last_error": source.last_error.as_ref().map(|error| json!({"at": moment(Some(error.at)), "code": error.code, "message": error.message})),
                "moved_to": source.moved_to, "ignore_robots": source.ignore_robots, "waiting": source.pending, "articles": source.articles, "day": source.day,
                "week": source.week, "rules": misses,
            })
        })
        .collect();
    let outputs: Vec<_> = outputs
        .iter()
        .map(|output| {
            json!({"output": output.name, "failures": output.failures, "failed_at": moment(Some(output.failed_at)),
                   "message": output.message, "next": moment(output.next_at), "dead_letters": output.dead_letters})
        })
        .collect();
    json!({
        "outputs": outputs,
        "sources": sources, "seq": summary.seq, "articles": summary.articles, "waiting": summary.pending,
        "merged": summary.merged, "split": summary.split, "shared": summary.shared, "store_id": summary.store_id, "paused": summary.paused,
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
    timing::show_duration(std::time::Duration::from_secs(time.as_secs() / unit * unit))
}
