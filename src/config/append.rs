//! Adds sources to a configuration file: at its end, every other byte unchanged.
//!
//! The file is replaced in one step (rename), and only where the whole configuration is valid with the new sources.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use url::Url;

use super::fault::Faults;
use super::load::{self, LoadedConfig};

/// A source to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSource {
    /// A name that no other source has; see [`SourceNames`].
    pub name: String,
    /// `feed` or `sitemap`.
    pub key: &'static str,
    /// The document to poll.
    pub url: Url,
    /// May be empty.
    pub tags: Vec<String>,
}

/// Why nothing was added; the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// With the sources the configuration is invalid, as where `source` is written as a list.
    #[error("with these sources the file would not be valid, so it was left as it is:\n{0}")]
    Invalid(Box<Faults>),
    /// The file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
}

impl NewSource {
    /// The text of the source in the file.
    pub fn block(&self) -> String {
        let text = |text: &str| toml::Value::from(text).to_string();
        let mut block =
            format!("[[source]]\nname = {}\n{} = {}\n", text(&self.name), self.key, text(self.url.as_str()));
        if !self.tags.is_empty() {
            let tags: Vec<String> = self.tags.iter().map(|tag| text(tag)).collect();
            let _ = writeln!(block, "tags = [{}]", tags.join(", "));
        }
        block
    }
}

/// The beginning of a file that is created.
const BEGINNING: &str =
    "# What `cuttings` collects. Every key and what it is by default: config/cuttings.toml of the package.\n";

/// Adds sources at the end of a file. A file that does not exist is created.
pub fn append(path: &Path, sources: &[NewSource]) -> Result<LoadedConfig, AppendError> {
    let file = |error| AppendError::File { path: path.display().to_string(), error };
    // A link stays one: what it leads to is replaced.
    let (real, mut text, is_new) = match path.canonicalize() {
        Ok(real) => (real.clone(), std::fs::read_to_string(&real).map_err(file)?, false),
        Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), BEGINNING.to_owned(), true),
        Err(error) => return Err(file(error)),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for source in sources {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&source.block());
    }
    let loaded = load::load_as(path, &text).map_err(|faults| AppendError::Invalid(Box::new(faults)))?;
    // A rename: a concurrent reader sees the old file or the new one.
    let mut beside = real.clone().into_os_string();
    beside.push(".new");
    if let Some(folder) = real.parent().filter(|_| is_new) {
        std::fs::create_dir_all(folder).map_err(file)?;
    }
    let written = std::fs::File::create(&beside).and_then(|mut new| {
        if !is_new {
            new.set_permissions(std::fs::metadata(&real)?.permissions())?;
        }
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        std::fs::rename(&beside, &real)
    });
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        file(error)
    })?;
    Ok(loaded)
}

/// Makes names for sources: from the letters and digits of the title, else of the host, numbered where in use.
#[derive(Debug, Default)]
pub struct SourceNames {
    taken: HashMap<String, usize>,
}

impl SourceNames {
    /// Starts with the names that are in use.
    pub fn taken<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { taken: names.into_iter().map(|name| (name.to_owned(), 1)).collect() }
    }

    /// A name that is not in use; it is from now on.
    pub fn free(&mut self, title: Option<&str>, url: &Url) -> String {
        let host = url.host_str().unwrap_or("source");
        let wanted = title.map(slug).filter(|slug| slug.chars().count() > 1);
        let wanted = wanted.unwrap_or_else(|| slug(host.strip_prefix("www.").unwrap_or(host)));
        let mut name = wanted.clone();
        while self.taken.contains_key(&name) {
            let next = self.taken.entry(wanted.clone()).or_insert(1);
            *next += 1;
            name = format!("{wanted}-{next}");
        }
        self.taken.insert(name.clone(), 1);
        name
    }
}

/// Words of letters and digits of any script in lower case, joined by hyphens, at most 40 characters.
fn slug(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut slug = String::new();
    for word in words {
        if !slug.is_empty() && slug.chars().count() + word.chars().count() >= 40 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.extend(word.chars().take(40));
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn names_are_free_and_readable() {
        let mut names = SourceNames::taken(["the-paper", "paper-example"]);
        let home = url("https://www.paper.example/rss");
        for (title, expected) in [
            (Some("The Paper: News & Views"), "the-paper-news-views"),
            (Some("The Paper"), "the-paper-2"),
            (Some("the paper!"), "the-paper-3"),
            (Some("新闻"), "新闻"),
            (Some("!"), "paper-example-2"),
            (None, "paper-example-3"),
        ] {
            assert_eq!(names.free(title, &home), expected);
        }
    }

    #[test]
    fn a_source_is_added_and_nothing_else_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cuttings.toml");
        let source = NewSource {
            name: "a \"b\"".to_owned(),
            key: "feed",
            url: url("https://paper.example/rss?a='1'"),
            tags: vec!["news".to_owned(), "c\\d".to_owned()],
        };
        let typed = "# mine\n[daemon]\ncontact = 'x' # who\n\n[[source]]\nname = 'one'\nfeed = 'https://one.example/' # first";
        std::fs::write(&path, typed).unwrap();
        let loaded = append(&path, std::slice::from_ref(&source)).unwrap();
        assert_eq!(loaded.config.sources.len(), 2);
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written, format!("{typed}\n\n{}", source.block()));
        assert_eq!(loaded.config.sources[1].tags, source.tags);
        assert_eq!(loaded.config.sources[1].name, source.name);

        // A name that is taken would make it invalid: the file is as it was.
        assert!(matches!(append(&path, &[source]), Err(AppendError::Invalid(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
