//! `cuttings export`: articles out.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Exit, Global, Usage, complain, consumers, when};
use crate::config::nearest;
use crate::export::{
    self, Compression, Contents, Destination, ExportJob, ExportSummary, FORMATS, FeedChannel, Fields,
    FolderLayout, Format, Partition, Property,
};
use crate::store::{ArticleQuery, ArticleQueryError, ConsumerLock, Reader, SortOrder};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Format of the output
    #[arg(long, ignore_case = true, value_parser = format_parser())]
    format: &'static Format,
    /// A file (replaced whole when all is written), a folder (with a slash at its end), or `-` for stdout
    #[arg(long, value_name = "PATH", default_value = "-")]
    to: PathBuf,
    /// Divide the folder, such as date=2026-11-24/part-….jsonl
    #[arg(long, value_enum)]
    partition: Option<Partition>,
    /// Compress each file
    #[arg(long, value_enum)]
    compress: Option<Compression>,
    /// Only what NAME has not had; what is delivered is remembered once it is written and synced
    #[arg(long, value_name = "NAME", value_parser = consumers::name)]
    consumer: Option<String>,
    #[command(flatten)]
    selection: Selection,
    #[arg(long, value_name = "LIST", help = help_of("Fields and their order, such as title,url,text", Property::Fields))]
    fields: Option<String>,
    #[arg(long, value_name = "TEXT", default_value = "Cuttings", value_parser = title,
          help = help_of("Title of the feed or book", Property::Title))]
    title: String,
    #[arg(long, value_name = "URL", help = help_of("Where the feed will be served: its link to itself", Property::Feed))]
    self_url: Option<url::Url>,
    /// Print what was done as JSON, to stdout; to stderr where the articles go to stdout
    #[arg(long)]
    json: bool,
}

/// Which articles.
#[derive(Debug, Args)]
struct Selection {
    /// Only of this source; may be repeated
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// Only of sources with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Only published since: a date, a time, or so long ago, such as 3d (first seen, where no date is known)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only published before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Only what changed after this sequence number
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    since_seq: i64,
    /// Only what a search finds; see `cuttings search --help`
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    query: Option<String>,
    /// Only in this language (BCP 47; pt takes pt-BR in); may be repeated
    #[arg(long, value_name = "TAG")]
    language: Vec<String>,
    /// One article of each cluster: the same story on several sites once
    #[arg(long, value_enum)]
    unique: Option<Unique>,
    /// At most so many: the first ones by sequence number, the newest in feeds
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Every text an article ever had, not the latest alone
    #[arg(long)]
    revisions: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Unique {
    /// The same story by whatever site
    Cluster,
}

/// Reads the name of a format; the help lists all of them.
fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    let names = FORMATS
        .iter()
        .map(|format| PossibleValue::new(format.name).help(format.help));
    PossibleValuesParser::new(names).try_map(|name| Format::named(&name).ok_or("there is no such format"))
}

/// The help of an option that only some formats have.
fn help_of(text: &str, property: Property) -> String {
    format!("{text} ({})", Format::names_with(property))
}

pub(super) fn export(global: &Global, args: &ExportArgs) -> anyhow::Result<Exit> {
    let database = global.database_to_read()?;
    let reader = Reader::open(&database)?;
    let mut job = job(&reader, args)?;
    let hold = match &args.consumer {
        None => None,
        Some(name) => {
            let (mut hold, consumer) =
                ConsumerLock::acquire(&database, name, job.query.since_seq, Utc::now())?;
            job.query.since_seq = consumer.seq;
            // One that was killed is done again as it was begun.
            let upto = if let Some(upto) = consumer.upto {
                upto
            } else {
                let upto = end_of(&reader, &job.query)?;
                hold.begin_delivery(upto)?;
                upto
            };
            job.query.upto = Some(upto);
            if let Destination::Folder(path) = job.destination {
                job.destination = Destination::AddToFolder(path);
            }
            Some((hold, upto))
        }
    };
    let bar = progress(&reader, &job)?;
    let done = export::export(&reader, &job, Utc::now(), |written| bar.set_position(written));
    bar.finish_and_clear();
    let done = done.map_err(usage)?;
    if let Some((mut hold, upto)) = hold {
        hold.end_delivery(upto, Utc::now())?;
    }
    report(args, &job, &done)?;
    Ok(Exit::Done)
}

/// Feeds and books have one that can be read.
fn title(typed: &str) -> Result<String, String> {
    let line = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return Err("a title has letters".into());
    }
    Ok(line)
}

fn usage(error: export::ExportError) -> anyhow::Error {
    match error {
        export::ExportError::Usage(text) => Usage(text).into(),
        export::ExportError::Query(ArticleQueryError::Query(error)) => Usage(error.to_string()).into(),
        other => other.into(),
    }
}

/// Where a delivery to a consumer ends: at the last change there is, or with the last article of those allowed.
fn end_of(reader: &Reader, takeout: &ArticleQuery) -> anyhow::Result<i64> {
    let mut last = None;
    let mut count = 0;
    if takeout.limit.is_some() {
        reader.for_each(takeout, |out| {
            if let crate::store::ExportItem::Article(article) = out {
                last = Some(article.seq);
                count += 1;
            }
            Ok::<_, ArticleQueryError>(std::ops::ControlFlow::Continue(()))
        })?;
    }
    let all = reader.last_seq()?;
    Ok(match (last, takeout.limit) {
        (Some(last), Some(limit)) if count >= limit => last,
        _ => all,
    })
}

/// What was asked for; all that does not go together is said before anything is written.
fn job(reader: &Reader, args: &ExportArgs) -> anyhow::Result<ExportJob> {
    let format = args.format;
    let destination = destination(args)?;
    let refuse = |text: String| Err::<ExportJob, _>(anyhow::Error::from(Usage(text)));
    let word = format!("--format {}", format.name);
    if args.fields.is_some() && !format.has(Property::Fields) {
        return refuse(format!(
            "--fields has no meaning for {word}; only these have fields: {}",
            Format::names_with(Property::Fields)
        ));
    }
    if format.has(Property::SeekableFile) && (destination == Destination::Stdout || args.compress.is_some()) {
        return refuse(format!(
            "{word} writes a file: name it with --to, and leave --compress out"
        ));
    }
    if format.has(Property::Compressed) && args.compress.is_some() {
        return refuse(format!("{word} is compressed as it is: leave --compress out"));
    }
    let selection = &args.selection;
    if let Contents::Records { selection: known, .. } = format.contents {
        let selects_text = selection.query.is_some()
            || !selection.language.is_empty()
            || selection.unique.is_some()
            || selection.revisions
            || selection.until.is_some()
            || selection.since_seq > 0
            || args.consumer.is_some();
        if selects_text || matches!(destination, Destination::Folder(_)) {
            return refuse(format!(
                "{word} is not made of articles: it goes to one file, and of the selection only --{} count",
                known.join(" and --")
            ));
        }
        if !known.contains(&"tag") && (selection.source.len() > 1 || !selection.tag.is_empty()) {
            return refuse(format!("{word} takes one --source at a time, and no --tag"));
        }
    }
    if args.consumer.is_some() && (format.order != SortOrder::Seq || selection.revisions) {
        return refuse("a consumer is served in the order of changes: with --consumer, take another format, without --revisions".into());
    }
    let now = Utc::now();
    let at = |typed: &Option<String>| typed.as_deref().map(|typed| when::parse(typed, now)).transpose();
    known(reader, &selection.source, &selection.tag)?;
    let query = ArticleQuery {
        since_seq: selection.since_seq,
        upto: None,
        sources: selection.source.clone(),
        tags: selection.tag.clone(),
        since: at(&selection.since)?,
        until: at(&selection.until)?,
        languages: selection.language.clone(),
        query: selection.query.clone(),
        revisions: selection.revisions,
        one_of_a_cluster: selection.unique.is_some(),
        limit: selection.limit,
        // Who asks for some words only did not ask what became of others.
        gone: format.has(Property::Removals)
            && (args.consumer.is_some()
                || (selection.query.is_none()
                    && selection.language.is_empty()
                    && selection.unique.is_none()
                    && selection.since.is_none()
                    && selection.until.is_none()))
            || (args.consumer.is_some() && format.folder == FolderLayout::FilePerArticle),
        order: format.order,
    };
    let fields = Fields::parse(args.fields.as_deref().unwrap_or_default()).map_err(Usage)?;
    Ok(ExportJob {
        format,
        query,
        fields,
        channel: FeedChannel {
            store_id: reader.store_id()?,
            title: args.title.clone(),
            self_url: args.self_url.as_ref().map(ToString::to_string),
        },
        destination,
        compression: args.compress,
        partition: args.partition,
    })
}

fn destination(args: &ExportArgs) -> anyhow::Result<Destination> {
    let to = &args.to;
    if to == Path::new("-") {
        if args.partition.is_some() {
            return Err(Usage("--partition divides a folder: name it with --to FOLDER/".into()).into());
        }
        return Ok(Destination::Stdout);
    }
    let slash = to.as_os_str().to_string_lossy().ends_with('/');
    Ok(if slash || args.partition.is_some() || to.is_dir() {
        Destination::Folder(to.clone())
    } else {
        Destination::File(to.clone())
    })
}

/// Sources and tags that there are; the nearest one is named for one that there is not.
fn known(reader: &Reader, sources: &[String], tags: &[String]) -> anyhow::Result<()> {
    if sources.is_empty() && tags.is_empty() {
        return Ok(());
    }
    let there = reader.sources_status(Utc::now())?;
    let names: Vec<&str> = there.iter().map(|source| source.name.as_str()).collect();
    let all_tags: Vec<&str> = there
        .iter()
        .flat_map(|source| source.tags.iter().map(String::as_str))
        .collect();
    for (typed, there, what) in [(sources, names, "source"), (tags, all_tags, "tag")] {
        for typed in typed {
            if there.contains(&typed.as_str()) {
                continue;
            }
            let hint = nearest(typed, there.iter().copied()).map_or_else(
                || "`cuttings list` shows them".to_owned(),
                |near| format!("did you mean {near:?}?"),
            );
            return Err(Usage(format!("there is no {what} {typed:?} in the database; {hint}")).into());
        }
    }
    Ok(())
}

fn report(args: &ExportArgs, job: &ExportJob, done: &ExportSummary) -> anyhow::Result<()> {
    let to_stdout = job.destination == Destination::Stdout;
    if args.json {
        let line = json!({"format": args.format.name, "written": done.written, "gone": done.removed, "bytes": done.bytes,
                          "files": done.files, "seq": done.seq, "consumer": args.consumer})
        .to_string();
        if to_stdout {
            complain(&line);
        } else {
            super::say(&line)?;
        }
    } else if !to_stdout {
        let next = match &args.consumer {
            Some(name) => format!("{name} has everything up to {}", done.seq),
            None => format!("go on with --since-seq {}", done.seq),
        };
        complain(&format!(
            "{} {} written to {}; {next}",
            done.written,
            args.format.noun(),
            args.to.display()
        ));
    }
    Ok(())
}

/// Shown where a person waits: the data goes elsewhere and stderr is a terminal.
fn progress(reader: &Reader, job: &ExportJob) -> anyhow::Result<ProgressBar> {
    let to_terminal = job.destination == Destination::Stdout && io::stdout().is_terminal();
    if to_terminal || !io::stderr().is_terminal() || matches!(job.format.contents, Contents::Records { .. }) {
        return Ok(ProgressBar::hidden());
    }
    let bar = ProgressBar::new(reader.count_articles(&job.query)?);
    let style = "{bar:30} {pos} of {len} articles, {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    Ok(bar)
}
