//! Blocks that the log itself has, in its packed segments.
//!
//! Invariant: a block stays readable while it is known here, whatever becomes of its file. One that was replaced because
//! records were dropped may still be known for a while: whoever may not be asked about is for those above to say.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use mltrack_projector::{LogError, PackedBlock, Reader};

use super::block_source::BlockSource;
use super::cache::Cache;
use super::next_key;
use crate::block::{MetricPacker, ReadAt};
use crate::source::ChunkSource;

/// What tells one block from another: its records, its length, and how many records are left in it.
pub type PackKey = (u64, u64, u64, u32);

/// The blocks that were there when the store's folder was looked at last.
#[derive(Default)]
pub struct Packs {
    blocks: Vec<(PackKey, Arc<dyn ChunkSource>)>,
    /// Blocks that gave no answer: the log is asked, and says what is wrong.
    doubted: Vec<PackKey>,
    /// When the folder was changed last, as it was then.
    changed: Option<SystemTime>,
}

impl ReadAt for PackedBlock {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        PackedBlock::read_at(self, offset, buf)
    }

    fn len(&self) -> u64 {
        PackedBlock::len(self)
    }
}

impl Packs {
    /// Looks again when the folder has changed: a pack that gets its name changes it.
    pub fn refresh(
        &mut self,
        store: Option<&Path>,
        reader: &Reader,
        cache: &Arc<Cache>,
    ) -> Result<(), LogError> {
        let changed = store.and_then(|path| fs::metadata(path).ok()?.modified().ok());
        if changed.is_some() && changed == self.changed {
            return Ok(());
        }
        let mut known: HashMap<PackKey, Arc<dyn ChunkSource>> = self.blocks.drain(..).collect();
        for block in reader.packed()? {
            let (first, next) = (block.first_lsn, block.next_lsn);
            let key = (first.get(), next.get(), block.len(), block.record_count);
            if block.packer != MetricPacker::ID || self.doubted.contains(&key) {
                continue;
            }
            let source = known.remove(&key).unwrap_or_else(|| {
                Arc::new(BlockSource::new(block, first..next, (next_key(), 0), cache))
            });
            self.blocks.push((key, source));
        }
        self.changed = changed;
        Ok(())
    }

    /// The blocks, in the order of the log.
    pub fn blocks(&self) -> impl Iterator<Item = (PackKey, &Arc<dyn ChunkSource>)> {
        self.blocks.iter().map(|(key, source)| (*key, source))
    }

    pub fn doubt(&mut self, key: PackKey) {
        self.blocks.retain(|(known, _)| *known != key);
        self.doubted.push(key);
    }
}
