//! A feed-forward network with softmax output: its loss, its gradient, and one step down it.
//!
//! One layer is softmax regression; two are a multi-layer perceptron with rectifiers between.
//! Every sum runs in a fixed order, so equal inputs give equal bits. Only `exp` and `ln` come from
//! the platform: two machines may differ in the last digits.

use super::dataset::Sample;
use super::random::Random;

/// Weights and biases of all layers; a gradient and a velocity have the same shape.
#[derive(Clone)]
pub struct Network {
    layers: Vec<Layer>,
}

/// What the network made of one sample.
#[derive(Clone, Copy)]
pub struct Outcome {
    /// Cross entropy in nats: -ln of the probability given to the right class.
    pub loss: f64,
    pub correct: bool,
    /// What it took the sample for.
    pub class: usize,
}

/// Buffers of one forward and backward pass, kept so that a step allocates nothing.
pub struct Scratch {
    /// The output of each layer; of the last one, the probabilities.
    outputs: Vec<Vec<f64>>,
    /// The derivative of the loss by each layer's output before its rectifier or softmax.
    deltas: Vec<Vec<f64>>,
}

/// How far and in which direction [`Network::descend`] goes.
#[derive(Clone, Copy)]
pub struct Descent {
    pub learning_rate: f64,
    pub momentum: f64,
    /// L2 penalty on weights; biases are free.
    pub weight_decay: f64,
}

#[derive(Clone)]
struct Layer {
    /// One row of output weights for each input: rows are added, which the compiler vectorises.
    weights: Vec<f64>,
    biases: Vec<f64>,
}

impl Network {
    /// All weights and biases, layer by layer, as little-endian numbers of 64 bits.
    pub fn to_bytes(&self) -> Vec<u8> {
        let values = self
            .layers
            .iter()
            .flat_map(|layer| layer.weights.iter().chain(&layer.biases));
        values.flat_map(|value| value.to_le_bytes()).collect()
    }

    /// `widths` are those of the input, of each hidden layer, and of the output.
    pub fn random(widths: &[usize], random: &mut Random) -> Network {
        assert!(
            widths.len() >= 2 && !widths.contains(&0),
            "no such network: {widths:?}"
        );
        let layers = widths
            .windows(2)
            .map(|pair| Layer::random(pair[0], pair[1], random));
        Network {
            layers: layers.collect(),
        }
    }

    pub fn zeros_like(&self) -> Network {
        let mut zeros = self.clone();
        zeros.clear();
        zeros
    }

    pub fn clear(&mut self) {
        for layer in &mut self.layers {
            layer.weights.fill(0.0);
            layer.biases.fill(0.0);
        }
    }

    pub fn scratch(&self) -> Scratch {
        let buffers: Vec<Vec<f64>> = self
            .layers
            .iter()
            .map(|layer| vec![0.0; layer.biases.len()])
            .collect();
        Scratch {
            outputs: buffers.clone(),
            deltas: buffers,
        }
    }

    /// The Euclidean length of all numbers as one vector.
    pub fn norm(&self) -> f64 {
        self.numbers()
            .map(|number| number * number)
            .sum::<f64>()
            .sqrt()
    }

    pub fn judge(&self, sample: Sample<'_>, scratch: &mut Scratch) -> Outcome {
        let mut input = sample.input;
        for (index, (layer, output)) in self.layers.iter().zip(&mut scratch.outputs).enumerate() {
            layer.forward(input, output);
            if index + 1 < self.layers.len() {
                rectify(output);
            }
            input = output;
        }
        let output = scratch.outputs.last_mut().expect("a network has a layer");
        softmax(output, sample.label)
    }

    /// Judges the sample and adds `share` times the gradient of its loss to `gradient`.
    pub fn learn(
        &self,
        sample: Sample<'_>,
        share: f64,
        gradient: &mut Network,
        scratch: &mut Scratch,
    ) -> Outcome {
        let outcome = self.judge(sample, scratch);
        let Scratch { outputs, deltas } = scratch;
        let last = self.layers.len() - 1;
        for (class, (delta, probability)) in deltas[last].iter_mut().zip(&outputs[last]).enumerate()
        {
            *delta = (probability - f64::from(u8::from(class == sample.label))) * share;
        }
        for index in (0..=last).rev() {
            let input = if index == 0 {
                sample.input
            } else {
                &outputs[index - 1]
            };
            gradient.layers[index].add_outer(input, &deltas[index]);
            if index > 0 {
                let (before, after) = deltas.split_at_mut(index);
                self.layers[index].backward(&after[0], input, &mut before[index - 1]);
            }
        }
        outcome
    }

    /// One step of gradient descent with momentum.
    pub fn descend(&mut self, gradient: &Network, velocity: &mut Network, descent: Descent) {
        let Descent {
            learning_rate,
            momentum,
            weight_decay,
        } = descent;
        let step = |target: &mut [f64], velocity: &mut [f64], gradient: &[f64], decay: f64| {
            for ((value, velocity), slope) in target.iter_mut().zip(velocity).zip(gradient) {
                *velocity = momentum * *velocity + slope + decay * *value;
                *value -= learning_rate * *velocity;
            }
        };
        let layers = self
            .layers
            .iter_mut()
            .zip(&mut velocity.layers)
            .zip(&gradient.layers);
        for ((layer, velocity), gradient) in layers {
            step(
                &mut layer.weights,
                &mut velocity.weights,
                &gradient.weights,
                weight_decay,
            );
            step(
                &mut layer.biases,
                &mut velocity.biases,
                &gradient.biases,
                0.0,
            );
        }
    }

    /// All weights and biases, layer by layer.
    pub fn numbers(&self) -> impl Iterator<Item = &f64> {
        self.layers
            .iter()
            .flat_map(|layer| layer.weights.iter().chain(&layer.biases))
    }
}

impl Layer {
    /// He's initialisation, so that rectified layers keep the variance of what passes through.
    fn random(inputs: usize, outputs: usize, random: &mut Random) -> Layer {
        let limit = (6.0 / inputs as f64).sqrt();
        let weights = (0..inputs * outputs)
            .map(|_| random.symmetric(limit))
            .collect();
        Layer {
            weights,
            biases: vec![0.0; outputs],
        }
    }

    fn forward(&self, input: &[f64], output: &mut [f64]) {
        output.copy_from_slice(&self.biases);
        for (value, row) in input
            .iter()
            .zip(self.weights.chunks_exact(self.biases.len()))
        {
            add_scaled(output, *value, row);
        }
    }

    /// Adds the gradient of this layer: the outer product of its input and its delta.
    fn add_outer(&mut self, input: &[f64], delta: &[f64]) {
        add_scaled(&mut self.biases, 1.0, delta);
        for (value, row) in input.iter().zip(self.weights.chunks_exact_mut(delta.len())) {
            add_scaled(row, *value, delta);
        }
    }

    /// Carries `delta` back through the weights and through the rectifier that made `input`.
    fn backward(&self, delta: &[f64], input: &[f64], input_delta: &mut [f64]) {
        let rows = self.weights.chunks_exact(delta.len()).zip(input);
        for (target, (row, value)) in input_delta.iter_mut().zip(rows) {
            let slope: f64 = row
                .iter()
                .zip(delta)
                .map(|(weight, delta)| weight * delta)
                .sum();
            *target = if *value > 0.0 { slope } else { 0.0 };
        }
    }
}

fn add_scaled(target: &mut [f64], factor: f64, source: &[f64]) {
    for (target, source) in target.iter_mut().zip(source) {
        *target += factor * source;
    }
}

/// The activation of hidden layers. Keeps NaN, so that a broken layer shows in the loss.
fn rectify(values: &mut [f64]) {
    for value in values {
        if *value < 0.0 {
            *value = 0.0;
        }
    }
}

/// Turns scores into probabilities. The largest score is taken off first, so that `exp` cannot
/// overflow; scores that are not finite give a loss that is not finite, never a panic.
fn softmax(scores: &mut [f64], label: usize) -> Outcome {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let right_score = scores[label] - largest;
    // A score of NaN at the label is not `>=` anything: a broken network is never right.
    let correct = scores[label] >= largest;
    let likeliest = scores.iter().position(|score| *score >= largest);
    let likeliest = likeliest.unwrap_or_default();
    let mut sum: f64 = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
    Outcome {
        loss: sum.ln() - right_score,
        correct,
        class: if correct { label } else { likeliest },
    }
}

#[cfg(test)]
mod tests;
