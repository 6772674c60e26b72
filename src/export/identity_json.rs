//! What an article is known by, as further members of its line of `jsonl`: `page`, `pages`, `memberships`, `decisions`.
//!
//! docs/exports.md describes them; the records are those of `store::article_identity`. They are on the line of an article's
//! current text, and on that of its end. With `--revisions` every line names the page of its text.

use std::io::{self, Write as _};

use serde::Serialize;

use super::error::ExportError;
use super::fields::Fields;
use crate::store::{ArticleIdentity, ArticleRef, ChangeRow, HiddenText, Reader};

/// Members of a line, each with a comma before it.
#[derive(Debug, Default)]
pub(crate) struct IdentityJson {
    members: Vec<u8>,
    /// Texts of the article that readers do not see, each as an object, with the numbers of their pages.
    texts: Vec<(i64, Vec<u8>)>,
}

impl IdentityJson {
    /// The members that were read last.
    pub(super) fn members(&self) -> &[u8] {
        &self.members
    }

    /// Reads the members of the line of an article.
    pub(super) fn read_article(
        &mut self,
        reader: &Reader,
        article: &ArticleRef<'_>,
        has_revisions: bool,
    ) -> Result<(), ExportError> {
        self.members.clear();
        let Some(place) = reader.text_place(article.article_id, article.seq, has_revisions)? else {
            return Ok(());
        };
        write!(self.members, ",\"page\":{}", place.page)?;
        if !place.first_party {
            self.members.extend_from_slice(b",\"first_party\":false");
        }
        if place.is_current {
            self.read_texts(reader, article.article_id, has_revisions)?;
            self.add_identity(&reader.article_identity(article.article_id)?)?;
        }
        Ok(())
    }

    /// Reads the members of the line of a merged or deleted article.
    pub(super) fn read_removal(&mut self, reader: &Reader, change: &ChangeRow) -> Result<(), ExportError> {
        self.members.clear();
        self.texts.clear();
        if let Some(why) = reader.deletion_reason(change.article_id)? {
            self.add("why", &why)?;
        }
        self.add_identity(&reader.article_identity(change.article_id)?)
    }

    fn read_texts(&mut self, reader: &Reader, article: i64, has_revisions: bool) -> Result<(), ExportError> {
        self.texts.clear();
        let fields = Fields::of_text();
        let mut written = Ok(());
        reader.hidden_texts(article, has_revisions, &mut |text: &HiddenText<'_>| {
            let mut object = Vec::new();
            if let Err(error) = fields.write_object(text.fields, &mut object) {
                written = Err(error);
            }
            if !text.place.first_party {
                open_again(&mut object);
                object.extend_from_slice(b",\"first_party\":false}");
            }
            self.texts.push((text.place.page, object));
        })?;
        Ok(written?)
    }

    fn add_identity(&mut self, identity: &ArticleIdentity) -> Result<(), ExportError> {
        for (at, page) in identity.pages.iter().enumerate() {
            self.members.extend_from_slice(if at == 0 { b",\"pages\":[" } else { b"," });
            to_json(page, &mut self.members)?;
            let mut texts =
                self.texts.iter().filter(|(of, _)| *of == page.page).map(|(_, text)| text).peekable();
            if texts.peek().is_some() {
                open_again(&mut self.members);
                self.members.extend_from_slice(b",\"texts\":[");
                for (at, text) in texts.enumerate() {
                    self.members.extend_from_slice(if at == 0 { b"" } else { b"," });
                    self.members.extend_from_slice(text);
                }
                self.members.extend_from_slice(b"]}");
            }
        }
        if !identity.pages.is_empty() {
            self.members.push(b']');
        }
        if !identity.memberships.is_empty() {
            self.add("memberships", &identity.memberships)?;
        }
        if !identity.decisions.is_empty() {
            self.add("decisions", &identity.decisions)?;
        }
        Ok(())
    }

    fn add(&mut self, name: &str, value: &impl Serialize) -> Result<(), ExportError> {
        write!(self.members, ",\"{name}\":")?;
        Ok(to_json(value, &mut self.members)?)
    }
}

/// Takes the closing brace off an object, so that it can have more members.
fn open_again(object: &mut Vec<u8>) {
    object.truncate(object.len() - 1);
}

fn to_json(value: &impl Serialize, out: &mut Vec<u8>) -> io::Result<()> {
    Ok(serde_json::to_writer(out, value)?)
}
