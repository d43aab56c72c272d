//! What the gate needs from the machine, installed where that is possible without asking.
//!
//! System packages come from apt, only when one is missing and only as root. No toolchain is ever downloaded.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::environment::{ENVIRONMENTS, Environment};
use crate::options::Options;
use crate::process::{cache_folder, cargo, has_program, output, run};
use crate::steps::Outcome;

const CARGO_FUZZ_VERSION: &str = "0.13.2";

/// Programs that tests start, and the Debian package that has each.
const PROGRAMS: &[(&str, &str)] = &[
    ("mkfs.ext4", "e2fsprogs"),
    ("losetup", "util-linux"),
    ("fsfreeze", "util-linux"),
    ("rsync", "rsync"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("chromium", "chromium"),
];

/// The step `tools`.
pub fn step(_: &Options) -> anyhow::Result<Outcome> {
    let python = output(Command::new("python3").arg("--version"))
        .context("python3 is needed: the second reader of docs/format.md is written in it")?;
    println!("{}", python.trim());
    let mut notes: Vec<String> = programs()?.into_iter().collect();
    notes.extend(ENVIRONMENTS.iter().filter_map(note));
    if notes.is_empty() {
        return Ok(Outcome::Passed);
    }
    Ok(Outcome::Noted(notes.join("; ")))
}

/// Installs the programs that are missing; what there is to know about it.
fn programs() -> anyhow::Result<Option<String>> {
    let mut packages = missing_packages(has_program);
    if !has_venv() {
        packages.push("python3-venv");
    }
    if packages.is_empty() {
        return Ok(None);
    }
    let names = packages.join(", ");
    if !is_root() || !has_program("apt-get") {
        return Ok(Some(format!(
            "without {names}: install it, or the tests that need it fail"
        )));
    }
    install(&packages)?;
    Ok(Some(format!("installed {names}")))
}

/// Installs an environment when it is missing; what there is to know about it.
fn note(environment: &Environment) -> Option<String> {
    let name = environment.name;
    match environment.install() {
        Ok(false) => None,
        Ok(true) => Some(format!("installed {name}")),
        Err(error) => Some(format!(
            "without {name} ({error:#}): {}",
            environment.failing
        )),
    }
}

/// Where `cargo-fuzz` of the wanted version is, installed into the cache folder when it is not there yet.
/// The answer is a `PATH` that finds it.
pub fn path_with_cargo_fuzz() -> anyhow::Result<OsString> {
    let folder = cache_folder()?.join("tools");
    let program = folder.join("bin").join("cargo-fuzz");
    if !is_wanted_cargo_fuzz(&program) {
        let mut command = cargo([
            "install",
            "cargo-fuzz",
            "--version",
            CARGO_FUZZ_VERSION,
            "--locked",
            "--force",
        ]);
        run(command.arg("--root").arg(&folder))?;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.join("bin")).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).context("the cache folder's name cannot stand in PATH")
}

/// Whether rustup has a nightly toolchain. rustup is asked instead of tried, because trying could download one.
pub fn has_nightly() -> bool {
    output(Command::new("rustup").args(["toolchain", "list"]))
        .is_ok_and(|toolchains| toolchains.lines().any(|line| line.starts_with("nightly-")))
}

fn is_wanted_cargo_fuzz(program: &PathBuf) -> bool {
    output(Command::new(program).arg("--version"))
        .is_ok_and(|line| line.trim().ends_with(CARGO_FUZZ_VERSION))
}

fn missing_packages(has: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut packages: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _)| !has(program))
        .map(|(_, package)| *package)
        .collect();
    packages.dedup();
    packages
}

/// Whether Python can make environments, which Debian packs apart.
fn has_venv() -> bool {
    output(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_ok()
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn install(packages: &[&str]) -> anyhow::Result<()> {
    let apt = || {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null());
        command
    };
    run(apt().args(["update", "-qq"]))?;
    run(apt()
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(packages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_with_two_missing_programs_is_named_once() {
        assert_eq!(
            missing_packages(|program| program == "rsync"),
            ["e2fsprogs", "util-linux", "nodejs", "npm", "chromium"]
        );
        assert!(missing_packages(|_| true).is_empty());
    }
}
