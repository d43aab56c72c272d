//! What a capture answers with: one document of stable keys, the patch, and what is missing.
//!
//! Invariants: keys never change their meaning (`docs/environment.md` describes them); what could not be read is absent
//! and named under `missing`; nothing in here looks like a secret.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::deadline::Deadline;
use crate::digest;
use crate::patch::Patch;
use crate::request::Request;
use crate::step::{self, Step};
use crate::summary;
use crate::untracked;
use crate::{container, dependencies, git_facts, gpu, machine, process};

/// Longest list of files that are left out of a patch; the rest is a number.
const LEFT_OUT_COUNT_MAX: usize = 1000;

/// A file that the patch does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// From the top of the repository; what is not text is shown by marks.
    pub path: String,
    /// Why, in a few words.
    pub why: String,
}

/// Something that a capture was asked for and does not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// What is missing: a part of the document.
    pub what: String,
    /// Why, in a few words.
    pub why: String,
}

impl Missing {
    pub(crate) fn new(what: impl Into<String>, why: impl Into<String>) -> Missing {
        Missing {
            what: what.into(),
            why: why.into(),
        }
    }
}

/// Whether commit and patch restore the code of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reproducible {
    /// Every file that git knows or could know.
    Full,
    /// All but what is named as left out or missing.
    Partial,
    /// There is no commit to start from.
    No,
}

impl Reproducible {
    /// `full`, `partial` or `no`, as the document says it.
    pub fn word(self) -> &'static str {
        match self {
            Reproducible::Full => "full",
            Reproducible::Partial => "partial",
            Reproducible::No => "no",
        }
    }
}

/// The environment of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// Everything but packages and patch, under stable keys.
    pub document: Value,
    /// What lists and filters show, by sorted key.
    pub summary: Vec<(String, String)>,
    /// What restores the working tree on the commit with `git apply --binary`; None when there is no commit or nothing
    /// could be compared, empty when nothing differs.
    pub patch: Option<Vec<u8>>,
    /// The packages, each with its version, by where they come from; None when there are none.
    pub dependencies: Option<Value>,
    /// Files that the patch does not hold.
    pub left_out: Vec<LeftOut>,
    /// What was asked for and is not known.
    pub missing: Vec<Missing>,
    /// Whether commit and patch restore the code.
    pub reproducible: Reproducible,
}

/// What a step answers with.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub values: Vec<(&'static str, Value)>,
    pub missing: Vec<Missing>,
    pub patch: Option<Patch>,
    pub has_commit: bool,
    /// Something that was given differs from what is recorded.
    pub is_altered: bool,
    pub dependencies: Option<Value>,
}

impl Part {
    pub(crate) fn of(values: Vec<(&'static str, Value)>) -> Part {
        Part {
            values,
            ..Part::default()
        }
    }

    pub(crate) fn add(&mut self, other: Part) {
        let Part {
            values,
            missing,
            patch,
            has_commit,
            is_altered,
            dependencies,
        } = other;
        self.values.extend(values);
        self.missing.extend(missing);
        self.patch = self.patch.take().or(patch);
        self.has_commit |= has_commit;
        self.is_altered |= is_altered;
        self.dependencies = self.dependencies.take().or(dependencies);
    }
}

/// What files of the kernel tell.
pub(crate) fn machine(request: &Request) -> Part {
    let places = &request.places;
    let mut values = vec![
        ("os", machine::os(places)),
        ("cpu", machine::cpu(places)),
        ("memory", machine::memory(places)),
        ("host", machine::host(request)),
    ];
    values.extend(container::container(request).map(|value| ("container", value)));
    values.extend(container::limits(request).map(|value| ("cgroup", value)));
    Part::of(values)
}

/// Captures what the request asks for. Takes as long as git and the files do, at most the request's deadline: call it on
/// a thread of its own.
///
/// Never fails and never panics: what cannot be read is named under [`Capture::missing`].
///
/// ```no_run
/// # fn clock() -> std::time::Instant { std::time::Instant::now() }
/// let request = mltrack_capture::Request::of_this_process(clock);
/// let capture = mltrack_capture::environment(&request);
/// println!("{}", capture.document["os"]["name"]);
/// ```
pub fn environment(request: &Request) -> Capture {
    let deadline = Deadline::new(request.clock, request.deadline);
    let inner = Deadline::new(request.clock, request.deadline.mul_f64(0.9));
    let mut steps = vec![
        Step {
            name: "machine",
            work: |request, _| machine(request),
        },
        Step {
            name: "executable",
            work: process::executable,
        },
        Step {
            name: "gpu",
            work: gpu::capture,
        },
    ];
    if request.dependencies {
        steps.push(Step {
            name: "dependencies",
            work: dependencies::capture,
        });
    }
    if request.git {
        steps.push(Step {
            name: "git",
            work: git_facts::capture,
        });
    }
    let mut part = process::describe(request);
    part.add(step::run(
        &steps,
        &Arc::new(request.clone()),
        inner,
        &deadline,
    ));
    assemble(part)
}

/// Whether commit and patch restore the code, as far as the parts tell.
fn reproducible(part: &Part) -> Reproducible {
    let is_whole = |patch: &Patch| {
        patch.left_out.is_empty() && patch.unseen_count == 0 && patch.doubts.is_empty()
    };
    let has_unseen = part
        .missing
        .iter()
        .any(|missing| missing.what == "untracked files");
    match &part.patch {
        _ if !part.has_commit => Reproducible::No,
        Some(patch) if is_whole(patch) && !part.is_altered && !has_unseen => Reproducible::Full,
        _ => Reproducible::Partial,
    }
}

/// Puts the parts of a capture together.
pub(crate) fn assemble(part: Part) -> Capture {
    let reproducible = reproducible(&part);
    let mut missing = part.missing;
    let doubts = part.patch.iter().flat_map(|patch| &patch.doubts);
    missing.extend(doubts.map(|doubt| Missing::new("patch", doubt.as_str())));
    missing.sort();
    let left_out = part.patch.as_ref().map(left_out).unwrap_or_default();
    let mut document = Map::new();
    for (key, value) in part.values {
        merge(&mut document, key, value);
    }
    let missing_pairs = missing
        .iter()
        .map(|missing| json!({ "what": missing.what, "why": missing.why }));
    let left_out_pairs = left_out
        .iter()
        .map(|left_out| json!({ "path": left_out.path, "why": left_out.why }));
    document.insert("version".to_owned(), 1.into());
    document.insert("reproducible".to_owned(), reproducible.word().into());
    document.insert("missing".to_owned(), missing_pairs.collect());
    document.insert("left_out".to_owned(), left_out_pairs.collect());
    let mut document = Value::Object(document);
    let digest = digest::digest(&document);
    document["digest"] = digest.into();
    Capture {
        summary: summary::of(&document),
        document,
        patch: part
            .patch
            .filter(|_| part.has_commit)
            .map(|patch| patch.bytes),
        dependencies: part.dependencies,
        left_out,
        missing,
        reproducible,
    }
}

/// Two steps may tell about one key: their objects become one.
fn merge(document: &mut Map<String, Value>, key: &str, value: Value) {
    match (document.get_mut(key), value) {
        (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
        (_, value) => drop(document.insert(key.to_owned(), value)),
    }
}

fn left_out(patch: &Patch) -> Vec<LeftOut> {
    let paths = patch.left_out.iter().take(LEFT_OUT_COUNT_MAX);
    let mut left_out: Vec<LeftOut> = paths
        .map(|(path, why)| LeftOut {
            path: untracked::shown(path),
            why: why.clone(),
        })
        .collect();
    let more_count = patch.left_out.len().saturating_sub(LEFT_OUT_COUNT_MAX);
    for (count, why) in [
        (more_count, "for reasons like these"),
        (patch.unseen_count, "too many to be looked at"),
    ] {
        if count > 0 {
            left_out.push(LeftOut {
                path: format!("{count} more files"),
                why: why.to_owned(),
            });
        }
    }
    left_out
}
