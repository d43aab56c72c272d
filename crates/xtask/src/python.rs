//! The step `python`: the package as a wheel, first as a newcomer has it, then with all that it is tested with.
//!
//! Invariant: what is tested is the wheel, installed; nothing is imported from the sources.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::environment::{MATURIN, PYTHON};
use crate::options::Options;
use crate::process::{cache_folder, root, run, run_tests};
use crate::steps::Outcome;
use crate::wheel;

/// The step.
pub fn step(_: &Options) -> anyhow::Result<Outcome> {
    for environment in [MATURIN, PYTHON] {
        if let Err(error) = environment.install() {
            let why = format!("no {}: {error:#}", environment.name);
            return Ok(Outcome::Skipped(why));
        }
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

/// Installs the wheel and nothing else: it needs nothing.
fn install(environment: &Path, wheel: &Path) -> anyhow::Result<()> {
    run(Command::new(environment.join("bin").join("python"))
        .args(["-m", "pip", "install", "--quiet", "--no-index"])
        .args(["--disable-pip-version-check", "--force-reinstall"])
        .arg(wheel))
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
