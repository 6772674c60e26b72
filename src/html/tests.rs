//! Our parser against html5ever's, and both against the tree that scraper builds with it.

use std::fmt::Write as _;

use scraper::{Html, Node};

use super::steps::StepBudget;
use super::{Document, ParseLimits, Selection, Tag, html5ever_parser, quick};

/// A tree as lines: what a node is, how deep it stands, its attributes.
fn drawn(document: &Document) -> String {
    let mut out = String::new();
    for at in document.nodes() {
        let depth = document.ancestors(at).count();
        if let Some(text) = document.text(at) {
            writeln!(out, "{depth} {text:?}").unwrap();
            continue;
        }
        let (name, space) = (document.name(at), document.node(at).unwrap().namespace);
        let mut attrs: Vec<_> = document.attrs(at).collect();
        attrs.sort_unstable();
        let end = document.end(at).index();
        writeln!(out, "{depth} <{name} {space:?} {attrs:?} to {end}").unwrap();
    }
    out
}

/// The same of scraper's tree.
fn drawn_by_scraper(page: &str) -> String {
    let html = Html::parse_document(page);
    let mut out = String::new();
    for node in html.tree.root().descendants() {
        let depth = node.ancestors().filter(|above| above.value().is_element()).count();
        match node.value() {
            Node::Text(text) => writeln!(out, "{depth} {:?}", &*text.text).unwrap(),
            Node::Element(element) => {
                let mut attrs: Vec<_> = element.attrs().collect();
                attrs.sort_unstable();
                writeln!(out, "{depth} <{} {attrs:?}", element.name()).unwrap();
            }
            _ => {}
        }
    }
    out
}

fn by_html5ever(page: &str) -> Document {
    html5ever_parser::parse(page, &ParseLimits::default(), &StepBudget::new(u32::MAX)).unwrap()
}

/// Compares the fast parser's tree with html5ever's; `false` if the fast parser gives up.
#[track_caller]
fn compare(page: &str) -> bool {
    let Some(ours) = quick::parse(page, &ParseLimits::default()) else {
        return false;
    };
    let (ours, theirs) = (drawn(&ours), drawn(&by_html5ever(page)));
    if ours != theirs {
        let differ = ours.lines().zip(theirs.lines()).find(|(ours, theirs)| ours != theirs);
        panic!("{page:?}\nfirst difference: {differ:#?}\nours:\n{ours}\nhtml5ever's:\n{theirs}");
    }
    true
}

/// Pieces of markup: what the rules of HTML tell apart, and what they do not.
const PIECES: &[&str] = &[
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "<i class=x>",
    "</i>",
    "<a href='/x'>",
    "</a>",
    "<span>",
    "</span>",
    "<ul>",
    "</ul>",
    "<li>",
    "</li>",
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "<tbody>",
    "</tbody>",
    "<thead>",
    "<caption>",
    "</caption>",
    "<colgroup>",
    "<col>",
    "</colgroup>",
    "<h1>",
    "</h1>",
    "<h2>",
    "</h2>",
    "<form>",
    "</form>",
    "<button>",
    "</button>",
    "<select>",
    "</select>",
    "<option>",
    "</option>",
    "<optgroup>",
    "<br>",
    "</br>",
    "<hr>",
    "<img src=a alt=\"&amp;&copy;=&lt\">",
    "<input type=hidden>",
    "<input>",
    "<textarea>\n",
    "</textarea>",
    "<title>a &amp; b",
    "</title>",
    "<script>",
    "<script>x<!--<script>",
    "</script>",
    "<style>",
    "</style>",
    "<noscript>",
    "</noscript>",
    "<iframe>",
    "</iframe>",
    "<template>",
    "</template>",
    "<svg>",
    "</svg>",
    "<svg/>",
    "<path d='M0'/>",
    "<linearGradient viewbox=1 xlink:href=#a href=b>",
    "<foreignObject>",
    "</foreignobject>",
    "<desc>",
    "</desc>",
    "<math>",
    "<object>",
    "</object>",
    "<pre>\n\n",
    "</pre>",
    "<dl>",
    "<dt>",
    "<dd>",
    "</dl>",
    "<ruby>",
    "<rt>",
    "<rp>",
    "<body>",
    "<body class=y>",
    "</body>",
    "<html>",
    "<html lang=en>",
    "</html>",
    "<head>",
    "</head>",
    "<meta charset=utf-8>",
    "<link rel=x>",
    "<base href=/>",
    "<!-- c -->",
    "<!-->",
    "<!--->",
    "<!---- -->",
    "<!-- a --!>",
    "<!doctype html>",
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\">",
    "<!x>",
    "<?php ?>",
    "</ x>",
    "</>",
    "<![CDATA[ y ]]>",
    "<![CDATA[",
    "]]>",
    " ",
    "\n",
    "text",
    "a b",
    "&amp;",
    "&nbsp",
    "&#10;",
    "&#x41;",
    "&#0;",
    "&notit;",
    "&unknown;",
    "&",
    "<",
    "< ",
    "é",
    "<x-y>",
    "</x-y>",
    "<X-Y A=1 a=2>",
    "<nobr>",
    "</nobr>",
    "<font color=red>",
    "<font>",
    "</font>",
    "<frameset>",
    "<frame>",
    "<image>",
    "<center>",
    "</center>",
    "<address>",
    "<article>",
    "</article>",
    "<section>",
    "<figure>",
    "<summary>",
    "<details>",
    "<marquee>",
    "</marquee>",
    "<listing>\n",
    "<plaintext>",
    "<xmp>",
    "</xmp>",
    "<noframes>",
    "</noframes>",
    "<rb>",
    "<rtc>",
    "<em>",
    "</em>",
    "<strong>",
    "</strong>",
    "<code>",
    "</code>",
    "<u>",
    "<tt>",
    "<big>",
    "</big>",
    "<small>",
    "<s>",
    "<a>",
    "<wbr>",
    "<a b='",
    "<a b=\"c",
    "<a b=c/>",
    "<a/b>",
    "<a =b>",
    "<a b = c>",
    "<p/>",
    "<br/>",
    "'",
    "\"",
    ">",
    "/>",
    "=",
    "<label>",
    "</label>",
    "<tfoot>",
    "</tfoot>",
    "</thead>",
    "</td x=y>",
    "<search>",
    "</search>",
    "<dialog>",
    "<menu>",
    "<embed>",
    "<area>",
    "<param>",
    "<source>",
    "<track>",
    "<keygen>",
    "<applet>",
    "</applet>",
    "<video>",
    "</video>",
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// `CUTTINGS_TREES=1000000` makes as many pages.
#[test]
fn any_mix_of_tags_makes_the_tree_that_html5ever_makes() {
    let pages = std::env::var("CUTTINGS_TREES").map_or(20_000, |pages| pages.parse().unwrap());
    let seed = std::env::var("CUTTINGS_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seed);
    let mut usual = 0;
    for _ in 0..pages {
        let mut page = String::new();
        // Few pieces for each page, so that they meet often.
        let kinds: Vec<&str> = (0..=random.below(12)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        if random.below(2) == 0 {
            page.push_str("<!doctype html>");
        }
        for _ in 0..=random.below(24) {
            page.push_str(kinds[random.below(kinds.len())]);
        }
        usual += usize::from(compare(&page));
    }
    println!("{usual} of {pages} pages were as usual");
    assert!(usual > pages / 4, "{usual} of {pages}");
}

#[test]
fn what_is_not_as_usual_makes_the_tree_that_scraper_has() {
    let mut random = Random(7);
    for _ in 0..5_000 {
        let mut page = String::new();
        for _ in 0..=random.below(20) {
            page.push_str(PIECES[random.below(PIECES.len())]);
        }
        let ours: String = drawn(&by_html5ever(&page))
            .lines()
            .map(|line| {
                // Without what scraper's drawing does not tell.
                match line.split_once(" to ").filter(|_| line.contains(" <")) {
                    Some((element, _)) => {
                        let (depth, rest) = element.split_once(' ').unwrap();
                        let (name, rest) = rest.split_once(' ').unwrap();
                        format!("{depth} {name} {}\n", rest.split_once(' ').unwrap().1)
                    }
                    None => format!("{line}\n"),
                }
            })
            .collect();
        assert_eq!(ours, drawn_by_scraper(&page), "{page:?}");
    }
}

/// And what is written of them, ammonia leaves as it is.
#[test]
fn the_pages_of_the_corpora_make_the_same_tree() {
    let base = url::Url::parse("https://paper.example/story").unwrap();
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let mut pages = Vec::new();
    for set in ["scrapinghub", "fundus", "wcxb", "trafilatura"] {
        let unpacked = tempfile::tempdir().unwrap();
        let done = std::process::Command::new("tar")
            .arg("-xzf")
            .arg(folder.join(format!("extraction/{set}.tar.gz")))
            .arg("-C")
            .arg(unpacked.path())
            .status();
        if !done.is_ok_and(|status| status.success()) {
            println!("skipped: {set} cannot be had");
            continue;
        }
        let all = std::fs::read_dir(unpacked.path().join(set)).unwrap();
        pages.extend(all.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()));
    }
    // All of them take minutes without optimisation.
    let step = if cfg!(debug_assertions) { 10 } else { 1 };
    let (mut usual, mut all) = (0, 0);
    for page in pages.iter().step_by(step) {
        let page = super::decode(page, None);
        let page = super::flatten::flattened(&page, &ParseLimits::default()).unwrap();
        let page = super::parse::normalise_newlines(&page);
        all += 1;
        usual += usize::from(compare(&page));
        let document = Document::parse(&page, &ParseLimits::default()).unwrap();
        let root = document.nodes().next().unwrap();
        let html = super::sanitised(&document, &Selection::of(&document, root), &base);
        // Of blank lines that open a <pre>, ammonia takes one for the end of the tag's line and writes none in its
        // place.
        let html = html.replace("<pre>\n", "<pre>");
        let by_ammonia = super::allowlist::clean(&html);
        let same = html.bytes().zip(by_ammonia.bytes()).take_while(|(ours, theirs)| ours == theirs).count();
        let near = |text: &str| text.chars().skip(same.saturating_sub(40)).take(80).collect::<String>();
        assert!(html == by_ammonia, "{} is {} to ammonia", near(&html), near(&by_ammonia));
    }
    println!("{usual} of {all} pages are as usual");
    assert!(usual * 2 >= all, "{usual} of {all}");
}

#[test]
fn tags_are_found_by_their_names() {
    for tag in [Tag::A, Tag::Blockquote, Tag::Figcaption, Tag::Xmp, Tag::Amp] {
        assert_eq!(Tag::of(tag.name()), tag);
        assert_eq!(Tag::of_bytes(tag.name().to_uppercase().as_bytes()), tag);
    }
    for name in [
        "", "x", "aa", "figcaptions", "xxockquote", "captions\0", "a-name-of-more-than-sixteen-bytes", "é",
        "\0",
    ] {
        assert_eq!(Tag::of(name), Tag::Other, "{name}");
        assert_eq!(Tag::of_bytes(name.as_bytes()), Tag::Other, "{name}");
    }
}
