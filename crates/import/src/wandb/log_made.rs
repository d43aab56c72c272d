//! Logs as the peer writes them, for tests and benches.
//!
//! Invariant: the same records give the same bytes.

use crc_fast::{CrcAlgorithm, checksum};

use super::log_form::{BLOCK_LEN, FIRST, FULL, LAST, MIDDLE, PIECE_HEADER_LEN};

/// Adds a record to a log of which `begun` bytes were taken away already.
pub fn push_record(log: &mut Vec<u8>, begun: u64, record: &[u8]) {
    let mut rest = record;
    let mut is_first = true;
    while is_first || !rest.is_empty() {
        let left = BLOCK_LEN - (begun as usize + log.len()) % BLOCK_LEN;
        if left < PIECE_HEADER_LEN {
            log.resize(log.len() + left, 0);
            continue;
        }
        let (body, behind) = rest.split_at(rest.len().min(left - PIECE_HEADER_LEN));
        let kind = match (is_first, behind.is_empty()) {
            (true, true) => FULL,
            (true, false) => FIRST,
            (false, false) => MIDDLE,
            (false, true) => LAST,
        };
        let checked = [&[kind], body].concat();
        let crc = checksum(CrcAlgorithm::Crc32IsoHdlc, &checked) as u32;
        log.extend(crc.to_le_bytes());
        log.extend((body.len() as u16).to_le_bytes());
        log.extend(checked);
        (rest, is_first) = (behind, false);
    }
}
