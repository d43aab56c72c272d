//! The command line of mltrack: parses, runs one command, reports its failure once. The binary `mltrack` is this, and so
//! is the program of the package for Python.
//!
//! 1. Every command is a row of `table.rs`; its file holds its arguments and what it does.
//! 2. The exit code is 0 for done, 1 for an answer that is no, 130 for interrupted, and otherwise
//!    what the error's code says.
//! 3. It asks nobody how it was started: whoever calls it says so, and says how to do it again.

mod artifact;
mod artifact_cat;
mod artifact_get;
mod artifact_link;
mod artifact_ls;
mod artifact_put;
mod artifact_restore;
mod artifact_rm;
mod artifact_verify;
mod ask;
mod backup;
mod checkout;
mod compact;
mod compare;
mod completion;
mod config_show;
mod console;
mod context;
mod dataset;
mod demo;
mod doctor;
mod env_diff;
mod env_show;
mod event_line;
mod exp_archive;
mod exp_ls;
mod exp_new;
mod exp_restore;
mod exp_show;
mod export;
mod failure;
mod gc;
mod help;
mod import;
mod init;
mod interrupt;
mod key;
mod lineage;
mod log;
mod look;
mod man;
mod metrics;
mod model;
mod moment;
mod op_log;
mod output;
mod pairs;
mod picture;
mod plot;
mod program;
mod remote;
mod repair;
mod replay;
mod replicates;
mod reproduce;
mod restore;
mod rm;
mod run_end;
mod run_exec;
mod run_log;
mod run_show;
mod run_start;
mod runs;
mod scrub;
mod search;
mod serve;
mod snapshot_create;
mod snapshot_ls;
mod snapshot_rm;
mod snapshot_verify;
mod stats;
mod store;
mod table;
mod tail;
#[cfg(feature = "top")]
mod top;
mod undo;
mod verify;
mod version;
mod watch;

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::FromArgMatches as _;
use clap::error::ErrorKind;

use context::Context;
use failure::{Exit, Failure, INTERRUPTED, Stop, report};
use output::style::ColourWish;
pub use program::Program;

const DONE: u8 = 0;
const NO: u8 = 1;
const USAGE: u8 = 2;

/// Does what the words of a command line say, the first of which is the program's own; answers with the exit code.
///
/// It writes to the standard streams of the process, and what it answers with has been written when it returns. Signals
/// are expected to be those of a fresh process, as is the one for closed pipes, which Rust's programs and Python ignore.
pub fn run(words: &[OsString], program: Program) -> u8 {
    let code = obey(words, program);
    // A closed pipe is all that can go wrong, and then nobody is there to be told.
    let _ = io::stdout().flush();
    code
}

fn obey(words: &[OsString], program: Program) -> u8 {
    let as_json = asks_for_json(words);
    let parsed = table::command()
        .try_get_matches_from(words)
        .and_then(|matches| Ok((table::Table::from_arg_matches(&matches)?, matches)));
    let (table, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&error, words, as_json),
    };
    let context = Context::new(&table.global, program);
    let outcome = remote::run(table.command, &matches, &context);
    if context.is_verbose {
        let length_ns = context::now_ns() - context.started_ns;
        context.note(&format!("took {}", output::quantity::took(length_ns)));
    }
    match outcome {
        Ok(Exit::Done) | Err(Stop::ReaderGone) => DONE,
        Ok(Exit::No) => NO,
        Ok(Exit::Code(code)) => code,
        Err(Stop::Interrupted) => INTERRUPTED,
        Err(Stop::Failed(failure)) => end_with(&failure, as_json, context.stderr_colour),
    }
}

/// Looked for before parsing, so that even a word that does not parse is refused in JSON.
fn asks_for_json(words: &[OsString]) -> bool {
    let words = words
        .iter()
        .skip(1)
        .take_while(|word| *word != "--")
        .filter_map(|word| word.to_str());
    words
        .into_iter()
        .any(|word| word == "--json" || word.starts_with("--json="))
}

/// Help and version are answers; everything else is a usage error in our own form.
fn refuse(error: &clap::Error, words: &[OsString], as_json: bool) -> u8 {
    let text = error.render().to_string();
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        // A closed pipe is all that can go wrong, and then nobody is there to be told.
        let _ = error.print();
        return DONE;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        eprint!("{text}");
        return USAGE;
    }
    end_with(&usage_failure(&text, words), as_json, failure_colour())
}

fn failure_colour() -> bool {
    context::stderr_colour(ColourWish::Auto)
}

/// The first paragraph says what is wrong, `tip:` lines what was probably meant.
fn usage_failure(text: &str, words: &[OsString]) -> Failure {
    let (what, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let what = what
        .trim()
        .trim_start_matches("error: ")
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ");
    let tips: Vec<&str> = rest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("tip: "))
        .collect();
    let mut failure = Failure::usage(what);
    if !tips.is_empty() {
        failure = failure.cause(tips.join("; "));
    }
    failure.hint(format!("{} --help", table::command_of(words)))
}

fn end_with(failure: &Failure, as_json: bool, colour: bool) -> u8 {
    // Stderr is the last place to complain to: when it is closed, the exit code still tells.
    let _ = io::stderr().write_all(report(failure, as_json, colour).as_bytes());
    failure.code.exit_code()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn a_usage_error_keeps_what_is_wrong_and_points_to_help() {
        let words = ["mltrack", "runs", "--sorted", "x"];
        let error = table::Table::try_parse_from(words).unwrap_err();
        let failure = usage_failure(&error.render().to_string(), &words.map(OsString::from));
        assert!(failure.what.contains("'--sorted'"), "{failure:?}");
        assert!(failure.cause.unwrap_or_default().contains("--sort"));
        assert_eq!(failure.hint.as_deref(), Some("mltrack runs --help"));
    }

    #[test]
    fn json_is_recognised_before_anything_is_parsed() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(asks_for_json(&words("mltrack runs --json=id --nonsense")));
        assert!(!asks_for_json(&words("mltrack run log x -- --json")));
    }
}
