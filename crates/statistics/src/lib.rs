//! Is this run really better? Tests, effect sizes and intervals over replicate runs.
//!
//! Everything here is a pure function over slices of `f64`: the same numbers, and for the bootstrap the same seed, give
//! the same answer, bit for bit on one machine. The values are those of `SciPy` 1.17, which `tests/data/make.py` wrote
//! down; where `SciPy` chooses between an exact and an approximate p-value, the same choice is made here and told.
//!
//! Invariants: every test is two-sided. A number that is NaN or infinite is refused with its place, never skipped. What
//! cannot be computed is an [`Error`] that says what to do, never NaN; what is weak is a [`Note`] beside the answer.
//!
//! ```
//! use mltrack_statistics::{welch, Method};
//!
//! let accuracy = [0.931, 0.929, 0.934, 0.930, 0.932];
//! let baseline = [0.926, 0.924, 0.927, 0.928, 0.925];
//! let outcome = welch(&accuracy, &baseline, 0.95)?;
//! assert!(outcome.p < 0.01);
//! assert_eq!(outcome.method, Method::Parametric);
//! assert_eq!(outcome.counts, [5, 5]);
//! let difference = outcome.difference.expect("a test of means says by how much they differ");
//! assert!((difference.value - 0.0052).abs() < 1e-12);
//! # Ok::<(), mltrack_statistics::Error>(())
//! ```

#![expect(
    clippy::float_cmp,
    reason = "values tie, and groups are constant, where numbers are equal to the last bit"
)]

mod anova;
mod bootstrap;
mod describe;
mod distribution;
mod effect;
mod error;
mod holm;
mod kruskal;
mod means;
mod noncentral;
mod outcome;
mod random;
mod rank_sum;
mod ranks;
mod root;
mod sample;
mod signed_rank;
mod special;

pub use anova::anova;
pub use bootstrap::{Bootstrap, BootstrapInterval, bca_interval, bootstrap, percentile_interval};
pub use describe::{Describer, Description, describe, median, quantile};
pub use effect::{cliffs_delta, epsilon_squared, eta_squared, hedges_g, hedges_g_paired};
pub use error::Error;
pub use holm::holm;
pub use kruskal::kruskal_wallis;
pub use means::{paired_t, student, welch};
pub use outcome::{Degrees, Effect, EffectKind, Estimate, Interval, Method, Note, Outcome, Test};
pub use rank_sum::rank_sum;
pub use signed_rank::signed_rank;
