//! Which version of a dataset or a model is meant: `imagenet`, `imagenet@v3`, `imagenet@^1.2`, `resnet@prod`.
//!
//! Invariant: a text means one thing whatever the store holds: words that could be read as a number, a version, a range
//! or a digest can be neither tags that pick a version nor aliases.

use std::fmt;
use std::str::FromStr;

use mltrack_event::BlobId;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::semantic::{SemanticVersion, VersionRange};

/// A name and what picks one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    /// The dataset's or the model's name.
    pub name: String,
    /// Which of its versions.
    pub pick: Pick,
}

/// What picks a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// The newest that is not removed.
    Latest,
    /// `v3`: by its number.
    Number(u64),
    /// `1.2.0`: by its semantic version.
    Version(SemanticVersion),
    /// `^1.2`: the highest semantic version in a range.
    Range(VersionRange),
    /// `blake3:..`: by its content; a beginning of the value that only one has is enough.
    Digest(String),
    /// A tag, or an alias or a stage of a model.
    Word(String),
}

/// What a version tells a selector about itself.
pub(crate) struct Candidate<'a> {
    pub number: u64,
    pub version: Option<&'a str>,
    pub digest: Option<&'a str>,
    /// Whether a word picks it.
    pub has_word: &'a dyn Fn(&str) -> bool,
}

impl FromStr for Selector {
    type Err = Error;

    fn from_str(text: &str) -> Result<Selector> {
        let (name, pick) = match text.split_once('@') {
            Some((name, pick)) => (name, pick.parse()?),
            None => (text, Pick::Latest),
        };
        if name.is_empty() {
            return Err(
                Error::validation(format!("{text:?} names nothing")).with_hint("NAME or NAME@v3")
            );
        }
        let name = name.to_owned();
        Ok(Selector { name, pick })
    }
}

impl FromStr for Pick {
    type Err = Error;

    fn from_str(text: &str) -> Result<Pick> {
        if text.is_empty() {
            return Err(Error::validation("nothing stands behind the `@`").with_hint(FORMS));
        }
        if text == "latest" {
            return Ok(Pick::Latest);
        }
        if let Some(number) = number(text) {
            return Ok(Pick::Number(number));
        }
        if is_digest(text) {
            return Ok(Pick::Digest(text.to_owned()));
        }
        if text.starts_with(['^', '~', '<', '>', '=']) || is_wildcard(text) {
            return text.parse().map(Pick::Range);
        }
        if text.starts_with(|first: char| first.is_ascii_digit()) && text.contains('.') {
            return text.parse().map(Pick::Version);
        }
        Ok(Pick::Word(text.to_owned()))
    }
}

const FORMS: &str = "@latest, @v3, @1.2.0, @^1.2, a tag, or a digest such as @blake3:..";

/// Refuses a tag or an alias that a selector would read as something else.
pub(crate) fn check_word(word: &str) -> Result<()> {
    match word.parse::<Pick>() {
        Ok(Pick::Word(_)) => Ok(()),
        _ => Err(Error::validation(format!(
            "{word:?} cannot pick a version: a selector reads it as something else"
        ))
        .with_hint("a word that is not latest, no number like v3 and no version like 1.2.0")),
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('v')?;
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

fn is_wildcard(text: &str) -> bool {
    text.split('.')
        .all(|part| part == "*" || part.bytes().all(|byte| byte.is_ascii_digit()))
        && text.contains('*')
}

/// `<kind>:<value>`, the kind being a word such as `blake3` or `sha256`.
fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(kind, value)| {
        !kind.is_empty()
            && !value.is_empty()
            && kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Refuses what is no digest; a `blake3` one must have all its digits.
pub(crate) fn check_digest(digest: &str) -> Result<()> {
    let is_whole = !digest.starts_with("blake3:") || digest.parse::<BlobId>().is_ok();
    if is_digest(digest) && is_whole {
        return Ok(());
    }
    Err(
        Error::validation(format!("{digest:?} is not a digest")).with_hint(
            "its kind and its value, such as sha256:00ff.. or blake3: and 64 lower-case hex digits",
        ),
    )
}

impl Pick {
    /// The number of the version that is meant; versions come in the order of their numbers, those that are removed left
    /// out. `None` when none is.
    pub fn among<'a>(
        &self,
        what: &str,
        candidates: impl Iterator<Item = Candidate<'a>>,
    ) -> Result<Option<u64>> {
        let mut best: Option<(Option<SemanticVersion>, u64)> = None;
        for candidate in candidates {
            let version = candidate.version.and_then(|text| text.parse().ok());
            let is_meant = match self {
                Pick::Latest => true,
                Pick::Number(number) => candidate.number == *number,
                Pick::Version(asked) => version.as_ref() == Some(asked),
                Pick::Range(range) => version.as_ref().is_some_and(|known| range.holds(known)),
                Pick::Digest(digest) => candidate
                    .digest
                    .is_some_and(|known| known.starts_with(digest.as_str())),
                Pick::Word(word) => (candidate.has_word)(word),
            };
            if !is_meant {
                continue;
            }
            if let (Pick::Digest(digest), Some((_, other))) = (self, &best) {
                return Err(Error::new(
                    Code::ValidationError,
                    format!(
                        "{digest} begins the digest of {what} v{other} and v{}",
                        candidate.number
                    ),
                )
                .with_hint("pass more digits, or a number such as @v3"));
            }
            // Only a range is about the highest version; all others are about the newest.
            let rank = matches!(self, Pick::Range(_)).then_some(version).flatten();
            if best
                .as_ref()
                .is_none_or(|best| *best <= (rank.clone(), candidate.number))
            {
                best = Some((rank, candidate.number));
            }
        }
        Ok(best.map(|(_, number)| number))
    }
}

/// As it is written behind the `@`.
impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pick::Latest => f.write_str("latest"),
            Pick::Number(number) => write!(f, "v{number}"),
            Pick::Version(version) => version.fmt(f),
            Pick::Range(range) => range.fmt(f),
            Pick::Digest(word) | Pick::Word(word) => f.write_str(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(text: &str) -> Pick {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_of_selector_means_one_thing() {
        let selector: Selector = "org/imagenet@^1.2".parse().unwrap();
        assert_eq!(selector.name, "org/imagenet");
        assert!(matches!(selector.pick, Pick::Range(_)));
        assert_eq!("x".parse::<Selector>().unwrap().pick, Pick::Latest);
        assert_eq!(pick("latest"), Pick::Latest);
        assert_eq!(pick("v3"), Pick::Number(3));
        assert_eq!(pick("1.2.0"), Pick::Version(SemanticVersion::new(1, 2, 0)));
        assert!(matches!(pick("1.*"), Pick::Range(_)));
        assert_eq!(pick("sha256:00ff"), Pick::Digest("sha256:00ff".to_owned()));
        for word in ["prod", "v", "v3b", "2024", "vx"] {
            assert_eq!(pick(word), Pick::Word(word.to_owned()));
            check_word(word).unwrap();
        }
        for word in ["latest", "v3", "1.2.0", "^1", "1.x.y", "a:b", ""] {
            assert!(check_word(word).is_err(), "{word}");
        }
        assert!("@v3".parse::<Selector>().is_err());
        assert!("x@".parse::<Selector>().is_err());
    }

    #[test]
    fn a_range_picks_the_highest_version_and_a_word_the_newest() {
        let versions = [
            (1, Some("1.2.0"), "sha256:aa1", "gold"),
            (2, Some("1.10.0"), "sha256:ab2", "gold"),
            (3, Some("1.3.0"), "sha256:bc3", "gold"),
            (4, None, "blake3:00", "other"),
        ];
        let among = |text: &str| {
            let has: Vec<_> = versions
                .iter()
                .map(|(.., tag)| move |word: &str| word == *tag)
                .collect();
            let candidates = versions
                .iter()
                .zip(&has)
                .map(|(known, has_word)| Candidate {
                    number: known.0,
                    version: known.1,
                    digest: Some(known.2),
                    has_word,
                });
            pick(text).among("x", candidates)
        };
        assert_eq!(among("^1.2").unwrap(), Some(2));
        assert_eq!(among("1.3.0").unwrap(), Some(3));
        assert_eq!(among("gold").unwrap(), Some(3));
        assert_eq!(among("latest").unwrap(), Some(4));
        assert_eq!(among("sha256:ab").unwrap(), Some(2));
        assert_eq!(among("v9").unwrap(), None);
        let error = among("sha256:a").unwrap_err();
        assert_eq!(error.code(), Code::ValidationError);
    }

    #[test]
    fn a_digest_has_a_kind_and_a_value() {
        check_digest("md5:x").unwrap();
        check_digest(&BlobId::of(b"x").digest()).unwrap();
        for bad in ["", "abc", ":x", "md5:", "blake3:00"] {
            assert!(check_digest(bad).is_err(), "{bad}");
        }
    }
}
