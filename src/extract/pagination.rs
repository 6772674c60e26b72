//! An article over several pages: which page is read next, and how they become one article. Pure: the caller fetches.
//!
//! ```text
//! let mut series = Series::new(&url, first);
//! while let Some(url) = series.wanted() {
//!     match read(url) { Ok((served_by, page)) => series.add(&served_by, page), Err(why) => series.missed(why) }
//! }
//! let (article, missing) = series.done();
//! ```

use std::collections::HashSet;

use url::Url;

use crate::model::{Extraction, Failure, Field, Grade, PageKind};

/// Most pages of one article, the first included.
pub const MOST_PAGES: usize = 20;

/// Which page is read now.
#[derive(Debug)]
enum Step {
    /// All of the article on one page.
    Single(Url),
    /// The page after the last.
    Next(Url),
    /// The AMP form of a page without text.
    Amp(Url),
    Done,
}

/// An article that is being put together.
#[derive(Debug)]
pub struct Pagination {
    article: Extraction,
    step: Step,
    seen: Vec<Url>,
    pages: usize,
    missing: Option<Failure>,
}

impl Pagination {
    /// Begins with the page that the entry links to.
    pub fn new(served_by: &Url, first: Extraction) -> Self {
        let mut series = Self {
            step: Step::Done,
            seen: vec![plain(served_by)],
            pages: 1,
            missing: None,
            article: first,
        };
        if series.article.kind != PageKind::Article {
            return series;
        }
        let more = series.article.pagination.clone();
        series.step = match (more.single, more.amp) {
            (Some(single), _) if series.is_new(&single) => Step::Single(single),
            (_, Some(amp)) if series.article.text.is_empty() && series.is_new(&amp) => Step::Amp(amp),
            _ => series.step_to(more.next),
        };
        series
    }

    /// The same with no page to follow: for a file, which has no others.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.step = Step::Done;
        self
    }

    /// The page to fetch now.
    pub fn wanted(&self) -> Option<&Url> {
        match &self.step {
            Step::Single(url) | Step::Next(url) | Step::Amp(url) => Some(url),
            Step::Done => None,
        }
    }

    /// Takes in the page that was wanted.
    pub fn add(&mut self, served_by: &Url, page: Extraction) {
        let step = std::mem::replace(&mut self.step, Step::Done);
        let mut ways = vec![plain(served_by)];
        ways.extend(match &step {
            Step::Single(url) | Step::Next(url) | Step::Amp(url) => Some(plain(url)),
            Step::Done => None,
        });
        self.seen.extend_from_slice(&ways);
        match step {
            Step::Single(_) if page.text.len() >= self.article.text.len() => {
                let next = page.pagination.next.clone();
                self.take_body(page);
                self.join(ways);
                self.step = self.step_to(next);
            }
            Step::Single(_) => self.step = self.step_to(self.article.pagination.next.clone()),
            Step::Amp(_) => {
                if !page.text.is_empty() {
                    self.take_body(page);
                    self.join(ways);
                }
            }
            Step::Next(_) => {
                let known: HashSet<&str> = self.article.text.split("\n\n").collect();
                // A server that knows no such page may send the first again.
                let is_new = page
                    .text
                    .split("\n\n")
                    .any(|paragraph| !known.contains(paragraph));
                if !page.text.is_empty() && is_new {
                    self.article.text.push_str("\n\n");
                    self.article.text.push_str(&page.text);
                    self.article.html.push_str(&page.html);
                    self.pages += 1;
                    self.join(ways);
                    self.step = self.step_to(page.pagination.next);
                }
            }
            Step::Done => {}
        }
    }

    /// The page that was wanted could not be had: what is there stays.
    pub fn missed(&mut self, failure: Failure) {
        let step = std::mem::replace(&mut self.step, Step::Done);
        let what = match &step {
            Step::Single(_) => "the article on one page",
            Step::Next(_) => "the next page of the article",
            Step::Amp(_) | Step::Done => "the AMP form of the page",
        };
        self.missing = Some(Failure {
            message: format!(
                "{what} could not be had, what is there is kept: {}",
                failure.message
            ),
            ..failure
        });
        if let Step::Single(url) = step {
            self.seen.push(plain(&url));
            self.step = self.step_to(self.article.pagination.next.clone());
        }
    }

    /// How many pages were joined.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// The article, and why it may not be all of it.
    pub fn done(self) -> (Extraction, Option<Failure>) {
        (self.article, self.missing)
    }

    /// Notes where a page came from whose text is in the article.
    fn join(&mut self, ways: Vec<Url>) {
        for way in ways {
            if !self.article.pagination.joined.contains(&way) {
                self.article.pagination.joined.push(way);
            }
        }
    }

    fn is_new(&self, url: &Url) -> bool {
        !self.seen.contains(&plain(url))
    }

    fn step_to(&mut self, next: Option<Url>) -> Step {
        match next {
            Some(next) if self.is_new(&next) && !self.article.text.is_empty() => {
                if self.pages < MOST_PAGES {
                    return Step::Next(next);
                }
                self.missing = Some(Failure {
                    code: "too-many-pages",
                    grade: Grade::Permanent,
                    message: format!(
                        "the article has more than {MOST_PAGES} pages, the first {MOST_PAGES} are kept: see whether \
                         `next_page` leads to other articles"
                    ),
                    url: Some(crate::link::mask_secrets(&next)),
                    status: None,
                });
                Step::Done
            }
            _ => Step::Done,
        }
    }

    /// The text of another page, and what the first did not say.
    fn take_body(&mut self, page: Extraction) {
        let article = &mut self.article;
        article.text = page.text;
        article.html = page.html;
        let mut fields = vec![Field::Body];
        let mut fill = |field, missing: bool, found: bool| {
            if missing && found {
                fields.push(field);
            }
            missing && found
        };
        if fill(Field::Title, article.title.is_none(), page.title.is_some()) {
            article.title = page.title;
        }
        if fill(
            Field::Standfirst,
            article.standfirst.is_none(),
            page.standfirst.is_some(),
        ) {
            article.standfirst = page.standfirst;
        }
        if fill(
            Field::Byline,
            article.authors.is_empty(),
            !page.authors.is_empty(),
        ) {
            article.byline = page.byline;
            article.authors = page.authors;
        }
        if fill(
            Field::Published,
            article.published.is_none(),
            page.published.is_some(),
        ) {
            article.published = page.published;
        }
        if fill(
            Field::Modified,
            article.modified.is_none(),
            page.modified.is_some(),
        ) {
            article.modified = page.modified;
        }
        if fill(Field::Image, article.image.is_none(), page.image.is_some()) {
            article.image = page.image;
            article.image_size = page.image_size;
        }
        for field in fields {
            match page.origins.get(&field) {
                Some(origin) => article.origins.insert(field, *origin),
                None => article.origins.remove(&field),
            };
        }
    }
}

/// An address without what never reaches the server.
fn plain(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, PaginationLinks};

    fn url(path: &str) -> Url {
        Url::parse("https://a.example/").unwrap().join(path).unwrap()
    }

    fn page(text: &str, next: Option<&str>) -> Extraction {
        Extraction {
            text: text.to_owned(),
            html: format!("<p>{text}</p>"),
            pagination: PaginationLinks {
                next: next.map(url),
                ..PaginationLinks::default()
            },
            ..Extraction::default()
        }
    }

    fn failure() -> Failure {
        Failure {
            code: "http-500",
            grade: Grade::Temporary,
            message: "answered 500".into(),
            url: None,
            status: Some(500),
        }
    }

    #[test]
    fn pages_are_joined_until_there_is_none() {
        let mut series = Pagination::new(&url("1"), page("one", Some("2")));
        assert_eq!(series.wanted(), Some(&url("2")));
        series.add(&url("2"), page("two", Some("3")));
        series.add(&url("3"), page("three", Some("1#top")));
        assert_eq!(series.wanted(), None, "the first again");
        assert_eq!(series.pages(), 3);
        let (article, missing) = series.done();
        assert_eq!(article.text, "one\n\ntwo\n\nthree");
        assert_eq!(article.html, "<p>one</p><p>two</p><p>three</p>");
        assert_eq!(article.pagination.joined, [url("2"), url("3")]);
        assert_eq!(missing, None);
    }

    #[test]
    fn a_page_that_was_not_had_loses_nothing() {
        let mut series = Pagination::new(&url("1"), page("one", Some("2")));
        series.missed(failure());
        assert_eq!(series.wanted(), None);
        let (article, missing) = series.done();
        assert_eq!(article.text, "one");
        assert!(missing.unwrap().message.contains("answered 500"));
    }

    #[test]
    fn the_same_text_again_ends_it() {
        let mut series = Pagination::new(&url("1"), page("one\n\ntwo", Some("2")));
        series.add(&url("2"), page("one", Some("3")));
        assert_eq!(series.wanted(), None);
        let (article, _) = series.done();
        assert_eq!(article.text, "one\n\ntwo");
        assert_eq!(article.pagination.joined, [], "nothing of it is in the article");
    }

    #[test]
    fn no_article_has_no_end() {
        let mut series = Pagination::new(&url("1"), page("0", Some("2")));
        let mut number = 2;
        while series.wanted().is_some() {
            series.add(
                &url(&number.to_string()),
                page(&number.to_string(), Some(&(number + 1).to_string())),
            );
            number += 1;
        }
        assert_eq!(series.pages(), MOST_PAGES);
        assert_eq!(series.done().1.unwrap().code, "too-many-pages");
    }

    #[test]
    fn one_page_goes_before_many_and_many_where_it_fails() {
        let mut first = page("one", Some("2"));
        first.pagination.single = Some(url("all"));
        let mut series = Pagination::new(&url("1"), first.clone());
        assert_eq!(series.wanted(), Some(&url("all")));
        series.add(&url("all"), page("one\n\ntwo", None));
        assert_eq!(series.done().0.text, "one\n\ntwo");

        let mut series = Pagination::new(&url("1"), first);
        series.missed(failure());
        assert_eq!(series.wanted(), Some(&url("2")));
        series.add(&url("2"), page("two", None));
        assert_eq!(series.done().0.text, "one\n\ntwo");
    }

    #[test]
    fn amp_is_asked_only_where_there_is_no_text() {
        let mut first = page("", None);
        first.pagination.amp = Some(url("amp"));
        let mut series = Pagination::new(&url("1"), first.clone());
        assert_eq!(series.wanted(), Some(&url("amp")));
        let mut amp = page("text", None);
        amp.title = Some("Title".into());
        amp.origins.insert(Field::Body, Origin::Auto);
        series.add(&url("amp"), amp);
        let (article, _) = series.done();
        assert_eq!(
            (article.text.as_str(), article.title.as_deref()),
            ("text", Some("Title"))
        );
        first.text = "text".into();
        assert_eq!(Pagination::new(&url("1"), first).wanted(), None);
    }
}
