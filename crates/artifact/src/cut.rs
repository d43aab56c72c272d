//! Where a content is cut into chunks: by what stands around a place, so that an edit moves only the cuts near it.
//!
//! Invariant: cuts do not depend on how the content was read. Where they are is not part of the format: any cuts read back.

/// No chunk but the last is shorter.
pub(crate) const CHUNK_LEN_MIN: usize = 64 << 10;
/// Chunks are about so long.
pub(crate) const CHUNK_LEN_MEAN: usize = 256 << 10;
/// No chunk is longer.
pub(crate) const CHUNK_LEN_MAX: usize = 1 << 20;

/// The length of the first chunk of these bytes, which are the rest of the content or at least [`CHUNK_LEN_MAX`] of it.
pub(crate) fn first_chunk_len(bytes: &[u8]) -> usize {
    let bytes = &bytes[..bytes.len().min(CHUNK_LEN_MAX)];
    let cutter = fastcdc::v2020::FastCDC::new(bytes, CHUNK_LEN_MIN, CHUNK_LEN_MEAN, CHUNK_LEN_MAX);
    let (_, end) = cutter.cut(0, bytes.len());
    end.max(1)
}
