//! What a server tells on stderr while it runs.
//!
//! Invariant: every line belongs to one event; with `--log-format json` it is one object.

use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// Requests that the server failed at
    Error,
    /// What went wrong or took long
    Warn,
    /// Refused callers, too
    Info,
    /// Every request
    Debug,
    /// Everything
    Trace,
}

impl Level {
    fn filter(self) -> LevelFilter {
        match self {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
            Level::Trace => LevelFilter::TRACE,
        }
    }
}

/// Begins to tell. What libraries say is told only when it is a warning.
pub fn begin(format: Format, level: Level) {
    let filter = Targets::new()
        .with_default(level.filter().min(LevelFilter::WARN))
        .with_target("mltrack", level.filter())
        .with_target("mltrack_server", level.filter());
    let registry = tracing_subscriber::registry().with(filter);
    let begun = match format {
        Format::Text => registry
            .with(
                fmt::layer()
                    .with_writer(io::stderr)
                    .with_ansi(false)
                    .with_target(false),
            )
            .try_init(),
        Format::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(io::stderr),
            )
            .try_init(),
    };
    // A process has one command, so nobody else has begun.
    drop(begun);
}
