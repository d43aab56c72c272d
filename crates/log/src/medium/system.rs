//! Thin safe wrappers over the system calls that `std` does not offer: relative opens, byte locks, futexes.
//!
//! Every function retries what a signal interrupted and returns the system's error otherwise.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

fn c_string(name: &str) -> io::Result<CString> {
    CString::new(name).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

fn check(result: i64) -> io::Result<i64> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn retry(mut call: impl FnMut() -> i64) -> io::Result<i64> {
    loop {
        match check(call()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// `openat`, close-on-exec.
pub fn open_at(folder: RawFd, name: &str, flags: i32, mode: u32) -> io::Result<File> {
    let name = c_string(name)?;
    // SAFETY: `name` is a C string that outlives the call.
    let descriptor = retry(|| {
        i64::from(unsafe { libc::openat(folder, name.as_ptr(), flags | libc::O_CLOEXEC, mode) })
    })?;
    // SAFETY: the call succeeded, so the descriptor is open and owned by nobody else.
    Ok(unsafe { File::from_raw_fd(descriptor as RawFd) })
}

/// `mkdirat`; an existing folder is fine.
pub fn make_folder_at(folder: RawFd, name: &str, mode: u32) -> io::Result<()> {
    let name = c_string(name)?;
    // SAFETY: `name` is a C string that outlives the call.
    match retry(|| i64::from(unsafe { libc::mkdirat(folder, name.as_ptr(), mode) })) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// `unlinkat`.
pub fn remove_at(folder: RawFd, name: &str) -> io::Result<()> {
    let name = c_string(name)?;
    // SAFETY: `name` is a C string that outlives the call.
    retry(|| i64::from(unsafe { libc::unlinkat(folder, name.as_ptr(), 0) })).map(drop)
}

/// `renameat`, which replaces.
pub fn replace_at(folder: RawFd, from: &str, to: &str) -> io::Result<()> {
    let (from, to) = (c_string(from)?, c_string(to)?);
    // SAFETY: both names are C strings that outlive the call.
    retry(|| i64::from(unsafe { libc::renameat(folder, from.as_ptr(), folder, to.as_ptr()) }))
        .map(drop)
}

/// `renameat2` that never replaces; a hard link and an unlink where the filesystem lacks that flag.
pub fn rename_at(folder: RawFd, from: &str, to: &str) -> io::Result<()> {
    let (from_c, to_c) = (c_string(from)?, c_string(to)?);
    // SAFETY: both names are C strings that outlive the call.
    let renamed = retry(|| {
        i64::from(unsafe {
            libc::renameat2(
                folder,
                from_c.as_ptr(),
                folder,
                to_c.as_ptr(),
                libc::RENAME_NOREPLACE,
            )
        })
    });
    match renamed {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            // SAFETY: as above.
            retry(|| {
                i64::from(unsafe {
                    libc::linkat(folder, from_c.as_ptr(), folder, to_c.as_ptr(), 0)
                })
            })?;
            remove_at(folder, from)
        }
        result => result.map(drop),
    }
}

/// Allocates real blocks, so that a store into the map cannot meet a full disk.
pub fn allocate(file: &File, len: u64) -> io::Result<()> {
    loop {
        // SAFETY: the descriptor is open for writing.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, len as i64) } {
            0 => return Ok(()),
            libc::EINTR => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    }
}

/// Fewer bytes than this are not worth a call for every segment.
const RELEASED_LEN_MIN: u64 = 64 << 10;
/// Blocks are given back in whole pages.
const PAGE_LEN: u64 = 4096;

/// Gives back the blocks behind an offset, up to the end of the file, which keeps its length.
pub fn release(file: &File, offset: u64) -> io::Result<()> {
    let start = offset.next_multiple_of(PAGE_LEN);
    let len = file.metadata()?.len().saturating_sub(start);
    if len < RELEASED_LEN_MIN {
        return Ok(());
    }
    let how = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    // SAFETY: the descriptor is open for writing.
    retry(|| i64::from(unsafe { libc::fallocate(file.as_raw_fd(), how, start as i64, len as i64) }))
        .map(drop)
}

/// Where the filesystem says that data begins, from `offset` on. Blocks that are only set aside are none, unless somebody
/// wrote to them or has looked at them.
pub fn next_data(file: &File, offset: u64) -> u64 {
    let seek = || {
        // SAFETY: the descriptor is open, and the place that this moves is used by nobody.
        unsafe { libc::lseek(file.as_raw_fd(), offset as i64, libc::SEEK_DATA) }
    };
    match retry(seek) {
        Ok(found) => found as u64,
        // Nothing but blank is left.
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => u64::MAX,
        Err(_) => offset,
    }
}

/// How far the times of a file that is touched often may run ahead of the clock, in seconds.
const TOUCH_AHEAD_MAX_S: i64 = 60;

/// Moves both times of a file to now, and in any case to another second than they were in: rsync takes a file of the
/// same size and second for unchanged, so one that was copied, written to and touched in one second would stay behind.
pub fn touch(file: &File) -> io::Result<()> {
    let now = crate::door::wall_time_ns();
    let now_s = now.div_euclid(1_000_000_000);
    let old_s = file.metadata()?.mtime();
    let is_taken = (now_s..now_s + TOUCH_AHEAD_MAX_S).contains(&old_s);
    let time = libc::timespec {
        tv_sec: if is_taken { old_s + 1 } else { now_s },
        tv_nsec: now.rem_euclid(1_000_000_000),
    };
    let times = [time, time];
    // SAFETY: the pointer leads to two times that outlive the call.
    let exact = retry(|| i64::from(unsafe { libc::futimens(file.as_raw_fd(), times.as_ptr()) }));
    if exact.is_ok() {
        return Ok(());
    }
    // Only a file's owner may choose the times; who may write it can still say "now", which a null pointer means.
    // SAFETY: as said, null is allowed.
    retry(|| i64::from(unsafe { libc::futimens(file.as_raw_fd(), std::ptr::null()) })).map(drop)
}

/// The filesystem's magic number.
pub fn filesystem_magic(file: &File) -> io::Result<u32> {
    let mut buffer = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the buffer has the size the call writes.
    retry(|| i64::from(unsafe { libc::fstatfs(file.as_raw_fd(), buffer.as_mut_ptr()) }))?;
    // SAFETY: the call succeeded, so it filled the buffer.
    Ok(unsafe { buffer.assume_init() }.f_type as u32)
}

fn byte_range(kind: i32, first: u64, len: u64) -> libc::flock {
    // SAFETY: an all-zero flock is valid; OFD locks need l_pid to be 0.
    let mut range: libc::flock = unsafe { std::mem::zeroed() };
    range.l_type = kind as i16;
    range.l_whence = libc::SEEK_SET as i16;
    range.l_start = first as i64;
    range.l_len = len as i64;
    range
}

fn ofd_call(file: &File, command: i32, range: &mut libc::flock) -> io::Result<()> {
    // SAFETY: `range` is a valid flock that outlives the call.
    retry(|| {
        i64::from(unsafe { libc::fcntl(file.as_raw_fd(), command, std::ptr::from_mut(range)) })
    })
    .map(drop)
}

/// Tries to lock one byte for this open file description.
pub fn try_lock(file: &File, byte: u64) -> io::Result<bool> {
    match ofd_call(
        file,
        libc::F_OFD_SETLK,
        &mut byte_range(libc::F_WRLCK, byte, 1),
    ) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Unlocks one byte.
pub fn unlock(file: &File, byte: u64) -> io::Result<()> {
    ofd_call(
        file,
        libc::F_OFD_SETLK,
        &mut byte_range(libc::F_UNLCK, byte, 1),
    )
}

/// Whether another open file description holds a byte of the range.
pub fn is_held(file: &File, first: u64, len: u64) -> io::Result<bool> {
    let mut range = byte_range(libc::F_WRLCK, first, len);
    ofd_call(file, libc::F_OFD_GETLK, &mut range)?;
    Ok(i32::from(range.l_type) != libc::F_UNLCK)
}

/// Sleeps on a shared futex word.
pub fn futex_wait(word: &AtomicU32, expected: u32, timeout: Duration) {
    let timeout = libc::timespec {
        tv_sec: timeout.as_secs() as i64,
        tv_nsec: i64::from(timeout.subsec_nanos()),
    };
    // SAFETY: the word is mapped for the life of the reference; the kernel compares it with `expected` itself.
    // Errors (woken, changed, timed out, interrupted) all mean the same to the caller: look again.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            expected,
            &raw const timeout,
        )
    };
}

/// Wakes sleepers on a shared futex word.
pub fn futex_wake(word: &AtomicU32, count: u32) {
    // SAFETY: the word is mapped for the life of the reference.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, count) };
}
