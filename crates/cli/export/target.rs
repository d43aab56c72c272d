//! Where an export goes and in which format, who is told how far it is, and who may stop it.
//!
//! Invariants: what is named with `-o` is replaced when all of it is written and not before; a signal removes what was
//! written by then; what is no text is not written to a terminal.

use std::cell::RefCell;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use clap::ValueEnum;
use mltrack::Code;
use mltrack_export::{Error, NewFile};

use crate::context::{Context, now_ns};
use crate::failure::{Failure, Outcome, Stop, file_failure};
use crate::interrupt::tell_of_interrupt;
use crate::output::items::{Envelope, ItemForm, ItemWriter};
use crate::output::progress::Progress;
use crate::output::quantity::{bytes, took};
use crate::output::sink::{Named, begin, named};

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "ndjson")]
    pub format: Format,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Target {
    /// The file that was named.
    pub fn output(&self) -> Option<&Path> {
        named(self.output.as_deref())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
    /// One JSON document
    Json,
    /// Parquet, compressed with zstd
    Parquet,
    /// A database with tables, indexes and views; with -o
    Sqlite,
}

pub type Out = Box<dyn Write + Send>;

/// What is written, and what becomes of it.
pub struct Place(Option<NewFile>);

/// Tells how far an export is, and whether it is wanted still. A clone is the same course.
#[derive(Clone)]
pub struct Course {
    told: Rc<RefCell<Told>>,
    is_unwanted: Arc<AtomicBool>,
    begun_ns: i64,
}

struct Told {
    progress: Option<Progress>,
    done: u64,
}

impl Format {
    /// Of the formats that the command line writes by itself.
    pub fn item_form(self) -> Option<ItemForm> {
        match self {
            Format::Ndjson => Some(ItemForm::Ndjson),
            Format::Csv => Some(ItemForm::Csv),
            Format::Json => Some(ItemForm::Json(Vec::new())),
            Format::Parquet | Format::Sqlite => None,
        }
    }
}

impl Place {
    /// A file, or stdout.
    pub fn open(path: Option<&Path>) -> Outcome<Place> {
        let file = path.map(begin).transpose();
        Ok(Place(file?))
    }

    /// The same for what is no text.
    pub fn open_for_bytes(path: Option<&Path>, context: &Context) -> Outcome<Place> {
        if path.is_none() && context.terminal.is_watched {
            return Err(
                Failure::usage("a Parquet file is nothing for a terminal to show")
                    .hint("name a file with -o, or a program with |")
                    .into(),
            );
        }
        Place::open(path)
    }

    /// Where to write.
    pub fn out(&self) -> Outcome<Out> {
        let Some(file) = &self.0 else {
            return Ok(Box::new(BufWriter::with_capacity(1 << 16, io::stdout())));
        };
        let handle = Named::new(file.file().map_err(stop)?, file.target());
        Ok(Box::new(BufWriter::with_capacity(1 << 18, handle)))
    }

    /// What it is called.
    pub fn name(&self) -> PathBuf {
        let name = self.0.as_ref().map(NewFile::target);
        name.unwrap_or(Path::new("stdout")).to_owned()
    }

    /// Items to it.
    pub fn items(&self, form: ItemForm, fields: &[&str]) -> Outcome<ItemWriter<Out>> {
        let writer = ItemWriter::new(form, fields, self.out()?);
        Ok(writer.expect("no fields were asked for by name"))
    }

    /// All of it is written.
    pub fn keep(self) -> Outcome<()> {
        match self.0 {
            Some(file) => file.keep().map_err(stop),
            None => Ok(()),
        }
    }
}

/// Ends a document, and puts it in its place.
pub fn finish_items(writer: ItemWriter<Out>, lsn: u64, place: Place) -> Outcome<()> {
    let total = writer.count();
    writer.finish(&Envelope {
        total,
        lsn,
        next: serde_json::Value::Null,
    })?;
    place.keep()
}

/// The file of a format that is no stream.
pub fn file_of<'a>(output: Option<&'a Path>, format: &str) -> Outcome<&'a Path> {
    output.ok_or_else(|| {
        Failure::usage(format!(
            "{format} is a file that is not written from end to end"
        ))
        .hint("name it with -o FILE, on the machine that has the store")
        .into()
    })
}

impl Course {
    /// Begins. A file that is written can be given up; what goes to stdout is gone when the process is.
    pub fn new(
        noun: &'static str,
        total: Option<u64>,
        is_file: bool,
        context: &Context,
    ) -> Outcome<Course> {
        let is_unwanted = Arc::new(AtomicBool::new(false));
        if is_file {
            let flag = Arc::clone(&is_unwanted);
            tell_of_interrupt(move || flag.store(true, Relaxed))?;
        }
        let told = Told {
            progress: Some(Progress::new("exporting", noun, total, context)),
            done: 0,
        };
        Ok(Course {
            told: Rc::new(RefCell::new(told)),
            is_unwanted,
            begun_ns: now_ns(),
        })
    }

    /// So many more are done. Errors: [`Error::Stopped`].
    pub fn more(&self, count: u64) -> Result<(), Error> {
        let told = &mut *self.told.borrow_mut();
        told.done += count;
        if let Some(progress) = &mut told.progress {
            progress.at(told.done);
        }
        if self.is_unwanted.load(Relaxed) {
            return Err(Error::Stopped);
        }
        Ok(())
    }

    /// Says beside the answer what was written.
    pub fn note(self, what: &str, path: &Path, context: &Context) {
        let took = took(now_ns() - self.begun_ns);
        drop(self.told.borrow_mut().progress.take());
        let len = std::fs::metadata(path).map_or(0, |known| known.len());
        let size = if path.is_file() {
            format!("  {}", bytes(len))
        } else {
            String::new()
        };
        context.note(&format!("{what} -> {}{size}  {took}", path.display()));
    }
}

const ROOM_HINT: &str =
    "nothing was left behind, and what was there before still is: make room, or name another place";

/// As the command line tells it.
pub fn stop(error: Error) -> Stop {
    match error {
        Error::Store(error) => error.into(),
        Error::Stopped => Stop::Interrupted,
        Error::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => Stop::ReaderGone,
        Error::Io {
            doing,
            path,
            source,
        } => {
            let failure = file_failure(doing, &path, &source);
            match failure.code {
                Code::DiskFull => failure.hint(ROOM_HINT).into(),
                _ => failure.into(),
            }
        }
        Error::Occupied(_) => Failure::new(Code::Conflict, error.to_string())
            .hint("name a folder that is not there yet, or an empty one")
            .into(),
        Error::Special(_) => Failure::usage(error.to_string())
            .hint("a database is written to a file: -o FILE.sqlite")
            .into(),
        Error::Column { ref known, .. } => Failure::usage(error.to_string())
            .cause(format!("the columns are {}", known.join(", ")))
            .hint("leave --cols out for the usual ones")
            .into(),
        Error::Format { .. } => Failure::new(Code::InternalError, error.to_string()).into(),
    }
}
