//! Times and lengths of time as filters write them.
//!
//! A literal that names a stretch of time (a day, a millisecond) is a [`Stretch`]: equal is within it, less is before
//! it, greater is after it.

use mltrack_event::WallTime;

const SECOND_NS: i64 = 1_000_000_000;
const UNITS: [(&str, i64); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND_NS),
    ("min", 60 * SECOND_NS),
    ("m", 60 * SECOND_NS),
    ("h", 3600 * SECOND_NS),
    ("d", 86_400 * SECOND_NS),
    ("w", 7 * 86_400 * SECOND_NS),
];
const MILLISECOND_NS: i64 = 1_000_000;

/// Whole numbers from one to another, both included. Empty when the first is larger: `5.5` lies between 5 and 6.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stretch {
    pub first: i64,
    pub last: i64,
}

impl Stretch {
    pub fn at(instant: i64) -> Stretch {
        Stretch {
            first: instant,
            last: instant,
        }
    }

    /// What a number means for values that are counted in wholes of `unit`. `None` for NaN.
    pub fn of_number(number: f64, unit: i64) -> Option<Stretch> {
        if number.is_nan() {
            return None;
        }
        // Casts saturate: a number beyond all values is larger, or smaller, than each of them.
        let first = (number.ceil() as i64).saturating_mul(unit);
        let last = (number.floor() as i64)
            .saturating_mul(unit)
            .saturating_add(unit - 1);
        Some(Stretch { first, last })
    }
}

/// A time: RFC 3339, a day, `-7d`, `now`, `today`, `yesterday`, or milliseconds since 1970 as `MLflow` has them.
pub(crate) fn time(text: &str, now_ns: i64) -> Option<Stretch> {
    let text = text.trim();
    let day_ns = 86_400 * SECOND_NS;
    let today = now_ns.div_euclid(day_ns).saturating_mul(day_ns);
    let day = |first: i64| Stretch {
        first,
        last: first.saturating_add(day_ns - 1),
    };
    match text {
        "now" => return Some(Stretch::at(now_ns)),
        "today" => return Some(day(today)),
        "yesterday" => return Some(day(today.saturating_sub(day_ns))),
        _ => {}
    }
    if let Ok(milliseconds) = text.parse::<f64>() {
        return Stretch::of_number(milliseconds, MILLISECOND_NS);
    }
    if let Some(ago) = text.strip_prefix('-') {
        return duration(ago).map(|ago| Stretch::at(now_ns.saturating_sub(ago)));
    }
    if let Ok(time) = text.parse::<WallTime>() {
        return Some(Stretch::at(time.0));
    }
    let midnight: Result<WallTime, _> = format!("{text}T00:00:00Z").parse();
    if let Ok(midnight) = midnight {
        return Some(day(midnight.0));
    }
    // `2026-11-21 10:30` and the like, in UTC.
    let (date, clock) = text.split_once([' ', 'T'])?;
    let (clock, unit_ns) = match clock.len() {
        5 => (format!("{clock}:00"), 60 * SECOND_NS),
        8 => (clock.to_owned(), SECOND_NS),
        _ => (clock.to_owned(), 1),
    };
    let first = format!("{date}T{clock}Z").parse::<WallTime>().ok()?.0;
    Some(Stretch {
        first,
        last: first.saturating_add(unit_ns - 1),
    })
}

/// A length of time in ns: `90s`, `1h30m`, `500ms`, `1.5h`, or seconds.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds
            .is_finite()
            .then(|| (seconds * SECOND_NS as f64).round() as i64);
    }
    let mut rest = text;
    let mut sum_ns = 0_i64;
    while !rest.is_empty() {
        let digits = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                .len();
        let (number, after) = rest.split_at(digits);
        let letters = after.len()
            - after
                .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                .len();
        let (unit, after) = after.split_at(letters);
        let (_, unit_ns) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let number: f64 = number.parse().ok()?;
        sum_ns = sum_ns.saturating_add((number * *unit_ns as f64).round() as i64);
        rest = after.trim_start();
    }
    (!text.is_empty()).then_some(sum_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_262_400 * SECOND_NS;

    #[test]
    fn a_day_is_all_of_it_and_an_instant_only_itself() {
        let noon: WallTime = "2026-11-21T12:00:00Z".parse().unwrap();
        assert_eq!(noon.0, NOON);
        let day = time("2026-11-21", NOON).unwrap();
        assert_eq!(day.first, NOON - 12 * 3600 * SECOND_NS);
        assert_eq!(day.last, NOON + 12 * 3600 * SECOND_NS - 1);
        assert_eq!(time("today", NOON), Some(day));
        assert_eq!(
            time("2026-11-21T13:00:00+01:00", 0),
            Some(Stretch::at(NOON))
        );
        assert_eq!(time("2026-11-21 12:00:00", 0).unwrap().first, NOON);
        assert_eq!(
            time("2026-11-21 12:00", 0).unwrap().last,
            NOON + 60 * SECOND_NS - 1
        );
        assert_eq!(
            time("-2h", NOON),
            Some(Stretch::at(NOON - 7200 * SECOND_NS))
        );
        assert_eq!(
            time("1700000000000", 0).unwrap().first,
            1_700_000_000 * SECOND_NS
        );
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "soon",
            "-7",
            "2026-13-01",
            "2026-11-21 25:00",
            "-7 apples",
            "7d",
        ] {
            let expected = (text == "-7").then_some(Stretch {
                first: -7 * MILLISECOND_NS,
                last: -6 * MILLISECOND_NS - 1,
            });
            assert_eq!(time(text, NOON), expected, "{text}");
        }
    }

    #[test]
    fn lengths_add_up() {
        for (text, expected) in [
            ("90", Some(90 * SECOND_NS)),
            ("1.5", Some(3 * SECOND_NS / 2)),
            ("1h30m", Some(5400 * SECOND_NS)),
            ("1h 30min", Some(5400 * SECOND_NS)),
            ("500ms", Some(SECOND_NS / 2)),
            ("2d", Some(172_800 * SECOND_NS)),
            ("0.5h", Some(1800 * SECOND_NS)),
            ("", None),
            ("h", None),
            ("5 parsecs", None),
            ("1.2.3s", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn a_number_between_two_wholes_is_a_stretch_of_nothing() {
        let stretch = Stretch::of_number(5.5, 1).unwrap();
        assert_eq!((stretch.first, stretch.last), (6, 5));
        assert_eq!(Stretch::of_number(f64::NAN, 1), None);
        assert_eq!(Stretch::of_number(1e300, 1).unwrap().first, i64::MAX);
    }
}
