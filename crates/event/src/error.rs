//! Why a payload cannot be written or read: every error names the event type, and where.

use crate::event::{TypeId, Version};

/// A payload that cannot be decoded. The record's crc was right, so the bytes are what a program
/// wrote: keep the record, skip it, and report it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot decode the payload of {} version {version}, at byte {offset} of {payload_len}: {cause}",
    type_id.describe()
)]
pub struct DecodeError {
    /// The event's type.
    pub type_id: TypeId,
    /// The payload's version.
    pub version: Version,
    /// How far the payload was read, in bytes.
    pub offset: usize,
    /// The payload's length in bytes.
    pub payload_len: usize,
    /// What is wrong there.
    pub cause: DecodeCause,
}

/// What is wrong with a payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeCause {
    /// The payload ends inside a value.
    #[error("the payload ends inside a value")]
    Truncated,
    /// Bytes are left over after the last field.
    #[error("{len} bytes follow the last field")]
    Trailing {
        /// How many.
        len: usize,
    },
    /// The payload is longer than any that is written.
    #[error(
        "the payload is longer than the {} bytes allowed",
        crate::PAYLOAD_LEN_MAX
    )]
    PayloadTooLong,
    /// A length in the payload is larger than any payload can hold.
    #[error("a length is larger than a payload can hold")]
    LengthTooLarge,
    /// There never was such a version.
    #[error("versions count from 1")]
    NoSuchVersion,
    /// A value that its type does not have.
    #[error("{0}")]
    Malformed(String),
}

impl From<bincode::error::DecodeError> for DecodeCause {
    fn from(error: bincode::error::DecodeError) -> DecodeCause {
        match error {
            bincode::error::DecodeError::UnexpectedEnd { .. } => DecodeCause::Truncated,
            bincode::error::DecodeError::LimitExceeded => DecodeCause::LengthTooLarge,
            other => DecodeCause::Malformed(other.to_string()),
        }
    }
}

/// An event that is too large for one record. Split it: fewer rows, lines or params in each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a payload of {} has {payload_len} bytes, more than the {} allowed: split it into several",
    type_id.describe(),
    crate::PAYLOAD_LEN_MAX
)]
pub struct EncodeError {
    /// The event's type.
    pub type_id: TypeId,
    /// The length it would have, in bytes.
    pub payload_len: usize,
}
