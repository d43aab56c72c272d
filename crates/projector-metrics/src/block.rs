//! A stretch of the log as a block: metric points as compressed columns, everything else as it is, zstd.
//!
//! [`MetricPacker`] makes blocks and gives every record back, bit for bit. [`BlockIndex`] is what is in a block;
//! [`read_rows`] and [`read_nodes`] read one column of it. The bytes are drawn in `docs/format.md`, section Block.
//!
//! Invariants: pure functions of bytes and records; a payload is only taken apart when it was checked to come back as
//! the same bytes; no bytes, whatever they are, make reading panic or allocate more than a block's limits allow.

mod bytes;
mod codec;
mod directory;
mod estimate;
mod facts;
mod fault;
mod fill;
mod floats;
mod gather;
mod integers;
mod nodes;
mod read;
mod reseal;
mod residue;
mod source;
mod table;
mod unpack;
mod write;

use mltrack_projector::{PackFault, PackRecord, Packer};

pub use fault::BlockFault;
pub use fill::read_rows_into;
pub use read::{
    BlockIndex, ChunkInfo, ResidueInfo, Rows, Want, read_axes, read_nodes, read_residue, read_rows,
    read_values, residue_types,
};
#[doc(hidden)]
pub use reseal::reseal;
pub use source::ReadAt;
pub use unpack::unpack;
pub use write::pack;

/// A block has at most so many records.
pub const RECORDS_MAX: usize = 1 << 18;
/// And payloads of so many bytes: 64 MiB, and room for the last batch.
pub const PAYLOAD_LEN_MAX: usize = 72 << 20;

/// The packer of a store whose records are events.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct MetricPacker;

impl MetricPacker {
    /// What packed segments are marked with. 1 is the log's own plain packer.
    pub const ID: u32 = 2;
}

impl Packer for MetricPacker {
    fn id(&self) -> u32 {
        MetricPacker::ID
    }

    fn pack(&self, records: &[PackRecord<'_>]) -> Vec<u8> {
        pack(records)
    }

    fn unpack(&self, block: &[u8], each: &mut dyn FnMut(PackRecord<'_>)) -> Result<(), PackFault> {
        Ok(unpack(&block, each)?)
    }
}
