//! `cuttings delete`: takes articles down for good.
//!
//! Consumers and exports are told with a `deleted` record. The keys of the article stay, so that it is not collected again.

use chrono::Utc;
use clap::Args;

use super::exit::Exit;
use super::options::GlobalOptions;
use super::print::print_message;
use crate::store::{MaintenanceWriter, Reader};

#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// Number of an article, or any URL of it; may be repeated
    #[arg(required = true)]
    article: Vec<String>,
}

pub(super) fn delete(global: &GlobalOptions, args: &DeleteArgs) -> anyhow::Result<Exit> {
    let path = global.database_to_write()?;
    let reader = Reader::open(&path)?;
    // All are looked up before the first is deleted, so that a mistyped one deletes nothing.
    let articles = args
        .article
        .iter()
        .map(|name| Ok(reader.find_article(name)??))
        .collect::<anyhow::Result<Vec<i64>>>()?;
    drop(reader);
    let mut writer = MaintenanceWriter::open(&path)?;
    for article in articles {
        print_message(&if writer.delete(article, Utc::now())? {
            format!(
                "article {article}: deleted with its revisions and stored pages; its URLs stay known, so that it never comes back"
            )
        } else {
            format!("article {article}: was deleted before")
        });
    }
    Ok(Exit::Done)
}
