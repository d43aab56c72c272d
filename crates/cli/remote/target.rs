//! Where the answer of a server goes: to stdout, through a pager, or into a file of this machine.
//!
//! Invariant: a file is made when the first byte for it comes, so that a command that is refused leaves none.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::context::Context;
use crate::failure::{Outcome, file_failure};
use crate::output::Terminal;

pub enum Target<'a> {
    Stdout,
    /// Shown when all of it is there.
    Page(Vec<u8>, Terminal),
    File(PathBuf, Option<File>),
    /// For this program itself: the answer, and what is said beside it.
    Kept(&'a mut Vec<u8>, &'a mut Vec<u8>),
    /// A file that is checked before it gets its name.
    Draft(NamedTempFile, Box<blake3::Hasher>),
}

impl Target<'_> {
    pub fn stdout() -> Self {
        Target::Stdout
    }

    pub fn page(context: &Context) -> Self {
        Target::Page(Vec::new(), context.terminal.clone())
    }

    pub fn file(path: &Path) -> Self {
        Target::File(path.to_owned(), None)
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
                file.write_all(bytes)?;
            }
            Target::File(path, file) => {
                let file = match file {
                    Some(file) => file,
                    None => file.insert(create(path)?),
                };
                file.write_all(bytes)?;
            }
        }
        Ok(())
    }

    /// What was written is where it goes.
    pub fn flush(&mut self) -> Outcome<()> {
        match self {
            Target::File(_, Some(file)) => file.flush()?,
            Target::Draft(file, _) => file.flush()?,
            Target::Stdout | Target::File(_, None) | Target::Page(..) | Target::Kept(..) => {}
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
            Target::File(path, None) if code == 0 => drop(create(&path)?),
            Target::Stdout | Target::File(..) | Target::Kept(..) | Target::Draft(..) => {}
            Target::Page(bytes, terminal) => match std::str::from_utf8(&bytes) {
                Ok(text) => terminal.page(text)?,
                Err(_) => io::stdout().write_all(&bytes)?,
            },
        }
        Ok(())
    }
}

fn create(path: &Path) -> Outcome<File> {
    Ok(File::create(path).map_err(|error| file_failure("create", path, &error))?)
}
