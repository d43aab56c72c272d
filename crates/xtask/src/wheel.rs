//! `cargo xtask wheel`: the package for Python as one file that `pip install` takes, the program `mltrack` included.
//!
//! Invariants: extension and program are built from the same sources with the same profile and stripped of what only
//! debuggers read; the program lies in the clone only while the wheel is made, in a folder that git ignores.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::environment::MATURIN;
use crate::process::{cargo, root, run, target_folder};

/// The folder of the package for Python.
const PACKAGE: &str = "crates/python";

/// Builds the wheel. Answers with the file.
pub fn build(is_release: bool) -> anyhow::Result<PathBuf> {
    MATURIN.install()?;
    let program = program(is_release)?;
    let data = root().join(PACKAGE).join("data");
    let scripts = data.join("scripts");
    fs::create_dir_all(&scripts).context("cannot make the folder of the program")?;
    run(Command::new("strip")
        .arg("-o")
        .arg(scripts.join("mltrack"))
        .arg(&program))?;
    let wheel = package(is_release);
    fs::remove_dir_all(&data).context("cannot remove the copy of the program")?;
    wheel
}

/// The command-line program.
fn program(is_release: bool) -> anyhow::Result<PathBuf> {
    let mut command = cargo(["build", "--locked", "--bin", "mltrack"]);
    if is_release {
        command.arg("--release");
    }
    run(&mut command)?;
    Ok(target_folder().join(profile(is_release)).join("mltrack"))
}

fn package(is_release: bool) -> anyhow::Result<PathBuf> {
    let wheels = target_folder().join("wheels").join(profile(is_release));
    if wheels.is_dir() {
        fs::remove_dir_all(&wheels).context("cannot remove the wheel before")?;
    }
    let mut command = Command::new(MATURIN.path()?.join("bin").join("maturin"));
    command
        .args(["build", "--locked", "--manifest-path"])
        .arg(root().join(PACKAGE).join("Cargo.toml"))
        .arg("--out")
        .arg(&wheels)
        .env("CARGO_TARGET_DIR", target_folder())
        .current_dir(root());
    if is_release {
        command.arg("--release");
    } else {
        // A wheel for this machine alone need not say which others it fits.
        command.args(["--compatibility", "linux"]);
    }
    run(&mut command)?;
    only_wheel(&wheels)
}

fn profile(is_release: bool) -> &'static str {
    if is_release { "release" } else { "debug" }
}

fn only_wheel(folder: &Path) -> anyhow::Result<PathBuf> {
    let entries = fs::read_dir(folder).context("maturin made no folder of wheels")?;
    let mut paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let is_wheel = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "whl");
    paths
        .find(is_wheel)
        .with_context(|| format!("no wheel in {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_put_where_the_package_looks_and_git_does_not() {
        let read = |name: &str| fs::read_to_string(root().join(name)).expect("it is there");
        assert!(read("crates/python/pyproject.toml").contains("data = \"data\""));
        assert!(
            read(".gitignore")
                .lines()
                .any(|line| line == "/crates/python/data/")
        );
    }
}
