//! Files: the one that was named, what it includes, and the site rules beside it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::fault::{Fault, Faults, SHOWN, Severity, quoted};
use super::files::{Unread, folder_of, identity_of, matching, read_file, site_files};
use super::keys::{SITE, TOP};
use super::text::Text;
use super::value::{Section, Value};
use super::{ArticleRules, Config, Sites, read, rules};

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct LoadedConfig {
    /// What runs.
    pub config: Config,
    /// Every file that was read: the one named, its includes, the site rules.
    pub files: Vec<PathBuf>,
    /// What is odd but does no harm, at most [`SHOWN`] of each file.
    pub warnings: Vec<Fault>,
}

/// Reads a configuration with all it includes and the site rules beside it.
pub fn load(path: &Path) -> Result<LoadedConfig, Faults> {
    match read_file(path) {
        Ok(text) => load_as(path, &text),
        Err(Unread { message, hint }) => Err(Faults::about(path, message, hint)),
    }
}

/// Reads a configuration that is given as text, as if it stood in the file `name`. Site rules are read only where
/// `sites` names their folder.
pub fn load_text(name: &str, text: &str) -> Result<LoadedConfig, Faults> {
    load_from(Path::new(name), text, None)
}

/// Reads a configuration as it would be with another text in the main file.
pub(super) fn load_as(path: &Path, text: &str) -> Result<LoadedConfig, Faults> {
    load_from(path, text, Some(&folder_of(path).join("sites")))
}

/// Reads the site rules of a folder.
pub fn load_sites(folder: &Path) -> Result<Sites, Faults> {
    let mut report = Report::default();
    let paths = listed(folder, &mut report);
    let sites = sites(paths, &mut report);
    report.judge().map(|_| sites)
}

/// Reads one file with the keys of a file of site rules, for whatever host.
pub fn load_rules(path: &Path) -> Result<ArticleRules, Faults> {
    let text = read_file(path).map_err(|Unread { message, hint }| Faults::about(path, message, hint))?;
    let file = Text::new(path, &text);
    let mut rules = rules::site(&Section::checked(&file, &file.tree(), &SITE, 0..0));
    rules.layer = path.display().to_string();
    let mut report = Report::default();
    report.take(&file);
    report.judge().map(|_| rules)
}

/// The database as a configuration names it, whatever else is wrong there.
#[derive(Debug)]
pub struct NamedDatabase {
    /// `None`: it names none.
    pub path: Option<PathBuf>,
    /// Why the configuration could not be used for more.
    pub faults: Option<Faults>,
}

/// Where the database is, for those who need nothing else; what may have named another is an error.
pub fn named_database(path: &Path) -> Result<NamedDatabase, Faults> {
    let text = read_file(path).map_err(|Unread { message, hint }| Faults::about(path, message, hint))?;
    let read = read_from(path, &text, Some(&folder_of(path).join("sites")));
    let named = read.config.daemon.database;
    let is_lost = named.is_none() && read.names_database;
    let faults = read.report.judge().err();
    match faults {
        Some(faults) if is_lost || faults.may_concern("database") => Err(faults),
        faults => Ok(NamedDatabase { path: named, faults }),
    }
}

fn load_from(path: &Path, text: &str, default_sites: Option<&Path>) -> Result<LoadedConfig, Faults> {
    let ConfigDraft { config, report, .. } = read_from(path, text, default_sites);
    let Report { files, odd, .. } = report.judge()?;
    Ok(LoadedConfig {
        config,
        files,
        warnings: odd,
    })
}

/// What was read, faults and all.
struct ConfigDraft {
    config: Config,
    report: Report,
    /// Whether a line that is no comment mentions a database.
    names_database: bool,
}

fn read_from(path: &Path, text: &str, default_sites: Option<&Path>) -> ConfigDraft {
    let mut files = vec![Text::new(path, text)];
    let mut seen = HashMap::from([(identity_of(path), "it is the file that was named".to_owned())]);
    // Files are read in the order they are named; `next` is the first whose own includes are still to be read.
    let mut next = 0;
    while let Some(file) = files.get(next) {
        let more = includes(file, &mut seen);
        files.extend(more);
        next += 1;
    }

    let trees: Vec<DeTable<'_>> = files.iter().map(Text::tree).collect();
    let tops: Vec<Section<'_>> = files
        .iter()
        .zip(&trees)
        .map(|(file, tree)| Section::checked(file, tree, &TOP, 0..0))
        .collect();
    let mut config = read::config(&tops);
    let mut report = Report::default();
    let paths = match read::only_one(&tops, "sites") {
        Some(value) => named_sites(&value),
        None => default_sites
            .filter(|folder| folder.is_dir())
            .map(|folder| listed(folder, &mut report))
            .unwrap_or_default(),
    };
    for file in &files {
        report.take(file);
    }
    config.sites = sites(paths, &mut report);
    ConfigDraft {
        config,
        report,
        names_database: files.iter().any(|file| file.says("database")),
    }
}

/// The files of the folder that `sites` names.
fn named_sites(value: &Value<'_>) -> Vec<PathBuf> {
    let Some(typed) = value.string("sites = \"sites\"") else {
        return Vec::new();
    };
    site_files(&folder_of(value.text().path()).join(typed)).unwrap_or_else(|error| {
        value.fault(
            format!(
                "the folder of site rules {} cannot be read: {error}",
                quoted(typed)
            ),
            "name a folder, counting from that of this file, or leave the line out",
        );
        Vec::new()
    })
}

/// The files of a folder that nobody named.
fn listed(folder: &Path, report: &mut Report) -> Vec<PathBuf> {
    site_files(folder).unwrap_or_else(|error| {
        report.add(Fault::about(
            folder,
            format!("the folder of site rules cannot be read: {error}"),
            "check its name and its permissions",
        ));
        Vec::new()
    })
}

/// Files included by one.
fn includes(file: &Text, seen: &mut HashMap<PathBuf, String>) -> Vec<Text> {
    // A tree borrows its text and cannot be kept while more are read, so a file with includes is parsed twice.
    if !file.mentions("include") {
        return Vec::new();
    }
    let tree = file.tree();
    let Some(include) = Section::new(file, &tree, &TOP, 0..0).get("include") else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for value in include.each() {
        let Some(typed) = value.string("include = [\"sources.d/*.toml\"]") else {
            continue;
        };
        let paths = match matching(&folder_of(file.path()).join(typed)) {
            Ok(paths) => paths,
            Err(error) => {
                value.fault(
                    format!("the folder of {} cannot be read: {error}", quoted(typed)),
                    "paths count from the folder of this file",
                );
                continue;
            }
        };
        for path in paths {
            if let Some(first) = seen.get(&identity_of(&path)) {
                value.fault(
                    format!("{} is read already: {first}", quoted(&path.to_string_lossy())),
                    "include each file once",
                );
                continue;
            }
            match read_file(&path) {
                Ok(text) => {
                    seen.insert(identity_of(&path), format!("it is included at {}", value.place()));
                    files.push(Text::new(&path, &text));
                }
                Err(Unread { message, hint }) => {
                    value.fault(format!("{}: {message}", quoted(&path.to_string_lossy())), hint);
                }
            }
        }
    }
    files
}

/// Reads `HOST.toml` files.
fn sites(paths: Vec<PathBuf>, report: &mut Report) -> Sites {
    let mut sites = Sites::default();
    let mut seen: HashMap<String, PathBuf> = HashMap::new();
    for path in paths {
        let text = match read_file(&path) {
            Ok(text) => text,
            Err(Unread { message, hint }) => {
                report.add(Fault::about(&path, message, hint));
                continue;
            }
        };
        let file = Text::new(&path, &text);
        let rules = rules::site(&Section::checked(&file, &file.tree(), &SITE, 0..0));
        report.take(&file);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let Some(host) = host(&stem) else {
            report.add(Fault::about(
                &path,
                format!("{} is not the name of a host", quoted(&stem)),
                "site rules are named after the host they are for, such as `www.example.org.toml`",
            ));
            continue;
        };
        if let Some(first) = seen.insert(host.clone(), path.clone()) {
            report.add(Fault::about(
                &path,
                format!("{host} has rules already, in {}", first.display()),
                "keep one of the two files",
            ));
        }
        let layer = format!("sites/{host}.toml");
        sites.insert(&host, ArticleRules { layer, ..rules });
    }
    sites
}

/// A host as URLs write it.
fn host(stem: &str) -> Option<String> {
    let host = url::Host::parse(stem).ok()?.to_string();
    let host = host.trim_end_matches('.');
    (host.contains('.') || host == "localhost").then(|| host.to_owned())
}

/// What was found in the files so far.
#[derive(Default)]
struct Report {
    files: Vec<PathBuf>,
    /// At most [`SHOWN`].
    faults: Vec<Fault>,
    odd: Vec<Fault>,
    /// How many mistakes there were in all, and in how many files.
    mistakes: usize,
    wrong: usize,
}

impl Report {
    fn take(&mut self, text: &Text) {
        let left = SHOWN.saturating_sub(self.faults.len());
        let (faults, mistakes) = text.faults(Severity::Error, left);
        self.faults.extend(faults);
        self.mistakes += mistakes;
        self.wrong += usize::from(mistakes > 0);
        self.odd.extend(text.faults(Severity::Warning, SHOWN).0);
        self.files.push(text.path().to_owned());
    }

    /// A mistake about a file as a whole.
    fn add(&mut self, fault: Fault) {
        self.wrong += usize::from(!self.faults.iter().any(|known| known.file == fault.file));
        self.mistakes += 1;
        if self.faults.len() < SHOWN {
            self.faults.push(fault);
        }
    }

    fn judge(mut self) -> Result<Self, Faults> {
        if self.mistakes == 0 {
            return Ok(self);
        }
        self.faults.append(&mut self.odd);
        Err(Faults::new(self.faults, self.mistakes, self.wrong))
    }
}
