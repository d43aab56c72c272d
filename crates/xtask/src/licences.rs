//! Checks every package in `Cargo.lock`: a licence that lets mltrack be given away, and the public registry as its source.
//!
//! Packages for other platforms and for tests count too. A licence is added to the list by a person who has read it.

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::options::Options;
use crate::process::{cargo, output};
use crate::spdx;
use crate::steps::Outcome;

const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Of a list of root certificates, which is data: it may be shared on with its licence text.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Ours carry no `source`; everything else must come from the registry that `Cargo.lock` pins by checksum.
const REGISTRY_PREFIXES: &[&str] = &["registry+", "sparse+"];

/// The step `licences`.
pub fn step(_: &Options) -> anyhow::Result<Outcome> {
    let text = output(&mut cargo([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--all-features",
    ]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata printed no JSON")?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let problems: Vec<String> = packages.iter().filter_map(problem).collect();
    if !problems.is_empty() {
        bail!(
            "{} of {} packages:\n  {}",
            problems.len(),
            packages.len(),
            problems.join("\n  ")
        );
    }
    Ok(Outcome::Noted(format!("{} packages", packages.len())))
}

fn problem(package: &Value) -> Option<String> {
    let label = format!(
        "{} {}",
        package["name"].as_str()?,
        package["version"].as_str()?
    );
    if let Some(source) = package["source"].as_str()
        && !REGISTRY_PREFIXES
            .iter()
            .any(|prefix| source.starts_with(prefix))
    {
        return Some(format!(
            "{label} comes from {source}: depend on a released version"
        ));
    }
    match package["license"].as_str() {
        None => Some(format!(
            "{label} names no licence: read its licence file, or do without it"
        )),
        Some(licence) if spdx::is_met(licence, ALLOWED) => None,
        Some(licence) => Some(format!(
            "{label} is {licence:?}: do without it, or add the licence to crates/xtask/src/licences.rs"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(source: &Value, licence: &Value) -> Value {
        serde_json::json!({"name": "p", "version": "1.0.0", "source": source, "license": licence})
    }

    #[test]
    fn a_registry_package_with_a_known_licence_and_our_own_are_fine() {
        assert_eq!(
            problem(&package(
                &"registry+somewhere".into(),
                &"MIT OR Apache-2.0".into()
            )),
            None
        );
        assert_eq!(
            problem(&package(&Value::Null, &"MIT OR Apache-2.0".into())),
            None
        );
    }

    #[test]
    fn a_strange_licence_a_missing_one_and_a_git_source_are_named() {
        let registry = Value::from("registry+somewhere");
        assert!(
            problem(&package(&registry, &"SSPL-1.0".into()))
                .is_some_and(|text| text.contains("SSPL-1.0"))
        );
        assert!(
            problem(&package(&registry, &Value::Null))
                .is_some_and(|text| text.contains("no licence"))
        );
        assert!(
            problem(&package(&"git+somewhere".into(), &"MIT".into()))
                .is_some_and(|text| text.contains("git+"))
        );
    }
}
