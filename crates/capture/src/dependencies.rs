//! What the program of a run depends on: lock files around its folder, and the packages of its Python environment.
//!
//! Invariants: equal packages have equal digests, wherever their files lie; a file that cannot be read is named as
//! missing and keeps no other from being read.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::deadline::Deadline;
use crate::document::{Missing, Part};
use crate::files;
use crate::git_files;
use crate::locks;
use crate::packages::{self, Packages};
use crate::python;
use crate::request::Request;

/// Longest lock file that is read.
const LOCK_LEN_MAX: u64 = 64 << 20;

type Parse = fn(&str) -> Result<Packages, String>;

/// Lock files: what they are called, and how they are read.
const LOCKS: &[(&str, &str, Parse)] = &[
    ("cargo", "Cargo.lock", locks::toml),
    ("npm", "package-lock.json", locks::npm),
    ("uv", "uv.lock", locks::toml),
    ("poetry", "poetry.lock", locks::toml),
    ("requirements", "requirements.txt", |text| {
        Ok(locks::requirements(text))
    }),
];

/// Packages of one place.
struct Source {
    kind: &'static str,
    path: String,
    packages: Packages,
}

impl Source {
    /// A hash of names and versions alone.
    fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.kind.as_bytes());
        for (name, version) in &self.packages {
            hasher.update(format!("\n{name}\n{version}").as_bytes());
        }
        format!("blake3:{}", hasher.finalize().to_hex())
    }
}

/// `dependencies` of the document, the list of packages beside it, and `python`.
pub(crate) fn capture(request: &Request, deadline: &Deadline) -> Part {
    let mut part = Part::default();
    let mut sources = locked(request, &mut part.missing);
    if let Some(python) = python::find(request) {
        sources.extend(installed(&python, request, deadline, &mut part.missing));
        part.values
            .push(("python", python.document(request, deadline)));
    }
    if sources.is_empty() {
        return part;
    }
    let mut whole = blake3::Hasher::new();
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for source in &sources {
        let digest = source.digest();
        whole.update(digest.as_bytes());
        let packages: Map<String, Value> = source
            .packages
            .iter()
            .map(|(name, version)| (name.clone(), version.as_str().into()))
            .collect();
        short.push(json!({ "kind": source.kind, "path": source.path, "digest": digest, "count": packages.len() }));
        long.push(json!({ "kind": source.kind, "path": source.path, "digest": digest, "packages": packages }));
    }
    let digest = format!("blake3:{}", whole.finalize().to_hex());
    part.values.push((
        "dependencies",
        json!({ "digest": digest, "sources": short }),
    ));
    part.dependencies = Some(json!({ "version": 1, "digest": digest, "sources": long }));
    part
}

/// The nearest file of each kind, from the working folder up to the top of the repository.
fn locked(request: &Request, missing: &mut Vec<Missing>) -> Vec<Source> {
    let top = git_files::root(&request.folder).unwrap_or(&request.folder);
    let folders: Vec<&Path> = request
        .folder
        .ancestors()
        .take_while(|folder| folder.starts_with(top))
        .collect();
    let mut sources = Vec::new();
    for &(kind, name, parse) in LOCKS {
        let path = folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| path.is_file());
        let Some(path) = path else {
            continue;
        };
        let shown = path
            .strip_prefix(top)
            .unwrap_or(&path)
            .display()
            .to_string();
        match read(&path, parse) {
            Ok(packages) => sources.push(Source {
                kind,
                path: shown,
                packages,
            }),
            Err(why) => missing.push(Missing::new(format!("dependencies of {shown}"), why)),
        }
    }
    sources
}

fn read(path: &Path, parse: Parse) -> Result<Packages, String> {
    let bytes = files::read(path, LOCK_LEN_MAX).map_err(|error| error.to_string())?;
    parse(&String::from_utf8_lossy(&bytes))
}

/// Packages of a Python environment: pip's, and conda's where it is one.
fn installed(
    python: &python::Python,
    request: &Request,
    deadline: &Deadline,
    missing: &mut Vec<Missing>,
) -> Vec<Source> {
    let folders = python.packages(request);
    let path = python.prefix.display().to_string();
    let mut sources = Vec::new();
    match packages::pip(folders.iter().map(PathBuf::as_path), deadline) {
        Ok(packages) if packages.is_empty() => {}
        Ok(packages) => sources.push(Source {
            kind: "pip",
            path: path.clone(),
            packages,
        }),
        Err(why) => missing.push(Missing::new("dependencies of pip", why)),
    }
    if python.kind == "conda" {
        sources.push(Source {
            kind: "conda",
            path,
            packages: packages::conda(&python.prefix),
        });
    }
    sources
}
