//! Every constant of `docs/format.md` that more than one file needs, tied to each other by asserts.
// format.md blake3: 4361fb184886ab0962124d3b5018d03b3efe82af25dece295140939e92c3d065

/// Bytes in FORMAT.
pub const FORMAT_LEN: usize = 64;
/// Bytes in ctl; mapped whole and never resized.
pub const CTL_LEN: usize = 4096;
/// Bytes in each checkpoint slot.
pub const CHECKPOINT_LEN: usize = 256;
/// Bytes before a segment's first frame.
pub const SEGMENT_HEADER_LEN: usize = 256;
/// Bytes between a packed segment's header and its first block.
pub const PACK_HEADER_LEN: usize = 64;
/// Bytes before a spool's first frame.
pub const SPOOL_HEADER_LEN: usize = 128;
/// Bytes in a frame's fixed header.
pub const FRAME_HEADER_LEN: usize = 32;
/// Bytes of the three extensions together: the space a batch keeps free for its header.
pub const FRAME_HEADER_LEN_MAX: usize =
    FRAME_HEADER_LEN + CONTROL_EXTENSION_LEN + SPOOL_EXTENSION_LEN + CLOCK_EXTENSION_LEN;
/// Stream, previous control frame, control sequence.
pub const CONTROL_EXTENSION_LEN: usize = 24;
/// Spool id and sequence.
pub const SPOOL_EXTENSION_LEN: usize = 16;
/// What the wall clock said.
pub const CLOCK_EXTENSION_LEN: usize = 8;
/// Frames start at multiples of this.
pub const FRAME_ALIGN: usize = 8;
/// A frame's length has 24 bits.
pub const FRAME_LEN_MAX: usize = (1 << 24) - 1;
/// The longest body (records) that a batch may hold. Below the frame's limit, so that a batch fits any grown segment.
pub const BATCH_LEN_MAX: usize = 8 << 20;
/// A tag and a length: no record takes less.
pub const RECORD_LEN_MIN: usize = 2;
/// Records in a batch.
pub const BATCH_COUNT_MAX: usize = u16::MAX as usize;
/// The smallest segment, for tests.
pub const SEGMENT_LEN_MIN: u32 = 4096;
/// Where growing segments begin.
pub const SEGMENT_LEN_FIRST: u32 = 1 << 20;
/// Where growing segments stop.
pub const SEGMENT_LEN_MAX: u32 = 64 << 20;
/// Preallocated bytes that a full disk can give back.
pub const BALLAST_LEN: u64 = 256 << 10;

/// The frame carries a stream and points to the previous control frame.
pub const FLAG_CONTROL: u8 = 1;
/// The frame came through a spool.
pub const FLAG_SPOOLED: u8 = 2;
/// The wall clock had stepped back when the frame was committed.
pub const FLAG_CLOCK: u8 = 4;

/// Incompatible bit 0 of FORMAT: segments may be packed.
pub const FEATURE_PACKED: u32 = 1;
/// The incompatible bits that this program knows.
pub const FEATURES_KNOWN: u32 = FEATURE_PACKED;

/// The file names in a store.
pub mod name {
    pub const FORMAT: &str = "FORMAT";
    pub const LOCK: &str = "LOCK";
    pub const CTL: &str = "ctl";
    pub const CHECKPOINTS: [&str; 2] = ["CKPT.a", "CKPT.b"];
    pub const SPARE: &str = "spare";
    pub const BALLAST: &str = "BALLAST";
    pub const SPOOL: &str = "spool";
    pub const TRASH: &str = "trash";
    pub const RESTORING: &str = "RESTORING";
}

/// Byte 0 of LOCK: deciding who is alive, recovering, joining, leaving.
pub const LOCK_OPEN: u64 = 0;
/// Byte 1 of LOCK: making the log durable.
pub const LOCK_SYNC: u64 = 1;
/// Byte 2 of LOCK: writing footers and manifests.
pub const LOCK_MUTATOR: u64 = 2;
/// Byte 4 of LOCK: making the spare segment.
pub const LOCK_SPARE: u64 = 4;
/// Byte 5 of LOCK: packing segments.
pub const LOCK_COMPACTOR: u64 = 5;
/// The first liveness byte; writer w holds this plus w.
pub const LOCK_LIVENESS: u64 = 1 << 32;

const _: () = assert!(FRAME_HEADER_LEN.is_multiple_of(FRAME_ALIGN));
const _: () = assert!(FRAME_HEADER_LEN_MAX.is_multiple_of(FRAME_ALIGN));
const _: () = assert!(SEGMENT_HEADER_LEN.is_multiple_of(FRAME_ALIGN));
const _: () = assert!(SPOOL_HEADER_LEN.is_multiple_of(FRAME_ALIGN));
const _: () = assert!(BATCH_LEN_MAX + FRAME_HEADER_LEN_MAX <= FRAME_LEN_MAX);
const _: () = assert!(BATCH_LEN_MAX + FRAME_HEADER_LEN_MAX < SEGMENT_LEN_MAX as usize / 2);
const _: () = assert!(
    (SEGMENT_LEN_MAX as usize) / FRAME_ALIGN < 1 << 24,
    "an offset fits the published word"
);

/// The name of the segment whose first record is `base`.
pub fn segment_name(base: u64) -> String {
    format!("seg-{base:020}.log")
}

/// The base lsn in a segment's file name, or `None` for any other file.
pub fn segment_base(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("seg-")?.strip_suffix(".log")?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

/// The name of a packed form of the segment whose first record is `base`.
pub fn pack_name(base: u64, generation: u32) -> String {
    format!("pack-{base:020}-{generation:010}.log")
}

/// The base lsn and the generation in the name of a packed segment, or `None` for any other file.
pub fn pack_parts(name: &str) -> Option<(u64, u32)> {
    let (base, generation) = name
        .strip_prefix("pack-")?
        .strip_suffix(".log")?
        .split_once('-')?;
    let is_number = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(base, 20) && is_number(generation, 10))
        .then(|| Some((base.parse().ok()?, generation.parse().ok()?)))?
}

#[test]
fn names_of_packed_segments_read_back_and_others_are_none() {
    let name = pack_name(70, 3);
    assert_eq!(pack_parts(&name), Some((70, 3)));
    assert_eq!(segment_base(&name), None);
    for other in ["pack-70-3.log", &format!("{name}.tmp"), &segment_name(70)] {
        assert_eq!(pack_parts(other), None, "{other}");
    }
}
