//! How a value becomes the bytes of a snapshot.
//!
//! Invariants: equal values give equal bytes; bytes that are no value are an error, never a panic or a huge allocation.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::{Decode, Encode};

/// No part takes more memory: a damaged length must not ask for all of it.
const PART_LEN_MAX: usize = 1 << 28;
const CONFIG: Configuration<LittleEndian, Varint, Limit<PART_LEN_MAX>> =
    bincode::config::standard().with_limit::<PART_LEN_MAX>();

/// The bytes of a value.
pub fn value(row: &impl Encode) -> Vec<u8> {
    bincode::encode_to_vec(row, CONFIG).expect("growing a vector does not fail")
}

/// The value that these bytes are, all of them.
pub fn parse<T: Decode<()>>(bytes: &[u8]) -> Result<T, String> {
    let (row, len) =
        bincode::decode_from_slice(bytes, CONFIG).map_err(|error| error.to_string())?;
    if len != bytes.len() {
        return Err("bytes follow its end".into());
    }
    Ok(row)
}
