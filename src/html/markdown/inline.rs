//! The inline content of a block: emphasis, links, images, code, and escapes of text that looks like markup.
//!
//! Content goes through two stages: pieces, in the order of the page ([`InlinePiece`]), become tokens with white
//! space in its final place ([`InlineToken`]), and these become text. An emphasis whose delimiters a renderer would
//! not recognise is written as an HTML element.

use super::super::tag::Tag;

/// Emphasis and the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emphasis {
    /// `*`
    Em,
    /// `**`
    Strong,
    /// `~~` of GFM.
    Struck,
    /// As an HTML element: Markdown has no delimiter.
    Sub,
    /// As an HTML element, too.
    Sup,
}

impl Emphasis {
    /// The first character of its delimiters.
    fn first_char(self) -> char {
        match self {
            Self::Em | Self::Strong => '*',
            Self::Struck => '~',
            Self::Sub | Self::Sup => '<',
        }
    }
}

impl Emphasis {
    /// The emphasis of an element; `None` for elements that Markdown does not tell from plain text.
    pub(super) fn of(tag: Tag) -> Option<Self> {
        Some(match tag {
            Tag::I | Tag::Em | Tag::Cite | Tag::Var => Self::Em,
            Tag::B | Tag::Strong => Self::Strong,
            Tag::S | Tag::Del => Self::Struck,
            Tag::Sub => Self::Sub,
            Tag::Sup => Self::Sup,
            _ => return None,
        })
    }

    /// The delimiter of Markdown, if there is one.
    fn delimiter(self) -> Option<&'static str> {
        match self {
            Self::Em => Some("*"),
            Self::Strong => Some("**"),
            Self::Struck => Some("~~"),
            Self::Sub | Self::Sup => None,
        }
    }

    /// The HTML element that is written where the delimiter would not work.
    fn element(self) -> &'static str {
        match self {
            Self::Em => "em",
            Self::Strong => "strong",
            Self::Struck => "del",
            Self::Sub => "sub",
            Self::Sup => "sup",
        }
    }
}

/// A piece of inline content, in the order of the page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum InlinePiece {
    /// With white space as in the page.
    Text(String),
    /// The text of an inline code, unchanged.
    Code(String),
    /// A `<br>`.
    Break,
    Open(Emphasis),
    Close(Emphasis),
    OpenLink,
    /// With the URL.
    CloseLink(String),
    Image {
        src: String,
        alt: String,
    },
}

/// What the inline content is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InlineContext {
    /// Several lines; a line may look like the start of a block.
    Paragraph,
    /// One line, which cannot begin another block.
    Heading,
    /// One line, in which `|` separates cells.
    Cell,
}

/// A piece after white space is collapsed and moved out of emphasis.
#[derive(Debug)]
enum InlineToken {
    /// A word or a space, not yet escaped.
    Text(String),
    /// Finished Markdown that is treated as a word.
    Finished(String),
    Code(String),
    Break,
    Open(Emphasis),
    Close(Emphasis),
    OpenLink,
    CloseLink(String),
}

/// Markdown of the pieces of a block; empty if they show nothing.
pub(super) fn render(pieces: impl IntoIterator<Item = InlinePiece>, context: InlineContext) -> String {
    let tokens = normalise(pieces, context);
    let mut out = String::new();
    let mut links: Vec<usize> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            InlineToken::Text(text) => escape(text, context, &mut out),
            InlineToken::Finished(markdown) => out.push_str(markdown),
            InlineToken::Code(text) => out.push_str(&code(text, context)),
            InlineToken::Break => out.push_str("\\\n"),
            InlineToken::Open(emphasis) => match emphasis.delimiter().filter(|_| delimiters_work(&tokens, i))
            {
                Some(delimiter) => out.push_str(delimiter),
                None => out.extend(["<", emphasis.element(), ">"]),
            },
            InlineToken::Close(emphasis) => {
                let open = opening_token(&tokens, i);
                match emphasis.delimiter().filter(|_| open.is_some_and(|open| delimiters_work(&tokens, open)))
                {
                    Some(delimiter) => out.push_str(delimiter),
                    None => out.extend(["</", emphasis.element(), ">"]),
                }
            }
            InlineToken::OpenLink => {
                // `!` before a link would make it an image.
                if out.ends_with('!') {
                    out.pop();
                    out.push_str("\\!");
                }
                links.push(out.len());
                out.push('[');
            }
            InlineToken::CloseLink(href) => {
                if let Some(from) = links.pop() {
                    let shown = out.get(from + 1..).unwrap_or_default();
                    if is_bare_url(href) && shown.replace('\\', "") == *href {
                        out.truncate(from);
                        out.extend(["<", href.as_str(), ">"]);
                    } else {
                        out.push_str("](");
                        write_url(href, &mut out);
                        out.push(')');
                    }
                }
            }
        }
    }
    match context {
        InlineContext::Heading if out.ends_with('#') => {
            out.pop();
            out.push_str("\\#");
            out
        }
        InlineContext::Paragraph => out.split('\n').map(escape_block_start).collect::<Vec<_>>().join("\n"),
        InlineContext::Heading | InlineContext::Cell => out,
    }
}

/// Collapses white space and moves it out of emphasis and links; drops empty emphasis and emphasis within the same.
fn normalise(pieces: impl IntoIterator<Item = InlinePiece>, context: InlineContext) -> Vec<InlineToken> {
    let mut tokens: Vec<InlineToken> = Vec::new();
    // Opened, with nothing in it yet.
    let mut pending: Vec<InlineToken> = Vec::new();
    let mut open: Vec<(Emphasis, usize)> = Vec::new();
    let (mut space, mut linked) = (false, false);
    let content = |tokens: &mut Vec<InlineToken>,
                   pending: &mut Vec<InlineToken>,
                   space: &mut bool,
                   token: InlineToken| {
        let at_start = matches!(tokens.last(), None | Some(InlineToken::Break));
        if std::mem::take(space) && !at_start {
            tokens.push(InlineToken::Text(" ".to_owned()));
        }
        tokens.append(pending);
        tokens.push(token);
    };
    for piece in pieces {
        match piece {
            InlinePiece::Text(text) => {
                for (number, word) in text.split(char::is_whitespace).enumerate() {
                    space |= number > 0;
                    let word: String = word.chars().filter(|c| !c.is_control()).collect();
                    if !word.is_empty() {
                        content(&mut tokens, &mut pending, &mut space, InlineToken::Text(word));
                    }
                }
            }
            InlinePiece::Code(text) => {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                match tokens.last_mut() {
                    // The backticks of two adjacent codes would be one delimiter.
                    Some(InlineToken::Code(before)) if !space && pending.is_empty() => before.push_str(&text),
                    _ if text.is_empty() => {}
                    _ => content(&mut tokens, &mut pending, &mut space, InlineToken::Code(text)),
                }
            }
            InlinePiece::Image { src, alt } => {
                let mut image = String::from("![");
                escape(&alt.split_whitespace().collect::<Vec<_>>().join(" "), context, &mut image);
                image.push_str("](");
                write_url(&src, &mut image);
                image.push(')');
                content(&mut tokens, &mut pending, &mut space, InlineToken::Finished(image));
            }
            InlinePiece::Break if context == InlineContext::Paragraph => {
                // A break before the first word does nothing.
                if !tokens.is_empty() && pending.is_empty() {
                    space = false;
                    tokens.push(InlineToken::Break);
                } else {
                    space = true;
                }
            }
            InlinePiece::Break => space = true,
            InlinePiece::Open(emphasis) => {
                if let Some((_, depth)) = open.iter_mut().find(|(known, _)| *known == emphasis) {
                    *depth += 1;
                    continue;
                }
                open.push((emphasis, 1));
                // Two adjacent ones are one.
                let is_adjacent = pending.is_empty() && !space;
                if is_adjacent && matches!(tokens.last(), Some(InlineToken::Close(last)) if *last == emphasis)
                {
                    tokens.pop();
                } else {
                    pending.push(InlineToken::Open(emphasis));
                }
            }
            InlinePiece::Close(emphasis) => {
                let Some(place) = open.iter().position(|(known, _)| *known == emphasis) else {
                    continue;
                };
                let Some((_, depth)) = open.get_mut(place) else {
                    continue;
                };
                *depth -= 1;
                if *depth > 0 {
                    continue;
                }
                open.remove(place);
                match pending
                    .iter()
                    .rposition(|token| matches!(token, InlineToken::Open(known) if *known == emphasis))
                {
                    Some(empty) => {
                        pending.remove(empty);
                    }
                    None => close(&mut tokens, InlineToken::Close(emphasis)),
                }
            }
            InlinePiece::OpenLink => {
                if !linked {
                    linked = true;
                    pending.push(InlineToken::OpenLink);
                }
            }
            InlinePiece::CloseLink(href) => {
                if !std::mem::take(&mut linked) {
                    continue;
                }
                match pending.iter().rposition(|token| matches!(token, InlineToken::OpenLink)) {
                    Some(empty) => {
                        pending.remove(empty);
                    }
                    None => close(&mut tokens, InlineToken::CloseLink(href)),
                }
            }
        }
    }
    while matches!(tokens.last(), Some(InlineToken::Break)) {
        tokens.pop();
    }
    for (emphasis, _) in open.into_iter().rev() {
        if tokens.iter().rev().any(|token| matches!(token, InlineToken::Open(known) if *known == emphasis)) {
            tokens.push(InlineToken::Close(emphasis));
        }
    }
    tokens
}

/// Adds a closing token, before line breaks at the end.
fn close(tokens: &mut Vec<InlineToken>, token: InlineToken) {
    let breaks = tokens.iter().rev().take_while(|token| matches!(token, InlineToken::Break)).count();
    let at = tokens.len() - breaks;
    tokens.insert(at, token);
}

/// The index of the token that opens what the token at `close` closes.
fn opening_token(tokens: &[InlineToken], close: usize) -> Option<usize> {
    let Some(InlineToken::Close(emphasis)) = tokens.get(close) else {
        return None;
    };
    tokens
        .get(..close)?
        .iter()
        .rposition(|token| matches!(token, InlineToken::Open(known) if known == emphasis))
}

/// Whether a renderer takes the delimiters of an emphasis as such (CommonMark 6.2, flanking). Between a letter and
/// punctuation, or beside other delimiters, it may not.
fn delimiters_work(tokens: &[InlineToken], open: usize) -> bool {
    let Some(InlineToken::Open(emphasis)) = tokens.get(open) else {
        return false;
    };
    let Some(length) = tokens
        .iter()
        .skip(open)
        .position(|token| matches!(token, InlineToken::Close(known) if known == emphasis))
    else {
        return false;
    };
    let close = open + length;
    let is_content = |token: &&InlineToken| !matches!(token, InlineToken::Open(_) | InlineToken::Close(_));
    let before = tokens.get(..open).unwrap_or_default();
    let inside = tokens.get(open + 1..close).unwrap_or_default();
    let after = tokens.get(close + 1..).unwrap_or_default();
    let is_beside_other = matches!(before.last(), Some(InlineToken::Close(_)))
        || matches!(after.first(), Some(InlineToken::Open(_)));
    let first_char = |tokens: &[InlineToken]| edge_char(tokens.iter().find(is_content)?, true);
    let last_char = |tokens: &[InlineToken]| edge_char(tokens.iter().rev().find(is_content)?, false);
    let flanks = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(char::is_alphanumeric) || !outer.is_some_and(char::is_alphanumeric)
    };
    // Delimiters of other characters count as punctuation; `*` and `**` are one run.
    let is_other_run = |token: Option<&InlineToken>| {
        matches!(token, Some(InlineToken::Open(other) | InlineToken::Close(other))
            if other.first_char() != emphasis.first_char())
    };
    let inner = |edge: Option<&InlineToken>, char: Option<char>| char.filter(|_| !is_other_run(edge));
    !is_beside_other
        && flanks(inner(inside.first(), first_char(inside)), last_char(before))
        && flanks(inner(inside.last(), last_char(inside)), first_char(after))
}

/// The first or last character of a token in Markdown.
fn edge_char(token: &InlineToken, first: bool) -> Option<char> {
    match token {
        InlineToken::Text(text) | InlineToken::Finished(text) => {
            if first {
                text.chars().next()
            } else {
                text.chars().next_back()
            }
        }
        InlineToken::Code(_) => Some('`'),
        InlineToken::OpenLink => Some('['),
        InlineToken::CloseLink(_) => Some(')'),
        InlineToken::Break => Some('\n'),
        InlineToken::Open(_) | InlineToken::Close(_) => None,
    }
}

/// Escapes text that looks like inline markup.
fn escape(text: &str, context: InlineContext, out: &mut String) {
    let mut before = out.chars().next_back();
    for (at, c) in text.char_indices() {
        let next = || text.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' => true,
            // InlineContext a word it is no markup.
            '_' => !(before.is_some_and(char::is_alphanumeric) && next().is_some_and(char::is_alphanumeric)),
            '&' => is_reference(text.get(at + 1..).unwrap_or_default()),
            '|' => context == InlineContext::Cell,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
}

/// Whether the text after an `&` makes it a character reference.
fn is_reference(rest: &str) -> bool {
    let name = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '#'));
    matches!(name, Some(1..=32))
        && name.and_then(|end| rest.get(end..)).is_some_and(|rest| rest.starts_with(';'))
}

/// Escapes the start of a line that would begin a block, such as `1.` or `#`.
fn escape_block_start(line: &str) -> String {
    let after =
        |sign: &str| line.strip_prefix(sign).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let all = |sign: char| !line.is_empty() && line.chars().all(|c| c == sign);
    let hashes = line.len() - line.trim_start_matches('#').len();
    let digits = line.find(|c: char| !c.is_ascii_digit()).unwrap_or(line.len());
    let ordered = (1..=9).contains(&digits)
        && line.get(digits..).is_some_and(|rest| {
            rest.strip_prefix(['.', ')']).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
    let at = if ordered {
        digits
    } else if after("-")
        || after("+")
        || line.starts_with("--")
        || line.starts_with('>')
        || line.starts_with('|')
        || line.starts_with(":-")
        || all('=')
        || (1..=6).contains(&hashes) && after(line.get(..hashes).unwrap_or_default())
    {
        0
    } else {
        return line.to_owned();
    };
    let (head, tail) = line.split_at_checked(at).unwrap_or((line, ""));
    format!("{head}\\{tail}")
}

/// Code between enough backticks.
fn code(text: &str, context: InlineContext) -> String {
    let fence = "`".repeat(longest_run(text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    let text = match context {
        InlineContext::Cell => text.replace('|', "\\|"),
        _ => text.to_owned(),
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Length of the longest run of a character.
pub(super) fn longest_run(text: &str, of: char) -> usize {
    let (mut run, mut longest) = (0, 0);
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Whether a URL needs no `<` and `>` around it.
fn is_bare_url(url: &str) -> bool {
    !url.contains(|c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '(' | ')' | '\\' | '|')
    })
}

/// Writes the URL of a link or an image.
fn write_url(url: &str, out: &mut String) {
    if is_bare_url(url) {
        out.push_str(url);
        return;
    }
    out.push('<');
    for c in url.chars() {
        match c {
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '\\' => out.push_str("%5C"),
            '|' => out.push_str("%7C"),
            ' ' => out.push_str("%20"),
            c if c.is_whitespace() || c.is_control() => {}
            c => out.push(c),
        }
    }
    out.push('>');
}
