//! `mltrack artifact cat`: the bytes of an artifact, to standard output or a file.
//!
//! Invariant: what is written is what was logged: each part is checked before it is written.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::str::FromStr;

use mltrack::Code;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At};
use crate::output::sink::{Sink, named};
use crate::store;

/// Write the bytes of an artifact to standard output
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack artifact cat @last report.md
  mltrack artifact cat @last 'ckpt/*@best' -o best.pt
  mltrack artifact cat @last train.log --bytes 1000..2000")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running
    #[arg(value_name = "RUN")]
    run: String,
    /// Its path, with @v2, @latest or @best behind it for another version than the newest
    #[arg(value_name = "PATH")]
    path: String,
    /// Only these bytes, from 0; the last one is not among them
    #[arg(long, value_name = "A..B")]
    bytes: Option<ByteRange>,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Bytes from `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ByteRange {
    start: u64,
    end: u64,
}

impl FromStr for ByteRange {
    type Err = String;

    fn from_str(text: &str) -> Result<ByteRange, String> {
        let refused = || format!("{text:?} is no range of bytes: give 0..100, 100.. or ..100");
        let (start, end) = text.split_once("..").ok_or_else(refused)?;
        let number = |text: &str, empty: u64| match text {
            "" => Ok(empty),
            digits => digits.parse().map_err(|_| refused()),
        };
        let (start, end) = (number(start, 0)?, number(end, u64::MAX)?);
        if start > end {
            return Err(refused());
        }
        Ok(ByteRange { start, end })
    }
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_look(context)?;
    let (row, _) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let artifact = tracker.artifact(row.run_id, &arguments.path)?;
    let mut reader = tracker.open_artifact(&artifact)?;
    let range = arguments.bytes.unwrap_or(ByteRange {
        start: 0,
        end: u64::MAX,
    });
    reader.seek(SeekFrom::Start(range.start))?;
    let mut sink = Sink::to(named(arguments.output.as_deref()))?;
    let mut part = reader.take(range.end - range.start);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = part
            .read(&mut buffer)
            .map_err(|error| unreadable(&arguments.path, &error))?;
        if count == 0 {
            break;
        }
        sink.write_all(&buffer[..count])?;
    }
    sink.keep()?;
    Ok(Exit::Done)
}

fn unreadable(path: &str, error: &io::Error) -> Failure {
    Failure::new(
        Code::ArtifactMismatch,
        format!("{path}: its bytes cannot be read"),
    )
    .cause(error)
    .hint("mltrack verify --artifacts --repair URL  (of a root that has them)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_bytes_may_lack_an_end() {
        for (text, start, end) in [
            ("1..5", 1, 5),
            ("..5", 0, 5),
            ("5..", 5, u64::MAX),
            ("..", 0, u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(ByteRange { start, end }));
        }
        for text in ["", "5", "5..1", "a..b", "-1..5"] {
            assert!(text.parse::<ByteRange>().is_err(), "{text}");
        }
    }
}
