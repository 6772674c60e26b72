//! `cuttings consumers`: who has had what.

use chrono::Utc;
use clap::Args;
use serde_json::json;

use super::{Exit, Global, Usage, complain, say, table};
use crate::config::nearest;
use crate::store::{Consumer, ConsumerLock, Reader};

#[derive(Debug, Args)]
pub(super) struct ConsumersArgs {
    /// Set this consumer's mark, to 0 or to --seq: what is later is delivered again
    #[arg(long, value_name = "NAME", value_parser = name)]
    reset: Option<String>,
    /// Where the mark is set to
    #[arg(long, value_name = "N", requires = "reset", value_parser = clap::value_parser!(i64).range(0..))]
    seq: Option<i64>,
    /// Forget this consumer
    #[arg(long, value_name = "NAME", conflicts_with = "reset", value_parser = name)]
    forget: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A name that can be part of a file name.
pub(super) fn name(typed: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if typed.is_empty() || typed.len() > 64 || !typed.chars().all(fits) {
        return Err("a consumer's name has 1 to 64 letters, digits, - _ or .".into());
    }
    Ok(typed.to_owned())
}

pub(super) fn consumers(global: &Global, args: &ConsumersArgs) -> anyhow::Result<Exit> {
    let changed = args.reset.as_ref().or(args.forget.as_ref());
    let database = if changed.is_some() {
        global.database_alone()?
    } else {
        global.database_to_read()?
    };
    let reader = Reader::open(&database)?;
    let all = reader.consumers()?;
    if let Some(name) = changed {
        if !all.iter().any(|consumer| consumer.name == *name) {
            return Err(unknown(name, &all).into());
        }
        let (mut hold, _) = ConsumerLock::acquire(&database, name, 0, Utc::now())?;
        if args.forget.is_some() {
            hold.delete()?;
            complain(&format!("{name} is forgotten"));
        } else {
            let seq = args.seq.unwrap_or(0);
            hold.reset(seq, Utc::now())?;
            complain(&format!("{name} gets what is later than {seq} from now on"));
        }
        return Ok(Exit::Done);
    }
    say(&if args.json { as_json(&all) } else { as_table(&all) })?;
    Ok(Exit::Done)
}

fn unknown(name: &str, all: &[Consumer]) -> Usage {
    let hint = nearest(name, all.iter().map(|consumer| consumer.name.as_str())).map_or_else(
        || "`cuttings consumers` shows them".to_owned(),
        |near| format!("did you mean {near:?}?"),
    );
    Usage(format!("there is no consumer {name:?}; {hint}"))
}

fn as_table(all: &[Consumer]) -> String {
    let rows = all.iter().map(|consumer| {
        vec![
            consumer.name.clone(),
            consumer.seq.to_string(),
            consumer.lag.to_string(),
            consumer
                .moved_at
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            consumer
                .upto
                .map_or_else(String::new, |upto| format!("begun up to {upto}")),
        ]
    });
    table::table(
        &["consumer", "seq", "lag", "moved", "delivery"],
        &["seq", "lag"],
        rows,
    )
}

fn as_json(all: &[Consumer]) -> String {
    let all: Vec<_> = all
        .iter()
        .map(|consumer| {
            json!({"name": consumer.name, "seq": consumer.seq, "lag": consumer.lag, "upto": consumer.upto,
                   "moved_at": consumer.moved_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)})
        })
        .collect();
    json!({"consumers": all}).to_string()
}
