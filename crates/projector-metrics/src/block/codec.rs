//! The door to pco: numbers to bytes and back, with what hostile bytes could ask of it shut out.
//!
//! Invariants: only the classic mode without or with consecutive deltas is written, and nothing else is read, so that
//! no dictionary and no window is allocated because a byte says so; the caller names the count.

use pco::data_types::Number;
use pco::errors::{ErrorKind, PcoError, PcoResult};
use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, ModeSpec, PagingSpec};

use super::bytes::Cursor;
use super::fault::BlockFault;

/// The version of pco's format that blocks of version 1 hold, as its header has it.
const FORMAT_VERSION: [u8; 2] = [4, 1];
/// How hard to look for bins. On noise, higher levels save nearly nothing.
const LEVEL: usize = 8;
/// In a short column looking hard takes longer than all the rest, and saves a hundredth of a byte for each number.
const LEVEL_SHORT: usize = 4;
const SHORT_COUNT_MAX: usize = 1024;

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

/// So many numbers are handed over at a time; pco wants a multiple of 256.
const BATCH_LEN: usize = 4096;

/// Reads as many numbers as `out` holds, which take up everything that is left.
pub(super) fn decompress_into<T: Number>(
    cursor: &mut Cursor<'_>,
    out: &mut [T],
) -> Result<(), BlockFault> {
    let start = *cursor;
    let bytes = numbers(cursor)?;
    let mut read = || {
        let (file, _) = FileDecompressor::new(&FORMAT_VERSION[..])?;
        let (mut chunk, rest) = file.chunk_decompressor::<T, _>(bytes)?;
        let mut page = chunk.page_decompressor(rest, out.len())?;
        let progress = page.read(out)?;
        check_end(progress.finished, page.into_src())
    };
    read().map_err(|error: PcoError| start.fault(error.message))
}

/// The same a few thousand at a time, with the place of the first.
pub(super) fn decompress_each<T: Number + Default>(
    cursor: &mut Cursor<'_>,
    count: usize,
    mut each: impl FnMut(usize, &[T]),
) -> Result<(), BlockFault> {
    let start = *cursor;
    let bytes = numbers(cursor)?;
    let mut read = || {
        let (file, _) = FileDecompressor::new(&FORMAT_VERSION[..])?;
        let (mut chunk, rest) = file.chunk_decompressor::<T, _>(bytes)?;
        let mut page = chunk.page_decompressor(rest, count)?;
        let mut batch = vec![T::default(); BATCH_LEN.min(count)];
        let (mut done, mut is_finished) = (0, false);
        while done < count {
            let len = BATCH_LEN.min(count - done);
            is_finished = page.read(&mut batch[..len])?.finished;
            each(done, &batch[..len]);
            done += len;
        }
        check_end(is_finished, page.into_src())
    };
    read().map_err(|error: PcoError| start.fault(error.message))
}

/// The bytes of numbers in a form that is written.
fn numbers<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], BlockFault> {
    let start = *cursor;
    let bytes = cursor.take_rest();
    // The low half is the mode, classic; the high half the deltas, none or consecutive.
    if matches!(bytes.first(), Some(0x00 | 0x10)) {
        Ok(bytes)
    } else {
        Err(start.fault("the numbers are in no form that this program writes"))
    }
}

fn check_end(is_finished: bool, rest: &[u8]) -> PcoResult<()> {
    if is_finished && rest.is_empty() {
        return Ok(());
    }
    Err(PcoError {
        kind: ErrorKind::Corruption,
        message: format!("{} bytes are left over behind the numbers", rest.len()),
    })
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
            let mut read = vec![0; 1000];
            decompress_into::<i64>(&mut cursor, &mut read).unwrap();
            assert_eq!(read, numbers);
            cursor.finish().unwrap();
        }
    }

    #[test]
    fn modes_that_are_never_written_are_refused() {
        for first in [0x01, 0x02, 0x03, 0x04, 0x20, 0x30] {
            let bytes = [first, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
            let mut cursor = Cursor::new(&bytes, 0);
            assert!(
                decompress_into(&mut cursor, &mut [0i64; 10]).is_err(),
                "{first}"
            );
        }
    }
}
