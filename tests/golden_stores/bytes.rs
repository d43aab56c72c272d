//! The exact bytes of every structure of `docs/format.md`, for fixed values.
//!
//! Invariant: each file in `tests/golden/log` holds one structure in hex, 32 bytes a line, and never changes.

use std::fmt::Write as _;
use std::fs;

use mltrack_log::codec::checkpoint::{Checkpoint, FolderIdentity};
use mltrack_log::codec::footer::{Footer, IndexEntry};
use mltrack_log::codec::frame::{
    Chain, ControlExtension, Frame, FrameHeader, Salt, SpoolExtension,
};
use mltrack_log::codec::identity::Format;
use mltrack_log::codec::manifest::{Manifest, Quarantine};
use mltrack_log::codec::record::{RawRecord, push_record};
use mltrack_log::codec::segment::{PreviousEnd, SegmentHeader};
use mltrack_log::codec::spool::SpoolHeader;
use mltrack_log::codec::state::{ControlPointer, Published, State};
use mltrack_log::{EpochId, StoreId};

use super::{golden, is_blessing};

const STORE: StoreId = StoreId(*b"a store's uuid 4");
const EPOCH: EpochId = EpochId(*b"an epoch's bits!");
const SALT: u64 = 0x0123_4567_89ab_cdef;
const TIME: i64 = 1_795_232_540_500_000_001;
const CONTROL: ControlPointer = ControlPointer {
    base: 300,
    lsn: 301,
    offset: 264,
};

/// The bytes that hex digits stand for.
pub fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hex digit") as u8;
    digits
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (number, byte) in bytes.iter().enumerate() {
        let end = if number % 32 == 31 || number + 1 == bytes.len() {
            "\n"
        } else {
            ""
        };
        write!(text, "{byte:02x}{end}").expect("a string takes everything");
    }
    text
}

/// Compares with the golden file, or makes it when it is missing and that was asked for.
fn check(name: &str, bytes: &[u8]) {
    let path = golden("log").join(format!("{name}.hex"));
    if is_blessing() && !path.exists() {
        fs::create_dir_all(golden("log")).unwrap();
        fs::write(&path, to_hex(bytes)).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}.hex: {error}"));
    assert_eq!(
        to_hex(bytes),
        golden,
        "{name}.hex never changes: a change is a new version"
    );
}

fn state() -> State {
    State {
        ordinal: 3,
        base: 400,
        next_lsn: 407,
        commit_time: TIME,
        control: CONTROL,
        offset: 1024,
        last_crc: 0xdead_beef,
        next_writer: 9,
    }
}

fn segment_header() -> SegmentHeader {
    SegmentHeader {
        store: STORE,
        epoch: EPOCH,
        ordinal: 3,
        base: 400,
        epoch_base: 350,
        salt: SALT,
        created_ns: TIME,
        previous: PreviousEnd {
            base: 300,
            next_lsn: 400,
            offset: 4000,
            last_crc: 0xcafe_f00d,
        },
        len: 4096,
        next_writer: 5,
        control: CONTROL,
    }
}

/// A frame with two records, padded, under the given flags.
fn frame(flags: u8) -> Vec<u8> {
    let header = FrameHeader {
        lsn_low: 7,
        previous_crc: 0xcafe_f00d,
        commit_time: TIME,
        writer: 4,
        batch_id: 0xbeef,
        count: 2,
        control: (flags & 1 != 0).then_some(ControlExtension {
            stream: 0x1122_3344_5566_7788,
            previous_base: 300,
            previous_offset: 264,
            sequence: 12,
        }),
        spooled: (flags & 2 != 0).then_some(SpoolExtension {
            id: 0x99aa_bbcc_ddee_ff00,
            sequence: 6,
        }),
        clock: (flags & 4 != 0).then_some(TIME - 1),
    };
    let mut bytes = vec![0; header.encoded_len()];
    let common = RawRecord {
        type_id: 1,
        version: 1,
        time: None,
        payload: b"loss",
    };
    let other = RawRecord {
        type_id: 0x4c,
        version: 300,
        time: Some(-2),
        payload: &[0x5a; 130],
    };
    push_record(&mut bytes, &common);
    push_record(&mut bytes, &other);
    header.stamp(&mut bytes, Salt::new(SALT));
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let chain = Chain {
        salt: Salt::new(SALT),
        base: 400,
        next_lsn: 407,
        previous_crc: 0xcafe_f00d,
    };
    let decoded = Frame::decode(&bytes, &chain).expect("what is written can be read");
    assert_eq!(decoded.header, header);
    assert!(decoded.records().eq([common, other]));
    bytes
}

#[test]
fn the_files_of_a_folder_have_the_bytes_of_version_1() {
    let format = Format {
        minor: 0,
        compatible: 1,
        read_only_compatible: 2,
        incompatible: 0,
        store: STORE,
        segment_len: 4096,
        created_ns: TIME,
    };
    check("format", &format.encode());
    assert_eq!(Format::decode(&format.encode()), Ok(format));
    let checkpoint = Checkpoint {
        store: STORE,
        folder: FolderIdentity {
            device: 66306,
            inode: 1_234_567,
        },
        sequence: 11,
        epoch: EPOCH,
        state: state(),
        clean: true,
    };
    check("checkpoint", &checkpoint.encode());
    assert_eq!(Checkpoint::decode(&checkpoint.encode()), Some(checkpoint));
    let quarantine = Quarantine {
        base: 300,
        first_lsn: 310,
        end_lsn: 312,
        offset: 512,
        end_offset: 640,
        time_ns: TIME,
    };
    let manifest = Manifest {
        store: STORE,
        number: 2,
        quarantined: vec![quarantine],
    };
    check("manifest", &manifest.encode());
    assert_eq!(Manifest::decode(&manifest.encode()), Some(manifest));
}

#[test]
fn segments_and_spools_have_the_bytes_of_version_1() {
    let header = segment_header();
    check("segment_header", &header.encode());
    assert_eq!(SegmentHeader::decode(&header.encode()), Some(header));
    let footer = Footer {
        offset: 1024,
        base: 400,
        next_lsn: 407,
        count: 7,
        commit_time_first: TIME - 5,
        commit_time_last: TIME,
        seal: [0xa1; 32],
        previous_seal: [0xb2; 32],
        index: vec![IndexEntry {
            lsn: 400,
            commit_time: TIME - 5,
            offset: 256,
        }],
        dictionary: vec![16, 3, 1, 2, 3],
    };
    check("footer", &footer.encode());
    assert_eq!(Footer::decode(&footer.encode()), Some(footer));
    let spool = SpoolHeader {
        store: STORE,
        id: 0x99aa_bbcc_ddee_ff00,
        salt: SALT,
        log_lsn: 407,
        created_ns: TIME,
        writer: 4,
        process: 4711,
    };
    check("spool_header", &spool.encode());
    assert_eq!(SpoolHeader::decode(&spool.encode()), Some(spool));
}

#[test]
fn frames_have_the_bytes_of_version_1_under_every_flag() {
    for (flags, name) in [
        (0, "frame"),
        (1, "frame_control"),
        (2, "frame_spooled"),
        (4, "frame_clock"),
        (7, "frame_all_flags"),
    ] {
        check(name, &frame(flags));
    }
}

#[test]
fn what_the_mapped_page_holds_has_the_bytes_of_version_1() {
    let state = state();
    check("state_slot", &state.encode_slot());
    assert_eq!(State::decode_slot(&state.encode_slot()), Some(state));
    let word = Published::of(&state, 1).encode(SALT);
    check("published_word", &word.to_le_bytes());
    assert!(Published::decode(word, SALT).is_some_and(|published| published.matches(&state)));
}
