//! The words of an entry's HTML, for its fingerprint: without tags, comments and scripts, one line for each block. Pure.
//!
//! Much cheaper than the parser of `html`, because it reads every known entry of every document. It need not be exact: it has
//! to give the same for the same words, however they are marked up or escaped.

/// Elements that do not end a line.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "img", "ins", "kbd", "mark",
    "q", "s", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
];

/// Elements whose content is no text.
const WITHOUT_TEXT: &[&str] = &["script", "style"];

/// An entity is not longer than this.
const MAX_ENTITY: usize = 10;

/// The text of a piece of HTML; of plain text the same.
pub(super) fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, marked) = rest.split_at(at);
        text.push_str(before);
        rest = if marked.starts_with('<') {
            after_tag(marked, &mut text)
        } else {
            after_entity(marked, &mut text)
        };
    }
    text.push_str(rest);
    text.retain(|c| !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}'));
    text
}

/// Goes past a tag or comment at the start of `html`. A `<` that begins neither is text.
fn after_tag<'h>(html: &'h str, text: &mut String) -> &'h str {
    if let Some(comment) = html.strip_prefix("<!--") {
        return comment.split_once("-->").map_or("", |(_, rest)| rest);
    }
    let inside = html.strip_prefix('<').unwrap_or(html);
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
        text.push('<');
        return inside;
    }
    let Some((tag, rest)) = inside.split_once('>') else { return "" };
    let name = tag.trim_start_matches('/');
    let name =
        name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
    if !INLINE.contains(&name.as_str()) {
        text.push('\n');
    }
    if WITHOUT_TEXT.contains(&name.as_str()) && !tag.starts_with('/') && !tag.ends_with('/') {
        return rest.find("</").and_then(|at| rest.get(at..)).unwrap_or_default();
    }
    rest
}

/// Goes past an entity at the start of `html`, or past its `&` where it is none.
fn after_entity<'h>(html: &'h str, text: &mut String) -> &'h str {
    let inside = html.strip_prefix('&').unwrap_or(html);
    // Looked for no further than an entity goes: a text of `&` alone costs linear time.
    let end = inside.bytes().take(MAX_ENTITY + 1).position(|byte| byte == b';');
    if let Some((name, rest)) = end.and_then(|end| inside.split_at_checked(end))
        && let Some(c) = character(name)
    {
        text.push(c);
        return rest.strip_prefix(';').unwrap_or(rest);
    }
    text.push('&');
    inside
}

/// The character of an entity: by its number, or by one of the names that feeds use.
fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "shy" => '\u{ad}',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "ccedil" => 'ç',
        "ntilde" => 'ñ',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_cost_linear_time() {
        for piece in ["&", "<", "<a", "<!--", "&#", "<script>", "</", "<p>&"] {
            let text = plain_text(&piece.repeat(1_000_000));
            assert!(text.len() <= 4_000_000, "{piece}");
        }
    }

    #[test]
    fn markup_comments_scripts_and_entities_make_no_difference() {
        let words = |html: &str| plain_text(html).split_whitespace().collect::<Vec<_>>().join(" ");
        for html in [
            "Tom & Ann’s bridge – open",
            "<p>Tom &amp; Ann&rsquo;s <b>bri</b>dge &#8211; open</p>",
            "<div>Tom &#38; Ann&#x2019;s<!-- built > now --> bridge&nbsp;&ndash; <script>f('<b>')</script>open<br/></div>",
            "Tom & Ann’s bri\u{ad}dge – open<img src='https://count.example/?1'/>",
        ] {
            assert_eq!(words(html), "Tom & Ann’s bridge – open", "{html}");
        }
        assert_eq!(words("3 < 5 & 5 > 3; R&D;"), "3 < 5 & 5 > 3; R&D;");
        assert_eq!(words("cut <a href="), "cut");
        assert_eq!(words("&toolongtobeone; &#; &#xD800; &"), "&toolongtobeone; &#; &#xD800; &");
        assert_eq!(plain_text("<p>One</p><p>12 <i>views</i></p>"), "\nOne\n\n12 views\n");
    }
}
