//! That the gradient is the slope, and that no score can break the loss.

use super::*;

impl Network {
    fn numbers_mut(&mut self) -> impl Iterator<Item = &mut f64> {
        self.layers
            .iter_mut()
            .flat_map(|layer| layer.weights.iter_mut().chain(&mut layer.biases))
    }
}

const INPUT: [f64; 3] = [0.5, -1.0, 2.0];

fn loss(network: &Network, label: usize) -> f64 {
    network
        .judge(
            Sample {
                input: &INPUT,
                label,
            },
            &mut network.scratch(),
        )
        .loss
}

fn check_gradient(widths: &[usize], seed: u64) {
    let mut network = Network::random(widths, &mut Random::new(seed));
    let mut gradient = network.zeros_like();
    let sample = Sample {
        input: &INPUT,
        label: 1,
    };
    network.learn(sample, 1.0, &mut gradient, &mut network.scratch());
    let slopes: Vec<f64> = gradient.numbers().copied().collect();
    assert!(
        slopes.iter().filter(|slope| **slope != 0.0).count() > 5,
        "nothing to compare"
    );
    for (index, slope) in slopes.iter().enumerate() {
        let mut nudged = |by: f64| {
            *network.numbers_mut().nth(index).unwrap() += by;
            loss(&network, 1)
        };
        let (above, below) = (nudged(1e-6), nudged(-2e-6));
        nudged(1e-6);
        let measured = (above - below) / 2e-6;
        assert!(
            (measured - slope).abs() < 1e-6,
            "number {index}: {slope} is {measured}"
        );
    }
}

#[test]
fn the_gradient_of_softmax_regression_is_the_slope_of_its_loss() {
    check_gradient(&[3, 4], 1);
}

#[test]
fn the_gradient_of_a_perceptron_is_the_slope_of_its_loss() {
    for seed in 0..5 {
        check_gradient(&[3, 6, 4], seed);
    }
}

#[test]
fn equal_scores_cost_the_logarithm_of_the_number_of_classes() {
    let mut scores = [7.0; 4];
    let outcome = softmax(&mut scores, 2);
    assert!((outcome.loss - 4.0_f64.ln()).abs() < 1e-12);
    assert!(scores.iter().all(|score| (score - 0.25).abs() < 1e-12));
}

#[test]
fn huge_scores_do_not_overflow_and_broken_ones_are_never_correct() {
    let outcome = softmax(&mut [1e308, -1e308], 0);
    assert!(outcome.correct && outcome.loss.abs() < 1e-12);
    let outcome = softmax(&mut [1.0, 5.0, 2.0], 2);
    assert_eq!((outcome.correct, outcome.class), (false, 1));
    let outcome = softmax(&mut [f64::NAN, f64::NAN], 0);
    assert!(!outcome.correct && outcome.loss.is_nan());
}

#[test]
fn momentum_keeps_going_when_the_slope_is_gone() {
    let mut network = Network::random(&[1, 1], &mut Random::new(3)).zeros_like();
    let (mut velocity, mut gradient) = (network.clone(), network.clone());
    gradient.layers[0].biases[0] = 1.0;
    let descent = Descent {
        learning_rate: 0.1,
        momentum: 0.5,
        weight_decay: 0.0,
    };
    network.descend(&gradient, &mut velocity, descent);
    gradient.clear();
    network.descend(&gradient, &mut velocity, descent);
    assert!((network.layers[0].biases[0] - -0.15).abs() < 1e-12);
}

#[test]
fn weight_decay_shrinks_weights_and_spares_biases() {
    let mut network = Network::random(&[1, 1], &mut Random::new(3));
    for number in network.numbers_mut() {
        *number = 1.0;
    }
    let mut velocity = network.zeros_like();
    let descent = Descent {
        learning_rate: 0.5,
        momentum: 0.0,
        weight_decay: 0.1,
    };
    network.descend(&velocity.clone(), &mut velocity, descent);
    let numbers: Vec<f64> = network.numbers().copied().collect();
    assert!((numbers[0] - 0.95).abs() < 1e-12 && (numbers[1] - 1.0).abs() < 1e-12);
}
