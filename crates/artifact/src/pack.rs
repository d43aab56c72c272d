//! Whether to compress, decided by a probe; content that was compressed before is left alone.
//!
//! Invariant: the decision changes only how bytes lie, never which content or which name they have.

use std::sync::atomic::{AtomicU32, Ordering};

/// A level that costs little and finds most.
const LEVEL: i32 = 3;
/// So much of a chunk is tried.
const PROBE_LEN: usize = 8 << 10;
/// Shorter content is not worth a probe of its own: it is compressed and looked at.
const PROBE_FROM_LEN: usize = 32 << 10;
/// After a probe that found nothing, so many chunks at most are taken as they are.
const SKIPPED_MAX: u32 = 31;

/// How contents begin that are compressed already.
const COMPRESSED: &[(usize, &[u8])] = &[
    (0, b"\x1f\x8b"),
    (0, b"\x28\xb5\x2f\xfd"),
    (0, b"\xfd7zXZ\0"),
    (0, b"BZh"),
    (0, b"7z\xbc\xaf\x27\x1c"),
    (0, b"\x04\x22\x4d\x18"),
    (0, b"\x89PNG\r\n\x1a\n"),
    (0, b"\xff\xd8\xff"),
    (0, b"GIF8"),
    (8, b"WEBP"),
    (4, b"ftyp"),
    (0, b"\x1aE\xdf\xa3"),
    (0, b"OggS"),
    (0, b"fLaC"),
    (0, b"ID3"),
];

/// What the chunks of one content have shown so far.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    is_hopeless: bool,
    /// So many chunks are still taken as they are.
    skip: AtomicU32,
    /// So many will be after the next probe that finds nothing.
    stride: AtomicU32,
}

impl Packer {
    /// For a content that begins like this.
    pub fn new(beginning: &[u8]) -> Packer {
        let is_hopeless = COMPRESSED.iter().any(|(at, magic)| {
            beginning
                .get(*at..)
                .is_some_and(|rest| rest.starts_with(magic))
        });
        Packer {
            is_hopeless,
            ..Packer::default()
        }
    }

    /// The compressed bytes, when they are at least an eighth shorter.
    pub fn pack(&self, content: &[u8]) -> Option<Vec<u8>> {
        if self.is_hopeless || content.len() < 64 || !self.is_worth_trying(content) {
            return None;
        }
        let packed = zstd::bulk::compress(content, LEVEL).ok()?;
        pays(content.len(), packed.len()).then_some(packed)
    }

    fn is_worth_trying(&self, content: &[u8]) -> bool {
        if content.len() < PROBE_FROM_LEN {
            return true;
        }
        let skip = self.skip.load(Ordering::Relaxed);
        if skip > 0 {
            self.skip.store(skip - 1, Ordering::Relaxed);
            return false;
        }
        let middle = (content.len() - PROBE_LEN) / 2;
        let probe = &content[middle..middle + PROBE_LEN];
        let is_worth =
            zstd::bulk::compress(probe, 1).is_ok_and(|packed| pays(probe.len(), packed.len()));
        let stride = if is_worth {
            0
        } else {
            (self.stride.load(Ordering::Relaxed) * 2 + 1).min(SKIPPED_MAX)
        };
        self.stride.store(stride, Ordering::Relaxed);
        self.skip.store(stride, Ordering::Relaxed);
        is_worth
    }
}

fn pays(len: usize, packed_len: usize) -> bool {
    packed_len <= len - len / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    #[test]
    fn what_pays_is_compressed_and_noise_is_not() {
        let packer = Packer::new(b"text");
        let text = b"loss=0.5 step=1\n".repeat(10_000);
        let shorter = packer.pack(&text).expect("repetition compresses");
        assert!(shorter.len() * 8 < text.len());
        assert_eq!(packer.pack(&noise(200_000)), None);
        assert_eq!(packer.pack(&noise(1_000)), None);
    }

    #[test]
    fn content_that_is_compressed_already_is_left_alone() {
        let packer = Packer::new(b"\x89PNG\r\n\x1a\nrest");
        assert_eq!(packer.pack(&vec![0; 100_000]), None);
        assert!(Packer::new(b"\0\0\0\x18ftypmp42").is_hopeless);
    }

    #[test]
    fn probes_become_rarer_while_nothing_compresses_and_never_stop() {
        let (packer, noise, text) = (Packer::new(b""), noise(100_000), vec![7; 100_000]);
        for _ in 0..200 {
            assert_eq!(packer.pack(&noise), None);
        }
        let tries = (0..100).position(|_| packer.pack(&text).is_some());
        assert!(tries.is_some_and(|tries| tries <= SKIPPED_MAX as usize));
    }
}
