//! Named points at which a test kills, stops or forks this process, and canaries that undo one ordering step each.
//!
//! Without the feature `failpoints` every function here is empty. `MLTRACK_FAIL=name:n:action` acts at the n-th pass of
//! a point (action `kill` or `stop`); `MLTRACK_CANARY=name` switches a canary on, which the suite must notice.

/// Every point, in the order an append can meet them. The crash suite goes through this list.
pub const POINTS: [&str; 24] = [
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
];

#[cfg(feature = "failpoints")]
mod active {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Plan {
        point: String,
        pass: u64,
        signal: i32,
        passes: AtomicU64,
    }

    fn plan() -> Option<&'static Plan> {
        static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
        PLAN.get_or_init(|| {
            let text = std::env::var("MLTRACK_FAIL").ok()?;
            let mut parts = text.split(':');
            let point = parts.next()?.to_owned();
            assert!(super::POINTS.contains(&point.as_str()), "MLTRACK_FAIL: no point {point}");
            let pass = parts.next()?.parse().expect("MLTRACK_FAIL: the pass is a number");
            let signal = if parts.next() == Some("stop") { libc::SIGSTOP } else { libc::SIGKILL };
            Some(Plan { point, pass, signal, passes: AtomicU64::new(0) })
        })
        .as_ref()
    }

    pub fn hit(point: &str) {
        debug_assert!(super::POINTS.contains(&point), "{point} is not in the list");
        let Some(plan) = plan().filter(|plan| plan.point == point) else { return };
        if plan.passes.fetch_add(1, Ordering::Relaxed) + 1 == plan.pass {
            // SAFETY: raising a signal in this process has no memory effects.
            unsafe { libc::kill(libc::getpid(), plan.signal) };
        }
    }

    pub fn is_canary(name: &str) -> bool {
        static CANARY: OnceLock<String> = OnceLock::new();
        CANARY.get_or_init(|| std::env::var("MLTRACK_CANARY").unwrap_or_default()) == name
    }
}

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
