//! Where an effect may lie, given the statistic that was seen: intervals of the noncentrality of t and F.
//!
//! Invariant: where the noncentrality is so large that the sum would take too long, the noise of the numerator is left
//! out beside it, which changes an end by about one part in a million.

use crate::distribution;
use crate::root;
use crate::special;

/// Beyond this statistic (for F: this noncentrality) the numerator counts as exact.
const LARGE: f64 = 1000.0;

/// Sum over j of Poisson-like weights e^-h h^(j+s) / Γ(j+s+1) times `I_x(a+j, b)`, from the largest weight to both sides.
#[expect(
    clippy::many_single_char_names,
    reason = "the letters that the formula is written with"
)]
fn mixture(h: f64, s: f64, a: f64, b: f64, [x, y]: [f64; 2]) -> f64 {
    let middle = h.floor();
    let weight = if h == 0.0 && s == 0.0 {
        1.0
    } else {
        special::poisson(middle + s, h)
    };
    let place = a + middle;
    let value = special::beta(place, b, x, y);
    // How much smaller the next one is.
    let drop = (special::ln_beta_density(place, b, x, y) - place.ln()).exp();
    let mut sum = weight * value;
    let (mut w, mut v, mut d) = (weight, value, drop);
    let mut j = middle;
    loop {
        v -= d;
        d *= x * (a + j + b) / (a + j + 1.0);
        j += 1.0;
        w *= h / (j + s);
        sum += w * v.max(0.0);
        if w <= 1e-18 || v <= 0.0 {
            break;
        }
    }
    (w, v, d, j) = (weight, value, drop, middle);
    while j > 0.0 && w > 1e-18 {
        d *= (a + j) / (x * (a + j + b - 1.0));
        v += d;
        w *= (j + s) / h;
        j -= 1.0;
        sum += w * v;
    }
    sum
}

/// P(T <= t) for t > 0.
pub fn t_below(t: f64, degrees: f64, noncentrality: f64) -> f64 {
    let h = noncentrality * noncentrality / 2.0;
    let whole = degrees + t * t;
    let parts = [t * t / whole, degrees / whole];
    let even = mixture(h, 0.0, 0.5, degrees / 2.0, parts);
    let odd = if h == 0.0 {
        0.0
    } else {
        mixture(h, 0.5, 1.0, degrees / 2.0, parts)
    };
    distribution::normal_tail(noncentrality) + f64::midpoint(even, odd.copysign(noncentrality))
}

/// The noncentralities at which a t as large, and one as small, has probability (1 - level) / 2.
pub fn t_interval(t: f64, degrees: f64, level: f64) -> [f64; 2] {
    if t < 0.0 {
        let [low, high] = t_interval(-t, degrees, level);
        return [-high, -low];
    }
    let tail = (1.0 - level) / 2.0;
    if t > LARGE {
        let end = |tail| t * (distribution::chi_square_quantile(tail, degrees) / degrees).sqrt();
        return [end(1.0 - tail), end(tail)];
    }
    if t == 0.0 {
        let end = distribution::normal_quantile(1.0 - tail);
        return [-end, end];
    }
    let at = |target: f64| {
        let gap = |noncentrality| t_below(t, degrees, noncentrality) - target;
        let (mut low, mut high) = (t - 1.0, t + 1.0);
        let mut step = 1.0;
        while gap(low) < 0.0 {
            low -= step;
            step *= 2.0;
        }
        step = 1.0;
        while gap(high) > 0.0 {
            high += step;
            step *= 2.0;
        }
        root::between(gap, low, high)
    };
    [at(1.0 - tail), at(tail)]
}

/// P(F <= f).
pub fn f_below(f: f64, between: f64, within: f64, noncentrality: f64) -> f64 {
    let ratio = f * between / within;
    let parts = [ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)];
    mixture(noncentrality / 2.0, 0.0, between / 2.0, within / 2.0, parts)
}

/// The noncentralities at which an F as large, and one as small, has probability (1 - level) / 2; 0 where none has.
pub fn f_interval(f: f64, between: f64, within: f64, level: f64) -> [f64; 2] {
    let tail = (1.0 - level) / 2.0;
    if f * between > LARGE * LARGE {
        let end = |tail| f * between * (distribution::chi_square_quantile(tail, within) / within);
        return [end(1.0 - tail), end(tail)];
    }
    let at = |target: f64| {
        let gap = |noncentrality| f_below(f, between, within, noncentrality) - target;
        if f <= 0.0 || gap(0.0) <= 0.0 {
            return 0.0;
        }
        let mut high = f * between + 10.0;
        while gap(high) > 0.0 {
            high *= 2.0;
        }
        root::between(gap, 0.0, high)
    };
    [at(1.0 - tail), at(tail)]
}
