//! The name of a blob: the blake3 of its whole uncompressed content.
//!
//! Invariant: it prints as 64 lower-case hexadecimal digits, so a key made of it can name nothing outside its folder.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// The blake3 hash of a whole, uncompressed content, or of one chunk of it.
///
/// ```
/// use mltrack_artifact::BlobHash;
/// let hash = BlobHash::of(b"abc");
/// assert_eq!(hash.to_string().parse::<BlobHash>()?, hash);
/// assert_eq!(format!("blake3:{hash}").parse::<BlobHash>()?, hash);
/// assert!("../../etc/passwd".parse::<BlobHash>().is_err());
/// # Ok::<(), mltrack_artifact::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobHash(pub [u8; 32]);

impl BlobHash {
    /// The hash of these bytes.
    pub fn of(content: &[u8]) -> BlobHash {
        BlobHash(*blake3::hash(content).as_bytes())
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for BlobHash {
    fn from(bytes: [u8; 32]) -> BlobHash {
        BlobHash(bytes)
    }
}

impl From<BlobHash> for [u8; 32] {
    fn from(hash: BlobHash) -> [u8; 32] {
        hash.0
    }
}

impl fmt::Display for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobHash({self})")
    }
}

impl FromStr for BlobHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<BlobHash, Error> {
        let digits = text.strip_prefix("blake3:").unwrap_or(text);
        let is_lower_hex = digits
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match blake3::Hash::from_hex(digits) {
            Ok(hash) if is_lower_hex => Ok(BlobHash(*hash.as_bytes())),
            _ => Err(Error::Name {
                name: text.to_owned(),
                why: "a blob is named by 64 lower-case hexadecimal digits".to_owned(),
            }),
        }
    }
}
