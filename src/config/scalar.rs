//! Values that are more than their TOML type: durations, sizes, URLs, patterns, time zones, languages.
//!
//! Each method returns `None` where it has reported a mistake. `example` is what would be right.

use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use regex::Regex;
use toml::de::DeValue;
use url::Url;

use super::fault::quoted;
use super::files::folder_of;
use super::nearest::nearest;
use super::value::ConfigValue;
use crate::link::MAX_URL;
use crate::timing;

impl ConfigValue<'_> {
    /// A length of time over zero.
    pub(super) fn duration(&self, example: &str) -> Option<Duration> {
        let duration = self.duration_or_none(example)?;
        if duration.is_zero() {
            let hint = format!("write {} = \"{example}\"", self.key());
            self.fault(format!("`{}` is zero", self.key()), hint);
            return None;
        }
        Some(duration)
    }

    /// A length of time, or `0s`.
    pub(super) fn duration_or_none(&self, example: &str) -> Option<Duration> {
        let example = format!("{} = \"{example}\"", self.key());
        let DeValue::String(typed) = self.parsed() else {
            self.expected("a length of time in quotes", &example);
            return None;
        };
        match timing::parse_duration(typed) {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.fault_within(
                    error.offset,
                    typed.len().saturating_sub(error.offset),
                    format!("`{}` is no length of time: {error}", self.key()),
                    format!("write {example}"),
                );
                None
            }
        }
    }

    /// One of a few words, with its meaning; another word is a mistake that lists them.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let first = words.first().map_or("", |(word, _)| word);
        let typed = self.string(&format!("{} = \"{first}\"", self.key()))?;
        let known = words.iter().find(|(word, _)| *word == typed);
        if known.is_none() {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let (last, others) = words.split_last().map_or(("", &[][..]), |(last, others)| (last, others));
            self.fault(
                format!("`{}` is {}", self.key(), quoted(typed)),
                format!("it is {} or {last}", others.join(", ")),
            );
        }
        known.map(|(_, meant)| *meant)
    }

    /// A number of bytes, with or without a unit, from 1 KiB to 1 GiB: of something held in memory. `kB` is 1,000 bytes,
    /// `KiB` 1,024; case does not count.
    pub(super) fn size(&self) -> Option<u64> {
        self.size_up_to(1 << 30, "1 GiB")
    }

    /// The same for space on a disk, without the upper limit.
    pub(super) fn disk_size(&self) -> Option<u64> {
        self.size_up_to(1 << 60, "1,048,576 TiB")
    }

    fn size_up_to(&self, most: u64, shown: &str) -> Option<u64> {
        const UNITS: &[(&str, u64)] = &[
            ("b", 1),
            ("kb", 1000),
            ("kib", 1 << 10),
            ("mb", 1_000_000),
            ("mib", 1 << 20),
            ("gb", 1_000_000_000),
            ("gib", 1 << 30),
            ("tb", 1_000_000_000_000),
            ("tib", 1 << 40),
        ];
        let example = format!("{} = \"10 MiB\"", self.key());
        let bytes = match self.parsed() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            DeValue::String(typed) => {
                let digits = typed.trim().trim_end_matches(|c: char| !c.is_ascii_digit());
                let unit = typed.trim().get(digits.len()..).unwrap_or_default().trim();
                let unit = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
                let number: Option<u64> = digits.parse().ok();
                number.zip(unit).and_then(|(number, (_, unit))| number.checked_mul(*unit))
            }
            _ => {
                self.expected("a size", &example);
                return None;
            }
        };
        let bytes = bytes.filter(|bytes| (1 << 10..=most).contains(bytes));
        if bytes.is_none() {
            self.fault(
                format!("`{}` is no size between 1 KiB and {shown}", self.key()),
                format!("write {example}"),
            );
        }
        bytes
    }

    /// A path; a relative one counts from the folder of the file. `example` is a whole line.
    pub(super) fn path(&self, example: &str) -> Option<PathBuf> {
        Some(folder_of(self.file().path()).join(self.string(example)?))
    }

    /// An http or https URL without a password.
    pub(super) fn url(&self) -> Option<Url> {
        let example = format!("{} = \"https://example.org/rss\"", self.key());
        let typed = self.string(&example)?;
        if typed.len() > MAX_URL {
            self.fault(format!("`{}` is longer than {MAX_URL} bytes", self.key()), "no server takes that");
            return None;
        }
        let url = match Url::parse(typed.trim()) {
            Ok(url) => url,
            Err(url::ParseError::RelativeUrlWithoutBase) => {
                let typed = typed.trim();
                let hint = if self.key() == "feed" && typed.starts_with('/') && !typed.starts_with("//") {
                    format!("write feed = \"file://{typed}\", and its folder into allow_files of [fetch]")
                } else {
                    format!("write {} = \"https://{}\"", self.key(), typed.trim_start_matches('/'))
                };
                self.fault(format!("`{}` does not begin with https:// or http://", self.key()), hint);
                return None;
            }
            Err(error) => {
                self.fault(format!("`{}` is no URL: {error}", self.key()), format!("write {example}"));
                return None;
            }
        };
        if !matches!(url.scheme(), "http" | "https") {
            let end = typed.find(':').unwrap_or(typed.len());
            let rest = typed.get(end + 1..).unwrap_or_default().trim_start_matches('/');
            let hint = match url.scheme() {
                "feed" | "rss" => format!("write {} = \"https://{rest}\"", self.key()),
                // `example.org:8080/rss` has the scheme `example.org`.
                scheme if scheme.contains('.') || scheme == "localhost" => {
                    format!("write {} = \"http://{typed}\"", self.key())
                }
                "file" => "only `feed` may be a file".to_owned(),
                _ => "only http and https are fetched".to_owned(),
            };
            self.fault_within(
                0,
                end,
                format!("`{}` has the scheme {}", self.key(), quoted(url.scheme())),
                hint,
            );
            return None;
        }
        if !url.username().is_empty() || url.password().is_some() {
            self.fault(
                format!("`{}` carries a user name or password, which would not be sent", self.key()),
                "leave out what stands before the `@`",
            );
            return None;
        }
        Some(url)
    }

    /// An http or https URL, or a `file:` URL where `opens_files` says that there are folders for them.
    pub(super) fn feed_url(&self, opens_files: bool) -> Option<Url> {
        let typed = self.string("feed = \"https://example.org/rss\"")?.trim();
        if !typed.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
            return self.url();
        }
        let url = Url::parse(typed).ok().filter(|url| url.to_file_path().is_ok());
        let Some(url) =
            url.filter(|url| url.host().is_none() && url.query().is_none() && url.fragment().is_none())
        else {
            self.fault(
                format!("`feed` is {}, which names no file", quoted(typed)),
                "write feed = \"file:///srv/feeds/paper.xml\": three slashes and the whole path; `?` is %3F, `#` is %23",
            );
            return None;
        };
        if !opens_files {
            self.fault(
                "`feed` is a file, and no folder of files may be read",
                "name its folder in [fetch]: allow_files = [\"/srv/feeds\"]",
            );
            return None;
        }
        Some(url)
    }

    /// A regular expression.
    pub(super) fn regex(&self, example: &str) -> Option<Regex> {
        let typed = self.string(example)?;
        match self.file().pattern(typed) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let (span, message) = match regex_syntax::parse(typed) {
                    Err(regex_syntax::Error::Parse(error)) => (*error.span(), error.kind().to_string()),
                    Err(regex_syntax::Error::Translate(error)) => (*error.span(), error.kind().to_string()),
                    _ => {
                        self.fault(
                            format!("`{}` cannot be used: {error}", self.key()),
                            "repeat less, or write `.*?` for a long stretch",
                        );
                        return None;
                    }
                };
                self.fault_within(
                    span.start.offset,
                    span.end.offset.saturating_sub(span.start.offset),
                    format!("`{}` is no regular expression: {message}", self.key()),
                    "a character that stands for itself takes a backslash, in single quotes: '\\('",
                );
                None
            }
        }
    }

    /// An IANA zone.
    pub(super) fn timezone(&self) -> Option<Tz> {
        let typed = self.string("timezone = \"Africa/Cairo\"")?;
        let zone = timing::zone(typed.trim());
        if zone.is_none() {
            let near = if self.file().has_many_mistakes() {
                None
            } else {
                let city = |name: &&str| {
                    name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(typed.trim()))
                };
                nearest(typed.trim(), timing::zone_names()).or_else(|| timing::zone_names().find(city))
            };
            let hint = match near {
                Some(name) => format!("did you mean \"{name}\"?"),
                None => "zones are named by region and city, such as \"Europe/Berlin\"".to_owned(),
            };
            self.fault(format!("there is no zone {}", quoted(typed)), hint);
        }
        zone
    }

    /// A language tag by its shape (RFC 5646, 2.1); whether the language exists is not looked up.
    pub(super) fn language(&self) -> Option<String> {
        let typed = self.string("language = \"en\"")?;
        let mut parts = typed.split('-');
        let letters = |part: &str, most: usize| {
            (2..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        let primary = parts.next().is_some_and(|part| letters(part, 3));
        let rest = parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if primary && rest {
            return Some(typed.to_owned());
        }
        self.fault(
            format!("{} is no language tag", quoted(typed)),
            "write a code such as \"en\", \"ar\" or \"pt-BR\"",
        );
        None
    }

    /// A pattern that finds the key of an article in its URL; one that matches everything is a mistake.
    pub(super) fn url_pattern(&self) -> Option<Regex> {
        let pattern = self.regex("key_from_url = '/article/(\\d+)'")?;
        if pattern.is_match("") {
            self.fault(
                "`key_from_url` matches the empty text, so every article would have the same key",
                "write what is in the URL of one article only, such as '/article/(\\d+)'",
            );
            return None;
        }
        Some(pattern)
    }
}
