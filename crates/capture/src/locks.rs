//! Packages that lock files pin: Cargo, npm, uv, Poetry, and pinned requirements of pip.
//!
//! Invariants: parsing is a pure function of text; a damaged file is an error with its place, never half a list; several
//! versions of one package stand in one value, sorted.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::packages::Packages;
use crate::secrets;

fn add(
    packages: &mut std::collections::BTreeMap<String, BTreeSet<String>>,
    name: &str,
    version: String,
) {
    packages.entry(name.to_owned()).or_default().insert(version);
}

fn joined(packages: std::collections::BTreeMap<String, BTreeSet<String>>) -> Packages {
    let join = |versions: BTreeSet<String>| versions.into_iter().collect::<Vec<_>>().join(", ");
    packages
        .into_iter()
        .map(|(name, versions)| (name, join(versions)))
        .collect()
}

/// `[[package]]` tables with `name`, `version` and perhaps `source`: `Cargo.lock`, `uv.lock`, `poetry.lock`.
pub(crate) fn toml(text: &str) -> Result<Packages, String> {
    let document: toml::Table = text.parse().map_err(|error| damage(text, &error))?;
    let listed = document.get("package").and_then(toml::Value::as_array);
    let mut packages = std::collections::BTreeMap::new();
    for package in listed.into_iter().flatten() {
        let word = |key: &str| package.get(key).and_then(toml::Value::as_str);
        if let Some(name) = word("name") {
            let mut version = word("version").unwrap_or("0").to_owned();
            if let Some(origin) = package.get("source").and_then(origin) {
                let _ = write!(version, " @ {}", secrets::url(&origin));
            }
            add(&mut packages, name, version);
        }
    }
    Ok(joined(packages))
}

/// Where a package comes from that no registry gives.
fn origin(source: &toml::Value) -> Option<String> {
    let (kind, address) = match source {
        toml::Value::String(source) => source
            .split_once('+')
            .map(|(kind, address)| (kind, address.to_owned()))?,
        toml::Value::Table(table) => {
            let git = table.get("git").and_then(toml::Value::as_str);
            let commit = table
                .get("resolved_reference")
                .and_then(toml::Value::as_str)
                .unwrap_or_default();
            let address = table
                .get("url")
                .and_then(toml::Value::as_str)
                .map(|url| format!("{url}#{commit}"));
            let is_git = table.get("type").and_then(toml::Value::as_str) == Some("git");
            (
                "git",
                git.map(str::to_owned)
                    .or_else(|| address.filter(|_| is_git))?,
            )
        }
        _ => return None,
    };
    (kind == "git").then_some(address)
}

fn damage(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..at].split(|&byte| byte == b'\n').count();
    format!("line {line}: {}", error.message())
}

/// `package-lock.json`, versions 1 to 3.
pub(crate) fn npm(text: &str) -> Result<Packages, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut packages = std::collections::BTreeMap::new();
    if let Some(listed) = document.get("packages").and_then(Value::as_object) {
        for (path, package) in listed {
            let name = path.rsplit_once("node_modules/").map(|(_, name)| name);
            if let (Some(name), Some(version)) = (name, package["version"].as_str()) {
                add(&mut packages, name, npm_version(version, package));
            }
        }
    } else {
        nested(&document, &mut packages);
    }
    Ok(joined(packages))
}

/// Version 1 nests what a package needs in another version; as deep as serde reads.
fn nested(document: &Value, packages: &mut std::collections::BTreeMap<String, BTreeSet<String>>) {
    let listed = document.get("dependencies").and_then(Value::as_object);
    for (name, package) in listed.into_iter().flatten() {
        if let Some(version) = package["version"].as_str() {
            add(packages, name, npm_version(version, package));
        }
        nested(package, packages);
    }
}

fn npm_version(version: &str, package: &Value) -> String {
    match package["resolved"].as_str() {
        Some(address) if address.starts_with("git") => {
            format!("{version} @ {}", secrets::url(address))
        }
        _ => secrets::url(version),
    }
}

/// `requirements.txt`: what is pinned by its version, anything else by what is written of it.
pub(crate) fn requirements(text: &str) -> Packages {
    let text = text.replace("\\\n", " ");
    text.lines().filter_map(requirement).collect()
}

fn requirement(line: &str) -> Option<(String, String)> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    // Options and comments; options may hold an address with a password.
    if line.is_empty() || line.starts_with(['-', '#']) {
        return None;
    }
    let line = line
        .split(';')
        .next()
        .unwrap_or_default()
        .split(" --")
        .next()
        .unwrap_or_default()
        .trim();
    let end = line
        .find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let rest = rest.trim();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest.trim()),
        None => rest,
    };
    let version = match rest.strip_prefix("==").or_else(|| rest.strip_prefix("===")) {
        Some(version) if !version.contains([',', '*', '=']) => version.trim().to_owned(),
        _ if rest.is_empty() => "any".to_owned(),
        _ => secrets::url(rest.trim_start_matches('@').trim()),
    };
    (!name.is_empty()).then(|| (name.to_owned(), version))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listed(packages: &Packages) -> String {
        let lines = packages
            .iter()
            .map(|(name, version)| format!("{name} {version}\n"));
        lines.collect::<Vec<_>>().concat()
    }

    #[test]
    fn tables_of_packages_are_read_with_where_they_come_from() {
        let cargo = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = \"registry+https://x\"\n[[package]]\nname = \"a\"\nversion = \"2.0\"\n\
            [[package]]\nname = \"g\"\nversion = \"0.1\"\nsource = \"git+https://me:pw@host/g#abc\"\n";
        assert_eq!(
            listed(&toml(cargo).expect("it parses")),
            "a 1.0, 2.0\ng 0.1 @ https://host/g#abc\n"
        );
        let uv = "[[package]]\nname = \"b\"\nversion = \"1\"\nsource = { registry = \"https://x\" }\n[[package]]\nname = \"c\"\nsource = { git = \"https://h/c?rev=1#2\" }\n";
        assert_eq!(
            listed(&toml(uv).expect("it parses")),
            "b 1\nc 0 @ https://h/c?rev=1#2\n"
        );
        let poetry = "[[package]]\nname = \"d\"\nversion = \"1\"\n[package.source]\ntype = \"git\"\nurl = \"https://h/d\"\nresolved_reference = \"ff\"\n";
        assert_eq!(
            listed(&toml(poetry).expect("it parses")),
            "d 1 @ https://h/d#ff\n"
        );
    }

    #[test]
    fn all_versions_of_npms_file_are_read() {
        let first = r#"{"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"}}},"b":{"version":"1.0.0"}}}"#;
        assert_eq!(
            listed(&npm(first).expect("it parses")),
            "a 1.0.0\nb 1.0.0, 2.0.0\n"
        );
        let third = r#"{"lockfileVersion":3,"packages":{"":{"version":"9"},"node_modules/a":{"version":"1.0.0"},"node_modules/a/node_modules/@s/b":{"version":"2.0.0","resolved":"git+ssh://git@host/b.git#ff"}}}"#;
        assert_eq!(
            listed(&npm(third).expect("it parses")),
            "@s/b 2.0.0 @ git+ssh://git@host/b.git#ff\na 1.0.0\n"
        );
    }

    #[test]
    fn requirements_are_read_pinned_or_not() {
        let text = "# c\n-r other.txt\n--index-url https://me:pw@host\na==1.0 # note\nb[x,y]>=2,<3 ; python_version > '3'\nc\nd==1.* \n\
            e==4 \\\n  --hash=sha256:ff\nf @ https://me:pw@host/f.whl\n";
        assert_eq!(
            listed(&requirements(text)),
            "a 1.0\nb >=2,<3\nc any\nd ==1.*\ne 4\nf https://host/f.whl\n"
        );
    }

    #[test]
    fn damaged_files_say_where() {
        let damage = toml("[[package]]\nname = \"a\nversion").expect_err("it is cut");
        assert!(damage.contains("line 3"), "{damage}");
        assert!(
            npm(r#"{"packages":{"#)
                .expect_err("it is cut")
                .contains("line 1")
        );
        assert_eq!(toml("").map(|packages| packages.len()), Ok(0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_breaks_it(text in "(\\[\\[package\\]\\]|name = |\"x\"|[{}=@\\[\\];:,\\n# -]|==|\\\\\n|git\\+|\\PC{0,4}){0,30}") {
            requirements(&text);
            let _ = toml(&text);
            let _ = npm(&text);
        }
    }
}
