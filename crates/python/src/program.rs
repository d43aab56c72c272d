//! The command line, in the process of an interpreter.
//!
//! Invariants: it ends as the binary does, with the same codes, also when it panics; what interpreters do otherwise for
//! the streams of a process is done here, what they do for its signals and variables in `_program.py`.

use std::ffi::OsString;
use std::io;
use std::os::fd::IntoRawFd as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use mltrack_cli::Program;
use pyo3::prelude::*;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, fcntl_getfd};
use rustix::stdio::{stderr, stdin, stdout};

/// What a program in Rust ends with that panics.
const PANICKED: u8 = 101;

/// Does what a command line says, the first word of which is the program's own; gives the exit code. `interpreter`, given
/// `arguments` and the words after the first, does the same in a process of its own; `code` is the file of this module.
#[pyfunction]
pub fn main(
    py: Python<'_>,
    words: Vec<OsString>,
    interpreter: PathBuf,
    arguments: Vec<OsString>,
    code: PathBuf,
) -> PyResult<u8> {
    py.detach(|| {
        open_streams()?;
        let program = Program::run_by(interpreter, arguments, code);
        // The words about it are on stderr already.
        let ended = catch_unwind(AssertUnwindSafe(|| mltrack_cli::run(&words, program)));
        Ok(ended.unwrap_or(PANICKED))
    })
}

/// Programs in Rust are started with streams that lead nowhere in place of closed ones. Without, the next file to be
/// opened would be one of them, and what is printed would go into the store.
fn open_streams() -> io::Result<()> {
    for stream in [stdin(), stdout(), stderr()] {
        if fcntl_getfd(stream) == Err(Errno::BADF) {
            // The lowest free number is this stream's, and stays so for the rest of the process.
            let nowhere = open("/dev/null", OFlags::RDWR, Mode::empty())?;
            let _ = nowhere.into_raw_fd();
        }
    }
    Ok(())
}
