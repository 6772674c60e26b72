//! The program itself, for examples: built, and of the same profile.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// The binary of the profile this example was built with, built when cargo is at hand to see whether it is fresh.
///
/// Built together with the example: what only examples need turns on features of crates that both use, and cargo would
/// compile all of those once more for a binary asked for alone.
#[allow(clippy::print_stderr, reason = "minutes without a word would be taken for a hang")]
pub fn built() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this example is")?;
    let folder = own.parent().and_then(Path::parent).context("an example lies in target/PROFILE/examples")?;
    let binary = folder.join(format!("cuttings{}", std::env::consts::EXE_SUFFIX));
    let cargo = std::env::var_os("CARGO");
    if cargo.is_some() || !binary.exists() {
        let mut build = Command::new(cargo.as_deref().unwrap_or_else(|| OsStr::new("cargo")));
        build.args(["build", "--quiet", "--bin", "cuttings", "--manifest-path"]);
        build.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        if let Some(example) = own.file_stem() {
            build.arg("--example").arg(example);
        }
        // What `cargo run` says of this package: build scripts look at variables of these names, and would run again for others.
        for (name, _) in std::env::vars_os() {
            let is_ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
            if name.to_str().is_some_and(is_ours) {
                build.env_remove(name);
            }
        }
        match folder.file_name().and_then(OsStr::to_str) {
            Some("debug") | None => {}
            Some(profile) => {
                build.args(["--profile", profile]);
            }
        }
        eprintln!("building {} (minutes the first time)", binary.display());
        let ended = build.status().context("cannot start cargo; build with `cargo build --release` first")?;
        if !ended.success() || !binary.exists() {
            bail!("{} could not be built; try `cargo build --release`", binary.display());
        }
    }
    Ok(binary)
}
