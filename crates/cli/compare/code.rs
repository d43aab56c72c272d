//! In what the environments and the code of compared runs differ.
//!
//! Invariant: what is told of a group is that of the run that was named for it; a fact that is equal in all groups is left
//! out.

use mltrack::{Comparison, EnvironmentDifference, Tracker, environment_diff};
use serde_json::Value;

use super::patch::{self, FilePatch};
use crate::failure::Outcome;

/// Something in which groups differ.
pub struct Fact {
    /// `environment` or `code`.
    pub kind: &'static str,
    pub name: String,
    /// Of each group; `None` where it says nothing of it.
    pub values: Vec<Option<String>>,
}

/// What was captured of a run.
#[derive(Default)]
pub struct Captured {
    pub document: Value,
    pub packages: Value,
    pub patch: String,
}

/// In what environments and code differ.
#[derive(Default)]
pub struct Code {
    pub facts: Vec<Fact>,
    pub files: Vec<FilePatch>,
}

/// Facts of the environments, and of the code, as far as they are asked for.
pub fn facts(tracker: &Tracker, compared: &Comparison, (env, code): (bool, bool)) -> Outcome<Code> {
    if !env && !code {
        return Ok(Code::default());
    }
    let captured = compared
        .groups
        .iter()
        .map(|group| captured(tracker, group.named));
    let captured: Vec<Captured> = captured.collect::<Outcome<_>>()?;
    let mut facts = differing(&captured, compared.baseline);
    facts.retain(|fact| (code && fact.kind == "code") || (env && fact.kind == "environment"));
    let files = if code {
        patch::files(&captured, compared.baseline)
    } else {
        Vec::new()
    };
    Ok(Code { facts, files })
}

/// Nothing of a run without an environment: its facts are then those that it lacks.
fn captured(tracker: &Tracker, run: mltrack::RunId) -> Outcome<Captured> {
    let Some(environment) = tracker.environment(run)? else {
        return Ok(Captured::default());
    };
    let patch = tracker.environment_patch(&environment)?.unwrap_or_default();
    Ok(Captured {
        document: tracker
            .environment_document(&environment)?
            .unwrap_or_default(),
        packages: tracker
            .environment_dependencies(&environment)?
            .unwrap_or_default(),
        patch: String::from_utf8_lossy(&patch).into_owned(),
    })
}

fn differing(captured: &[Captured], baseline: usize) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    for (place, own) in captured.iter().enumerate() {
        let reference = &captured[baseline];
        let differences = environment_diff(&reference.document, &own.document)
            .into_iter()
            .chain(environment_diff(&reference.packages, &own.packages));
        for difference in differences {
            note(&mut facts, &difference, place, captured.len());
        }
    }
    facts
}

/// Sets what one group has instead of the baseline's value, which the others keep until they are looked at.
fn note(facts: &mut Vec<Fact>, difference: &EnvironmentDifference, place: usize, count: usize) {
    let name = format!("{}.{}", difference.group, difference.key);
    let known = facts.iter().position(|fact| fact.name == name);
    let known = known.unwrap_or_else(|| {
        let is_code = difference.group == "git";
        facts.push(Fact {
            kind: if is_code { "code" } else { "environment" },
            name,
            values: vec![difference.before.clone(); count],
        });
        facts.len() - 1
    });
    facts[known].values[place].clone_from(&difference.after);
}
