//! `cuttings join` and `cuttings part`: a person decides which pages are one article. It holds against later evidence.

use chrono::Utc;
use clap::Args;

use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::print_message;
use crate::config::counted;
use crate::store::{Decided, DecisionRefused, MaintenanceWriter, Reader};

#[derive(Debug, Args)]
pub(super) struct JoinArgs {
    /// Number of an article, or any URL of it
    article: String,
    /// Number of another article, or any URL of it
    other: String,
}

#[derive(Debug, Args)]
pub(super) struct PartArgs {
    /// Number of an article, or any URL of it
    article: String,
    /// Pages of it that are apart from the rest [default: every page is apart from every other]
    #[arg(value_name = "PAGE-URL")]
    pages: Vec<String>,
}

/// Makes one article of two.
pub(super) fn join(global: &GlobalOptions, args: &JoinArgs) -> anyhow::Result<Exit> {
    let path = global.database_to_write()?;
    let reader = Reader::open(&path)?;
    let (article, other) = (reader.find_article(&args.article)??, reader.find_article(&args.other)??);
    drop(reader);
    let Decided { articles, pages } =
        accepted(MaintenanceWriter::open(&path)?.join(article, other, Utc::now())?)?;
    print_message(&match articles.as_slice() {
        [joined] => format!(
            "articles {article} and {other} are article {joined} now, {} of it; whatever is found later, until `cuttings part {joined}`",
            counted(pages, "page")
        ),
        _ => format!(
            "articles {} are kept apart by earlier decisions: `cuttings explain {article}`",
            numbers(&articles)
        ),
    });
    Ok(Exit::done_if(articles.len() == 1))
}

/// Parts the pages of an article.
pub(super) fn part(global: &GlobalOptions, args: &PartArgs) -> anyhow::Result<Exit> {
    let path = global.database_to_write()?;
    let reader = Reader::open(&path)?;
    let article = reader.find_article(&args.article)??;
    drop(reader);
    let Decided { articles, pages } =
        accepted(MaintenanceWriter::open(&path)?.part(article, &args.pages, Utc::now())?)?;
    print_message(&match articles.as_slice() {
        [_] => format!(
            "article {article} stays one: earlier decisions join its pages: `cuttings explain {article}`"
        ),
        _ => format!(
            "{} of article {article} are articles {} now, whatever is found later, until `cuttings join`",
            counted(pages, "page"),
            numbers(&articles)
        ),
    });
    Ok(Exit::done_if(articles.len() > 1))
}

/// A decision that is refused is a mistake of the command line.
fn accepted(decided: Result<Decided, DecisionRefused>) -> Result<Decided, UsageError> {
    decided.map_err(|refused| UsageError(refused.to_string()))
}

/// `1, 2 and 3`
fn numbers(articles: &[i64]) -> String {
    let words: Vec<String> = articles.iter().map(ToString::to_string).collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => words.concat(),
    }
}
