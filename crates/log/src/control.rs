//! ctl as a structure of atomics, and the publish and read of the log's end.
//!
//! Invariants: the published word changes only under the append lock, and only after the slot it names is whole.
//! A reader takes word, slot, word: when both words agree the slot belongs to them, because a slot is only rewritten
//! while the word names the other one.

use std::mem::{offset_of, size_of};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64, fence};

use crate::codec::bytes::{put, take, u32_at, u64_at};
use crate::codec::checkpoint::FolderIdentity;
use crate::codec::state::{Published, SLOT_LEN, State};
use crate::ids::StoreId;
use crate::layout::CTL_LEN;

const MAGIC: [u8; 8] = *b"MLTCTL\0\x01";
const HEADER_LEN: usize = 52;
const SLOT_WORDS: usize = SLOT_LEN / 8;

/// The page that all processes of a store share.
#[repr(C, align(8))]
pub struct ControlPage {
    header: [AtomicU64; 16],
    published: AtomicU64,
    gap_1: [AtomicU64; 7],
    /// Writer id of the append lock's holder, and the waiters bit.
    pub append_lock: AtomicU32,
    /// Process id of the last holder.
    pub holder: AtomicU32,
    /// The writer id the next opener gets; changed only under byte 0 of LOCK.
    pub next_writer: AtomicU32,
    gap_2: AtomicU32,
    gap_3: [AtomicU64; 6],
    /// Futex of the tailers.
    pub wake_sequence: AtomicU32,
    /// 1 when a tailer waits.
    pub tail_waiters: AtomicU32,
    gap_4: [AtomicU64; 7],
    /// Next lsn that is not durable.
    pub durable: AtomicU64,
    /// 1 after a failed sync.
    pub poison: AtomicU32,
    gap_5: AtomicU32,
    /// Base lsn up to which the names of segments are durable.
    pub named: AtomicU64,
    /// Names the boot in which ctl was written last; 0 when unknown.
    pub boot: AtomicU64,
    gap_6: [AtomicU64; 4],
    slots: [[AtomicU64; 16]; 2],
    rest: [AtomicU64; 432],
}

const _: () = assert!(size_of::<ControlPage>() == CTL_LEN);
const _: () = assert!(offset_of!(ControlPage, published) == 128);
const _: () = assert!(offset_of!(ControlPage, append_lock) == 192);
const _: () = assert!(offset_of!(ControlPage, next_writer) == 200);
const _: () = assert!(offset_of!(ControlPage, wake_sequence) == 256);
const _: () = assert!(offset_of!(ControlPage, durable) == 320);
const _: () = assert!(offset_of!(ControlPage, poison) == 328);
const _: () = assert!(offset_of!(ControlPage, named) == 336);
const _: () = assert!(offset_of!(ControlPage, boot) == 344);
const _: () = assert!(offset_of!(ControlPage, slots) == 384);
const _: () = assert!(SLOT_LEN.is_multiple_of(8) && SLOT_WORDS <= 16);

/// What ctl's header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControlHeader {
    /// The store.
    pub store: StoreId,
    /// The folder it was made in.
    pub folder: FolderIdentity,
    /// Salt of the published word's check.
    pub salt: u64,
}

/// The log's end as read from ctl.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tail {
    /// The word.
    pub word: u64,
    /// The slot that belongs to it.
    pub slot: usize,
    /// What the slot says.
    pub state: State,
}

/// ctl does not hold what its checks promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControlDamage;

impl ControlPage {
    /// Writes the header. Only under byte 0 of LOCK, with nobody alive.
    pub fn write_header(&self, header: &ControlHeader) {
        let mut block = [0; 128];
        put(&mut block, 0, &MAGIC);
        put(&mut block, 8, &header.store.0);
        put(&mut block, 24, &header.folder.device.to_le_bytes());
        put(&mut block, 32, &header.folder.inode.to_le_bytes());
        put(&mut block, 40, &header.salt.to_le_bytes());
        let crc = crc32fast::hash(&block[..HEADER_LEN - 4]);
        put(&mut block, HEADER_LEN - 4, &crc.to_le_bytes());
        for (word, bytes) in self.header.iter().zip(block.chunks_exact(8)) {
            word.store(u64_at(bytes, 0), Relaxed);
        }
        fence(Release);
    }

    /// Reads the header; `None` when it is not one.
    pub fn read_header(&self) -> Option<ControlHeader> {
        let mut block = [0; 128];
        for (word, bytes) in self.header.iter().zip(block.chunks_exact_mut(8)) {
            bytes.copy_from_slice(&word.load(Relaxed).to_le_bytes());
        }
        let crc = crc32fast::hash(&block[..HEADER_LEN - 4]);
        let is_sound = block[..8] == MAGIC && crc == u32_at(&block, HEADER_LEN - 4);
        is_sound.then(|| ControlHeader {
            store: StoreId(take(&block, 8)),
            folder: FolderIdentity {
                device: u64_at(&block, 24),
                inode: u64_at(&block, 32),
            },
            salt: u64_at(&block, 40),
        })
    }

    /// The published word, for noticing that it moved.
    pub fn published(&self) -> u64 {
        self.published.load(Acquire)
    }

    /// The published word, ordered behind the caller's store to `tail_waiters`.
    pub fn published_for_waiter(&self) -> u64 {
        self.published.load(SeqCst)
    }

    /// Reads word and slot as one. Repeats while appenders move on, so it must not be called in a loop of its own.
    pub fn tail(&self, salt: u64) -> Result<Tail, ControlDamage> {
        loop {
            let word = self.published.load(Acquire);
            let slot = Published::decode(word, salt).map(|published| {
                (
                    published,
                    State::decode_slot(&self.read_slot(published.slot)),
                )
            });
            fence(Acquire);
            if self.published.load(Relaxed) != word {
                continue;
            }
            return match slot {
                Some((published, Some(state))) if published.matches(&state) => Ok(Tail {
                    word,
                    slot: published.slot,
                    state,
                }),
                _ => Err(ControlDamage),
            };
        }
    }

    fn read_slot(&self, slot: usize) -> [u8; SLOT_LEN] {
        let mut block = [0; SLOT_LEN];
        for (word, bytes) in self.slots[slot].iter().zip(block.chunks_exact_mut(8)) {
            bytes.copy_from_slice(&word.load(Relaxed).to_le_bytes());
        }
        block
    }

    /// First half of publishing: the slot that no word names yet.
    pub fn write_slot(&self, slot: usize, state: &State) {
        let block = state.encode_slot();
        for (number, (word, bytes)) in self.slots[slot]
            .iter()
            .zip(block.chunks_exact(8))
            .enumerate()
        {
            word.store(u64_at(bytes, 0), Relaxed);
            if number == SLOT_WORDS / 2 {
                crate::failpoint::hit("slot.half_written");
            }
        }
    }

    /// Second half: the one store that makes the batch visible. Returns the word.
    pub fn publish(&self, slot: usize, state: &State, salt: u64) -> u64 {
        let word = Published::of(state, slot).encode(salt);
        // Sequentially consistent, because a tailer that is about to sleep stores `tail_waiters` and then loads
        // this word, while the appender stores this word and then loads `tail_waiters`: one must see the other.
        self.published.store(word, SeqCst);
        word
    }

    /// Whether a tailer waits; resets the flag. The caller then wakes all.
    pub fn take_tail_waiters(&self) -> bool {
        self.tail_waiters.load(SeqCst) != 0 && {
            self.tail_waiters.store(0, Relaxed);
            crate::failpoint::hit("wake.taken");
            self.wake_sequence.fetch_add(1, Release);
            true
        }
    }
}
