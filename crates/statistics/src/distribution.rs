//! Tails and quantiles of the normal, t, F and chi-square distributions.
//!
//! Invariant: a tail is computed as itself, so that it is right to 1e-300 and below.

use std::f64::consts::SQRT_2;

use crate::root;
use crate::special;

/// P(Z > z).
pub fn normal_tail(z: f64) -> f64 {
    libm::erfc(z / SQRT_2) / 2.0
}

/// The z that a share `p` in (0, 1) of the distribution lies below; infinite at 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    // In logarithms the tail is nearly a parabola, at which the search is quick at any p.
    let target = p.ln();
    root::between(|z| normal_tail(z).ln() - target, 0.0, 38.0).copysign(-1.0)
}

/// P(|T| > |t|) with so many degrees of freedom.
pub fn student_two_sided(t: f64, degrees: f64) -> f64 {
    let ratio = t * t / degrees;
    if ratio > 1e40 {
        // The first term of the series is all of it, and nothing overflows in its logarithm.
        let logarithm = degrees * (degrees.sqrt().ln() - t.abs().ln());
        let front = special::ln_beta(degrees / 2.0, 0.5) + (degrees / 2.0).ln();
        return (logarithm - front).exp();
    }
    let x = 1.0 / (1.0 + ratio);
    special::beta(degrees / 2.0, 0.5, x, ratio / (1.0 + ratio))
}

/// The t such that |T| <= t with probability `level`.
pub fn student_quantile_two_sided(level: f64, degrees: f64) -> f64 {
    let target = (1.0 - level).ln();
    let gap = |t: f64| student_two_sided(t, degrees).ln() - target;
    root::between(gap, 0.0, above(gap))
}

/// P(F > f).
pub fn f_tail(f: f64, between: f64, within: f64) -> f64 {
    let ratio = f * between / within;
    if ratio.is_infinite() {
        return 0.0;
    }
    let (x, y) = (1.0 / (1.0 + ratio), ratio / (1.0 + ratio));
    special::beta(within / 2.0, between / 2.0, x, y)
}

/// P(X > x).
pub fn chi_square_tail(x: f64, degrees: f64) -> f64 {
    special::gamma_upper(degrees / 2.0, x / 2.0)
}

/// The x that is exceeded with probability `tail`.
pub fn chi_square_quantile(tail: f64, degrees: f64) -> f64 {
    let gap = |x: f64| chi_square_tail(x, degrees) - tail;
    root::between(gap, 0.0, above(gap))
}

/// A place beyond the root of a falling function.
fn above(gap: impl Fn(f64) -> f64) -> f64 {
    let mut high = 1.0;
    while gap(high) > 0.0 && high < 1e300 {
        high *= 4.0;
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noncentral;

    /// What the function of that name gives, and how near it must be: to 1e-12 of the value in tails, and for noncentral
    /// distributions, of which only intervals are made, to 1e-12 of one.
    fn computed(function: &str, at: &[f64]) -> (f64, f64) {
        match (function, at) {
            ("normal_tail", [z]) => (normal_tail(*z), 0.0),
            ("t_two_sided", [t, degrees]) => (student_two_sided(*t, *degrees), 0.0),
            ("f_tail", [f, between, within]) => (f_tail(*f, *between, *within), 0.0),
            ("chi_square_tail", [x, degrees]) => (chi_square_tail(*x, *degrees), 0.0),
            ("t_below", [t, degrees, d]) => (noncentral::t_below(*t, *degrees, *d), 1.0),
            ("f_below", [f, between, within, n]) => {
                (noncentral::f_below(*f, *between, *within, *n), 1.0)
            }
            strange => panic!("make.py asks {strange:?}"),
        }
    }

    #[test]
    fn tails_agree_with_sixty_digits_down_to_the_smallest_numbers() {
        let text = include_str!("../tests/data/distributions.json");
        let document: serde_json::Value = serde_json::from_str(text).expect("make.py writes JSON");
        let cases = document["cases"].as_array().expect("cases");
        let mut smallest = 1.0_f64;
        for case in cases {
            let function = case["function"].as_str().expect("a name");
            let at = case["at"].as_array().expect("arguments").iter();
            let at: Vec<f64> = at.map(|value| value.as_f64().expect("a number")).collect();
            let expected = case["value"].as_f64().expect("a number");
            let (found, unit) = computed(function, &at);
            let off = (found - expected).abs() / expected.abs().max(unit);
            // Below 1e-307 numbers have fewer digits.
            let is_near = off < 1e-11 || (expected < 1e-307 && found < 1e-306);
            assert!(
                is_near,
                "{function} {at:?}: {found:e}, expected {expected:e}, off {off:e}"
            );
            smallest = if expected > 0.0 {
                smallest.min(expected)
            } else {
                smallest
            };
        }
        assert!(cases.len() > 150 && smallest < 1e-299, "{smallest:e}");
    }

    #[test]
    fn quantiles_are_where_the_tails_say() {
        for p in [1e-300, 1e-20, 0.025, 0.3, 0.5, 0.7, 0.975] {
            let tail = normal_tail(-normal_quantile(p));
            assert!((tail / p - 1.0).abs() < 1e-11, "{p:e}: {tail:e}");
        }
        for degrees in [1.0, 2.0, 7.3, 38.0, 1e6] {
            for level in [0.5, 0.95, 0.999] {
                let t = student_quantile_two_sided(level, degrees);
                assert!((student_two_sided(t, degrees) / (1.0 - level) - 1.0).abs() < 1e-11);
                let x = chi_square_quantile(level, degrees);
                assert!((chi_square_tail(x, degrees) - level).abs() < 1e-12);
            }
        }
    }
}
