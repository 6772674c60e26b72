//! The package, the container image and the unit file name only files and commands that exist.

use std::path::Path;

use crate::workspace::Workspace;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a path of the checkout is there; `*` stands for at least one file.
fn is_there(path: &str) -> bool {
    match path.split_once('*') {
        Some((folder, end)) => std::fs::read_dir(root().join(folder))
            .is_ok_and(|files| files.flatten().any(|file| file.file_name().to_string_lossy().ends_with(end))),
        None => root().join(path).exists(),
    }
}

#[test]
fn the_package_takes_what_is_there_or_what_operations_md_makes() {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let operations = include_str!("../../docs/operations.md");
    let mut places = Vec::new();
    for asset in deb["assets"].as_array().unwrap() {
        let [from, to, mode] = asset.as_array().unwrap().as_slice() else {
            panic!("{asset}");
        };
        let (from, mode) = (from.as_str().unwrap(), mode.as_str().unwrap());
        let made = from.strip_prefix("target/").is_some_and(|_| {
            from == "target/release/cuttings"
                || operations.contains(from.split('*').next().unwrap().trim_end_matches('/'))
        });
        assert!(made || is_there(from), "{from} is not there, and no command of docs/operations.md makes it");
        assert!(u32::from_str_radix(mode, 8).is_ok_and(|mode| mode & 0o022 == 0), "{from}: {mode}");
        places.push(format!("/{}", to.as_str().unwrap()));
    }
    for file in deb["conf-files"].as_array().unwrap() {
        assert!(places.iter().any(|place| place == file.as_str().unwrap()), "{file} is not installed");
    }
    // The configuration may hold passwords: the service reads it as a member of its group, others do not.
    let scripts = deb["maintainer-scripts"].as_str().unwrap();
    for (name, sign) in
        [("postinst", "chgrp cuttings /etc/cuttings /etc/cuttings/cuttings.toml"), ("prerm", "disable --now")]
    {
        let path = root().join(scripts).join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(sign), "{name}: {sign}");
        let ended = std::process::Command::new("sh").arg("-n").arg(&path).status().unwrap();
        assert!(ended.success(), "{name} is no shell script");
    }
    let unit = include_str!("../../systemd/cuttings.service");
    assert!(unit.contains("ExecStart=/usr/bin/cuttings --config /etc/cuttings/cuttings.toml run"));
    for place in ["/usr/bin/", "/etc/cuttings/cuttings.toml", "/usr/lib/sysusers.d/cuttings.conf"] {
        assert!(places.iter().any(|found| found == place), "{place}: {places:?}");
    }
}

#[test]
fn the_image_runs_commands_there_are_with_files_there_are() {
    let containerfile = include_str!("../../Containerfile");
    let instruction = |word: &str| {
        let mut found = containerfile.lines().filter_map(|line| line.split_once(word));
        found.next().unwrap_or_else(|| panic!("no {word}")).1.trim().to_owned()
    };
    let words = |text: &str| -> Vec<String> {
        let list = &text[text.find('[').unwrap()..];
        serde_json::from_str(list).unwrap()
    };
    let (entry, start, health) = (
        words(&instruction("ENTRYPOINT")),
        words(containerfile.rsplit("\nCMD ").next().unwrap()),
        words(&instruction("HEALTHCHECK")),
    );
    let binary = entry[0].as_str();
    assert!(containerfile.contains(&format!("/src/target/release/cuttings {binary}")), "{binary} is copied");
    assert!(health.starts_with(&entry), "the health check asks the same configuration");
    let workspace = Workspace::new("");
    for command in [start.last().unwrap(), health.last().unwrap()] {
        assert_eq!(workspace.run(&[command, "--help"]).code, Some(0), "{command}");
    }
    assert_ne!(instruction("USER"), "root");
    assert_eq!(instruction("STOPSIGNAL"), "SIGTERM");
    // What is copied for the build is the checkout without what was built.
    let ignored = include_str!("../../.dockerignore");
    assert!(ignored.lines().any(|line| line == "/target") && ignored.lines().any(|line| line == "/.git"));

    let compose = include_str!("../../compose.yaml");
    assert!(compose.contains("dockerfile: Containerfile") && is_there("Containerfile"));
    assert!(compose.contains("- ./config:/etc/cuttings:ro") && is_there("config/cuttings.toml"));
    let state = containerfile.split("STATE_DIRECTORY=").nth(1).unwrap().lines().next().unwrap();
    assert!(compose.contains(&format!("- state:{state}")), "the state outlives the container");
    assert!(containerfile.contains(&format!("VOLUME {state}")));
    assert!(entry.contains(&"/etc/cuttings/cuttings.toml".to_owned()));
}
