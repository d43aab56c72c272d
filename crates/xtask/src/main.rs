//! `cargo xtask test`: the whole gate as one command, for a person and for CI alike. `cargo xtask wheel`: the package for
//! Python as one file.
//!
//! 1. Steps run in a fixed order and stop at the first failure, which names the command that repeats only that step.
//! 2. Nothing is left in the clone, save a crash that a fuzz target found (`fuzz/artifacts/`).
//! 3. A step that could not run says so in the closing table: it is never counted as passed.

mod environment;
mod examples;
mod fuzz;
mod import;
mod licences;
mod mlflow;
mod options;
mod process;
mod python;
mod report;
mod schemathesis;
mod spdx;
mod steps;
mod tools;
mod ui;
mod wheel;

use std::process::ExitCode;

use options::{Request, USAGE};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Answers whether everything that ran passed; an error means that the request itself makes no sense.
fn run() -> anyhow::Result<bool> {
    match options::parse(std::env::args().skip(1))? {
        Request::Help => print!("{USAGE}"),
        Request::List => {
            for step in steps::STEPS {
                println!("{:<12} {}", step.name, step.about);
            }
        }
        Request::Test(options) => return Ok(report::run(&options)),
        Request::Wheel { is_release } => print_wheel(&wheel::build(is_release)?)?,
    }
    Ok(true)
}

/// The file and how long it is.
fn print_wheel(wheel: &std::path::Path) -> anyhow::Result<()> {
    let megabytes = std::fs::metadata(wheel)?.len() as f64 / 1e6;
    println!("{} ({megabytes:.1} MB)", wheel.display());
    Ok(())
}
