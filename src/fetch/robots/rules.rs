//! The parser of robots.txt, and the matching of paths (RFC 9309). Pure.
//!
//! Time is linear in the file and, for each question, in the file and the path: wildcards are matched part by part,
//! each at its first place, which finds a match wherever there is one.

use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

/// Longest `Crawl-delay`; a longer one counts as this.
pub const MAX_CRAWL_DELAY: Duration = Duration::from_mins(1);

/// Bytes of a file that are parsed (RFC 9309, 2.5).
pub(crate) const MAX_ROBOTS: usize = 500 << 10;

/// The rules of one origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Robots {
    groups: Vec<Group>,
    sitemaps: Vec<String>,
}

/// Consecutive `User-agent` lines and what follows them (RFC 9309, 2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Group {
    /// Product tokens in lower case, or `*`.
    agents: Vec<String>,
    rules: Vec<Rule>,
    /// Each with the agents, by place, that had been named before it and after the one before.
    delays: Vec<(Range<usize>, Duration)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// Normalised; `*` stands for any bytes.
    pattern: String,
    /// Whether it ended in `$`: the path must end with it.
    anchored: bool,
    allow: bool,
}

impl Robots {
    /// Parses the first 500 KiB of a file. Invalid lines are ignored; any bytes give a result.
    pub fn parse(file: &[u8]) -> Self {
        let mut robots = Self::default();
        let mut group = Group::default();
        let mut open = false;
        for line in lines(file) {
            let Some((key, value)) = record(line) else {
                continue;
            };
            match key.as_str() {
                "user-agent" | "useragent" | "user agent" => {
                    if !open {
                        robots.close(std::mem::take(&mut group));
                        open = true;
                    }
                    group.agents.extend(product_token(value));
                }
                "allow" | "disallow" => {
                    open = false;
                    // Before the first group it belongs to nobody; an empty pattern matches nothing.
                    if !group.agents.is_empty() && !value.is_empty() {
                        group.rules.push(Rule::new(value, key == "allow"));
                    }
                }
                // No rule, and so no end of the user agents' list (2.2.4).
                "crawl-delay" => group.delay(value),
                "sitemap" => robots.sitemaps.extend(String::from_utf8(value.to_vec()).ok()),
                _ => {}
            }
        }
        robots.close(group);
        robots
    }

    /// Whether the product `token` may ask for a path with its query, as a URL serialises them: the longest rule that
    /// matches decides, `Allow` among equals (2.2.2).
    pub fn allows(&self, token: &str, path_and_query: &str) -> bool {
        let path = normalised(path_and_query.as_bytes(), Syntax::Path);
        if path == "/robots.txt" {
            return true;
        }
        let path = if path.is_empty() { "/" } else { path.as_str() };
        let mut best = (0, true);
        for rule in self.groups_of(token).flat_map(|(group, _)| &group.rules) {
            // A rule that would not win need not be matched.
            if rule.rank() > best && rule.matches(path) {
                best = rule.rank();
            }
        }
        best.1
    }

    /// How long the product `token` is to wait between requests, at most [`MAX_CRAWL_DELAY`]. No part of RFC 9309; the
    /// longest where several are given.
    pub fn crawl_delay(&self, token: &str) -> Option<Duration> {
        self.groups_of(token).filter_map(|(group, agent)| group.delay_of(agent)).max()
    }

    /// Addresses of sitemaps as printed, in order; for everybody (2.2.4).
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    /// Approximate memory.
    pub(super) fn bytes(&self) -> usize {
        let group = |group: &Group| {
            let agents: usize = group.agents.iter().map(|agent| agent.len() + 24).sum();
            let rules: usize = group.rules.iter().map(|rule| rule.pattern.len() + 32).sum();
            agents + rules + 32 * group.delays.len() + 72
        };
        let sitemaps: usize = self.sitemaps.iter().map(|sitemap| sitemap.len() + 24).sum();
        sitemaps + self.groups.iter().map(group).sum::<usize>() + 48
    }

    fn close(&mut self, group: Group) {
        if !group.agents.is_empty() {
            self.groups.push(group);
        }
    }

    /// The groups that name the product, each with the place of its name; else those for everybody (2.2.1).
    fn groups_of(&self, token: &str) -> impl Iterator<Item = (&Group, usize)> {
        let ours = product_token(token.as_bytes()).unwrap_or_default();
        let named = self.named(ours.clone());
        let anybody = named.clone().next().is_none();
        named.chain(self.named(if anybody { "*".to_owned() } else { ours }).filter(move |_| anybody))
    }

    fn named(&self, name: String) -> impl Iterator<Item = (&Group, usize)> + Clone {
        self.groups.iter().filter_map(move |group| {
            let place = group.agents.iter().position(|agent| *agent == name)?;
            Some((group, place))
        })
    }
}

impl Group {
    /// Adds a `Crawl-delay` in seconds for the agents named so far. Invalid values are ignored.
    fn delay(&mut self, value: &[u8]) {
        let seconds = std::str::from_utf8(value).ok().and_then(|text| text.parse::<f64>().ok());
        let Some(seconds) = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0) else {
            return;
        };
        let delay = Duration::from_secs_f64(seconds.min(MAX_CRAWL_DELAY.as_secs_f64()));
        let named = self.agents.len();
        match self.delays.last_mut() {
            Some((agents, known)) if agents.end == named => *known = delay.max(*known),
            last => {
                let from = last.map_or(0, |(agents, _)| agents.end);
                self.delays.push((from..named, delay));
            }
        }
    }

    fn delay_of(&self, agent: usize) -> Option<Duration> {
        let place = self.delays.partition_point(|(agents, _)| agents.end <= agent);
        self.delays.get(place).map(|(_, delay)| *delay)
    }
}

impl Rule {
    fn new(value: &[u8], allow: bool) -> Self {
        let (pattern, anchored) = match value.strip_suffix(b"$") {
            Some(pattern) => (pattern, true),
            None => (value, false),
        };
        Self { pattern: normalised(pattern, Syntax::Pattern), anchored, allow }
    }

    /// More octets win, then `Allow`.
    fn rank(&self) -> (usize, bool) {
        (self.pattern.len() + usize::from(self.anchored), self.allow)
    }

    fn matches(&self, path: &str) -> bool {
        let mut parts = self.pattern.split('*').peekable();
        let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else {
            return false;
        };
        while let Some(part) = parts.next() {
            if self.anchored && parts.peek().is_none() {
                return rest.ends_with(part);
            }
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        !self.anchored || rest.is_empty()
    }
}

/// Lines without their ends, comments and the byte-order mark. Where the file is cut, or was, half a line
/// is none.
fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let file = match file.split_at_checked(MAX_ROBOTS) {
        Some((head, _)) => {
            let whole = head.iter().rposition(is_end).unwrap_or_default();
            head.get(..whole).unwrap_or_default()
        }
        None => file,
    };
    file.strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(file)
        .split(move |byte| is_end(byte))
        .map(|line| line.split(|byte| *byte == b'#').next().unwrap_or_default())
}

/// `key: value`, the key in lower case.
fn record(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (key, value) = line.split_at_checked(colon)?;
    let key = String::from_utf8_lossy(key.trim_ascii()).to_ascii_lowercase();
    Some((key, value.strip_prefix(b":")?.trim_ascii()))
}

/// The product token a name begins with, in lower case: letters, `_` and `-` (2.2.1), or `*`.
fn product_token(name: &[u8]) -> Option<String> {
    if name.starts_with(b"*") {
        return Some("*".to_owned());
    }
    let token: String = name
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'))
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    (!token.is_empty()).then_some(token)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    /// `*` stands for itself.
    Path,
    /// `*` stands for any bytes.
    Pattern,
}

/// One spelling for all that mean the same (2.2.2): what needs no escape has none, what is no part of a URL has one,
/// hexadecimal digits are large. In a query `:` and `/` mean themselves however they are written, as in the RFC's table.
fn normalised(text: &[u8], syntax: Syntax) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing to a string does not fail.
    let escape = |out: &mut String, byte: u8| write!(out, "%{byte:02X}").unwrap_or_default();
    let mut in_query = false;
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        match (*byte, after) {
            (b'%', [high, low, beyond @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = beyond;
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                let byte = digit(*high).unwrap_or_default() << 4 | digit(*low).unwrap_or_default();
                if is_unreserved(byte) || in_query && matches!(byte, b':' | b'/') {
                    out.push(char::from(byte));
                } else {
                    escape(&mut out, byte);
                }
            }
            (b'*', _) if syntax == Syntax::Pattern => out.push('*'),
            (byte, _) if is_unreserved(byte) || is_reserved(byte) => {
                in_query |= byte == b'?';
                out.push(char::from(byte));
            }
            (byte, _) => escape(&mut out, byte),
        }
    }
    out
}

/// RFC 3986, 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986, 2.2, without `*` and `$`, which would mean something else in a pattern, and `#`, which no path holds.
fn is_reserved(byte: u8) -> bool {
    b":/?[]@!&'()+,;=".contains(&byte)
}
