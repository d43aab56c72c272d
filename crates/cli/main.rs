//! The binary `mltrack`: the command line as a process of its own.

use std::ffi::OsString;
use std::process::ExitCode;

use mltrack_cli::Program;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    ExitCode::from(mltrack_cli::run(&words, Program::of_this_process()))
}
