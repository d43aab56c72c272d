//! Arbitrary bytes as a frame: what decodes has records that fill it, and never more bytes than were handed over.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mltrack_log::codec::frame::{Chain, Frame, Salt};

/// The salt that the seeds were written with; `repair` gives every input the crc that goes with it.
const SALT: u64 = 7;
const BASE: u64 = 100;

fn check(bytes: &[u8]) {
    let salt = Salt::new(SALT);
    let Ok(frame) = Frame::decode_unchained(bytes, salt, BASE) else {
        return;
    };
    assert!(frame.padded_len <= bytes.len() && frame.padded_len % 8 == 0);
    assert_eq!(frame.records().count(), usize::from(frame.header.count));
    assert_eq!(
        frame.next_lsn(),
        frame.first_lsn + u64::from(frame.header.count)
    );
    let payload_len: usize = frame.records().map(|record| record.payload.len()).sum();
    assert!(payload_len <= frame.body.len());
    let chain = Chain {
        salt: Salt::new(SALT),
        base: BASE,
        next_lsn: frame.first_lsn,
        previous_crc: frame.header.previous_crc,
    };
    let again = Frame::decode(bytes, &chain).expect("it follows the chain that it names");
    assert_eq!(again.crc, frame.crc);
    stamp_again(&frame);
}

/// What was read can be written again, to the same bytes as far as they mean something.
fn stamp_again(frame: &Frame) {
    let mut bytes = vec![0; frame.header.encoded_len()];
    bytes.extend_from_slice(frame.body);
    let crc = frame.header.stamp(&mut bytes, Salt::new(SALT));
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let again = Frame::decode_unchained(&bytes, Salt::new(SALT), BASE).expect("just written");
    assert_eq!(
        (again.crc, again.header, again.body),
        (crc, frame.header, frame.body)
    );
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let mut repaired = bytes.to_vec();
    mltrack_fuzz::repair_frame(&mut repaired, SALT, None);
    check(&repaired);
});
