//! The step `schemathesis`: generated calls to every path of `/api/v1`, judged by the document that the server serves.
//!
//! The seed is fixed: a call that fails once fails again. Without the network, once, the step is skipped.

use crate::environment::SCHEMATHESIS;
use crate::mlflow::{script, with_environments};
use crate::options::Options;
use crate::process::run_tests;
use crate::steps::Outcome;

/// Generated calls for each path and method when there is time for more than usual.
const EXAMPLES_SOAK: &str = "2000";

/// The step.
pub fn step(options: &Options) -> anyhow::Result<Outcome> {
    with_environments(&[SCHEMATHESIS], |environment| {
        let mut command = script(environment, "schemathesis/run.py")?;
        if options.soak {
            command.args(["--examples", EXAMPLES_SOAK]);
        }
        run_tests(&mut command)
    })
}
