//! The door to pco: numbers to bytes and back, with what hostile bytes could ask of it shut out.
//!
//! Invariants: only the classic mode without or with consecutive deltas is written, and nothing else is read, so that
//! no dictionary and no window is allocated because a byte says so; the caller names the count.

use pco::data_types::Number;
use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, ModeSpec, PagingSpec};

use super::bytes::Cursor;
use super::fault::BlockFault;

/// The version of pco's format that blocks of version 1 hold, as its header has it.
const FORMAT_VERSION: [u8; 2] = [4, 1];
/// How hard to look for bins. On noise, higher levels save nearly nothing.
const LEVEL: usize = 8;
/// In a short column looking hard takes longer than all the rest, and saves a hundredth of a byte for each number.
const LEVEL_SHORT: usize = 6;
const SHORT_COUNT_MAX: usize = 4096;

/// Appends the numbers, the differences of `order` taken first.
pub(super) fn compress<T: Number>(numbers: &[T], order: usize, out: &mut Vec<u8>) {
    let level = if numbers.len() <= SHORT_COUNT_MAX {
        LEVEL_SHORT
    } else {
        LEVEL
    };
    let config = ChunkConfig::default()
        .with_compression_level(level)
        .with_mode_spec(ModeSpec::Classic)
        .with_delta_spec(match order {
            0 => DeltaSpec::NoOp,
            _ => DeltaSpec::TryConsecutive(order),
        })
        .with_paging_spec(PagingSpec::Exact(vec![numbers.len()]));
    let mut chunk = FileCompressor::default()
        .chunk_compressor(numbers, &config)
        .expect("a column has between 1 and 2^24 numbers");
    chunk
        .write_meta(&mut *out)
        .expect("growing a vector does not fail");
    chunk.write_page(0, out).expect("there is one page");
}

/// Reads `count` numbers that take up everything that is left.
pub(super) fn decompress<T: Number + Default>(
    cursor: &mut Cursor<'_>,
    count: usize,
) -> Result<Vec<T>, BlockFault> {
    let start = *cursor;
    let bytes = cursor.take_rest();
    // The low half is the mode, classic; the high half the deltas, none or consecutive.
    if !matches!(bytes.first(), Some(0x00 | 0x10)) {
        return Err(start.fault("the numbers are in no form that this program writes"));
    }
    decompress_checked(bytes, count).map_err(|error| start.fault(error.message))
}

fn decompress_checked<T: Number + Default>(
    bytes: &[u8],
    count: usize,
) -> pco::errors::PcoResult<Vec<T>> {
    let (file, _) = FileDecompressor::new(&FORMAT_VERSION[..])?;
    let (mut chunk, rest) = file.chunk_decompressor::<T, _>(bytes)?;
    let mut numbers = vec![T::default(); count];
    let mut page = chunk.page_decompressor(rest, count)?;
    let progress = page.read(&mut numbers)?;
    let rest = page.into_src();
    if progress.n_processed < count || !progress.finished || !rest.is_empty() {
        return Err(pco::errors::PcoError {
            kind: pco::errors::ErrorKind::Corruption,
            message: format!("{} bytes are left over behind the numbers", rest.len()),
        });
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_blocks_name() {
        let header = FileCompressor::default().write_header(Vec::new()).unwrap();
        assert_eq!(
            header, FORMAT_VERSION,
            "a new version of pco needs a new version of the block"
        );
    }

    #[test]
    fn every_order_of_differences_reads_back() {
        let numbers: Vec<i64> = (0..1000).map(|n| n * n + n % 7).collect();
        for order in 0..3 {
            let mut bytes = Vec::new();
            compress(&numbers, order, &mut bytes);
            let mut cursor = Cursor::new(&bytes, 0);
            assert_eq!(decompress::<i64>(&mut cursor, 1000).unwrap(), numbers);
            cursor.finish().unwrap();
        }
    }

    #[test]
    fn modes_that_are_never_written_are_refused() {
        for first in [0x01, 0x02, 0x03, 0x04, 0x20, 0x30] {
            let bytes = [first, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
            let mut cursor = Cursor::new(&bytes, 0);
            assert!(decompress::<i64>(&mut cursor, 10).is_err(), "{first}");
        }
    }
}
