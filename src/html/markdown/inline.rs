//! The running text of a block: emphasis, links, images, and escapes where text looks like markup.

use crate::html::tag::Tag;

/// Emphasis and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Em,
    Strong,
    Struck,
    Sub,
    Sup,
}

impl Mark {
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

    /// Markdown's own sign, where it has one.
    fn sign(self) -> Option<&'static str> {
        match self {
            Self::Em => Some("*"),
            Self::Strong => Some("**"),
            Self::Struck => Some("~~"),
            Self::Sub | Self::Sup => None,
        }
    }

    /// The element CommonMark lets through instead.
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

/// A piece of running text as it is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// White space is not yet collapsed.
    Text(String),
    Code(String),
    Break,
    Open(Mark),
    Close(Mark),
    OpenLink,
    /// With its target.
    CloseLink(String),
    Image {
        src: String,
        alt: String,
    },
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    Paragraph,
    /// One line; what looks like the beginning of a block does no harm.
    Heading,
    /// One line, in which `|` parts cells.
    Cell,
}

/// A piece with its spaces in place.
#[derive(Debug)]
enum Token {
    Text(String),
    /// Finished Markdown that behaves like a word.
    Done(String),
    Code(String),
    Break,
    Open(Mark),
    Close(Mark),
    OpenLink,
    CloseLink(String),
}

/// Markdown of a block's pieces; empty where there is nothing to see.
pub(super) fn render(pieces: impl IntoIterator<Item = Piece>, within: Within) -> String {
    let tokens = settle(pieces, within);
    let mut out = String::new();
    let mut links: Vec<usize> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            Token::Text(text) => escape(text, within, &mut out),
            Token::Done(done) => out.push_str(done),
            Token::Code(text) => out.push_str(&code(text, within)),
            Token::Break => out.push_str("\\\n"),
            Token::Open(mark) => match mark.sign().filter(|_| is_clear(&tokens, i)) {
                Some(sign) => out.push_str(sign),
                None => out.extend(["<", mark.element(), ">"]),
            },
            Token::Close(mark) => {
                let open = opening(&tokens, i);
                match mark
                    .sign()
                    .filter(|_| open.is_some_and(|open| is_clear(&tokens, open)))
                {
                    Some(sign) => out.push_str(sign),
                    None => out.extend(["</", mark.element(), ">"]),
                }
            }
            Token::OpenLink => {
                // `!` and a link would be an image.
                if out.ends_with('!') {
                    out.pop();
                    out.push_str("\\!");
                }
                links.push(out.len());
                out.push('[');
            }
            Token::CloseLink(href) => {
                if let Some(from) = links.pop() {
                    let shown = out.get(from + 1..).unwrap_or_default();
                    if is_plain(href) && shown.replace('\\', "") == *href {
                        out.truncate(from);
                        out.extend(["<", href.as_str(), ">"]);
                    } else {
                        out.push_str("](");
                        target(href, &mut out);
                        out.push(')');
                    }
                }
            }
        }
    }
    match within {
        Within::Heading if out.ends_with('#') => {
            out.pop();
            out.push_str("\\#");
            out
        }
        Within::Paragraph => out.split('\n').map(guarded).collect::<Vec<_>>().join("\n"),
        Within::Heading | Within::Cell => out,
    }
}

/// Puts spaces where they are seen, outside emphasis and links; drops what marks nothing, and a mark within its like.
fn settle(pieces: impl IntoIterator<Item = Piece>, within: Within) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    // Opened, but nothing in it yet.
    let mut pending: Vec<Token> = Vec::new();
    let mut open: Vec<(Mark, usize)> = Vec::new();
    let (mut space, mut linked) = (false, false);
    let content = |tokens: &mut Vec<Token>, pending: &mut Vec<Token>, space: &mut bool, token: Token| {
        let at_start = matches!(tokens.last(), None | Some(Token::Break));
        if std::mem::take(space) && !at_start {
            tokens.push(Token::Text(" ".to_owned()));
        }
        tokens.append(pending);
        tokens.push(token);
    };
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                for (number, word) in text.split(char::is_whitespace).enumerate() {
                    space |= number > 0;
                    let word: String = word.chars().filter(|c| !c.is_control()).collect();
                    if !word.is_empty() {
                        content(&mut tokens, &mut pending, &mut space, Token::Text(word));
                    }
                }
            }
            Piece::Code(text) => {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                match tokens.last_mut() {
                    // Backticks of two that touch would be taken together.
                    Some(Token::Code(before)) if !space && pending.is_empty() => before.push_str(&text),
                    _ if text.is_empty() => {}
                    _ => content(&mut tokens, &mut pending, &mut space, Token::Code(text)),
                }
            }
            Piece::Image { src, alt } => {
                let mut image = String::from("![");
                escape(
                    &alt.split_whitespace().collect::<Vec<_>>().join(" "),
                    within,
                    &mut image,
                );
                image.push_str("](");
                target(&src, &mut image);
                image.push(')');
                content(&mut tokens, &mut pending, &mut space, Token::Done(image));
            }
            Piece::Break if within == Within::Paragraph => {
                // One before the first or after the last word breaks nothing.
                if !tokens.is_empty() && pending.is_empty() {
                    space = false;
                    tokens.push(Token::Break);
                } else {
                    space = true;
                }
            }
            Piece::Break => space = true,
            Piece::Open(mark) => {
                if let Some((_, depth)) = open.iter_mut().find(|(known, _)| *known == mark) {
                    *depth += 1;
                    continue;
                }
                open.push((mark, 1));
                // Two that touch are one.
                let touches = pending.is_empty() && !space;
                if touches && matches!(tokens.last(), Some(Token::Close(last)) if *last == mark) {
                    tokens.pop();
                } else {
                    pending.push(Token::Open(mark));
                }
            }
            Piece::Close(mark) => {
                let Some(place) = open.iter().position(|(known, _)| *known == mark) else {
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
                    .rposition(|token| matches!(token, Token::Open(known) if *known == mark))
                {
                    Some(empty) => {
                        pending.remove(empty);
                    }
                    None => close(&mut tokens, Token::Close(mark)),
                }
            }
            Piece::OpenLink => {
                if !linked {
                    linked = true;
                    pending.push(Token::OpenLink);
                }
            }
            Piece::CloseLink(href) => {
                if !std::mem::take(&mut linked) {
                    continue;
                }
                match pending.iter().rposition(|token| matches!(token, Token::OpenLink)) {
                    Some(empty) => {
                        pending.remove(empty);
                    }
                    None => close(&mut tokens, Token::CloseLink(href)),
                }
            }
        }
    }
    while matches!(tokens.last(), Some(Token::Break)) {
        tokens.pop();
    }
    for (mark, _) in open.into_iter().rev() {
        if tokens
            .iter()
            .rev()
            .any(|token| matches!(token, Token::Open(known) if *known == mark))
        {
            tokens.push(Token::Close(mark));
        }
    }
    tokens
}

/// A mark ends before a break, not behind it.
fn close(tokens: &mut Vec<Token>, token: Token) {
    let breaks = tokens
        .iter()
        .rev()
        .take_while(|token| matches!(token, Token::Break))
        .count();
    let at = tokens.len() - breaks;
    tokens.insert(at, token);
}

/// The token that a closing one closes.
fn opening(tokens: &[Token], close: usize) -> Option<usize> {
    let Some(Token::Close(mark)) = tokens.get(close) else {
        return None;
    };
    tokens
        .get(..close)?
        .iter()
        .rposition(|token| matches!(token, Token::Open(known) if known == mark))
}

/// Whether a renderer sees the signs of a mark as such (CommonMark 6.2, flanking): a sign between a letter and a
/// punctuation, or right beside the signs of another, may be read otherwise.
fn is_clear(tokens: &[Token], open: usize) -> bool {
    let Some(Token::Open(mark)) = tokens.get(open) else {
        return false;
    };
    let Some(length) = tokens
        .iter()
        .skip(open)
        .position(|token| matches!(token, Token::Close(known) if known == mark))
    else {
        return false;
    };
    let close = open + length;
    let neighbour = |token: Option<&Token>| !matches!(token, Some(Token::Open(_) | Token::Close(_)));
    let before = open.checked_sub(1).and_then(|before| tokens.get(before));
    let after = tokens.get(close + 1);
    let touches = matches!(before, Some(Token::Close(_))) || matches!(after, Some(Token::Open(_)));
    let inside = tokens.get(open + 1..close).unwrap_or_default();
    let first = inside
        .iter()
        .find(|token| neighbour(Some(token)))
        .and_then(|token| edge(token, true));
    let last = inside
        .iter()
        .rev()
        .find(|token| neighbour(Some(token)))
        .and_then(|token| edge(token, false));
    let outer_before = tokens
        .get(..open)
        .unwrap_or_default()
        .iter()
        .rev()
        .find(|token| neighbour(Some(token)));
    let outer_after = tokens
        .get(close + 1..)
        .unwrap_or_default()
        .iter()
        .find(|token| neighbour(Some(token)));
    let flanks = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(char::is_alphanumeric) || !outer.is_some_and(char::is_alphanumeric)
    };
    !touches
        && flanks(first, outer_before.and_then(|token| edge(token, false)))
        && flanks(last, outer_after.and_then(|token| edge(token, true)))
}

/// The first or last character of a token, as a renderer sees it.
fn edge(token: &Token, first: bool) -> Option<char> {
    match token {
        Token::Text(text) | Token::Done(text) => {
            if first {
                text.chars().next()
            } else {
                text.chars().next_back()
            }
        }
        Token::Code(_) => Some('`'),
        Token::OpenLink => Some('['),
        Token::CloseLink(_) => Some(')'),
        Token::Break => Some('\n'),
        Token::Open(_) | Token::Close(_) => None,
    }
}

/// Escapes what looks like markup, within a line.
fn escape(text: &str, within: Within, out: &mut String) {
    let mut before = out.chars().next_back();
    for (at, c) in text.char_indices() {
        let next = || text.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' => true,
            // Within a word it is one of its letters.
            '_' => !(before.is_some_and(char::is_alphanumeric) && next().is_some_and(char::is_alphanumeric)),
            '&' => is_reference(text.get(at + 1..).unwrap_or_default()),
            '|' => within == Within::Cell,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
}

/// Whether what follows an `&` makes a character reference of it.
fn is_reference(rest: &str) -> bool {
    let name = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '#'));
    matches!(name, Some(1..=32))
        && name
            .and_then(|end| rest.get(end..))
            .is_some_and(|rest| rest.starts_with(';'))
}

/// Escapes what would begin a block at the beginning of a line.
fn guarded(line: &str) -> String {
    let after = |sign: &str| {
        line.strip_prefix(sign)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let all = |sign: char| !line.is_empty() && line.chars().all(|c| c == sign);
    let hashes = line.len() - line.trim_start_matches('#').len();
    let digits = line.find(|c: char| !c.is_ascii_digit()).unwrap_or(line.len());
    let ordered = (1..=9).contains(&digits)
        && line.get(digits..).is_some_and(|rest| {
            rest.strip_prefix(['.', ')'])
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
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

/// Code between as many backticks as it takes.
fn code(text: &str, within: Within) -> String {
    let fence = "`".repeat(longest_run(text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    let text = match within {
        Within::Cell => text.replace('|', "\\|"),
        _ => text.to_owned(),
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The longest run of a character.
pub(super) fn longest_run(text: &str, of: char) -> usize {
    let (mut run, mut longest) = (0, 0);
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Whether a URL can stand as it is.
fn is_plain(url: &str) -> bool {
    !url.contains(|c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '(' | ')' | '\\' | '|')
    })
}

/// The target of a link or an image.
fn target(url: &str, out: &mut String) {
    if is_plain(url) {
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
