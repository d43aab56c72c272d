//! Packages that are installed: pip's by their metadata, conda's by the names of their records.
//!
//! Invariants: no program is started; a package whose metadata cannot be read counts by the name of its folder; folders
//! are read in the order an import searches them, and the first of a name wins.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::deadline::Deadline;
use crate::files;
use crate::secrets;

/// Version by name of package.
pub(crate) type Packages = BTreeMap<String, String>;

/// Headers stand at the front of a file that may hold a whole manual.
const HEADERS_LEN_MAX: u64 = 8 << 10;
const PACKAGE_COUNT_MAX: usize = 20_000;

/// Packages of the folders, as pip would list them.
pub(crate) fn pip<'a>(
    folders: impl IntoIterator<Item = &'a Path>,
    deadline: &Deadline,
) -> Result<Packages, String> {
    let mut packages = Packages::new();
    for folder in folders {
        let names =
            std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for (index, entry) in names.filter_map(Result::ok).enumerate() {
            if index >= PACKAGE_COUNT_MAX || (index % 64 == 0 && deadline.has_passed()) {
                return Err(format!(
                    "{}: too many packages to be read in time",
                    folder.display()
                ));
            }
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if let Some((name, version)) = installed(folder, &name) {
                packages.entry(name).or_insert(version);
            }
        }
    }
    Ok(packages)
}

/// Name and version of what a folder or file of metadata stands for.
fn installed(folder: &Path, name: &str) -> Option<(String, String)> {
    let path = folder.join(name);
    if let Some(stem) = name.strip_suffix(".dist-info") {
        let (name, version) = headers(&path.join("METADATA")).or_else(|| named(stem))?;
        return Some((name, format!("{version}{}", origin(&path))));
    }
    let stem = name.strip_suffix(".egg-info")?;
    headers(&path.join("PKG-INFO"))
        .or_else(|| headers(&path))
        .or_else(|| named(stem))
}

/// `name-1.0` or `name-1.0-py3.11`.
fn named(stem: &str) -> Option<(String, String)> {
    let mut parts = stem.split('-');
    Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
}

fn headers(path: &Path) -> Option<(String, String)> {
    let bytes = files::read(path, HEADERS_LEN_MAX).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let (mut name, mut version) = (None, None);
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if let Some(value) = line.strip_prefix("Name:") {
            name = name.or_else(|| Some(value.trim().to_owned()));
        } else if let Some(value) = line.strip_prefix("Version:") {
            version = version.or_else(|| Some(value.trim().to_owned()));
        }
        if name.is_some() && version.is_some() {
            break;
        }
    }
    Some((name?, version?))
}

/// Where a package that no index gave comes from: ` @ ADDRESS@COMMIT`, ` (editable)`.
fn origin(folder: &Path) -> String {
    let Some(document) = files::text(&folder.join("direct_url.json"))
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
    else {
        return String::new();
    };
    let address = secrets::url(document["url"].as_str().unwrap_or_default());
    match document["vcs_info"]["commit_id"].as_str() {
        Some(commit) => format!(" @ {address}@{commit}"),
        None if document["dir_info"]["editable"] == true => " (editable)".to_owned(),
        None => format!(" @ {address}"),
    }
}

/// Packages of a conda environment: `conda-meta/NAME-VERSION-BUILD.json`.
pub(crate) fn conda(prefix: &Path) -> Packages {
    let names = std::fs::read_dir(prefix.join("conda-meta"))
        .into_iter()
        .flatten();
    let names = names
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter_map(|name| {
            let mut parts = name.strip_suffix(".json")?.rsplitn(3, '-');
            let (build, version, name) = (parts.next()?, parts.next()?, parts.next()?);
            Some((name.to_owned(), format!("{version} {build}")))
        })
        .collect()
}
