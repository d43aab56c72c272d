//! A file that is fetched from elsewhere: written aside, checked, and only then given its name.
//!
//! Invariants: under its name a file is whole and has the bytes that were wanted, or is not there; a file that could not
//! be written is told as such, whatever the one who fetches makes of it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use mltrack_log::door;

use crate::artifact_new::file_error;
use crate::checkout::{Fetch, Wanted};
use crate::code::Code;
use crate::error::{Error, Result};

/// Bytes on their way into a file.
struct Draft<'a> {
    file: fs::File,
    hasher: blake3::Hasher,
    tell: &'a dyn Fn(u64),
    failure: Option<io::Error>,
}

impl Write for Draft<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes);
        let len = written.map_err(|error| {
            let kind = error.kind();
            self.failure = Some(error);
            io::Error::from(kind)
        })?;
        self.hasher.update(&bytes[..len]);
        (self.tell)(len as u64);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a file aside, and gives it its name when its bytes are those that were wanted.
pub(crate) fn fetch_to(
    file: &Path,
    wanted: &Wanted,
    fetch: &Fetch,
    tell: &dyn Fn(u64),
) -> Result<()> {
    let mut aside = file.as_os_str().to_owned();
    aside.push(format!(".{:016x}.part", door::random_u64()));
    let aside = PathBuf::from(aside);
    let unwritten = |error| file_error(file, "cannot be written", error);
    let fetched = || -> Result<()> {
        let mut draft = Draft {
            file: fs::File::create_new(&aside).map_err(unwritten)?,
            hasher: blake3::Hasher::new(),
            tell,
            failure: None,
        };
        let fetched = fetch(&wanted.name, &mut draft);
        if let Some(error) = draft.failure.take() {
            return Err(unwritten(error));
        }
        fetched?;
        if *draft.hasher.finalize().as_bytes() != wanted.blob.to_bytes() {
            let what = format!("{} did not come as it was stored", wanted.whose);
            return Err(Error::new(Code::ArtifactMismatch, what).with_hint("try again"));
        }
        draft.file.sync_data().map_err(unwritten)?;
        fs::rename(&aside, file).map_err(unwritten)
    };
    let fetched = fetched();
    if fetched.is_err() {
        fs::remove_file(&aside).ok();
    }
    fetched
}
