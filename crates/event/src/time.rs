//! Steps and wall-clock times: two kinds of i64 that must never swap places.
//!
//! Invariant: a [`WallTime`] prints as RFC 3339 in UTC with all nine digits of its nanoseconds, so
//! that equal texts mean equal times and texts of years 1677 to 2262 sort as the times do.

use std::fmt;
use std::str::FromStr;

use bincode::{Decode, Encode};
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where in training a value belongs. Negative steps are allowed.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Step(pub i64);

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct WallTime(pub i64);

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::from_timestamp_nanos(self.0);
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Nanos, true))
    }
}

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time: pass RFC 3339 from 1677 to 2262, such as 2026-11-21T03:42:20.5Z")]
pub struct TimeError {
    text: String,
}

impl FromStr for WallTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<WallTime, TimeError> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .and_then(|time| time.timestamp_nanos_opt())
            .map(WallTime)
            .ok_or_else(|| TimeError {
                text: text.to_owned(),
            })
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WallTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_all_nine_digits_and_parses_back() {
        for (ns, text) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (1_795_232_540_500_000_001, "2026-11-21T03:42:20.500000001Z"),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
        ] {
            assert_eq!(WallTime(ns).to_string(), text);
            assert_eq!(text.parse(), Ok(WallTime(ns)));
        }
    }

    #[test]
    fn other_zones_are_taken_and_nonsense_is_refused_with_the_form() {
        assert_eq!("1970-01-01T01:00:00+01:00".parse(), Ok(WallTime(0)));
        for text in [
            "",
            "yesterday",
            "2026-11-21",
            "2026-11-21T03:42:20",
            "9999-01-01T00:00:00Z",
        ] {
            let error = text.parse::<WallTime>().unwrap_err().to_string();
            assert!(error.contains("pass RFC 3339"), "{error}");
        }
    }
}
