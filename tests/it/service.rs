//! Under a service manager: messages of sd_notify(3), reloads, the watchdog, and requests of other commands.

use std::os::unix::net::UnixDatagram;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::press::Press;
use crate::support::reply::{Latch, Reply};
use crate::way::{config, page, rss};
use crate::workspace::{Workspace, send};

/// How long a message may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Plays systemd: a socket of its own, and a daemon that is told of it.
pub(crate) struct Manager {
    messages: Receiver<String>,
    pub(crate) child: Child,
}

impl Manager {
    pub(crate) fn start(workspace: &Workspace, watchdog: Option<Duration>) -> Self {
        let path = workspace.path().join("notify");
        // Of an earlier one at this workspace.
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        let mut command = workspace.command(&["run"]);
        command.env("NOTIFY_SOCKET", &path).env_remove("WATCHDOG_PID");
        if let Some(time) = watchdog {
            command.env("WATCHDOG_USEC", time.as_micros().to_string());
        }
        // Read all the time, as systemd does: a socket holds few messages, and who sends one more waits.
        let (heard, messages) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length) = socket.recv(&mut bytes) {
                let message = String::from_utf8_lossy(&bytes[..length]).into_owned();
                if heard.send(message).is_err() {
                    return;
                }
            }
        });
        Self { messages, child: command.spawn().unwrap() }
    }

    /// The next message with this line.
    pub(crate) fn until(&self, line: &str) -> String {
        loop {
            let message =
                self.messages.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{line} never came"));
            if message.lines().any(|found| found.starts_with(line)) {
                return message;
            }
        }
    }

    /// Whether a message with this line comes within a time.
    fn hears(&self, line: &str, within: Duration) -> bool {
        let begun = std::time::Instant::now();
        while let Some(left) = within.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
            let message = self.messages.recv_timeout(left);
            if message.is_ok_and(|message| message.contains(line)) {
                return true;
            }
        }
        false
    }

    /// Ends it as systemd does; exit code and what it had said.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        send("TERM", &self.child);
        let code = self.child.wait().unwrap().code();
        let mut said = String::new();
        std::io::Read::read_to_string(self.child.stderr.as_mut().unwrap(), &mut said).unwrap();
        (code, said)
    }
}

/// Waits until a query answers this.
pub(crate) fn until(workspace: &Workspace, query: &str, answer: &str) {
    let begun = std::time::Instant::now();
    loop {
        let found = workspace.one(query);
        if found == answer {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{query} is {found:?}, not {answer:?}");
        std::thread::yield_now();
    }
}

#[test]
fn systemd_is_told_of_the_start_the_state_and_the_end() {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", rss(&[]));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    let manager = Manager::start(&workspace, None);
    manager.until("READY=1");
    let status = manager.until("STATUS=1 source, 0 failing, 0 pages waiting");
    assert!(!status.contains("READY"), "{status}");
    send("TERM", &manager.child);
    manager.until("STOPPING=1");
    let mut child = manager.child;
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn h26_a_broken_file_leaves_the_old_configuration_and_a_good_one_asks_nobody_again() {
    let press = Press::start("127.0.0.2");
    press.page("/old.rss", rss(&[]));
    press.page("/gone.rss", rss(&[]));
    press.page("/new.rss", rss(&[("One", press.url("/one"))]));
    press.page("/one", page("One", "The first page of a source that came later, as it was printed.", ""));
    let old = ("old", press.url("/old.rss"));
    let workspace = Workspace::new(&config(&[old.clone(), ("gone", press.url("/gone.rss"))]));
    let manager = Manager::start(&workspace, None);
    manager.until("READY=1");
    let validators = "SELECT count(*) FROM source WHERE etag IS NOT NULL AND lease_run IS NULL";
    until(&workspace, validators, "2");

    workspace.configure(
        "[daemon]\ncontact = 7\n[[source]]\nname = \"old\"\nfeed = \"no address\"\nevry = \"1h\"\n",
    );
    send("HUP", &manager.child);
    let reloading = manager.until("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    manager.until("STATUS=the configuration has 3 mistakes");
    manager.until("READY=1");
    assert_eq!(workspace.one("SELECT count(*) FROM source WHERE configured = 1"), "2");

    workspace.configure(&config(&[old, ("new", press.url("/new.rss"))]));
    let before = press.count("/old.rss");
    send("HUP", &manager.child);
    manager.until("RELOADING=1");
    manager.until("READY=1");
    assert!(press.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/one")));
    assert_eq!(press.count("/old.rss"), before, "nothing is asked again");
    assert_eq!(workspace.one("SELECT configured FROM source WHERE name = 'gone'"), "0");
    assert_eq!(
        workspace.one("SELECT count(*) FROM source WHERE etag IS NOT NULL"),
        "3",
        "no validator is forgotten"
    );

    let (code, said) = manager.stop();
    assert_eq!(code, Some(0));
    for fault in ["cuttings.toml:2", "cuttings.toml:5", "cuttings.toml:6", "evry"] {
        assert!(said.contains(fault), "{fault} is not in:\n{said}");
    }
    assert!(said.contains("2 sources, 1 new, 1 gone"), "{said}");
}

#[test]
fn h26_a_hundred_reloads_disturb_nothing_that_is_in_flight() {
    let press = Press::start("127.0.0.2");
    let latch = Latch::closed();
    let text = "A page that took its time, while the configuration was read a hundred times and more.";
    press.page("/slow", page("Slow", text, "").held(&latch));
    press.page("/a.rss", rss(&[("Slow", press.url("/slow"))]));
    let other = Press::start("127.0.0.3");
    other.page("/b.rss", rss(&[]));
    let a = ("a", press.url("/a.rss"));
    let workspace = Workspace::new(&config(std::slice::from_ref(&a)));
    let manager = Manager::start(&workspace, None);
    assert!(press.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/slow")));
    workspace.configure(&config(&[a, ("b", other.url("/b.rss"))]));
    for _ in 0..100 {
        send("HUP", &manager.child);
    }
    // Signals that arrive together are one. The last one is answered after all that were sent.
    let ended = workspace.run(&["reload"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("2 sources"), "{}", ended.stderr);
    assert!(other.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/b.rss")));
    latch.open();
    until(&workspace, "SELECT count(*) FROM articles", "1");
    assert_eq!(manager.stop().0, Some(0));
    assert_eq!([press.count("/a.rss"), press.count("/slow")], [1, 1]);
}

#[test]
fn other_limits_hold_once_nothing_is_in_flight() {
    let press = Press::start("127.0.0.2");
    let latch = Latch::closed();
    press.page("/a.rss", rss(&[]).held(&latch));
    press.page("/b.rss", rss(&[]));
    let (a, b) = (("a", press.url("/a.rss")), ("b", press.url("/b.rss")));
    let workspace = Workspace::new(&config(std::slice::from_ref(&a)));
    let manager = Manager::start(&workspace, None);
    assert!(press.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/a.rss")));
    workspace.configure(&config(&[a, b]).replace("press.example", "other.example"));
    let ended = workspace.run(&["reload"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(press.count("/b.rss"), 0, "it waits for what is in flight");
    latch.open();
    assert!(press.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/b.rss")));
    let agent = press.requests_for("/b.rss")[0].text("user-agent").unwrap();
    assert!(agent.contains("other.example"), "{agent}");
    assert_eq!(manager.stop().0, Some(0));
}

#[test]
fn a_stuck_step_withholds_the_watchdog() {
    let press = Press::start("127.0.0.2");
    let latch = Latch::closed();
    press.page("/a.rss", rss(&[]).held(&latch));
    press.page("/b.rss", rss(&[]));
    let workspace = Workspace::new(&config(&[("b", press.url("/b.rss"))]));
    let manager = Manager::start(&workspace, Some(Duration::from_millis(400)));
    // Idle is alive.
    for _ in 0..3 {
        manager.until("WATCHDOG=1");
    }
    workspace.configure(&config(&[("a", press.url("/a.rss"))]));
    assert_eq!(workspace.run(&["reload"]).code, Some(0));
    assert!(press.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/a.rss")));
    // A step that has just begun counts once.
    let mut fed = 0;
    while manager.hears("WATCHDOG=1", Duration::from_secs(2)) {
        fed += 1;
        assert!(fed < 100, "the step is stuck, and the watchdog is still fed");
    }
    latch.open();
    manager.until("WATCHDOG=1");
    let (code, said) = manager.stop();
    assert_eq!(code, Some(0));
    assert!(said.contains("raise WatchdogSec"), "{said}");
}

#[test]
fn sources_are_polled_paused_and_resumed_beside_a_daemon() {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", rss(&[]));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    let manager = Manager::start(&workspace, None);
    manager.until("READY=1");
    let polls = |count: &str| until(&workspace, "SELECT count(*) FROM poll", count);
    polls("1");
    let asked = workspace.run(&["poll", "a"]);
    assert_eq!(asked.code, Some(0), "{}", asked.stderr);
    assert!(asked.stderr.contains("by the daemon (process"), "{}", asked.stderr);
    polls("2");
    let seen = press.requests_for("/a.rss");
    assert!(seen[1].is_conditional(), "P18: a manual refresh still sends validators");
    assert_eq!(workspace.run(&["poll", "a", "--force"]).code, Some(0));
    polls("3");
    assert!(!press.requests_for("/a.rss")[2].is_conditional());

    // While one is under way: it is done after that, not lost in it.
    let latch = Latch::closed();
    press.page("/a.rss", rss(&[]).held(&latch));
    assert_eq!(workspace.run(&["poll", "a"]).code, Some(0));
    assert!(press.wait_until(|seen| seen.iter().filter(|seen| seen.path() == "/a.rss").count() == 4));
    assert_eq!(workspace.run(&["poll", "a"]).code, Some(0));
    assert_eq!(workspace.run(&["poll", "a", "--force"]).code, Some(0));
    latch.open();
    polls("5");
    let seen = press.requests_for("/a.rss");
    assert_eq!(
        [seen[3].is_conditional(), seen[4].is_conditional()],
        [true, false],
        "the force of what was asked meanwhile is kept"
    );

    assert_eq!(workspace.run(&["pause", "a"]).code, Some(0));
    let refused = workspace.run(&["poll", "a"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("cuttings resume a"), "{}", refused.stderr);
    assert!(workspace.run(&["status"]).stdout.contains("paused"));
    // A reload is no resume.
    assert_eq!(workspace.run(&["reload"]).code, Some(0));
    assert_eq!(workspace.one("SELECT enabled FROM sources"), "0");
    assert_eq!(workspace.run(&["resume", "a"]).code, Some(0));
    assert_eq!(workspace.run(&["poll", "a"]).code, Some(0));
    polls("6");
    let unknown = workspace.run(&["pause", "b"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("there are a"), "{}", unknown.stderr);
    assert_eq!(manager.stop().0, Some(0));
}

#[test]
fn without_a_daemon_what_was_asked_is_done_by_the_next_run() {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", rss(&[("One", press.url("/one"))]));
    press.page("/one", Reply::status(500));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    assert_eq!(workspace.run(&["poll", "a"]).code, Some(1), "there is no database yet");
    workspace.run(&["run", "--once"]);
    workspace.run(&["run", "--once"]);
    assert_eq!([press.count("/a.rss"), press.count("/one")], [1, 1], "nothing was due");
    press.page("/one", page("One", "The page came back, and was fetched when a person asked for it.", ""));
    let asked = workspace.run(&["retry", "--source", "a"]);
    assert_eq!(asked.code, Some(0), "{}", asked.stderr);
    assert!(asked.stderr.contains("1 pages and 0 sources"), "{}", asked.stderr);
    assert_eq!(workspace.run(&["poll", "a"]).code, Some(0));
    workspace.run(&["run", "--once"]);
    assert_eq!([press.count("/a.rss"), press.count("/one")], [2, 2]);
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "1");
    let reload = workspace.run(&["reload"]);
    assert_eq!(reload.code, Some(2));
    assert!(reload.stderr.contains("no daemon runs"), "{}", reload.stderr);
}
