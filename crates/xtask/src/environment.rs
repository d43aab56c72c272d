//! Python environments that tests need, each with its own packages in a folder of its own below the cache folder.
//!
//! Invariant: one holds exactly the packages of its `requirements.txt`, or its stamp is missing and it is made anew.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::process::{cache_folder, root, run};

/// An environment and what it is for.
#[derive(Clone, Copy)]
pub struct Environment {
    /// As people call what is in it.
    pub name: &'static str,
    /// Its folder below the cache folder.
    folder: &'static str,
    /// The packages, in the tests that use them.
    requirements: &'static str,
    /// The program below `bin/` that must be there.
    program: &'static str,
    /// What fails without it.
    pub failing: &'static str,
}

/// `MLflow` as a whole, its server included: the oldest version that the server is proved with, and the newest.
pub const MLFLOW: [Environment; 2] = [
    Environment {
        name: "MLflow 3.6.0",
        folder: "mlflow/3.6.0",
        requirements: "crates/server/tests/mlflow/requirements-3.6.0.txt",
        program: "mlflow",
        failing: "the step mlflow is skipped",
    },
    Environment {
        name: "the newest MLflow",
        folder: "mlflow/newest",
        requirements: "crates/server/tests/mlflow/requirements-newest.txt",
        program: "mlflow",
        failing: "the step mlflow is skipped",
    },
];

/// What generates calls to our own interface out of its document.
pub const SCHEMATHESIS: Environment = Environment {
    name: "schemathesis",
    folder: "schemathesis",
    requirements: "crates/server/tests/schemathesis/requirements.txt",
    program: "st",
    failing: "the step schemathesis is skipped",
};

/// `PyTorch`, Lightning, transformers and keras, with `MLflow`: some gigabytes, so only steps that are asked for by name
/// make it.
pub const TORCH: Environment = Environment {
    name: "PyTorch and what trains with it",
    folder: "mlflow/torch",
    requirements: "crates/server/tests/mlflow/requirements-torch.txt",
    program: "mlflow",
    failing: "the steps mlflow-torch and python-torch are skipped",
};

/// The writers and readers of other trackers' files.
pub const PEERS: Environment = Environment {
    name: "other trackers' writers and readers",
    folder: "import",
    requirements: "crates/import/tests/peers/requirements.txt",
    program: "tensorboard",
    failing: "the step import is skipped",
};

/// What makes wheels.
pub const MATURIN: Environment = Environment {
    name: "maturin",
    folder: "python/tools",
    requirements: "crates/python/requirements.txt",
    program: "maturin",
    failing: "no wheel is made and the step python is skipped",
};

/// What the package for Python is tested with.
pub const PYTHON: Environment = Environment {
    name: "what the package for Python is tested with",
    folder: "python/tests",
    requirements: "crates/python/tests/requirements.txt",
    program: "pytest",
    failing: "the step python is skipped",
};

/// All that `tools` makes.
pub const ENVIRONMENTS: &[Environment] = &[
    Environment {
        name: "MLflow's search",
        folder: "mlflow-search",
        requirements: "crates/projector-runs/tests/search/requirements.txt",
        program: "python",
        failing: "the test that compares answers with it fails",
    },
    MLFLOW[0],
    MLFLOW[1],
    SCHEMATHESIS,
    PEERS,
    MATURIN,
    PYTHON,
    Environment {
        name: "SeaweedFS",
        folder: "seaweedfs",
        requirements: "crates/artifact/tests/conformance/requirements.txt",
        program: "weed",
        failing: "the tests of blobs in S3 fail",
    },
];

impl Environment {
    /// Where it lies, made or not.
    pub fn path(&self) -> anyhow::Result<PathBuf> {
        Ok(cache_folder()?.join(self.folder))
    }

    /// Makes it when it is not there as wanted. Says whether it had to.
    pub fn install(&self) -> anyhow::Result<bool> {
        let requirements = root().join(self.requirements);
        let wanted = std::fs::read_to_string(&requirements)
            .with_context(|| format!("cannot read {}", requirements.display()))?;
        let folder = self.path()?;
        let stamp = folder.join("requirements.txt");
        let programs = folder.join("bin");
        if is_made(&stamp, &programs.join(self.program), &wanted) {
            return Ok(false);
        }
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder))
        .context(
            "cannot make a Python environment: on Debian the package python3-venv is needed",
        )?;
        run(Command::new(programs.join("python"))
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", "--requirement"])
            .arg(&requirements))
        .with_context(|| format!("cannot install {}: that needs the network, once", self.name))?;
        std::fs::write(&stamp, &wanted).context("cannot note what was installed")?;
        Ok(true)
    }
}

fn is_made(stamp: &Path, program: &Path, wanted: &str) -> bool {
    program.is_file() && std::fs::read_to_string(stamp).is_ok_and(|made| made == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_of_other_packages_or_without_its_program_is_made_anew() {
        let program = root().join("Cargo.toml");
        for environment in ENVIRONMENTS {
            let stamp = root().join(environment.requirements);
            let wanted = std::fs::read_to_string(&stamp).expect("the requirements are there");
            assert!(wanted.contains("=="), "{}", environment.name);
            assert!(is_made(&stamp, &program, &wanted));
            assert!(!is_made(&stamp, &program, "mlflow-skinny==1.0"));
            assert!(!is_made(&stamp, &root().join("nowhere"), &wanted));
        }
    }
}
