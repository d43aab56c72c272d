//! `cargo xtask wheel`: the package for Python as one file that `pip install` takes, the program `mltrack` included.
//!
//! Invariant: extension and program are one: the wheel has a script that calls the extension, and no other binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::environment::MATURIN;
use crate::process::{root, run, target_folder};

/// The folder of the package for Python.
const PACKAGE: &str = "crates/python";

/// Builds the wheel. Answers with the file.
pub fn build(is_release: bool) -> anyhow::Result<PathBuf> {
    MATURIN.install()?;
    let wheels = target_folder()
        .join("wheels")
        .join(if is_release { "release" } else { "debug" });
    if wheels.is_dir() {
        fs::remove_dir_all(&wheels).context("cannot remove the wheel before")?;
    }
    run(&mut maturin(&MATURIN.path()?, is_release, &wheels))?;
    only_wheel(&wheels)
}

fn maturin(environment: &Path, is_release: bool, wheels: &Path) -> Command {
    let mut command = Command::new(environment.join("bin").join("maturin"));
    command
        .args(["build", "--locked", "--manifest-path"])
        .arg(root().join(PACKAGE).join("Cargo.toml"))
        .arg("--out")
        .arg(wheels)
        .env("CARGO_TARGET_DIR", target_folder())
        .current_dir(root());
    if is_release {
        command.args(["--profile", "wheel"]);
    } else {
        // A wheel for this machine alone need not say which others it fits.
        command.args(["--profile", "dev", "--compatibility", "linux"]);
    }
    command
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
    fn what_is_asked_of_maturin_is_there() {
        let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("it is there");
        for is_release in [false, true] {
            let command = maturin(Path::new("tools"), is_release, Path::new("wheels"));
            let words: Vec<_> = command
                .get_args()
                .filter_map(|word| word.to_str())
                .collect();
            let after = |option: &str| {
                let at = words.iter().position(|word| *word == option);
                words[at.expect("it is given") + 1]
            };
            assert!(Path::new(after("--manifest-path")).is_file());
            let profile = format!("[profile.{}]", after("--profile"));
            assert!(manifest.contains(&profile), "{profile}");
        }
    }

    #[test]
    fn the_script_of_the_package_calls_what_there_is() {
        let package = root().join(PACKAGE);
        let read = |name: &str| fs::read_to_string(package.join(name)).expect("it is there");
        assert!(read("pyproject.toml").contains("mltrack = \"mltrack._program:main\""));
        assert!(read("python/mltrack/_program.py").contains("def main() -> int:"));
    }
}
