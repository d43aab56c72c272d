//! The UCI optical digits, built into the program, as standardised inputs in two parts.
//!
//! 1. The split is the same for every run, whatever its seed, so their validation figures compare.
//! 2. Mean and deviation come from the training rows alone: nothing leaks out of the validation.
//! 3. Rows of one writer can fall on both sides, so the figures say nothing about new writers.
//!
//! The bytes and their licence are described in `DIGITS_LICENSE.md` beside this file.

use std::ops::Range;

use super::random::Random;

pub const PIXELS: usize = 64;
pub const CLASSES: usize = 10;
pub const ROWS: usize = 1797;
const TRAINING_ROWS: usize = ROWS * 4 / 5;
const ROW_LEN: usize = PIXELS + 1;
/// Any number would do; changing it changes every figure the demo has ever shown.
const SPLIT_SEED: u64 = 0;

/// A row is 64 pixels, 0 to 16, and the digit they show.
pub static DIGITS: &[u8; ROWS * ROW_LEN] = include_bytes!("digits.bin");

pub struct Dataset {
    /// `PIXELS` values a row; over the training rows each pixel has mean 0 and variance 1, or is
    /// always 0 when all its values are equal.
    inputs: Vec<f64>,
    labels: Vec<usize>,
    /// The rows before this one are for training.
    training_rows: usize,
}

/// One image and the digit it shows.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    pub input: &'a [f64],
    pub label: usize,
}

impl Dataset {
    pub fn digits() -> Dataset {
        let mut rows: Vec<&[u8]> = DIGITS.chunks_exact(ROW_LEN).collect();
        Random::new(SPLIT_SEED).shuffle(&mut rows);
        let scales: Vec<Scale> = (0..PIXELS)
            .map(|pixel| {
                Scale::of(
                    rows[..TRAINING_ROWS]
                        .iter()
                        .map(|row| f64::from(row[pixel])),
                )
            })
            .collect();
        let standardise = |row: &&[u8]| -> Vec<f64> {
            let pixels = row[..PIXELS].iter().zip(&scales);
            pixels
                .map(|(value, scale)| scale.apply(f64::from(*value)))
                .collect()
        };
        Dataset {
            inputs: rows.iter().flat_map(standardise).collect(),
            labels: rows.iter().map(|row| usize::from(row[PIXELS])).collect(),
            training_rows: TRAINING_ROWS,
        }
    }

    pub fn training(&self) -> Range<usize> {
        0..self.training_rows
    }

    pub fn validation(&self) -> Range<usize> {
        self.training_rows..self.labels.len()
    }

    pub fn sample(&self, row: usize) -> Sample<'_> {
        let input = &self.inputs[row * PIXELS..(row + 1) * PIXELS];
        Sample {
            input,
            label: self.labels[row],
        }
    }
}

struct Scale {
    mean: f64,
    /// 1 / standard deviation, or 0 for a pixel that never changes.
    factor: f64,
}

impl Scale {
    fn of(values: impl ExactSizeIterator<Item = f64> + Clone) -> Scale {
        let count = values.len() as f64;
        let mean = values.clone().sum::<f64>() / count;
        let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        let factor = if variance > 0.0 {
            variance.sqrt().recip()
        } else {
            0.0
        };
        Scale { mean, factor }
    }

    fn apply(&self, value: f64) -> f64 {
        (value - self.mean) * self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_bytes_are_the_published_digits() {
        let rows: Vec<&[u8]> = DIGITS.chunks_exact(ROW_LEN).collect();
        let mut counts = [0; CLASSES];
        for row in &rows {
            counts[usize::from(row[PIXELS])] += 1;
        }
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let ink = rows
            .iter()
            .flat_map(|row| &row[..PIXELS])
            .map(|pixel| u64::from(*pixel));
        assert_eq!(ink.clone().max(), Some(16));
        assert_eq!(ink.sum::<u64>(), 561_718);
    }

    #[test]
    fn the_parts_share_no_row_and_miss_none() {
        let dataset = Dataset::digits();
        assert_eq!(dataset.training().end, dataset.validation().start);
        assert_eq!(
            (dataset.training().len(), dataset.validation().len()),
            (1437, 360)
        );
        assert_eq!(dataset.inputs.len(), ROWS * PIXELS);
    }

    #[test]
    fn every_digit_is_in_both_parts() {
        let dataset = Dataset::digits();
        for rows in [dataset.training(), dataset.validation()] {
            let floor = rows.len() / 20;
            for digit in 0..CLASSES {
                let count = rows
                    .clone()
                    .filter(|row| dataset.sample(*row).label == digit)
                    .count();
                assert!(count > floor, "digit {digit}: {count} of {}", rows.len());
            }
        }
    }

    #[test]
    fn training_inputs_have_mean_zero_and_variance_one() {
        let dataset = Dataset::digits();
        let count = dataset.training().len() as f64;
        for pixel in 0..PIXELS {
            let values = dataset
                .training()
                .map(|row| dataset.sample(row).input[pixel]);
            let mean = values.clone().sum::<f64>() / count;
            let variance = values.map(|value| value * value).sum::<f64>() / count;
            assert!(mean.abs() < 1e-9, "pixel {pixel}: mean {mean}");
            assert!(
                (variance - 1.0).abs() < 1e-9 || variance < 1e-9,
                "pixel {pixel}: {variance}"
            );
        }
        assert!(dataset.inputs.iter().all(|value| value.is_finite()));
    }
}
