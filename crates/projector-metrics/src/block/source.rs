//! Where a block's bytes come from: memory, or a file that is read by position.

use std::io;

use super::directory::Section;
use super::fault::{BlockFault, damaged};

/// Bytes that can be read by position.
pub trait ReadAt {
    /// Fills `buf` from `offset` on, or fails.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()>;

    /// How many bytes there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ReadAt for &[u8] {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).ok();
        let range = start.and_then(|start| start.checked_add(buf.len()).map(|end| start..end));
        let bytes = range.and_then(|range| self.get(range));
        let bytes = bytes.ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }

    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }
}

/// Reads bytes that must be within the source.
pub(super) fn read(source: &dyn ReadAt, offset: u64, len: u64) -> Result<Vec<u8>, BlockFault> {
    let end = offset.checked_add(len);
    if end.is_none_or(|end| end > source.len()) {
        let what = format!("{len} bytes expected, the block ends at {}", source.len());
        return Err(damaged(offset, what));
    }
    let len_in_memory = usize::try_from(len);
    let len_in_memory = len_in_memory.map_err(|_| damaged(offset, "a section is too long"))?;
    let mut bytes = vec![0; len_in_memory];
    source
        .read_at(offset, &mut bytes)
        .map_err(|source| BlockFault::Read {
            offset,
            len,
            source,
        })?;
    Ok(bytes)
}

/// Reads a section and compares its crc.
pub(super) fn read_section(source: &dyn ReadAt, section: Section) -> Result<Vec<u8>, BlockFault> {
    let bytes = read(source, section.offset, section.len)?;
    if crc32fast::hash(&bytes) != section.crc {
        return Err(damaged(section.offset, "a section does not match its crc"));
    }
    Ok(bytes)
}
