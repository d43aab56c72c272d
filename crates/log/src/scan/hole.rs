//! Telling damage from a place that a copying program had not reached.
//!
//! A program that copies a segment while others append reads its beginning before its end: what it read last may hold
//! frames behind a place that was still blank, or half written, when it read that. Behind such a place nothing counts: the
//! copy is as old as its beginning. A place that was damaged is full: no blank stretch lies between the frames around it.
//!
//! Invariant: when in doubt it is no damage, and the copy ends there, as it always may.

use std::io;

use super::Scan;
use crate::codec::bytes::u32_at;
use crate::codec::frame::Frame;
use crate::layout::{FRAME_ALIGN, FRAME_HEADER_LEN};
use crate::medium::read_full;

/// Programs copy at least a page at once.
const PAGE_LEN: u64 = 4096;
/// Zeros before the end of a page that show that the rest of it was not written yet.
const UNWRITTEN_LEN: usize = 8;

impl Scan {
    /// After a fault in a copy: goes to the next whole frame when what lies before it is damage. False, and nothing moves,
    /// when there is none, or the place was only not copied.
    pub fn skip_damage_in_copy(&mut self, lsn_limit: u64) -> io::Result<bool> {
        let (offset, chain) = (self.offset, self.chain);
        if !self.skip_damage(lsn_limit)? {
            return Ok(false);
        }
        let mut hole = vec![0; (self.offset - offset) as usize];
        let is_read = read_full(&*self.file, &mut hole, offset)? == hole.len();
        let expected = chain.next_lsn - chain.base;
        let found = self.chain.next_lsn - chain.base;
        if is_read && is_damage(&hole, offset, expected, found) {
            return Ok(true);
        }
        (self.offset, self.buffer_offset, self.filled) = (offset, offset, 0);
        self.chain = chain;
        Ok(false)
    }
}

/// Whether the bytes between two whole frames were all written once. `expected` and `found` are the lsns, counted from the
/// segment's base, of the record behind the frame before and of that in the frame behind.
fn is_damage(hole: &[u8], offset: u64, expected: u64, found: u64) -> bool {
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let has_blank = hole
        .windows(FRAME_HEADER_LEN)
        .step_by(FRAME_ALIGN)
        .any(is_zero);
    if !has_blank {
        return true;
    }
    // Its records may hold zeros: one frame that says itself that it reaches up to the next one is whole in length.
    let Some(head) = hole.first_chunk() else {
        return false;
    };
    let count = u64::from(u32_at(head, 28) >> 16);
    let is_one_frame = Frame::claimed_len(head) == hole.len()
        && u64::from(u32_at(head, 8)) == expected
        && expected + count == found;
    let first_page = offset.next_multiple_of(PAGE_LEN);
    let mut pages = (first_page..offset + hole.len() as u64).step_by(PAGE_LEN as usize);
    let is_cut = |page: u64| {
        let end = (page - offset) as usize;
        is_zero(&hole[end.saturating_sub(UNWRITTEN_LEN)..end])
    };
    is_one_frame && !pages.any(is_cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFSET: u64 = 4096 - 64;

    /// A frame of `len` bytes and one record, whose body is `body`.
    fn frame(len: usize, body: u8) -> Vec<u8> {
        let mut bytes = vec![body; len];
        bytes[..FRAME_HEADER_LEN].fill(0xee);
        bytes[4..8].copy_from_slice(&(len as u32).to_le_bytes());
        bytes[8..12].copy_from_slice(&7_u32.to_le_bytes());
        bytes[30..32].copy_from_slice(&1_u16.to_le_bytes());
        bytes
    }

    #[test]
    fn what_is_full_is_damage_whatever_its_header_says() {
        let mut hole = frame(256, 0xab);
        assert!(is_damage(&hole, OFFSET, 7, 8));
        hole[..16].fill(0xff);
        assert!(is_damage(&hole, OFFSET, 7, 8));
    }

    #[test]
    fn a_blank_stretch_is_a_place_that_was_not_copied() {
        let mut hole = frame(256, 0xab);
        hole.resize(1024, 0);
        assert!(!is_damage(&hole, OFFSET, 7, 9));
        assert!(!is_damage(&[0; 512], OFFSET, 7, 9));
    }

    #[test]
    fn a_frame_full_of_zeros_is_damage_unless_it_is_cut_at_a_page() {
        let hole = frame(64, 0);
        assert!(
            is_damage(&hole, OFFSET, 7, 8),
            "it ends before the page does"
        );
        assert!(!is_damage(&hole, OFFSET, 7, 9), "another record is missing");
        assert!(!is_damage(&frame(256, 0), OFFSET, 7, 8));
    }
}
