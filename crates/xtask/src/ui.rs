//! The step `ui`: the web page's sources are right, and what the program carries is what they make.
//!
//! Without Node, Chromium or, once, the network, what needs them is skipped with the reason; what could run has run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::options::Options;
use crate::process::{cargo, has_program, output, root, run, target_folder};
use crate::steps::Outcome;

/// The oldest Node that the tools of the page run on.
const NODE_MAJOR_MIN: u32 = 20;
/// So many files of browser tests may fail beside the others: more are no chance.
const AGAIN_FILES_MAX: usize = 3;
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
    browse()
}

/// All browser tests; the few files of them that failed once more, alone.
///
/// A browser, its server and the tests share the cores: what failed for want of time passes alone, and is named. What fails
/// alone, too, fails the step.
fn browse() -> anyhow::Result<Outcome> {
    let report = target_folder().join("browser-tests.json");
    // One that an earlier run left would tell of that run.
    let _ = fs::remove_file(&report);
    let Err(error) = run(browser().args(report_into(&report))) else {
        return Ok(Outcome::Passed);
    };
    let failed = fs::read(&report)
        .map_err(anyhow::Error::from)
        .and_then(|report| failed_files(&report))
        .unwrap_or_default();
    if failed.is_empty() || failed.len() > AGAIN_FILES_MAX {
        return Err(error);
    }
    println!("once more, alone: {}", failed.join(" "));
    run(browser().args(&failed))?;
    let names = failed.iter().map(|path| name_of(path)).collect::<Vec<_>>();
    let note = format!("failed once and passed alone: {}", names.join(", "));
    Ok(Outcome::Noted(note))
}

/// The browser tests against the program that was built; paths of files may follow.
fn browser() -> Command {
    let mut command = npm(&["run", "--silent", "browser", "--"]);
    command.env("MLTRACK_BINARY", target_folder().join("debug/mltrack"));
    // What cargo runs records no environment; the page shows those of real runs.
    command.env_remove("MLTRACK_CAPTURE");
    command
}

/// Options that keep what passed and failed in a file, too.
fn report_into(path: &Path) -> [String; 3] {
    let path = format!("--outputFile.json={}", path.display());
    ["--reporter=default".into(), "--reporter=json".into(), path]
}

/// The files of a report of Vitest that did not pass.
fn failed_files(report: &[u8]) -> anyhow::Result<Vec<String>> {
    let report: Value = serde_json::from_slice(report)?;
    let files = report["testResults"].as_array().context("no testResults")?;
    let failed = files.iter().filter(|file| file["status"] == "failed");
    let names = failed.filter_map(|file| file["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}

/// A path from the folder of the page's tests on.
fn name_of(path: &str) -> &str {
    path.rsplit_once("/ui/").map_or(path, |(_, name)| name)
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
    fn the_files_that_failed_are_read_from_a_report() {
        let report = br#"{"testResults": [{"name": "/a/ui/tests/b.test.ts", "status": "failed"}, {"name": "c", "status": "passed"}]}"#;
        let failed = failed_files(report).unwrap();
        assert_eq!(failed, ["/a/ui/tests/b.test.ts"]);
        assert_eq!(name_of(&failed[0]), "tests/b.test.ts");
        assert!(failed_files(b"{}").is_err());
    }

    #[test]
    fn the_first_number_of_a_version_is_read_and_nothing_is_too_old() {
        assert_eq!(major("v20.20.2\n"), 20);
        assert_eq!(major("v8.0.0"), 8);
        assert_eq!(major(""), 0);
    }
}
