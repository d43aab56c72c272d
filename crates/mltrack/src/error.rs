//! The one error of this library: a code, what failed, what to do, and what caused it.
//!
//! Invariant: every error of the crates below becomes a code in exactly one place, here.

use std::error::Error as StdError;
use std::fmt;

use mltrack_event::{
    EncodeError, IdError, MetricKeyError, NameError, RunId, StateError, TimeError,
};
use mltrack_log::LogError;
use mltrack_projector_runs::FindError;
use mltrack_projector_runs::search::{FilterError, Mode, SearchError};

use crate::code::Code;

/// A result of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error at all: what the closure of [`Tracker::run`](crate::Tracker::run) may return.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call failed.
///
/// [`code`](Error::code) says what kind of failure it is, [`hint`](Error::hint) what to do about it, often as a
/// command that can be pasted, and [`source`](StdError::source) what caused it.
pub struct Error {
    // One pointer, so that a `Result` of the logging calls stays small.
    inner: Box<Inner>,
}

struct Inner {
    code: Code,
    message: String,
    hint: Option<String>,
    source: Option<BoxError>,
    is_retryable: bool,
    rewound_to: Option<mltrack_log::Cursor>,
}

impl Error {
    /// An error of this code that says `message`.
    pub fn new(code: Code, message: impl Into<String>) -> Error {
        let (message, is_retryable) = (message.into(), code.is_retryable());
        Error {
            inner: Box::new(Inner {
                code,
                message,
                hint: None,
                source: None,
                is_retryable,
                rewound_to: None,
            }),
        }
    }

    /// The same error with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.inner.hint = Some(hint.into());
        self
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Error {
        self.inner.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn code(&self) -> Code {
        self.inner.code
    }

    /// Whether the same call can succeed later without anybody changing it.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.inner.is_retryable
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }

    /// Where to read on, when an unclean stop has cut off what a tail had seen: what it saw from there on is gone.
    #[must_use]
    pub fn rewound_to(&self) -> Option<mltrack_log::Cursor> {
        self.inner.rewound_to
    }

    /// The same error once more, its causes in words: for who is told of it beside its caller.
    pub(crate) fn again(&self) -> Error {
        let mut again = Error::new(self.code(), format!("{self:#}"));
        again.inner.hint.clone_from(&self.inner.hint);
        again.inner.is_retryable = self.inner.is_retryable;
        again
    }

    /// What the closure of [`Tracker::run`](crate::Tracker::run) failed with becomes the run's error: an error of
    /// ours as it is, any other as the source of a [`Code::CommandFailed`].
    pub(crate) fn of_closure(error: BoxError) -> Error {
        match error.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(other) => Error::new(Code::CommandFailed, other.to_string()).with_source(other),
        }
    }

    pub(crate) fn no_run(id: RunId) -> Error {
        Error::new(Code::NotFound, format!("the store has no run {id}")).with_hint("mltrack runs")
    }

    pub(crate) fn validation(message: impl Into<String>) -> Error {
        Error::new(Code::ValidationError, message)
    }

    /// What is wrong with a filter or an order: in `MLflow`'s mode in its words alone, else with the place underlined.
    pub(crate) fn filter(error: FilterError, mode: Mode) -> Error {
        let message = match mode {
            Mode::Mlflow | Mode::MlflowExperiments => error.message().to_owned(),
            Mode::Full | Mode::Experiments => {
                let lines = error.underlined().replace('\n', "\n  ");
                let character = error.character();
                format!("bad filter at character {character}: {error}\n  {lines}")
            }
        };
        Error::validation(message)
            .with_hint("mltrack help filters")
            .with_source(error)
    }

    pub(crate) fn search(error: SearchError, mode: Mode) -> Error {
        match error {
            SearchError::Filter(error) => Error::filter(error, mode),
            SearchError::Read(error) => {
                Error::new(Code::IoError, "the table of runs cannot be read").with_source(error)
            }
        }
    }

    pub(crate) fn read_only() -> Error {
        Error::new(
            Code::InvalidState,
            "the tracker was opened for reading only",
        )
        .with_hint("open it with Tracker::open, or leave out read_only(true)")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)?;
        // `{:#}` tells the whole story on one line.
        if f.alternate() {
            let mut source = StdError::source(self);
            while let Some(cause) = source {
                write!(f, ": {cause}")?;
                source = cause.source();
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {self:#}", self.code())?;
        match self.hint() {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.inner.source.as_deref()?;
        Some(source)
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Error {
        let (code, hint) = match &error {
            LogError::NotAStore { path } => (
                Code::NotFound,
                Some(format!("mltrack init {}", path.display())),
            ),
            LogError::Format { .. } if error.is_of_newer_program() => {
                (Code::Unsupported, Some("use the newest mltrack".into()))
            }
            LogError::FormatMissing { .. } | LogError::Format { .. } => (
                Code::Corrupt,
                Some("put FORMAT back from where the folder was copied from, or restore a backup; or move the folder away".into()),
            ),
            LogError::Unfinished { .. } => (
                Code::InvalidState,
                Some("let it end, or begin it again: mltrack backup restore; it goes on where it was".into()),
            ),
            LogError::DiskFull { .. } => (
                Code::DiskFull,
                Some("free some space and repeat; runs can still be ended".into()),
            ),
            LogError::ReadOnly { .. } => (
                Code::IoError,
                Some("get the right to write to it, or open it for reading alone".into()),
            ),
            LogError::NoLocks { .. } => (
                Code::Unsupported,
                Some("put the store on a local filesystem".into()),
            ),
            LogError::ControlDamaged { .. } => (
                Code::Corrupt,
                Some("stop the processes that use the store, then open it".into()),
            ),
            LogError::Gone { .. } => (
                Code::StorageError,
                Some("open the store where it is now".into()),
            ),
            LogError::TooLarge { .. } => {
                (Code::ValidationError, Some("split it into several".into()))
            }
            LogError::Conflict { .. } => (Code::Conflict, None),
            LogError::Busy { process, .. } => (
                Code::Busy,
                Some(format!(
                    "see what it waits for: ps -o stat,wchan,args -p {process}"
                )),
            ),
            LogError::Poisoned { .. } => (Code::StorageError, Some("mltrack repair".into())),
            LogError::Corrupt { .. } => (Code::Corrupt, Some("mltrack verify --deep".into())),
            LogError::Rewound { to } => (
                Code::Conflict,
                Some(format!("read again from lsn {}", to.next)),
            ),
            LogError::Closed => (Code::InvalidState, Some("open the tracker again".into())),
            _ => (Code::IoError, None),
        };
        let mut wrapped = Error::new(code, error.to_string());
        if let LogError::Rewound { to } = &error {
            wrapped.inner.rewound_to = Some(*to);
        }
        wrapped.inner.hint = hint;
        wrapped.inner.is_retryable = error.is_retryable();
        // The text of the error is the message; what lies beneath it is the source.
        wrapped.inner.source = beneath(error);
        wrapped
    }
}

fn beneath(error: LogError) -> Option<BoxError> {
    match error {
        LogError::Format { source, .. } => Some(source.into()),
        LogError::ReadOnly { source, .. } | LogError::Io { source, .. } => Some(source.into()),
        _ => None,
    }
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Error {
        Error::new(Code::InvalidState, error.to_string())
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Error {
        Error::new(Code::ValidationError, error.to_string())
    }
}

/// What can only be a wrong argument.
macro_rules! wrong_argument {
    ($($error:ty),+) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Error {
                Error::validation(error.to_string())
            }
        }
    )+};
}

wrong_argument!(NameError, MetricKeyError, IdError, TimeError);

impl From<FindError> for Error {
    fn from(error: FindError) -> Error {
        let message = error.to_string();
        let did_you_mean = |nearest: Option<String>, list: &str| match nearest {
            Some(name) => format!("did you mean {name}?  {list}"),
            None => list.to_owned(),
        };
        match error {
            FindError::NoRun { nearest, .. } => {
                Error::new(Code::NotFound, message).with_hint(did_you_mean(nearest, "mltrack runs"))
            }
            FindError::NoExperiment { nearest, .. } => Error::new(Code::NotFound, message)
                .with_hint(did_you_mean(nearest, "mltrack exp ls")),
            FindError::Ambiguous { candidates, .. } => {
                let ids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
                Error::validation(format!("{message}: {}", ids.join(", "))).with_hint(format!(
                    "mltrack run show {}",
                    ids.first().map_or("", String::as_str)
                ))
            }
            FindError::WhichExperiment { candidates, .. } => {
                let first = candidates.first().map_or("NAME", String::as_str);
                Error::validation(format!("{message}: {}", candidates.join(", ")))
                    .with_hint(format!("mltrack run show {first}/@best"))
            }
            FindError::NoGoal { experiment } => {
                let name = experiment.unwrap_or_else(|| "NAME".into());
                Error::validation(message)
                    .with_hint(format!("mltrack exp new {name} --goal METRIC:min|max"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_a_code_a_hint_and_its_causes_on_one_line() {
        let cause = std::io::Error::other("no such luck");
        let error = Error::new(Code::IoError, "cannot write")
            .with_source(cause)
            .with_hint("try again");
        assert_eq!(error.to_string(), "cannot write");
        assert_eq!(format!("{error:#}"), "cannot write: no such luck");
        assert_eq!(
            format!("{error:?}"),
            "error[IO_ERROR]: cannot write: no such luck\nhint: try again"
        );
        assert!(!error.is_retryable());
    }

    #[test]
    fn an_error_of_the_closure_keeps_its_code_when_it_is_ours() {
        let ours = Error::new(Code::DiskFull, "full");
        assert_eq!(Error::of_closure(Box::new(ours)).code(), Code::DiskFull);
        let other = Error::of_closure("bad luck".into());
        assert_eq!(
            (other.code(), other.to_string()),
            (Code::CommandFailed, "bad luck".into())
        );
    }
}
