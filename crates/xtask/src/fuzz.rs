//! Runs every target of `fuzz/` for a while, starting from its committed seed corpus.
//!
//! What a run discovers goes to the cache folder and is the start of the next run; the clone stays clean.
//! A crash is written to `fuzz/artifacts/TARGET/`, which cargo-fuzz names together with the command that repeats it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::options::Options;
use crate::process::{cache_folder, cargo, output, root, run, target_folder};
use crate::steps::Outcome;
use crate::tools;

/// One input may take this long before it counts as a hang.
const INPUT_SECONDS_MAX: u32 = 20;

/// The step `fuzz`.
pub fn step(options: &Options) -> anyhow::Result<Outcome> {
    if !root().join("fuzz/Cargo.toml").is_file() {
        return Ok(Outcome::Skipped("fuzz/ has no targets yet".into()));
    }
    let targets = targets()?;
    if targets.is_empty() {
        return Ok(Outcome::Skipped("fuzz/ has no targets yet".into()));
    }
    if !tools::has_nightly() {
        println!(
            "warning: cargo fuzz needs a nightly toolchain: rustup toolchain install nightly --profile minimal"
        );
        return Ok(Outcome::Skipped(
            "no nightly toolchain (rustup toolchain install nightly --profile minimal)".into(),
        ));
    }
    let path = tools::path_with_cargo_fuzz()?;
    let fuzz = |verb: &str| {
        let mut command = cargo(["+nightly", "fuzz", verb, "--target-dir"]);
        command
            .arg(target_folder().join("fuzz"))
            .env("PATH", &path)
            .env("RUSTUP_AUTO_INSTALL", "0");
        command
    };
    run(&mut fuzz("build"))?;
    for target in &targets {
        run_one(&mut fuzz("run"), target, options.fuzz_seconds)
            .with_context(|| format!("fuzz target {target}"))?;
    }
    Ok(Outcome::Noted(format!(
        "{} targets, {} s each",
        targets.len(),
        options.fuzz_seconds
    )))
}

fn run_one(command: &mut Command, target: &str, seconds: u32) -> anyhow::Result<()> {
    let seeds = root().join("fuzz/corpus").join(target);
    if !has_files(&seeds) {
        bail!("no seed corpus: put at least one valid input into fuzz/corpus/{target}/");
    }
    let learned = cache_folder()?.join("fuzz-corpus").join(target);
    std::fs::create_dir_all(&learned)
        .with_context(|| format!("cannot create {}", learned.display()))?;
    // libFuzzer reads every folder and writes only to the first.
    command.arg(target).arg(&learned).arg(&seeds).arg("--");
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"));
    run(command.arg("-print_final_stats=1"))
}

fn has_files(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

fn targets() -> anyhow::Result<Vec<String>> {
    let text = output(&mut cargo([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--manifest-path",
        "fuzz/Cargo.toml",
    ]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata printed no JSON")?;
    Ok(binaries(&metadata))
}

fn binaries(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let targets = packages.flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let mut names: Vec<_> = targets
        .filter(|target| target["kind"][0] == "bin")
        .filter_map(|target| target["name"].as_str().map(String::from))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_binaries_of_the_fuzz_package() {
        let metadata = serde_json::json!({"packages": [{"targets": [
            {"kind": ["lib"], "name": "shared"}, {"kind": ["bin"], "name": "manifest"}, {"kind": ["bin"], "name": "frame"},
        ]}]});
        assert_eq!(binaries(&metadata), ["frame", "manifest"]);
    }

    #[test]
    fn a_target_without_seeds_is_refused_before_it_runs() {
        let error = run_one(&mut Command::new("false"), "no-such-target", 1).unwrap_err();
        assert!(error.to_string().contains("no seed corpus"), "{error}");
    }
}
