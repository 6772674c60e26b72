//! A feed that a browser has wrapped into a page: it shows JSON and text as `<pre>`, escaped.
//!
//! A feed that stands in a page as markup needs nothing of this: `reader` finds it.

use super::reference::decode_references;
use super::token::{MarkupToken, MarkupTokens};

/// Elements that a browser puts around the text, beside those without any content.
const FRAME: [&str; 6] = ["html", "head", "meta", "link", "body", "div"];

/// The text of a page that has one `<pre>` and no other text; `None` for another page.
pub(super) fn text_of_pre(page: &str) -> Option<String> {
    let mut text: Option<String> = None;
    let mut is_open = false;
    for token in MarkupTokens::of_html(page) {
        match token {
            MarkupToken::Start(tag) if tag.is("pre") && text.is_none() => {
                text = Some(String::new());
                is_open = true;
            }
            MarkupToken::Start(tag) if !is_open && FRAME.iter().any(|name| tag.is(name)) => {}
            MarkupToken::End(name) if name.eq_ignore_ascii_case("pre") => is_open = false,
            MarkupToken::End(_) if !is_open => {}
            MarkupToken::Text(part) if is_open => {
                text.get_or_insert_default().push_str(&decode_references(part));
            }
            MarkupToken::Text(part) if part.trim().is_empty() => {}
            // More than a browser puts around it: a page.
            _ => return None,
        }
    }
    text.map(|text| text.trim().to_owned()).filter(|text| text.starts_with(['<', '{']))
}
