//! The fields of an article by name, for the forms that are tables or records.

use crate::config::nearest;
use crate::store::ArticleRef;

/// A field as JSON and column headers name it. The order is that in which a person reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Seq,
    Id,
    Op,
    Source,
    Url,
    ShortLink,
    Title,
    Standfirst,
    Byline,
    Authors,
    Published,
    PublishedAt,
    Precision,
    Modified,
    Text,
    Html,
    Image,
    ImageWidth,
    ImageHeight,
    Language,
    Site,
    Section,
    Tags,
    Rights,
    Enclosures,
    Kind,
    Method,
    Cluster,
    Origins,
    FirstSeen,
    FetchedAt,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// A whole number.
    Number(i64),
    /// A whole number, or nothing.
    Count(Option<i64>),
    /// Text, or nothing.
    Text(Option<&'a str>),
    /// RFC 3339 in UTC, or nothing.
    Time(Option<&'a str>),
    /// A JSON list of strings.
    List(&'a str),
    /// A JSON map of strings.
    Map(&'a str),
    /// JSON of another shape.
    Json(&'a str),
}

/// All fields, in order.
pub(super) const ALL: [(Name, &str); 31] = [
    (Name::Seq, "seq"),
    (Name::Id, "id"),
    (Name::Op, "op"),
    (Name::Source, "source"),
    (Name::Url, "url"),
    (Name::ShortLink, "short_link"),
    (Name::Title, "title"),
    (Name::Standfirst, "standfirst"),
    (Name::Byline, "byline"),
    (Name::Authors, "authors"),
    (Name::Published, "published"),
    (Name::PublishedAt, "published_at"),
    (Name::Precision, "precision"),
    (Name::Modified, "modified"),
    (Name::Text, "text"),
    (Name::Html, "html"),
    (Name::Image, "image"),
    (Name::ImageWidth, "image_width"),
    (Name::ImageHeight, "image_height"),
    (Name::Language, "language"),
    (Name::Site, "site"),
    (Name::Section, "section"),
    (Name::Tags, "tags"),
    (Name::Rights, "rights"),
    (Name::Enclosures, "enclosures"),
    (Name::Kind, "kind"),
    (Name::Method, "method"),
    (Name::Cluster, "cluster"),
    (Name::Origins, "origins"),
    (Name::FirstSeen, "first_seen"),
    (Name::FetchedAt, "fetched_at"),
];

/// The fields that go out, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(pub(super) Vec<Name>);

impl Default for Fields {
    fn default() -> Self {
        Self(ALL.iter().map(|(name, _)| *name).collect())
    }
}

/// A field that there is not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no field {typed:?}; {hint}")]
pub struct UnknownField {
    typed: String,
    hint: String,
}

impl Fields {
    /// Reads `title,url,text`.
    pub fn parse(typed: &str) -> Result<Self, UnknownField> {
        let mut fields = Vec::new();
        for word in typed.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let word = if word == "article_id" { "id" } else { word };
            let Some((name, _)) = ALL.iter().find(|(_, text)| *text == word) else {
                let hint = nearest(word, ALL.iter().map(|(_, text)| *text)).map_or_else(
                    || format!("the fields are {}", ALL.map(|(_, text)| text).join(", ")),
                    |near| format!("did you mean {near:?}?"),
                );
                return Err(UnknownField {
                    typed: word.to_owned(),
                    hint,
                });
            };
            if !fields.contains(name) {
                fields.push(*name);
            }
        }
        if fields.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self(fields))
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|name| name.as_str())
    }
}

impl Name {
    /// As headers and JSON name it.
    pub(crate) fn as_str(self) -> &'static str {
        ALL.iter()
            .find(|(name, _)| *name == self)
            .map_or("", |(_, text)| text)
    }

    /// What an article has there.
    pub(crate) fn of<'a>(self, article: &ArticleRef<'a>) -> Value<'a> {
        match self {
            Self::Seq => Value::Number(article.seq),
            Self::Id => Value::Number(article.article_id),
            Self::Op => Value::Text(Some(article.op)),
            Self::Source => Value::Text(article.source),
            Self::Url => Value::Text(Some(article.url)),
            Self::ShortLink => Value::Text(article.short_link),
            Self::Title => Value::Text(article.title),
            Self::Standfirst => Value::Text(article.standfirst),
            Self::Byline => Value::Text(article.byline),
            Self::Authors => Value::List(article.authors),
            Self::Published => Value::Text(article.published),
            Self::PublishedAt => Value::Time(article.published_at),
            Self::Precision => Value::Text(article.precision),
            Self::Modified => Value::Text(article.modified),
            Self::Text => Value::Text(Some(article.text)),
            Self::Html => Value::Text(Some(article.html)),
            Self::Image => Value::Text(article.image),
            Self::ImageWidth => Value::Count(article.image_width),
            Self::ImageHeight => Value::Count(article.image_height),
            Self::Language => Value::Text(article.language),
            Self::Site => Value::Text(article.site),
            Self::Section => Value::Text(article.section),
            Self::Tags => Value::List(article.tags),
            Self::Rights => Value::Text(article.rights),
            Self::Enclosures => Value::Json(article.enclosures),
            Self::Kind => Value::Text(Some(article.kind)),
            Self::Method => Value::Text(Some(article.method)),
            Self::Cluster => Value::Number(article.cluster),
            Self::Origins => Value::Map(article.origins),
            Self::FirstSeen => Value::Time(Some(article.first_seen)),
            Self::FetchedAt => Value::Time(Some(article.fetched_at)),
        }
    }
}

/// The strings of a JSON list as the database keeps it.
pub(super) fn list(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_by_name_and_the_nearest_one() {
        assert_eq!(
            Fields::parse(" title, url,title").unwrap().0,
            [Name::Title, Name::Url]
        );
        assert_eq!(Fields::parse("").unwrap(), Fields::default());
        let hint = |typed| Fields::parse(typed).unwrap_err().to_string();
        assert_eq!(
            hint("titel"),
            "there is no field \"titel\"; did you mean \"title\"?"
        );
        assert!(
            hint("colour").contains("the fields are seq, id"),
            "{}",
            hint("colour")
        );
    }
}
