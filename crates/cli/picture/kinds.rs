//! What can be drawn, and which options each of it has a use for.
//!
//! Invariant: an option that says nothing about a kind is an error and never passed over.

use clap::ValueEnum;
use mltrack_plot::Middle;

use super::Arguments;
use super::options::Across;
use crate::failure::{Failure, Outcome};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Curves,
    Groups,
    Parallel,
    Histograms,
    Confusion,
    Scatter,
    Bar,
}

impl Kind {
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// What a band shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Band {
    /// Standard deviation
    #[default]
    Std,
    /// Standard error of the mean
    Stderr,
    /// The 95 % interval of the mean
    Ci95,
    /// Lowest to highest
    Minmax,
    None,
}

impl Band {
    pub fn spread(self) -> mltrack_plot::Spread {
        match self {
            Band::Std => mltrack_plot::Spread::Deviation,
            Band::Stderr => mltrack_plot::Spread::Error,
            Band::Ci95 => mltrack_plot::Spread::Interval,
            Band::Minmax => mltrack_plot::Spread::Range,
            Band::None => mltrack_plot::Spread::None,
        }
    }

    /// Behind the name of what is in the middle. A deviation, an error and an interval are those of the mean.
    pub fn words(self, middle: Middle) -> &'static str {
        match (self, middle) {
            (Band::Std, Middle::Mean) => " ± standard deviation",
            (Band::Std, Middle::Median) => ", band: mean ± standard deviation",
            (Band::Stderr, Middle::Mean) => " ± standard error",
            (Band::Stderr, Middle::Median) => ", band: mean ± standard error",
            (Band::Ci95, Middle::Mean) => " with its 95% interval",
            (Band::Ci95, Middle::Median) => ", band: 95% interval of the mean",
            (Band::Minmax, _) => " and range",
            (Band::None, _) => "",
        }
    }
}

/// What a confusion matrix's counts are shares of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Normalize {
    #[default]
    Row,
    Column,
    None,
}

const OVER_STEPS: &[Kind] = &[
    Kind::Curves,
    Kind::Groups,
    Kind::Histograms,
    Kind::Confusion,
];
const LINES: &[Kind] = &[Kind::Curves, Kind::Groups];

impl Arguments {
    /// That there may be a step in the range that was given.
    pub fn check_steps(&self) -> Outcome<()> {
        if let (Some(first), Some(last)) = (self.first_step, self.last_step)
            && first > last
        {
            let what = format!("--from {first} is behind --to {last}, so no step is between them");
            let hint = format!("--from {last} --to {first}");
            return Err(Failure::usage(what).hint(hint).into());
        }
        Ok(())
    }

    /// That every option which was given is of use.
    pub fn check_options(&self) -> Outcome<()> {
        use Kind::{Confusion, Curves, Groups, Histograms, Parallel, Scatter};
        let given: [(&str, bool, &[Kind]); 11] = [
            ("--x", self.x != Across::Step, &[Curves, Groups, Scatter]),
            (
                "--log-x",
                self.log_x,
                &[Curves, Groups, Histograms, Scatter],
            ),
            ("--log-y", self.log_y, &[Curves, Groups, Parallel, Scatter]),
            ("--smooth", self.smooth.is_some(), LINES),
            ("--context", !self.context.is_empty(), OVER_STEPS),
            ("--from", self.first_step.is_some(), OVER_STEPS),
            ("--to", self.last_step.is_some(), OVER_STEPS),
            ("--by", !self.by.is_empty(), &[Groups]),
            ("--median", self.median, &[Groups]),
            ("--band", self.band.is_some(), &[Groups]),
            ("--normalize", self.normalize.is_some(), &[Confusion]),
        ];
        let is_idle = |it: &&(&str, bool, &[Kind])| it.1 && !it.2.contains(&self.kind);
        let Some((option, _, kinds)) = given.iter().find(is_idle) else {
            return Ok(());
        };
        let what = format!("{option} says nothing about --kind {}", self.kind.name());
        let kinds: Vec<String> = kinds.iter().map(|kind| kind.name()).collect();
        let hint = format!("leave it out, or draw --kind {}", kinds.join("|"));
        Err(Failure::usage(what).hint(hint).into())
    }
}
