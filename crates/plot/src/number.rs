//! Numbers as they stand at an axis or in a cell.
//!
//! Invariants: the numbers of one axis have one unit and as many decimals, so that they differ where the ticks do; a
//! minus is a minus sign.

const UNITS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
/// Above it numbers have a unit of thousands.
const PLAIN_MAX: f64 = 1e4;
const PLAIN_MIN: f64 = 1e-3;
const UNIT_MAX: f64 = 1e15;

/// The labels of ticks that are `step` apart.
pub fn labels(values: &[f64], step: f64) -> Vec<String> {
    let size = values.iter().map(|value| value.abs()).fold(0.0, f64::max);
    if size == 0.0 {
        return values.iter().map(|_| "0".to_owned()).collect();
    }
    if !(PLAIN_MIN..UNIT_MAX).contains(&size) {
        let exponent = size.log10().floor() as i32;
        let unit = 10_f64.powi(exponent);
        let decimals = decimals_of(step / unit);
        let label = |value: &f64| match *value {
            0.0 => "0".to_owned(),
            value => format!(
                "{}×10{}",
                fixed(value / unit, decimals),
                superscript(exponent)
            ),
        };
        return values.iter().map(label).collect();
    }
    let known = UNITS
        .iter()
        .find(|(unit, _)| size >= PLAIN_MAX && size >= *unit);
    let (unit, sign) = known.copied().unwrap_or((1.0, ""));
    let decimals = decimals_of(step / unit);
    let label = |value: &f64| match *value {
        0.0 => "0".to_owned(),
        value => fixed(value / unit, decimals) + sign,
    };
    values.iter().map(label).collect()
}

/// How many decimals a step needs to be told from the next one.
fn decimals_of(step: f64) -> usize {
    let is_whole = |decimals: &usize| {
        let scaled = step * 10_f64.powi(*decimals as i32);
        (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1e-3)
    };
    (0..12).find(is_whole).unwrap_or(12)
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    text.replacen('-', "−", 1)
}

/// `−12` as `⁻¹²`.
fn superscript(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let text = exponent.to_string();
    text.chars()
        .map(|digit| match digit.to_digit(10) {
            Some(value) => DIGITS[value as usize],
            None => '⁻',
        })
        .collect()
}

/// A power of ten: as a number when all of the axis are near 1.
pub fn power(exponent: i32, is_near: bool) -> String {
    if !is_near {
        return format!("10{}", superscript(exponent));
    }
    if exponent >= 0 {
        return format!("{:.0}", 10_f64.powi(exponent));
    }
    format!("{:.*}", -exponent as usize, 10_f64.powi(exponent))
}

/// Three figures that matter.
pub fn short_number(value: f64) -> String {
    if !value.is_finite() {
        return format!("{value}").replace('-', "−").replace("inf", "∞");
    }
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(PLAIN_MIN..UNIT_MAX).contains(&size) {
        let exponent = size.log10().floor() as i32;
        let figures = trimmed(value / 10_f64.powi(exponent), 2);
        return format!("{figures}×10{}", superscript(exponent));
    }
    let known = UNITS
        .iter()
        .find(|(unit, _)| size >= PLAIN_MAX && size >= *unit);
    let (unit, sign) = known.copied().unwrap_or((1.0, ""));
    let scaled = value / unit;
    let decimals = 2 - (scaled.abs().log10().floor() as i32).min(2);
    trimmed(scaled, decimals as usize) + sign
}

fn trimmed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_an_axis_have_one_unit_and_as_many_decimals() {
        for (values, step, expected) in [
            (vec![0.0, 0.5, 1.0], 0.5, "0 0.5 1.0"),
            (vec![0.0, 2.5, 5.0], 2.5, "0 2.5 5.0"),
            (vec![-20.0, 0.0, 20.0], 20.0, "−20 0 20"),
            (vec![0.0, 5000.0, 10_000.0], 5000.0, "0 5k 10k"),
            (vec![0.0, 2_500_000.0], 2_500_000.0, "0 2.5M"),
            (vec![0.0002, 0.0004], 0.0002, "2×10⁻⁴ 4×10⁻⁴"),
            (vec![0.0], 1.0, "0"),
            (vec![1000.0, 2000.0], 1000.0, "1000 2000"),
            (vec![1e20, 2e20], 1e20, "1×10²⁰ 2×10²⁰"),
        ] {
            assert_eq!(labels(&values, step).join(" "), expected);
        }
    }

    #[test]
    fn numbers_in_cells_have_three_figures() {
        for (value, text) in [
            (0.0, "0"),
            (0.973_25, "0.973"),
            (1.5, "1.5"),
            (123.456, "123"),
            (-0.000_012_3, "−1.23×10⁻⁵"),
            (12_345.0, "12.3k"),
            (f64::INFINITY, "∞"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(short_number(value), text);
        }
    }

    #[test]
    fn powers_are_numbers_only_near_one() {
        assert_eq!(power(-2, true), "0.01");
        assert_eq!(power(3, true), "1000");
        assert_eq!(power(-5, false), "10⁻⁵");
    }
}
