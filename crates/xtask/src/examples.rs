//! Runs every example of the workspace, each in an empty folder of its own, as a newcomer would.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use crate::options::Options;
use crate::process::{cargo, output, run, run_within, target_folder};
use crate::steps::Outcome;

/// An example is for reading: one that takes longer than this waits for something that never comes.
const TIME_MAX: Duration = Duration::from_mins(2);

#[derive(Debug, PartialEq, Eq)]
struct Example {
    package: String,
    name: String,
    features: Vec<String>,
}

impl Example {
    /// The features that it is built with, as the whole workspace is told them.
    fn features(&self) -> impl Iterator<Item = String> {
        let features = self.features.iter();
        features.map(|feature| format!("{}/{feature}", self.package))
    }
}

/// The step `examples`.
pub fn step(_: &Options) -> anyhow::Result<Outcome> {
    let text = output(&mut cargo([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--locked",
    ]))?;
    let examples =
        examples(&serde_json::from_str(&text).context("cargo metadata printed no JSON")?);
    if examples.is_empty() {
        return Ok(Outcome::Skipped("there are no examples yet".into()));
    }
    // All at once, and run as they are built: cargo would choose other features of the dependencies for a package alone,
    // and build them again for that.
    let mut build = cargo(["build", "--workspace", "--examples", "--locked"]);
    let features: Vec<_> = examples.iter().flat_map(Example::features).collect();
    if !features.is_empty() {
        build.arg("--features").arg(features.join(","));
    }
    run(&mut build)?;
    for example in &examples {
        run_one(example).with_context(|| format!("example {}", example.name))?;
    }
    Ok(Outcome::Noted(format!("{} examples", examples.len())))
}

fn run_one(example: &Example) -> anyhow::Result<()> {
    let folder = fresh_folder(&example.name)?;
    let program = target_folder()
        .join("debug")
        .join("examples")
        .join(&example.name);
    let mut command = Command::new(program);
    // The surroundings must not lend the example a store.
    command.current_dir(&folder).env_remove("MLTRACK_STORE");
    run_within(&mut command, TIME_MAX)?;
    std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}

/// An empty folder of this run's own; what a failed example leaves there is kept, to be looked at.
fn fresh_folder(name: &str) -> anyhow::Result<PathBuf> {
    let folder =
        std::env::temp_dir().join(format!("mltrack-example-{name}-{}", std::process::id()));
    std::fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

fn examples(metadata: &Value) -> Vec<Example> {
    let mut examples = Vec::new();
    for package in list(&metadata["packages"]) {
        for target in list(&package["targets"]) {
            if list(&target["kind"]).iter().any(|kind| kind == "example") {
                examples.push(Example {
                    package: text(&package["name"]),
                    name: text(&target["name"]),
                    features: list(&target["required-features"])
                        .iter()
                        .map(text)
                        .collect(),
                });
            }
        }
    }
    examples.sort_by(|left, right| left.name.cmp(&right.name));
    examples
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_found_with_their_features_and_sorted() {
        let metadata = serde_json::json!({"packages": [{"name": "p", "targets": [
            {"kind": ["example"], "name": "tail", "required-features": ["stream"]},
            {"kind": ["bin"], "name": "mltrack"},
            {"kind": ["example"], "name": "basic_tracking"},
        ]}]});
        let found = examples(&metadata);
        assert_eq!(
            found
                .iter()
                .map(|example| example.name.as_str())
                .collect::<Vec<_>>(),
            ["basic_tracking", "tail"]
        );
        assert_eq!(found[1].features().collect::<Vec<_>>(), ["p/stream"]);
    }
}
