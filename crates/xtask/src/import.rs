//! The step `import`: files that the peers' own writers wrote, brought in by the program that was just built, and compared
//! with what the peers' own readers read.
//!
//! It needs the environment of `environment.rs`, which comes from the network once; without it, it is skipped, with the
//! reason.

use std::process::Command;

use crate::environment::{Environment, PEERS};
use crate::mlflow::with_environments;
use crate::options::Options;
use crate::process::{root, run_tests, target_folder};
use crate::steps::Outcome;

/// The step.
pub fn step(_: &Options) -> anyhow::Result<Outcome> {
    with_environments(&[PEERS], |environment| run_tests(&mut script(environment)?))
}

fn script(environment: &Environment) -> anyhow::Result<Command> {
    let mut command = Command::new(environment.path()?.join("bin").join("python"));
    command
        .arg(root().join("crates/import/tests/peers/run.py"))
        .arg("--binary")
        .arg(target_folder().join("debug").join("mltrack"))
        // Compiled scripts would be written into the clone, and the surroundings must not lend a store.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("PYTHONPATH")
        .env_remove("MLTRACK_STORE");
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_that_is_run_is_there() {
        let command = script(&PEERS).expect("the cache folder has a name");
        let path = command.get_args().next().expect("a script comes first");
        assert!(std::path::Path::new(path).is_file());
    }
}
