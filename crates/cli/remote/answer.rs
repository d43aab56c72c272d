//! What `serve` starts for a client that asks it to run a command: reads on stdin what is asked, and does it.
//!
//! Invariants: the words are checked again here, so that this does nothing but look, whoever started it; the store is
//! the one that the server named; when stdin ends nobody waits for the answer any more, and this ends.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};

use clap::Parser as _;
use mltrack_server::command::CommandAsk;
use rustix::process::{Signal, getpid, kill_process};

use super::rows;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, Stop, report};
use crate::table::{self, Table};

/// Answer a command for a client, started by `serve` itself
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// The longest line that is read.
const ASK_LEN_MAX: u64 = 64 << 20;

pub fn run(context: &Context) -> Outcome {
    let ask = read()?;
    let as_json = ask
        .arguments
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--json" || word.starts_with("--json="));
    let context = context
        .for_screen(&ask.screen)
        .telling_positions(ask.positions);
    match work(&ask, &context) {
        Err(Stop::Failed(failure)) => {
            let text = report(&failure, as_json, context.stderr_colour);
            // Stderr is the last place to complain to: when it is closed, the exit code still tells.
            let _ = io::stderr().write_all(text.as_bytes());
            Ok(Exit::Code(failure.code.exit_code()))
        }
        outcome => outcome,
    }
}

fn work(ask: &CommandAsk, context: &Context) -> Outcome {
    rows::check(ask).map_err(|refusal| {
        let failure = Failure::usage(refusal.what);
        match refusal.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })?;
    let line = std::iter::once("mltrack").chain(ask.arguments.iter().map(String::as_str));
    let table = Table::try_parse_from(line).map_err(|error| Failure::usage(error.to_string()))?;
    table::run(table.command, &context.asked(&table.global))
}

/// What is asked. From then on the end of stdin is the end of this.
fn read() -> Outcome<CommandAsk> {
    let mut stdin = BufReader::new(io::stdin());
    let mut line = String::new();
    let broken = |what: &str| Failure::usage(format!("stdin says nothing to do: {what}"));
    (&mut stdin)
        .take(ASK_LEN_MAX)
        .read_line(&mut line)
        .map_err(|error| broken(&error.to_string()))?;
    let ask = serde_json::from_str(&line).map_err(|error| {
        broken(&error.to_string()).hint("this command is started by `mltrack serve`")
    })?;
    let wait = move || {
        let mut rest = [0; 64];
        while matches!(stdin.read(&mut rest), Ok(1..)) {}
        // As Ctrl-C does: one that goes on ends in its own way, and all others at once. It cannot fail.
        let _ = kill_process(getpid(), Signal::TERM);
    };
    let spawned = std::thread::Builder::new().name("asker".into()).spawn(wait);
    spawned.map_err(|error| broken(&error.to_string()))?;
    Ok(ask)
}
