//! Answers of a server for this program itself, which shows something else of them.
//!
//! Invariant: a failure there is a failure here, with the same code, words and hint.

use std::io::{self, Write as _};

use mltrack::Code;
use mltrack_server::command::{CommandAsk, Screen};
use serde_json::Value;

use super::client::Client;
use super::target::Target;
use crate::context::Context;
use crate::failure::{Failure, Outcome};

/// The answer of a command with `--json`, and what it said beside it.
pub fn asked(client: &Client, words: &[&str], context: &Context) -> Outcome<(Value, Vec<u8>)> {
    let ask = CommandAsk {
        arguments: words.iter().map(|word| (*word).to_owned()).collect(),
        screen: Screen {
            told_colour: context.stderr_colour,
            ..Screen::default()
        },
        positions: false,
    };
    let (mut answer, mut said) = (Vec::new(), Vec::new());
    let mut target = Target::Kept(&mut answer, &mut said);
    let code = client.run(&ask, &mut target)?;
    if code == 0 {
        let answer = serde_json::from_slice(&answer).map_err(|error| {
            Failure::new(Code::Network, "the server's answer is no JSON").cause(error)
        })?;
        return Ok((answer, said));
    }
    Err(failure(&said)
        .unwrap_or_else(|| {
            // In words of another version, which are shown as they are.
            let _ = io::stderr().write_all(&said);
            Failure::new(
                Code::Network,
                format!("the server answers with exit code {code}"),
            )
        })
        .into())
}

/// What went wrong there, to be told in the form that is wanted here.
fn failure(said: &[u8]) -> Option<Failure> {
    let said: Value = serde_json::from_slice(said).ok()?;
    let code = Code::ALL.iter().find(|code| said["error"] == code.name())?;
    let part = |name: &str| said[name].as_str().map(str::to_owned);
    Some(Failure {
        code: *code,
        what: part("message")?,
        cause: part("cause"),
        hint: part("hint"),
        is_retryable: said["retryable"].as_bool().unwrap_or(false),
    })
}

/// A text in an answer.
pub fn text(value: &Value) -> Result<String, Failure> {
    value.as_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(
            Code::Network,
            "the server's answer lacks what was asked for",
        )
        .hint("update mltrack there, or here")
    })
}
