//! Makes a block's crcs right again, so that tests reach the code behind them with bytes that nobody wrote.

use std::sync::Arc;

use super::directory::{Directory, HEADER_LEN, Header, Section};

const DIRECTORY_LEN_AT: usize = 28;
const DIRECTORY_CRC_AT: usize = 32;
const HEADER_CRC_AT: usize = 36;

/// Writes the crcs of header, directory and sections that belong to the bytes; what cannot be read stays as it is.
pub fn reseal(block: &mut [u8]) {
    seal_header(block);
    if let Some(directory) = resealed_directory(block) {
        let Some(old) = block.get_mut(..directory.len()) else {
            return;
        };
        old.copy_from_slice(&directory);
    }
}

fn seal_header(block: &mut [u8]) {
    let Some((header, rest)) = block.split_first_chunk_mut::<HEADER_LEN>() else {
        return;
    };
    let mut len = [0; 4];
    len.copy_from_slice(&header[DIRECTORY_LEN_AT..DIRECTORY_CRC_AT]);
    if let Some(directory) = rest.get(..u32::from_le_bytes(len) as usize) {
        let crc = crc32fast::hash(directory);
        header[DIRECTORY_CRC_AT..HEADER_CRC_AT].copy_from_slice(&crc.to_le_bytes());
    }
    let crc = crc32fast::hash(&header[..HEADER_CRC_AT]);
    header[HEADER_CRC_AT..].copy_from_slice(&crc.to_le_bytes());
}

/// Header and directory with the crcs of the sections as they are; `None` unless they are as long as before.
fn resealed_directory(block: &[u8]) -> Option<Vec<u8>> {
    let (header, rest) = block.split_first_chunk::<HEADER_LEN>()?;
    let header = Header::decode(header).ok()?;
    let bytes = rest.get(..header.directory_len)?;
    let mut directory = Directory::decode(&header, bytes, block.len() as u64).ok()?;
    let seal = |section: &mut Section| {
        let start = section.offset as usize;
        section.crc = crc32fast::hash(&block[start..start + section.len as usize]);
    };
    for (group, _) in &mut directory.groups {
        Arc::make_mut(group).sections.iter_mut().for_each(seal);
    }
    for residue in &mut directory.residue {
        residue.sections.iter_mut().for_each(seal);
    }
    let encoded = directory.encode();
    (encoded.len() == HEADER_LEN + header.directory_len).then_some(encoded)
}
