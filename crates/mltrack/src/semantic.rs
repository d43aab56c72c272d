//! Semantic versions of datasets and models: parse, print, order, compatible with, the next one.
//!
//! Invariant: what is printed parses back to the same version; the order is that of semver 2.0 with build metadata last.

use std::fmt;
use std::str::FromStr;

use semver::{BuildMetadata, Prerelease};

use crate::error::{Error, Result};

/// A semantic version such as `1.2.0` or `2.0.0-rc.1`.
///
/// ```
/// use mltrack::{Bump, SemanticVersion};
/// let version: SemanticVersion = "1.2.0".parse()?;
/// assert_eq!(version.bump(Bump::Minor).to_string(), "1.3.0");
/// assert!(version.is_compatible_with(&"1.9.4".parse()?));
/// # Ok::<(), mltrack::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SemanticVersion(semver::Version);

/// Which part of a semantic version goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bump {
    /// What was true of the version before may not hold.
    Major,
    /// Something was added.
    Minor,
    /// Something was corrected.
    Patch,
}

/// A range such as `^1.2`, `~1.2.3`, `1.*` or `>=1, <2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange(semver::VersionReq);

impl SemanticVersion {
    /// The version of these numbers.
    #[must_use]
    pub const fn new(major: u64, minor: u64, patch: u64) -> SemanticVersion {
        SemanticVersion(semver::Version::new(major, minor, patch))
    }

    /// The next release: the chosen part goes up and those behind it are 0. A pre-release becomes the release that it
    /// leads to where that is the next one.
    #[must_use]
    pub fn bump(&self, part: Bump) -> SemanticVersion {
        let old = &self.0;
        let is_before = !old.pre.is_empty();
        let (major, minor, patch) = match part {
            Bump::Major if is_before && old.minor == 0 && old.patch == 0 => (old.major, 0, 0),
            Bump::Major => (old.major.saturating_add(1), 0, 0),
            Bump::Minor if is_before && old.patch == 0 => (old.major, old.minor, 0),
            Bump::Minor => (old.major, old.minor.saturating_add(1), 0),
            Bump::Patch if is_before => (old.major, old.minor, old.patch),
            Bump::Patch => (old.major, old.minor, old.patch.saturating_add(1)),
        };
        SemanticVersion::new(major, minor, patch)
    }

    /// Whether `other` can stand where this one was asked for: it is no older, and no part changed before which nothing
    /// is promised (the major number, or the first that is not 0).
    #[must_use]
    pub fn is_compatible_with(&self, other: &SemanticVersion) -> bool {
        let caret = semver::Comparator {
            op: semver::Op::Caret,
            major: self.0.major,
            minor: Some(self.0.minor),
            patch: Some(self.0.patch),
            pre: self.0.pre.clone(),
        };
        caret.matches(&other.0)
    }

    /// Whether it comes before the release of its numbers, as `2.0.0-rc.1` does.
    #[must_use]
    pub fn is_pre_release(&self) -> bool {
        self.0.pre != Prerelease::EMPTY
    }

    /// The same version without its build metadata: two that differ only there are one release.
    #[must_use]
    pub fn release(&self) -> SemanticVersion {
        let mut release = self.0.clone();
        release.build = BuildMetadata::EMPTY;
        SemanticVersion(release)
    }
}

impl VersionRange {
    /// Whether the range holds the version. A pre-release is held only by a range that names one of the same numbers.
    #[must_use]
    pub fn holds(&self, version: &SemanticVersion) -> bool {
        self.0.matches(&version.0)
    }
}

impl fmt::Display for SemanticVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SemanticVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<SemanticVersion> {
        semver::Version::parse(text)
            .map(SemanticVersion)
            .map_err(|why| {
                let what = format!("{text:?} is not a semantic version: {why}");
                Error::validation(what)
                    .with_hint("three numbers, such as 1.2.0 or 2.0.0-rc.1")
                    .with_source(why)
            })
    }
}

impl FromStr for VersionRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<VersionRange> {
        semver::VersionReq::parse(text)
            .map(VersionRange)
            .map_err(|why| {
                let what = format!("{text:?} is not a range of versions: {why}");
                Error::validation(what)
                    .with_hint("such as ^1.2, ~1.2.3, 1.* or >=1, <2")
                    .with_source(why)
            })
    }
}

impl FromStr for Bump {
    type Err = Error;

    fn from_str(text: &str) -> Result<Bump> {
        match text {
            "major" => Ok(Bump::Major),
            "minor" => Ok(Bump::Minor),
            "patch" => Ok(Bump::Patch),
            other => Err(Error::validation(format!(
                "{other:?} is no part of a version: pass major, minor or patch"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> SemanticVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_print_as_they_parse_and_order_by_their_meaning() {
        let sorted = [
            "0.9.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.0+b",
            "1.10.0",
        ];
        for pair in sorted.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
            assert_eq!(version(pair[0]).to_string(), pair[0]);
        }
        assert_eq!(version("1.0.0+b").release(), version("1.0.0"));
        assert!(version("1.0.0-rc.1").is_pre_release());
    }

    #[test]
    fn what_is_no_version_is_refused_with_the_form() {
        for text in ["", "1", "1.2", "v1.2.0", "1.2.0.0", "01.2.0", "1.2.x"] {
            let error = text.parse::<SemanticVersion>().unwrap_err();
            assert!(error.hint().is_some_and(|hint| hint.contains("1.2.0")));
        }
        assert!("^^1".parse::<VersionRange>().is_err());
        assert!("huge".parse::<Bump>().is_err());
    }

    #[test]
    fn the_next_version_starts_the_parts_behind_it_again() {
        let bumped = |text: &str, part| version(text).bump(part).to_string();
        assert_eq!(bumped("1.2.3", Bump::Major), "2.0.0");
        assert_eq!(bumped("1.2.3+b", Bump::Minor), "1.3.0");
        assert_eq!(bumped("1.2.3", Bump::Patch), "1.2.4");
        assert_eq!(bumped("2.0.0-rc.1", Bump::Major), "2.0.0");
        assert_eq!(bumped("1.3.0-rc.1", Bump::Major), "2.0.0");
        assert_eq!(bumped("1.3.0-rc.1", Bump::Minor), "1.3.0");
        assert_eq!(bumped("1.3.1-rc.1", Bump::Patch), "1.3.1");
    }

    #[test]
    fn compatible_means_no_older_and_nothing_promised_changed() {
        let is_compatible = |asked, other| version(asked).is_compatible_with(&version(other));
        assert!(is_compatible("1.2.0", "1.2.0"));
        assert!(is_compatible("1.2.0", "1.9.4"));
        assert!(!is_compatible("1.2.0", "1.1.9"));
        assert!(!is_compatible("1.2.0", "2.0.0"));
        assert!(is_compatible("0.3.1", "0.3.9"));
        assert!(!is_compatible("0.3.1", "0.4.0"));
        assert!(!is_compatible("0.0.3", "0.0.4"));
        let range: VersionRange = ">=1.2, <2".parse().unwrap();
        assert!(range.holds(&version("1.99.0")) && !range.holds(&version("2.0.0")));
        assert!(!range.holds(&version("1.5.0-rc.1")));
    }
}
