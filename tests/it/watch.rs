//! What a person or a monitoring system sees: status, figures, health, doctor, and the papers of the program.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page, rss};
use crate::workspace::{Workspace, send};

/// One request of a plain client: status line with headers, and body.
fn get(stream: &mut (impl std::io::Read + std::io::Write), path: &str) -> (String, String) {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A press with one good source, one that fails and one that robots.txt forbids, and what one run made of them.
fn troubled() -> (Vec<Press>, Workspace) {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", rss(&[("One", press.url("/one"))]));
    press.page(
        "/one",
        page("One", "A page as good as any, with a passage about harbours and their ferries.", ""),
    );
    let broken = Press::start("127.0.0.3");
    broken.page("/b.rss", Reply::status(500));
    let shut = Press::start("127.0.0.4");
    shut.page("/robots.txt", Reply::html("User-agent: *\nDisallow: /private/\n"));
    shut.page("/c.rss", rss(&[("Private", shut.url("/private/1"))]));
    let workspace = Workspace::new(&config(&[
        ("a", press.url("/a.rss")),
        ("b", broken.url("/b.rss")),
        ("c", shut.url("/c.rss")),
    ]));
    workspace.run(&["run", "--once"]);
    (vec![press, broken, shut], workspace)
}

#[test]
fn status_shows_what_needs_attention() {
    let (_presses, workspace) = troubled();
    let ended = workspace.run(&["status"]);
    assert_eq!(ended.code, Some(1), "something fails, so a person is needed");
    for words in [
        "b: ", "[http-500]", "c: robots.txt has forbidden 1 requests", "3 sources, ", "cuttings.db is ",
        "are free beside it",
    ] {
        assert!(ended.stdout.contains(words), "{words} is not in:\n{}", ended.stdout);
    }
    let story = workspace.run(&["status", "a"]);
    assert_eq!(story.code, Some(0), "{}", story.stdout);
    assert!(story.stdout.contains("taken"), "{}", story.stdout);
    assert!(!story.stdout.contains("http-500"), "{}", story.stdout);
    let json: Value = serde_json::from_str(&workspace.run(&["status", "b", "--json"]).stdout).unwrap();
    assert_eq!(json["polls"][0]["code"], "http-500");
    assert_eq!(json["source"]["needs_a_person"], true);
    assert_eq!(workspace.run(&["status", "nobody"]).code, Some(2));
    let mut child = workspace.command(&["status", "--watch"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 6];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"source", "no terminal, nothing to clear");
    send("KILL", &child);
    child.wait().unwrap();
}

#[test]
fn metrics_and_health_are_served_to_this_machine_only() {
    let (_presses, workspace) = troubled();
    let before = std::fs::read_to_string(workspace.config()).unwrap();
    workspace.configure(&format!("{before}[metrics]\nlisten = \"0.0.0.0:9187\"\n"));
    let check = workspace.run(&["check"]);
    assert_eq!(check.code, Some(2));
    assert!(check.stderr.contains("other machines can reach"), "{}", check.stderr);

    let port = free_port();
    workspace.configure(&format!("{before}[metrics]\nlisten = \"127.0.0.1:{port}\"\n"));
    let mut child = workspace.spawn(&["run"]);
    let connect = || loop {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            return stream;
        }
        std::thread::yield_now();
    };
    let (head, body) = get(&mut connect(), "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text"), "{head}");
    assert!(body.ends_with("# EOF\n"));
    for line in [
        "cuttings_polls_total{outcome=\"taken\"} 2",
        "cuttings_failures_total{code=\"http-500\"} 1",
        "cuttings_failures_total{code=\"robots-denied\"} 1",
        "cuttings_sources{state=\"failing\"} 1",
        "# TYPE cuttings_pages_waiting gauge",
    ] {
        assert!(body.contains(line), "{line} is not in:\n{body}");
    }
    for line in body.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<u64>().is_ok(), "{line}");
        assert!(!name.contains("source=\""), "labels are bounded: {line}");
    }
    while get(&mut connect(), "/health").0.starts_with("HTTP/1.1 503") {}
    let health: Value = serde_json::from_str(&get(&mut connect(), "/health").1).unwrap();
    assert_eq!([&health["ready"], &health["live"]], [true, true]);
    assert!(get(&mut connect(), "/etc/passwd").0.starts_with("HTTP/1.1 404"));
    // Nonsense and silence are no reason to fall.
    connect().write_all(&vec![b'x'; 20_000]).ok();
    drop(connect());
    assert!(get(&mut connect(), "/health").0.starts_with("HTTP/1.1 200"));

    named_in_docs_are_served(&body);
    send("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The dashboard and the alert rules ask only for what there is.
fn named_in_docs_are_served(body: &str) {
    let served: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    for text in [include_str!("../../docs/grafana-dashboard.json"), include_str!("../../docs/alerts.yml")] {
        let mut names = 0;
        for (at, _) in text.match_indices("cuttings_") {
            let name: String =
                text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let family = name.strip_suffix("_total").or(name.strip_suffix("_info")).unwrap_or(&name);
            assert!(served.contains(&family), "{name} is not served");
            labels_are_served(&name, &text[at + name.len()..], body);
            names += 1;
        }
        assert!(names > 5, "{names}");
    }
    let dashboard: Value = serde_json::from_str(include_str!("../../docs/grafana-dashboard.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 5);
}

/// The labels of a selector, `{code=~"a|b"}`, are labels of that metric; values are too, where it has samples here.
fn labels_are_served(name: &str, after: &str, body: &str) {
    let Some(selector) = after.strip_prefix('{').and_then(|rest| rest.split('}').next()) else {
        return;
    };
    let samples: Vec<&str> = body.lines().filter(|line| line.starts_with(&format!("{name}{{"))).collect();
    assert!(!samples.is_empty(), "{name} has no sample");
    for matcher in selector.replace('\\', "").split("\",") {
        let (label, value) = matcher.trim_end_matches('"').split_once('=').unwrap();
        let (is_regex, value) = match value.strip_prefix('~') {
            Some(value) => (true, value.trim_start_matches('"')),
            None => (false, value.trim_start_matches('"')),
        };
        let pattern = if is_regex { value.to_owned() } else { regex::escape(value) };
        let wanted = regex::Regex::new(&format!("{label}=\"(?:{pattern})\"")).unwrap();
        assert!(
            samples.iter().any(|sample| wanted.is_match(sample)),
            "{name}{{{matcher}}} matches none of {samples:?}"
        );
    }
}

#[test]
fn a_socket_in_the_file_system_serves_the_same_and_goes_with_the_daemon() {
    let workspace = Workspace::new(&format!("{}[metrics]\nlisten = \"unix:here.sock\"\n", config(&[])));
    let socket = workspace.path().join("here.sock");
    let mut child = workspace.spawn(&["run"]);
    let mut stream = loop {
        if let Ok(stream) = std::os::unix::net::UnixStream::connect(&socket) {
            break stream;
        }
        std::thread::yield_now();
    };
    assert!(get(&mut stream, "/metrics").1.contains("cuttings_build_info"));
    send("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn doctor_names_what_is_wrong_and_what_to_do() {
    let workspace = Workspace::new(&config(&[]));
    let well = workspace.run(&["doctor", "--json"]);
    let findings: Value = serde_json::from_str(&well.stdout).unwrap();
    let of = |about: &str| {
        let all = findings["findings"].as_array().unwrap();
        all.iter().find(|found| found["about"] == about).unwrap().clone()
    };
    for about in ["configuration", "permissions", "database", "daemon", "clock", "names", "file descriptors"]
    {
        assert_eq!(of(about)["ok"], true, "{}", of(about));
    }
    workspace.configure("[daemon]\ncontact = 7\n");
    let ill = workspace.run(&["doctor"]);
    assert_eq!(ill.code, Some(1));
    assert!(ill.stdout.contains("wrong  configuration"), "{}", ill.stdout);
    // Under fewer descriptors than it needs.
    workspace.configure(&config(&[]));
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 40; exec \"$0\" doctor --config \"$1\" --database \"$2\""])
        .arg(env!("CARGO_BIN_EXE_cuttings"))
        .arg(workspace.config())
        .arg(workspace.database())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&limited.stdout);
    assert!(said.contains("raise LimitNOFILE"), "{said}");
}

#[test]
fn h20_a_hostile_title_steers_no_terminal_and_secrets_are_masked() {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", Reply::status(404));
    let feed = press.url("/a.rss?token=s3cret");
    let workspace = Workspace::new(&config(&[("a", feed)]));
    let text = workspace.run(&["run", "--once", "-v"]);
    assert!(!text.stderr.contains("s3cret") && !text.stdout.contains("s3cret"), "{}", text.stderr);
    let lines = workspace.run(&["run", "--once", "--all", "-v", "--log-format", "json"]);
    assert!(lines.stderr.lines().count() > 0);
    for line in lines.stderr.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["fields"].is_object(), "{line}");
    }
    assert!(!lines.stderr.contains("s3cret"), "{}", lines.stderr);
    let status = workspace.run(&["status"]);
    assert!(!status.stdout.contains("s3cret"), "{}", status.stdout);
    let json = workspace.run(&["status", "--json"]);
    assert!(!json.stdout.contains("s3cret"), "{}", json.stdout);
}

#[test]
fn man_pages_and_completions_are_printed() {
    let workspace = Workspace::new("");
    for shell in ["bash", "zsh", "fish"] {
        let ended = workspace.run(&["completions", shell]);
        assert_eq!(ended.code, Some(0));
        assert!(ended.stdout.contains("reload"), "{shell}");
    }
    let page = workspace.run(&["man"]);
    assert!(page.stdout.contains(".TH cuttings 1"), "{}", page.stdout);
    assert_eq!(workspace.run(&["man", "--to", "pages"]).code, Some(0));
    assert!(workspace.path().join("pages/cuttings-run.1").exists());
    let schema = workspace.run(&["schema"]);
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    assert_eq!(schema["properties"]["source"]["type"], "array");
}
