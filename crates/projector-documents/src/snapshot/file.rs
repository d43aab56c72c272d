//! The file around the parts: header, core, trailer.
//!
//! Invariant: nothing is read from a part before the core, which has its hash, was checked against the root.

use std::path::Path;

use bincode::{Decode, Encode};
use mltrack_projector::snapshot::{Part, PartWriter, SnapshotFault, Source, read_part, root_of};
use mltrack_projector::{Cursor, EpochId, Lsn, Projector as _};

use super::rows::{Small, Stored, parts};
use crate::apply::DocumentsOf;
use crate::coded;
use crate::documents::Documents;

const HEADER_LEN: usize = 64;
const TRAILER_LEN: usize = 64;
const MAGIC: [u8; 8] = *b"mltdocs1";
const END_MAGIC: [u8; 8] = *b"1scodtlm";
/// The layout of the file. Another one is left alone and not read.
const LAYOUT_VERSION: u32 = 1;

/// The first of the parts: it leads to all others.
#[derive(Encode, Decode, Debug)]
struct Core {
    small: Part,
    rows: Vec<Part>,
}

/// A snapshot that is open: its root was checked.
#[derive(Debug)]
pub struct Packed {
    source: Source,
    core: Core,
}

/// The bytes of the snapshot of a state that was folded up to `cursor`.
#[must_use]
pub fn pack(documents: &Documents, cursor: Cursor) -> Vec<u8> {
    let header = header(cursor);
    let mut file = PartWriter::new(Vec::new());
    let written = (|| {
        file.raw(&header)?;
        let small = file.part(&coded::value(&Small::of(documents)))?;
        let mut rows = Vec::new();
        parts(documents, |stored| {
            rows.push(file.part(&coded::value(&stored))?);
            std::io::Result::Ok(())
        })?;
        let core = coded::value(&Core { small, rows });
        let mut trailer = [0; TRAILER_LEN];
        trailer[..8].copy_from_slice(&file.offset().to_le_bytes());
        trailer[8..16].copy_from_slice(&(core.len() as u64).to_le_bytes());
        trailer[16..48].copy_from_slice(&root_of(&header, &core));
        trailer[56..].copy_from_slice(&END_MAGIC);
        file.raw(&core)?;
        file.raw(&trailer)
    })();
    written.expect("growing a vector does not fail");
    file.into_file()
}

fn header(cursor: Cursor) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&LAYOUT_VERSION.to_le_bytes());
    header[12..16].copy_from_slice(&DocumentsOf::VERSION.to_le_bytes());
    header[16..32].copy_from_slice(&cursor.epoch.0);
    header[32..40].copy_from_slice(&cursor.next.get().to_le_bytes());
    header
}

/// Opens a snapshot and checks its root.
pub fn open(path: &Path) -> Result<(Packed, Cursor), SnapshotFault> {
    let source = Source::open(path).map_err(|error| SnapshotFault::io(path, &error))?;
    let header = read::<HEADER_LEN>(&source, 0)?;
    let damaged = |offset, what: &str| SnapshotFault::damaged(&source, offset, what);
    if header[..8] != MAGIC {
        return Err(damaged(
            0,
            "it does not begin as a snapshot of documents does",
        ));
    }
    if (long(&header[8..12]), long(&header[12..16]))
        != (LAYOUT_VERSION.into(), DocumentsOf::VERSION.into())
    {
        let path = path.to_owned();
        return Err(SnapshotFault::OtherVersion { path });
    }
    let at = source.len().saturating_sub(TRAILER_LEN as u64);
    let trailer = read::<TRAILER_LEN>(&source, at)?;
    let (core_at, core_len) = (long(&trailer[..8]), long(&trailer[8..16]));
    if trailer[48..56] != [0; 8]
        || trailer[56..] != END_MAGIC
        || core_at.checked_add(core_len) != Some(at)
    {
        return Err(damaged(at, "its end is missing"));
    }
    let mut core = vec![0; core_len as usize];
    source
        .read_at(core_at, &mut core)
        .map_err(|error| SnapshotFault::io(path, &error))?;
    if root_of(&header, &core) != trailer[16..48] {
        return Err(damaged(at, "its root is another one"));
    }
    let core = coded::parse(&core).map_err(|what| damaged(core_at, &what))?;
    let Some(next) = Lsn::new(long(&header[32..40])) else {
        return Err(damaged(32, "an lsn is at least 1"));
    };
    let mut epoch = [0; 16];
    epoch.copy_from_slice(&header[16..32]);
    let epoch = EpochId(epoch);
    Ok((Packed { source, core }, Cursor { epoch, next }))
}

/// A little-endian number of up to eight bytes.
fn long(bytes: &[u8]) -> u64 {
    let bytes = bytes.iter().rev();
    bytes.fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn read<const LEN: usize>(source: &Source, at: u64) -> Result<[u8; LEN], SnapshotFault> {
    let mut bytes = [0; LEN];
    if source.len() < (HEADER_LEN + TRAILER_LEN) as u64 {
        let what = "it is too short";
        return Err(SnapshotFault::damaged(source, source.len(), what));
    }
    match source.read_at(at, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(SnapshotFault::io(source.path(), &error)),
    }
}

impl Packed {
    /// The state, with every byte checked.
    pub fn into_documents(self) -> Result<Documents, SnapshotFault> {
        let damaged =
            |part: &Part, what: &str| SnapshotFault::damaged(&self.source, part.offset, what);
        let small = &self.core.small;
        let read: Small =
            coded::parse(&read_part(&self.source, small)?).map_err(|what| damaged(small, &what))?;
        let mut documents = Documents::default();
        for name in &read.actors {
            documents.actors.place(name);
        }
        documents.released = read.released.into();
        documents.oddities = read.oddities;
        for part in &self.core.rows {
            let rows: Vec<Stored> = coded::parse(&read_part(&self.source, part)?)
                .map_err(|what| damaged(part, &what))?;
            for row in rows {
                let put = row.put_into(&mut documents);
                put.ok_or_else(|| damaged(part, "a document stands in it twice"))?;
            }
        }
        Ok(documents)
    }
}
