//! Which names are accepted, in one table, so that every refusal quotes the rule it applied.
//!
//! Invariant: checks run where a name is chosen, never while decoding: a record that was once
//! written stays readable whatever later rules say.

use std::fmt;

/// What a name names, and thereby its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// An experiment's name.
    Experiment,
    /// A run's name.
    Run,
    /// A metric's name.
    Metric,
    /// A key of a metric's context.
    ContextKey,
    /// A value of a metric's context.
    ContextValue,
    /// A parameter's name, nested ones joined by dots.
    Param,
    /// A tag's key.
    Tag,
    /// The name of a logged JSON value.
    Json,
    /// A dataset's name.
    Dataset,
    /// A model's name.
    Model,
    /// A model's alias.
    Alias,
}

/// How a length is counted.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Characters,
    Bytes,
}

impl NameKind {
    const fn rule(self) -> (&'static str, usize, usize, Unit) {
        match self {
            NameKind::Experiment => ("an experiment name", 1, 256, Unit::Characters),
            NameKind::Run => ("a run name", 1, 256, Unit::Characters),
            NameKind::Metric => ("a metric name", 1, 500, Unit::Bytes),
            NameKind::ContextKey => ("a context key", 1, 250, Unit::Bytes),
            NameKind::ContextValue => ("a context value", 0, 500, Unit::Bytes),
            NameKind::Param => ("a parameter name", 1, 500, Unit::Bytes),
            NameKind::Tag => ("a tag key", 1, 250, Unit::Bytes),
            NameKind::Json => ("the name of a JSON value", 1, 500, Unit::Bytes),
            NameKind::Dataset => ("a dataset name", 1, 256, Unit::Characters),
            NameKind::Model => ("a model name", 1, 256, Unit::Characters),
            NameKind::Alias => ("an alias", 1, 256, Unit::Characters),
        }
    }

    /// What parts a name from the version that is asked for must not stand in it.
    const fn has_versions(self) -> bool {
        matches!(self, NameKind::Dataset | NameKind::Model | NameKind::Alias)
    }

    /// Accepts `name`, or says which rule it breaks.
    pub fn check(self, name: &str) -> Result<(), NameError> {
        let (_, min, max, unit) = self.rule();
        let len = match unit {
            Unit::Characters => name.chars().count(),
            Unit::Bytes => name.len(),
        };
        let problem = if let Some(at) = name.find(char::is_control) {
            NameProblem::ControlCharacter { at }
        } else if let Some(at) = name.find('@').filter(|_| self.has_versions()) {
            NameProblem::At { at }
        } else if (min..=max).contains(&len) {
            return Ok(());
        } else {
            NameProblem::Length { len }
        };
        Err(NameError {
            kind: self,
            name: shorten(name),
            problem,
        })
    }
}

/// The rule itself, as an error quotes it.
impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, min, max, unit) = self.rule();
        let unit = match unit {
            Unit::Characters => "characters",
            Unit::Bytes => "bytes of UTF-8",
        };
        write!(
            f,
            "{what} has {min} to {max} {unit} and no control characters"
        )?;
        f.write_str(if self.has_versions() {
            ", and no `@`, which parts a name from its version"
        } else {
            ""
        })
    }
}

/// Why a name is refused. Choose another that follows the quoted rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} {problem}: {kind}")]
pub struct NameError {
    kind: NameKind,
    name: String,
    problem: NameProblem,
}

/// Which part of the rule a name breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NameProblem {
    #[error("has a control character at byte {at}")]
    ControlCharacter { at: usize },
    #[error("has an `@` at byte {at}")]
    At { at: usize },
    #[error("has a length of {len}")]
    Length { len: usize },
}

/// A name of a megabyte must not become an error message of a megabyte.
fn shorten(name: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    match name.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}...", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_name_is_counted_in_characters() {
        assert_eq!(NameKind::Experiment.check(&"é".repeat(256)), Ok(()));
        let error = NameKind::Experiment
            .check(&"é".repeat(257))
            .unwrap_err()
            .to_string();
        assert!(error.ends_with(
            "has a length of 257: an experiment name has 1 to 256 characters and no control characters"
        ));
        assert!(error.len() < 400, "a long name is cut: {error}");
        assert!(NameKind::Experiment.check("").is_err());
    }

    #[test]
    fn a_metric_name_is_counted_in_bytes_and_has_no_control_characters() {
        assert_eq!(NameKind::Metric.check(&"m".repeat(500)), Ok(()));
        assert!(NameKind::Metric.check(&"m".repeat(501)).is_err());
        assert!(NameKind::Metric.check(&"é".repeat(251)).is_err());
        let error = NameKind::Metric.check("a\nb").unwrap_err().to_string();
        assert!(
            error.contains("has a control character at byte 1"),
            "{error}"
        );
    }

    #[test]
    fn a_name_of_what_has_versions_has_no_at() {
        assert_eq!(NameKind::Dataset.check("org/imagenet-1k"), Ok(()));
        let error = NameKind::Model.check("resnet@prod").unwrap_err();
        assert!(error.to_string().contains("has an `@` at byte 6"));
        assert!(error.to_string().ends_with("from its version"));
        assert_eq!(NameKind::Experiment.check("a@b"), Ok(()));
    }

    #[test]
    fn only_a_context_value_may_be_empty() {
        assert_eq!(NameKind::ContextValue.check(""), Ok(()));
        for kind in [
            NameKind::Run,
            NameKind::Metric,
            NameKind::Param,
            NameKind::Tag,
            NameKind::Json,
        ] {
            assert!(kind.check("").is_err());
        }
    }
}
