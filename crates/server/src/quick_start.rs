//! Snapshots that are written while the server runs, so that it is up at once when it is started again, however it ended.
//!
//! Invariant: no request waits for a snapshot, and what cannot be written now is tried again.

use std::time::Duration;

use mltrack::Tracker;
use tokio::time::{MissedTickBehavior, interval};

use crate::blocking::blocking;

/// The time between two looks. What is folded by then is less work than one request is worth.
const BEAT: Duration = Duration::from_secs(1);

/// Looks for ever whether a snapshot pays.
pub async fn keep(tracker: Tracker) {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = None;
    loop {
        beat.tick().await;
        let end = tracker.next_lsn().ok().flatten();
        let is_idle = end == known;
        known = end;
        let tracker = tracker.clone();
        blocking(move || tracker.keep_start_quick(is_idle))
            .await
            .ok();
    }
}

/// Looks a last time, and waits for what is written.
pub async fn settle(tracker: Tracker) {
    let settled = blocking(move || {
        tracker.keep_start_quick(true)?;
        tracker.wait_for_snapshot()
    });
    // The log has everything: without a snapshot the next start takes longer.
    settled.await.ok();
}
