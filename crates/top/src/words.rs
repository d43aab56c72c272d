//! Numbers, times and lengths as the screen shows them: short, and of a width that changes little.
//!
//! Invariant: nothing here looks at a clock; [`Changing`] says when a text that is about now becomes another one.

use std::time::Duration;

use ratatui_core::text::Span;

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text that is about now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changing {
    pub text: String,
    /// When it becomes another one.
    pub within: Duration,
}

impl Changing {
    fn new(text: String, length_ns: i64, unit_ns: i64) -> Changing {
        let left_ns = unit_ns - length_ns.rem_euclid(unit_ns);
        Changing {
            text,
            within: Duration::from_nanos(left_ns.unsigned_abs()),
        }
    }
}

/// How long ago something was: `<1m`, `4m`, `2h`, `3d`.
pub fn age(length_ns: i64) -> Changing {
    let length_ns = length_ns.max(0);
    match length_ns {
        ..MINUTE => Changing::new("<1m".to_owned(), length_ns, MINUTE),
        MINUTE..HOUR => Changing::new(format!("{}m", length_ns / MINUTE), length_ns, MINUTE),
        HOUR..172_800_000_000_000 => {
            Changing::new(format!("{}h", length_ns / HOUR), length_ns, HOUR)
        }
        _ => Changing::new(format!("{}d", length_ns / DAY), length_ns, DAY),
    }
}

/// How long something goes on already: `42s`, `4m12s`, `1h03m`, `3d04h`.
pub fn lasting(length_ns: i64) -> Changing {
    let length_ns = length_ns.max(0);
    let seconds = length_ns / SECOND;
    match length_ns {
        ..MINUTE => Changing::new(format!("{seconds}s"), length_ns, SECOND),
        MINUTE..HOUR => {
            let text = format!("{}m{:02}s", seconds / 60, seconds % 60);
            Changing::new(text, length_ns, SECOND)
        }
        HOUR..DAY => {
            let text = format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
            Changing::new(text, length_ns, MINUTE)
        }
        _ => {
            let text = format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24);
            Changing::new(text, length_ns, HOUR)
        }
    }
}

/// How long something took: `58ms`, `4.2s`, and as [`lasting`] from a minute on.
pub fn took(length_ns: i64) -> String {
    let length_ns = length_ns.max(0);
    match length_ns {
        ..SECOND => format!("{}ms", length_ns / 1_000_000),
        SECOND..MINUTE => format!("{:.1}s", length_ns as f64 / SECOND as f64),
        _ => lasting(length_ns).text,
    }
}

/// `12:01:07`, of the day in UTC.
pub fn clock(time_ns: i64) -> String {
    let seconds = time_ns.div_euclid(SECOND).rem_euclid(86_400);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
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

/// `998`, `12.4k`, `1.03M`: four signs or five.
pub fn count(count: f64) -> String {
    for (size, unit) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if count >= size {
            let digits = match count / size {
                ..10.0 => 2,
                ..100.0 => 1,
                _ => 0,
            };
            return format!("{:.digits$}{unit}", count / size);
        }
    }
    format!("{count:.0}")
}

/// Four figures that matter.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e6 {
        return format!("{value:.0}");
    }
    if (1e-3..1e6).contains(&size) {
        let digits = 3_i32.saturating_sub(size.log10().floor() as i32);
        return format!("{value:.*}", digits.clamp(0, 6) as usize);
    }
    format!("{value:.3e}")
}

/// What takes more room than there is ends in a sign that says so.
pub fn cut(text: &str, room: usize, more: &str) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let room = room.saturating_sub(width(more));
    let mut kept = String::new();
    let mut taken = 0;
    for letter in text.chars() {
        taken += width(letter.encode_utf8(&mut [0; 4]));
        if taken > room {
            break;
        }
        kept.push(letter);
    }
    kept + more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_about_now_knows_when_it_changes() {
        for (seconds, text, within) in [
            (0, "<1m", 60),
            (59, "<1m", 1),
            (61, "1m", 59),
            (7_201, "2h", 3_599),
            (172_800, "2d", 86_400),
        ] {
            let changing = age(seconds * SECOND);
            assert_eq!(changing.text, text);
            assert_eq!(changing.within, Duration::from_secs(within), "{text}");
        }
        assert_eq!(lasting(252 * SECOND + 1).text, "4m12s");
        assert_eq!(lasting(3_780 * SECOND).within, Duration::from_mins(1));
        assert_eq!(age(-5).text, "<1m");
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.931_23, "0.9312"),
            (12.345_67, "12.35"),
            (3.0, "3"),
            (0.000_3, "3.000e-4"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(value), text);
        }
        for (value, text) in [(998.0, "998"), (12_408.0, "12.4k"), (1_030_000.0, "1.03M")] {
            assert_eq!(count(value), text);
        }
        assert_eq!(grouped(12_408_233), "12,408,233");
        assert_eq!(clock(-SECOND), "23:59:59");
        assert_eq!(
            (took(58_000_000).as_str(), took(4_240_000_000).as_str()),
            ("58ms", "4.2s")
        );
    }

    #[test]
    fn what_is_cut_says_so_and_fits() {
        assert_eq!(cut("kind-elk", 8, "…"), "kind-elk");
        assert_eq!(cut("kind-elk", 5, "…"), "kind…");
        assert_eq!(cut("日本語", 4, "…"), "日…");
    }
}
