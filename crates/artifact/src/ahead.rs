//! Reading on: threads that get the next chunks of a blob while those before are used, each checked against its hash.
//!
//! Invariants: chunks come in order; none is asked for before the second is used, then one, and twice as many each time, up to
//! two for each thread; threads end with the reader, at the latest when their chunk has come.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use bytes::Bytes;

use crate::error::Result;
use crate::manifest::Manifest;
use crate::store::Inner;

/// A chunk that is wanted, and who wants it.
type Job = (usize, SyncSender<Result<Bytes>>);

/// What the threads of one reader share.
struct Work {
    inner: Arc<Inner>,
    manifest: Arc<Manifest>,
    jobs: Mutex<Receiver<Job>>,
    is_over: AtomicBool,
}

/// Chunks from one on, in order.
pub(crate) struct Ahead {
    work: Arc<Work>,
    to_work: Sender<Job>,
    threads: usize,
    /// Chunks that were asked for, the first being `next_index`.
    coming: VecDeque<Receiver<Result<Bytes>>>,
    next_index: usize,
    /// So many are asked for at once.
    window: usize,
}

impl Ahead {
    /// Begins with this chunk.
    pub fn new(inner: &Arc<Inner>, manifest: &Arc<Manifest>, index: usize) -> Ahead {
        let (to_work, jobs) = channel();
        let work = Work {
            inner: inner.clone(),
            manifest: manifest.clone(),
            jobs: Mutex::new(jobs),
            is_over: AtomicBool::new(false),
        };
        Ahead {
            work: Arc::new(work),
            to_work,
            threads: 0,
            coming: VecDeque::new(),
            next_index: index,
            window: 0,
        }
    }

    /// Which chunk comes next.
    pub fn next_index(&self) -> usize {
        self.next_index
    }

    /// The next chunk, which must be one of the blob's.
    pub fn take(&mut self) -> Result<Bytes> {
        let Work {
            inner, manifest, ..
        } = &*self.work;
        let index = self.next_index;
        self.next_index += 1;
        let chunk = match self.coming.pop_front() {
            Some(chunk) => chunk.recv().expect("a thread answers every job it takes")?,
            None => inner.chunk(manifest, index)?,
        };
        let end = manifest.chunks.len().min(self.next_index + self.window);
        for index in self.next_index + self.coming.len()..end {
            if !self.ask(index) {
                break;
            }
        }
        self.window = (self.window * 2).clamp(1, 2 * self.work.inner.parallel());
        Ok(chunk)
    }

    /// Asks for a chunk; `false` when there is no thread that could get it.
    fn ask(&mut self, index: usize) -> bool {
        if self.threads <= self.coming.len() && self.threads < self.work.inner.parallel() {
            let work = self.work.clone();
            let name = "mltrack-read".to_owned();
            let is_begun = Builder::new().name(name).spawn(move || work.run()).is_ok();
            self.threads += usize::from(is_begun);
        }
        if self.threads == 0 {
            return false;
        }
        let (sender, receiver) = sync_channel(1);
        self.coming.push_back(receiver);
        self.to_work.send((index, sender)).is_ok()
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.work.is_over.store(true, Ordering::Relaxed);
    }
}

impl Work {
    /// Takes jobs until there are none and nobody is left to give one.
    fn run(&self) {
        loop {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let Ok((index, sender)) = jobs.recv() else {
                return;
            };
            drop(jobs);
            if !self.is_over.load(Ordering::Relaxed) {
                // A reader that is gone needs no answer.
                drop(sender.send(self.inner.chunk(&self.manifest, index)));
            }
        }
    }
}
