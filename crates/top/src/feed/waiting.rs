//! Waiting for the log: a thread that sleeps in the kernel until something is appended behind a record.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use mltrack::{Cursor, Lsn, Tracker};

use super::Wish;
use crate::error::TopError;

pub struct Waiting(Sender<u64>);

impl Waiting {
    pub fn start(tracker: Tracker, wisher: Sender<Wish>) -> Result<Waiting, TopError> {
        let (asks, asked) = channel::<u64>();
        let wait = move || {
            while let Ok(mut lsn) = asked.recv() {
                // Only the newest answer counts.
                while let Ok(newer) = asked.try_recv() {
                    lsn = newer;
                }
                let from = Lsn::new(lsn).map_or(Lsn::FIRST, |lsn| lsn.plus(1));
                let woken = match tracker.tail().from(Cursor::Lsn(from)).follow().next() {
                    Some(Err(error)) => Wish::Appended(Err(Box::new(error))),
                    _ => Wish::Appended(Ok(())),
                };
                if wisher.send(woken).is_err() {
                    return;
                }
            }
        };
        let spawned = thread::Builder::new().name("top-tail".into()).spawn(wait);
        spawned.map_err(|source| TopError::Thread {
            name: "top-tail",
            source,
        })?;
        Ok(Waiting(asks))
    }

    /// Wakes the feed once when there is something behind this record.
    pub fn ask(&self, lsn: u64) {
        // The thread ends only with the process.
        self.0.send(lsn).ok();
    }
}
