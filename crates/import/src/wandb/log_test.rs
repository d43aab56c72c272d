//! The log: cut anywhere, damaged anywhere, grown, and pieces across blocks.

use std::io::Cursor;

use super::super::log_made::push_record;
use super::*;

/// Records as the peer writes them.
fn written(records: &[&[u8]]) -> Vec<u8> {
    let mut bytes = HEADER.to_vec();
    for record in records {
        push_record(&mut bytes, 0, record);
    }
    bytes
}

fn read_all(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<String>) {
    let mut log = Log::new(Cursor::new(bytes)).unwrap();
    let (mut records, mut others) = (Vec::new(), Vec::new());
    loop {
        match log.next().unwrap() {
            Next::Record(record) => records.push(record.to_vec()),
            Next::Lost(at, why) => others.push(format!("{why} at {at}")),
            Next::Long(_) | Next::Damaged(_) => unreachable!("a log has no such thing"),
            Next::End => return (records, others),
            Next::Torn(len) => {
                others.push(format!("torn {len}"));
                return (records, others);
            }
        }
    }
}

fn long(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

#[test]
fn the_checksum_and_the_header_are_those_of_the_peer() {
    let real = [
        0x32, 0x44, 0x26, 0x83, 0x4d, 0x00, 0x01, 0x08, 0x01, 0xc2, 0x0c,
    ];
    assert_eq!(HEADER[..4], *b":W&B");
    assert_eq!(u16::from_le_bytes([HEADER[4], HEADER[5]]), 0xbee1);
    assert_eq!((real[4], real[6]), (0x4d, FULL));
    assert_eq!(
        checksum(CrcAlgorithm::Crc32IsoHdlc, b"123456789") as u32,
        0xcbf4_3926
    );
}

#[test]
fn records_of_every_length_come_back_whole() {
    let lens = [
        0,
        1,
        300,
        BLOCK_LEN - 400,
        BLOCK_LEN,
        3 * BLOCK_LEN,
        BUFFER_LEN + 5,
        7,
    ];
    let records: Vec<Vec<u8>> = lens.iter().map(|len| long(*len)).collect();
    let slices: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    assert_eq!(read_all(&written(&slices)), (records, vec![]));
    // The end of a block is met at every distance.
    for first in BLOCK_LEN - 40..BLOCK_LEN {
        let records = [long(first - 14), long(5), long(100)];
        let slices: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        assert_eq!(read_all(&written(&slices)), (records.to_vec(), vec![]));
    }
}

#[test]
fn a_file_cut_anywhere_gives_the_records_before_and_waits_for_the_rest() {
    let whole = written(&[b"one", b"", &long(BLOCK_LEN), b"two"]);
    let all = read_all(&whole).0;
    for cut in (HEADER.len()..whole.len()).step_by(7) {
        let (records, others) = read_all(&whole[..cut]);
        assert_eq!(records[..], all[..records.len()], "cut at {cut}");
        assert!(
            others.is_empty() || others[0].starts_with("torn"),
            "{others:?}"
        );
    }
}

#[test]
fn a_file_that_grows_is_read_on() {
    let whole = written(&[b"one", &long(2 * BLOCK_LEN), b"two"]);
    let cut = BLOCK_LEN + 50;
    let mut log = Log::new(Cursor::new(whole[..cut].to_vec())).unwrap();
    assert_eq!(log.next().unwrap(), Next::Record(b"one"));
    let begun = log.place();
    assert_eq!(
        log.next().unwrap(),
        Next::Torn((cut as u64) - begun),
        "all that is there of it"
    );
    assert_eq!(log.place(), begun);
    log.file.get_mut().extend(&whole[cut..]);
    assert_eq!(log.next().unwrap(), Next::Record(&long(2 * BLOCK_LEN)));
    assert_eq!(log.next().unwrap(), Next::Record(b"two"));
    assert_eq!(log.next().unwrap(), Next::End);
}

#[test]
fn behind_damage_reading_goes_on_at_the_next_block() {
    let records: Vec<Vec<u8>> = (0..200).map(|at| vec![at as u8; 1000]).collect();
    let slices: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    let mut bytes = written(&slices);
    bytes[2 * BLOCK_LEN + 5000] ^= 1;
    let (read, others) = read_all(&bytes);
    assert_eq!(others.len(), 1, "{others:?}");
    assert!(others[0].contains("checksum"), "{others:?}");
    // What was in the block behind the damage is lost, and nothing else.
    assert!(read.len() >= 200 - 33 && read.len() < 200, "{}", read.len());
    assert_eq!(read.first(), records.first());
    assert_eq!(read.last(), records.last());
}

#[test]
fn a_piece_that_is_damaged_loses_its_record_only() {
    let mut bytes = written(&[b"one", &long(3 * BLOCK_LEN), b"two"]);
    bytes[BLOCK_LEN + 100] ^= 1;
    let (read, others) = read_all(&bytes);
    assert_eq!(read, [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!(others, ["the checksum of a record is wrong at 17"]);
    // Zeros at the end of a file that grows behind them.
    let mut log = Log::new(Cursor::new([&bytes[..17], &[0; 30]].concat())).unwrap();
    assert_eq!(log.next().unwrap(), Next::Record(b"one"));
    assert!(matches!(log.next().unwrap(), Next::Lost(17, _)));
    assert_eq!(log.next().unwrap(), Next::End);
    assert_eq!(log.place(), 47);
    log.file.get_mut().resize(BLOCK_LEN, 0);
    log.file
        .get_mut()
        .extend(written(&[b"two"]).split_off(HEADER.len()));
    assert_eq!(log.next().unwrap(), Next::Record(b"two"));
}

#[test]
fn what_does_not_begin_as_the_peers_files_do_is_known() {
    for (bytes, wanted) in [
        (&b":W&B\xe1\xbe\x00"[..], Opening::Good),
        (b":W&B\xe1\xbe\x07", Opening::Newer(7)),
        (b":W&", Opening::Short),
        (b"", Opening::Short),
        (b"\x89PNG\r\n\x1a\n", Opening::Foreign),
        (b":X", Opening::Foreign),
    ] {
        assert_eq!(opening(&mut &bytes[..]).unwrap(), wanted);
    }
}
