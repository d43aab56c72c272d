//! A test's answer, for programs, or why it has none.
//!
//! Invariant: the fields stand in the order of their names, in which they are written.

use mltrack::{CompareOutcome, Degrees, Tested};
use serde::{Serialize, Serializer};

use super::result::Ends;
use crate::output::quantity::Number;

#[derive(Serialize)]
#[serde(untagged)]
pub enum TestedForm<'a> {
    Found(Box<OutcomeForm<'a>>),
    Not { error: &'a str },
}

#[derive(Serialize)]
pub struct OutcomeForm<'a> {
    df: DegreesForm,
    difference: Option<DifferenceForm>,
    effect: EffectForm,
    method: String,
    n: &'a [usize],
    name: &'static str,
    notes: Vec<String>,
    p: Number,
    p_corrected: Number,
    significant: bool,
    statistic: Number,
}

#[derive(Serialize)]
struct DifferenceForm {
    interval: Option<Ends>,
    value: Number,
}

#[derive(Serialize)]
struct EffectForm {
    interval: Option<Ends>,
    name: &'static str,
    value: Number,
}

/// As many as the test has.
struct DegreesForm(Degrees);

impl Serialize for DegreesForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Degrees::None => serializer.collect_seq([(); 0]),
            Degrees::One(one) => serializer.collect_seq([Number(one)]),
            Degrees::Two(between, within) => {
                serializer.collect_seq([Number(between), Number(within)])
            }
        }
    }
}

impl<'a> From<&'a Tested> for TestedForm<'a> {
    fn from(tested: &'a Tested) -> TestedForm<'a> {
        match tested {
            Ok(found) => TestedForm::Found(Box::new(OutcomeForm::from(found))),
            Err(why) => TestedForm::Not { error: why },
        }
    }
}

impl<'a> From<&'a CompareOutcome> for OutcomeForm<'a> {
    fn from(found: &'a CompareOutcome) -> OutcomeForm<'a> {
        let outcome = &found.outcome;
        OutcomeForm {
            df: DegreesForm(outcome.degrees),
            difference: outcome.difference.map(|difference| DifferenceForm {
                interval: difference.interval.map(Ends::from),
                value: Number(difference.value),
            }),
            effect: EffectForm {
                interval: outcome.effect.interval.map(Ends::from),
                name: outcome.effect.kind.title(),
                value: Number(outcome.effect.value),
            },
            method: outcome.method.to_string(),
            n: &outcome.counts,
            name: outcome.test.title(),
            notes: outcome.notes.iter().map(ToString::to_string).collect(),
            p: Number(outcome.p),
            p_corrected: Number(found.corrected),
            significant: found.is_significant,
            statistic: Number(outcome.statistic),
        }
    }
}
