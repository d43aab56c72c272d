//! What a forked child must do before any other code runs: let go of its parent's locks.
//!
//! An open-file-description lock lives as long as any descriptor of it, in any process. A sleeping child of a killed
//! trainer would keep the trainer's liveness byte, and with it the run, alive. So the child replaces every registered
//! descriptor by one of `/dev/null` (the numbers stay taken, so later closes do no harm) and counts a generation,
//! by which inherited handles know that they are inherited. This is the library's one global hook.

use std::io;
use std::os::fd::RawFd;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64};

/// More handles than this in one process are refused.
const HANDLE_COUNT_MAX: usize = 4096;
const FREE: RawFd = -1;

static GENERATION: AtomicU64 = AtomicU64::new(0);
static PROCESS: AtomicU32 = AtomicU32::new(0);
static NULL: AtomicI32 = AtomicI32::new(FREE);
static LOCKS: [AtomicI32; HANDLE_COUNT_MAX] = [const { AtomicI32::new(FREE) }; HANDLE_COUNT_MAX];

/// How many forks lie between this process and the one that started the program.
pub fn generation() -> u64 {
    GENERATION.load(Relaxed)
}

/// This process's id. Asked for once per process, because the append path names the holder at every call.
pub fn process_id() -> u32 {
    match PROCESS.load(Relaxed) {
        0 => {
            let id = std::process::id();
            PROCESS.store(id, Relaxed);
            id
        }
        id => id,
    }
}

/// A lock descriptor that forked children will let go of.
#[derive(Debug)]
pub struct Registration {
    index: usize,
    descriptor: RawFd,
}

/// Registers a descriptor that holds locks.
pub fn register(descriptor: RawFd) -> io::Result<Registration> {
    install()?;
    for (index, slot) in LOCKS.iter().enumerate() {
        if slot
            .compare_exchange(FREE, descriptor, Release, Relaxed)
            .is_ok()
        {
            return Ok(Registration { index, descriptor });
        }
    }
    Err(io::Error::other("too many stores are open in this process"))
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Only if it is still ours: a forked child has let go of it and may have given the place to a lock of its own.
        LOCKS[self.index]
            .compare_exchange(self.descriptor, FREE, Release, Relaxed)
            .ok();
    }
}

fn install() -> io::Result<()> {
    static INSTALLED: OnceLock<i32> = OnceLock::new();
    let error = *INSTALLED.get_or_init(|| {
        // SAFETY: the path is a C string; the descriptor is kept open for the life of the process.
        let null = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
        NULL.store(null, Release);
        // SAFETY: the child handler only loads atomics and calls dup3, which is async-signal-safe.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) }
    });
    if error == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(error))
    }
}

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Relaxed);
    PROCESS.store(0, Relaxed);
    let null = NULL.load(Acquire);
    for slot in &LOCKS {
        let descriptor = slot.swap(FREE, Acquire);
        if descriptor != FREE && null != FREE {
            // SAFETY: both are open descriptors of this process; the call replaces the lock's by one of /dev/null.
            unsafe { libc::dup3(null, descriptor, libc::O_CLOEXEC) };
        }
    }
}
