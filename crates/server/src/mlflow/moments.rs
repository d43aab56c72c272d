//! Moments and durations as protocol buffers write them in JSON: `2026-11-21T13:41:05.074Z`, `0.082s`.
//!
//! Invariant: what is written is read back as it was, in whole milliseconds.

use chrono::{DateTime, SecondsFormat, Utc};

/// A moment in milliseconds since 1970, as text. Whole seconds have no fraction.
pub fn moment_text(time_ms: i64) -> String {
    let time = DateTime::<Utc>::from_timestamp_millis(time_ms).unwrap_or_default();
    let format = if time_ms.rem_euclid(1000) == 0 {
        SecondsFormat::Secs
    } else {
        SecondsFormat::Millis
    };
    time.to_rfc3339_opts(format, true)
}

/// The milliseconds since 1970 that a text means.
pub fn moment_ms(text: &str) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.timestamp_millis())
}

/// A duration in milliseconds, as text.
pub fn duration_text(duration_ms: i64) -> String {
    let (seconds, rest) = (duration_ms / 1000, (duration_ms % 1000).abs());
    let sign = if duration_ms < 0 && seconds == 0 {
        "-"
    } else {
        ""
    };
    if rest == 0 {
        format!("{seconds}s")
    } else {
        format!("{sign}{seconds}.{rest:03}s")
    }
}

/// The milliseconds that a text means.
pub fn duration_ms(text: &str) -> Option<i64> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    (seconds.abs() < 9.0e12).then(|| (seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for time_ms in [0, 1_795_268_465_074, -1, 1_544_712_660_000] {
            assert_eq!(moment_ms(&moment_text(time_ms)), Some(time_ms));
            let duration = duration_text(time_ms % 1_000_000);
            assert_eq!(
                duration_ms(&duration),
                Some(time_ms % 1_000_000),
                "{duration}"
            );
        }
        assert_eq!(moment_text(1_544_712_660_000), "2018-12-13T14:51:00Z");
        assert_eq!(duration_text(83), "0.083s");
        assert_eq!(
            (moment_ms("x"), duration_ms("1"), duration_ms("nans")),
            (None, None, None)
        );
    }
}
