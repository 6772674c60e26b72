//! The articles the press prints: prose of our own, kept as text files beside this one.
//!
//! An article is a line `# slug`, lines `name: value`, an empty line, and paragraphs parted by empty lines.

/// An article as its author handed it in.
#[derive(Clone, Debug)]
pub struct Text {
    /// Unique within its paper; part of its URL.
    pub slug: &'static str,
    /// Headline, not escaped.
    pub title: &'static str,
    /// The lead.
    pub standfirst: &'static str,
    /// As printed, with its "By" where there is one.
    pub byline: &'static str,
    /// RFC 3339, or a bare date.
    pub published: &'static str,
    /// BCP 47.
    pub language: &'static str,
    /// The body, not escaped.
    pub paragraphs: Vec<&'static str>,
}

impl Text {
    /// The day it was published, as written: `2026-11-23`.
    pub fn day(&self) -> &'static str {
        &self.published[..10]
    }

    /// The beginning of the body, enough to tell it from any other.
    pub fn first_words(&self) -> &'static str {
        let paragraph = self.paragraphs[0];
        paragraph.char_indices().nth(40).map_or(paragraph, |(end, _)| &paragraph[..end])
    }
}

/// The articles of one paper, newest first.
pub fn of(paper: &'static str) -> Vec<Text> {
    paper.split("# ").filter(|article| !article.trim().is_empty()).map(read).collect()
}

fn read(article: &'static str) -> Text {
    let (head, body) = article.split_once("\n\n").expect("an empty line behind the head");
    let (slug, fields) = head.split_once('\n').expect("fields behind the slug");
    let field = |name: &str| {
        fields
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| *known == name)
            .map_or_else(|| panic!("{slug} has no {name}"), |(_, value)| value)
    };
    Text {
        slug,
        title: field("title"),
        standfirst: field("standfirst"),
        byline: field("byline"),
        published: field("published"),
        language: field("language"),
        paragraphs: body.split("\n\n").map(str::trim).collect(),
    }
}
