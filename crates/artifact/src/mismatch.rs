//! What a check of stored bytes found: which part of which blob, where, and in what way it is wrong.

use std::fmt;

use crate::hash::BlobHash;

/// Stored bytes that are not what their name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The blob.
    pub id: BlobHash,
    /// The root.
    pub place: String,
    /// The object in the root that is wrong.
    pub key: String,
    /// Which part of the blob that object is.
    pub part: Part,
    /// In what way it is wrong.
    pub flaw: Flaw,
}

/// A part of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it, in one object.
    Whole,
    /// The list of its chunks.
    Manifest,
    /// One chunk.
    Chunk {
        /// Which one, from 0.
        index: usize,
        /// Of how many.
        count: usize,
        /// Where it begins in the content.
        offset: u64,
        /// How long it is.
        len: u64,
    },
    /// Every chunk is right and together they are another content.
    Together,
}

/// In what way bytes are wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The object is not there.
    Missing,
    /// The object is shorter or longer than it says.
    Length {
        /// What it should be.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// It is not an object of this format.
    Format(&'static str),
    /// The content hashes to something else.
    Hash(BlobHash),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch {
            id,
            place,
            key,
            part,
            flaw,
        } = self;
        write!(f, "blob {id} in {place} is damaged: ")?;
        match part {
            Part::Whole => f.write_str("its bytes")?,
            Part::Manifest => f.write_str("the list of its chunks")?,
            Part::Chunk {
                index,
                count,
                offset,
                len,
            } => write!(
                f,
                "chunk {} of {count}, bytes {offset}..{},",
                index + 1,
                offset + len
            )?,
            Part::Together => f.write_str("its chunks together")?,
        }
        write!(f, " ({key}) {flaw}; repair it from another root")
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Missing => f.write_str("missing"),
            Flaw::Length { expected, found } => {
                write!(f, "should have {expected} bytes and has {found}")
            }
            Flaw::Format(what) => write!(f, "cannot be read: {what}"),
            Flaw::Hash(found) => write!(f, "hashes to {found}"),
        }
    }
}

impl std::error::Error for Mismatch {}
