//! The form of the peer's files, that of a `LevelDB` log: blocks with pieces of records, each with its checksum.

/// What the file begins with: the name, the number that stands for the name, the version.
pub const HEADER: [u8; 7] = *b":W&B\xe1\xbe\x00";
pub const BLOCK_LEN: usize = 32 << 10;
/// A checksum, a length, a kind.
pub const PIECE_HEADER_LEN: usize = 7;

// Kinds of pieces.
pub const FULL: u8 = 1;
pub const FIRST: u8 = 2;
pub const MIDDLE: u8 = 3;
pub const LAST: u8 = 4;
