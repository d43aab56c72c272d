//! Writing around the system's cache: for bytes that are long, must be durable soon and are seldom read again soon.
//!
//! The system's cache would have to find free memory for all of it, copy into that and write it out later, which costs
//! more than the disk takes, and pushes out what others read.
//!
//! A file that is written like this has no name before it is whole, where the filesystem can do that: so threads that write
//! many files do not wait for one another at the folder of drafts, and nothing is left of one that is killed.
//!
//! Invariants: where the system cannot do it the bytes are written the usual way; what is written is the same either way.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use bytes::Bytes;
use rustix::fs::{AtFlags, CWD, OFlags, fcntl_getfl, fcntl_setfl, linkat};
use rustix::io::Errno;

/// What memory, places and lengths must be a multiple of, on every disk that there is.
const ALIGNMENT: usize = 4096;

/// Shorter bytes are not worth it.
pub(crate) const LEN_MIN: usize = 64 << 10;

thread_local! {
    /// Used again for every object of the thread.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes a new file for [`write`]. `None` where the filesystem has no such files.
pub(crate) fn create(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options.custom_flags(OFlags::DIRECT.bits().cast_signed());
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_unknown(&error) => {
            // Some filesystems make the file before they refuse it.
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(None),
            }
        }
        Err(error) => Err(error),
    }
}

/// Makes a new file without a name for [`write`], on the filesystem of this folder. `None` where there are no such files.
pub(crate) fn create_unnamed(folder: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let flags = OFlags::TMPFILE | OFlags::DIRECT;
    options.write(true);
    options.custom_flags(flags.bits().cast_signed());
    match options.open(folder) {
        Ok(file) => Ok(Some(file)),
        // What a system says to whom these files mean nothing.
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(None),
        Err(error) if is_unknown(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives a file without a name this one, unless that is taken.
pub(crate) fn name(file: &File, path: &Path) -> io::Result<()> {
    // The other way to name a file by its descriptor alone needs a privilege.
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, unnamed, CWD, path, AtFlags::SYMLINK_FOLLOW)?;
    Ok(())
}

/// Writes parts to a file that [`create`] or [`create_unnamed`] made.
pub(crate) fn write(file: &mut File, parts: &[Bytes]) -> io::Result<()> {
    BUFFER.with_borrow_mut(|buffer| {
        let content = aligned(buffer, parts);
        let (body, tail) = content.split_at(content.len() / ALIGNMENT * ALIGNMENT);
        let rest = match file.write(body) {
            Ok(count) => &body[count..],
            Err(error) if is_unknown(&error) => body,
            Err(error) => return Err(error),
        };
        // The end is no whole block: the usual way takes it, and whatever the disk did not.
        let flags = fcntl_getfl(&*file)?;
        fcntl_setfl(&*file, flags.difference(OFlags::DIRECT))?;
        file.write_all(rest)?;
        file.write_all(tail)
    })
}

/// The parts behind each other, where memory is aligned.
fn aligned<'a>(buffer: &'a mut Vec<u8>, parts: &[Bytes]) -> &'a [u8] {
    let len = parts.iter().map(Bytes::len).sum::<usize>();
    if buffer.len() < len + ALIGNMENT {
        buffer.resize(len + ALIGNMENT, 0);
    }
    let start = buffer.as_ptr().align_offset(ALIGNMENT);
    let place = &mut buffer[start..start + len];
    let mut at = 0;
    for part in parts {
        place[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    place
}

fn is_unknown(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    code == Some(Errno::INVAL.raw_os_error()) || code == Some(Errno::OPNOTSUPP.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_gets_one_that_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let Some(mut file) = create_unnamed(folder.path()).unwrap() else {
            return;
        };
        write(&mut file, &[Bytes::from_static(b"whole")]).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let path = folder.path().join("named");
        name(&file, &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        let again = name(&file, &path).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn bytes_of_any_length_are_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        for (number, len) in [0, 1, 4095, 4096, 4097, 70_001, 1 << 20].iter().enumerate() {
            let mut content = vec![0; *len];
            blake3::Hasher::new().finalize_xof().fill(&mut content);
            let path = folder.path().join(number.to_string());
            let Some(mut file) = create(&path).unwrap() else {
                return;
            };
            let parts = [
                Bytes::from_static(b"header"),
                Bytes::copy_from_slice(&content),
            ];
            write(&mut file, &parts).unwrap();
            let found = std::fs::read(&path).unwrap();
            assert!(
                found.starts_with(b"header") && found[6..] == content,
                "{len}"
            );
            let again = create(&path).unwrap_err();
            assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        }
    }
}
