//! Words that events of artifacts, datasets and environments share.
//!
//! Invariant: the order of the variants is part of the byte format, so variants are only ever appended; a word that no
//! variant has becomes `Custom`, and `Custom` never holds the word of another variant when it was parsed.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use bincode::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Makes an enum of words of which the last variant takes any other word.
macro_rules! open_words {
    ($(#[$doc:meta])+ $name:ident { $($(#[$variant_doc:meta])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        pub enum $name {
            $($(#[$variant_doc])+ $variant,)+
            /// Any other word.
            Custom(String),
        }

        impl $name {
            /// The words that have a variant of their own.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The word.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $($name::$variant => $word,)+
                    $name::Custom(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> $name {
                match word {
                    $($word => $name::$variant,)+
                    other => $name::Custom(other.to_owned()),
                }
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(word: &str) -> Result<$name, Infallible> {
                Ok($name::from(word))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Ok($name::from(word.as_ref()))
            }
        }
    };
}

open_words! {
    /// What an artifact is.
    ArtifactKind {
        /// A trained model.
        Model = "model",
        /// The state of a training that can go on from there.
        Checkpoint = "checkpoint",
        /// Data.
        Dataset = "dataset",
        /// A picture, a plot, a page to look at.
        Visualization = "visualization",
        /// What a program said.
        Log = "log",
        /// What a program was told.
        Config = "config",
        /// What was found.
        Report = "report",
    }
}

open_words! {
    /// What a run does with a dataset.
    Split {
        /// It learns from it.
        Train = "train",
        /// It chooses by it.
        Validation = "validation",
        /// It is judged by it.
        Test = "test",
    }
}

/// Whether a run can be run again from what its environment says.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Reproducible {
    /// Everything that is asked for is there.
    Full,
    /// Something was left out, and the environment says what.
    Partial,
    /// Code or command are not known.
    No,
}

impl Reproducible {
    /// The word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Reproducible::Full => "full",
            Reproducible::Partial => "partial",
            Reproducible::No => "no",
        }
    }
}

impl fmt::Display for Reproducible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_to_its_variant_and_back_and_others_are_kept() {
        for word in ArtifactKind::WORDS {
            let kind = ArtifactKind::from(*word);
            assert!(!matches!(kind, ArtifactKind::Custom(_)), "{word}");
            assert_eq!(kind.name(), *word);
        }
        assert_eq!(
            ArtifactKind::from("tokenizer"),
            ArtifactKind::Custom("tokenizer".into())
        );
        let split: Split = serde_json::from_str("\"validation\"").unwrap();
        assert_eq!(split, Split::Validation);
        assert_eq!("holdout".parse(), Ok(Split::Custom("holdout".into())));
    }
}
