//! How far the file of a run was taken.
//!
//! Invariant: a place counts only in the file that it was said of: it must still begin as it did.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crc_fast::{CrcAlgorithm, checksum};
use serde::{Deserialize, Serialize};

use crate::marks::Ends;

/// A file is known by so many of its first bytes.
const BEGIN_LEN_MAX: u64 = 4096;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// What begins before this byte was taken.
    pub at: u64,
    /// So many first bytes have this checksum.
    begin: (u64, u32),
    /// Configuration before this byte was taken with the first chunk.
    pub surveyed: u64,
    /// The end of the file when what waits for it was taken.
    pub flushed: u64,
    /// Saved files that were changed no later were taken.
    pub files_ns: Option<i64>,
    #[serde(flatten)]
    pub ends: Ends,
}

impl Mark {
    /// Whether it speaks of this file.
    pub fn is_of(&self, file: &File) -> io::Result<bool> {
        let len = file.metadata()?.len();
        Ok(self.at <= len && (self.at == 0 || begin(file, self.begin.0)? == self.begin))
    }

    /// The file is taken up to here.
    pub fn set(&mut self, at: u64, file: &File) -> io::Result<()> {
        self.at = at;
        if self.begin.0 < at.min(BEGIN_LEN_MAX) {
            self.begin = begin(file, at)?;
        }
        Ok(())
    }
}

/// The first bytes of a file, at most so many: how many they are, and their checksum.
fn begin(file: &File, len: u64) -> io::Result<(u64, u32)> {
    let len = len.min(BEGIN_LEN_MAX);
    let mut bytes = vec![0; len as usize];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => Ok((len, checksum(CrcAlgorithm::Crc32IsoHdlc, &bytes) as u32)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok((0, 0)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use mltrack::EndState;

    use super::*;
    use crate::marks;

    #[test]
    fn a_place_counts_only_in_the_file_that_it_was_said_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run-a.wandb");
        let is_of = |mark: &Mark| mark.is_of(&File::open(&path).unwrap()).unwrap();
        std::fs::write(&path, b"0123456789").unwrap();
        let mut mark = Mark::default();
        assert!(is_of(&mark));
        mark.set(8, &File::open(&path).unwrap()).unwrap();
        mark.ends = Ends::new(None, Some((EndState::Failed, 5)));
        let mark: Mark = marks::read(Some(&marks::write(&mark)));
        assert_eq!(
            (mark.at, mark.ends.said()),
            (8, Some((EndState::Failed, 5)))
        );
        assert!(is_of(&mark));
        std::fs::write(&path, b"01234567890000").unwrap();
        assert!(is_of(&mark));
        std::fs::write(&path, b"0123x56789").unwrap();
        assert!(!is_of(&mark));
        std::fs::write(&path, b"0123").unwrap();
        assert!(!is_of(&mark));
    }
    #[test]
    fn a_mark_of_an_earlier_version_is_read_and_written_as_it_was() {
        let text = r#"{"at":8,"begin":[8,77],"surveyed":9,"flushed":8,"files_ns":3,"last_ns":5,"end":[true,7]}"#;
        let mark: Mark = marks::read(Some(text));
        assert_eq!((mark.at, mark.surveyed, mark.files_ns), (8, 9, Some(3)));
        let said = Some((EndState::Completed, 7));
        assert_eq!(mark.ends, Ends::new(Some(5), said));
        assert_eq!(marks::write(&mark), text);
    }
}
