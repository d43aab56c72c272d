//! Frames read back, follow one another, and refuse what they must.

use super::*;
use crate::codec::record::push_record;

const SALT: u64 = 0x1234_5678_9abc_def0;

fn chain() -> Chain {
    Chain {
        salt: Salt::new(SALT),
        base: 100,
        next_lsn: 105,
        previous_crc: 9,
    }
}

fn encode(header: &FrameHeader, payloads: &[&[u8]]) -> Vec<u8> {
    let mut frame = vec![0; header.encoded_len()];
    for payload in payloads {
        let record = RawRecord {
            type_id: 1,
            version: 1,
            time: None,
            payload,
        };
        push_record(&mut frame, &record);
    }
    header.stamp(&mut frame, Salt::new(SALT));
    frame.resize(frame.len().next_multiple_of(FRAME_ALIGN), 0);
    frame
}

fn header(count: u16) -> FrameHeader {
    FrameHeader {
        lsn_low: 5,
        previous_crc: 9,
        commit_time: 1_700_000_000_000_000_000,
        writer: 3,
        batch_id: 0xbeef,
        count,
        control: None,
        spooled: None,
        clock: None,
    }
}

#[test]
fn a_frame_reads_back_with_every_combination_of_extensions() {
    for flags in 0..8u8 {
        let header = FrameHeader {
            control: (flags & 1 != 0).then_some(ControlExtension {
                stream: 1,
                previous_base: 2,
                previous_offset: 3,
                sequence: 4,
            }),
            spooled: (flags & 2 != 0).then_some(SpoolExtension { id: 5, sequence: 6 }),
            clock: (flags & 4 != 0).then_some(-7),
            ..header(2)
        };
        let bytes = encode(&header, &[b"loss", b""]);
        let frame = Frame::decode(&bytes, &chain()).unwrap();
        assert_eq!(frame.header, header);
        assert_eq!((frame.first_lsn, frame.next_lsn()), (105, 107));
        assert_eq!(
            frame
                .records()
                .map(|record| record.payload.len())
                .collect::<Vec<_>>(),
            [4, 0]
        );
        assert_eq!(frame.padded_len, bytes.len());
    }
}

#[test]
fn every_flipped_bit_makes_the_frame_invalid_or_lies_in_padding() {
    let bytes = encode(&header(1), &[b"accuracy"]);
    let len = FRAME_HEADER_LEN + 2 + 8;
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let is_valid = Frame::decode(&damaged, &chain()).is_ok();
        assert_eq!(is_valid, bit / 8 >= len, "bit {bit}");
    }
}

#[test]
fn a_frame_that_follows_another_frame_is_stray() {
    let bytes = encode(&header(1), &[b"x"]);
    let decode = |chain| Frame::decode(&bytes, &chain);
    assert_eq!(
        decode(Chain {
            next_lsn: 106,
            ..chain()
        }),
        Err(FrameFault::Stray)
    );
    assert_eq!(
        decode(Chain {
            previous_crc: 8,
            ..chain()
        }),
        Err(FrameFault::Stray)
    );
    assert_eq!(
        decode(Chain {
            salt: Salt::new(1),
            ..chain()
        }),
        Err(FrameFault::Crc)
    );
    assert_eq!(
        Frame::decode(&bytes[..33], &chain()),
        Err(FrameFault::Truncated(40))
    );
    assert_eq!(Frame::decode(&[0; 64], &chain()), Err(FrameFault::Blank));
}

#[test]
fn a_count_that_the_records_do_not_fill_is_refused() {
    for count in [0, 1, 3] {
        let bytes = encode(&header(count), &[b"a", b"b"]);
        assert_eq!(
            Frame::decode(&bytes, &chain()),
            Err(FrameFault::Records),
            "{count}"
        );
    }
}
