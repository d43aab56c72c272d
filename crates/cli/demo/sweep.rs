//! The configurations that a demo tries: linear against hidden layer, careful against bold.
//!
//! Every run of a sweep has a name of its own, and a sweep is the beginning of every longer one
//! with the same seed, so a process needs only the seed and its index to know what to train.

use super::trainer::{Hyper, Model};

/// The first four differ the most; a longer sweep adds to them, then repeats all with new seeds.
const CONFIGURATIONS: [Configuration; 6] = [
    Configuration::new("softmax-careful", Model::Softmax, 0.001),
    Configuration::new("softmax-bold", Model::Softmax, 0.05),
    Configuration::new("mlp-small", Model::Mlp { hidden: 256 }, 0.01),
    Configuration::new("mlp-large", Model::Mlp { hidden: 1024 }, 0.01),
    Configuration::new("mlp-tiny", Model::Mlp { hidden: 32 }, 0.01),
    Configuration::new("mlp-bold", Model::Mlp { hidden: 256 }, 0.05),
];

struct Configuration {
    name: &'static str,
    model: Model,
    learning_rate: f64,
}

pub fn sweep(runs: usize, seed: u64) -> Vec<Hyper> {
    (0..runs).map(|index| hyper(index, seed)).collect()
}

fn hyper(index: usize, seed: u64) -> Hyper {
    let configuration = &CONFIGURATIONS[index % CONFIGURATIONS.len()];
    let round = index / CONFIGURATIONS.len();
    let name = match round {
        0 => configuration.name.to_owned(),
        _ => format!("{}-{}", configuration.name, round + 1),
    };
    Hyper {
        name,
        model: configuration.model,
        learning_rate: configuration.learning_rate,
        momentum: 0.9,
        batch_size: 32,
        weight_decay: 1e-4,
        seed: seed.wrapping_add(round as u64),
    }
}

impl Configuration {
    const fn new(name: &'static str, model: Model, learning_rate: f64) -> Configuration {
        Configuration {
            name,
            model,
            learning_rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn four_runs_compare_two_learning_rates_and_two_sizes() {
        let runs = sweep(4, 7);
        let softmax: Vec<&Hyper> = runs
            .iter()
            .filter(|run| run.model == Model::Softmax)
            .collect();
        assert_eq!(softmax.len(), 2);
        assert!(softmax[0].learning_rate < softmax[1].learning_rate);
        let perceptrons = runs.iter().filter(|run| run.model != Model::Softmax);
        assert_eq!(
            perceptrons
                .map(|run| format!("{:?}", run.model))
                .collect::<BTreeSet<_>>()
                .len(),
            2
        );
        assert!(runs.iter().all(|run| run.seed == 7));
    }

    #[test]
    fn no_two_runs_share_a_name_or_do_the_same_work() {
        let runs = sweep(50, u64::MAX - 2);
        let names: BTreeSet<&str> = runs.iter().map(|run| run.name.as_str()).collect();
        assert_eq!(names.len(), 50);
        for (index, run) in runs.iter().enumerate() {
            let twin = |other: &Hyper| {
                Hyper {
                    name: run.name.clone(),
                    ..other.clone()
                } == *run
            };
            assert!(!runs[..index].iter().any(twin), "{run:?}");
        }
    }

    #[test]
    fn a_shorter_sweep_is_the_beginning_of_a_longer_one() {
        assert!(sweep(0, 3).is_empty());
        assert_eq!(sweep(20, 3)[..7], sweep(7, 3)[..]);
    }
}
