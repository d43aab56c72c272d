//! Holm's correction of the p-values of a family of tests.
//!
//! Invariant: corrected values keep the order of the given ones, are at least as large, and at most one.

use crate::error::Error;

/// The p-values corrected so that the chance of any false finding in the family stays below alpha
/// (`statsmodels.stats.multitest.multipletests(method="holm")`), in the order given. The family is what is shown together:
/// a test that had no answer is not part of it.
///
/// ```
/// assert_eq!(mltrack_statistics::holm(&[0.01, 0.5, 0.02])?, [0.03, 0.5, 0.04]);
/// # Ok::<(), mltrack_statistics::Error>(())
/// ```
pub fn holm(values: &[f64]) -> Result<Vec<f64>, Error> {
    let strange = values.iter().position(|p| !(0.0..=1.0).contains(p));
    if let Some(index) = strange {
        let value = values[index];
        return Err(Error::Probability { index, value });
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut corrected = vec![0.0; values.len()];
    let mut least = 0.0_f64;
    for (place, index) in order.into_iter().enumerate() {
        let factor = (values.len() - place) as f64;
        least = least.max(values[index] * factor).min(1.0);
        corrected[index] = least;
    }
    Ok(corrected)
}
