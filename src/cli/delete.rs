//! `cuttings delete`: a takedown.

use chrono::Utc;
use clap::Args;

use super::{Exit, Global, complain};
use crate::store::{MaintenanceWriter, Reader};

#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// Numbers of articles, or any URLs of them
    #[arg(required = true)]
    article: Vec<String>,
}

pub(super) fn delete(global: &Global, args: &DeleteArgs) -> anyhow::Result<Exit> {
    let path = global.database_alone()?;
    let reader = Reader::open(&path)?;
    // All are found before the first is deleted.
    let articles = args
        .article
        .iter()
        .map(|name| Ok(reader.find_article(name)??))
        .collect::<anyhow::Result<Vec<i64>>>()?;
    drop(reader);
    let mut clerk = MaintenanceWriter::open(&path)?;
    for article in articles {
        complain(&if clerk.delete(article, Utc::now())? {
            format!(
                "article {article}: deleted with its revisions and stored pages; its URLs stay known, so that it never comes back"
            )
        } else {
            format!("article {article}: was deleted before")
        });
    }
    Ok(Exit::Done)
}
