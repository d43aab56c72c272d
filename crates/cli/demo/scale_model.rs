//! Made-up runs that look like real ones, for measuring at sizes that nobody trains for that purpose.
//!
//! A run is a function of the seed and its index alone. The model, of which 2 to 5 are in `scale_curve.rs`:
//!
//! 1. **Parameters.** The learning rate is log-uniform in 1e-5..1e-1. How fast a run learns is
//!    `x * exp(1 - x)` with `x = sqrt(lr / 3e-3)`: slow below the best rate, slow above it, and from 16
//!    times the best rate on one run in five diverges.
//! 2. **Curves.** Every metric is a mean curve, plus noise that remembers (`e' = 0.9 e + s n`, n normal),
//!    plus in one step of 2,000 a spike. By the metric's place the mean is a decay `floor + a exp(-k t)`, a
//!    saturation `top (1 - exp(-k t))`, a level that drifts, or a schedule without noise.
//! 3. **Divergence.** From some step on a diverging run's decays grow to infinity and its other curves are
//!    NaN, then it fails.
//! 4. **Precision.** Values were computed in 32 bits, as losses are, unless all 64 are asked for.
//! 5. **Times.** Runs begin evenly over the past half year; a step takes 0.05 to 20 s, by run, plus or minus
//!    a tenth, and every fiftieth eight times as long, as if it evaluated.

use mltrack::ParamValue;

use super::random::Random;

const SPAN_NS: i64 = 183 * 86_400 * 1_000_000_000;

/// How much to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    pub runs: u64,
    pub params: usize,
    pub metrics: usize,
    /// Steps of each metric of a run that reaches its end.
    pub points: u64,
    /// Names of params and metrics over all runs together. Those beyond `params` and `metrics` are rare: a run has a few
    /// of them.
    pub columns: usize,
    /// How many experiments the runs are spread over; as few as makes sense when `None`.
    pub experiments: Option<u64>,
}

/// Rare params, and as many rare metrics, that a run has.
const RARE_PER_RUN: usize = 4;

impl Scale {
    /// How many names of rare params and of rare metrics there are.
    pub fn rare(&self) -> (usize, usize) {
        let rare = self.columns.saturating_sub(self.params + self.metrics);
        (rare - rare / 2, rare / 2)
    }
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Completes,
    Diverges,
    RunsOutOfMemory,
    IsCancelled,
    TimesOut,
    IsLost,
    GoesOn,
}

/// One run, before its first step.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    pub started_ns: i64,
    pub seed: u64,
    pub fate: Fate,
    /// Steps it makes.
    pub steps: u64,
    pub params: Vec<(String, ParamValue)>,
    pub tags: Vec<(String, String)>,
    /// Places of the rare metrics that it logs once, with the values.
    pub rare: Vec<(usize, f64)>,
    /// How fast it learns: 1 at the best learning rate.
    pub learning: f64,
}

/// What the names of metrics begin with; more than these are told apart by a number.
/// With each, the kind of its curve: a loss, an accuracy, a level, a schedule.
const METRICS: [(&str, usize); 10] = [
    ("train/loss", 0),
    ("val/loss", 0),
    ("train/accuracy", 1),
    ("val/accuracy", 1),
    ("grad_norm", 2),
    ("lr", 3),
    ("throughput", 2),
    ("gpu/memory_gib", 2),
    ("val/f1", 1),
    ("train/perplexity", 0),
];

const MODELS: [&str; 6] = ["resnet50", "vit-b", "gpt-small", "unet", "mlp", "bert"];
const OPTIMIZERS: [&str; 4] = ["adamw", "sgd", "lion", "adafactor"];
const TEAMS: [&str; 5] = ["vision", "speech", "search", "ads", "robotics"];

/// Which kind of curve the metric at a place has.
pub fn metric_kind(place: usize) -> usize {
    METRICS[place % METRICS.len()].1
}

/// The name of the metric at a place.
pub fn metric_name(place: usize) -> String {
    let (name, _) = METRICS[place % METRICS.len()];
    match place / METRICS.len() {
        0 => name.to_owned(),
        round => format!("{name}_{}", round + 1),
    }
}

/// The name of the rare metric at a place.
pub fn rare_name(place: usize) -> String {
    format!("eval/suite{}/score{}", place / 20 + 1, place % 20 + 1)
}

/// The run at `index`.
pub fn plan(scale: &Scale, seed: u64, index: u64, now_ns: i64) -> Plan {
    let mut random = Random::new(seed ^ index.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let rate = 10_f64.powf(-3.0 + random.symmetric(2.0));
    let model = MODELS[random.below(MODELS.len())];
    let optimizer = OPTIMIZERS[random.below(OPTIMIZERS.len())];
    let x = (rate / 3e-3).sqrt();
    let fate = fate(&mut random, x);
    let steps = match fate {
        Fate::Completes => scale.points,
        _ => {
            (scale.points / 20 + random.below(scale.points as usize) as u64).clamp(1, scale.points)
        }
    };
    let behind = i128::from(SPAN_NS) * i128::from(scale.runs - index) / i128::from(scale.runs);
    let started_ns = now_ns - behind as i64 + random.below(1_000_000_000) as i64;
    let seed = random.next_u64() >> 32;
    let mut params = params(scale.params, &mut random, (rate, model, optimizer));
    let tags = tags(&mut random);
    let (rare_params, rare_metrics) = scale.rare();
    // Words of their own, so that the rest of a run is the same with and without rare names.
    let mut random_rare = Random::new(random.clone().next_u64());
    for place in places(rare_params, &mut random_rare) {
        let value = ParamValue::Int(random_rare.below(100) as i64);
        params.push((
            format!("rare.group{}.p{}", place / 20 + 1, place % 20 + 1),
            value,
        ));
    }
    let logged_once = places(rare_metrics, &mut random_rare);
    let logged_once = logged_once
        .into_iter()
        .map(|place| (place, random_rare.symmetric(1.0)));
    Plan {
        name: format!("{model}-{optimizer}-{index}"),
        started_ns,
        seed,
        fate,
        steps,
        params,
        tags,
        rare: logged_once.collect(),
        learning: x * (1.0 - x).exp(),
    }
}

fn fate(random: &mut Random, x: f64) -> Fate {
    if x > 4.0 && random.below(5) == 0 {
        return Fate::Diverges;
    }
    match random.below(1000) {
        0..20 => Fate::RunsOutOfMemory,
        20..50 => Fate::IsCancelled,
        50..55 => Fate::TimesOut,
        55..65 => Fate::IsLost,
        65..66 => Fate::GoesOn,
        _ => Fate::Completes,
    }
}

fn params(
    count: usize,
    random: &mut Random,
    (rate, model, optimizer): (f64, &str, &str),
) -> Vec<(String, ParamValue)> {
    let mut params: Vec<(String, ParamValue)> = [
        ("lr", ParamValue::Float(rate)),
        ("model", model.into()),
        ("optimizer.name", optimizer.into()),
        ("batch_size", ParamValue::Int(16 << random.below(6))),
        ("amp", ParamValue::Bool(random.below(2) == 1)),
        ("dropout", ParamValue::Float(random.below(6) as f64 / 10.0)),
        ("layers", ParamValue::Int(2 + random.below(47) as i64)),
        (
            "optimizer.weight_decay",
            ParamValue::Float(10_f64.powf(-4.0 + random.symmetric(2.0))),
        ),
        ("optimizer.betas", ParamValue::Json("[0.9,0.999]".into())),
        ("warmup", ParamValue::Int(100 * random.below(20) as i64)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    params.truncate(count);
    for place in params.len()..count {
        let value = match place % 3 {
            0 => ParamValue::Float(random.symmetric(1.0)),
            1 => ParamValue::Int(random.below(1000) as i64),
            _ => format!("choice-{}", random.below(8)).into(),
        };
        params.push((format!("extra.p{place}"), value));
    }
    params
}

/// A few different places out of so many.
fn places(count: usize, random: &mut Random) -> Vec<usize> {
    let wanted = RARE_PER_RUN.min(count);
    let mut places = Vec::new();
    while places.len() < wanted {
        let place = random.below(count);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

fn tags(random: &mut Random) -> Vec<(String, String)> {
    let mut tags = vec![(
        "team".to_owned(),
        TEAMS[random.below(TEAMS.len())].to_owned(),
    )];
    if random.below(50) == 0 {
        tags.push(("baseline".to_owned(), String::new()));
    }
    if random.below(200) == 0 {
        tags.push(("paper".to_owned(), format!("v{}", 1 + random.below(3))));
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::scale_curve::Training;

    const SCALE: Scale = Scale {
        runs: 2000,
        params: 20,
        metrics: 10,
        points: 500,
        columns: 0,
        experiments: None,
    };
    const NOW_NS: i64 = 1_800_000_000_000_000_000;

    fn column(plan: &Plan, place: usize, is_f64: bool) -> Vec<f64> {
        let mut training = Training::new(&SCALE, plan, is_f64);
        let mut row = Vec::new();
        let steps = (0..plan.steps).map(|_| {
            training.advance(&mut row);
            row[place]
        });
        steps.collect()
    }

    #[test]
    fn a_run_is_a_function_of_seed_and_index() {
        let (one, same) = (plan(&SCALE, 1, 17, NOW_NS), plan(&SCALE, 1, 17, NOW_NS));
        assert_eq!((&one.name, one.seed), (&same.name, same.seed));
        assert_eq!(column(&one, 0, true), column(&same, 0, true));
        let other = plan(&SCALE, 2, 17, NOW_NS);
        assert_ne!(column(&one, 0, true), column(&other, 0, true));
    }

    #[test]
    fn rare_names_are_spread_over_the_runs_and_change_nothing_else() {
        let scale = Scale {
            columns: 130,
            ..SCALE
        };
        assert_eq!(scale.rare(), (50, 50));
        let mut names = std::collections::BTreeSet::new();
        for index in 0..200 {
            let (rare, plain) = (
                plan(&scale, 1, index, NOW_NS),
                plan(&SCALE, 1, index, NOW_NS),
            );
            assert_eq!(rare.params[..20], plain.params[..]);
            assert_eq!((rare.seed, &rare.tags), (plain.seed, &plain.tags));
            assert_eq!((rare.params.len(), rare.rare.len()), (24, 4));
            names.extend(rare.params.into_iter().map(|(name, _)| name));
            names.extend(rare.rare.into_iter().map(|(place, _)| rare_name(place)));
            assert!(plain.rare.is_empty());
        }
        assert_eq!(names.len(), 120);
    }

    #[test]
    fn losses_fall_accuracies_rise_and_every_fate_is_met() {
        let plans: Vec<Plan> = (0..SCALE.runs)
            .map(|index| plan(&SCALE, 1, index, NOW_NS))
            .collect();
        let best = plans
            .iter()
            .filter(|plan| plan.fate == Fate::Completes)
            .max_by(|a, b| a.learning.total_cmp(&b.learning))
            .unwrap();
        let (loss, accuracy) = (column(best, 0, false), column(best, 2, false));
        assert_eq!(loss.len(), 500);
        assert!(
            loss[0] > 1.5 && loss[499] < 0.5,
            "{} {}",
            loss[0],
            loss[499]
        );
        assert!(accuracy[0] < 0.2 && accuracy[499] > 0.6);
        for fate in [
            Fate::Diverges,
            Fate::RunsOutOfMemory,
            Fate::IsCancelled,
            Fate::TimesOut,
            Fate::IsLost,
        ] {
            assert!(plans.iter().any(|plan| plan.fate == fate), "{fate:?}");
        }
        assert!(plans.is_sorted_by_key(|plan| plan.started_ns / 100_000_000_000));
        assert!(plans.iter().all(|plan| plan.started_ns < NOW_NS));
        assert!(plans.iter().all(|plan| plan.params.len() == 20));
    }

    #[test]
    fn a_diverging_run_ends_in_infinity_and_nan() {
        let mut plans = (0..SCALE.runs).map(|index| plan(&SCALE, 1, index, NOW_NS));
        let diverging = plans
            .find(|plan| plan.fate == Fate::Diverges && plan.steps > 400)
            .unwrap();
        let loss = column(&diverging, 0, true);
        assert!(loss[0].is_finite());
        assert!(loss.last().unwrap() > &1e100, "{:?}", loss.last());
        assert!(column(&diverging, 2, true).last().unwrap().is_nan());
    }

    #[test]
    fn values_are_of_32_bits_unless_all_64_are_asked_for() {
        let plan = plan(&SCALE, 1, 3, NOW_NS);
        let is_short = |value: &f64| f64::from(*value as f32).to_bits() == value.to_bits();
        assert!(column(&plan, 0, false).iter().all(is_short));
        let long = column(&plan, 0, true);
        assert!(long.iter().filter(|value| !is_short(value)).count() > long.len() * 9 / 10);
    }
}
