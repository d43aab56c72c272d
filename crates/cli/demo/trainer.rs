//! Training of one run: mini-batch gradient descent with momentum, one step at a time.
//!
//! 1. Two trainers with equal [`Hyper`] report the same bits at every step.
//! 2. An epoch visits every training row once, in an order drawn anew; its last batch may be short.
//! 3. Steps and epochs count from 0. A training that diverges reports NaN or infinity and goes on.

use super::dataset::{CLASSES, Dataset, PIXELS};
use super::network::{Descent, Network, Outcome, Scratch};
use super::random::Random;

/// All that decides how a run goes.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Hyper {
    /// For people; it has no influence, so it is no param: runs with other seeds are replicates.
    #[serde(skip)]
    pub name: String,
    pub model: Model,
    pub learning_rate: f64,
    pub momentum: f64,
    pub batch_size: usize,
    pub weight_decay: f64,
    pub seed: u64,
}

/// Serialised as `{"kind": "mlp", "hidden": 256}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Model {
    /// Softmax regression: a linear model.
    Softmax,
    /// A multi-layer perceptron with one hidden layer of this width.
    Mlp { hidden: usize },
}

/// What one step did, measured on its batch before the weights moved.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    pub step: u64,
    pub epoch: u64,
    /// Mean cross entropy of the batch in nats, without the weight penalty.
    pub loss: f64,
    /// Right answers of the batch, 0 to 1.
    pub accuracy: f64,
    /// Euclidean length of the gradient of `loss`.
    pub gradient_norm: f64,
    /// Present when this step was the last of its epoch.
    pub epoch_end: Option<Validation>,
}

/// How the network does on the rows that it is never trained on.
#[derive(Clone, Copy, Debug)]
pub struct Validation {
    pub loss: f64,
    pub accuracy: f64,
}

pub struct Trainer<'dataset> {
    dataset: &'dataset Dataset,
    batch_size: usize,
    descent: Descent,
    random: Random,
    network: Network,
    gradient: Network,
    velocity: Network,
    scratch: Scratch,
    /// The training rows in this epoch's order, of which the first `visited` are done.
    order: Vec<usize>,
    visited: usize,
    step: u64,
    epoch: u64,
}

impl<'dataset> Trainer<'dataset> {
    pub fn new(hyper: &Hyper, dataset: &'dataset Dataset) -> Trainer<'dataset> {
        assert!(hyper.batch_size > 0, "a batch without rows teaches nothing");
        assert!(
            hyper.learning_rate > 0.0,
            "a learning rate of {} leads up",
            hyper.learning_rate
        );
        let mut random = Random::new(hyper.seed);
        let network = Network::random(&hyper.model.widths(), &mut random);
        Trainer {
            dataset,
            batch_size: hyper.batch_size,
            descent: Descent {
                learning_rate: hyper.learning_rate,
                momentum: hyper.momentum,
                weight_decay: hyper.weight_decay,
            },
            random,
            gradient: network.zeros_like(),
            velocity: network.zeros_like(),
            scratch: network.scratch(),
            network,
            order: dataset.training().collect(),
            visited: 0,
            step: 0,
            epoch: 0,
        }
    }

    /// How many calls of [`Trainer::step`] make an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.order.len().div_ceil(self.batch_size) as u64
    }

    /// The network as it is now.
    pub fn weights(&self) -> Vec<u8> {
        self.network.to_bytes()
    }

    /// Every weight and bias.
    pub fn weight_values(&self) -> Vec<f64> {
        self.network.numbers().copied().collect()
    }

    /// How often each digit that it never saw is taken for which: a row a digit.
    pub fn confusion(&mut self) -> Vec<Vec<u64>> {
        let mut counts = vec![vec![0; CLASSES]; CLASSES];
        for row in self.dataset.validation() {
            let sample = self.dataset.sample(row);
            let label = sample.label;
            let taken = self.network.judge(sample, &mut self.scratch).class;
            counts[label][taken] += 1;
        }
        counts
    }

    pub fn step(&mut self) -> StepReport {
        if self.visited == 0 {
            self.random.shuffle(&mut self.order);
        }
        let batch_end = self.order.len().min(self.visited + self.batch_size);
        let batch = &self.order[self.visited..batch_end];
        let share = (batch.len() as f64).recip();
        let mut tally = Tally::default();
        self.gradient.clear();
        for row in batch {
            let sample = self.dataset.sample(*row);
            tally.add(
                self.network
                    .learn(sample, share, &mut self.gradient, &mut self.scratch),
            );
        }
        let gradient_norm = self.gradient.norm();
        self.network
            .descend(&self.gradient, &mut self.velocity, self.descent);
        self.visited = batch_end;

        let Validation { loss, accuracy } = tally.mean();
        let (step, epoch) = (self.step, self.epoch);
        self.step += 1;
        let epoch_end = (self.visited == self.order.len()).then(|| {
            self.visited = 0;
            self.epoch += 1;
            self.validate()
        });
        StepReport {
            step,
            epoch,
            loss,
            accuracy,
            gradient_norm,
            epoch_end,
        }
    }

    fn validate(&mut self) -> Validation {
        let mut tally = Tally::default();
        for row in self.dataset.validation() {
            tally.add(
                self.network
                    .judge(self.dataset.sample(row), &mut self.scratch),
            );
        }
        tally.mean()
    }
}

impl Model {
    fn widths(self) -> Vec<usize> {
        match self {
            Model::Softmax => vec![PIXELS, CLASSES],
            Model::Mlp { hidden } => vec![PIXELS, hidden, CLASSES],
        }
    }
}

/// Sums over samples, until their mean is wanted.
#[derive(Default)]
struct Tally {
    samples: u32,
    correct: u32,
    loss: f64,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.samples += 1;
        self.correct += u32::from(outcome.correct);
        self.loss += outcome.loss;
    }

    fn mean(&self) -> Validation {
        let samples = f64::from(self.samples);
        Validation {
            loss: self.loss / samples,
            accuracy: f64::from(self.correct) / samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hyper(model: Model) -> Hyper {
        let name = "test".to_owned();
        let (learning_rate, momentum, weight_decay) = (0.05, 0.9, 1e-4);
        Hyper {
            name,
            model,
            learning_rate,
            momentum,
            batch_size: 32,
            weight_decay,
            seed: 7,
        }
    }

    fn epochs(hyper: &Hyper, count: usize) -> Vec<Validation> {
        let dataset = Dataset::digits();
        let mut trainer = Trainer::new(hyper, &dataset);
        let reports = std::iter::repeat_with(|| trainer.step());
        reports
            .filter_map(|report| report.epoch_end)
            .take(count)
            .collect()
    }

    fn bits(hyper: &Hyper, steps: usize) -> Vec<[u64; 3]> {
        let dataset = Dataset::digits();
        let mut trainer = Trainer::new(hyper, &dataset);
        let reports = std::iter::repeat_with(|| trainer.step()).take(steps);
        reports
            .map(|r| [r.loss, r.accuracy, r.gradient_norm].map(f64::to_bits))
            .collect()
    }

    #[test]
    fn equal_seeds_report_equal_bits_and_other_seeds_do_not() {
        for model in [Model::Softmax, Model::Mlp { hidden: 16 }] {
            let first = hyper(model);
            let other = Hyper {
                seed: 8,
                ..first.clone()
            };
            assert_eq!(bits(&first, 60), bits(&first, 60));
            assert_ne!(bits(&first, 60), bits(&other, 60));
        }
    }

    #[test]
    fn the_perceptron_reaches_95_percent_on_rows_it_never_saw() {
        let last = *epochs(&hyper(Model::Mlp { hidden: 32 }), 10)
            .last()
            .unwrap();
        assert!(last.accuracy >= 0.95, "{last:?}");
    }

    #[test]
    fn softmax_regression_learns_but_a_line_is_not_enough_to_be_perfect() {
        let all = epochs(&hyper(Model::Softmax), 10);
        let (first, last) = (all[0], all[9]);
        assert!(last.loss < first.loss, "{first:?} {last:?}");
        assert!((0.90..0.99).contains(&last.accuracy), "{last:?}");
    }

    #[test]
    fn the_diagonal_of_the_confusion_is_the_share_of_what_is_right() {
        let dataset = Dataset::digits();
        let mut trainer = Trainer::new(&hyper(Model::Softmax), &dataset);
        let mut reports = std::iter::repeat_with(|| trainer.step());
        let right = reports
            .find_map(|report| report.epoch_end)
            .unwrap()
            .accuracy;
        let counts = trainer.confusion();
        let all: u64 = counts.iter().flatten().sum();
        let diagonal: u64 = (0..CLASSES).map(|digit| counts[digit][digit]).sum();
        assert_eq!(all as usize, dataset.validation().count());
        assert!((diagonal as f64 / all as f64 - right).abs() < 1e-12);
        assert_eq!(trainer.weight_values().len(), PIXELS * CLASSES + CLASSES);
    }

    #[test]
    fn an_epoch_visits_every_row_once_and_ends_with_a_short_batch() {
        let dataset = Dataset::digits();
        let mut trainer = Trainer::new(&hyper(Model::Softmax), &dataset);
        assert_eq!(trainer.steps_per_epoch(), 45);
        let reports: Vec<StepReport> = (0..90).map(|_| trainer.step()).collect();
        let ends: Vec<u64> = reports
            .iter()
            .filter(|r| r.epoch_end.is_some())
            .map(|r| r.step)
            .collect();
        assert_eq!(ends, [44, 89]);
        assert_eq!((reports[44].epoch, reports[45].epoch), (0, 1));
        // 1437 = 44 * 32 + 29
        let hits = reports[44].accuracy * 29.0;
        assert!((hits - hits.round()).abs() < 1e-9);
        trainer.order.sort_unstable();
        assert!(trainer.order.into_iter().eq(dataset.training()));
    }

    #[test]
    fn a_batch_larger_than_the_data_is_one_step_an_epoch() {
        let dataset = Dataset::digits();
        let hyper = Hyper {
            batch_size: usize::MAX / 2,
            ..hyper(Model::Softmax)
        };
        let mut trainer = Trainer::new(&hyper, &dataset);
        assert_eq!(trainer.steps_per_epoch(), 1);
        assert!(trainer.step().epoch_end.is_some());
    }

    #[test]
    fn a_training_that_diverges_reports_it_and_goes_on() {
        let wild = Hyper {
            learning_rate: 1e300,
            ..hyper(Model::Mlp { hidden: 8 })
        };
        let last = *epochs(&wild, 2).last().unwrap();
        assert!(!last.loss.is_finite(), "{last:?}");
        assert!(last.accuracy <= 0.2, "{last:?}");
    }
}
