//! `cuttings export`: writes articles to stdout, a file or a folder, in one of the formats of `crate::export`.
//!
//! With `--consumer` the range of changes is recorded in the database before anything is written, and as delivered once
//! all is written and synced: an export that was killed is repeated with the same range.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use indicatif::ProgressBar;

use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::{one_line, print_json, print_message};
use super::selection::{Unique, parse_time};
use super::{consumers, progress};
use crate::export::{
    self, Compression, Contents, Destination, ExportError, ExportJob, ExportSummary, FORMATS, FeedChannel,
    Fields, FolderLayout, Format, Partition, Property,
};
use crate::shapes::{self, ExportJson};
use crate::store::{ArticleQuery, ArticleQueryError, ConsumerLock, ExportItem, Reader, SortOrder};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Format of the output
    #[arg(long, ignore_case = true, value_parser = format_parser())]
    format: &'static Format,
    /// A file (replaced whole when all is written), a folder (with a slash at its end), or `-` for stdout
    #[arg(long, value_name = "PATH", default_value = "-")]
    to: PathBuf,
    /// Divide the folder into subfolders, such as date=2026-11-24/part-….jsonl
    #[arg(long, value_enum)]
    partition: Option<Partition>,
    /// Compress each file
    #[arg(long, value_enum)]
    compress: Option<Compression>,
    /// Only what NAME has not received yet; recorded as delivered once it is written and synced
    #[arg(long, value_name = "NAME", value_parser = consumers::parse_name)]
    consumer: Option<String>,
    #[command(flatten)]
    selection: ArticleSelection,
    #[arg(long, value_name = "LIST", help = help_of("Fields and their order, such as title,url,text", Property::Fields))]
    fields: Option<String>,
    #[arg(long, value_name = "TEXT", default_value = "Cuttings", value_parser = parse_title,
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
struct ArticleSelection {
    /// Only of this source; may be repeated
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// Only of sources with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Only published since: a date, a time, or a length of time, such as 3d (first seen, where no date is known)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only published before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Only what changed after this sequence number
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    since_seq: i64,
    /// Only what a full-text search finds; see `cuttings search --help`
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    query: Option<String>,
    /// Only in this language (BCP 47; pt includes pt-BR); may be repeated
    #[arg(long, value_name = "TAG")]
    language: Vec<String>,
    /// Export one article per story
    #[arg(long, value_enum)]
    unique: Option<Unique>,
    /// Most articles: the first ones by sequence number, the newest in feeds
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Every version of an article, not only the latest
    #[arg(long)]
    revisions: bool,
    /// Only settled articles, none whose page is still tried (`provisional`)
    #[arg(long)]
    settled: bool,
}

/// Reads the name of a format; the help lists all of them.
fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    let names = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.help));
    PossibleValuesParser::new(names).try_map(|name| Format::named(&name).ok_or("there is no such format"))
}

/// The help of an option that only some formats have.
fn help_of(text: &str, property: Property) -> String {
    format!("{text} ({})", Format::names_with(property))
}

/// Exit code 0 only once all is written and, in files, synced.
pub(super) fn export(global: &GlobalOptions, args: &ExportArgs) -> anyhow::Result<Exit> {
    let database = global.database_to_read()?;
    let reader = Reader::open(&database)?;
    let mut job = job(&reader, args)?;
    let delivery = match &args.consumer {
        None => None,
        Some(name) => {
            let (mut lock, consumer) =
                ConsumerLock::acquire(&database, name, job.query.since_seq, Utc::now())?;
            job.query.since_seq = consumer.seq;
            // An export that was killed is repeated with the same end.
            let upto = if let Some(upto) = consumer.upto {
                upto
            } else {
                let upto = end_of_delivery(&reader, &job.query)?;
                lock.begin_delivery(upto)?;
                upto
            };
            job.query.upto = Some(upto);
            if let Destination::Folder(path) = job.destination {
                job.destination = Destination::AddToFolder(path);
            }
            Some((lock, upto))
        }
    };
    let bar = progress_bar(&reader, &job)?;
    let summary = export::export(&reader, &job, Utc::now(), |written| bar.set_position(written));
    bar.finish_and_clear();
    let summary = summary.map_err(as_usage_error)?;
    if let Some((mut lock, upto)) = delivery {
        lock.end_delivery(upto, Utc::now())?;
    }
    report(args, &job, &summary)?;
    Ok(Exit::Done)
}

/// The title of a feed or book.
fn parse_title(typed: &str) -> Result<String, String> {
    let line = one_line(typed);
    if line.is_empty() {
        return Err("a title has letters".into());
    }
    Ok(line)
}

/// What is wrong with the query or the options is a mistake of the command line.
fn as_usage_error(error: ExportError) -> anyhow::Error {
    match error {
        ExportError::Usage(text) => UsageError(text).into(),
        ExportError::Query(ArticleQueryError::Query(error)) => UsageError(error.to_string()).into(),
        other => other.into(),
    }
}

/// The change up to which a delivery goes: the last there is, or that of the last article within the limit.
fn end_of_delivery(reader: &Reader, query: &ArticleQuery) -> anyhow::Result<i64> {
    let mut last = None;
    let mut count = 0;
    if query.limit.is_some() {
        reader.for_each(query, |item| {
            if matches!(item, ExportItem::Article(_)) {
                last = Some(item.change());
                count += 1;
            }
            Ok::<_, ArticleQueryError>(ControlFlow::Continue(()))
        })?;
    }
    let all = reader.last_seq()?;
    Ok(match (last, query.limit) {
        (Some(last), Some(limit)) if count >= limit => last,
        _ => all,
    })
}

/// The export that the options describe. Options that contradict each other are refused before anything is written.
fn job(reader: &Reader, args: &ExportArgs) -> anyhow::Result<ExportJob> {
    let destination = destination(args)?;
    check_options(args, &destination)?;
    let query = article_query(reader, args)?;
    let fields = args.fields.as_deref().unwrap_or_default().trim();
    let identity = args.format.has(Property::Identity) && fields.is_empty();
    let fields = Fields::parse(fields).map_err(UsageError)?;
    Ok(ExportJob {
        format: args.format,
        query,
        fields,
        identity,
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

/// Refuses options that mean nothing for the format, or exclude each other.
fn check_options(args: &ExportArgs, destination: &Destination) -> Result<(), UsageError> {
    let format = args.format;
    let selection = &args.selection;
    let refuse = |text: String| Err(UsageError(text));
    let option = format!("--format {}", format.name);
    if args.fields.is_some() && !format.has(Property::Fields) {
        return refuse(format!(
            "--fields has no meaning for {option}; only these have fields: {}",
            Format::names_with(Property::Fields)
        ));
    }
    if format.has(Property::SeekableFile) && (*destination == Destination::Stdout || args.compress.is_some())
    {
        return refuse(format!("{option} writes a file: name it with --to, and leave --compress out"));
    }
    if format.has(Property::Compressed) && args.compress.is_some() {
        return refuse(format!("{option} is compressed as it is: leave --compress out"));
    }
    if let Contents::Records { selection: known, .. } = format.contents {
        let selects_text = selection.query.is_some()
            || !selection.language.is_empty()
            || selection.unique.is_some()
            || selection.revisions
            || selection.settled
            || selection.until.is_some()
            || selection.since_seq > 0
            || args.consumer.is_some();
        if selects_text || matches!(destination, Destination::Folder(_)) {
            return refuse(format!(
                "{option} is not made of articles: it goes to one file, and of the selection only --{} count",
                known.join(" and --")
            ));
        }
        if !known.contains(&"tag") && (selection.source.len() > 1 || !selection.tag.is_empty()) {
            return refuse(format!("{option} takes one --source at a time, and no --tag"));
        }
    }
    if args.consumer.is_some() && (format.order != SortOrder::Seq || selection.revisions) {
        return refuse("a consumer is served in the order of changes: with --consumer, take another format, without --revisions".into());
    }
    Ok(())
}

/// Which articles, and in which order the format wants them.
fn article_query(reader: &Reader, args: &ExportArgs) -> anyhow::Result<ArticleQuery> {
    let (format, selection) = (args.format, &args.selection);
    let now = Utc::now();
    let time = |typed: &Option<String>| typed.as_deref().map(|typed| parse_time(typed, now)).transpose();
    check_names(reader, &selection.source, &selection.tag)?;
    let selects_by_content = selection.query.is_some()
        || !selection.language.is_empty()
        || selection.unique.is_some()
        || selection.since.is_some()
        || selection.until.is_some();
    Ok(ArticleQuery {
        since_seq: selection.since_seq,
        upto: None,
        sources: selection.source.clone(),
        tags: selection.tag.clone(),
        since: time(&selection.since)?,
        until: time(&selection.until)?,
        languages: selection.language.clone(),
        query: selection.query.clone(),
        revisions: selection.revisions,
        settled: selection.settled,
        one_of_a_cluster: selection.unique.is_some(),
        limit: selection.limit,
        // Deleted and merged articles have no content to select by. A consumer may have received them before.
        gone: match args.consumer {
            Some(_) => format.has(Property::Removals) || format.folder == FolderLayout::FilePerArticle,
            None => format.has(Property::Removals) && !selects_by_content,
        },
        order: format.order,
    })
}

/// Where the output goes: a folder has a slash at its end, is one already, or is divided.
fn destination(args: &ExportArgs) -> anyhow::Result<Destination> {
    let to = &args.to;
    if to == Path::new("-") {
        if args.partition.is_some() {
            return Err(UsageError("--partition divides a folder: name it with --to FOLDER/".into()).into());
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

/// Refuses sources and tags that the database does not know.
fn check_names(reader: &Reader, sources: &[String], tags: &[String]) -> anyhow::Result<()> {
    if sources.is_empty() && tags.is_empty() {
        return Ok(());
    }
    let known = reader.sources_status(Utc::now())?;
    let names: Vec<&str> = known.iter().map(|source| source.name.as_str()).collect();
    let all_tags: Vec<&str> =
        known.iter().flat_map(|source| source.tags.iter().map(String::as_str)).collect();
    for (noun, typed, known) in [("stored source", sources, names), ("stored tag", tags, all_tags)] {
        if let Some(unknown) = typed.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(UsageError::unknown(noun, unknown, known, "cuttings status").into());
        }
    }
    Ok(())
}

/// Says what was written: with `--json` on stdout, or on stderr where the articles went to stdout.
fn report(args: &ExportArgs, job: &ExportJob, summary: &ExportSummary) -> anyhow::Result<()> {
    let to_stdout = job.destination == Destination::Stdout;
    if args.json {
        let shape = ExportJson {
            format: args.format.name,
            written: summary.written,
            gone: summary.removed,
            bytes: summary.bytes,
            files: summary.files,
            seq: summary.seq,
            consumer: args.consumer.as_deref(),
        };
        if to_stdout {
            print_message(&shapes::to_line(&shape)?);
        } else {
            print_json(&shape)?;
        }
    } else if !to_stdout {
        let next = match &args.consumer {
            Some(name) => format!("{name} has everything up to {}", summary.seq),
            None => format!("go on with --since-seq {}", summary.seq),
        };
        print_message(&format!(
            "{} {} written to {}; {next}",
            summary.written,
            args.format.noun(),
            args.to.display()
        ));
    }
    Ok(())
}

/// Hidden where the articles go to the terminal, or there are none to count.
fn progress_bar(reader: &Reader, job: &ExportJob) -> anyhow::Result<ProgressBar> {
    let to_terminal = job.destination == Destination::Stdout && io::stdout().is_terminal();
    if to_terminal || !io::stderr().is_terminal() || matches!(job.format.contents, Contents::Records { .. }) {
        return Ok(ProgressBar::hidden());
    }
    let template = "{bar:30} {pos} of {len} articles, {per_sec}, {eta} left";
    Ok(progress::bar(reader.count_articles(&job.query)?, template))
}
