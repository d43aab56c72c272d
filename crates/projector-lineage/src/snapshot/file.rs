//! The file around the parts: header, core, trailer.

use std::path::Path;

use bincode::{Decode, Encode};
use mltrack_projector::snapshot::{
    Part, PartWriter, SnapshotFault, Source, read_part, read_stored, root_of,
};
use mltrack_projector::{Cursor, EpochId, Lsn, Projector as _};

use super::{columns, rows};
use crate::apply::Lineage;
use crate::coded;
use crate::environments::Pack;
use crate::things::Things;

const HEADER_LEN: usize = 64;
const TRAILER_LEN: usize = 64;
const MAGIC: [u8; 8] = *b"mltthng1";
const END_MAGIC: [u8; 8] = *b"1gnhttlm";
/// The layout of the file. Another one is left alone and not read.
const LAYOUT_VERSION: u32 = 1;

/// The first of the parts: it leads to all others.
#[derive(Encode, Decode)]
struct Core {
    small: Part,
    runs: Part,
    artifacts: Part,
    environments: Part,
}

/// A snapshot that is open: its root was checked.
#[derive(Debug)]
pub struct Packed {
    source: Source,
    core: Core,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [self.small, self.runs, self.artifacts, self.environments];
        f.debug_list().entries(parts).finish()
    }
}

pub fn pack(things: &Things, cursor: Cursor) -> Vec<u8> {
    let header = header(cursor);
    let mut file = PartWriter::new(Vec::new());
    let written = (|| {
        file.raw(&header)?;
        let environments = rows::environments(things);
        let core = Core {
            small: file.part(&coded::value(&rows::Small::of(things)))?,
            runs: file.part(&rows::runs(things))?,
            artifacts: file.part(&columns::encode(things))?,
            environments: file.part(&environments)?,
        };
        let core = coded::value(&core);
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
    header[12..16].copy_from_slice(&Lineage::VERSION.to_le_bytes());
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
        return Err(damaged(0, "it does not begin as a snapshot of things does"));
    }
    let number = |at: usize| {
        u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    if (number(8), number(12)) != (LAYOUT_VERSION, Lineage::VERSION) {
        let path = path.to_owned();
        return Err(SnapshotFault::OtherVersion { path });
    }
    let at = source.len().saturating_sub(TRAILER_LEN as u64);
    let trailer = read::<TRAILER_LEN>(&source, at)?;
    let long = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
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

fn read<const LEN: usize>(source: &Source, at: u64) -> Result<[u8; LEN], SnapshotFault> {
    let mut bytes = [0; LEN];
    if source.len() < (HEADER_LEN + TRAILER_LEN) as u64 {
        return Err(SnapshotFault::damaged(
            source,
            source.len(),
            "it is too short",
        ));
    }
    match source.read_at(at, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(SnapshotFault::io(source.path(), &error)),
    }
}

impl Packed {
    /// Reads and checks all of it.
    pub fn into_things(self) -> Result<Things, SnapshotFault> {
        let Packed { source, core } = self;
        let damaged = |part: &Part, what: &str| SnapshotFault::damaged(&source, part.offset, what);
        let small = read_part(&source, &core.small)?;
        let small: rows::Small =
            coded::parse(&small).map_err(|what| damaged(&core.small, &what))?;
        let stored = read_stored(&source, &core.environments)?;
        let environments = Pack::new(stored, core.environments.raw_len as usize);
        let runs = read_part(&source, &core.runs)?;
        let runs = rows::parse(&runs, &environments).map_err(|what| damaged(&core.runs, &what))?;
        let columns = read_part(&source, &core.artifacts)?;
        let mut things = Things::default();
        small.into_things(&mut things);
        columns::decode(&columns, runs, &mut things)
            .map_err(|what| damaged(&core.artifacts, &what))?;
        Ok(things)
    }
}
