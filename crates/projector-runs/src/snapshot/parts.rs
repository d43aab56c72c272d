//! The parts that a snapshot of runs is made of.

use bincode::{Decode, Encode};
pub use mltrack_projector::snapshot::{Part, PartWriter, read_part, root_of};
use mltrack_projector::snapshot::{SnapshotFault, Source};

use crate::codec;

pub const HEADER_LEN: usize = 64;
pub const TRAILER_LEN: usize = 64;
pub const MAGIC: [u8; 8] = *b"mltsnap1";
pub const END_MAGIC: [u8; 8] = *b"1panstlm";

/// The first of the parts: it leads to all others.
#[derive(Clone, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub struct Core {
    /// Experiments, dictionary, oddities.
    pub small: Part,
    /// One brief a run, by slot.
    pub briefs: Part,
    /// Names of runs, by slot.
    pub names: Part,
    /// Keys of runs and their slots, sorted by key.
    pub keys: Part,
    /// Where the blocks of rows are.
    pub blocks: Part,
    /// Slots of the runs that were recorded as running.
    pub running: Part,
    /// Where the columns are.
    pub columns: Part,
}

/// Reads a part that is one value.
pub fn read_value<T: Decode<()>>(source: &Source, part: &Part) -> Result<T, SnapshotFault> {
    let bytes = read_part(source, part)?;
    codec::parse(&bytes).map_err(|what| SnapshotFault::damaged(source, part.offset, &what))
}
