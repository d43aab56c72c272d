//! Rows as the driver sees them: keys, values, and the checkpoint among them.

use std::collections::BTreeMap;

use mltrack_log::{Cursor, EpochId, Lsn};

use super::{CHECKPOINT_KEY, Stored};

/// Keys and values, sorted by key; without the checkpoint.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Version, epoch and next lsn.
const CHECKPOINT_LEN: usize = 1 + 16 + 8;

/// Every row of a state.
pub fn encode<P: Stored>(state: &P::State) -> Rows {
    let mut rows = Rows::new();
    P::rows(state, &mut |key, value| {
        assert_key(key);
        let replaced = rows.insert(key.to_vec(), value);
        assert!(replaced.is_none(), "no key of a projector comes twice");
    });
    rows
}

pub fn assert_key(key: &[u8]) {
    assert_ne!(key, CHECKPOINT_KEY, "a projector keeps off the checkpoint");
}

/// The checkpoint as it is stored.
pub fn encode_checkpoint(version: u32, cursor: Cursor) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(CHECKPOINT_LEN);
    bytes.push(u8::try_from(version).expect("a projector has no more than 255 versions"));
    bytes.extend_from_slice(&cursor.epoch.0);
    bytes.extend_from_slice(&cursor.next.get().to_le_bytes());
    bytes
}

/// The version of the projector that wrote a checkpoint. It comes first, whatever follows it in another version.
pub fn version_of(checkpoint: &[u8]) -> Result<u32, String> {
    let version = checkpoint.first().copied().map(u32::from);
    version.ok_or_else(|| "its checkpoint is damaged: it is empty".into())
}

pub fn cursor_of(checkpoint: &[u8]) -> Result<Cursor, String> {
    let damaged = || "its checkpoint is damaged".to_owned();
    let bytes: &[u8; CHECKPOINT_LEN] = checkpoint.try_into().map_err(|_| damaged())?;
    let (epoch, next) = bytes[1..].split_first_chunk().ok_or_else(damaged)?;
    let next = next.try_into().map_err(|_| damaged())?;
    Ok(Cursor {
        epoch: EpochId(*epoch),
        next: Lsn::new(u64::from_le_bytes(next)).ok_or_else(damaged)?,
    })
}

/// The names of rows that are not the same in both.
pub fn differences<P: Stored>(kept: &Rows, folded: &Rows) -> Vec<String> {
    let changed = kept
        .iter()
        .filter_map(|(key, value)| match folded.get(key) {
            Some(other) if other == value => None,
            Some(_) => Some(format!("{} differs", P::describe(key))),
            None => Some(format!("{} is too many", P::describe(key))),
        });
    let missing = folded.keys().filter(|key| !kept.contains_key(*key));
    changed
        .chain(missing.map(|key| format!("{} is missing", P::describe(key))))
        .collect()
}
