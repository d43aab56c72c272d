//! Keeping only the last of a run's artifacts, such as its checkpoints.
//!
//! Invariants: a rule looks at what it matches after each upload, in the background; it never removes what a version of a
//! model is made of, nor what this library itself says of a run; it keeps what was logged last, whoever logged it.

use std::sync::{Arc, OnceLock};

use mltrack_event::RunKey;
use mltrack_projector_lineage::Artifact as Folded;

use crate::artifact_edit::{needed_by_models, plan, removals};
use crate::artifact_glob::PathGlob;
use crate::decide::Decision;
use crate::error::{Error, Result};
use crate::run::Run;
use crate::store::Store;
use crate::warning::Warning;

/// Where this library keeps what it says of a run itself.
pub(crate) const RESERVED: &str = "mltrack/";

/// The rules of one run in this process. A list that only grows, because a forked child could wait for ever for a lock
/// that a thread of its parent held.
#[derive(Default)]
pub(crate) struct KeepRules {
    first: OnceLock<Box<Node>>,
}

struct Node {
    rule: Rule,
    next: OnceLock<Box<Node>>,
}

#[derive(Clone)]
struct Rule {
    glob: PathGlob,
    count: usize,
}

impl Run {
    /// Keeps only the last `count` of this run's artifacts that a pattern matches, of every version together: older ones
    /// are removed, now and after each upload of this process, until the run ends. `gc` frees their bytes when their
    /// removal can no longer be undone. `**`, `*` and `?` are as in [`ArtifactQuery::path`](crate::ArtifactQuery::path).
    ///
    /// Errors: `VALIDATION_ERROR` for a count of 0, `INVALID_STATE` for a run that has ended. What fails later is told as
    /// a warning.
    pub fn keep_last(&self, pattern: impl AsRef<str>, count: usize) -> Result<()> {
        if count == 0 {
            return Err(Error::validation("keeping the last 0 keeps nothing")
                .with_hint("keep at least 1, or remove artifacts by remove_artifacts"));
        }
        let Some(inner) = self.inner() else {
            return Ok(());
        };
        inner.record(|_, _| Ok(()))?;
        let rule = Rule {
            glob: PathGlob::new(pattern.as_ref()),
            count,
        };
        inner.keep_rules.push(rule.clone());
        let (store, run) = (Arc::downgrade(&inner.store), inner.key);
        inner.store.uploads()?.push(run, 0, move || {
            if let Some(store) = store.upgrade() {
                rule.apply(&store, run);
            }
        })
    }
}

impl KeepRules {
    fn push(&self, rule: Rule) {
        let mut fresh = Some(Box::new(Node {
            rule,
            next: OnceLock::new(),
        }));
        let mut link = &self.first;
        while fresh.is_some() {
            let node = link.get_or_init(|| fresh.take().expect("it is given away once"));
            link = &node.next;
        }
    }

    /// Does what the rules say about everything like `paths`, which were just logged.
    pub fn apply(&self, store: &Store, run: RunKey, paths: &[&str]) {
        let mut link = self.first.get();
        while let Some(node) = link {
            if paths.iter().any(|path| node.rule.glob.matches(path)) {
                node.rule.apply(store, run);
            }
            link = node.next.get();
        }
    }
}

impl Rule {
    fn apply(&self, store: &Store, run: RunKey) {
        if let Err(error) = self.remove_older(store, run) {
            store.warnings.tell(&Warning::NotRemoved { error });
        }
    }

    fn remove_older(&self, store: &Store, run: RunKey) -> Result<()> {
        let why = format!("keep-last {}", self.count);
        store.decide_things(|things, _| {
            let is_meant =
                |row: &&Folded| self.glob.matches(&row.path) && !row.path.starts_with(RESERVED);
            let mut rows: Vec<&Folded> = things.artifacts_of(run).filter(is_meant).collect();
            if rows.len() <= self.count {
                return Ok(Decision::Already(()));
            }
            rows.sort_by_key(|row| row.lsn);
            rows.truncate(rows.len() - self.count);
            let needed = needed_by_models(things);
            rows.retain(|row| !needed.contains_key(&row.id));
            if rows.is_empty() {
                return Ok(Decision::Already(()));
            }
            let events = removals(&rows, &why, &store.by());
            Ok(Decision::Append(plan(&rows, events), ()))
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_kept_in_the_order_in_which_they_were_given() {
        let rules = KeepRules::default();
        for count in 1..4 {
            rules.push(Rule {
                glob: PathGlob::new("*"),
                count,
            });
        }
        let first = rules.first.get();
        let nodes = std::iter::successors(first, |node| node.next.get());
        assert_eq!(
            nodes.map(|node| node.rule.count).collect::<Vec<_>>(),
            [1, 2, 3]
        );
    }
}
