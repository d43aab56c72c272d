//! Named points at which a test kills, stops or forks this process, and canaries that undo one ordering step each.
//!
//! Without the feature `failpoints` every function here is empty. `MLTRACK_FAIL=name:n:action` acts at the n-th pass of
//! a point (action `kill`, `stop`, or `orphan`: fork a sleeping child, then kill); `MLTRACK_CANARY=name` switches a canary on, which the suite must notice.

/// Every point, in the order an append can meet them. The crash suite goes through this list.
pub const POINTS: [&str; 31] = [
    "open.locked",
    "open.recovered",
    "open.control_written",
    "open.alive",
    "lock.taken",
    "lock.named",
    "roll.created",
    "roll.header",
    "roll.renamed",
    "append.stamped",
    "append.half_copied",
    "append.copied",
    "slot.half_written",
    "slot.written",
    "append.published",
    "lock.released",
    "wake.taken",
    "wake.done",
    "sync.segments",
    "sync.checkpoint",
    "sync.published",
    "seal.hashed",
    "seal.written",
    "close.synced",
    "compact.written",
    "compact.synced",
    "compact.compared",
    "compact.announced",
    "compact.renamed",
    "compact.named",
    "compact.retired",
];

/// Every canary, and the step that it undoes. The suite must fail under each.
pub const CANARIES: [&str; 14] = [
    "publish-before-copy",
    "one-slot",
    "no-wake",
    "checkpoint-first",
    "no-folder-sync",
    "unnamed-rolls",
    "no-new-epoch",
    "no-lsn-gap",
    "no-poison",
    "no-rewrite",
    "steal-lock",
    "overtake-spool",
    "pack-unsynced",
    "retire-first",
];

#[cfg(feature = "failpoints")]
mod active {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Plan {
        point: String,
        pass: u64,
        action: Action,
        passes: AtomicU64,
    }

    #[derive(Clone, Copy)]
    enum Action {
        Kill,
        Stop,
        Orphan,
    }

    fn plan() -> Option<&'static Plan> {
        static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
        PLAN.get_or_init(|| {
            let text = std::env::var("MLTRACK_FAIL").ok()?;
            let mut parts = text.split(':');
            let point = parts.next()?.to_owned();
            assert!(
                super::POINTS.contains(&point.as_str()),
                "MLTRACK_FAIL: no point {point}"
            );
            let pass = parts
                .next()?
                .parse()
                .expect("MLTRACK_FAIL: the pass is a number");
            let action = match parts.next() {
                Some("stop") => Action::Stop,
                Some("orphan") => Action::Orphan,
                _ => Action::Kill,
            };
            Some(Plan {
                point,
                pass,
                action,
                passes: AtomicU64::new(0),
            })
        })
        .as_ref()
    }

    pub fn hit(point: &str) {
        debug_assert!(super::POINTS.contains(&point), "{point} is not in the list");
        let Some(plan) = plan().filter(|plan| plan.point == point) else {
            return;
        };
        if plan.passes.fetch_add(1, Ordering::Relaxed) + 1 == plan.pass {
            act(plan.action);
        }
    }

    fn act(action: Action) {
        if matches!(action, Action::Orphan) {
            fork_sleeper();
        }
        let signal = if matches!(action, Action::Stop) {
            libc::SIGSTOP
        } else {
            libc::SIGKILL
        };
        // SAFETY: raising a signal in this process has no memory effects.
        unsafe { libc::kill(libc::getpid(), signal) };
    }

    /// Forks a child that sleeps with everything it inherited, and ends by itself. Returns its process id.
    pub fn fork_sleeper() -> u32 {
        fork_child(|| {
            for descriptor in 0..3 {
                // SAFETY: closing is async-signal-safe; nobody in the child uses the standard streams again.
                unsafe { libc::close(descriptor) };
            }
            // SAFETY: both calls are async-signal-safe and touch no memory.
            unsafe {
                libc::alarm(SLEEP_S);
                libc::pause();
            }
        })
    }

    /// Longer than any test waits for a dead parent's locks, short enough to leave nothing behind.
    const SLEEP_S: u32 = 5;

    /// Forks a child that runs `child` and exits without running anything else. Returns its process id.
    pub fn fork_child(child: impl FnOnce()) -> u32 {
        // SAFETY: the child runs `child` alone and leaves by `_exit`; what the tests hand over takes no lock that a
        // thread of the parent may have held.
        let process = unsafe { libc::fork() };
        assert!(process >= 0, "fork: {}", std::io::Error::last_os_error());
        if process == 0 {
            child();
            // SAFETY: leaving at once is what a child of a threaded program may do.
            unsafe { libc::_exit(0) };
        }
        process as u32
    }

    pub fn is_canary(name: &str) -> bool {
        static CANARY: OnceLock<String> = OnceLock::new();
        debug_assert!(super::CANARIES.contains(&name), "{name} is not in the list");
        CANARY.get_or_init(|| std::env::var("MLTRACK_CANARY").unwrap_or_default()) == name
    }
}

#[cfg(feature = "failpoints")]
pub use active::{fork_child, fork_sleeper};

/// Passes a point.
#[inline]
pub fn hit(point: &str) {
    #[cfg(feature = "failpoints")]
    active::hit(point);
    #[cfg(not(feature = "failpoints"))]
    let _ = point;
}

/// Whether the build under test must get the step `name` wrong.
#[inline]
pub fn is_canary(name: &str) -> bool {
    #[cfg(feature = "failpoints")]
    return active::is_canary(name);
    #[cfg(not(feature = "failpoints"))]
    {
        let _ = name;
        false
    }
}
