//! The step `ui`: the web page's sources are right, and what the program carries is what they make.
//!
//! Without Node, Chromium or, once, the network, what needs them is skipped with the reason; what could run has run.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::options::Options;
use crate::process::{cargo, has_program, output, root, run, target_folder};
use crate::steps::Outcome;

/// The oldest Node that the tools of the page run on.
const NODE_MAJOR_MIN: u32 = 20;
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// The step.
pub fn step(_: &Options) -> anyhow::Result<Outcome> {
    if let Some(reason) = no_node() {
        return Ok(Outcome::Skipped(reason));
    }
    if let Err(error) = run(&mut npm(&[
        "ci",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
    ])) {
        if is_reachable() {
            return Err(error);
        }
        let reason = "the packages of crates/server/ui cannot be fetched without the network";
        return Ok(Outcome::Skipped(reason.to_owned()));
    }
    for script in ["types:check", "check", "unit", "build"] {
        run(&mut npm(&["run", "--silent", script]))?;
    }
    check_built()?;
    if !BROWSERS.iter().any(|name| has_program(name)) {
        let what = "without Chromium the page was not tried in a browser";
        return Ok(Outcome::Noted(what.to_owned()));
    }
    run(&mut cargo(["build", "--locked", "-p", "mltrack-cli"]))?;
    let binary = target_folder().join("debug").join("mltrack");
    let mut browser = npm(&["run", "--silent", "browser"]);
    // What cargo runs records no environment; the page shows those of real runs.
    browser.env_remove("MLTRACK_CAPTURE");
    run(browser.env("MLTRACK_BINARY", binary))?;
    Ok(Outcome::Passed)
}

/// The files that the program carries are those that the sources make.
fn check_built() -> anyhow::Result<()> {
    let mut status = Command::new("git");
    status
        .current_dir(root())
        .args(["status", "--porcelain", "--", "crates/server/ui/dist"]);
    let changed = output(&mut status).context("git is needed")?;
    if !changed.trim().is_empty() {
        bail!(
            "crates/server/ui/dist is not what its sources make: commit what `npm run build` wrote there\n{changed}"
        );
    }
    Ok(())
}

fn folder() -> PathBuf {
    root().join("crates/server/ui")
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder()).args(arguments);
    command
}

/// Why the tools of the page cannot run here.
fn no_node() -> Option<String> {
    if !has_program("npm") {
        return Some("without npm: install nodejs and npm".to_owned());
    }
    let version = output(Command::new("node").arg("--version")).unwrap_or_default();
    (major(&version) < NODE_MAJOR_MIN).then(|| {
        let version = version.trim();
        format!("node {version} is too old: {NODE_MAJOR_MIN} or later is needed")
    })
}

fn major(version: &str) -> u32 {
    let digits = version.trim().trim_start_matches('v').split('.').next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Whether the packages' registry answers, so that a failure is one of the packages.
fn is_reachable() -> bool {
    output(&mut npm(&["ping", "--silent"])).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_version_is_read_and_nothing_is_too_old() {
        assert_eq!(major("v20.20.2\n"), 20);
        assert_eq!(major("v8.0.0"), 8);
        assert_eq!(major(""), 0);
    }
}
