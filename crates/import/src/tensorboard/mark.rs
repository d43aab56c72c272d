//! How far the files of a run were taken.
//!
//! Invariant: a place counts only in the file that it was said of: the last checksum before it must still stand there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use mltrack::EndState;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    files: BTreeMap<String, FileMark>,
    /// The time of the last event.
    pub last_ns: Option<i64>,
    /// How the hparams plugin said that the run ended.
    end: Option<(bool, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileMark {
    at: u64,
    crc: u32,
}

impl Mark {
    /// A mark that cannot be read is none: everything is read anew.
    pub fn read(text: Option<&str>) -> Mark {
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    pub fn write(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are JSON")
    }

    /// Where to go on in a file; `None` when it is another one than the mark speaks of.
    pub fn place(&self, path: &Path, file: &File) -> io::Result<Option<u64>> {
        let Some(known) = self.files.get(&name(path)) else {
            return Ok(Some(0));
        };
        if known.at < 4 {
            return Ok(Some(0));
        }
        let mut crc = [0; 4];
        match file.read_exact_at(&mut crc, known.at - 4) {
            Ok(()) if u32::from_le_bytes(crc) == known.crc => Ok(Some(known.at)),
            Ok(()) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The file is taken up to here; `crc` stands before that, if something was read.
    pub fn set(&mut self, path: &Path, at: u64, crc: Option<u32>) {
        let known = self
            .files
            .entry(name(path))
            .or_insert(FileMark { at: 0, crc: 0 });
        known.at = at;
        if let Some(crc) = crc {
            known.crc = crc;
        }
    }

    pub fn end(&self) -> Option<(EndState, i64)> {
        let state = |is_good| {
            if is_good {
                EndState::Completed
            } else {
                EndState::Failed
            }
        };
        self.end.map(|(is_good, time)| (state(is_good), time))
    }

    pub fn set_end(&mut self, end: Option<(EndState, i64)>) {
        self.end = end.map(|(state, time)| (state == EndState::Completed, time));
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_only_in_the_file_that_it_was_said_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.out.tfevents.1");
        std::fs::write(&path, b"0123456789").unwrap();
        let mut mark = Mark::default();
        let place = |mark: &Mark| mark.place(&path, &File::open(&path).unwrap()).unwrap();
        assert_eq!(place(&mark), Some(0));
        mark.set(&path, 8, Some(u32::from_le_bytes(*b"4567")));
        let mark = Mark::read(Some(&mark.write()));
        assert_eq!(place(&mark), Some(8));
        std::fs::write(&path, b"0123x56789").unwrap();
        assert_eq!(place(&mark), None);
        std::fs::write(&path, b"0123").unwrap();
        assert_eq!(place(&mark), None);
    }
}
