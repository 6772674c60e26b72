//! Every block of commands in the README and in docs is run, as it is printed.
//!
//! What changes a machine, builds the program again or is not ours is played by a stub that says so: `cargo`, `install`,
//! `systemctl`, `systemd-sysusers`, `journalctl`, and `sqlite3` where its file lies outside the desk. Our own program is
//! the real one.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use crate::desk::Desk;
use crate::support::press::Press;
use crate::way::{config, page, rss};

/// Programs that are played.
const PLAYED: &[&str] = &[
    "cargo",
    "install",
    "systemctl",
    "systemd-sysusers",
    "journalctl",
    "sqlite3",
];

/// The blocks of a document, with the line each begins at.
fn blocks(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            None if line == "```sh" || line == "```bash" || line == "```console" => {
                open = Some((index + 1, String::new()));
            }
            Some(_) if line.starts_with("```") => found.extend(open.take()),
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    found
}

#[test]
fn every_block_of_commands_in_readme_and_operations_runs() {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", rss(&[("One", press.url("/one"))]));
    press.page(
        "/one",
        page(
            "One",
            "The page that the documentation speaks of, in a newsroom on loopback.",
            "",
        ),
    );
    let root = env!("CARGO_MANIFEST_DIR");
    let mut run = 0;
    for name in ["README.md", "docs/operations.md"] {
        let text = fs::read_to_string(format!("{root}/{name}")).unwrap();
        let desk = Desk::new(&config(&[("my-paper", press.url("/a.rss"))]));
        let bin = desk.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(desk.path().join("target/release")).unwrap();
        for place in ["bin/cuttings", "target/release/cuttings"] {
            symlink(env!("CARGO_BIN_EXE_cuttings"), desk.path().join(place)).unwrap();
        }
        for program in PLAYED {
            let path = bin.join(program);
            fs::write(&path, "#!/bin/sh\necho \"played: $0 $*\"\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        assert!(desk.run(&["run", "--once"]).code.is_some());
        for (line, block) in blocks(&text) {
            let path = std::env::var("PATH").unwrap();
            let ended = Command::new("sh")
                .args(["-eu", "-c", &block])
                .current_dir(desk.path())
                .env("PATH", format!("{}:{path}", bin.display()))
                .env("HOME", desk.path())
                .env("CUTTINGS_CONFIG", desk.config())
                .env("STATE_DIRECTORY", desk.path())
                .output()
                .unwrap();
            assert!(
                ended.status.success(),
                "{name}:{line}: {}\n{block}\n{}{}",
                ended.status,
                String::from_utf8_lossy(&ended.stdout),
                String::from_utf8_lossy(&ended.stderr)
            );
            run += 1;
        }
    }
    assert!(run > 10, "{run} blocks");
}
