//! The environments of runs: large and seldom asked for, so those of a snapshot stay packed until somebody asks.
//!
//! Invariant: what is packed was checked against its hash before it came here.

use std::sync::{Arc, OnceLock};

use mltrack_projector::Lsn;

use crate::coded;
use crate::uses::Environment;

/// All environments of a snapshot, one behind the other.
#[derive(Debug)]
pub(crate) struct Pack {
    stored: Vec<u8>,
    raw_len: usize,
    raw: OnceLock<Vec<u8>>,
}

impl Pack {
    /// Bytes as they were stored: packed by zstd when there are fewer of them than of what they unpack to.
    pub fn new(stored: Vec<u8>, raw_len: usize) -> Arc<Pack> {
        Arc::new(Pack {
            stored,
            raw_len,
            raw: OnceLock::new(),
        })
    }

    /// Nothing when they cannot be unpacked, although they are what was written.
    fn raw(&self) -> &[u8] {
        if self.stored.len() == self.raw_len {
            return &self.stored;
        }
        self.raw
            .get_or_init(|| zstd::bulk::decompress(&self.stored, self.raw_len).unwrap_or_default())
    }
}

/// An environment, packed or not.
#[derive(Clone, Debug)]
pub(crate) struct Captured {
    pub lsn: Lsn,
    packed: Option<(Arc<Pack>, usize, usize)>,
    read: OnceLock<Option<Environment>>,
}

impl Captured {
    pub fn new(environment: Environment) -> Captured {
        Captured {
            lsn: environment.lsn,
            packed: None,
            read: OnceLock::from(Some(environment)),
        }
    }

    /// The one in these bytes of a pack.
    pub fn packed(lsn: Lsn, pack: &Arc<Pack>, first: usize, end: usize) -> Captured {
        Captured {
            lsn,
            packed: Some((Arc::clone(pack), first, end)),
            read: OnceLock::new(),
        }
    }

    /// The environment; `None` when the program that packed it wrote something that this one cannot read.
    pub fn get(&self) -> Option<&Environment> {
        let read = self.read.get_or_init(|| {
            let (pack, first, end) = self.packed.as_ref()?;
            coded::parse(pack.raw().get(*first..*end)?).ok()
        });
        read.as_ref()
    }

    /// Its bytes, for a pack.
    pub fn encode(&self) -> Vec<u8> {
        match &self.packed {
            Some((pack, first, end)) => pack.raw().get(*first..*end).unwrap_or_default().to_vec(),
            None => self.get().map(coded::value).unwrap_or_default(),
        }
    }
}

impl PartialEq for Captured {
    fn eq(&self, other: &Captured) -> bool {
        self.lsn == other.lsn && self.get() == other.get()
    }
}
