//! The steps of the gate, in the order they run: what is quick and what catches most comes first.
//!
//! A step is data: its name (for `--only`), one line about it, and a function. Adding one is adding a row.

use std::process::Command;

use crate::options::{Options, SOAK_ROUNDS};
use crate::process::{TestCounts, cargo, root, run, run_tests};
use crate::{examples, fuzz, import, licences, mlflow, python, schemathesis, tools, ui};

/// How a step ended when it did not fail.
pub enum Outcome {
    /// All of it ran and was right.
    Passed,
    /// All of it ran; there is something to know.
    Noted(String),
    /// Tests ran, so many of them.
    Tested(TestCounts),
    /// It could not run here, for this reason.
    Skipped(String),
}

/// One part of the gate.
pub struct Step {
    /// What `--only` takes.
    pub name: &'static str,
    /// What it checks.
    pub about: &'static str,
    /// Does it.
    pub run: fn(&Options) -> anyhow::Result<Outcome>,
}

/// Every step, in order.
pub const STEPS: &[Step] = &[
    Step {
        name: "tools",
        about: "what the tests need from the machine",
        run: tools::step,
    },
    Step {
        name: "fmt",
        about: "cargo fmt, checked",
        run: fmt,
    },
    Step {
        name: "clippy",
        about: "clippy over everything, warnings are errors",
        run: clippy,
    },
    Step {
        name: "test",
        about: "unit, property, integration, golden and tidy tests",
        run: test,
    },
    Step {
        name: "mlflow",
        about: "MLflow's own client, the oldest and the newest, against the server",
        run: mlflow::step,
    },
    Step {
        name: "mlflow-embedded",
        about: "MLflow's own client without a server, by the Python package",
        run: mlflow::embedded,
    },
    Step {
        name: "mlflow-torch",
        about: "PyTorch, Lightning and transformers logging to the server; some gigabytes, so only with --only",
        run: mlflow::torch,
    },
    Step {
        name: "python-torch",
        about: "the package for Python with PyTorch, Lightning, transformers and keras; some gigabytes, so only with --only",
        run: python::torch,
    },
    Step {
        name: "differential",
        about: "raw calls answered as a stock server answers them",
        run: mlflow::differential,
    },
    Step {
        name: "schemathesis",
        about: "generated calls to /api/v1, judged by the document it serves",
        run: schemathesis::step,
    },
    Step {
        name: "import",
        about: "files of other trackers, written by their own programs, brought in and compared; exports read back",
        run: import::step,
    },
    Step {
        name: "python",
        about: "the package for Python: its wheel alone, its tests and examples, its types",
        run: python::step,
    },
    Step {
        name: "ui",
        about: "the web page: its types, its tests, what is built of it, and all of it in a browser",
        run: ui::step,
    },
    Step {
        name: "soak",
        about: "a minute of a server killed under load; thirty with --soak",
        run: soak,
    },
    Step {
        name: "canaries",
        about: "builds that get one ordering step wrong make a test fail",
        run: canaries,
    },
    Step {
        name: "disabled",
        about: "the library without effect, as the feature `disabled` builds it",
        run: disabled,
    },
    Step {
        name: "doctest",
        about: "the examples in the documentation",
        run: doctest,
    },
    Step {
        name: "doc",
        about: "the documentation builds without a warning",
        run: doc,
    },
    Step {
        name: "examples",
        about: "every example runs to its end in an empty folder",
        run: examples::step,
    },
    Step {
        name: "licences",
        about: "every dependency's licence and source",
        run: licences::step,
    },
    Step {
        name: "fuzz",
        about: "every fuzz target, from its seed corpus",
        run: fuzz::step,
    },
];

fn fmt(_: &Options) -> anyhow::Result<Outcome> {
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    if root().join("fuzz/Cargo.toml").is_file() {
        run(&mut cargo([
            "fmt",
            "--manifest-path",
            "fuzz/Cargo.toml",
            "--check",
        ]))?;
    }
    Ok(Outcome::Passed)
}

fn clippy(_: &Options) -> anyhow::Result<Outcome> {
    run(&mut cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))?;
    Ok(Outcome::Passed)
}

fn test(options: &Options) -> anyhow::Result<Outcome> {
    run_tests(&mut test_command(options)).map(Outcome::Tested)
}

fn test_command(options: &Options) -> Command {
    // Benches are left to clippy: run as tests they would measure, which takes long and asserts nothing.
    let mut command = cargo([
        "test",
        "--workspace",
        "--locked",
        "--lib",
        "--bins",
        "--tests",
        // It is a module for an interpreter, which the step `python` has; alone it does not link.
        "--exclude",
        "mltrack-python",
    ]);
    if options.soak {
        command.env("MLTRACK_CRASH_ROUNDS", SOAK_ROUNDS.to_string());
    }
    command
}

fn soak(options: &Options) -> anyhow::Result<Outcome> {
    let seconds = if options.soak { 1_800 } else { 60 };
    let mut command = cargo(["test", "--locked", "--test", "crash", "soak::"]);
    command.args(["--", "--nocapture"]);
    run_tests(command.env("MLTRACK_SOAK_SECONDS", seconds.to_string())).map(Outcome::Tested)
}

fn canaries(_: &Options) -> anyhow::Result<Outcome> {
    // A build of its own: the fault points must never be unified into another one.
    run_tests(&mut cargo([
        "test",
        "--package",
        "mltrack-log",
        "--features",
        "failpoints",
        "--locked",
        "--test",
        "log",
        "canary",
    ]))
    .map(Outcome::Tested)
}

fn disabled(_: &Options) -> anyhow::Result<Outcome> {
    // A build of its own: with the feature on, every other test would find nothing logged.
    run_tests(&mut cargo([
        "test",
        "--package",
        "mltrack",
        "--features",
        "disabled",
        "--locked",
        "--test",
        "library",
        "disabled::",
    ]))
    .map(Outcome::Tested)
}

fn doctest(_: &Options) -> anyhow::Result<Outcome> {
    run_tests(&mut cargo([
        "test",
        "--workspace",
        "--locked",
        "--doc",
        "--exclude",
        "mltrack-python",
    ]))
    .map(Outcome::Tested)
}

fn doc(_: &Options) -> anyhow::Result<Outcome> {
    // The binary and the library are both called mltrack and would write the same pages, so the libraries go alone.
    let mut command = cargo(["doc", "--workspace", "--lib", "--no-deps", "--locked"]);
    run(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_its_own_name() {
        let mut names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }

    #[test]
    fn soak_asks_the_crash_suite_for_its_rounds_and_nothing_else_does() {
        let rounds = |soak| {
            let command = test_command(&Options {
                soak,
                ..Options::default()
            });
            command
                .get_envs()
                .filter_map(|(_, value)| value.map(ToOwned::to_owned))
                .collect::<Vec<_>>()
        };
        assert_eq!(rounds(true), ["100000"]);
        assert!(rounds(false).is_empty());
    }
}
