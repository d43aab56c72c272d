//! What the benches hold the log against: the same bytes moved without a log, and a counter that outlives a killed process.
//!
//! Invariants: maps lie over blocks that were allocated first, so that a store cannot meet a full disk. Nothing in the
//! log uses this module, and nothing here uses the log.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::thread::JoinHandle;

use crc32fast::Hasher;
use memmap2::{Advice, MmapOptions, MmapRaw};

/// Bytes that [`BareMap::append`] stamps in front of each piece: length, crc, number.
pub const BARE_HEADER_LEN: usize = 16;
/// The map's first bytes: the published end, on a cache line of its own.
const START: usize = 64;
const READ_LEN: usize = 256 << 10;
/// What the log's background makes writable at a time.
const STRETCH_LEN: usize = 4 << 20;

/// The least that an append through a map can do: stamp a number and a crc, copy, publish the end. One writer, no lock.
pub struct BareMap {
    map: Arc<MmapRaw>,
    end: usize,
    number: u64,
}

impl BareMap {
    /// Makes a file with `len` allocated bytes and maps it. None of its pages is in memory yet.
    pub fn create(path: &Path, len: usize) -> io::Result<BareMap> {
        let map = allocate_and_map(path, len.max(START))?;
        let map = Arc::new(map);
        Ok(BareMap {
            map,
            end: START,
            number: 0,
        })
    }

    /// Starts a thread that makes the pages writable one stretch after the other, as the log's background does for
    /// its own. A caller that joins it first meets no faults at all. Before Linux 5.14 it fails.
    pub fn prefault_beside(&self) -> JoinHandle<io::Result<()>> {
        let map = Arc::clone(&self.map);
        std::thread::spawn(move || {
            let mut stretches = (0..map.len()).step_by(STRETCH_LEN);
            let populate = |from: usize| {
                map.advise_range(
                    Advice::PopulateWrite,
                    from,
                    STRETCH_LEN.min(map.len() - from),
                )
            };
            stretches.try_for_each(populate)
        })
    }

    /// Appends a piece whose first [`BARE_HEADER_LEN`] bytes are room for its header. False when it does not fit.
    #[inline]
    pub fn append(&mut self, piece: &mut [u8]) -> bool {
        assert!(piece.len() >= BARE_HEADER_LEN, "the header needs room");
        let next = self.end + piece.len().next_multiple_of(8);
        if next > self.map.len() {
            return false;
        }
        let len = piece.len() as u32;
        piece[..4].copy_from_slice(&len.to_le_bytes());
        piece[8..16].copy_from_slice(&self.number.to_le_bytes());
        let mut hasher = Hasher::new();
        hasher.update(&piece[8..]);
        piece[4..8].copy_from_slice(&hasher.finalize().to_le_bytes());
        // SAFETY: the piece ends inside the map, which was just checked, and nobody else knows the file.
        unsafe {
            let target = self.map.as_mut_ptr().add(self.end);
            std::ptr::copy_nonoverlapping(piece.as_ptr(), target, piece.len());
        }
        self.end = next;
        self.number += 1;
        word(&self.map).store(next as u64, Release);
        true
    }
}

/// A number in a shared file: what one process stores, another reads, whatever becomes of the first.
pub struct Counter {
    map: MmapRaw,
}

impl Counter {
    /// Makes the file, at 0.
    pub fn create(path: &Path) -> io::Result<Counter> {
        Ok(Counter {
            map: allocate_and_map(path, START)?,
        })
    }

    /// Maps a counter that [`Counter::create`] made.
    pub fn open(path: &Path) -> io::Result<Counter> {
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Counter {
            map: MmapOptions::new().len(START).map_raw(&file)?,
        })
    }

    /// Stores a value. It is there for others when the next statement runs.
    #[inline]
    pub fn set(&self, value: u64) {
        word(&self.map).store(value, Release);
    }

    /// The value stored last.
    pub fn get(&self) -> u64 {
        word(&self.map).load(Acquire)
    }
}

/// Reads a file in order and takes the crc of each `piece_len` bytes: the least that reading a log in order can do.
/// Returns the number of pieces and a fold of their crcs.
pub fn read_with_crc(path: &Path, piece_len: usize) -> io::Result<(u64, u32)> {
    assert!(
        (1..=READ_LEN).contains(&piece_len),
        "a piece fits the buffer"
    );
    let file = File::open(path)?;
    let mut buffer = vec![0; READ_LEN / piece_len * piece_len];
    let (mut offset, mut count, mut fold) = (0, 0, 0);
    loop {
        let filled = file.read_at(&mut buffer, offset)?;
        for piece in buffer[..filled].chunks_exact(piece_len) {
            fold ^= crc32fast::hash(piece);
            count += 1;
        }
        if filled < buffer.len() {
            return Ok((count, fold));
        }
        offset += filled as u64;
    }
}

fn allocate_and_map(path: &Path, len: usize) -> io::Result<MmapRaw> {
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)?;
    // SAFETY: the descriptor is open for writing.
    let error = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, len as i64) };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error));
    }
    MmapOptions::new().len(len).map_raw(&file)
}

fn word(map: &MmapRaw) -> &AtomicU64 {
    // SAFETY: every map here is writable, starts at a page and is at least START long, and lives as long as the
    // reference; an atomic word is valid with any bits.
    #[expect(clippy::cast_ptr_alignment, reason = "a map starts at a page")]
    unsafe {
        &*map.as_mut_ptr().cast::<AtomicU64>()
    }
}
