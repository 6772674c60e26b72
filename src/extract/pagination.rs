//! Joins the pages of an article: which page is read next, and how they become one article. Pure; the caller fetches.
//!
//! ```text
//! let mut pagination = Pagination::new(&url, first);
//! while let Some(url) = pagination.next_url() {
//!     match read(url) {
//!         Ok((served_by, page)) => pagination.add_page(&served_by, page),
//!         Err(failure) => pagination.skip_page(failure),
//!     }
//! }
//! let (article, missing) = pagination.finish();
//! ```

use std::collections::HashSet;

use url::Url;

use crate::link;
use crate::model::{Extraction, Failure, Field, Grade, PageKind};

/// Pages of one article that are read, the first included.
pub const MOST_PAGES: usize = 20;

/// The page that is read next.
#[derive(Debug)]
enum NextPage {
    /// The whole article on one page.
    Single(Url),
    /// The page after the last.
    Following(Url),
    /// The AMP form of a page without text.
    Amp(Url),
    None,
}

impl NextPage {
    fn url(&self) -> Option<&Url> {
        match self {
            Self::Single(url) | Self::Following(url) | Self::Amp(url) => Some(url),
            Self::None => None,
        }
    }
}

/// An article whose pages are being read.
#[derive(Debug)]
pub struct Pagination {
    article: Extraction,
    next: NextPage,
    /// URLs of the pages that were read or skipped, without fragments.
    seen: Vec<Url>,
    pages: usize,
    missing: Option<Failure>,
}

impl Pagination {
    /// Begins with the page that the entry links to.
    pub fn new(served_by: &Url, first: Extraction) -> Self {
        let mut pagination = Self {
            next: NextPage::None,
            seen: vec![without_fragment(served_by)],
            pages: 1,
            missing: None,
            article: first,
        };
        if pagination.article.kind == PageKind::Article {
            let links = pagination.article.pagination.clone();
            pagination.next = match (links.single, links.amp) {
                (Some(single), _) if pagination.is_new(&single) => NextPage::Single(single),
                (_, Some(amp)) if pagination.article.text.is_empty() && pagination.is_new(&amp) => {
                    NextPage::Amp(amp)
                }
                _ => pagination.following(links.next),
            };
        }
        pagination
    }

    /// Reads no further page: for a stored page, whose other pages are not stored.
    #[must_use]
    pub fn first_page_only(mut self) -> Self {
        self.next = NextPage::None;
        self
    }

    /// The page to fetch now.
    pub fn next_url(&self) -> Option<&Url> {
        self.next.url()
    }

    /// Adds the page at [`next_url`](Self::next_url). `served_by` is its URL after redirects.
    pub fn add_page(&mut self, served_by: &Url, page: Extraction) {
        let next = std::mem::replace(&mut self.next, NextPage::None);
        let mut urls = vec![without_fragment(served_by)];
        urls.extend(next.url().map(without_fragment));
        self.seen.extend_from_slice(&urls);
        match next {
            NextPage::Single(_) if page.text.len() >= self.article.text.len() => {
                let next = page.pagination.next.clone();
                self.replace_body(page);
                self.add_joined(urls);
                self.next = self.following(next);
            }
            NextPage::Single(_) => self.next = self.following(self.article.pagination.next.clone()),
            NextPage::Amp(_) => {
                if !page.text.is_empty() {
                    self.replace_body(page);
                    self.add_joined(urls);
                }
            }
            NextPage::Following(_) => {
                let known: HashSet<&str> = self.article.text.split("\n\n").collect();
                // A server may send the first page again for a page number that does not exist.
                let is_new = page.text.split("\n\n").any(|paragraph| !known.contains(paragraph));
                if !page.text.is_empty() && is_new {
                    self.article.text.push_str("\n\n");
                    self.article.text.push_str(&page.text);
                    self.article.html.push_str(&page.html);
                    self.pages += 1;
                    self.add_joined(urls);
                    self.next = self.following(page.pagination.next);
                }
            }
            NextPage::None => {}
        }
    }

    /// Goes on without the page at [`next_url`](Self::next_url), which could not be read.
    pub fn skip_page(&mut self, failure: Failure) {
        let next = std::mem::replace(&mut self.next, NextPage::None);
        let what = match &next {
            NextPage::Single(_) => "the article on one page",
            NextPage::Following(_) => "the next page of the article",
            NextPage::Amp(_) | NextPage::None => "the AMP form of the page",
        };
        self.missing = Some(Failure {
            message: format!("{what} could not be had, what is there is kept: {}", failure.message),
            ..failure
        });
        if let NextPage::Single(url) = next {
            self.seen.push(without_fragment(&url));
            self.next = self.following(self.article.pagination.next.clone());
        }
    }

    /// Number of pages that were joined.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// The article, and why it may be incomplete.
    pub fn finish(self) -> (Extraction, Option<Failure>) {
        (self.article, self.missing)
    }

    /// Notes the URLs of a page whose text is in the article.
    fn add_joined(&mut self, urls: Vec<Url>) {
        for url in urls {
            if !self.article.pagination.joined.contains(&url) {
                self.article.pagination.joined.push(url);
            }
        }
    }

    fn is_new(&self, url: &Url) -> bool {
        !self.seen.contains(&without_fragment(url))
    }

    /// The following page, if it is new and the limit of pages is not reached.
    fn following(&mut self, next: Option<Url>) -> NextPage {
        let Some(next) = next.filter(|next| self.is_new(next) && !self.article.text.is_empty()) else {
            return NextPage::None;
        };
        if self.pages < MOST_PAGES {
            return NextPage::Following(next);
        }
        self.missing = Some(Failure {
            code: "too-many-pages",
            grade: Grade::Permanent,
            message: format!(
                "the article has more than {MOST_PAGES} pages, the first {MOST_PAGES} are kept: see whether \
                 `next_page` leads to other articles"
            ),
            url: Some(link::mask_secrets(&next)),
            status: None,
        });
        NextPage::None
    }

    /// Takes the body of another page instead of the first's, and the fields that the first does not have.
    fn replace_body(&mut self, page: Extraction) {
        let article = &mut self.article;
        article.text = page.text;
        article.html = page.html;
        let mut taken = vec![Field::Body];
        if article.authors.is_empty() && !page.authors.is_empty() {
            article.byline = page.byline;
            article.authors = page.authors;
            taken.push(Field::Byline);
        }
        if article.image.is_none() && page.image.is_some() {
            article.image_size = page.image_size;
        }
        for (field, is_taken) in [
            (Field::Title, take_missing(&mut article.title, page.title)),
            (Field::Standfirst, take_missing(&mut article.standfirst, page.standfirst)),
            (Field::Published, take_missing(&mut article.published, page.published)),
            (Field::Modified, take_missing(&mut article.modified, page.modified)),
            (Field::Image, take_missing(&mut article.image, page.image)),
        ] {
            taken.extend(is_taken.then_some(field));
        }
        for field in taken {
            match page.origins.get(&field) {
                Some(origin) => article.origins.insert(field, *origin),
                None => article.origins.remove(&field),
            };
        }
    }
}

/// Takes a value where there is none; true if it did.
fn take_missing<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let is_taken = slot.is_none() && value.is_some();
    if is_taken {
        *slot = value;
    }
    is_taken
}

/// A URL without its fragment, which is never sent to the server.
fn without_fragment(url: &Url) -> Url {
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
            pagination: PaginationLinks { next: next.map(url), ..PaginationLinks::default() },
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
        let mut pagination = Pagination::new(&url("1"), page("one", Some("2")));
        assert_eq!(pagination.next_url(), Some(&url("2")));
        pagination.add_page(&url("2"), page("two", Some("3")));
        pagination.add_page(&url("3"), page("three", Some("1#top")));
        assert_eq!(pagination.next_url(), None, "the first again");
        assert_eq!(pagination.pages(), 3);
        let (article, missing) = pagination.finish();
        assert_eq!(article.text, "one\n\ntwo\n\nthree");
        assert_eq!(article.html, "<p>one</p><p>two</p><p>three</p>");
        assert_eq!(article.pagination.joined, [url("2"), url("3")]);
        assert_eq!(missing, None);
    }

    #[test]
    fn a_page_that_cannot_be_read_loses_nothing() {
        let mut pagination = Pagination::new(&url("1"), page("one", Some("2")));
        pagination.skip_page(failure());
        assert_eq!(pagination.next_url(), None);
        let (article, missing) = pagination.finish();
        assert_eq!(article.text, "one");
        assert!(missing.unwrap().message.contains("answered 500"));
    }

    #[test]
    fn the_same_text_again_ends_it() {
        let mut pagination = Pagination::new(&url("1"), page("one\n\ntwo", Some("2")));
        pagination.add_page(&url("2"), page("one", Some("3")));
        assert_eq!(pagination.next_url(), None);
        let (article, _) = pagination.finish();
        assert_eq!(article.text, "one\n\ntwo");
        assert_eq!(article.pagination.joined, [], "nothing of it is in the article");
    }

    #[test]
    fn no_article_has_no_end() {
        let mut pagination = Pagination::new(&url("1"), page("0", Some("2")));
        let mut number = 2;
        while pagination.next_url().is_some() {
            pagination.add_page(
                &url(&number.to_string()),
                page(&number.to_string(), Some(&(number + 1).to_string())),
            );
            number += 1;
        }
        assert_eq!(pagination.pages(), MOST_PAGES);
        assert_eq!(pagination.finish().1.unwrap().code, "too-many-pages");
    }

    #[test]
    fn one_page_goes_before_many_and_many_where_it_fails() {
        let mut first = page("one", Some("2"));
        first.pagination.single = Some(url("all"));
        let mut pagination = Pagination::new(&url("1"), first.clone());
        assert_eq!(pagination.next_url(), Some(&url("all")));
        pagination.add_page(&url("all"), page("one\n\ntwo", None));
        assert_eq!(pagination.finish().0.text, "one\n\ntwo");

        let mut pagination = Pagination::new(&url("1"), first);
        pagination.skip_page(failure());
        assert_eq!(pagination.next_url(), Some(&url("2")));
        pagination.add_page(&url("2"), page("two", None));
        assert_eq!(pagination.finish().0.text, "one\n\ntwo");
    }

    #[test]
    fn amp_is_read_only_where_there_is_no_text() {
        let mut first = page("", None);
        first.pagination.amp = Some(url("amp"));
        let mut pagination = Pagination::new(&url("1"), first.clone());
        assert_eq!(pagination.next_url(), Some(&url("amp")));
        let mut amp = page("text", None);
        amp.title = Some("Title".into());
        amp.origins.insert(Field::Body, Origin::Auto);
        pagination.add_page(&url("amp"), amp);
        let (article, _) = pagination.finish();
        assert_eq!((article.text.as_str(), article.title.as_deref()), ("text", Some("Title")));
        first.text = "text".into();
        assert_eq!(Pagination::new(&url("1"), first).next_url(), None);
    }
}
