//! How far the files of a run were taken.
//!
//! Invariant: a place counts only in the file that it was said of: the last checksum before it must still stand there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::marks::Ends;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    files: BTreeMap<String, FileMark>,
    #[serde(flatten)]
    pub ends: Ends,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileMark {
    at: u64,
    crc: u32,
}

impl Mark {
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
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use mltrack::EndState;

    use super::*;
    use crate::marks;

    #[test]
    fn a_place_counts_only_in_the_file_that_it_was_said_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.out.tfevents.1");
        std::fs::write(&path, b"0123456789").unwrap();
        let mut mark = Mark::default();
        let place = |mark: &Mark| mark.place(&path, &File::open(&path).unwrap()).unwrap();
        assert_eq!(place(&mark), Some(0));
        mark.set(&path, 8, Some(u32::from_le_bytes(*b"4567")));
        let mark: Mark = marks::read(Some(&marks::write(&mark)));
        assert_eq!(place(&mark), Some(8));
        std::fs::write(&path, b"0123x56789").unwrap();
        assert_eq!(place(&mark), None);
        std::fs::write(&path, b"0123").unwrap();
        assert_eq!(place(&mark), None);
    }
    #[test]
    fn a_mark_of_an_earlier_version_is_read_and_written_as_it_was() {
        let text = r#"{"files":{"events.out.tfevents.1":{"at":8,"crc":926299444}},"last_ns":5,"end":[false,7]}"#;
        let mark: Mark = marks::read(Some(text));
        assert_eq!(mark.ends, Ends::new(Some(5), Some((EndState::Failed, 7))));
        assert_eq!(marks::write(&mark), text);
        let text = r#"{"files":{},"last_ns":null,"end":null}"#;
        assert_eq!(marks::write(&Mark::default()), text);
    }
}
