//! The Python with `MLflow` that the search tests compare answers with, in a folder of its own below the cache folder.
//!
//! Invariant: it holds exactly the packages of the tests' `requirements.txt`, or its stamp is missing and it is made anew.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::process::{cache_folder, root, run};

const REQUIREMENTS: &str = "crates/projector-runs/tests/search/requirements.txt";

/// Makes it when it is not there as wanted. Says whether it had to.
pub fn install() -> anyhow::Result<bool> {
    let requirements = root().join(REQUIREMENTS);
    let wanted = std::fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = cache_folder()?.join("mlflow");
    let (stamp, python) = (
        folder.join("requirements.txt"),
        folder.join("bin").join("python"),
    );
    if is_made(&stamp, &python, &wanted) {
        return Ok(false);
    }
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder))
    .context("cannot make a Python environment: on Debian the package python3-venv is needed")?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--requirement"])
        .arg(&requirements))
    .context("cannot install MLflow: that needs the network, once")?;
    std::fs::write(&stamp, &wanted).context("cannot note what was installed")?;
    Ok(true)
}

fn is_made(stamp: &Path, python: &Path, wanted: &str) -> bool {
    python.is_file() && std::fs::read_to_string(stamp).is_ok_and(|made| made == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_of_other_packages_or_without_python_is_made_anew() {
        let python = root().join("Cargo.toml");
        let stamp = root().join(REQUIREMENTS);
        let wanted = std::fs::read_to_string(&stamp).expect("the requirements are there");
        assert!(wanted.contains("mlflow-skinny=="));
        assert!(is_made(&stamp, &python, &wanted));
        assert!(!is_made(&stamp, &python, "mlflow-skinny==1.0"));
        assert!(!is_made(&stamp, &root().join("nowhere"), &wanted));
    }
}
