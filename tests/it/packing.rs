//! Kept pages are made smaller by a daemon that has nothing else to do, and nobody who reads them notices.

use crate::desk::{Desk, send};
use crate::service::until;
use crate::support::press::Press;
use crate::way::{config, page, rss};

#[test]
fn an_idle_daemon_packs_kept_pages_and_archives_are_the_same_bytes() {
    let press = Press::start("127.0.0.2");
    let style = (0..400_u64).map(|i| {
        format!(
            "<meta name=\"style-{}\" content=\"{}\">",
            i * 7919,
            i * i * 104_729
        )
    });
    let style: String = style.collect();
    let entries: Vec<(String, String)> = (0..9)
        .map(|i| {
            let path = format!("/{i}");
            let text = (0..60)
                .map(|word| format!("word{} ", i * 1000 + word))
                .collect::<String>();
            let html = page(&format!("Title {i}"), &text, &style);
            press.page(&path, if i % 2 == 0 { html.gzip() } else { html });
            (format!("Title {i}"), press.url(&path))
        })
        .collect();
    let entries: Vec<(&str, String)> = entries
        .iter()
        .map(|(title, url)| (title.as_str(), url.clone()))
        .collect();
    press.page("/a.rss", rss(&entries));
    let desk = Desk::new(&config(&[("a", press.url("/a.rss"))]));
    assert_eq!(desk.run(&["run", "--once", "--wait", "20s"]).code, Some(0));
    let archive = || desk.run(&["export", "--format", "warc"]).stdout;
    let before = archive();
    assert_eq!(before.matches("WARC-Type: response").count(), 9);
    assert_eq!(
        desk.one("SELECT count(*) FROM raw_page_due"),
        "9",
        "a single run is not kept up"
    );

    let mut daemon = desk.spawn(&["run"]);
    until(&desk, "SELECT count(*) FROM raw_page_due", "0");
    send("TERM", &daemon);
    assert_eq!(daemon.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    std::io::Read::read_to_string(daemon.stderr.as_mut().unwrap(), &mut said).unwrap();
    assert!(
        said.contains("packed kept pages anew") && said.contains("pages=9"),
        "{said}"
    );
    assert_eq!(
        desk.one("SELECT count(*) FROM raw_page WHERE dictionary = 1"),
        "9"
    );
    assert_eq!(archive(), before);
    let again = desk.run(&["reextract"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(
        again.stderr.contains("9 stored pages read, 0 articles changed"),
        "{}",
        again.stderr
    );
    let verified = desk.run(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
}
