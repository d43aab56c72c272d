//! Why a block cannot be read, and where in it.

use std::io;

use mltrack_projector::PackFault;

/// A block that gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum BlockFault {
    /// The bytes are not a block that this program writes: set the file aside and make it again from the log.
    #[error("the block is damaged at byte {offset}: {what}")]
    Damaged {
        /// What was found, or what was missing.
        what: String,
        /// Where in the block.
        offset: u64,
    },
    /// The source did not hand over its bytes: try again, or look at the medium.
    #[error("cannot read {len} bytes of the block at byte {offset}")]
    Read {
        /// Where in the block.
        offset: u64,
        /// How many were wanted.
        len: u64,
        /// What the source said.
        #[source]
        source: io::Error,
    },
    /// The chunk has no such column: ask for one below its width.
    #[error("the chunk has {width} columns, and column {column} was asked for")]
    NoColumn {
        /// What was asked for, from 0.
        column: usize,
        /// How many there are.
        width: usize,
    },
    /// The chunk has no such level of nodes: read its rows instead.
    #[error("the chunk has {levels} levels of nodes, and level {level} was asked for")]
    NoLevel {
        /// What was asked for, from 0.
        level: usize,
        /// How many there are.
        levels: usize,
    },
}

pub(super) fn damaged(offset: u64, what: impl Into<String>) -> BlockFault {
    let what = what.into();
    BlockFault::Damaged { what, offset }
}

/// The log says which segment it is, and where the block lies; what else the fault knows stays here.
impl From<BlockFault> for PackFault {
    fn from(fault: BlockFault) -> PackFault {
        match fault {
            BlockFault::Damaged { offset, .. } => PackFault {
                what: "the block's bytes are none that its packer writes",
                offset,
            },
            BlockFault::Read { offset, .. } => PackFault {
                what: "the block could not be read",
                offset,
            },
            BlockFault::NoColumn { .. } | BlockFault::NoLevel { .. } => PackFault {
                what: "the block lacks a column that it names",
                offset: 0,
            },
        }
    }
}
