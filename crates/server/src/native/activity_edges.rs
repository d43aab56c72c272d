//! Where the hours, days, weeks and months begin that lie between two moments.
//!
//! Invariant: edges rise; the first is not behind the first moment, the last is behind the last.

use chrono::{
    DateTime, Datelike as _, Days, Duration, FixedOffset, Months, NaiveDateTime, Timelike as _,
};
use mltrack::WallTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Answer, Fault};
use super::moment::time_text;

/// The most stretches of an answer.
const STRETCHES_MAX: usize = 20_000;

/// How long a stretch of time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BucketName {
    /// An hour.
    Hour,
    /// A day, from midnight.
    Day,
    /// A week, from Monday.
    Week,
    /// A month.
    Month,
}

/// A distance from UTC such as `+02:00`, or `Z` for none.
pub fn offset_of(text: &str) -> Answer<FixedOffset> {
    let text = text.trim();
    // A plus sign of a query is a blank.
    let signed = match text {
        "Z" => "+00:00".to_owned(),
        other if other.starts_with(['+', '-']) => other.to_owned(),
        other => format!("+{other}"),
    };
    let time = DateTime::parse_from_rfc3339(&format!("2000-01-01T00:00:00{signed}"));
    time.map(|time| *time.offset()).map_err(|_| {
        Fault::invalid(format!("{text:?} is no distance from UTC")).hint("offset=+02:00")
    })
}

/// Where the stretches begin and end, in ms since 1970.
pub fn edges_of(
    (from, to): (WallTime, WallTime),
    bucket: BucketName,
    offset: FixedOffset,
) -> Answer<Vec<i64>> {
    if from.0 > to.0 {
        let text = format!("{} is behind {}", time_text(from), time_text(to));
        return Err(Fault::invalid(text).hint("from is the earlier one"));
    }
    let far = || Fault::invalid("the stretches of time lie beyond what a clock can tell");
    let local = |time: WallTime| DateTime::from_timestamp_nanos(time.0).with_timezone(&offset);
    let mut edge = floor(local(from).naive_local(), bucket).ok_or_else(far)?;
    let mut edges = Vec::new();
    loop {
        let utc = edge - Duration::seconds(offset.local_minus_utc().into());
        edges.push(utc.and_utc().timestamp_millis());
        if utc > local(to).naive_utc() {
            return Ok(edges);
        }
        if edges.len() > STRETCHES_MAX {
            let text = format!("there are more than {STRETCHES_MAX} stretches of time");
            return Err(Fault::invalid(text).hint("ask for longer ones with bucket=, or for less"));
        }
        edge = next(edge, bucket).ok_or_else(far)?;
    }
}

fn floor(time: NaiveDateTime, bucket: BucketName) -> Option<NaiveDateTime> {
    let midnight = time.date().and_hms_opt(0, 0, 0)?;
    match bucket {
        BucketName::Hour => time.date().and_hms_opt(time.hour(), 0, 0),
        BucketName::Day => Some(midnight),
        BucketName::Week => {
            let days = time.weekday().num_days_from_monday();
            midnight.checked_sub_days(Days::new(days.into()))
        }
        BucketName::Month => midnight.with_day(1),
    }
}

fn next(edge: NaiveDateTime, bucket: BucketName) -> Option<NaiveDateTime> {
    match bucket {
        BucketName::Hour => edge.checked_add_signed(Duration::hours(1)),
        BucketName::Day => edge.checked_add_days(Days::new(1)),
        BucketName::Week => edge.checked_add_days(Days::new(7)),
        BucketName::Month => edge.checked_add_months(Months::new(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::moment::time_of;

    fn edges(from: &str, to: &str, bucket: BucketName, offset: &str) -> Vec<String> {
        let (from, to) = (time_of(from).unwrap(), time_of(to).unwrap());
        let offset = offset_of(offset).unwrap();
        let edges = edges_of((from, to), bucket, offset).unwrap();
        let text = |ms: &i64| DateTime::from_timestamp_millis(*ms).unwrap().to_rfc3339();
        edges
            .iter()
            .map(text)
            .map(|text| text[..16].to_owned())
            .collect()
    }

    #[test]
    fn stretches_hold_both_moments_and_begin_at_whole_ones() {
        let (from, to) = ("2026-02-27T10:20:00Z", "2026-03-01T00:00:00Z");
        let days = [
            "2026-02-27T00:00",
            "2026-02-28T00:00",
            "2026-03-01T00:00",
            "2026-03-02T00:00",
        ];
        assert_eq!(edges(from, to, BucketName::Day, "Z"), days);
        let months = ["2026-02-01T00:00", "2026-03-01T00:00", "2026-04-01T00:00"];
        assert_eq!(edges(from, to, BucketName::Month, "Z"), months);
        let weeks = ["2026-02-23T00:00", "2026-03-02T00:00"];
        assert_eq!(edges(from, to, BucketName::Week, "Z"), weeks);
        let hours = ["2026-02-27T10:00", "2026-02-27T11:00"];
        assert_eq!(
            edges(from, "2026-02-27T10:59:59Z", BucketName::Hour, "Z"),
            hours
        );
    }

    #[test]
    fn midnight_is_that_of_the_zone() {
        let time = "2026-02-27T23:30:00Z";
        let east = ["2026-02-27T22:00", "2026-02-28T22:00"];
        assert_eq!(edges(time, time, BucketName::Day, "+02:00"), east);
        // A plus sign of a query is a blank.
        assert_eq!(edges(time, time, BucketName::Day, " 02:00"), east);
        let west = ["2026-02-27T05:00", "2026-02-28T05:00"];
        assert_eq!(edges(time, time, BucketName::Day, "-05:00"), west);
        assert!(offset_of("Berlin").is_err());
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let (past, now) = (
            time_of("1970-01-01T00:00:00Z").unwrap(),
            time_of("-1h").unwrap(),
        );
        let utc = offset_of("Z").unwrap();
        assert!(edges_of((past, now), BucketName::Hour, utc).is_err());
        assert!(edges_of((now, past), BucketName::Day, utc).is_err());
        let all = edges_of(
            (WallTime(i64::MIN), WallTime(i64::MAX)),
            BucketName::Month,
            utc,
        );
        // The first of September 1677 to the first of May 2262, both of them.
        assert_eq!(all.unwrap().len(), (2262 - 1677) * 12 + 5 - 9 + 1);
    }
}
