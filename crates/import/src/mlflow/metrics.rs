//! Files of metrics: a line for each point, `TIME_MS VALUE STEP`.
//!
//! Invariants: a file is read as a stream, from where its mark says; a line that is no point is said with its place and
//! the lines behind it are read; a last line without an end is not there yet.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::mark::{Mark, hash};
use super::store::{POINTS_MAX, nanoseconds};
use super::tree;
use crate::chunk::Chunk;
use crate::report::Untaken;

/// A line is no longer than this.
const LINE_LEN_MAX: u64 = 64 << 10;
/// So many bytes before a mark must still stand there.
const KNOWN_LEN: u64 = 64;

/// The metrics of a run.
#[derive(Debug)]
pub(super) struct Metrics {
    files: Vec<(String, PathBuf)>,
    at: usize,
}

/// A point as a line says it: time in milliseconds, value, step.
type Line = (i64, f64, i64);

impl Metrics {
    pub fn of(folder: &Path, said: &mut Vec<Untaken>) -> Metrics {
        Metrics {
            files: tree::files(folder, said),
            at: 0,
        }
    }

    /// Reads until the chunk is full. False when there is no more.
    pub fn read(&mut self, mark: &mut Mark, chunk: &mut Chunk, said: &mut Vec<Untaken>) -> bool {
        while let Some((name, path)) = self.files.get(self.at) {
            let read = read_file(name, path, mark, chunk, said);
            if let Err(error) = &read {
                let why = format!("cannot be read: {error}");
                said.push(Untaken::damaged("metric", path.to_string_lossy(), &why));
            }
            if matches!(read, Ok(true)) {
                return true;
            }
            self.at += 1;
        }
        false
    }
}

/// Whether the chunk is full before the file is at its end.
fn read_file(
    name: &str,
    path: &Path,
    mark: &mut Mark,
    chunk: &mut Chunk,
    said: &mut Vec<Untaken>,
) -> io::Result<bool> {
    let file = File::open(path)?;
    let (begun, known) = mark.files.get(name).copied().unwrap_or((0, 0));
    if begun > 0 && known_hash(&file, begun)? != Some(known) {
        let why = "it says something else now than when it was imported; mltrack rm the run and import it anew";
        said.push(Untaken::refused("metric", path.to_string_lossy(), why));
        return Ok(false);
    }
    if file.metadata()?.len() == begun {
        return Ok(false);
    }
    let mut input = BufReader::with_capacity(1 << 16, file);
    input.seek(SeekFrom::Start(begun))?;
    let slot = chunk.points.slot(name);
    let (mut at, mut line) = (begun, Vec::new());
    let is_full = loop {
        if chunk.points.len() >= POINTS_MAX {
            break true;
        }
        line.clear();
        let read = input
            .by_ref()
            .take(LINE_LEN_MAX)
            .read_until(b'\n', &mut line)? as u64;
        let place = || format!("{} at byte {at}", path.display());
        if read > 0 && line.last() != Some(&b'\n') {
            said.push(if read == LINE_LEN_MAX {
                let why = "a line that is too long for a point";
                Untaken::damaged("the rest of the file", place(), why)
            } else {
                let why = "it has no end: it is not written yet, or its writer was killed";
                Untaken::noted("the last line", place(), why)
            });
            break false;
        }
        if read == 0 {
            break false;
        }
        match parse(&line) {
            Ok((milliseconds, value, step)) => {
                let time_ns = nanoseconds(milliseconds);
                mark.see(time_ns);
                chunk.points.push(slot, step, time_ns, value);
            }
            Err(why) => said.push(Untaken::damaged("point", place(), why)),
        }
        at += read;
    };
    chunk.len_read += at - begun;
    if let Some(hash) = known_hash(input.get_ref(), at)? {
        mark.files.insert(name.to_owned(), (at, hash));
    }
    Ok(is_full)
}

/// A hash of what stands before a place; `None` when the file is shorter.
fn known_hash(file: &File, at: u64) -> io::Result<Option<u32>> {
    let mut bytes = [0; KNOWN_LEN as usize];
    let bytes = &mut bytes[..at.min(KNOWN_LEN) as usize];
    match file.read_exact_at(bytes, at - bytes.len() as u64) {
        Ok(()) => Ok(Some(hash(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// A line of two, three or five words: the oldest have no step, and points of models name a dataset, too.
fn parse(line: &[u8]) -> Result<Line, &'static str> {
    let text = std::str::from_utf8(line).map_err(|_| "it is no UTF-8")?;
    let words: Vec<&str> = text.trim().split(' ').collect();
    if !matches!(words.len(), 2 | 3 | 5) {
        return Err("it is not a time, a value and a step");
    }
    let time = words[0]
        .parse()
        .map_err(|_| "its time is no whole number")?;
    let value = words[1].parse().map_err(|_| "its value is no number")?;
    let step = words.get(2).map_or(Ok(0), |step| step.parse());
    Ok((
        time,
        value,
        step.map_err(|_| "its step is no whole number")?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written() {
        for (line, wanted) in [
            ("17 0.5 -3\n", (17, 0.5, -3)),
            ("17 1e-320\n", (17, 1e-320, 0)),
            ("17 -inf 9\n", (17, f64::NEG_INFINITY, 9)),
            ("17 0.5 4 train abc\n", (17, 0.5, 4)),
        ] {
            assert_eq!(parse(line.as_bytes()), Ok(wanted), "{line}");
        }
        assert!(parse(b"17 nan 1\n").unwrap().1.is_nan());
        for line in ["", "17", "x 1 1", "17 x 1", "17 1 x", "17 1 1 1", "\u{0}"] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
        assert!(parse(b"17 \xff 1\n").is_err());
    }

    #[test]
    fn a_file_is_read_from_its_mark_on_and_past_lines_that_are_no_points() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loss");
        std::fs::write(&path, "1 0.5 1\nnonsense\n2 0.25 2\n3 0.1").unwrap();
        let (mut mark, mut chunk, mut said) = (Mark::default(), Chunk::default(), Vec::new());
        let read = |mark: &mut Mark, chunk: &mut Chunk, said: &mut Vec<Untaken>| {
            assert!(!Metrics::of(folder.path(), said).read(mark, chunk, said));
        };
        read(&mut mark, &mut chunk, &mut said);
        assert_eq!((chunk.points.len(), said.len()), (2, 2), "{said:?}");
        std::fs::write(&path, "1 0.5 1\nnonsense\n2 0.25 2\n3 0.125 3\n").unwrap();
        read(&mut mark, &mut chunk, &mut said);
        assert_eq!((chunk.points.len(), said.len()), (3, 2), "{said:?}");
        std::fs::write(&path, "1 0.5 1\nnonsense\n2 0.75 2\n3 0.125 4\n4 1 4\n").unwrap();
        read(&mut mark, &mut chunk, &mut said);
        assert_eq!((chunk.points.len(), said.len()), (3, 3), "{said:?}");
    }
}
