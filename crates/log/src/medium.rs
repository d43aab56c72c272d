//! The I/O beneath the log, small enough to be faked: a folder of files, a shared page, byte locks.
//!
//! Crash and fault tests run the real append and recovery code over the memory medium; nothing above this trait
//! touches the operating system, except through `door`.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use crate::codec::checkpoint::FolderIdentity;
use crate::control::ControlPage;

#[cfg(target_os = "linux")]
pub mod folder;
#[cfg(target_os = "linux")]
pub mod fork;
pub mod memory;
#[cfg(any(test, not(target_os = "linux")))]
pub mod portable;
#[cfg(target_os = "linux")]
mod system;

/// How much a filesystem can be trusted with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// Segments are mapped: ext4, xfs, tmpfs.
    Mapped,
    /// Segments are written by pwrite, only ctl is mapped: btrfs, zfs, overlay.
    Written,
    /// No locks, no shared pages: every process writes a spool.
    SpoolOnly,
}

/// How to open a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// For reading.
    Read,
    /// For reading and writing at offsets; the file exists.
    Write,
    /// A new file with this many bytes allocated; fails when the name is taken.
    Create(u64),
}

/// A folder that holds a store.
pub trait Medium: Send + Sync {
    /// The folder's path, for messages.
    fn path(&self) -> PathBuf;

    /// What the filesystem can be trusted with.
    fn trust(&self) -> Trust;

    /// Opens a file by its name relative to the folder.
    fn open(&self, name: &str, mode: Mode) -> io::Result<Arc<dyn MediumFile>>;

    /// Opens an existing segment for the append path: mapped where the filesystem allows.
    fn open_segment(&self, name: &str) -> io::Result<Arc<dyn MediumFile>>;

    /// File names in a folder of the store, sorted; empty when the folder is not there.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Makes a folder unless it is there.
    fn make_folder(&self, name: &str) -> io::Result<()>;

    /// Renames without ever replacing.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Renames and takes the place of a file that has the new name, in one step.
    fn replace(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes names durable.
    fn sync_folder(&self) -> io::Result<()>;

    /// Device and inode of LOCK.
    fn identity(&self) -> io::Result<FolderIdentity>;

    /// Whether the path still leads to this folder and LOCK.
    fn is_in_place(&self) -> bool;

    /// Maps ctl, making it when asked.
    fn control(&self, is_writable: bool) -> io::Result<Arc<dyn Control>>;

    /// Tries to lock a byte of LOCK for this handle.
    fn try_lock(&self, byte: u64) -> io::Result<bool>;

    /// Unlocks a byte of LOCK.
    fn unlock(&self, byte: u64) -> io::Result<()>;

    /// Whether any other handle, in any process, holds a byte of the range.
    fn is_held(&self, first: u64, len: u64) -> io::Result<bool>;

    /// A folder that outlives a killed process but does not stand still when the disk does; for spools.
    /// Whoever only looks for spools does not make it.
    fn volatile(&self, _is_made: bool) -> Option<Arc<dyn Medium>> {
        None
    }

    /// A page in the volatile folder that the processes of this user share, for a lock in front of the append lock.
    fn gate(&self, _name: &str) -> Option<Arc<dyn Control>> {
        None
    }

    /// Removes that page, and the volatile folder when nothing else is in it. Those that have it mapped keep it.
    fn remove_gate(&self, _name: &str) {}

    /// Another handle on the same folder, with locks of its own.
    fn reopen(&self) -> io::Result<Arc<dyn Medium>>;
}

/// An open file.
#[expect(
    clippy::len_without_is_empty,
    reason = "a file's length can fail to be known"
)]
pub trait MediumFile: Send + Sync {
    /// The file's length.
    fn len(&self) -> io::Result<u64>;

    /// Copies bytes out; fewer than asked for only at the end of the file.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Copies bytes in.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes everything written so far durable. After an error the bytes are lost: never try again.
    fn sync(&self) -> io::Result<()>;

    /// Moves the modification time, which stores into a map do not.
    fn touch(&self) -> io::Result<()>;

    /// Gives the blocks behind `offset` back: the file keeps its length and reads as zeros there. Nobody may need the
    /// bytes any more, nor write there again. A hint.
    fn release(&self, offset: u64);

    /// Where, from `offset` on, the first byte can be that is not zero; behind the file's end when there is none. What
    /// was never written need not be read to know that. `offset` itself where the filesystem cannot tell.
    fn next_data(&self, offset: u64) -> u64 {
        offset
    }

    /// Makes a range writable without a page fault. A hint.
    fn populate(&self, offset: u64, len: u64);
}

/// The shared page, and waiting on its words.
pub trait Control: Send + Sync {
    /// The page. Every value in it can be anything at any time: check before use.
    fn page(&self) -> &ControlPage;

    /// Whether stores into the page are possible: a reader without the right to write must poll.
    fn is_writable(&self) -> bool;

    /// Sleeps until the word is woken, or is not `expected`, or the time is over.
    fn wait(&self, word: &AtomicU32, expected: u32, timeout: Duration);

    /// Wakes up to `count` sleepers.
    fn wake(&self, word: &AtomicU32, count: u32);
}

/// Reads a whole file, up to `len_max` bytes; `None` when there is no such file.
pub fn read_file(medium: &dyn Medium, name: &str, len_max: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match medium.open(name, Mode::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = vec![0; len_max.min(usize::try_from(file.len()?).unwrap_or(usize::MAX))];
    let len = read_full(&*file, &mut bytes, 0)?;
    bytes.truncate(len);
    Ok(Some(bytes))
}

/// Fills `bytes` as far as the file goes.
pub fn read_full(file: &dyn MediumFile, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
