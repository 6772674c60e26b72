//! The stage of the scenes: sites on loopback under names of their own, and the program that polls them.
//!
//! Each site is a press with a port of its own; a site of the program has no port, so every name is another site. Time is
//! virtual: two hours pass before each round.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use chrono::{DateTime, Duration, Utc};

use crate::politeness::driver::{Driver, noon};
use crate::support::markup::escaped;
use crate::support::press::Press;
use crate::support::reply::Reply;

/// Who is polled first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    RivalFirst,
    PaperFirst,
    Together,
}

/// One way to play a scene.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    pub(super) order: Order,
    /// Whether both sources were polled before, with an article each.
    pub(super) are_old: bool,
    /// Whether the texts are too short to be compared.
    pub(super) are_short: bool,
}

impl Variant {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for order in [Order::RivalFirst, Order::PaperFirst, Order::Together] {
            for are_old in [false, true] {
                for are_short in [false, true] {
                    all.push(Self { order, are_old, are_short });
                }
            }
        }
        all
    }
}

/// Plays a scene in all variants, and fails with the list of those that failed.
pub(super) fn in_all_variants(scene: impl Fn(&Stage)) {
    in_variants(|_| true, scene);
}

/// The same for the variants that a scene is about.
pub(super) fn in_variants(is_meant: impl Fn(&Variant) -> bool, scene: impl Fn(&Stage)) {
    let mut failed = Vec::new();
    for variant in Variant::all().into_iter().filter(is_meant) {
        let played = catch_unwind(AssertUnwindSafe(|| scene(&Stage::new(variant))));
        if let Err(panic) = played {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            failed.push(format!("{variant:?}:\n{}", text.unwrap_or_default()));
        }
    }
    assert!(failed.is_empty(), "{} variants failed\n\n{}", failed.len(), failed.join("\n\n"));
}

/// An entry of a feed.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) link: String,
    /// Full text as HTML.
    pub(super) content: Option<String>,
    /// More elements of the entry.
    pub(super) more: String,
    pub(super) updated: DateTime<Utc>,
}

/// A site: its server, and the source with its feed.
pub(super) struct Site {
    /// Of the source.
    pub(super) name: &'static str,
    host: String,
    press: Press,
    items: RefCell<Vec<Item>>,
    /// Further lines of its `[[source]]`.
    lines: RefCell<String>,
    is_configured: Cell<bool>,
}

impl Site {
    fn open(name: &'static str, host: &str) -> Rc<Self> {
        Rc::new(Self {
            name,
            host: host.to_owned(),
            press: Press::start("127.0.0.2"),
            items: RefCell::default(),
            lines: RefCell::default(),
            is_configured: Cell::new(false),
        })
    }

    /// The URL of a path that begins with `/`.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}:{}{path}", self.host, self.press.address().port())
    }

    /// The same under another name of its server.
    pub(super) fn url_at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.press.address().port())
    }

    /// Serves an article page; `head` is more of its `<head>`.
    pub(super) fn page(&self, path: &str, title: &str, text: &str, head: &str) {
        self.answer(path, article(title, text, head));
    }

    pub(super) fn redirect(&self, path: &str, to: &str) {
        self.answer(path, Reply::redirect(302, to));
    }

    pub(super) fn answer(&self, path: &str, reply: Reply) {
        self.press.page(path, reply);
    }

    /// Answers a path by the host that is asked for.
    pub(super) fn on(&self, path: &str, answer: impl Fn(&str) -> Reply + Send + Sync + 'static) {
        self.press.on(path, move |seen| answer(&seen.text("host").unwrap_or_default()));
    }

    /// Adds an entry to the feed; its link is its id.
    pub(super) fn item(&self, title: &str, link: &str, content: Option<&str>) {
        self.entry(link, title, link, content, "");
    }

    /// Adds an entry with an id of its own, and more elements.
    pub(super) fn entry(&self, id: &str, title: &str, link: &str, content: Option<&str>, more: &str) {
        self.items.borrow_mut().push(Item {
            id: id.to_owned(),
            title: title.to_owned(),
            link: link.to_owned(),
            content: content.map(paragraphs),
            more: more.to_owned(),
            updated: noon(),
        });
    }

    /// Serves a page, and an entry that links to it.
    pub(super) fn publish(&self, path: &str, title: &str, text: &str, head: &str) {
        self.page(path, title, text, head);
        self.item(title, &self.url(path), None);
    }

    /// Empties the feed.
    pub(super) fn clear(&self) {
        self.items.borrow_mut().clear();
    }

    /// Changes the entries of the feed.
    pub(super) fn items(&self, change: impl FnOnce(&mut Vec<Item>)) {
        change(&mut self.items.borrow_mut());
    }

    /// Sets further lines of its `[[source]]`.
    pub(super) fn configure(&self, lines: &str) {
        lines.clone_into(&mut self.lines.borrow_mut());
    }

    /// How often a path was asked for.
    pub(super) fn count(&self, path: &str) -> usize {
        self.press.count(path)
    }

    fn release(&self) {
        self.is_configured.set(true);
        let mut entries = String::new();
        for item in self.items.borrow().iter() {
            let content = item.content.as_deref().map(escaped);
            let content = content.map(|text| format!("<content type=\"html\">{text}</content>"));
            write!(
                entries,
                "<entry><id>{}</id><title>{}</title><link href=\"{}\"/><updated>{}</updated>{}{}</entry>",
                escaped(&item.id),
                escaped(&item.title),
                escaped(&item.link),
                item.updated.to_rfc3339(),
                content.unwrap_or_default(),
                item.more
            )
            .unwrap();
        }
        let feed = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{}</title><id>{0}</id>{entries}</feed>",
            self.name
        );
        self.answer("/feed", Reply::atom(feed));
    }
}

/// An article page.
pub(super) fn article(title: &str, text: &str, head: &str) -> Reply {
    Reply::html(format!(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title}</title>\
         <meta property=og:title content='{title}'>{head}</head><body><article><h1>{title}</h1>{}</article></body></html>",
        paragraphs(text)
    ))
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n").fold(String::new(), |html, paragraph| format!("{html}<p>{paragraph}</p>"))
}

/// What readers see of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    id: String,
    source: String,
    url: String,
    title: String,
    text: String,
}

/// Two sites, a paper and its rival, and a database.
pub(super) struct Stage {
    pub(super) variant: Variant,
    pub(super) paper: Rc<Site>,
    pub(super) rival: Rc<Site>,
    sites: RefCell<Vec<Rc<Site>>>,
    runtime: tokio::runtime::Runtime,
    driver: RefCell<Option<Driver>>,
    /// The configuration of the driver.
    config: RefCell<String>,
    now: Cell<DateTime<Utc>>,
    /// The articles of the paper after the last round: whatever the rival does, they stay as they are.
    guarded: RefCell<Vec<Shown>>,
}

impl Stage {
    fn new(variant: Variant) -> Self {
        let (paper, rival) = (Site::open("paper", "paper.example"), Site::open("rival", "rival.example"));
        let stage = Self {
            variant,
            sites: RefCell::new(vec![Rc::clone(&paper), Rc::clone(&rival)]),
            paper,
            rival,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            driver: RefCell::default(),
            config: RefCell::default(),
            now: Cell::new(noon()),
            guarded: RefCell::default(),
        };
        if variant.are_old {
            for site in [&stage.paper, &stage.rival] {
                let title = format!("Old {}", site.name);
                site.publish("/old", &title, &stage.text(&format!("old{}", site.name)), "");
                site.release();
            }
            stage.round();
        }
        stage
    }

    /// A third site; its source is polled after [`Self::release`].
    pub(super) fn site(&self, name: &'static str, host: &str) -> Rc<Site> {
        let site = Site::open(name, host);
        self.sites.borrow_mut().push(Rc::clone(&site));
        site
    }

    /// A text that only this seed gives, as long as the variant says.
    pub(super) fn text(&self, seed: &str) -> String {
        if self.variant.are_short { short_text(seed) } else { long_text(seed) }
    }

    /// Both sites publish what they have, in the order of the variant; then two rounds in which nothing is new.
    pub(super) fn play(&self) {
        let (paper, rival) = (&*self.paper, &*self.rival);
        let steps: &[&[&Site]] = match self.variant.order {
            Order::RivalFirst => &[&[rival], &[paper]],
            Order::PaperFirst => &[&[paper], &[rival]],
            Order::Together => &[&[rival, paper]],
        };
        for step in steps {
            self.release(step);
        }
        self.round();
        self.pass(Duration::days(1));
        self.round();
    }

    /// Sites publish their feeds, and all that is configured is polled.
    pub(super) fn release(&self, sites: &[&Site]) {
        for site in sites {
            site.release();
        }
        self.round();
    }

    pub(super) fn pass(&self, time: Duration) {
        self.now.set(self.now.get() + time);
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now.get()
    }

    /// Says in the feed of a site that all its entries changed, so that their pages are fetched again, and polls it.
    pub(super) fn revisit(&self, site: &Site) {
        self.pass(Duration::hours(200));
        site.items(|items| items.iter_mut().for_each(|item| item.updated = self.now()));
        self.release(&[site]);
    }

    /// Two hours later: polls all sources and collects all pages.
    pub(super) fn round(&self) {
        self.pass(Duration::hours(2));
        let now = self.now.get();
        self.runtime.block_on(async {
            let config = self.config_text();
            if *self.config.borrow() != config {
                let driver = self.driver.take();
                let driver = match driver {
                    Some(driver) => driver.restart(&config, now).await,
                    None => Driver::start(&config, now).await,
                };
                self.driver.replace(Some(driver));
                self.config.replace(config);
            }
            let driver = self.driver.take().unwrap();
            driver.polls(now).await;
            driver.pages(now).await;
            self.driver.replace(Some(driver));
        });
        self.guard();
    }

    fn config_text(&self) -> String {
        let mut text = String::from(
            "[politeness]\nhost_gap = \"0ms\"\nimpolite = true\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n\
             [daemon]\ncontact = \"https://press.example/bot\"\n[defaults]\nevery = \"30m\"\n",
        );
        for site in self.sites.borrow().iter().filter(|site| site.is_configured.get()) {
            write!(text, "[[source]]\nname = \"{}\"\nfeed = \"{}\"\n", site.name, site.url("/feed")).unwrap();
            writeln!(text, "{}", site.lines.borrow()).unwrap();
        }
        text
    }

    /// Checks that the articles of the paper are as they were, and takes in new ones.
    fn guard(&self) {
        let shown: Vec<Shown> =
            self.shown().into_iter().filter(|article| article.source == "paper").collect();
        for before in self.guarded.borrow().iter() {
            assert!(
                shown.contains(before),
                "an article of the paper was changed.\nbefore: {before:?}\nafter: {shown:#?}"
            );
        }
        self.guarded.replace(shown);
    }

    /// The paper itself is about to change its articles.
    pub(super) fn unguard(&self) {
        self.guarded.borrow_mut().clear();
    }

    fn shown(&self) -> Vec<Shown> {
        let rows = self
            .rows("SELECT article_id, source, url, title, text FROM articles ORDER BY source, url, title");
        rows.into_iter()
            .map(|row| {
                let [id, source, url, title, text] = row.try_into().unwrap();
                Shown { id, source, url, title, text }
            })
            .collect()
    }

    /// The articles as `SOURCE HOST/PATH TITLE`, sorted, without those of before.
    pub(super) fn articles(&self) -> Vec<String> {
        let mut articles: Vec<String> = self
            .shown()
            .into_iter()
            .filter(|article| !article.title.starts_with("Old "))
            .map(|article| format!("{} {} {}", article.source, plain(&article.url), article.title))
            .collect();
        articles.sort();
        articles
    }

    /// The articles as `HOST/PATH TITLE`: where a stranger's source had a page fetched first, its text is still of that source.
    pub(super) fn articles_of_any_source(&self) -> Vec<String> {
        let without =
            |article: String| article.split_once(' ').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        let mut articles: Vec<String> = self.articles().into_iter().map(without).collect();
        articles.sort();
        articles
    }

    /// The text of the one article with this title.
    pub(super) fn text_of(&self, title: &str) -> String {
        let texts = self.rows(&format!("SELECT text FROM articles WHERE title = '{title}'"));
        assert_eq!(texts.len(), 1, "articles called {title}: {:?}", self.articles());
        texts[0][0].clone()
    }

    /// The text of the one new article of a source.
    pub(super) fn text_of_source(&self, source: &str) -> String {
        let texts = self
            .rows(&format!("SELECT text FROM articles WHERE source = '{source}' AND title NOT LIKE 'Old %'"));
        assert_eq!(texts.len(), 1, "articles of {source}: {:?}", self.articles());
        texts[0][0].clone()
    }

    /// The title of the article that a person names by a URL.
    pub(super) fn title_named_by(&self, url: &str) -> String {
        let id = self.driver.borrow().as_ref().unwrap().find(url);
        self.one(&format!("SELECT title FROM articles WHERE article_id = {id}"))
    }

    /// The sources of the one article with this title: a JSON list.
    pub(super) fn sources_of(&self, title: &str) -> String {
        self.one(&format!("SELECT sources FROM articles WHERE title = '{title}'"))
    }

    /// The rows of a query, each cell as text.
    pub(super) fn rows(&self, query: &str) -> Vec<Vec<String>> {
        self.driver.borrow().as_ref().unwrap().rows(query)
    }

    /// The first cell of a query.
    pub(super) fn one(&self, query: &str) -> String {
        self.rows(query).into_iter().flatten().next().unwrap_or_default()
    }

    /// A person deletes the article of this title.
    pub(super) fn delete(&self, title: &str) {
        let id = self.one(&format!("SELECT article_id FROM articles WHERE title = '{title}'"));
        let driver = self.driver.borrow();
        driver.as_ref().unwrap().delete(id.parse().unwrap(), self.now());
    }

    /// Drops what the sources keep no longer.
    pub(super) fn prune(&self) {
        self.pass(Duration::hours(1));
        self.runtime.block_on(self.driver.borrow().as_ref().unwrap().prune(self.now()));
        self.guard();
    }
}

/// A URL without scheme and port.
fn plain(url: &str) -> String {
    let rest = url.trim_start_matches("http://");
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    format!("{}/{path}", authority.split(':').next().unwrap_or_default())
}

/// Three paragraphs that have no words in common with those of another seed.
pub(super) fn long_text(seed: &str) -> String {
    let paragraph = |number: usize| {
        let words: Vec<String> = (0..30).map(|word| format!("{seed}{number}w{word}")).collect();
        format!("{}.", words.join(" "))
    };
    [paragraph(1), paragraph(2), paragraph(3)].join("\n\n")
}

/// Twelve words.
pub(super) fn short_text(seed: &str) -> String {
    format!("Few words of {seed} are all there is to be read here.")
}
