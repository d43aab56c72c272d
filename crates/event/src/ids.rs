//! Typed ids: a run id is not an experiment id, and a pasted id of the wrong kind is named as such.
//!
//! Invariants: an id's text form parses back to the same id; no two kinds share a text form, save
//! that 16 decimal digits may be read as a run key or as an experiment id; nothing here draws a
//! random number or reads a clock, so whoever creates a run brings both.

use std::fmt;
use std::str::FromStr;

use bincode::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an id names. Used in errors, to say which kind was expected and which was pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// A run, by its full id.
    Run,
    /// A run, by the key that its events carry.
    RunKey,
    /// An experiment.
    Experiment,
    /// A metric: a name with its context.
    Metric,
    /// A metric or an ordered set of metrics.
    Columns,
    /// A dataset.
    Dataset,
    /// A model.
    Model,
    /// An artifact.
    Artifact,
}

impl IdKind {
    /// Every kind that is written in hex digits, with the prefix and the number of bytes.
    const HEX_FORMS: [(IdKind, &'static str, usize); 7] = [
        (IdKind::Run, "", 16),
        (IdKind::RunKey, "", 8),
        (IdKind::Metric, "metric-", 8),
        (IdKind::Columns, "columns-", 8),
        (IdKind::Dataset, "dataset-", 16),
        (IdKind::Model, "model-", 16),
        (IdKind::Artifact, "artifact-", 16),
    ];

    /// The kind whose text form `text` has, if any.
    #[must_use]
    pub fn recognise(text: &str) -> Option<IdKind> {
        let hex_form = Self::HEX_FORMS.iter().find(|(_, prefix, len)| {
            text.strip_prefix(prefix)
                .is_some_and(|digits| is_hex(digits, 2 * len))
        });
        match hex_form {
            Some((kind, _, _)) => Some(*kind),
            None => parse_decimal(text).map(|_| IdKind::Experiment),
        }
    }

    fn prefix(self) -> &'static str {
        Self::HEX_FORMS
            .iter()
            .find(|(kind, _, _)| *kind == self)
            .map_or("", |(_, prefix, _)| prefix)
    }

    /// The text form, in words.
    fn form(self) -> &'static str {
        match self {
            IdKind::Run => "32 lower-case hex digits",
            IdKind::RunKey => "the last 16 lower-case hex digits of a run id",
            IdKind::Experiment => "a decimal number",
            IdKind::Metric => "`metric-` and 16 lower-case hex digits",
            IdKind::Columns => "`columns-` and 16 lower-case hex digits",
            IdKind::Dataset => "`dataset-` and 32 lower-case hex digits",
            IdKind::Model => "`model-` and 32 lower-case hex digits",
            IdKind::Artifact => "`artifact-` and 32 lower-case hex digits",
        }
    }
}

impl fmt::Display for IdKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IdKind::Run => "a run id",
            IdKind::RunKey => "a run key",
            IdKind::Experiment => "an experiment id",
            IdKind::Metric => "a metric id",
            IdKind::Columns => "a columns id",
            IdKind::Dataset => "a dataset id",
            IdKind::Model => "a model id",
            IdKind::Artifact => "an artifact id",
        })
    }
}

/// Why a text is not the id that was asked for. Both say what to pass instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is a well-formed id of another kind.
    #[error("{text:?} is {found}, not {expected}: pass {}", expected.form())]
    WrongKind {
        /// What was passed.
        text: String,
        /// What it is.
        found: IdKind,
        /// What was asked for.
        expected: IdKind,
    },
    /// The text is no id of any kind.
    #[error("{text:?} is not {expected}: pass {}", expected.form())]
    Malformed {
        /// What was passed.
        text: String,
        /// What was asked for.
        expected: IdKind,
    },
}

impl IdError {
    fn new(text: &str, expected: IdKind) -> IdError {
        let text = text.to_owned();
        match IdKind::recognise(&text) {
            Some(found) if found != expected => IdError::WrongKind {
                text,
                found,
                expected,
            },
            _ => IdError::Malformed { text, expected },
        }
    }
}

/// A run: a uuid v7 in 32 lower-case hex digits. Sorts by creation time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct RunId([u8; 16]);

/// The last 8 bytes of a run's id, 62 of their bits random: what every event but the first names a
/// run by, so that a metric point stays small. `RunCreated` ties it to the full id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct RunKey([u8; 8]);

/// An experiment of a store: 0 is the server's `Default`, ours count from 1. Never reused.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ExperimentId(pub u64);

/// A metric: the hash of its name and context, see [`MetricKey::id`](crate::MetricKey::id).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricId(pub u64);

/// What the values of one step stand for: a metric (its [`MetricId`]) or an ordered set of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnsId(pub u64);

/// A dataset: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct DatasetId([u8; 16]);

/// A model: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ModelId([u8; 16]);

/// An artifact: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ArtifactId([u8; 16]);

impl RunId {
    /// A uuid v7 of `unix_ms` (48 bits are kept) and ten random bytes (74 of their bits are kept).
    #[must_use]
    pub fn from_parts(unix_ms: u64, random: [u8; 10]) -> RunId {
        RunId(
            uuid::Builder::from_unix_timestamp_millis(unix_ms, &random)
                .into_uuid()
                .into_bytes(),
        )
    }

    /// The key that the run's later events carry.
    #[must_use]
    pub fn key(self) -> RunKey {
        let (_, tail) = self
            .0
            .split_last_chunk()
            .expect("an id has more than 8 bytes");
        RunKey(*tail)
    }

    /// The short form for people: the last 8 hex digits, all of them random.
    #[must_use]
    pub fn short(self) -> String {
        self.key().short()
    }

    /// When the id was made, in milliseconds since the epoch.
    #[must_use]
    pub fn unix_ms(self) -> u64 {
        (u128::from_be_bytes(self.0) >> 80) as u64
    }
}

impl RunKey {
    /// The short form for people, equal to [`RunId::short`] of the run.
    #[must_use]
    pub fn short(self) -> String {
        let [.., a, b, c, d] = self.0;
        format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
    }
}

impl From<MetricId> for ColumnsId {
    fn from(metric: MetricId) -> ColumnsId {
        ColumnsId(metric.0)
    }
}

impl fmt::Display for ExperimentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ExperimentId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<ExperimentId, IdError> {
        parse_decimal(text)
            .map(ExperimentId)
            .ok_or_else(|| IdError::new(text, IdKind::Experiment))
    }
}

/// Raw bytes, in and out, for ids that are an array.
macro_rules! array_id {
    ($($id:ident: $len:literal),+) => {$(
        impl $id {
            /// The id made of exactly these bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $len]) -> $id {
                $id(bytes)
            }

            /// The bytes, as payloads carry them.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; $len] {
                self.0
            }
        }
    )+};
}

/// Raw bytes, in and out, for ids that are a hash. Never a varint: a hash has no small values.
macro_rules! hash_id {
    ($($id:ident),+) => {$(
        impl $id {
            /// The id whose little-endian bytes these are.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 8]) -> $id {
                $id(u64::from_le_bytes(bytes))
            }

            /// The bytes, little-endian, as payloads carry them.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; 8] {
                self.0.to_le_bytes()
            }
        }

        impl Encode for $id {
            fn encode<E: bincode::enc::Encoder>(
                &self,
                encoder: &mut E,
            ) -> Result<(), bincode::error::EncodeError> {
                self.to_bytes().encode(encoder)
            }
        }

        impl<C> Decode<C> for $id {
            fn decode<D: bincode::de::Decoder<Context = C>>(
                decoder: &mut D,
            ) -> Result<$id, bincode::error::DecodeError> {
                <[u8; 8]>::decode(decoder).map($id::from_bytes)
            }
        }

        bincode::impl_borrow_decode!($id);
    )+};
}

/// The text form: the kind's prefix and the bytes in hex, the same for people and for serde.
macro_rules! text_id {
    ($($id:ident: $kind:ident),+) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(IdKind::$kind.prefix())?;
                self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($id), "({})"), self)
            }
        }

        impl FromStr for $id {
            type Err = IdError;

            fn from_str(text: &str) -> Result<$id, IdError> {
                text.strip_prefix(IdKind::$kind.prefix())
                    .and_then(parse_hex)
                    .map($id::from_bytes)
                    .ok_or_else(|| IdError::new(text, IdKind::$kind))
            }
        }

        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$id, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

array_id!(RunId: 16, RunKey: 8, DatasetId: 16, ModelId: 16, ArtifactId: 16);
hash_id!(MetricId, ColumnsId);
text_id!(
    RunId: Run, RunKey: RunKey, MetricId: Metric, ColumnsId: Columns,
    DatasetId: Dataset, ModelId: Model, ArtifactId: Artifact
);

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn parse_hex<const LEN: usize>(text: &str) -> Option<[u8; LEN]> {
    if !is_hex(text, 2 * LEN) {
        return None;
    }
    let mut bytes = [0; LEN];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Digits only: `u64::from_str` would also take a sign.
fn parse_decimal(text: &str) -> Option<u64> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "0193c5f07a107b22b0a1b2c3d4e5f607";

    #[test]
    fn a_run_id_is_a_uuid_v7_that_sorts_by_time() {
        let run = RunId::from_parts(0x0193_c5f0_7a10, [0xff; 10]);
        assert_eq!(run.to_string(), "0193c5f07a107fffbfffffffffffffff");
        assert_eq!(run.unix_ms(), 0x0193_c5f0_7a10);
        assert!(run < RunId::from_parts(0x0193_c5f0_7a11, [0; 10]));
    }

    #[test]
    fn key_and_short_form_are_the_random_tail() {
        let run: RunId = RUN.parse().unwrap();
        assert_eq!(run.to_string(), RUN);
        assert_eq!(run.key().to_string(), "b0a1b2c3d4e5f607");
        assert_eq!(run.short(), "d4e5f607");
        assert_eq!(run.key().short(), run.short());
    }

    #[test]
    fn a_pasted_id_of_the_wrong_kind_is_named() {
        let error = "12".parse::<RunId>().unwrap_err().to_string();
        assert_eq!(
            error,
            "\"12\" is an experiment id, not a run id: pass 32 lower-case hex digits"
        );
        let error = RUN.parse::<ExperimentId>().unwrap_err().to_string();
        assert!(
            error.contains("is a run id, not an experiment id"),
            "{error}"
        );
        let dataset = DatasetId::from_bytes([7; 16]).to_string();
        let error = dataset.parse::<ModelId>().unwrap_err().to_string();
        assert!(error.contains("is a dataset id, not a model id"), "{error}");
    }

    #[test]
    fn what_is_no_id_at_all_is_refused_with_the_form() {
        for text in [
            "",
            "+1",
            "-1",
            "1.0",
            "18446744073709551616",
            &RUN.to_uppercase(),
            "0193-c5",
        ] {
            let error = text.parse::<ExperimentId>().unwrap_err();
            assert!(
                matches!(error, IdError::Malformed { .. }),
                "{text:?}: {error}"
            );
        }
        assert!("é".repeat(16).parse::<RunId>().is_err());
    }

    #[test]
    fn every_id_survives_its_text_and_serde_forms() {
        fn check<T>(id: &T, expected: &str)
        where
            T: fmt::Display + FromStr<Err = IdError> + Serialize + fmt::Debug + PartialEq,
            T: for<'de> Deserialize<'de>,
        {
            assert_eq!(id.to_string(), expected);
            assert_eq!(expected.parse::<T>().unwrap(), *id);
            let json = serde_json::to_string(id).unwrap();
            assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *id);
        }
        check(&ExperimentId(42), "42");
        check(
            &RunKey::from_bytes([1, 2, 3, 4, 5, 6, 7, 0xab]),
            "01020304050607ab",
        );
        check(&MetricId(1), "metric-0100000000000000");
        check(&ColumnsId(0xab), "columns-ab00000000000000");
        check(
            &DatasetId::from_bytes([1; 16]),
            "dataset-01010101010101010101010101010101",
        );
        check(
            &ModelId::from_bytes([2; 16]),
            "model-02020202020202020202020202020202",
        );
        check(
            &ArtifactId::from_bytes([3; 16]),
            "artifact-03030303030303030303030303030303",
        );
    }
}
