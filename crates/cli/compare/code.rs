//! In what the environments and the code of compared runs differ.
//!
//! Invariant: what is told of a group is that of the run that was named for it; a fact that is equal in all groups is left
//! out.

use std::collections::BTreeMap;

use mltrack::{Comparison, EnvironmentDifference, Tracker, environment_diff};
use serde_json::Value;

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
struct Captured {
    document: Value,
    packages: Value,
    patch: String,
}

/// Facts of the environments, and of the code, as far as they are asked for.
pub fn facts(
    tracker: &Tracker,
    compared: &Comparison,
    (env, code): (bool, bool),
) -> Outcome<Vec<Fact>> {
    if !env && !code {
        return Ok(Vec::new());
    }
    let captured = compared
        .groups
        .iter()
        .map(|group| captured(tracker, group.named));
    let captured: Vec<Captured> = captured.collect::<Outcome<_>>()?;
    let mut facts = differing(&captured, compared.baseline);
    facts.retain(|fact| (code && fact.kind == "code") || (env && fact.kind == "environment"));
    if code {
        facts.extend(patches(&captured));
    }
    Ok(facts)
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

/// The lines of patches that are not in all of them, in the order in which they stand there.
fn patches(captured: &[Captured]) -> Vec<Fact> {
    let mut order: Vec<&str> = Vec::new();
    let mut times: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, own) in captured.iter().enumerate() {
        for line in own.patch.lines() {
            let counts = times.entry(line).or_insert_with(|| {
                order.push(line);
                vec![0; captured.len()]
            });
            counts[place] += 1;
        }
    }
    let fact = |line: &str| {
        let counts = &times[line];
        let differs = counts.iter().any(|count| *count != counts[0]);
        differs.then(|| Fact {
            kind: "code",
            name: "patch".to_owned(),
            values: counts
                .iter()
                .map(|count| (*count > 0).then(|| line.to_owned()))
                .collect(),
        })
    };
    order.into_iter().filter_map(fact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_patch(patch: &str) -> Captured {
        Captured {
            patch: patch.to_owned(),
            ..Captured::default()
        }
    }

    #[test]
    fn lines_that_all_patches_have_are_left_out() {
        let facts = patches(&[with_patch("+a\n+b\n"), with_patch("+a\n+c\n")]);
        let lines: Vec<&[Option<String>]> = facts.iter().map(|fact| &fact.values[..]).collect();
        assert_eq!(
            lines,
            [[Some("+b".to_owned()), None], [None, Some("+c".to_owned())]]
        );
        assert!(patches(&[with_patch("+a\n"), with_patch("+a\n")]).is_empty());
    }
}
