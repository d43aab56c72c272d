//! Numbers, times and lengths as people read them, and as JSON holds them.
//!
//! Invariant: nothing here looks at a clock; what is relative is relative to a time handed in.

use chrono::{DateTime, SecondsFormat};
use serde::{Serialize, Serializer};
use serde_json::Value;

const NS_PER_S: i64 = 1_000_000_000;

/// A JSON number, or a string where JSON has no number.
pub fn number(value: f64) -> Value {
    match value {
        _ if value.is_finite() => Value::from(value),
        _ if value.is_nan() => Value::from("NaN"),
        _ if value > 0.0 => Value::from("Infinity"),
        _ => Value::from("-Infinity"),
    }
}

/// The same for an answer that is written as it is made.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            return serializer.serialize_f64(self.0);
        }
        number(self.0).serialize(serializer)
    }
}

/// RFC 3339 in UTC with nanoseconds.
pub fn rfc3339(time_ns: i64) -> String {
    DateTime::from_timestamp_nanos(time_ns).to_rfc3339_opts(SecondsFormat::Nanos, true)
}

pub fn time_value(time_ns: Option<i64>) -> Value {
    time_ns.map_or(Value::Null, |time_ns| Value::from(rfc3339(time_ns)))
}

/// `12:01:07` in UTC.
pub fn clock(time_ns: i64) -> String {
    DateTime::from_timestamp_nanos(time_ns)
        .format("%H:%M:%S")
        .to_string()
}

/// `4m ago`; what lies ahead by clock skew is `now`.
pub fn ago(time_ns: i64, now_ns: i64) -> String {
    let seconds = now_ns.saturating_sub(time_ns) / NS_PER_S;
    match seconds {
        ..=0 => "now".to_owned(),
        1..60 => format!("{seconds}s ago"),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..172_800 => format!("{}h ago", seconds / 3600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

/// `58ms`, `4.2s`, `4m12s`, `1h03m`, `3d04h`.
pub fn took(length_ns: i64) -> String {
    let length_ns = length_ns.max(0);
    let seconds = length_ns / NS_PER_S;
    match seconds {
        0 => format!("{}ms", length_ns / 1_000_000),
        1..60 => format!("{:.1}s", length_ns as f64 / NS_PER_S as f64),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// `12,408,233`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `3 runs`, `1 run`.
pub fn counted(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(count))
}

/// `3.1 GB`, in powers of a thousand.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64;
    let mut unit = "B";
    for larger in UNITS {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    format!("{value:.1} {unit}")
}

/// Four figures that matter, as a table shows a metric.
pub fn short_number(value: f64) -> String {
    if !value.is_finite() {
        return number(value)
            .as_str()
            .expect("what is not finite is a string")
            .to_owned();
    }
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e6 {
        return format!("{value:.0}");
    }
    if (1e-3..1e6).contains(&size) {
        let digits = 3_i32
            .saturating_sub(size.log10().floor() as i32)
            .clamp(0, 6);
        return format!("{value:.*}", digits as usize);
    }
    format!("{value:.3e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_cannot_hold_is_a_string() {
        assert_eq!(number(0.5), serde_json::json!(0.5));
        assert_eq!(number(f64::NAN), "NaN");
        assert_eq!(number(f64::NEG_INFINITY), "-Infinity");
        for value in [0.5, -0.0, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let written = serde_json::to_string(&Number(value)).unwrap();
            assert_eq!(written, number(value).to_string());
        }
    }

    #[test]
    fn lengths_use_two_units_at_most() {
        for (seconds, text) in [
            (0.058, "58ms"),
            (4.2, "4.2s"),
            (252.0, "4m12s"),
            (3_780.0, "1h03m"),
            (273_600.0, "3d04h"),
        ] {
            assert_eq!(took((seconds * 1e9) as i64), text);
        }
    }

    #[test]
    fn relative_times_never_lie_ahead() {
        assert_eq!(ago(5 * NS_PER_S, 0), "now");
        assert_eq!(ago(0, 59 * NS_PER_S), "59s ago");
        assert_eq!(ago(0, 7_200 * NS_PER_S), "2h ago");
        assert_eq!(ago(i64::MIN, i64::MAX), "106751d ago");
    }

    #[test]
    fn large_numbers_are_grouped_and_small_ones_are_not() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(12_408_233), "12,408,233");
        assert_eq!(counted(1, "run"), "1 run");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(3_100_000_000), "3.1 GB");
    }

    #[test]
    fn a_metric_shows_four_figures() {
        for (value, text) in [
            (0.931_23, "0.9312"),
            (12.345_67, "12.35"),
            (3.0, "3"),
            (0.000_3, "3.000e-4"),
            (-1_234_567.8, "-1.235e6"),
            (f64::INFINITY, "Infinity"),
        ] {
            assert_eq!(short_number(value), text);
        }
    }

    #[test]
    fn times_print_in_utc_with_all_digits() {
        assert_eq!(rfc3339(1), "1970-01-01T00:00:00.000000001Z");
        assert_eq!(clock(61 * NS_PER_S), "00:01:01");
    }
}
