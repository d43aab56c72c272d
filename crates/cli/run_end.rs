//! `mltrack run end`: ends a run for everybody who logs to it.

use clap::ValueEnum;
use mltrack::{EndState, RunError};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At};
use crate::store;

/// End a run, for all who log to it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running
    #[arg(value_name = "RUN")]
    run: String,
    /// How it ended
    #[arg(long, value_name = "STATE", default_value = "completed")]
    state: End,
    /// What went wrong, or why it was cancelled
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum End {
    Completed,
    Failed,
    Cancelled,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            End::Completed => "completed",
            End::Failed => "failed",
            End::Cancelled => "cancelled",
        }
    }
}

impl From<End> for EndState {
    fn from(end: End) -> EndState {
        match end {
            End::Completed => EndState::Completed,
            End::Failed => EndState::Failed,
            End::Cancelled => EndState::Cancelled,
        }
    }
}

fn error_of(kind: &str, text: &str) -> RunError {
    RunError {
        kind: kind.to_owned(),
        message: text.to_owned(),
        trace: None,
        cause: None,
        recoverable: false,
    }
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if arguments.state == End::Completed && arguments.error.is_some() {
        return Err(Failure::usage("a completed run has no error")
            .hint("mltrack run end RUN --state failed --error TEXT")
            .into());
    }
    let tracker = store::open_to_write(context)?;
    let (row, _) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let word = arguments.state.word();
    if arguments.dry_run {
        context.note(&format!("would end run {} as {word}", row.title()));
        return Ok(Exit::Done);
    }
    let error = match (arguments.state, &arguments.error) {
        (End::Completed, _) | (_, None) => None,
        (_, Some(text)) => Some(error_of(word, text)),
    };
    tracker.end_run(row.run_id, arguments.state.into(), error)?;
    context.note(&format!("run {} is {word}", row.title()));
    Ok(Exit::Done)
}
