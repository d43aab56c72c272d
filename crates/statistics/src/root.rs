//! Where a function of one number is zero.
//!
//! Invariant: the answer lies within the bracket that was given, and the search ends.

const STEPS_MAX: usize = 200;

/// The zero of a continuous `function` between `low` and `high`, where it has different signs (Brent).
pub fn between(function: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (mut other, mut best) = (low, high);
    let (mut f_other, mut f_best) = (function(low), function(high));
    let (mut held, mut f_held) = (other, f_other);
    let (mut step, mut last_step) = (best - other, best - other);
    for _ in 0..STEPS_MAX {
        if f_best.signum() == f_held.signum() {
            (held, f_held) = (other, f_other);
            (step, last_step) = (best - other, best - other);
        }
        if f_held.abs() < f_best.abs() {
            (other, best, held) = (best, held, best);
            (f_other, f_best, f_held) = (f_best, f_held, f_best);
        }
        let tolerance = 2.0 * f64::EPSILON * best.abs();
        let half = (held - best) / 2.0;
        if half.abs() <= tolerance || f_best == 0.0 {
            return best;
        }
        if last_step.abs() >= tolerance && f_other.abs() > f_best.abs() {
            let (numerator, denominator) =
                proposal([other, best, held], [f_other, f_best, f_held], half);
            let is_short = 2.0 * numerator
                < (3.0 * half * denominator - (tolerance * denominator).abs())
                    .min((last_step * denominator).abs());
            last_step = if is_short { step } else { half };
            step = if is_short {
                numerator / denominator
            } else {
                half
            };
        } else {
            (step, last_step) = (half, half);
        }
        (other, f_other) = (best, f_best);
        best += if step.abs() > tolerance {
            step
        } else {
            tolerance.copysign(half)
        };
        f_best = function(best);
    }
    best
}

/// The step to where a line or a parabola through the points is zero, as numerator (positive) and denominator.
fn proposal(at: [f64; 3], values: [f64; 3], half: f64) -> (f64, f64) {
    let ([other, best, held], [f_other, f_best, f_held]) = (at, values);
    let ratio = f_best / f_other;
    let (numerator, denominator) = if other == held {
        (2.0 * half * ratio, 1.0 - ratio)
    } else {
        let (q, r) = (f_other / f_held, f_best / f_held);
        (
            ratio * (2.0 * half * q * (q - r) - (best - other) * (r - 1.0)),
            (q - 1.0) * (r - 1.0) * (ratio - 1.0),
        )
    };
    if numerator > 0.0 {
        (numerator, -denominator)
    } else {
        (-numerator, denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_found_to_the_last_bits() {
        assert!((between(|x| x * x - 2.0, 0.0, 2.0) - 2.0_f64.sqrt()).abs() < 1e-15);
        assert!((between(|x| x.powi(9) - 1e-9, -1.0, 3.0) - 0.1).abs() < 1e-15);
        assert!((between(|x| (x - 0.3).signum(), 0.0, 1.0) - 0.3).abs() < 1e-15);
        assert_eq!(between(|x| x, 0.0, 1.0), 0.0);
    }
}
