//! Incomplete beta and gamma functions, to some 1e-13 of their value also where that is as small as 1e-300.
//!
//! Invariant: a small value is never computed as a difference from one.

use std::f64::consts::PI;

const STEPS_MAX: usize = 200_000;
const TINY: f64 = 1e-300;

/// The part of ln Γ(x) that Stirling's formula leaves, for x of at least 10.
fn stirling_rest(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    let inverse = 1.0 / (x * x);
    let series = COEFFICIENTS
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| sum * inverse + coefficient);
    series / x
}

/// ln B(a, b), without the loss that the difference of large logarithms brings.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = (a.min(b), a.max(b));
    let share = small / (small + large);
    if small >= 10.0 {
        let rest = stirling_rest(small) + stirling_rest(large) - stirling_rest(small + large);
        return rest - 0.5 * large.ln()
            + 0.5 * (2.0 * PI).ln()
            + (small - 0.5) * share.ln()
            + large * (-share).ln_1p();
    }
    if large >= 10.0 {
        let rest = stirling_rest(large) - stirling_rest(small + large);
        return libm::lgamma(small) + rest + small - small * (small + large).ln()
            + (large - 0.5) * (-share).ln_1p();
    }
    (libm::tgamma(small) / libm::tgamma(small + large) * libm::tgamma(large)).ln()
}

/// Γ(x) / (Γ(x - 1/2) sqrt(x)), which is below one and near it for a large x.
pub fn half_gamma_ratio(x: f64) -> f64 {
    if x < 20.0 {
        return libm::tgamma(x) / libm::tgamma(x - 0.5) / x.sqrt();
    }
    let rest = stirling_rest(x) - stirling_rest(x - 0.5);
    // (x - 1/2) ln x - (x - 1) ln(x - 1/2) - 1/2 - (ln x) / 2
    let logarithm = rest - (x - 1.0) * (-0.5 / x).ln_1p() - 0.5;
    logarithm.exp()
}

/// ln(x^a y^b / B(a, b)) where x + y = 1.
pub fn ln_beta_density(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let ln = |part: f64, rest: f64| {
        if part < 0.5 {
            part.ln()
        } else {
            (-rest).ln_1p()
        }
    };
    a * ln(x, y) + b * ln(y, x) - ln_beta(a, b)
}

/// The regularised incomplete beta function `I_x(a, b)`. `y` is 1 - x, given apart so that neither loses digits near one.
pub fn beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    let front = ln_beta_density(a, b, x, y);
    if x <= (a + 1.0) / (a + b + 2.0) {
        front.exp() / beta_fraction(a, b, [x, y])
    } else {
        1.0 - front.exp() / beta_fraction(b, a, [y, x])
    }
}

/// The continued fraction of Didonato and Morris (1992) by which the density is divided, from the front (Lentz).
#[expect(
    clippy::many_single_char_names,
    reason = "the letters that the formula is written with"
)]
fn beta_fraction(a: f64, b: f64, [x, y]: [f64; 2]) -> f64 {
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let term = |m: f64| {
        let odd = a + 2.0 * m - 1.0;
        // Without the difference 1 - x, which has no digits where x is near one.
        let rest = (a + m) * (a * y - b * x + 1.0 + m * (1.0 + y)) / (odd + 2.0);
        let first = if m > 0.0 { m * (b - m) * x / odd } else { 0.0 };
        m + first + rest
    };
    let mut fraction = guard(term(0.0));
    let (mut above, mut below) = (fraction, 0.0);
    for step in 1..STEPS_MAX {
        let m = step as f64;
        let odd = a + 2.0 * m - 1.0;
        let numerator = (a + m - 1.0) / odd * ((a + b + m - 1.0) / odd) * m * (b - m) * x * x;
        let denominator = term(m);
        below = 1.0 / guard(denominator + numerator * below);
        above = guard(denominator + numerator / above);
        let factor = above * below;
        fraction *= factor;
        if (factor - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    fraction
}

/// The regularised upper incomplete gamma function Q(a, x).
pub fn gamma_upper(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x < a + 1.0 {
        1.0 - gamma_series(a, x)
    } else {
        gamma_fraction(a, x)
    }
}

/// x^a e^-x / Γ(a + 1), which is the Poisson distribution for a whole a.
pub fn poisson(a: f64, x: f64) -> f64 {
    if a < 10.0 {
        return (a * x.ln() - x - libm::lgamma(a + 1.0)).exp();
    }
    // Near its top the terms nearly cancel; the difference is formed before it is multiplied.
    let part = (x - a) / a;
    let exponent = if part.abs() < 0.5 {
        a * ln_1p_less(part)
    } else {
        a * ((x / a).ln() - part)
    };
    (exponent - stirling_rest(a)).exp() / (2.0 * PI * a).sqrt()
}

/// ln(1 + x) - x.
fn ln_1p_less(x: f64) -> f64 {
    if x.abs() > 0.05 {
        return x.ln_1p() - x;
    }
    let mut power = -x * x;
    let mut sum = 0.0;
    for k in 2..40 {
        sum += power / f64::from(k);
        power *= -x;
    }
    sum
}

fn gamma_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for step in 1..STEPS_MAX {
        term *= x / (a + step as f64);
        sum += term;
        if term <= sum * f64::EPSILON / 4.0 {
            break;
        }
    }
    poisson(a, x) * sum
}

fn gamma_fraction(a: f64, x: f64) -> f64 {
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut term = x + 1.0 - a;
    let (mut above, mut below) = (1.0 / TINY, 1.0 / guard(term));
    let mut fraction = below;
    for step in 1..STEPS_MAX {
        let m = step as f64;
        let numerator = -m * (m - a);
        term += 2.0;
        below = 1.0 / guard(numerator * below + term);
        above = guard(term + numerator / above);
        let change = below * above;
        fraction *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    poisson(a, x) * a * fraction
}
