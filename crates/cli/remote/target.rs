//! Where the answer of a server goes: to stdout, through a pager, or into a file of this machine.
//!
//! Invariants: a file is made when the first byte for it comes, so that a command that is refused leaves none; it gets its
//! name when the whole answer came, unless it is one that grows until somebody has seen enough.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::rows::Way;
use crate::context::Context;
use crate::failure::{Outcome, file_failure};
use crate::output::{Sink, Terminal};

pub enum Target<'a> {
    Stdout,
    /// Shown when all of it is there.
    Page(Vec<u8>, Terminal),
    File(FileTarget),
    /// For this program itself: the answer, and what is said beside it.
    Kept(&'a mut Vec<u8>, &'a mut Vec<u8>),
    /// A file that is checked before it gets its name.
    Draft(NamedTempFile, Box<blake3::Hasher>),
}

/// A file of this machine.
pub struct FileTarget {
    path: PathBuf,
    /// The exit codes behind an answer that is whole; without any it grows.
    whole: &'static [u8],
    sink: Option<Sink>,
}

/// Commands that look write their answer before they say that something in it is damaged, or that a part failed.
const ANSWERED: &[u8] = &[0, 1, 5, 7];
const STREAMED: &[u8] = &[0];

impl FileTarget {
    fn begun(&mut self) -> Outcome<&mut Sink> {
        let sink = match self.sink.take() {
            Some(sink) => sink,
            None if self.whole.is_empty() => Sink::growing(Some(&self.path))?,
            None => Sink::to(Some(&self.path))?,
        };
        Ok(self.sink.insert(sink))
    }

    fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        let is_growing = self.whole.is_empty();
        let sink = self.begun()?;
        sink.write_all(bytes)?;
        if is_growing {
            sink.flush()?;
        }
        Ok(())
    }

    fn finish(mut self, code: u8) -> Outcome<()> {
        if code == 0 {
            self.begun()?;
        }
        match self.sink {
            Some(sink) if self.whole.is_empty() || self.whole.contains(&code) => sink.keep(),
            _ => Ok(()),
        }
    }
}

impl Target<'_> {
    pub fn stdout() -> Self {
        Target::Stdout
    }

    pub fn page(context: &Context) -> Self {
        Target::Page(Vec::new(), context.terminal.clone())
    }

    /// The file of a command of this kind.
    pub fn file(path: &Path, way: Way) -> Self {
        Target::File(FileTarget {
            path: path.to_owned(),
            whole: match way {
                Way::Streams => STREAMED,
                _ => ANSWERED,
            },
            sink: None,
        })
    }

    /// The file of a command that goes on.
    pub fn growing(path: &Path) -> Self {
        Target::File(FileTarget {
            path: path.to_owned(),
            whole: &[],
            sink: None,
        })
    }

    /// Bytes of the answer.
    pub fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        match self {
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()?;
            }
            Target::Page(text, _) => text.extend_from_slice(bytes),
            Target::Kept(text, _) => text.extend_from_slice(bytes),
            Target::Draft(file, hasher) => {
                hasher.update(bytes);
                file.write_all(bytes)
                    .map_err(|error| file_failure("write", file.path(), &error))?;
            }
            Target::File(file) => file.write(bytes)?,
        }
        Ok(())
    }

    /// What was written is where it goes.
    pub fn flush(&mut self) -> Outcome<()> {
        match self {
            Target::File(FileTarget {
                sink: Some(sink), ..
            }) => sink.flush()?,
            Target::Draft(file, _) => file.flush()?,
            Target::Stdout | Target::File(_) | Target::Page(..) | Target::Kept(..) => {}
        }
        Ok(())
    }

    /// What is said beside the answer.
    pub fn tell(&mut self, bytes: &[u8]) {
        match self {
            Target::Kept(_, said) => said.extend_from_slice(bytes),
            // Whether anybody listens there changes nothing about the answer.
            _ => drop(io::stderr().lock().write_all(bytes)),
        }
    }

    /// The answer is complete.
    pub fn finish(self, code: u8) -> Outcome<()> {
        match self {
            Target::File(file) => file.finish(code)?,
            Target::Stdout | Target::Kept(..) | Target::Draft(..) => {}
            Target::Page(bytes, terminal) => match std::str::from_utf8(&bytes) {
                Ok(text) => terminal.page(text)?,
                Err(_) => io::stdout().write_all(&bytes)?,
            },
        }
        Ok(())
    }
}
