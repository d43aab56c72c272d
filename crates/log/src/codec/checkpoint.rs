//! CKPT: the durable point, in two slots written in turn, so that a torn write leaves the other.

use super::bytes::{is_sealed, put, seal, take, u32_at, u64_at};
use super::state::State;
use crate::ids::{EpochId, StoreId};
use crate::layout::CHECKPOINT_LEN;

const MAGIC: [u8; 8] = *b"MLTCKPT\x01";
const FLAG_CLEAN: u32 = 1;

/// Device and inode of LOCK: differs in every copy of a folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FolderIdentity {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
}

/// One checkpoint slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The store.
    pub store: StoreId,
    /// The folder it was written in.
    pub folder: FolderIdentity,
    /// The valid slot with the higher sequence counts.
    pub sequence: u64,
    /// The epoch of the position.
    pub epoch: EpochId,
    /// Everything before this position is durable.
    pub state: State,
    /// Nobody has had the store open for writing since.
    pub clean: bool,
}

impl Checkpoint {
    /// The bytes of a slot.
    pub fn encode(&self) -> [u8; CHECKPOINT_LEN] {
        let mut block = [0; CHECKPOINT_LEN];
        put(&mut block, 0, &MAGIC);
        put(&mut block, 8, &self.store.0);
        put(&mut block, 24, &self.folder.device.to_le_bytes());
        put(&mut block, 32, &self.folder.inode.to_le_bytes());
        put(&mut block, 40, &self.sequence.to_le_bytes());
        put(&mut block, 48, &self.epoch.0);
        put(&mut block, 64, &self.state.encode());
        put(
            &mut block,
            128,
            &(u32::from(self.clean) * FLAG_CLEAN).to_le_bytes(),
        );
        seal(&mut block);
        block
    }

    /// Reads a slot; `None` when it is torn, damaged or was never written.
    pub fn decode(bytes: &[u8]) -> Option<Checkpoint> {
        let block = bytes.first_chunk::<CHECKPOINT_LEN>()?;
        if block[..8] != MAGIC || !is_sealed(block) {
            return None;
        }
        Some(Checkpoint {
            store: StoreId(take(block, 8)),
            folder: FolderIdentity {
                device: u64_at(block, 24),
                inode: u64_at(block, 32),
            },
            sequence: u64_at(block, 40),
            epoch: EpochId(take(block, 48)),
            state: State::decode(&take(block, 64))?,
            clean: u32_at(block, 128) & FLAG_CLEAN != 0,
        })
    }
}

#[test]
fn a_torn_checkpoint_is_none() {
    let state = State {
        ordinal: 1,
        base: 1,
        next_lsn: 1,
        offset: 256,
        next_writer: 1,
        ..State::default()
    };
    let checkpoint = Checkpoint {
        store: StoreId([1; 16]),
        folder: FolderIdentity {
            device: 2,
            inode: 3,
        },
        sequence: 9,
        epoch: EpochId([4; 16]),
        state,
        clean: true,
    };
    let block = checkpoint.encode();
    assert_eq!(Checkpoint::decode(&block), Some(checkpoint));
    for at in 0..CHECKPOINT_LEN {
        let mut torn = block;
        torn[at] ^= 0x40;
        assert_eq!(Checkpoint::decode(&torn), None);
    }
    assert_eq!(Checkpoint::decode(&block[..200]), None);
}
