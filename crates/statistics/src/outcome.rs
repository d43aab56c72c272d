//! What a test answers.
//!
//! Invariants: differences and effects are first group minus second. Every number is finite but a statistic that is
//! infinite by right; an interval that could not be formed is `None` and a note says why.

use std::fmt;

/// A test, by the question that it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Test {
    /// Student's t: two independent groups whose spread is taken to be equal.
    Student,
    /// Welch's t: two independent groups of any spread.
    Welch,
    /// Student's t over differences of pairs.
    PairedT,
    /// Wilcoxon's rank-sum test, which is Mann and Whitney's U.
    RankSum,
    /// Wilcoxon's signed-rank test over differences of pairs.
    SignedRank,
    /// One-way analysis of variance.
    Anova,
    /// Kruskal and Wallis' H over ranks.
    KruskalWallis,
    /// The difference of means over resampled groups.
    Bootstrap,
}

impl Test {
    /// What a person calls it.
    pub fn title(self) -> &'static str {
        match self {
            Test::Student => "Student's t",
            Test::Welch => "Welch's t",
            Test::PairedT => "paired t",
            Test::RankSum => "Wilcoxon rank-sum",
            Test::SignedRank => "Wilcoxon signed-rank",
            Test::Anova => "one-way ANOVA",
            Test::KruskalWallis => "Kruskal-Wallis",
            Test::Bootstrap => "bootstrap of the difference of means",
        }
    }

    /// The letter that its statistic is written with.
    pub fn symbol(self) -> &'static str {
        match self {
            Test::Student | Test::Welch | Test::PairedT => "t",
            Test::RankSum => "U",
            Test::SignedRank => "W",
            Test::Anova => "F",
            Test::KruskalWallis => "H",
            Test::Bootstrap => "difference",
        }
    }
}

/// Degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Degrees {
    /// The test has none.
    None,
    One(f64),
    /// Between and within groups.
    Two(f64, f64),
}

/// Where a p-value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// All arrangements of the ranks were counted.
    Exact,
    /// An approximation that becomes better with more values.
    Asymptotic,
    /// Exact as far as the values are normally distributed.
    Parametric,
    /// A share of resamples.
    Resampled,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Exact => "exact",
            Method::Asymptotic => "asymptotic",
            Method::Parametric => "parametric",
            Method::Resampled => "resampled",
        })
    }
}

/// Ends of an interval and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    /// In (0, 1), such as 0.95.
    pub level: f64,
}

/// A value with its interval, where one can be formed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub interval: Option<Interval>,
}

/// How the size of an effect is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EffectKind {
    /// Difference of means in standard deviations, without the bias of small samples.
    HedgesG,
    /// Share of pairs in which the first is greater, less the share in which it is smaller; the rank-biserial correlation.
    CliffsDelta,
    /// Share of the ranks of differences that are positive, less the share that are negative.
    RankBiserial,
    /// Share of the variance that the groups explain.
    EtaSquared,
    /// Share of the variance of the ranks that the groups explain.
    EpsilonSquared,
}

impl EffectKind {
    pub fn title(self) -> &'static str {
        match self {
            EffectKind::HedgesG => "Hedges' g",
            EffectKind::CliffsDelta => "Cliff's delta",
            EffectKind::RankBiserial => "rank-biserial correlation",
            EffectKind::EtaSquared => "eta squared",
            EffectKind::EpsilonSquared => "epsilon squared",
        }
    }
}

/// The size of an effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    pub kind: EffectKind,
    pub value: f64,
    pub interval: Option<Interval>,
}

/// What a reader must know before believing an answer. Groups count from 1 in texts and from 0 in fields.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// Few values: only a very large difference would be found.
    LittlePower { group: usize, count: usize },
    /// All values of one group are equal.
    ZeroVariance { group: usize },
    /// The spread is so small beside the values that rounding has a part in it.
    NearlyConstant { group: usize },
    /// Equal values share a rank, so that the p-value is not the exact one.
    Ties,
    /// Pairs without a difference were left out, as Wilcoxon does.
    ZerosLeftOut { count: usize },
    /// With so few values no arrangement can give a p-value below this.
    SmallestP { p: f64 },
    /// One group lies wholly above the other, so that the effect has no interval.
    NoOverlap,
}

impl Note {
    /// A word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Note::LittlePower { .. } => "little_power",
            Note::ZeroVariance { .. } => "zero_variance",
            Note::NearlyConstant { .. } => "nearly_constant",
            Note::Ties => "ties",
            Note::ZerosLeftOut { .. } => "zeros_left_out",
            Note::SmallestP { .. } => "smallest_p",
            Note::NoOverlap => "no_overlap",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::LittlePower { group, count } => {
                write!(f, "group {}: n = {count}: very little power", group + 1)
            }
            Note::ZeroVariance { group } => {
                write!(f, "group {}: zero variance", group + 1)
            }
            Note::NearlyConstant { group } => write!(
                f,
                "group {}: values differ by little more than rounding",
                group + 1
            ),
            Note::Ties => {
                f.write_str("equal values share ranks; the p-value is corrected for them")
            }
            Note::ZerosLeftOut { count } => {
                write!(f, "{count} pairs without a difference left out")
            }
            Note::SmallestP { p } => {
                write!(f, "so few values cannot give a p-value below {p:.2}")
            }
            Note::NoOverlap => f.write_str("the groups do not overlap; the effect has no interval"),
        }
    }
}

/// What a test found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub test: Test,
    pub statistic: f64,
    pub degrees: Degrees,
    /// Two-sided, in [0, 1], not corrected for other tests: see [`holm`](crate::holm).
    pub p: f64,
    pub method: Method,
    /// Values in each group.
    pub counts: Vec<usize>,
    /// First mean minus second, or the mean of the differences of pairs; `None` for tests of ranks and of several groups.
    pub difference: Option<Estimate>,
    pub effect: Effect,
    pub notes: Vec<Note>,
}
