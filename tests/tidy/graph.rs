//! Rules about who depends on whom, read from `cargo metadata`. Dependencies of tests and benches do not count.

use serde_json::Value;

/// A package of the workspace.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    /// Names of what it needs to be built, those of this workspace.
    ours: Vec<String>,
    /// And those of others, under the names they are published by.
    others: Vec<String>,
}

/// Who may use which of our crates, and nothing else; a final `*` stands for any ending. The first row that fits counts.
const ARROWS: &[(&str, &[&str])] = &[
    ("mltrack-event", &[]),
    ("mltrack-log", &[]),
    ("mltrack-projector", &["mltrack-event", "mltrack-log"]),
    (
        "mltrack-projector-*",
        &["mltrack-event", "mltrack-projector"],
    ),
    ("mltrack-artifact", &[]),
    (
        "mltrack-backup",
        &["mltrack-event", "mltrack-log", "mltrack-artifact"],
    ),
    ("mltrack-capture", &[]),
    ("mltrack-statistics", &[]),
    (
        "mltrack",
        &[
            "mltrack-event",
            "mltrack-log",
            "mltrack-projector*",
            "mltrack-artifact",
            "mltrack-backup",
            "mltrack-capture",
            "mltrack-statistics",
        ],
    ),
    ("mltrack-server", &["mltrack"]),
    ("mltrack-import", &["mltrack"]),
    ("mltrack-plot", &[]),
    ("mltrack-export", &["mltrack"]),
    ("mltrack-top", &["mltrack"]),
    (
        "mltrack-python",
        &["mltrack", "mltrack-server", "mltrack-cli"],
    ),
    (
        "mltrack-cli",
        &[
            "mltrack",
            "mltrack-server",
            "mltrack-import",
            "mltrack-export",
            "mltrack-top",
            "mltrack-plot",
        ],
    ),
    ("xtask", &[]),
];

/// What only these may depend on, and why.
const RESERVED: &[(&str, &[&str], &str)] = &[
    (
        "sled",
        &["mltrack-projector*"],
        "no sled type appears above the projectors",
    ),
    (
        "anyhow",
        &["mltrack-cli", "xtask"],
        "a library's errors are types its callers can match",
    ),
];

/// What these must not depend on, and why.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    (
        "mltrack-log",
        "serde_json",
        "the log does not know what an event means",
    ),
    (
        "mltrack-log",
        "serde",
        "the log does not know what an event means",
    ),
    (
        "mltrack-log",
        "bincode",
        "the log does not know what an event means",
    ),
    ("mltrack-event", "libc", "the vocabulary does no I/O"),
    ("mltrack-event", "tokio", "the vocabulary does no I/O"),
    (
        "mltrack-statistics",
        "rand",
        "a seed of the caller gives every draw",
    ),
    (
        "mltrack-event",
        "rand",
        "the vocabulary draws no random numbers",
    ),
];

/// The workspace's packages, as `cargo metadata --no-deps` lists them.
pub fn packages(metadata: &Value) -> Vec<Package> {
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo metadata lists packages");
    let names: Vec<&str> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    packages
        .iter()
        .map(|package| read(package, &names))
        .collect()
}

fn read(package: &Value, names: &[&str]) -> Package {
    let dependencies = package["dependencies"]
        .as_array()
        .expect("cargo metadata lists dependencies");
    let built = dependencies
        .iter()
        .filter(|dependency| dependency["kind"] != "dev");
    let (ours, others) = built
        .filter_map(|dependency| dependency["name"].as_str().map(String::from))
        .partition(|name| names.contains(&name.as_str()));
    Package {
        name: package["name"]
            .as_str()
            .expect("a package has a name")
            .to_owned(),
        ours,
        others,
    }
}

/// Arrows to our own crates that the architecture does not draw.
pub fn arrows(package: &Package) -> Vec<String> {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| fits(name, &package.name)) else {
        return vec![format!(
            "{} is not in the table of arrows in tests/tidy/graph.rs: decide what it may use",
            package.name
        )];
    };
    let strange = package
        .ours
        .iter()
        .filter(|name| !allowed.iter().any(|pattern| fits(pattern, name)));
    strange
        .map(|name| format!("{} must not use {name}, only {allowed:?}", package.name))
        .collect()
}

/// Dependencies on others that the package must do without.
pub fn absences(package: &Package) -> Vec<String> {
    let has = |name: &str| package.others.iter().any(|other| other == name);
    let reserved = RESERVED
        .iter()
        .filter(|(name, allowed, _)| {
            has(name) && !allowed.iter().any(|pattern| fits(pattern, &package.name))
        })
        .map(|(name, _, why)| format!("{} must not use {name}: {why}", package.name));
    let forbidden = FORBIDDEN
        .iter()
        .filter(|(owner, name, _)| *owner == package.name && has(name))
        .map(|(owner, name, why)| format!("{owner} must not use {name}: {why}"));
    reserved.chain(forbidden).collect()
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The problems of a workspace in which `user` depends on `needed`, in the given way.
    fn problems(
        rule: fn(&Package) -> Vec<String>,
        user: &str,
        needed: &str,
        kind: Option<&str>,
    ) -> Vec<String> {
        let mut members = vec![
            serde_json::json!({"name": user, "dependencies": [{"name": needed, "kind": kind}]}),
        ];
        if needed.starts_with("mltrack") || needed == "xtask" {
            members.push(serde_json::json!({"name": needed, "dependencies": []}));
        }
        packages(&serde_json::json!({"packages": members}))
            .iter()
            .flat_map(rule)
            .collect()
    }

    #[test]
    fn arrows_that_the_architecture_draws_are_fine() {
        for (user, needed) in [
            ("mltrack-projector", "mltrack-log"),
            ("mltrack-projector-runs", "mltrack-projector"),
            ("mltrack", "mltrack-projector-metrics"),
            ("mltrack-cli", "mltrack"),
            ("mltrack-python", "mltrack-cli"),
        ] {
            assert_eq!(
                problems(arrows, user, needed, None),
                [] as [String; 0],
                "{user} -> {needed}"
            );
        }
    }

    #[test]
    fn arrows_that_it_does_not_draw_are_found() {
        for (user, needed) in [
            ("mltrack-log", "mltrack-event"),
            ("mltrack-event", "mltrack-log"),
            ("mltrack-projector-runs", "mltrack-log"),
            ("mltrack-projector-runs", "mltrack-projector-metrics"),
            ("mltrack-cli", "mltrack-log"),
            ("mltrack-server", "mltrack-event"),
            ("mltrack-server", "mltrack-cli"),
        ] {
            assert_eq!(
                problems(arrows, user, needed, None).len(),
                1,
                "{user} -> {needed}"
            );
            assert_eq!(
                problems(arrows, user, needed, Some("build")).len(),
                1,
                "{user} -> {needed} to build"
            );
            assert!(
                problems(arrows, user, needed, Some("dev")).is_empty(),
                "{user} -> {needed} in tests"
            );
        }
    }

    #[test]
    fn a_crate_that_nobody_placed_is_found() {
        assert!(problems(arrows, "mltrack-magic", "serde", None)[0].contains("not in the table"));
    }

    #[test]
    fn dependencies_that_must_be_absent_are_found() {
        for (user, needed) in [
            ("mltrack", "sled"),
            ("mltrack-log", "serde_json"),
            ("mltrack", "anyhow"),
            ("mltrack-event", "libc"),
        ] {
            assert_eq!(
                problems(absences, user, needed, None).len(),
                1,
                "{user} -> {needed}"
            );
            assert!(
                problems(absences, user, needed, Some("dev")).is_empty(),
                "{user} -> {needed} in tests"
            );
        }
        for (user, needed) in [
            ("mltrack-projector-runs", "sled"),
            ("mltrack-log", "libc"),
            ("mltrack-cli", "anyhow"),
        ] {
            assert!(
                problems(absences, user, needed, None).is_empty(),
                "{user} -> {needed}"
            );
        }
    }
}
