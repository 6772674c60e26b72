//! Sessions in URLs: what a server puts there to follow one visitor chooses no page, so link keys leave it out.

use std::borrow::Cow;

use super::tracking::parameter_name;

/// Parameters that carry a session whatever their value.
const SESSIONS: &[&str] = &["phpsessid", "jsessionid", "cftoken", "oscsid", "xtcsid", "zenid"];

/// What the names of such parameters begin with.
const SESSION_PREFIXES: &[&str] = &["aspsessionid"];

/// Parameters that carry a session only if their value looks like one; `sid=123` is the number of an article.
const TOKENS: &[&str] = &["sid", "s", "session", "sessionid", "session_id"];

/// Letters and digits from which on a value looks like a session.
const TOKEN_LENGTH: usize = 16;

/// Whether a `name=value` pair of a query carries a session; case is ignored.
pub(super) fn is_session(pair: &str, query: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let is = |known: &&str| name.eq_ignore_ascii_case(known);
    let begins =
        |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    SESSIONS.iter().any(is)
        || SESSION_PREFIXES.iter().any(begins)
        || TOKENS.iter().any(is) && is_token(value)
        // ColdFusion sends both; `cfid` alone may be anything.
        || is(&"cfid") && query.split('&').any(|pair| parameter_name(pair).eq_ignore_ascii_case("cftoken"))
}

fn is_token(value: &str) -> bool {
    value.len() >= TOKEN_LENGTH
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Removes `;jsessionid=…` and its like, which Java servers append to the path, and `/(S(…))`, which ASP.NET puts before it.
pub(super) fn path_without_session(path: &str) -> Cow<'_, str> {
    let path = match path.split_once(';') {
        Some((before, after)) if parameter_name(after).to_ascii_lowercase().contains("sessionid") => before,
        _ => path,
    };
    let is_session = |part: &str| part.starts_with('(') && part.ends_with("))") && part.contains("S(");
    if !path.contains("S(") || !path.split('/').any(is_session) {
        return path.into();
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !is_session(part)).collect();
    parts.join("/").into()
}

/// The text of a URL, or of a link key, without sessions and without the parameters of these names. All else stays as it is
/// written.
pub fn text_without_session<'a>(text: &'a str, names: &[String]) -> Cow<'a, str> {
    if !text.contains(['?', ';', '(']) {
        return text.into();
    }
    let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let is_dropped =
        |pair: &&str| names.iter().any(|name| name == parameter_name(pair)) || is_session(pair, query);
    let short = path_without_session(path);
    if short == path && !query.split('&').any(|pair| is_dropped(&pair)) {
        return text.into();
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_dropped(pair)).collect();
    let mut out = short.into_owned();
    for (separator, part) in [('?', &*kept.join("&")), ('#', fragment)] {
        if !part.is_empty() {
            out.push(separator);
            out.push_str(part);
        }
    }
    out.into()
}
