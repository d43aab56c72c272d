//! A run in few bytes: the row that a snapshot would have of it, with what lists need in front.
//!
//! Invariants: unpacking gives the run that was packed, bit for bit; what lists need is told without unpacking.
//!
//! ```text
//! brief | last record u64 | length of the name u32 | name | row
//! ```

use std::sync::{Arc, OnceLock};

use crate::brief::{BRIEF_LEN, Brief};
use crate::codec;
use crate::run::Run;

const HEARD_AT: usize = BRIEF_LEN;
const NAME_LEN_AT: usize = HEARD_AT + 8;
const NAME_AT: usize = NAME_LEN_AT + 4;

/// A run that nothing has been heard of for a while.
#[derive(Debug)]
pub struct Packed {
    bytes: Arc<[u8]>,
    /// The run, when it was asked for.
    pub read: OnceLock<Box<Run>>,
}

impl Packed {
    pub fn new(run: &Run) -> Packed {
        let mut bytes = Vec::with_capacity(512);
        Brief::of(run).encode(&mut bytes);
        bytes.extend_from_slice(&run.heard.lsn.get().to_le_bytes());
        bytes.extend_from_slice(&(run.name.len() as u32).to_le_bytes());
        bytes.extend_from_slice(run.name.as_bytes());
        codec::append(run, &mut bytes);
        Packed {
            bytes: bytes.into(),
            read: OnceLock::new(),
        }
    }

    /// The same bytes, for a copy of the state.
    pub fn share(&self) -> Packed {
        Packed {
            bytes: Arc::clone(&self.bytes),
            read: OnceLock::new(),
        }
    }

    pub fn unpack(&self) -> Run {
        let row = &self.bytes[NAME_AT + self.name_len()..];
        codec::parse(row).expect("these are the bytes of a run")
    }

    pub fn brief(&self) -> Brief {
        let bytes = self.bytes.first_chunk().expect("a brief stands in front");
        Brief::decode(bytes).expect("these are the bytes of a brief")
    }

    /// The last record about it.
    pub fn heard(&self) -> u64 {
        u64::from_le_bytes(self.array(HEARD_AT))
    }

    pub fn name(&self) -> &str {
        let name = &self.bytes[NAME_AT..NAME_AT + self.name_len()];
        std::str::from_utf8(name).expect("a name was a text")
    }

    fn name_len(&self) -> usize {
        u32::from_le_bytes(self.array(NAME_LEN_AT)) as usize
    }

    fn array<const LEN: usize>(&self, at: usize) -> [u8; LEN] {
        let bytes = self.bytes[at..].first_chunk();
        *bytes.expect("the front has a fixed length")
    }
}

impl Clone for Packed {
    fn clone(&self) -> Packed {
        self.share()
    }
}

/// About how many bytes a run takes as it is.
pub fn weight(run: &Run) -> usize {
    const ENTRY: usize = 112;
    const METRIC: usize = 256;
    let texts = [&run.name, &run.host, &run.actor, &run.command];
    let texts: usize = texts.iter().map(|text| text.len() + 16).sum();
    let notes: usize = run.notes.iter().map(|note| note.text.len() + ENTRY).sum();
    let entries = run.params.len() + run.tags.len() + run.owners.len();
    size_of::<Run>() + texts + notes + entries * ENTRY + run.metrics.summaries().len() * METRIC
}
