//! Ticks of times: at full seconds, minutes, hours and days in UTC.
//!
//! Invariant: no clock is looked at; a time is a number that was handed in.

use crate::scale::Range;
use crate::ticks::Tick;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// Steps between ticks that people count in.
const STEPS: [f64; 27] = [
    0.001,
    0.005,
    0.01,
    0.05,
    0.1,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    7.0 * DAY,
    30.0 * DAY,
];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// At most so many ticks.
pub fn ticks(range: Range, count_max: usize) -> Vec<Tick> {
    let least = range.span() / count_max.max(1) as f64;
    let fits = STEPS.iter().copied().find(|step| *step >= least);
    let step = fits.unwrap_or_else(|| (least / (30.0 * DAY)).ceil() * 30.0 * DAY);
    // What is off by rounding is on the edge.
    let first = (range.from / step - 1e-5).ceil();
    let end = (range.to / step + 1e-5).floor();
    let mut ticks = Vec::new();
    let mut index = first;
    while index <= end && ticks.len() <= count_max + 1 {
        let at = index * step;
        ticks.push(Tick {
            at,
            label: label(at, step),
        });
        index += 1.0;
    }
    ticks
}

fn label(seconds: f64, step: f64) -> String {
    let (year, month, day) = date(seconds);
    if step >= DAY {
        let month_name = MONTHS[month as usize - 1];
        return if step >= 30.0 * DAY {
            format!("{month_name} {year}")
        } else {
            format!("{day} {month_name}")
        };
    }
    // To the millisecond, which is the smallest step: a tick is at a full one but for rounding.
    let of_day = ((seconds * 1000.0).round() / 1000.0).rem_euclid(DAY);
    let (hours, minutes) = ((of_day / HOUR).floor(), (of_day / MINUTE).floor() % 60.0);
    if step >= MINUTE {
        return format!("{hours:02}:{minutes:02}");
    }
    let rest = of_day % 60.0;
    if step >= 1.0 {
        return format!("{hours:02}:{minutes:02}:{rest:02.0}");
    }
    let decimals = if step >= 0.1 { 1 } else { 3 };
    let width = decimals + 3;
    format!("{hours:02}:{minutes:02}:{rest:0width$.decimals$}")
}

/// Year, month from 1 and day from 1 of a time, in the calendar that is used today, also for what was before it.
pub fn date(seconds: f64) -> (i64, u32, u32) {
    let days = (seconds / DAY).floor() as i64;
    // Days from the first of March of the year 0, after which a leap day ends a year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0.0, (1970, 1, 1)),
            (-1.0, (1969, 12, 31)),
            (951_782_400.0, (2000, 2, 29)),
            (1_795_305_600.0, (2026, 11, 22)),
        ] {
            assert_eq!(date(seconds), expected, "{seconds}");
        }
    }

    fn shown(from: f64, to: f64, count_max: usize) -> String {
        let ticks = ticks(Range { from, to }, count_max);
        let labels: Vec<String> = ticks.into_iter().map(|tick| tick.label).collect();
        labels.join(" ")
    }

    #[test]
    fn ticks_lie_on_full_times() {
        let noon = 1_795_305_600.0 + 12.0 * HOUR;
        assert_eq!(shown(noon + 7.0, noon + 1000.0, 4), "12:05 12:10 12:15");
        assert_eq!(shown(noon, noon + 20.0, 3), "12:00:00 12:00:10 12:00:20");
        assert_eq!(
            shown(noon, noon + 0.2, 3),
            "12:00:00.0 12:00:00.1 12:00:00.2"
        );
        assert_eq!(shown(noon, noon + 3.0 * DAY, 3), "23 Nov 24 Nov 25 Nov");
        assert!(shown(noon, noon + 1e10, 5).contains("20"));
    }
}
