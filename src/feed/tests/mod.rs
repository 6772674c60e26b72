use std::fmt::Write as _;

mod corpus;
mod fuzzed;
mod hostile;
mod listings;
mod odd;
mod oracle;
mod sitemaps;

use url::Url;

use super::parse;
use crate::model::{Entry, ParsedFeed};

fn base() -> Url {
    Url::parse("https://paper.example/feeds/news.xml").unwrap()
}

fn read(text: &str) -> ParsedFeed {
    parse(text.as_bytes(), None, Some(&base())).unwrap()
}

/// The parts of an entry that are there, one a line.
fn shown(entry: &Entry) -> String {
    let mut shown = String::new();
    let mut part = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            writeln!(shown, "{name}: {value}").unwrap();
        }
    };
    part("id", entry.id.clone());
    part("link", entry.link.as_ref().map(ToString::to_string));
    part("title", entry.title.clone());
    part("published", entry.published.map(|at| at.to_string()));
    part("updated", entry.updated.map(|at| at.to_string()));
    part("summary", entry.summary.clone());
    part("content", entry.content.clone());
    part("authors", Some(entry.details().authors.join(", ")).filter(|list| !list.is_empty()));
    part("categories", Some(entry.details().categories.join(", ")).filter(|list| !list.is_empty()));
    part("language", entry.details().language.clone());
    for file in &entry.details().enclosures {
        let (mime, length) = (file.mime.as_deref().unwrap_or("?"), file.length.unwrap_or(0));
        part("enclosure", Some(format!("{} {mime} {length}", file.url)));
    }
    part("permalink", entry.permalink.map(|is| is.to_string()));
    part("rights", entry.details().rights.as_deref().map(str::to_owned));
    if let Some(credit) = &entry.details().credit {
        let (title, url) = (credit.title.as_deref(), credit.url.as_ref().map(Url::as_str));
        part("credit", Some(format!("{} {}", title.unwrap_or("?"), url.unwrap_or("?"))));
    }
    shown
}

#[track_caller]
fn assert_entry(text: &str, expected: &[&str]) {
    let feed = read(text);
    assert_eq!(feed.entries.len(), 1, "one entry in {text}");
    let shown = shown(&feed.entries[0]);
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected, "{text}");
}

/// An RSS item, without its frame.
#[track_caller]
fn assert_item(inside: &str, expected: &[&str]) {
    assert_entry(&format!("<rss version='2.0'><channel><item>{inside}</item></channel></rss>"), expected);
}

#[test]
fn rss_2() {
    let text = "<?xml version='1.0'?>
        <rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:content='http://purl.org/rss/1.0/modules/content/'>
        <channel><title>The Paper &amp; Co</title><link>/</link><language>en-gb</language>
        <ttl>30</ttl><skipHours><hour>0</hour><hour>24</hour><hour>5</hour></skipHours><skipDays><day>Sunday</day></skipDays>
        <image><title>Logo</title><link>https://other.example/</link><url>/logo.png</url></image>
        <item><title>A &lt;b&gt;bold&lt;/b&gt; claim</title><link>../2026/claim?a=1&amp;b=2</link>
        <guid isPermaLink='false'> 77 </guid><pubDate>Fri, 02 Jan 2026 10:20:30 +0200</pubDate>
        <description>&lt;p&gt;Short&lt;/p&gt;</description><content:encoded><![CDATA[<p>Long & <br>full</p>]]></content:encoded>
        <dc:creator>Ann Example</dc:creator><author>bob@paper.example (Bob Example)</author>
        <category>World</category><category>World</category><category>Politics</category>
        <source url='https://agency.example/rss'>Agency</source>
        <enclosure url='/audio/1.mp3' type='audio/mpeg' length='123'/></item>
        </channel></rss>";
    assert_entry(
        text,
        &[
            "id: 77",
            "link: https://paper.example/2026/claim?a=1&b=2",
            "title: A bold claim",
            "published: 2026-01-02T10:20:30+02:00",
            "summary: <p>Short</p>",
            "content: <p>Long & <br>full</p>",
            "authors: Ann Example, Bob Example",
            "categories: World, Politics",
            "language: en-gb",
            "enclosure: https://paper.example/audio/1.mp3 audio/mpeg 123",
            "permalink: false",
            "credit: Agency https://agency.example/rss",
        ],
    );
    let feed = read(text);
    assert_eq!(feed.title.as_deref(), Some("The Paper & Co"));
    assert_eq!(feed.link.map(String::from).as_deref(), Some("https://paper.example/"));
    assert_eq!(feed.hints.ttl, Some(std::time::Duration::from_mins(30)));
    assert_eq!(feed.hints.skip_hours, [0, 5]);
    assert_eq!(feed.hints.skip_days, [chrono::Weekday::Sun]);
    assert_eq!(feed.skipped, []);
}

#[test]
fn atom_1() {
    assert_entry(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='de' xml:base='https://other.example/x/'>
        <title type='text'>Die Zeitung</title><author><name>Redaktion</name></author>
        <entry><title type='html'>A &amp;amp; &lt;i&gt;B&lt;/i&gt;</title><id>tag:paper.example,2026:1</id>
        <link rel='self' href='self.xml'/><link rel='alternate' type='text/html' href='a.html'/>
        <link rel='enclosure' type='audio/mpeg' length='9' href='a.mp3'/><link rel='replies' href='r'/>
        <published>2026-01-02T10:20:30Z</published><updated>2026-01-03T10:20:30Z</updated>
        <summary>1 &lt; 2 &amp; 3</summary>
        <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>x &lt; y<br/><a href='z' title='&quot;'>z</a></p></div></content>
        <category term='w' label='Welt'/><category term='p'/>
        <source><title>Other</title><id>other</id><author><name>Nobody</name></author></source></entry></feed>",
        &[
            "id: tag:paper.example,2026:1",
            "link: https://other.example/x/a.html",
            "title: A & B",
            "published: 2026-01-02T10:20:30Z",
            "updated: 2026-01-03T10:20:30Z",
            "summary: 1 &lt; 2 &amp; 3",
            "content: <div><p>x &lt; y<br/><a href=\"z\" title=\"&quot;\">z</a></p></div>",
            "authors: Redaktion",
            "categories: Welt, p",
            "language: de",
            "enclosure: https://other.example/x/a.mp3 audio/mpeg 9",
            "credit: Other ?",
        ],
    );
}

#[test]
fn atom_titles_by_their_type() {
    for (markup, expected) in [
        ("<title>a &lt;b> &amp;amp; c</title>", "a <b> &amp; c"),
        ("<title type='html'>a &lt;b> &amp;amp; c</title>", "a & c"),
        ("<title type='text/html' mode='escaped'>a &lt;b>b&lt;/b></title>", "a b"),
        ("<title type='xhtml'><div>a <b>b</b> &lt;c&gt;</div></title>", "a b <c>"),
        ("<title type='xhtml'>&lt;b>bold&lt;/b></title>", "bold"),
        ("<title mode='base64'>QTxiPkI8L2I+</title>", "AB"),
        ("<title type='nonsense/html'>a &lt;b>b&lt;/b></title>", "a b"),
    ] {
        let feed = read(&format!("<feed xmlns='http://www.w3.org/2005/Atom'><entry>{markup}</entry></feed>"));
        assert_eq!(feed.entries[0].title.as_deref(), Some(expected), "{markup}");
    }
}

#[test]
fn the_older_formats() {
    assert_entry(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'
            xmlns:dc='http://purl.org/dc/elements/1.1/'><channel rdf:about='c'><title>T</title></channel>
        <item rdf:about='https://paper.example/1'><title>One</title><dc:date>2026-01-02</dc:date></item></rdf:RDF>",
        &[
            "id: https://paper.example/1",
            "link: https://paper.example/1",
            "title: One",
            "published: 2026-01-02",
        ],
    );
    assert_entry(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'>
        <channel/><item><title>One</title><link>/1</link></item></rdf:RDF>",
        &["link: https://paper.example/1", "title: One"],
    );
    assert_entry(
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title>One</title><link href='/1'/>
        <issued>2026-01-02T10:20:30+01:00</issued><modified>2026-01-02T11:00:00Z</modified></entry></feed>",
        &[
            "link: https://paper.example/1", "title: One", "published: 2026-01-02T10:20:30+01:00",
            "updated: 2026-01-02T11:00:00Z",
        ],
    );
    assert_entry(
        "<CHANNEL BASE='https://other.example/'><ITEM HREF='/1' LASTMOD='2026-01-02T10:20+00:00'><TITLE>One</TITLE>
        <ABSTRACT>Short</ABSTRACT></ITEM></CHANNEL>",
        &["link: https://other.example/1", "title: One", "updated: 2026-01-02T10:20:00Z", "summary: Short"],
    );
    assert_entry("<rss><item><title>One</title></item></rss>", &["title: One"]);
}

#[test]
fn json_feed() {
    let feed = read(
        r#" {"version": "https://jsonfeed.org/version/1.1", "title": "T", "home_page_url": "/", "language": "en",
        "authors": [{"name": "Desk"}], "items": [
        {"id": 7, "url": "/1", "title": "A <b>", "content_html": "<p>x</p>", "summary": "a < b", "tags": ["t", 3],
         "date_published": "2026-01-02T10:20:30Z", "attachments": [{"url": "/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 5}]},
        "bad", {"id": "https://paper.example/2", "content_text": "1 < 2", "author": {"name": "Ann"}, "title": null}]}"#,
    );
    let expected = [
        "id: 7\nlink: https://paper.example/1\ntitle: A <b>\npublished: 2026-01-02T10:20:30Z\nsummary: a &lt; b\n\
         content: <p>x</p>\nauthors: Desk\ncategories: t, 3\nlanguage: en\n\
         enclosure: https://paper.example/1.mp3 audio/mpeg 5\n",
        "id: https://paper.example/2\nlink: https://paper.example/2\ncontent: 1 &lt; 2\nauthors: Ann\nlanguage: en\n",
    ];
    assert_eq!(feed.entries.iter().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(feed.skipped.len(), 1, "{:?}", feed.skipped);
    assert_eq!(feed.skipped[0].position, 1);
}

#[test]
fn the_link_that_leads_to_the_page() {
    for (inside, expected) in [
        ("<guid>https://paper.example/g</guid>", Some("https://paper.example/g")),
        ("<guid>https://paper.example/g</guid><link>/l</link>", Some("https://paper.example/l")),
        ("<link>/l</link><guid>https://paper.example/g</guid>", Some("https://paper.example/l")),
        ("<guid>g-1</guid>", None),
        ("<guid isPermaLink='true'>/g</guid>", Some("https://paper.example/g")),
        ("<link></link><link href='/h'/>", Some("https://paper.example/h")),
        ("<link>javascript:alert(1)</link>", None),
        ("<enclosure url='/a.mp3'/>", Some("https://paper.example/a.mp3")),
        ("<enclosure url='/a.mp3'/><link>/l</link>", Some("https://paper.example/l")),
        ("<atom:link rel='self' href='/s'/><link>/l</link>", Some("https://paper.example/l")),
        ("<feedburner:origLink>/o</feedburner:origLink>", Some("https://paper.example/o")),
        ("<link>/l?a=1&b=2&copy=3</link>", Some("https://paper.example/l?a=1&b=2&copy=3")),
        ("<link><![CDATA[/l?a=1&amp;b=2]]></link>", Some("https://paper.example/l?a=1&b=2")),
        ("<media:group><media:content url='/v.mp4'/></media:group>", Some("https://paper.example/v.mp4")),
    ] {
        let feed = read(&format!("<rss><channel><item>{inside}</item></channel></rss>"));
        let link = feed.entries[0].link.as_ref().map(Url::as_str);
        assert_eq!(link, expected, "{inside}");
    }
}

#[test]
fn damage_stays_within_its_entry() {
    for (what, first) in [
        ("nothing", "<title>One</title><link>/1</link>"),
        ("an end tag that is missing", "<title>One<link>/1</link>"),
        ("two of them", "<title>One<link>/1"),
        ("a stray end tag", "</b><title>One</i></title><link>/1</link></p>"),
        ("bare ampersands", "<title>One</title><link>/1</link><description>a & b && c</description>"),
        (
            "unknown references",
            "<title>One</title><link>/1</link><description>&foo; &#xFFFFFFFF;</description>",
        ),
        ("an open quote", "<title>One</title><link>/1</link><enclosure url=\"/a>"),
        ("an open comment", "<title>One</title><link>/1</link><!-- x"),
        ("an open CDATA section", "<title>One</title><link>/1</link><description><![CDATA[x</description>"),
        ("bare HTML", "<title>One</title><link>/1</link><description><p>a<br>b<ul><li>c</description>"),
        ("control characters", "<title>O\u{1}ne</title><link>/1</link>"),
        ("an element that stays open", "<title>One</title><link>/1</link><image>"),
    ] {
        for end in ["</item>", ""] {
            let text = format!(
                "junk <rss><channel><title>T</title><item>{first}{end}<item><title>Two</title><link>/2</link></item></channel></rss>"
            );
            let feed = read(&text);
            let found: Vec<_> = feed
                .entries
                .iter()
                .map(|entry| (entry.title.as_deref().unwrap(), entry.link.as_ref().unwrap().path()))
                .collect();
            assert_eq!(found, [("One", "/1"), ("Two", "/2")], "{what}: {text}");
            assert_eq!(feed.title.as_deref(), Some("T"));
        }
    }
}

#[test]
fn fields_of_better_vocabularies_take_precedence() {
    assert_item(
        "<media:group><media:title>M</media:title></media:group><title>T</title><dc:title>D</dc:title>
        <itunes:summary>I</itunes:summary><description>S</description>",
        &["title: T", "summary: S"],
    );
    assert_item(
        "<media:group><media:title>M</media:title></media:group><itunes:summary>I</itunes:summary>",
        &["title: M", "summary: I"],
    );
}

#[test]
fn the_base_of_a_text_is_that_of_its_element() {
    let bases = |text: &str| -> Vec<Option<String>> {
        read(text).entries.into_iter().map(|entry| entry.base.map(|base| base.to_string())).collect()
    };
    let feed = Some("https://paper.example/feeds/news.xml".to_owned());
    assert_eq!(
        bases(
            "<rss><channel><item><description>a</description></item><item><title>a</title></item></channel></rss>"
        ),
        [feed.clone(), None],
        "the feed's own URL, where there is a text"
    );
    assert_eq!(
        bases(
            "<feed xml:base='https://a.example/x/'><entry><summary xml:base='s/'>a</summary></entry>
            <entry xml:base='e/'><summary xml:base='s/'>a</summary><content xml:base='c/'>b</content></entry>
            <entry><content>b</content><summary xml:base='s/'>a</summary></entry></feed>"
        ),
        [
            Some("https://a.example/x/s/".to_owned()),
            Some("https://a.example/x/e/c/".to_owned()),
            Some("https://a.example/x/".to_owned()),
        ],
        "the text's own base, the content's before the summary's"
    );
    assert_eq!(
        bases("{\"version\": \"https://jsonfeed.org/version/1\", \"items\": [{\"content_html\": \"a\"}]}"),
        [feed]
    );
}

#[test]
fn blank_entries_are_kept_and_recognised() {
    let feed = read(
        "<rss><channel><item/><item><author>a</author><pubDate>2026-01-02</pubDate><category>c</category></item>
        <item><enclosure url='/a.mp3'/></item><item><title>a</title></item><item><guid>1</guid></item></channel></rss>",
    );
    let blank: Vec<bool> = feed.entries.iter().map(Entry::is_blank).collect();
    assert_eq!(blank, [true, true, false, false, false]);
}

#[test]
fn rights_credits_permalinks_and_hubs() {
    let feed = read(
        "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>
        <title>T</title><copyright>&#169; The Paper</copyright>
        <atom:link rel='hub' href='https://hub.example/'/><atom:link rel='self' href='/feed.xml'/>
        <item><title>A</title><guid>https://paper.example/a</guid></item>
        <item><title>B</title><guid>b</guid><dc:rights>CC BY</dc:rights><source><![CDATA[The Wire]]></source></item>
        <item><title>C</title><source url='/wire.xml'>The Wire<title>not C's</title><link>/wire</link></source></item>
        </channel></rss>",
    );
    assert_eq!(feed.rights.as_deref(), Some("© The Paper"));
    assert_eq!(feed.hubs.iter().map(Url::as_str).collect::<Vec<_>>(), ["https://hub.example/"]);
    assert_eq!(feed.topic.as_ref().map(Url::as_str), Some("https://paper.example/feed.xml"));
    let all: Vec<String> = feed.entries.iter().map(shown).collect();
    assert!(all[0].contains("permalink: true\nrights: © The Paper\n"), "{}", all[0]);
    assert!(!all[0].contains("credit"), "{}", all[0]);
    assert!(all[1].ends_with("permalink: false\nrights: CC BY\ncredit: The Wire ?\n"), "{}", all[1]);
    assert!(all[2].starts_with("title: C\n") && !all[2].contains("link:"), "{}", all[2]);
    assert!(all[2].contains("credit: The Wire https://paper.example/wire.xml\n"), "{}", all[2]);

    let mut feed = read(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><rights type='html'>&lt;b&gt;Ours&lt;/b&gt;</rights>
        <link rel='hub' href='https://hub.example/'/>
        <entry><id>1</id><title>A</title><source><id>x</id><title type='html'>Wire &amp;amp; Co</title>
        <link rel='self' href='https://wire.example/feed'/><link href='https://wire.example/'/><rights>Theirs</rights>
        <updated>2001-01-01T00:00:00Z</updated></source></entry></feed>",
    );
    assert_eq!(
        shown(&feed.entries[0]),
        "id: 1\ntitle: A\nrights: Ours\ncredit: Wire & Co https://wire.example/\n"
    );
    let header = |text: &str| [text.to_owned()];
    super::apply_link_headers(&mut feed, &header("//other.example/hub"), &header("/own"), &base());
    assert_eq!(
        feed.hubs.iter().map(Url::as_str).collect::<Vec<_>>(),
        ["https://other.example/hub", "https://hub.example/"],
        "the header goes first"
    );
    assert_eq!(feed.topic.as_ref().map(Url::as_str), Some("https://paper.example/own"));

    let feed = read(
        r#"{"version": "https://jsonfeed.org/version/1.1", "title": "T", "feed_url": "/feed.json",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}, {}, 7], "items": []}"#,
    );
    assert_eq!((feed.hubs.len(), feed.topic.is_some()), (1, true));
}
