//! Loads a configuration: the file that is named, the files it includes, and the site rules beside it.
//!
//! All files are read before anything is checked across them, so that one load reports every mistake.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::article_rules::{ArticleRules, Sites};
use super::config_file::ConfigFile;
use super::fault::{Fault, Faults, SHOWN, Severity, quoted};
use super::files::{ReadFailure, folder_of, identity_of, matching, read_file, site_files};
use super::keys::{SITE, TOP};
use super::sections::Config;
use super::value::{ConfigValue, Section};
use super::{read, rules};
use crate::link::SameSite;

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct LoadedConfig {
    /// What runs.
    pub config: Config,
    /// What is odd but harmless, at most [`SHOWN`] of each file.
    pub warnings: Vec<Fault>,
}

/// Loads a configuration with the files it includes and the site rules in `sites` beside it.
pub fn load(path: &Path) -> Result<LoadedConfig, Faults> {
    match read_file(path) {
        Ok(text) => load_as(path, &text),
        Err(ReadFailure { message, hint }) => Err(Faults::about(path, message, hint)),
    }
}

/// Loads a configuration from a text, as if it were the file `name`. Site rules are read only where the key `sites` names
/// their folder.
pub fn load_text(name: &str, text: &str) -> Result<LoadedConfig, Faults> {
    load_from(Path::new(name), text, None)
}

/// Loads a configuration as it would be with another text in the main file.
pub(super) fn load_as(path: &Path, text: &str) -> Result<LoadedConfig, Faults> {
    load_from(path, text, Some(&folder_of(path).join("sites")))
}

/// Reads one file of site rules, whatever its name.
pub fn load_rules(path: &Path) -> Result<ArticleRules, Faults> {
    let text = read_file(path).map_err(|ReadFailure { message, hint }| Faults::about(path, message, hint))?;
    let file = ConfigFile::new(path, &text);
    let mut rules = rules::site(&Section::checked(&file, &file.tree(), &SITE, 0..0));
    rules.layer = path.display().to_string();
    let mut report = LoadReport::default();
    report.add_file(&file);
    report.into_result().map(|_| rules)
}

/// The database that a configuration names, whatever else is wrong in it.
#[derive(Debug)]
pub struct NamedDatabase {
    /// `None`: it names none.
    pub path: Option<PathBuf>,
    /// The mistakes of the configuration, where it has any.
    pub faults: Option<Faults>,
}

/// Reads only where the database is. Fails where a mistake may concern the key `database`.
pub fn named_database(path: &Path) -> Result<NamedDatabase, Faults> {
    let text = read_file(path).map_err(|ReadFailure { message, hint }| Faults::about(path, message, hint))?;
    let read = read_from(path, &text, Some(&folder_of(path).join("sites")));
    let named = read.config.daemon.database;
    let is_lost = named.is_none() && read.names_database;
    let faults = read.report.into_result().err();
    match faults {
        Some(faults) if is_lost || faults.may_mention("database") => Err(faults),
        faults => Ok(NamedDatabase { path: named, faults }),
    }
}

/// Reads everything and fails where there is any mistake.
fn load_from(path: &Path, text: &str, default_sites: Option<&Path>) -> Result<LoadedConfig, Faults> {
    let ConfigDraft { config, report, .. } = read_from(path, text, default_sites);
    let LoadReport { warnings, .. } = report.into_result()?;
    Ok(LoadedConfig { config, warnings })
}

/// A configuration as far as it could be read, with its mistakes.
struct ConfigDraft {
    config: Config,
    report: LoadReport,
    /// Whether any line but a comment has the word `database`.
    names_database: bool,
}

/// Reads the main file, then breadth first the files it includes, each once, then the site rules.
fn read_from(path: &Path, text: &str, default_sites: Option<&Path>) -> ConfigDraft {
    let mut files = vec![ConfigFile::new(path, text)];
    let mut seen = HashMap::from([(identity_of(path), "it is the file that was named".to_owned())]);
    // Files are read in the order they are named; `next` is the first whose own includes are still to be read.
    let mut next = 0;
    while let Some(file) = files.get(next) {
        let more = includes(file, &mut seen);
        files.extend(more);
        next += 1;
    }

    let trees: Vec<DeTable<'_>> = files.iter().map(ConfigFile::tree).collect();
    let tops: Vec<Section<'_>> =
        files.iter().zip(&trees).map(|(file, tree)| Section::checked(file, tree, &TOP, 0..0)).collect();
    let mut config = read::config(&tops);
    let mut report = LoadReport::default();
    let paths = match read::only_one(&tops, "sites") {
        Some(value) => named_sites(&value),
        None => default_sites
            .filter(|folder| folder.is_dir())
            .map(|folder| listed(folder, &mut report))
            .unwrap_or_default(),
    };
    for file in &files {
        report.add_file(file);
    }
    config.sites = sites(paths, &mut report);
    if *config.sites.same_site() != SameSite::default() {
        for source in &mut config.sources {
            let same_site = source.same_site.beside(config.sites.same_site());
            Arc::make_mut(source).same_site = same_site;
        }
    }
    ConfigDraft {
        config,
        report,
        names_database: files.iter().any(|file| file.has_word_outside_comments("database")),
    }
}

/// The files of the folder that `sites` names.
fn named_sites(value: &ConfigValue<'_>) -> Vec<PathBuf> {
    let Some(typed) = value.string("sites = \"sites\"") else {
        return Vec::new();
    };
    site_files(&folder_of(value.file().path()).join(typed)).unwrap_or_else(|error| {
        value.fault(
            format!("the folder of site rules {} cannot be read: {error}", quoted(typed)),
            "name a folder, counting from that of this file, or leave the line out",
        );
        Vec::new()
    })
}

/// The files of the default folder of site rules.
fn listed(folder: &Path, report: &mut LoadReport) -> Vec<PathBuf> {
    site_files(folder).unwrap_or_else(|error| {
        report.add(Fault::about(
            folder,
            format!("the folder of site rules cannot be read: {error}"),
            "check its name and its permissions",
        ));
        Vec::new()
    })
}

/// The files that one file includes.
fn includes(file: &ConfigFile, seen: &mut HashMap<PathBuf, String>) -> Vec<ConfigFile> {
    // A tree borrows its text and cannot be kept while more are read, so a file with includes is parsed twice.
    if !file.has_word("include") {
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
                    files.push(ConfigFile::new(&path, &text));
                }
                Err(ReadFailure { message, hint }) => {
                    value.fault(format!("{}: {message}", quoted(&path.to_string_lossy())), hint);
                }
            }
        }
    }
    files
}

/// Reads `HOST.toml` files.
fn sites(paths: Vec<PathBuf>, report: &mut LoadReport) -> Sites {
    let mut sites: HashMap<String, ArticleRules> = HashMap::new();
    let mut seen: HashMap<String, PathBuf> = HashMap::new();
    for path in paths {
        let text = match read_file(&path) {
            Ok(text) => text,
            Err(ReadFailure { message, hint }) => {
                report.add(Fault::about(&path, message, hint));
                continue;
            }
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let host = host(&stem);
        let file = ConfigFile::new(&path, &text);
        let tree = file.tree();
        let section = Section::checked(&file, &tree, &SITE, 0..0);
        let rules = rules::site(&section);
        if let (Some(host), Some(value)) = (&host, section.get("same_site")) {
            value.check_names_site_of(host, &rules.same_site);
        }
        report.add_file(&file);
        let Some(host) = host else {
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
        sites.insert(host, ArticleRules { layer, ..rules });
    }
    Sites::new(sites)
}

/// The host that a file of site rules is named after, as URLs write it.
fn host(stem: &str) -> Option<String> {
    let host = url::Host::parse(stem).ok()?.to_string();
    let host = host.trim_end_matches('.');
    (host.contains('.') || host == "localhost").then(|| host.to_owned())
}

/// Mistakes and warnings of the files that were read.
#[derive(Default)]
struct LoadReport {
    /// At most [`SHOWN`].
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
    /// Mistakes, those beyond [`SHOWN`] included; below, the files that have any.
    mistakes: usize,
    wrong_files: usize,
}

impl LoadReport {
    fn add_file(&mut self, file: &ConfigFile) {
        let left = SHOWN.saturating_sub(self.faults.len());
        let (faults, mistakes) = file.faults(Severity::Error, left);
        self.faults.extend(faults);
        self.mistakes += mistakes;
        self.wrong_files += usize::from(mistakes > 0);
        self.warnings.extend(file.faults(Severity::Warning, SHOWN).0);
    }

    /// Adds a mistake about a file as a whole.
    fn add(&mut self, fault: Fault) {
        self.wrong_files += usize::from(!self.faults.iter().any(|known| known.file == fault.file));
        self.mistakes += 1;
        if self.faults.len() < SHOWN {
            self.faults.push(fault);
        }
    }

    fn into_result(mut self) -> Result<Self, Faults> {
        if self.mistakes == 0 {
            return Ok(self);
        }
        self.faults.append(&mut self.warnings);
        Err(Faults::new(self.faults, self.mistakes, self.wrong_files))
    }
}
