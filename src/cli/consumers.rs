//! `cuttings consumers`: how far each consumer of `export --consumer` is, and how to change that.
//!
//! Outputs of the daemon are consumers, too, named `output.NAME`.

use chrono::Utc;
use clap::Args;

use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::{print_json, print_message, print_result};
use super::table;
use crate::shapes::{ConsumersJson, UtcSeconds};
use crate::store::{Consumer, ConsumerLock, Reader};

#[derive(Debug, Args)]
pub(super) struct ConsumersArgs {
    /// Set how far this consumer is, to 0 or to --seq; later changes are delivered again
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    reset: Option<String>,
    /// Sequence number for --reset
    #[arg(long, value_name = "N", requires = "reset", value_parser = clap::value_parser!(i64).range(0..))]
    seq: Option<i64>,
    /// Forget this consumer
    #[arg(long, value_name = "NAME", conflicts_with = "reset", value_parser = parse_name)]
    forget: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A consumer's name, which is part of the name of its lock file.
pub(super) fn parse_name(typed: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if typed.is_empty() || typed.len() > 64 || !typed.chars().all(fits) {
        return Err("a consumer's name has 1 to 64 letters, digits, - _ or .".into());
    }
    Ok(typed.to_owned())
}

/// A change waits for nobody: it fails while an export to the consumer is under way.
pub(super) fn consumers(global: &GlobalOptions, args: &ConsumersArgs) -> anyhow::Result<Exit> {
    let changed = args.reset.as_ref().or(args.forget.as_ref());
    let database = if changed.is_some() { global.database_to_write()? } else { global.database_to_read()? };
    let all = Reader::open(&database)?.consumers()?;
    if let Some(name) = changed {
        if !all.iter().any(|consumer| consumer.name == *name) {
            let names = all.iter().map(|consumer| consumer.name.as_str());
            return Err(UsageError::unknown("consumer", name, names, "cuttings consumers").into());
        }
        let (mut lock, _) = ConsumerLock::acquire(&database, name, 0, Utc::now())?;
        if args.forget.is_some() {
            lock.delete()?;
            print_message(&format!("{name} is forgotten"));
        } else {
            let seq = args.seq.unwrap_or(0);
            lock.reset(seq, Utc::now())?;
            print_message(&format!("{name} gets what is later than {seq} from now on"));
        }
    } else if args.json {
        print_json(&ConsumersJson::from(all.as_slice()))?;
    } else {
        print_result(&consumer_table(&all))?;
    }
    Ok(Exit::Done)
}

/// `delivery` says up to where an export goes that is under way or was killed.
fn consumer_table(all: &[Consumer]) -> String {
    let rows = all.iter().map(|consumer| {
        vec![
            consumer.name.clone(),
            consumer.seq.to_string(),
            consumer.lag.to_string(),
            UtcSeconds(consumer.moved_at).to_string(),
            consumer.upto.map_or_else(String::new, |upto| format!("begun up to {upto}")),
        ]
    });
    table::table(&["consumer", "seq", "lag", "moved", "delivery"], &["seq", "lag"], rows)
}
