//! What was read from blocks before, so that a chart that is looked at again does not read it again.
//!
//! Invariant: never more than the limits; what is full is emptied, because what is looked at next fills it at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::block::BlockIndex;
use crate::source::Nodes;

/// 64 MiB or so of nodes.
const NODES_MAX: usize = 1 << 19;
/// 64 MiB or so of directories.
const CHUNKS_MAX: usize = 1 << 18;

/// A block: the file that it is in, and which one of it.
pub type BlockKey = (u64, usize);

/// A column of a chunk of a block at a level: the chunk by its first row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NodesKey {
    pub block: BlockKey,
    pub run: [u8; 8],
    pub chunk: u32,
    pub column: usize,
    pub level: usize,
}

#[derive(Default)]
pub struct Cache {
    nodes: Mutex<Limited<NodesKey, Nodes>>,
    indexes: Mutex<Limited<BlockKey, BlockIndex>>,
}

struct Limited<K, V> {
    values: HashMap<K, Arc<V>>,
    weight: usize,
}

impl<K, V> Default for Limited<K, V> {
    fn default() -> Limited<K, V> {
        Limited {
            values: HashMap::new(),
            weight: 0,
        }
    }
}

impl<K: Eq + Hash, V> Limited<K, V> {
    fn insert(&mut self, key: K, value: Arc<V>, weight: usize, weight_max: usize) {
        if self.weight + weight > weight_max {
            self.values.clear();
            self.weight = 0;
        }
        self.weight += weight;
        self.values.insert(key, value);
    }
}

impl Cache {
    /// The nodes, read only when they are not known.
    pub fn nodes<E>(
        &self,
        key: NodesKey,
        read: impl FnOnce() -> Result<Nodes, E>,
    ) -> Result<Arc<Nodes>, E> {
        let known = locked(&self.nodes).values.get(&key).cloned();
        if let Some(nodes) = known {
            return Ok(nodes);
        }
        let nodes = Arc::new(read()?);
        let weight = nodes.buckets.len() + 1;
        locked(&self.nodes).insert(key, Arc::clone(&nodes), weight, NODES_MAX);
        Ok(nodes)
    }

    /// The directory of a block, likewise.
    pub fn index<E>(
        &self,
        key: BlockKey,
        read: impl FnOnce() -> Result<BlockIndex, E>,
    ) -> Result<Arc<BlockIndex>, E> {
        let known = locked(&self.indexes).values.get(&key).cloned();
        if let Some(index) = known {
            return Ok(index);
        }
        let index = Arc::new(read()?);
        let weight = index.all_chunks().len() + 1;
        locked(&self.indexes).insert(key, Arc::clone(&index), weight, CHUNKS_MAX);
        Ok(index)
    }
}

/// What a panic elsewhere left behind is a cache all the same.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
