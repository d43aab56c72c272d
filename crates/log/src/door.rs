//! The one door to the wall clock, the monotonic clock and randomness; `clippy.toml` keeps other code from going around it.

use std::time::Instant;

/// Nanoseconds since 1970 by the wall clock. Steps when somebody sets the clock.
pub fn wall_time_ns() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    let now = std::time::SystemTime::now();
    match now.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
    }
}

/// A point on the monotonic clock, for waits and timings.
pub fn monotonic() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    Instant::now()
}

/// Bytes from the operating system's random source.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill_random(&mut bytes);
    bytes
}

#[cfg(target_os = "linux")]
fn fill_random(bytes: &mut [u8]) {
    let mut filled = 0;
    while filled < bytes.len() {
        let rest = &mut bytes[filled..];
        // SAFETY: the pointer and length describe the slice `rest`.
        let got = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        if got > 0 {
            filled += got as usize;
        } else {
            let error = std::io::Error::last_os_error();
            assert!(
                error.kind() == std::io::ErrorKind::Interrupted,
                "getrandom: {error}"
            );
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn fill_random(bytes: &mut [u8]) {
    use std::hash::{BuildHasher, RandomState};
    for chunk in bytes.chunks_mut(8) {
        let word = RandomState::new().hash_one(wall_time_ns()).to_le_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
}

/// Names the machine's present boot; 0 when the system does not say.
pub fn boot() -> u64 {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let digits: String = text
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(16)
        .collect();
    u64::from_str_radix(&digits, 16).unwrap_or(0)
}

/// A random word.
pub fn random_u64() -> u64 {
    u64::from_le_bytes(random_bytes())
}

/// Lets the other threads of the machine go before this one, from now on. Without effect where the system has no way.
pub fn let_others_go_first() {
    /// Low, and not the lowest: a thread that never runs would never let go of what it holds.
    #[cfg(target_os = "linux")]
    const NICE: i32 = 15;
    #[cfg(target_os = "linux")]
    // SAFETY: the call touches no memory; 0 means the calling thread, which Linux schedules on its own.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICE);
    }
}

/// Has the system back memory that is written for the first time soon with large pages, where it knows them: touching a
/// megabyte then costs a fault and not hundreds. Without effect on a small stretch, and where the system has no way.
pub fn prefer_large_pages<T>(memory: &mut [T]) {
    /// What large pages begin at on the machines that have them.
    #[cfg(target_os = "linux")]
    const LARGE_PAGE_LEN: usize = 2 << 20;
    #[cfg(target_os = "linux")]
    const PAGE_LEN: usize = 4096;
    #[cfg(target_os = "linux")]
    {
        let (begin, len) = (memory.as_mut_ptr() as usize, size_of_val(memory));
        let first = begin.next_multiple_of(PAGE_LEN);
        let end = (begin + len) / PAGE_LEN * PAGE_LEN;
        if end.saturating_sub(first) >= LARGE_PAGE_LEN {
            // SAFETY: whole pages of a slice that is borrowed; the advice changes nothing that a program can read.
            unsafe {
                libc::madvise(first as *mut _, end - first, libc::MADV_HUGEPAGE);
            }
        }
    }
    #[cfg(not(target_os = "linux"))]
    drop(memory);
}

/// Gives memory that was let go of back to the system, where the allocator keeps it for later: for programs that stay and
/// have just let go of much. Takes some milliseconds; without effect where the system has no way.
pub fn give_back_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call takes no pointers, may be made from any thread, and moves nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
