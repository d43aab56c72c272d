//! The steps `python` and `python-torch`: the package as a wheel, first as a newcomer has it, then with all that it is
//! tested with; with `PyTorch` and what trains with it only when that is asked for.
//!
//! Invariant: what is tested is the wheel, installed; nothing is imported from the sources.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::environment::{Environment, MATURIN, PYTHON, TORCH};
use crate::options::Options;
use crate::process::{cache_folder, root, run, run_tests};
use crate::steps::Outcome;
use crate::wheel;

/// The step `python`.
pub fn step(_: &Options) -> anyhow::Result<Outcome> {
    if let Some(why) = missing(&[MATURIN, PYTHON]) {
        return Ok(Outcome::Skipped(why));
    }
    let wheel = wheel::build(false)?;
    let alone = cache_folder()?.join("python").join("alone");
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&alone))?;
    install(&alone, &wheel)?;
    let first = run_tests(&mut script(&alone, "smoke.py")).context("the wheel alone")?;
    let tools = PYTHON.path()?;
    install(&tools, &wheel)?;
    let second = run_tests(&mut script(&tools, "run.py"))?;
    Ok(Outcome::Tested(first.plus(second)))
}

/// The step `python-torch`: callbacks, hooks and values with the libraries that are too large for every run.
pub fn torch(_: &Options) -> anyhow::Result<Outcome> {
    if let Some(why) = missing(&[MATURIN, TORCH]) {
        return Ok(Outcome::Skipped(why));
    }
    let wheel = wheel::build(false)?;
    // Beside the environment, which is that of another step too.
    let folder = cache_folder()?.join("python").join("torch");
    if folder.is_dir() {
        std::fs::remove_dir_all(&folder).context("cannot remove what was installed before")?;
    }
    let environment = TORCH.path()?;
    run(pip_install(&environment)
        .arg("--target")
        .arg(&folder)
        .arg(wheel))?;
    let mut tests = script(&environment, "run.py");
    run_tests(tests.arg("--torch").env("PYTHONPATH", folder)).map(Outcome::Tested)
}

/// Makes environments; says why there is none.
fn missing(environments: &[Environment]) -> Option<String> {
    environments.iter().find_map(|environment| {
        let error = environment.install().err()?;
        Some(format!("no {}: {error:#}", environment.name))
    })
}

/// Installs the wheel and nothing else: it needs nothing.
fn install(environment: &Path, wheel: &Path) -> anyhow::Result<()> {
    run(pip_install(environment).arg("--force-reinstall").arg(wheel))
}

/// A command that installs what is at hand, and asks nobody for more.
fn pip_install(environment: &Path) -> Command {
    let mut command = Command::new(environment.join("bin").join("python"));
    command
        .args(["-m", "pip", "install", "--quiet", "--no-index"])
        .arg("--disable-pip-version-check");
    command
}

fn script(environment: &Path, name: &str) -> Command {
    let mut command = Command::new(environment.join("bin").join("python"));
    command
        .arg(root().join("crates/python/tests").join(name))
        // Compiled scripts would be written into the clone, and the surroundings must not lend a store.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("PYTHONPATH")
        .env_remove("MLTRACK_STORE");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_that_are_run_are_there() {
        for name in ["smoke.py", "run.py"] {
            let command = script(Path::new("nowhere"), name);
            let path = command.get_args().next().expect("a script comes first");
            assert!(Path::new(path).is_file(), "{}", path.display());
        }
    }
}
