//! How a command stops early, and the form in which people and programs are told.
//!
//! 1. An error is printed once, by [`report`], as `error[CODE]: what`, `cause:`, `hint:`; with
//!    `--json` as one object on stderr. Standard output stays as it was.
//! 2. The exit code comes from the code's row in [`mltrack::Code`], never from the place of failure.
//! 3. A reader that closed the pipe is no error: the command ends quietly.

use std::fmt::{Display, Write as _};
use std::io;

use mltrack::Code;
use serde_json::json;

use crate::output::sink::Unwritten;
use crate::output::style::{Tone, paint};

/// The exit code of a command that was interrupted.
pub const INTERRUPTED: u8 = 130;

/// The next move when an answer cannot be written.
const OUTPUT_HINT: &str = "make room, or name another place: -o FILE";

/// Why a command stopped before its end.
#[derive(Debug)]
pub enum Stop {
    Failed(Box<Failure>),
    /// Whoever read our output has seen enough.
    ReaderGone,
    /// A signal asked for it, and everything accepted so far is kept.
    Interrupted,
}

/// What is said about a failure.
#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    pub what: String,
    pub cause: Option<String>,
    pub hint: Option<String>,
    pub is_retryable: bool,
}

/// How a command ended that did not stop early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// The answer to the question is no.
    No,
    /// As a command ended that was run for somebody.
    Code(u8),
}

pub type Outcome<T = Exit> = Result<T, Stop>;

impl Failure {
    pub fn new(code: Code, what: impl Into<String>) -> Failure {
        Failure {
            code,
            what: what.into(),
            cause: None,
            hint: None,
            is_retryable: false,
        }
    }

    pub fn cause(self, cause: impl Display) -> Failure {
        Failure {
            cause: Some(cause.to_string()),
            ..self
        }
    }

    pub fn hint(self, hint: impl Into<String>) -> Failure {
        Failure {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// A value on the command line that cannot be used.
    pub fn usage(what: impl Into<String>) -> Failure {
        Failure::new(Code::ValidationError, what)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(Box::new(failure))
    }
}

impl From<mltrack::Error> for Failure {
    fn from(error: mltrack::Error) -> Failure {
        Failure::from(&error)
    }
}

impl From<&mltrack::Error> for Failure {
    fn from(error: &mltrack::Error) -> Failure {
        let mut causes = Vec::new();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        let what = error.to_string();
        causes.retain(|cause| !what.contains(cause.as_str()));
        Failure {
            code: error.code(),
            cause: (!causes.is_empty()).then(|| causes.join(": ")),
            hint: error.hint().map(for_shell),
            is_retryable: error.is_retryable(),
            what,
        }
    }
}

/// The next move as one types it: what a program would call is nothing for a shell.
fn for_shell(hint: &str) -> String {
    if hint.starts_with("tracker.resume(") {
        return "log before `mltrack run end`, or begin another run: mltrack run start EXP -q"
            .to_owned();
    }
    hint.to_owned()
}

impl From<mltrack::Error> for Stop {
    fn from(error: mltrack::Error) -> Stop {
        Failure::from(error).into()
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Stop::ReaderGone;
        }
        let failure = match error.downcast::<Unwritten>() {
            Ok(unwritten) => file_failure("write", &unwritten.path, &unwritten.source),
            Err(error) => {
                let code = match error.kind() {
                    io::ErrorKind::StorageFull => Code::DiskFull,
                    _ => Code::IoError,
                };
                Failure::new(code, "cannot write the output").cause(error)
            }
        };
        failure.hint(OUTPUT_HINT).into()
    }
}

/// Names the file in an error of the system.
pub fn file_failure(action: &str, path: &std::path::Path, error: &io::Error) -> Failure {
    // Who wrote may have named the file already.
    let named = error
        .get_ref()
        .and_then(|it| it.downcast_ref::<Unwritten>());
    let error = named.map_or(error, |named| &named.source);
    let code = match error.kind() {
        io::ErrorKind::NotFound => Code::NotFound,
        io::ErrorKind::StorageFull => Code::DiskFull,
        _ => Code::IoError,
    };
    Failure::new(code, format!("cannot {action} {}", path.display())).cause(error)
}

/// The text for stderr.
pub fn report(failure: &Failure, as_json: bool, colour: bool) -> String {
    if as_json {
        let object = json!({
            "error": failure.code.name(),
            "message": failure.what,
            "cause": failure.cause,
            "hint": failure.hint,
            "retryable": failure.is_retryable,
        });
        return format!("{object}\n");
    }
    let head = format!("error[{}]", failure.code.name());
    let mut text = format!("{}: {}\n", paint(&head, Tone::Bad, colour), failure.what);
    for (name, line) in [("cause", &failure.cause), ("hint", &failure.hint)] {
        if let Some(line) = line {
            writeln!(text, "{}: {line}", paint(name, Tone::Dim, colour))
                .expect("writing to a string cannot fail");
        }
    }
    if failure.code == Code::InternalError {
        text.push_str(
            "this is a bug in mltrack: please report the lines above and `mltrack version`\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure::new(Code::NotFound, "no experiment \"resnt\"")
            .cause("there are 3 others")
            .hint("mltrack exp ls")
    }

    #[test]
    fn an_error_has_a_code_a_cause_and_a_hint_on_lines_of_their_own() {
        assert_eq!(
            report(&failure(), false, false),
            "error[NOT_FOUND]: no experiment \"resnt\"\ncause: there are 3 others\nhint: mltrack exp ls\n"
        );
    }

    #[test]
    fn the_json_form_has_every_key_even_when_empty() {
        let text = report(&Failure::usage("bad"), true, true);
        let object: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object["error"], "VALIDATION_ERROR");
        assert_eq!(object["hint"], serde_json::Value::Null);
        assert_eq!(object["retryable"], false);
        assert_eq!(object.as_object().unwrap().len(), 5);
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let stop = Stop::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(stop, Stop::ReaderGone));
    }
}
