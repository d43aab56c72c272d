//! The append lock: one word in ctl, taken by compare-and-swap, whose holder the kernel vouches for.
//!
//! Invariants: the word holds 0 or the id of a writer, and two bits for those that wait. A lock is only taken over from a writer
//! whose liveness byte is free, and ids are never given out twice, so nobody who lives ever loses it.
//! Before it stands the gate, a lock of the same kind in memory-backed storage, where there is one: on a filesystem that
//! stands still, whoever stores into ctl stands still too, and at the gate the others can turn back. The gate guards
//! nothing; handles that have none of it, or another one, are kept apart by the append lock alone.
//! See `docs/decisions/0001-append-lock.md` for why this is not a byte of LOCK.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use crate::door;
use crate::failpoint;
use crate::layout::LOCK_LIVENESS;
use crate::medium::{Control, Medium};
use crate::shared::Shared;

const WAITERS: u32 = 1 << 31;
/// Somebody has waited long: the lock is given to those that wait, not to whoever comes by.
const HUNGRY: u32 = 1 << 30;
const HOLDER: u32 = HUNGRY - 1;
/// Longer than a holder takes, shorter than anybody wants to wait.
const HUNGRY_AFTER: Duration = Duration::from_millis(2);
const SPINS: u32 = 100;
/// How long a waiter sleeps before it asks whether the holder still lives.
const PATIENCE: Duration = Duration::from_millis(1);

/// The held lock; dropping it releases.
pub struct AppendLock<'a> {
    // Dropped in this order: the gate opens last.
    _lock: Held<'a>,
    _gate: Option<Held<'a>>,
}

/// A word that is held.
struct Held<'a> {
    control: &'a dyn Control,
}

/// Nobody died and the time is over.
#[derive(Clone, Copy, Debug)]
pub struct Stalled {
    /// The holder's process id.
    pub process: u32,
}

impl<'a> AppendLock<'a> {
    /// Takes the lock for the handle's writer, waiting at most `wait` at the gate and as long for the lock.
    #[inline]
    pub(crate) fn acquire(shared: &'a Shared, wait: Duration) -> Result<AppendLock<'a>, Stalled> {
        let gate = match &shared.gate {
            Some(gate) => Some(Held::acquire(&**gate, shared, wait)?),
            None => None,
        };
        let lock = Held::acquire(&*shared.control, shared, wait)?;
        Ok(AppendLock {
            _lock: lock,
            _gate: gate,
        })
    }
}

impl<'a> Held<'a> {
    #[inline]
    fn acquire(
        control: &'a dyn Control,
        shared: &Shared,
        wait: Duration,
    ) -> Result<Held<'a>, Stalled> {
        let writer = shared.writer.0;
        debug_assert!(writer != 0 && writer & !HOLDER == 0);
        let word = &control.page().append_lock;
        if word.compare_exchange(0, writer, Acquire, Relaxed).is_err() {
            contend(control, &*shared.medium, writer, wait)?;
        }
        failpoint::hit("lock.taken");
        control.page().holder.store(process_id(), Relaxed);
        failpoint::hit("lock.named");
        Ok(Held { control })
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let word = &self.control.page().append_lock;
        let old = word.fetch_and(HUNGRY, Release);
        if old & WAITERS != 0 {
            // The hungry one is somewhere among the sleepers.
            self.control
                .wake(word, if old & HUNGRY == 0 { 1 } else { u32::MAX >> 1 });
        }
        failpoint::hit("lock.released");
    }
}

#[cfg(target_os = "linux")]
pub(crate) use crate::medium::fork::process_id;
#[cfg(not(target_os = "linux"))]
pub(crate) use std::process::id as process_id;

fn contend(
    control: &dyn Control,
    medium: &dyn Medium,
    writer: u32,
    wait: Duration,
) -> Result<(), Stalled> {
    let word = &control.page().append_lock;
    for _ in 0..SPINS {
        std::hint::spin_loop();
        if word.load(Relaxed) == 0 && word.compare_exchange(0, writer, Acquire, Relaxed).is_ok() {
            return Ok(());
        }
    }
    if wait.is_zero() && word.load(Relaxed) & HOLDER != 0 {
        return Err(Stalled {
            process: control.page().holder.load(Relaxed),
        });
    }
    let start = door::monotonic();
    let mut patient_with = 0;
    loop {
        let waited = start.elapsed();
        let is_hungry = waited >= HUNGRY_AFTER;
        let seen = word.load(Relaxed);
        let is_free = seen & HOLDER == 0;
        // A reserved lock is taken by the hungry, and by anybody when they have not come for it in time: they can die.
        if is_free && (seen & HUNGRY == 0 || is_hungry || seen == patient_with) {
            // Others may still sleep, so the bit stays set until a release finds nobody to wake.
            if word
                .compare_exchange(seen, writer | WAITERS, Acquire, Relaxed)
                .is_ok()
            {
                return Ok(());
            }
            continue;
        }
        if waited >= wait {
            let process = control.page().holder.load(Relaxed);
            return Err(Stalled { process });
        }
        let marked = seen | WAITERS | if is_hungry { HUNGRY } else { 0 };
        if marked != seen
            && word
                .compare_exchange(seen, marked, Relaxed, Relaxed)
                .is_err()
        {
            continue;
        }
        control.wait(word, marked, PATIENCE);
        if word.load(Relaxed) == marked {
            patient_with = marked;
            if !is_free && take_over(medium, word, marked, writer) {
                return Ok(());
            }
        }
    }
}

fn take_over(medium: &dyn Medium, word: &AtomicU32, seen: u32, writer: u32) -> bool {
    let holder = seen & HOLDER;
    // When the kernel cannot be asked, the holder counts as alive: waiting is safe, taking over is not.
    let is_dead = matches!(
        medium.is_held(LOCK_LIVENESS + u64::from(holder), 1),
        Ok(false)
    );
    (is_dead || failpoint::is_canary("steal-lock"))
        && word
            .compare_exchange(seen, writer | WAITERS, Acquire, Relaxed)
            .is_ok()
}
