//! Why the view cannot be shown, or stopped being shown.

use std::io;

/// What ended the view, with the caller's next move in each variant.
#[derive(Debug, thiserror::Error)]
pub enum TopError {
    /// Standard output is not a terminal: print one screen instead.
    #[error("standard output is no terminal")]
    NoTerminal,
    /// The terminal does not do what it is told, or nothing can be read from it.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[source] io::Error),
    /// A thread that the view needs cannot be started.
    #[error("cannot start the thread {name:?}")]
    Thread {
        /// What it is called.
        name: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] mltrack::Error),
    /// A thread panicked, which only a bug can bring about; what it said stands before this.
    #[error("a thread of the view panicked")]
    Panicked,
}
