//! Which bytes: the hash of a content, and which of the two roots of a store holds it.
//!
//! Invariant: a blob's id depends on its whole uncompressed content and on nothing else, so two equal files have one id
//! wherever and however they are kept.

use std::fmt;
use std::str::FromStr;

use bincode::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The blake3 hash of a whole uncompressed content: 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct BlobId([u8; 32]);

impl BlobId {
    /// The id that is this hash.
    #[must_use]
    pub const fn from_bytes(hash: [u8; 32]) -> BlobId {
        BlobId(hash)
    }

    /// The hash, as payloads carry it.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The id of these bytes.
    #[must_use]
    pub fn of(content: &[u8]) -> BlobId {
        BlobId(*blake3::hash(content).as_bytes())
    }

    /// The digest that a dataset's version says: `blake3:` and the digits.
    #[must_use]
    pub fn digest(self) -> String {
        format!("blake3:{self}")
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

/// Why a text is not a blob's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the id of a blob: pass 64 lower-case hex digits, with or without `blake3:` before them"
)]
pub struct BlobIdError(String);

impl FromStr for BlobId {
    type Err = BlobIdError;

    fn from_str(text: &str) -> Result<BlobId, BlobIdError> {
        let digits = text.strip_prefix("blake3:").unwrap_or(text);
        let is_upper = digits.bytes().any(|byte| byte.is_ascii_uppercase());
        match blake3::Hash::from_hex(digits) {
            Ok(hash) if !is_upper => Ok(BlobId(*hash.as_bytes())),
            _ => Err(BlobIdError(text.chars().take(80).collect())),
        }
    }
}

impl Serialize for BlobId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BlobId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<BlobId, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Which of the two roots of a store holds a blob. The order of the variants is part of the byte format.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Root {
    /// What runs make.
    Artifacts,
    /// What datasets are made of.
    Data,
}

impl Root {
    /// The root's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Root::Artifacts => "artifacts",
            Root::Data => "data",
        }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_id_survives_its_text_with_and_without_the_kind_of_hash() {
        let id = BlobId::of(b"hello");
        let text = "ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f";
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(id.digest().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<BlobId>(&json).unwrap(), id);
    }

    #[test]
    fn what_is_no_blob_id_is_refused_with_the_form() {
        let upper = BlobId::of(b"x").to_string().to_uppercase();
        for text in ["", "blake3:", "sha256:00", &upper, &"0".repeat(65)] {
            let error = text.parse::<BlobId>().unwrap_err().to_string();
            assert!(error.contains("64 lower-case hex digits"), "{error}");
        }
    }
}
