//! Storing a long content: one thread reads and cuts, one hashes the whole, others hash, compress and store chunks, and one
//! makes durable what is stored already, so that the disk works from the beginning.
//!
//! Invariants: memory is bounded by the blocks and the length of the manifest; chunks are durable before the manifest that names
//! them is stored; after an error nothing more is stored, and the blob cannot be found.

use std::collections::HashSet;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::cut::CHUNK_LEN_MEAN;
use crate::error::{Error, Result};
use crate::hash::BlobHash;
use crate::lock::Putting;
use crate::manifest::{Chunk, Manifest};
use crate::pack::Packer;
use crate::pieces::{BLOCK_LEN, Pieces};
use crate::put::{Stored, too_large};
use crate::root::Promise;
use crate::store::Inner;
use crate::{keys, object};

/// Blocks of 8 MiB that a put uses at most.
pub(crate) const BLOCKS: usize = 4;

/// Pieces that wait at most for a folder: those of two blocks, so that the next block is read while the pieces of the one
/// before are stored. It is the blocks that bound memory. For a remote root, which is slower than any reader, as many wait
/// as are stored at once, so that progress is told evenly.
const PIECES_WAITING: usize = 2 * BLOCK_LEN / CHUNK_LEN_MEAN;

/// So many new bytes are made durable together while others are still stored: enough that the disk writes them in one
/// go, and little beside a long content.
const SETTLED_LEN: u64 = 64 << 20;

/// What the threads of one put share.
struct Shared<'a> {
    inner: &'a Inner,
    packer: Packer,
    is_stopped: AtomicBool,
    error: Mutex<Option<Error>>,
    new_bytes: AtomicU64,
    /// New bytes that nobody has begun to make durable.
    unsettled_len: AtomicU64,
    done_len: AtomicU64,
    /// Chunks that one of the threads has taken on.
    taken: Mutex<HashSet<BlobHash>>,
    entries: Mutex<Vec<(usize, BlobHash, u32)>>,
}

/// Stores the content and then its manifest.
pub(crate) fn put<R: Read>(
    inner: &Inner,
    what: &str,
    mut pieces: Pieces<R>,
    guard: Putting,
    check: &mut dyn FnMut(u64) -> Result<()>,
    progress: &mut dyn FnMut(u64),
) -> Result<Stored> {
    let shared = Shared {
        inner,
        packer: Packer::new(pieces.beginning()),
        is_stopped: AtomicBool::new(false),
        error: Mutex::default(),
        new_bytes: AtomicU64::new(0),
        unsettled_len: AtomicU64::new(0),
        done_len: AtomicU64::new(0),
        taken: Mutex::default(),
        entries: Mutex::default(),
    };
    let parallel = inner.parallel();
    let waiting = if inner.root.is_remote() {
        parallel
    } else {
        PIECES_WAITING
    };
    let (sender, receiver) = sync_channel(waiting);
    let receiver = Mutex::new(receiver);
    let (to_whole, whole) = channel();
    let (to_settle, settling) = sync_channel(1);
    let id = std::thread::scope(|scope| {
        let shared = &shared;
        for _ in 0..parallel {
            let (receiver, to_settle) = (&receiver, to_settle.clone());
            scope.spawn(move || shared.work(receiver, &to_settle));
        }
        drop(to_settle);
        scope.spawn(move || shared.settle(&settling));
        let whole = scope.spawn(move || hash_of(&whole));
        if let Err(error) = shared.feed(what, &mut pieces, (&sender, &to_whole), progress) {
            shared.fail(error);
        }
        // The other threads end when nothing can come any more.
        drop((sender, to_whole));
        whole.join().expect("hashing does not panic")
    });
    if let Some(error) = lock(&shared.error).take() {
        return Err(error);
    }
    check(pieces.read_len)?;
    let stored = shared.finish(id, pieces.read_len, guard)?;
    progress(stored.len);
    Ok(stored)
}

impl Shared<'_> {
    /// Hands out the pieces; ends early when a thread failed.
    fn feed<R: Read>(
        &self,
        what: &str,
        pieces: &mut Pieces<R>,
        (sender, to_whole): (&SyncSender<(usize, Bytes)>, &Sender<Bytes>),
        progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let max = self.inner.options.max_len;
        let mut told_len = 0;
        for index in 0.. {
            let read_len = pieces.read_len;
            let piece = pieces.next_piece();
            let Some(piece) = piece.map_err(|source| Error::Reader { read_len, source })? else {
                break;
            };
            for fresh in pieces.take_fresh() {
                to_whole.send(fresh).expect("it listens to the end");
            }
            if pieces.read_len > max {
                return Err(too_large(what, pieces.read_len, max));
            }
            if self.is_stopped.load(Ordering::Relaxed) || sender.send((index, piece)).is_err() {
                break;
            }
            let done_len = self.done_len.load(Ordering::Relaxed);
            if done_len > told_len {
                told_len = done_len;
                progress(done_len);
            }
        }
        Ok(())
    }

    /// Takes pieces until there are no more. After an error they are only let go of, so that the reader is not held up.
    fn work(&self, receiver: &Mutex<Receiver<(usize, Bytes)>>, to_settle: &SyncSender<()>) {
        loop {
            let next = lock(receiver).recv();
            let Ok((index, content)) = next else {
                return;
            };
            if self.is_stopped.load(Ordering::Relaxed) {
                continue;
            }
            let len = content.len() as u32;
            match self.store(content) {
                Ok(id) => {
                    self.done_len.fetch_add(u64::from(len), Ordering::Relaxed);
                    lock(&self.entries).push((index, id, len));
                    if self.unsettled_len.load(Ordering::Relaxed) >= SETTLED_LEN {
                        // When it is at work already, it looks again afterwards.
                        to_settle.try_send(()).ok();
                    }
                }
                Err(error) => self.fail(error),
            }
        }
    }

    /// Makes durable what has been stored, as often as it is told to. What it does not come to is left to
    /// [`Shared::finish`].
    fn settle(&self, told: &Receiver<()>) {
        for () in told {
            let is_enough = self.unsettled_len.load(Ordering::Relaxed) >= SETTLED_LEN;
            if !is_enough || self.is_stopped.load(Ordering::Relaxed) {
                continue;
            }
            self.unsettled_len.store(0, Ordering::Relaxed);
            if let Err(error) = self.inner.root.settle(None) {
                self.fail(error);
            }
        }
    }

    fn store(&self, content: Bytes) -> Result<BlobHash> {
        let id = BlobHash::of(&content);
        if !lock(&self.taken).insert(id) {
            return Ok(id);
        }
        let key = keys::chunk(&id);
        if self.inner.has_object(&key, content.len())? {
            return Ok(id);
        }
        let packed = self.packer.pack(&content);
        let parts = object::seal(content, packed);
        let len: usize = parts.iter().map(Bytes::len).sum();
        self.inner.root.put(&key, &parts, Promise::Whole)?;
        self.new_bytes.fetch_add(len as u64, Ordering::Relaxed);
        self.unsettled_len.fetch_add(len as u64, Ordering::Relaxed);
        Ok(id)
    }

    /// The first error counts.
    fn fail(&self, error: Error) {
        self.is_stopped.store(true, Ordering::Relaxed);
        lock(&self.error).get_or_insert(error);
    }

    /// Makes the chunks durable, then stores the manifest unless a good one is there.
    fn finish(&self, id: BlobHash, len: u64, guard: Putting) -> Result<Stored> {
        let manifest = self.manifest(id, len);
        let was_there = matches!(self.inner.manifest(&id), Ok(Some(_)));
        let mut new_bytes = self.new_bytes.load(Ordering::Relaxed);
        if !was_there {
            // Chunks that were there may be another put's that did not come to this.
            self.inner.root.settle(None)?;
            let bytes = Bytes::from(manifest.encode());
            new_bytes += bytes.len() as u64;
            self.inner
                .root
                .put(&keys::manifest(&id), &[bytes], Promise::Durable)?;
        }
        Ok(Stored {
            id,
            len,
            new_bytes,
            chunks: manifest.chunks.len(),
            was_there,
            guard,
        })
    }

    fn manifest(&self, id: BlobHash, len: u64) -> Manifest {
        let mut entries = std::mem::take(&mut *lock(&self.entries));
        entries.sort_unstable_by_key(|(index, ..)| *index);
        let mut offset = 0;
        let chunks = entries.into_iter().map(|(_, id, len)| {
            let chunk = Chunk { id, offset, len };
            offset += u64::from(len);
            chunk
        });
        let chunks = chunks.collect();
        assert_eq!(offset, len, "every piece of the content became a chunk");
        Manifest { id, len, chunks }
    }
}

/// The hash of everything that comes. The blocks that it comes in are few, so that no more of them can wait.
fn hash_of(content: &Receiver<Bytes>) -> BlobHash {
    let mut whole = blake3::Hasher::new();
    for bytes in content {
        whole.update(&bytes);
    }
    BlobHash(*whole.finalize().as_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
