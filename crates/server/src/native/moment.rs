//! Points of the log and of time, as a query writes them: `88107`, `-10m`, `2026-11-21T03:42:20Z`, `end`.
//!
//! Invariant: a text means the same as it does on the command line.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use mltrack::{Lsn, WallTime};

use super::error::Fault;

/// The moment that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Now,
    Lsn(Lsn),
    Time(WallTime),
}

impl Moment {
    /// The moment that `at` names; now when it names none.
    pub fn of(at: Option<&str>) -> Result<Moment, Fault> {
        let Some(text) = at else {
            return Ok(Moment::Now);
        };
        match text {
            "" | "end" => return Ok(Moment::Now),
            "start" | "0" => return Ok(Moment::Time(WallTime(i64::MIN))),
            _ => {}
        }
        if let Ok(lsn) = text.parse() {
            return Ok(Moment::Lsn(lsn));
        }
        Ok(Moment::Time(time_of(text)?))
    }
}

/// A time: so long ago, or a time itself.
pub fn time_of(text: &str) -> Result<WallTime, Fault> {
    let refused = || {
        Fault::invalid(format!(
            "{text:?} is no moment: give an lsn, a length before now such as -10m, or a time such as 2026-11-21T03:42:20Z"
        ))
    };
    if let Some(length) = text.strip_prefix('-') {
        let length = length_of(length).ok_or_else(refused)?;
        let ago_ns = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
        return Ok(WallTime(
            mltrack::door::wall_time_ns().saturating_sub(ago_ns),
        ));
    }
    // A plus sign of a zone is a blank by the time that a query is read.
    let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok();
    let time_ns = time.and_then(|time| time.timestamp_nanos_opt());
    time_ns.map(WallTime).ok_or_else(refused)
}

/// A length of time such as `90s`, `1h30m`, `2d`.
pub fn length_of(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u32 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let letters = after.find(|c: char| c.is_ascii_digit());
        let letters = letters.unwrap_or(after.len());
        let unit_ms = match &after[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(unit_ms).checked_mul(count)?)?;
        rest = &after[letters..];
    }
    (!text.is_empty()).then_some(total)
}

/// A time as it stands in answers: RFC 3339 in UTC, with nanoseconds.
pub fn time_text(time: WallTime) -> String {
    DateTime::from_timestamp_nanos(time.0).to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// Applies a moment to a question of the library.
macro_rules! at {
    ($query:expr, $moment:expr) => {
        match $moment {
            $crate::native::moment::Moment::Now => $query,
            $crate::native::moment::Moment::Lsn(lsn) => $query.at(lsn),
            $crate::native::moment::Moment::Time(time) => $query.at_time(time),
        }
    };
}

pub(crate) use at;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_an_lsn_a_time_or_so_long_ago() {
        assert_eq!(Moment::of(None).unwrap(), Moment::Now);
        assert_eq!(
            Moment::of(Some("7")).unwrap(),
            Moment::Lsn(Lsn::new(7).unwrap())
        );
        let time = Moment::of(Some("1970-01-01T00:00:01+00:00")).unwrap();
        assert_eq!(time, Moment::Time(WallTime(1_000_000_000)));
        assert!(matches!(Moment::of(Some("-1h30m")), Ok(Moment::Time(_))));
        assert!(Moment::of(Some("-1x")).is_err());
    }
}
