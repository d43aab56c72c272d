//! Threads that encode row groups while others are read and written.
//!
//! Invariants: groups come back in the order in which they were handed over; never more are under way than twice the
//! threads, so memory stays bounded; a thread that is wanted no more ends by itself.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use parquet::errors::{ParquetError, Result};

use super::encode::{Encoded, Group, Shape};

/// A row group as bytes, and the memory that its rows were in.
pub struct Done {
    pub columns: Vec<Encoded>,
    pub group: Group,
}

/// The threads of one file.
pub struct Pool {
    /// `None` where no thread could be made.
    jobs: Option<SyncSender<(u64, Group)>>,
    done: Receiver<(u64, Result<Done>)>,
    /// What is done before its turn.
    early: BTreeMap<u64, Result<Done>>,
    handed: u64,
    taken: u64,
    under_way_max: u64,
    shape: Shape,
}

/// More do not help: the rows are read by one.
const THREADS_MAX: usize = 4;

impl Pool {
    pub fn new(shape: &Shape) -> Pool {
        let (tell, done) = channel();
        let (jobs, wanted) = sync_channel(0);
        let wanted = Arc::new(Mutex::new(wanted));
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let threads = (0..processors.min(THREADS_MAX)).filter(|_| {
            let (wanted, tell, shape) = (Arc::clone(&wanted), tell.clone(), shape.clone());
            let work = move || work(&wanted, &tell, &shape);
            let builder = thread::Builder::new().name("encode".into());
            builder.spawn(work).is_ok()
        });
        let threads = threads.count() as u64;
        Pool {
            jobs: (threads > 0).then_some(jobs),
            done,
            early: BTreeMap::new(),
            handed: 0,
            taken: 0,
            under_way_max: threads + 1,
            shape: shape.clone(),
        }
    }

    /// Hands a group over. What comes back by then, the caller writes.
    pub fn hand(&mut self, group: Group) {
        let number = self.handed;
        self.handed += 1;
        if let Some(jobs) = &self.jobs {
            jobs.send((number, group))
                .expect("a thread lives as long as groups are handed over");
        } else {
            let done = encode(group, &self.shape);
            self.early.insert(number, done);
        }
    }

    /// The next group in order, when it is done or too many are under way; at the end, all that there are.
    pub fn take(&mut self, is_end: bool) -> Option<Result<Done>> {
        loop {
            if let Some(done) = self.early.remove(&self.taken) {
                self.taken += 1;
                return Some(done);
            }
            let under_way = self.handed - self.taken;
            let must_wait = under_way > 0 && (is_end || under_way >= self.under_way_max);
            let (number, done) = if must_wait {
                self.done.recv().expect("every group is told of")
            } else {
                self.done.try_recv().ok()?
            };
            self.early.insert(number, done);
        }
    }
}

fn work(wanted: &Mutex<Receiver<(u64, Group)>>, tell: &Sender<(u64, Result<Done>)>, shape: &Shape) {
    let next = || wanted.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok((number, group)) = next() {
        // Whoever waits for the group must hear of it, whatever happens.
        let done = catch_unwind(AssertUnwindSafe(|| encode(group, shape)));
        let died = || {
            Err(ParquetError::General(
                "a row group could not be encoded".into(),
            ))
        };
        if tell
            .send((number, done.unwrap_or_else(|_| died())))
            .is_err()
        {
            return;
        }
    }
}

fn encode(group: Group, shape: &Shape) -> Result<Done> {
    let columns = group.encode(shape)?;
    Ok(Done {
        columns,
        group: group.cleared(),
    })
}
