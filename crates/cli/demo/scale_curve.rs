//! The curves of made-up runs; the model stands at the head of `scale_model.rs`.
//!
//! Invariant: a step costs a random word and a few multiplications a metric, so that making points is not what takes the
//! time.

use super::random::Random;
use super::scale_model::{Fate, Plan, Scale, metric_kind};

const NS_PER_S: f64 = 1e9;
/// One random word in so many makes a spike.
const SPIKE_ONE_IN: u64 = 2000;

/// A run in motion: one row of values a step.
#[derive(Clone, Debug)]
pub struct Training {
    random: Random,
    curves: Vec<Curve>,
    step: u64,
    breaks_at: u64,
    time_ns: f64,
    step_ns: f64,
    is_single: bool,
}

#[derive(Clone, Debug)]
enum Shape {
    /// A loss.
    Decay { floor: f64, left: f64, keep: f64 },
    /// An accuracy.
    Rise { top: f64, left: f64, keep: f64 },
    /// A throughput, a memory, a gradient's norm.
    Level { at: f64, drift: f64 },
    /// A learning rate.
    Schedule { peak: f64, steps: f64 },
}

#[derive(Clone, Debug)]
struct Curve {
    shape: Shape,
    noise: f64,
    sigma: f64,
    spike: f64,
}

impl Training {
    /// Of a plan's run; `is_f64` keeps all 64 bits of every value.
    pub fn new(scale: &Scale, plan: &Plan, is_f64: bool) -> Training {
        let mut random = Random::new(plan.seed ^ 0x5ca1_ab1e);
        let steps = scale.points as f64;
        let curves = (0..scale.metrics).map(|place| curve(place, plan, steps, &mut random));
        let curves = curves.collect();
        let step_ns = 10_f64.powf(random.symmetric(1.3)) * NS_PER_S;
        Training {
            random,
            curves,
            step: 0,
            breaks_at: match plan.fate {
                Fate::Diverges => plan.steps - plan.steps / 20,
                _ => u64::MAX,
            },
            time_ns: plan.started_ns as f64,
            step_ns,
            is_single: !is_f64,
        }
    }

    /// Makes the next step: its values, and when it was.
    pub fn advance(&mut self, values: &mut Vec<f64>) -> i64 {
        values.clear();
        let is_broken = self.step >= self.breaks_at;
        for curve in &mut self.curves {
            let value = curve.next(&mut self.random, self.step, is_broken);
            values.push(if self.is_single {
                f64::from(value as f32)
            } else {
                value
            });
        }
        let pause = if self.step % 50 == 49 { 8.0 } else { 1.0 };
        self.time_ns += self.step_ns * pause * (1.0 + self.random.symmetric(0.1));
        self.step += 1;
        self.time_ns as i64
    }
}

fn curve(place: usize, plan: &Plan, steps: f64, random: &mut Random) -> Curve {
    let keep = (-8.0 * plan.learning / steps).exp();
    let luck = 1.0 + random.symmetric(0.2);
    let (shape, sigma, spike) = match metric_kind(place) {
        0 => (
            Shape::Decay {
                floor: 0.2 * luck,
                left: 2.5 * luck,
                keep,
            },
            0.01,
            1.0,
        ),
        1 => (
            Shape::Rise {
                top: 0.9 * luck.min(1.1),
                left: 1.0,
                keep,
            },
            0.003,
            -0.2,
        ),
        2 => (
            Shape::Level {
                at: 100.0 * luck,
                drift: random.symmetric(20.0) / steps,
            },
            1.0,
            60.0,
        ),
        _ => (
            Shape::Schedule {
                peak: plan.learning * 1e-3,
                steps,
            },
            0.0,
            0.0,
        ),
    };
    Curve {
        shape,
        noise: 0.0,
        sigma,
        spike,
    }
}

impl Curve {
    fn next(&mut self, random: &mut Random, step: u64, is_broken: bool) -> f64 {
        let mean = match &mut self.shape {
            Shape::Decay { floor, left, keep } => {
                *left *= if is_broken { 1e9 } else { *keep };
                *floor + *left
            }
            Shape::Schedule { peak, steps } => {
                let turn = std::f64::consts::PI * (step as f64 / *steps).min(1.0);
                return *peak * 0.5 * (1.0 + turn.cos());
            }
            _ if is_broken => return f64::NAN,
            Shape::Rise { top, left, keep } => {
                *left *= *keep;
                *top * (1.0 - *left)
            }
            Shape::Level { at, drift } => {
                *at += *drift;
                *at
            }
        };
        let word = random.next_u64();
        self.noise = 0.9 * self.noise + self.sigma * normal(word);
        let spike = if word.is_multiple_of(SPIKE_ONE_IN) {
            self.spike
        } else {
            0.0
        };
        mean + self.noise + spike
    }
}

/// About normal: the sum of four even numbers of 16 bits has variance 1/3 before scaling.
fn normal(word: u64) -> f64 {
    let part = |shift: u32| f64::from((word >> shift) as u16);
    let sum = part(0) + part(16) + part(32) + part(48);
    (sum / 65_535.0 - 2.0) * 1.732_050_8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_is_about_normal() {
        let mut random = Random::new(3);
        let sample: Vec<f64> = (0..20_000).map(|_| normal(random.next_u64())).collect();
        let mean = sample.iter().sum::<f64>() / 20_000.0;
        let variance = sample
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / 20_000.0;
        assert!(
            mean.abs() < 0.05 && (variance - 1.0).abs() < 0.1,
            "{mean} {variance}"
        );
    }
}
