//! Timings of single calls: percentiles, and what reading the clock adds to each.

use std::time::{Duration, Instant};

use mltrack_log::door;

/// Nanoseconds of many calls.
pub struct Times {
    sorted_ns: Vec<u64>,
}

impl Times {
    pub fn new(mut times_ns: Vec<u64>) -> Times {
        times_ns.sort_unstable();
        Times {
            sorted_ns: times_ns,
        }
    }

    /// Times `count` calls one by one. A reading of the clock ends one call and begins the next.
    pub fn of_calls<E>(count: u64, mut call: impl FnMut(u64) -> Result<(), E>) -> Result<Times, E> {
        let mut times_ns = vec![0; count as usize];
        let mut before = door::monotonic();
        for (number, slot) in times_ns.iter_mut().enumerate() {
            call(number as u64)?;
            let after = door::monotonic();
            *slot = nanoseconds(after - before);
            before = after;
        }
        Ok(Times::new(times_ns))
    }

    /// The time that `share` of the calls did not exceed.
    pub fn at(&self, share: f64) -> f64 {
        let rank = (share * self.sorted_ns.len() as f64).ceil() as usize;
        let index = rank.clamp(1, self.sorted_ns.len().max(1)) - 1;
        self.sorted_ns.get(index).copied().unwrap_or_default() as f64
    }

    pub fn p50(&self) -> f64 {
        self.at(0.5)
    }

    pub fn p99(&self) -> f64 {
        self.at(0.99)
    }

    pub fn max(&self) -> f64 {
        self.at(1.0)
    }
}

pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

pub fn since_ns(start: Instant) -> f64 {
    nanoseconds(door::monotonic() - start) as f64
}

/// How often something happens in a second that happened `count` times since `start`.
pub fn rate(count: u64, start: Instant) -> f64 {
    count as f64 * 1e9 / since_ns(start).max(1.0)
}

/// What one reading of the clock costs; every single timing is longer by this.
pub fn clock_overhead_ns() -> f64 {
    let count = 1_000_000;
    let start = door::monotonic();
    for _ in 0..count {
        std::hint::black_box(door::monotonic());
    }
    since_ns(start) / f64::from(count)
}
