//! A metric's full name: name and context, and the hashes that stand for it in the log.
//!
//! Invariants: the context is sorted by key and no key comes twice, so equal keys have equal ids;
//! the hash's input is length-prefixed, so no two keys have the same input.

use std::fmt;

use crate::ids::{ColumnsId, MetricId};
use crate::names::{NameError, NameKind};

/// A metric's name and its context, such as `loss` with `subset = val`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricKey {
    name: String,
    context: Vec<(String, String)>,
}

/// Why a metric's name or context is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricKeyError {
    /// The name, a context key or a context value breaks its rule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A context key comes twice.
    #[error("the context key {key:?} comes twice: give it one value")]
    ContextKeyTwice {
        /// The key.
        key: String,
    },
}

impl MetricKey {
    /// A metric of this name without context.
    pub fn new(name: impl Into<String>) -> Result<MetricKey, MetricKeyError> {
        MetricKey::with_context(name, Vec::new())
    }

    /// A metric of this name in this context, whose order does not matter.
    pub fn with_context(
        name: impl Into<String>,
        mut context: Vec<(String, String)>,
    ) -> Result<MetricKey, MetricKeyError> {
        let name = name.into();
        NameKind::Metric.check(&name)?;
        for (key, value) in &context {
            NameKind::ContextKey.check(key)?;
            NameKind::ContextValue.check(value)?;
        }
        context.sort_unstable();
        let mut neighbours = context.iter().zip(context.iter().skip(1));
        if let Some(((key, _), _)) = neighbours.find(|((a, _), (b, _))| a == b) {
            return Err(MetricKeyError::ContextKeyTwice { key: key.clone() });
        }
        Ok(MetricKey { name, context })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The context, sorted by key.
    #[must_use]
    pub fn context(&self) -> &[(String, String)] {
        &self.context
    }

    /// The id that stands for this key in the log.
    #[must_use]
    pub fn id(&self) -> MetricId {
        metric_id(&self.name, &self.context)
    }
}

/// `loss` or `loss{subset=val}`.
impl fmt::Display for MetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (index, (key, value)) in self.context.iter().enumerate() {
            write!(f, "{}{key}={value}", if index == 0 { '{' } else { ',' })?;
        }
        f.write_str(if self.context.is_empty() { "" } else { "}" })
    }
}

/// The id of a name in a sorted context: the first eight bytes of
/// `blake3("metric" | text(name) | u32 pairs | (text(key) | text(value))*)` as a little-endian u64,
/// where `text` is a u32 byte length and the bytes, and every u32 is little-endian.
#[must_use]
pub fn metric_id(name: &str, context: &[(String, String)]) -> MetricId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"metric");
    hash_text(&mut hasher, name);
    hasher.update(&(context.len() as u32).to_le_bytes());
    for (key, value) in context {
        hash_text(&mut hasher, key);
        hash_text(&mut hasher, value);
    }
    MetricId(first_u64(&hasher))
}

/// The id of an ordered set of metrics: the first eight bytes of `blake3("set" | id*)` as a
/// little-endian u64, each id in its eight bytes.
#[must_use]
pub fn set_id(members: &[MetricId]) -> ColumnsId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"set");
    for member in members {
        hasher.update(&member.to_bytes());
    }
    ColumnsId(first_u64(&hasher))
}

fn hash_text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u32).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// The first eight bytes of a hash as a little-endian number, as every id made of a hash is.
pub(crate) fn first_u64(hasher: &blake3::Hasher) -> u64 {
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(context: &[(&str, &str)]) -> Vec<(String, String)> {
        context
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn key(name: &str, context: &[(&str, &str)]) -> MetricKey {
        MetricKey::with_context(name, pairs(context)).unwrap()
    }

    #[test]
    fn the_order_of_the_context_does_not_matter() {
        let one = key("loss", &[("subset", "val"), ("fold", "1")]);
        let other = key("loss", &[("fold", "1"), ("subset", "val")]);
        assert_eq!(one, other);
        assert_eq!(one.id(), other.id());
        assert_eq!(one.to_string(), "loss{fold=1,subset=val}");
        assert_eq!(key("loss", &[]).to_string(), "loss");
    }

    #[test]
    fn keys_that_differ_anywhere_have_different_ids() {
        let keys = [
            key("loss", &[]),
            key("loss2", &[]),
            key("loss", &[("a", "b")]),
            key("loss", &[("a", "")]),
            key("loss", &[("ab", "")]),
            key("loss", &[("a", "b"), ("c", "d")]),
            key("lossa", &[("b", "c")]),
        ];
        for (index, one) in keys.iter().enumerate() {
            for other in keys.iter().skip(index + 1) {
                assert_ne!(one.id(), other.id(), "{one} and {other}");
            }
        }
    }

    #[test]
    fn the_ids_are_those_that_the_format_document_defines() {
        let mut input = b"metric\x04\0\0\0loss\x01\0\0\0\x06\0\0\0subset\x03\0\0\0val".to_vec();
        let hash = blake3::hash(&input);
        assert_eq!(
            key("loss", &[("subset", "val")]).id().to_bytes(),
            hash.as_bytes()[..8]
        );
        input = b"set".to_vec();
        input.extend_from_slice(&7u64.to_le_bytes());
        let hash = blake3::hash(&input);
        assert_eq!(set_id(&[MetricId(7)]).to_bytes(), hash.as_bytes()[..8]);
    }

    #[test]
    fn a_context_key_that_comes_twice_is_refused() {
        let error = MetricKey::with_context("loss", pairs(&[("a", "1"), ("a", "2")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the context key \"a\" comes twice: give it one value"
        );
        assert!(MetricKey::new("a\u{7}").is_err());
    }
}
