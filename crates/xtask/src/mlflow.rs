//! The steps `mlflow`, `mlflow-embedded` and `differential`: `MLflow`'s own client against the server that was just built
//! and against no server, and raw calls.
//!
//! They need the environments of `environment.rs`, which come from the network once; without it they are skipped, with
//! the reason, and everything else is still proved.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::process::Command;

use anyhow::Context as _;

use crate::environment::{Environment, MLFLOW, TORCH};
use crate::options::Options;
use crate::process::{TestCounts, cargo, root, run, run_tests, target_folder};
use crate::steps::Outcome;

/// The step `mlflow`: the same tests with the oldest client and the newest.
pub fn step(options: &Options) -> anyhow::Result<Outcome> {
    with_environments(&MLFLOW, |environment| {
        let mut command = script(environment, "mlflow/run.py")?;
        if options.soak {
            command.arg("--long");
        }
        run_tests(&mut command).with_context(|| format!("with {}", environment.name))
    })
}

/// The step `mlflow-embedded`: the same tests without a server, through the Python package.
pub fn embedded(options: &Options) -> anyhow::Result<Outcome> {
    run(&mut cargo(["build", "--locked", "-p", "mltrack-python"]))?;
    let name = format!("{DLL_PREFIX}_mltrack{DLL_SUFFIX}");
    let module = target_folder().join("debug").join(name);
    with_environments(&MLFLOW, |environment| {
        let mut command = script(environment, "mlflow/run.py")?;
        command.args(["--server", "embedded", "--module"]);
        command.arg(&module);
        if options.soak {
            command.arg("--long");
        }
        run_tests(&mut command).with_context(|| format!("with {}", environment.name))
    })
}

/// The step `mlflow-torch`: what frameworks log that are too big to be installed for every run of the gate.
pub fn torch(_: &Options) -> anyhow::Result<Outcome> {
    with_environments(&[TORCH], |environment| {
        run_tests(script(environment, "mlflow/run.py")?.arg("--torch"))
    })
}

/// The step `differential`: raw calls to ours and to a stock server of the newest version.
pub fn differential(_: &Options) -> anyhow::Result<Outcome> {
    with_environments(&MLFLOW[1..], |environment| {
        run_tests(&mut script(environment, "mlflow/differential.py")?)
    })
}

/// Runs a test in each of these environments, with the program that is built first; without one there is no test.
pub fn with_environments(
    environments: &[Environment],
    test: impl Fn(&Environment) -> anyhow::Result<TestCounts>,
) -> anyhow::Result<Outcome> {
    for environment in environments {
        if let Err(error) = environment.install() {
            let why = format!("no {}: {error:#}", environment.name);
            return Ok(Outcome::Skipped(why));
        }
    }
    run(&mut cargo(["build", "--locked", "--bin", "mltrack"]))?;
    let mut counts = TestCounts::default();
    for environment in environments {
        counts = counts.plus(test(environment)?);
    }
    Ok(Outcome::Tested(counts))
}

/// A script beside the server's tests, under an environment's Python, with the program that was just built.
pub fn script(environment: &Environment, name: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(environment.path()?.join("bin").join("python"));
    command
        .arg(root().join("crates/server/tests").join(name))
        .arg("--binary")
        .arg(target_folder().join("debug").join("mltrack"))
        // Compiled scripts would be written into the clone.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_of_torch_is_pinned_and_made_by_no_other_step() {
        let pinned = include_str!("../../server/tests/mlflow/requirements-torch.txt");
        let wanted = [
            "mlflow",
            "torch",
            "lightning",
            "transformers",
            "keras",
            "pytest",
        ];
        for package in wanted.map(|name| format!("{name}==")) {
            assert!(pinned.lines().any(|line| line.starts_with(&package)));
        }
        let is_torch = |each: &Environment| each.name == TORCH.name;
        assert!(!crate::environment::ENVIRONMENTS.iter().any(is_torch));
    }

    #[test]
    fn the_scripts_that_are_run_are_there() {
        let names = [
            "mlflow/run.py",
            "mlflow/differential.py",
            "schemathesis/run.py",
        ];
        for name in names {
            let command = script(&MLFLOW[1], name).expect("the cache folder has a name");
            let path = command.get_args().next().expect("a script comes first");
            assert!(std::path::Path::new(path).is_file(), "{}", path.display());
        }
    }
}
