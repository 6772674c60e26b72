//! Response headers as they were received.
//!
//! Names are compared without case; values are bytes, because servers send Latin-1 and worse (RFC 9110, 5.5).

use std::borrow::Cow;

use reqwest::header::HeaderMap;

/// Header lines in the order received; values are bytes, not text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// The first value of a header, whatever the case of its name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Every value of a header, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// The first value as text; bytes that are no UTF-8 are read as Latin-1, which never fails.
    pub fn get_str(&self, name: &str) -> Option<String> {
        self.text(name).map(Cow::into_owned)
    }

    /// The same, borrowed where it can be.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(text)
    }

    /// All lines, in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Lines of `name: value`, as a raw page keeps them.
    pub fn to_lines(&self) -> String {
        let lines: Vec<String> =
            self.iter().map(|(name, value)| format!("{name}: {}", text(value))).collect();
        lines.join("\n")
    }

    /// The targets of the `Link` headers with this relation (RFC 8288, 3), as printed.
    pub fn links(&self, rel: &str) -> Vec<String> {
        self.all("link").flat_map(|value| link_targets(&text(value), rel)).collect()
    }
}

impl<N: Into<String>, V: Into<Vec<u8>>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(lines: I) -> Self {
        Self(lines.into_iter().map(|(n, v)| (n.into(), v.into())).collect())
    }
}

impl From<&HeaderMap> for Headers {
    fn from(map: &HeaderMap) -> Self {
        map.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }
}

fn text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => text.into(),
        Err(_) => value.iter().copied().map(char::from).collect::<String>().into(),
    }
}

/// `<target>; rel="a b"; …, <target> …`: the targets whose relations name `rel`.
fn link_targets(value: &str, rel: &str) -> Vec<String> {
    let mut rest = value;
    let mut targets = Vec::new();
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else {
            break;
        };
        // Up to the next target; a `<` inside a quoted parameter costs us that link, nothing more.
        let (params, _) = after.split_once('<').unwrap_or((after, ""));
        let named = params.split([';', ',']).any(|param| {
            param.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_ascii_whitespace()
                        .any(|known| known.eq_ignore_ascii_case(rel))
            })
        });
        if named {
            targets.push(target.trim().to_owned());
        }
        rest = after;
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_values_are_bytes() {
        let headers: Headers =
            [("ETag", &b"\"\xe9\""[..]), ("X-A", b"1"), ("x-a", b"2")].into_iter().collect();
        assert_eq!(headers.get("etag"), Some(&b"\"\xe9\""[..]));
        assert_eq!(headers.get_str("ETAG").unwrap(), "\"é\"");
        assert_eq!(headers.all("x-A").count(), 2);
        assert_eq!(headers.to_lines(), "ETag: \"é\"\nX-A: 1\nx-a: 2");
    }

    #[test]
    fn a_link_header_is_found_by_its_relation() {
        let headers: Headers = [
            ("link", "<https://paper.example/wp-json/>; rel=\"https://api.w.org/\""),
            (
                "link",
                "<https://x.example/a>; rel=alternate; type=a, </?p=7>; rel=\"up Shortlink\"; title=\"a, b\"",
            ),
        ]
        .into_iter()
        .collect();
        assert_eq!(headers.links("shortlink"), ["/?p=7"]);
        assert_eq!(headers.links("alternate"), ["https://x.example/a"]);
        assert_eq!(headers.links("canonical"), [""; 0]);
        let hubs: Headers = [("link", "<https://a.example/>; rel=hub, <https://b.example/>; rel=\"hub\"")]
            .into_iter()
            .collect();
        assert_eq!(hubs.links("hub"), ["https://a.example/", "https://b.example/"]);
        let broken: Headers = [("link", "<a; rel=shortlink")].into_iter().collect();
        assert_eq!(broken.links("shortlink"), [""; 0]);
    }
}
