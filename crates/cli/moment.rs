//! Points of the log and of time as people write them: `start`, `end`, `88107`, `-10m`, RFC 3339.
//!
//! Invariant: a text means the same point wherever it is given; what is relative is relative to the
//! time at which the command started.

use std::str::FromStr;
use std::time::Duration;

use chrono::DateTime;

/// A point of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Start,
    End,
    Lsn(u64),
    /// So long before now.
    Ago(Duration),
    /// Nanoseconds since 1970.
    At(i64),
}

/// A length of time such as `90s`, `1h30m`, `2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length(pub Duration);

/// A time: so long ago, or a time itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Ago(Duration),
    /// Nanoseconds since 1970.
    At(i64),
}

/// A range of steps such as `0..1000`, `..50`, `100..`; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    pub first: i64,
    pub last: i64,
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        let refused = || {
            format!(
                "{text:?} is no point of the log: give start, end, an lsn, a length before now such as -10m, or a time such as 2026-11-21T03:42:20Z"
            )
        };
        match text {
            "start" => return Ok(Moment::Start),
            "end" => return Ok(Moment::End),
            _ => {}
        }
        if let Ok(lsn) = text.parse() {
            return Ok(Moment::Lsn(lsn));
        }
        if let Some(length) = text.strip_prefix('-') {
            return length
                .parse()
                .map(|Length(length)| Moment::Ago(length))
                .map_err(|_| refused());
        }
        let time = DateTime::parse_from_rfc3339(text).ok();
        time.and_then(|time| time.timestamp_nanos_opt())
            .map(Moment::At)
            .ok_or_else(refused)
    }
}

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Length, String> {
        let refused =
            || format!("{text:?} is no length of time: give it as 90s, 10m, 1h30m, 2d or 1w");
        let mut rest = text;
        let mut total = Duration::ZERO;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .ok_or_else(refused)?;
            let count: u32 = rest[..digits].parse().map_err(|_| refused())?;
            let after = &rest[digits..];
            let letters = after
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(after.len());
            let unit = unit_of(&after[..letters]).ok_or_else(refused)?;
            total = unit
                .checked_mul(count)
                .and_then(|part| total.checked_add(part))
                .ok_or_else(refused)?;
            rest = &after[letters..];
        }
        if text.is_empty() {
            Err(refused())
        } else {
            Ok(Length(total))
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        let length = text.strip_prefix('-').unwrap_or(text);
        if let Ok(Length(length)) = length.parse() {
            return Ok(When::Ago(length));
        }
        match text.parse() {
            Ok(Moment::At(time_ns)) => Ok(When::At(time_ns)),
            _ => Err(format!(
                "{text:?} is no time: give a length before now such as 2d or 1h30m, or a time such as 2026-11-21T03:42:20Z"
            )),
        }
    }
}

impl When {
    /// Nanoseconds since 1970.
    pub fn time_ns(self, now_ns: i64) -> i64 {
        match self {
            When::Ago(length) => before(now_ns, length),
            When::At(time_ns) => time_ns,
        }
    }
}

fn unit_of(name: &str) -> Option<Duration> {
    match name {
        "ms" => Some(Duration::from_millis(1)),
        "s" => Some(Duration::from_secs(1)),
        "m" => Some(Duration::from_mins(1)),
        "h" => Some(Duration::from_hours(1)),
        "d" => Some(Duration::from_hours(24)),
        "w" => Some(Duration::from_hours(7 * 24)),
        _ => None,
    }
}

impl FromStr for Steps {
    type Err = String;

    fn from_str(text: &str) -> Result<Steps, String> {
        let refused =
            || format!("{text:?} is no range of steps: give it as 0..1000, 100.. or ..50");
        let (first, last) = text.split_once("..").ok_or_else(refused)?;
        let end = |text: &str, open: i64| match text {
            "" => Ok(open),
            number => number.parse().map_err(|_| refused()),
        };
        let steps = Steps {
            first: end(first, i64::MIN)?,
            last: end(last, i64::MAX)?,
        };
        if steps.first <= steps.last {
            Ok(steps)
        } else {
            Err(refused())
        }
    }
}

/// The time so long before `now_ns`.
pub fn before(now_ns: i64, length: Duration) -> i64 {
    let length_ns = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
    now_ns.saturating_sub(length_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_word_a_number_a_length_or_a_time() {
        for (text, moment) in [
            ("start", Moment::Start),
            ("end", Moment::End),
            ("88107", Moment::Lsn(88_107)),
            ("-10m", Moment::Ago(Duration::from_mins(10))),
            ("-1h30m", Moment::Ago(Duration::from_mins(90))),
            ("1970-01-01T00:00:01Z", Moment::At(1_000_000_000)),
        ] {
            assert_eq!(text.parse(), Ok(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused_with_the_forms() {
        for text in [
            "",
            "-",
            "-5",
            "-5x",
            "yesterday",
            "9999-01-01T00:00:00Z",
            "-99999999999w",
        ] {
            let error = text.parse::<Moment>().unwrap_err();
            assert!(error.contains("-10m"), "{text}: {error}");
        }
    }

    #[test]
    fn a_time_is_so_long_ago_with_or_without_a_sign_or_a_date() {
        let hour = When::Ago(Duration::from_hours(1));
        assert_eq!(("1h".parse(), "-1h".parse()), (Ok(hour), Ok(hour)));
        assert_eq!("1970-01-01T00:00:01Z".parse(), Ok(When::At(1_000_000_000)));
        assert_eq!(hour.time_ns(3_600_000_000_001), 1);
        for text in ["", "-", "17", "start", "yesterday"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_of_steps_may_be_open_and_must_not_be_turned_around() {
        assert_eq!("0..10".parse(), Ok(Steps { first: 0, last: 10 }));
        assert_eq!(
            "..10".parse(),
            Ok(Steps {
                first: i64::MIN,
                last: 10
            })
        );
        assert_eq!(
            "-5..".parse(),
            Ok(Steps {
                first: -5,
                last: i64::MAX
            })
        );
        assert!("10..0".parse::<Steps>().is_err());
        assert!("10".parse::<Steps>().is_err());
    }
}
