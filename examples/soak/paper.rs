//! A paper that prints a story every second or so, on a server that has a bad day.
//!
//! What goes wrong is drawn from a seed by what is asked and how often it was asked: the same seed is the same bad day.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::support::feeds::{self, Item};
use super::support::press::{Press, Seen};
use super::support::reply::Reply;

/// Entries of a feed. Many, so that a story is still there after the longest row of failed polls.
const WINDOW: u64 = 200;

/// Longer than any timeout of the configuration.
const HANG: Duration = Duration::from_mins(10);

/// A story's own word, in its title and nowhere else.
pub(crate) fn token(paper: &str, number: u64) -> String {
    format!("{paper}-{number:06}")
}

/// One paper.
pub(crate) struct Paper {
    /// Also the name of its source.
    pub(crate) name: String,
    /// Its server.
    pub(crate) press: Arc<Press>,
    day: Arc<Day>,
}

/// What the handlers of one paper share.
struct Day {
    name: String,
    seed: u64,
    pace: Duration,
    began: Instant,
    /// No more faults, no more stories.
    calm: AtomicBool,
    /// Pages of the paper whose stories it repeats through redirects; its own where there is none.
    repeats: Option<(String, Arc<Press>)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    printed: u64,
    asked: u64,
    hits: HashMap<(bool, u64), u64>,
    /// Numbers of stories in a feed that was answered whole.
    served: BTreeSet<u64>,
    faults: HashMap<&'static str, u64>,
    /// Pages sent whole, by number.
    sent: HashMap<u64, u64>,
}

impl Paper {
    /// Opens one on a host; with `repeats` it prints nothing of its own and links to that paper through redirects.
    pub(crate) fn open(name: &str, host: &str, seed: u64, pace: Duration, repeats: Option<&Paper>) -> Self {
        let press = Arc::new(Press::start(host));
        let day = Arc::new(Day {
            name: name.to_owned(),
            seed: hash(seed, name.bytes().map(u64::from)),
            pace,
            began: Instant::now(),
            calm: AtomicBool::new(false),
            repeats: repeats.map(|paper| (paper.name.clone(), Arc::clone(&paper.press))),
            state: Mutex::default(),
        });
        let url = press.url("");
        for path in ["/feed.xml", "/moved.xml"] {
            let (day, url) = (Arc::clone(&day), url.clone());
            press.on(path, move |_| day.feed(path, &url));
        }
        for (path, redirected) in [("/story", false), ("/go", true)] {
            let (day, url) = (Arc::clone(&day), url.clone());
            press.on(path, move |seen| day.page(seen, redirected, &url));
        }
        press.page("/loop", Reply::redirect(302, "/loop"));
        Self { name: name.to_owned(), press, day }
    }

    /// The feed's address.
    pub(crate) fn feed(&self) -> String {
        self.press.url("/feed.xml")
    }

    /// Ends the bad day: nothing new, nothing wrong.
    pub(crate) fn calm(&self) {
        self.day.calm.store(true, Ordering::SeqCst);
    }

    /// The words of all stories that stood in a feed which was answered whole.
    pub(crate) fn served(&self) -> Vec<String> {
        let owner = self.day.owner();
        let state = self.day.state();
        state.served.iter().map(|&number| token(owner, number)).collect()
    }

    /// What went wrong, and how often.
    pub(crate) fn faults(&self) -> Vec<(&'static str, u64)> {
        self.day.state().faults.iter().map(|(&kind, &count)| (kind, count)).collect()
    }

    /// Pages sent whole, and how many of them not for the first time.
    pub(crate) fn pages(&self) -> (u64, u64) {
        let state = self.day.state();
        let all: u64 = state.sent.values().sum();
        (all, all - state.sent.len() as u64)
    }
}

impl Day {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owner(&self) -> &str {
        self.repeats.as_ref().map_or(&self.name, |(name, _)| name)
    }

    fn feed(&self, path: &str, url: &str) -> Reply {
        let mut state = self.state();
        let calm = self.calm.load(Ordering::SeqCst);
        if !calm {
            let due = self.began.elapsed().as_millis() / self.pace.as_millis().max(1);
            state.printed = state.printed.max(u64::try_from(due).unwrap_or(u64::MAX));
        }
        state.asked += 1;
        let draw = hash(self.seed, [1, state.asked]);
        // What a redirect leads to is good, or nobody would ever get there.
        if !calm
            && path == "/feed.xml"
            && let Some((kind, reply)) = fault(draw % 100)
        {
            *state.faults.entry(kind).or_default() += 1;
            return reply;
        }
        let first = state.printed.saturating_sub(WINDOW) + 1;
        let numbers = first..=state.printed;
        let items: Vec<Item> = numbers.clone().rev().map(|number| self.item(number, url)).collect();
        state.served.extend(numbers);
        let title = format!("The {}", self.name);
        let reply = match draw % 3 {
            0 => Reply::rss(feeds::rss(&title, url, &items)),
            1 => Reply::atom(feeds::atom(&title, url, &items)).gzip(),
            _ => Reply::json_feed(feeds::json_feed(&title, url, &items)),
        };
        let reply = reply.etag(format!("\"{}-{}\"", state.printed, draw % 3));
        if calm {
            return reply;
        }
        match draw / 3 % 10 {
            0 => {
                *state.faults.entry("clock in 1999").or_default() += 1;
                reply
                    .header("Date", "Fri, 31 Dec 1999 23:59:59 GMT")
                    .header("Expires", "Sat, 01 Jan 2000 00:09:59 GMT")
            }
            1 => {
                *state.faults.entry("clock in 2099").or_default() += 1;
                reply
                    .header("Date", "Tue, 01 Dec 2099 10:00:00 GMT")
                    .header("Last-Modified", "Tue, 01 Dec 2099 10:00:00 GMT")
                    .header("Expires", "Tue, 01 Dec 2099 12:00:00 GMT")
            }
            _ => reply,
        }
    }

    fn item(&self, number: u64, url: &str) -> Item {
        let path = if self.repeats.is_some() { "go" } else { "story" };
        Item {
            title: self.title(number),
            link: format!("{url}/{path}?n={number}"),
            id: format!("tag:{},2026:{number}", self.name),
            published: "2026-11-23T10:00:00+00:00".into(),
            summary: format!("In short: {}", sentence(hash(self.seed, [2, number]), 12)),
            ..Item::default()
        }
    }

    fn title(&self, number: u64) -> String {
        format!("{}: {}", token(self.owner(), number), sentence(hash(0, [number, 3]), 5))
    }

    fn page(&self, seen: &Seen, redirected: bool, url: &str) -> Reply {
        let number = seen.target.rsplit_once("n=").and_then(|(_, number)| {
            let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
            number[..digits].parse::<u64>().ok()
        });
        let Some(number) = number else {
            return Reply::status(404);
        };
        let mut state = self.state();
        let hit = state.hits.entry((redirected, number)).or_default();
        *hit += 1;
        let hit = *hit;
        let draw = hash(self.seed, [4, number, u64::from(redirected)]);
        // A page has four tries: at most one fault on each of the two hops leaves it two good ones.
        let wrong = hit == 1 && draw.is_multiple_of(4);
        if wrong
            && !self.calm.load(Ordering::SeqCst)
            && let Some((kind, reply)) = fault(hash(draw, [hit]) % TRANSIENT)
        {
            *state.faults.entry(kind).or_default() += 1;
            return reply;
        }
        if redirected && let Some((_, press)) = &self.repeats {
            return Reply::redirect(302, &press.url(&format!("/story?n={number}&utm_source={}", self.name)));
        }
        *state.sent.entry(number).or_default() += 1;
        Reply::html(self.story(number, url))
    }

    fn story(&self, number: u64, url: &str) -> String {
        let title = self.title(number);
        let mut body = String::new();
        for paragraph in 0..5 {
            let sentences: Vec<String> =
                (0..4).map(|index| sentence(hash(self.seed, [5, number, paragraph, index]), 14)).collect();
            let _ = writeln!(body, "<p>{}</p>", sentences.join(" "));
        }
        format!(
            "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title} - The {paper}</title>\
             <link rel=canonical href=\"{url}/story?n={number}\"></head><body><nav><a href=/>Home</a></nav>\
             <article><h1>{title}</h1>{body}</article><footer>All rights of the {paper}</footer></body></html>",
            paper = self.name,
        )
    }
}

/// Faults below this number pass: a page that meets one is tried again. Of one that is for good the feed's text is kept.
const TRANSIENT: u64 = 37;

/// What goes wrong with an answer, if anything: a number of a hundred.
fn fault(draw: u64) -> Option<(&'static str, Reply)> {
    let garbage: Vec<u8> = (0..4096).map(|at| hash(draw, [at]).to_le_bytes()[0]).collect();
    let cut = Reply::html("<p>".repeat(2000));
    Some(match draw {
        0..=5 => ("500", Reply::status(500)),
        6..=9 => ("503, Retry-After an hour", Reply::busy(Some("3600"))),
        10..=12 => ("503, Retry-After 2099", Reply::busy(Some("Tue, 01 Dec 2099 10:00:00 GMT"))),
        13..=17 => ("reset", Reply::reset()),
        18..=19 => ("hang", Reply::status(200).after(HANG)),
        20..=23 => ("no HTTP", Reply::raw(garbage)),
        24..=27 => ("cut", cut.cut_after(700)),
        28..=30 => ("broken gzip", Reply::html(garbage).header("Content-Encoding", "gzip")),
        31..=33 => ("empty", Reply::html("")),
        34..=36 => ("429", Reply::status(429)),
        37..=40 => ("random bytes", Reply::ok("application/octet-stream", garbage)),
        41..=45 => ("redirect", Reply::redirect(302, "/moved.xml")),
        46..=47 => ("redirect loop", Reply::redirect(302, "/loop")),
        48..=49 => ("redirect for good", Reply::redirect(308, "/moved.xml")),
        50..=51 => ("redirect to nowhere", Reply::redirect(302, "http://")),
        52..=53 => ("endless head", Reply::endless_head()),
        54..=55 => ("drip", Reply::html("<p>slow</p>".repeat(400)).drip(16, Duration::from_millis(200))),
        _ => return None,
    })
}

/// Words of no language, so that no two stories are alike.
fn sentence(seed: u64, words: u64) -> String {
    const SYLLABLES: [&str; 24] = [
        "ba", "re", "ti", "mo", "lu", "ka", "sen", "dor", "vi", "pa", "gel", "nor", "fi", "tas", "wen", "ju",
        "lo", "mir", "ces", "hal", "qui", "ran", "ol", "ster",
    ];
    let mut text = String::new();
    for word in 0..words {
        let mut draw = hash(seed, [word]);
        if word > 0 {
            text.push(' ');
        }
        for _ in 0..2 + draw % 3 {
            draw = draw.rotate_right(7);
            let at = usize::try_from(draw % SYLLABLES.len() as u64).unwrap_or_default();
            text.push_str(SYLLABLES[at]);
        }
    }
    text.push('.');
    text[..1].to_uppercase() + &text[1..]
}

/// Mixes numbers into one that looks drawn (splitmix64).
pub(crate) fn hash(seed: u64, parts: impl IntoIterator<Item = u64>) -> u64 {
    parts.into_iter().fold(seed, |mixed, part| {
        let mut z = (mixed ^ part.wrapping_mul(0xff51_afd7_ed55_8ccd)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
