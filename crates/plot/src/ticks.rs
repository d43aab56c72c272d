//! Where the ticks of an axis are, and what stands at them.
//!
//! Invariants: ticks lie within the range, in its order, at round numbers; there are never more than asked for and one.

use crate::clock;
use crate::number::{labels, power};
use crate::scale::{Range, Scale};

/// A place on an axis, and its label; empty for a small one.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

/// The ticks of an axis, at most about so many with a label.
pub fn ticks(scale: Scale, range: Range, count_max: usize) -> Vec<Tick> {
    let count_max = count_max.max(2);
    match scale {
        Scale::Linear => even(range, count_max, 1.0),
        Scale::Whole => {
            let step = whole_step(range.span() / count_max as f64);
            stepped(range, (1.0, step), count_max)
        }
        Scale::Clock => clock::ticks(range, count_max),
        Scale::Duration => even(range, count_max, unit_of(range).0),
        Scale::Log => powers(range, count_max),
    }
}

/// What stands behind the title of the axis.
pub fn unit_name(scale: Scale, range: Range) -> Option<String> {
    match scale {
        Scale::Duration => Some(unit_of(range).1.to_owned()),
        Scale::Clock => {
            let (year, month, day) = clock::date(range.from);
            Some(format!("UTC, from {year:04}-{month:02}-{day:02}"))
        }
        Scale::Linear | Scale::Whole | Scale::Log => None,
    }
}

/// How many seconds the unit of a length of time has, and its sign.
fn unit_of(range: Range) -> (f64, &'static str) {
    match range.to.abs().max(range.from.abs()) {
        size if size <= 180.0 => (1.0, "s"),
        size if size <= 10_800.0 => (60.0, "min"),
        size if size <= 259_200.0 => (3600.0, "h"),
        _ => (86_400.0, "d"),
    }
}

/// Round steps of a unit.
fn even(range: Range, count_max: usize, unit: f64) -> Vec<Tick> {
    let step = round_step(range.span() / unit / count_max as f64);
    stepped(range, (unit, step), count_max)
}

/// At every so many of a unit.
fn stepped(range: Range, (unit, step): (f64, f64), count_max: usize) -> Vec<Tick> {
    let (from, to) = (range.from / unit, range.to / unit);
    // What is off by rounding is on the edge.
    let (first, last) = ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor());
    let count = ((last - first).max(-1.0) + 1.0) as usize;
    let values: Vec<f64> = (0..count.min(count_max + 1))
        .map(|index| (first + index as f64) * step)
        // Minus zero is zero.
        .map(|value| if value == 0.0 { 0.0 } else { value })
        .collect();
    let labels = labels(&values, step);
    let ticks = values.iter().zip(labels);
    ticks
        .map(|(value, label)| Tick {
            at: value * unit,
            label,
        })
        .collect()
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below.
fn round_step(least: f64) -> f64 {
    if !(least > 0.0 && least.is_finite()) {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    let rounds = [1.0, 2.0, 2.5, 5.0, 10.0];
    let fits = |round: &&f64| **round * power >= least * (1.0 - 1e-9);
    rounds.iter().find(fits).map_or(10.0, |round| *round) * power
}

/// The same, where there is nothing between whole numbers.
fn whole_step(least: f64) -> f64 {
    match round_step(least) {
        step if step < 1.0 => 1.0,
        // Half of five is none.
        step if step < 5.0 && step.fract() > 0.0 => 5.0,
        step => step,
    }
}

/// Powers of ten with small ticks between them; what lies between two powers has ticks of its own.
fn powers(range: Range, count_max: usize) -> Vec<Tick> {
    let (first, last) = (range.from.ceil() as i32, range.to.floor() as i32);
    let count = (last - first + 1).max(0) as usize;
    if count < 2 {
        return within_a_power(range, count_max);
    }
    let stride = count.div_ceil(count_max) as i32;
    let is_near = first >= -3 && last <= 3;
    let mut ticks = Vec::new();
    for exponent in first - 1..=last + 1 {
        if range.holds(f64::from(exponent)) {
            let is_named = exponent.rem_euclid(stride) == 0;
            ticks.push(Tick {
                at: f64::from(exponent),
                label: if is_named {
                    power(exponent, is_near)
                } else {
                    String::new()
                },
            });
        }
        if stride == 1 {
            let small = (2..=9).map(|part| f64::from(exponent) + f64::from(part).log10());
            let small = small.filter(|at| range.holds(*at));
            ticks.extend(small.map(|at| Tick {
                at,
                label: String::new(),
            }));
        }
    }
    ticks
}

/// Few powers lie in the range: round values are told, at their logarithms.
fn within_a_power(range: Range, count_max: usize) -> Vec<Tick> {
    let (from, to) = (10_f64.powf(range.from), 10_f64.powf(range.to));
    let exponents = range.from.floor() as i32..=range.to.floor() as i32;
    let steps: Vec<f64> = exponents
        .flat_map(|exponent| [1.0, 2.0, 5.0].map(|part| part * 10_f64.powi(exponent)))
        .filter(|value| range.holds(value.log10()))
        .collect();
    if steps.len() < 2 || steps.len() > count_max + 1 {
        let mut ticks = even(Range { from, to }, count_max, 1.0);
        ticks.retain(|tick| tick.at > 0.0);
        for tick in &mut ticks {
            tick.at = tick.at.log10();
        }
        return ticks;
    }
    let smallest = steps[0];
    let ticks = steps.iter().zip(labels(&steps, smallest));
    ticks
        .map(|(value, label)| Tick {
            at: value.log10(),
            label,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(scale: Scale, from: f64, to: f64, count_max: usize) -> String {
        let ticks = ticks(scale, Range { from, to }, count_max);
        assert!(
            ticks.windows(2).all(|pair| pair[0].at < pair[1].at),
            "{ticks:?}"
        );
        assert!(ticks.iter().all(|tick| Range { from, to }.holds(tick.at)));
        let labels = ticks.into_iter().map(|tick| tick.label);
        let named: Vec<String> = labels.filter(|label| !label.is_empty()).collect();
        named.join(" ")
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(
            shown(Scale::Linear, -0.03, 1.03, 5),
            "0 0.25 0.50 0.75 1.00"
        );
        assert_eq!(shown(Scale::Linear, 0.0, 999.0, 5), "0 200 400 600 800");
        assert_eq!(shown(Scale::Linear, 0.0, 20_000.0, 4), "0 5k 10k 15k 20k");
        assert_eq!(shown(Scale::Linear, 1e-5, 3e-5, 2), "1×10⁻⁵ 2×10⁻⁵ 3×10⁻⁵");
    }

    #[test]
    fn steps_are_whole() {
        assert_eq!(shown(Scale::Whole, 0.0, 17.0, 8), "0 5 10 15");
        assert_eq!(shown(Scale::Whole, -0.5, 2.5, 8), "0 1 2");
        assert_eq!(
            shown(Scale::Whole, 0.0, 1000.0, 5),
            "0 200 400 600 800 1000"
        );
    }

    #[test]
    fn a_logarithmic_axis_names_powers() {
        assert_eq!(shown(Scale::Log, -2.1, 1.2, 6), "0.01 0.1 1 10");
        assert_eq!(shown(Scale::Log, -9.0, 0.0, 6), "10⁻⁸ 10⁻⁶ 10⁻⁴ 10⁻² 10⁰");
    }

    #[test]
    fn a_logarithmic_axis_within_one_power_names_round_values() {
        assert_eq!(shown(Scale::Log, 0.1, 0.9, 5), "2 5");
        assert_eq!(shown(Scale::Log, 0.31, 0.35, 3), "2.1 2.2");
    }

    #[test]
    fn lengths_of_time_have_the_unit_that_fits() {
        assert_eq!(shown(Scale::Duration, 0.0, 600.0, 5), "0 2 4 6 8 10");
        let range = Range {
            from: 0.0,
            to: 600.0,
        };
        assert_eq!(unit_name(Scale::Duration, range).unwrap(), "min");
    }

    #[test]
    fn nothing_makes_an_axis_without_end() {
        for (from, to) in [
            (0.0, f64::MIN_POSITIVE),
            (-2e307, 2e307),
            (1e15, 1e15 + 1.0),
        ] {
            assert!(ticks(Scale::Linear, Range { from, to }, 5).len() <= 6);
        }
    }
}
