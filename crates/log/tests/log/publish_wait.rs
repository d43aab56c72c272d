//! The publish and wait protocol of `ControlPage` and `Source::wait`, under every interleaving that loom can find.
//!
//! A small faithful copy: loom needs its own atomics, and the real page lies in shared memory. Steps and orderings are
//! those of `publish`, `take_tail_waiters`, `wake_tailers` and `wait`, with two differences. Loom takes sequentially
//! consistent loads and stores for weaker ones, so each is written with the fence that gives what C11 promises of them;
//! and the futex is a mutex and a condition variable, with the kernel's promise: comparing and falling asleep are one
//! step before or after a wake. The wait has no timeout; who sleeps when all appends are over has lost a wake.

use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use loom::sync::atomic::{AtomicU32, AtomicU64, fence};
use loom::sync::{Arc, Condvar, Mutex};
use std::sync::atomic::AtomicBool;

/// Which step of the protocol is left out or turned around.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mistake {
    None,
    /// The waiter looks at the word before it says that it waits.
    LookBeforeFlag,
    /// The appender looks for waiters before it publishes.
    TakeBeforePublish,
    /// The wake does not move the futex word.
    SilentWake,
}

/// What the kernel knows of the sleepers on a word.
struct Bucket {
    wakes: u32,
    /// Nobody will wake anybody any more.
    is_over: bool,
}

struct Page {
    published: AtomicU64,
    tail_waiters: AtomicU32,
    wake_sequence: AtomicU32,
    bucket: Mutex<Bucket>,
    sleepers: Condvar,
    mistake: Mistake,
}

impl Page {
    fn new(mistake: Mistake) -> Page {
        Page {
            published: AtomicU64::new(0),
            tail_waiters: AtomicU32::new(0),
            wake_sequence: AtomicU32::new(0),
            bucket: Mutex::new(Bucket {
                wakes: 0,
                is_over: false,
            }),
            sleepers: Condvar::new(),
            mistake,
        }
    }

    fn append(&self, word: u64) {
        if self.mistake == Mistake::TakeBeforePublish {
            let is_waiting = self.take_tail_waiters();
            self.publish(word);
            return if is_waiting {
                self.wake();
            };
        }
        self.publish(word);
        if self.take_tail_waiters() {
            self.wake();
        }
    }

    fn publish(&self, word: u64) {
        self.published.store(word, Release);
        fence(SeqCst);
    }

    fn take_tail_waiters(&self) -> bool {
        self.tail_waiters.load(Acquire) != 0 && {
            self.tail_waiters.store(0, Relaxed);
            if self.mistake != Mistake::SilentWake {
                self.wake_sequence.fetch_add(1, Release);
            }
            true
        }
    }

    fn wake(&self) {
        self.bucket.lock().unwrap().wakes += 1;
        self.sleepers.notify_all();
    }

    fn end(&self) {
        self.bucket.lock().unwrap().is_over = true;
        self.sleepers.notify_all();
    }

    /// Sleeps while the futex word is `sequence`, until woken; false when nobody will ever do that.
    fn doze(&self, sequence: u32) -> bool {
        let mut bucket = self.bucket.lock().unwrap();
        if self.wake_sequence.load(Relaxed) != sequence {
            return true;
        }
        let wakes = bucket.wakes;
        while bucket.wakes == wakes && !bucket.is_over {
            bucket = self.sleepers.wait(bucket).unwrap();
        }
        bucket.wakes != wakes
    }

    /// Returns the word when it is no longer `seen`; `None` when the waiter would sleep for ever.
    fn wait(&self, seen: u64) -> Option<u64> {
        loop {
            let early = self.published.load(Acquire);
            let sequence = self.wake_sequence.load(Acquire);
            self.tail_waiters.store(1, Release);
            fence(SeqCst);
            let is_early = self.mistake == Mistake::LookBeforeFlag;
            let word = if is_early {
                early
            } else {
                self.published.load(Acquire)
            };
            if word != seen {
                return Some(word);
            }
            if !self.doze(sequence) {
                return None;
            }
        }
    }
}

/// Whether some interleaving leaves a waiter asleep that has something to read.
fn loses_a_wake(mistake: Mistake, appends: u64, waiters: usize) -> bool {
    let is_lost = std::sync::Arc::new(AtomicBool::new(false));
    let found = std::sync::Arc::clone(&is_lost);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let page = Arc::new(Page::new(mistake));
        let followers: Vec<_> = (0..waiters)
            .map(|_| {
                let page = Arc::clone(&page);
                loom::thread::spawn(move || follow(&page, appends))
            })
            .collect();
        for word in 1..=appends {
            page.append(word);
        }
        page.end();
        for follower in followers {
            let has_seen_all = follower.join().unwrap();
            is_lost.fetch_or(!has_seen_all, std::sync::atomic::Ordering::Relaxed);
        }
    });
    found.load(std::sync::atomic::Ordering::Relaxed)
}

fn follow(page: &Page, end: u64) -> bool {
    let mut seen = 0;
    while seen < end {
        let Some(word) = page.wait(seen) else {
            return false;
        };
        assert!(word > seen, "the published word goes back");
        seen = word;
    }
    true
}

#[test]
fn no_interleaving_of_publish_and_wait_loses_a_wake() {
    assert!(!loses_a_wake(Mistake::None, 2, 1));
    assert!(!loses_a_wake(Mistake::None, 1, 2));
}

#[test]
fn every_step_of_publish_and_wait_is_needed() {
    for mistake in [
        Mistake::LookBeforeFlag,
        Mistake::TakeBeforePublish,
        Mistake::SilentWake,
    ] {
        assert!(
            loses_a_wake(mistake, 2, 1),
            "the model does not notice {mistake:?}"
        );
    }
}
