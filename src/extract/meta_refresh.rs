//! Declarative refreshes: `<meta http-equiv=refresh>` and the `Refresh` header (WHATWG HTML, 4.2.5.3).

use crate::html::{Document, NodeId, Tag};

/// Longest time after which a page leads on, in seconds. What waits longer is there to be read.
const MOST_SECONDS: u32 = 5;

/// A valid refresh. Of several on a page the first counts.
pub(super) struct Refresh {
    /// As written; `None`: it leads to no other page, or after more than [`MOST_SECONDS`].
    pub(super) target: Option<String>,
}

/// The refresh of a `<meta>`; `None` for an element that is none.
pub(super) fn refresh_of(document: &Document, at: NodeId) -> Option<Refresh> {
    let is_refresh = document.tag(at) == Tag::Meta
        && document.attr(at, "http-equiv").is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh"));
    let content = document.attr(at, "content").filter(|_| is_refresh)?;
    read_refresh(content)
}

/// Reads the content of a refresh; `None` for what is none.
pub(super) fn read_refresh(content: &str) -> Option<Refresh> {
    let content = content.trim();
    let rest = content.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = content.strip_suffix(rest)?;
    if digits.is_empty() && !rest.starts_with('.') {
        return None;
    }
    let seconds: u32 = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u32::MAX) };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if !rest.is_empty() && !rest.starts_with([';', ',']) && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let rest = rest.trim_start();
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start();
    let named = rest.get(..3).filter(|name| name.eq_ignore_ascii_case("url"));
    let value =
        named.and_then(|_| rest.get(3..)?.trim_start().strip_prefix('=')).map_or(rest, str::trim_start);
    let quoted = value.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    let target = match quoted {
        Some(quote) => value.get(1..)?.split(quote).next().unwrap_or_default(),
        None => value,
    };
    let target = Some(target.trim()).filter(|target| !target.is_empty() && seconds <= MOST_SECONDS);
    Some(Refresh { target: target.map(str::to_owned) })
}
