//! What a reader of a comparison must know, in sentences.
//!
//! Invariant: what is true of several metrics is told once.

use std::collections::BTreeSet;

use crate::compare::Comparison;
use crate::compare_metric::{CompareOutcome, Tested};

impl Comparison {
    /// How it was tested, what to know before believing it, and which metrics have no answer and why. Empty without
    /// tests.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.method_note().into_iter().collect();
        let remarks: BTreeSet<String> = self
            .outcomes()
            .flat_map(|found| found.outcome.notes.iter().map(ToString::to_string))
            .collect();
        notes.extend(remarks);
        let refused = self.tested().filter_map(|(name, tested)| {
            Some(format!("{name} has no answer: {}", tested.as_ref().err()?))
        });
        let refused: BTreeSet<String> = refused.collect();
        notes.extend(refused);
        notes
    }

    /// What every test found that has an answer.
    pub fn outcomes(&self) -> impl Iterator<Item = &CompareOutcome> {
        self.tested().filter_map(|(_, tested)| tested.as_ref().ok())
    }

    fn tested(&self) -> impl Iterator<Item = (&str, &Tested)> {
        self.metrics.iter().flat_map(|metric| {
            let of_groups = metric.results.iter().map(|result| &result.tested);
            let tested = of_groups.chain([&metric.overall]).flatten();
            tested.map(|tested| (metric.name.as_str(), tested))
        })
    }

    fn method_note(&self) -> Option<String> {
        let test = self.outcomes().next()?.outcome.test.title();
        let methods = self
            .outcomes()
            .map(|found| found.outcome.method.to_string());
        let methods: BTreeSet<String> = methods.collect();
        let methods: Vec<String> = methods.into_iter().collect();
        let count = match self.tests {
            1 => "1 test".to_owned(),
            count => format!("{count} tests"),
        };
        Some(format!(
            "{test} ({}), {count}; p-values are Holm corrected",
            methods.join(" or ")
        ))
    }
}
