//! The process of a run: its command line, working folder, variables and program.
//!
//! Invariants: values that look like secrets are masked before anything else sees them; the program's bytes are hashed
//! once per file, off the caller's thread.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::deadline::Deadline;
use crate::document::{Missing, Part};
use crate::request::Request;
use crate::secrets::{self, MASK};
use crate::variables;

/// Command line, folder and variables: what needs no other file.
pub(crate) fn describe(request: &Request) -> Part {
    let mut part = Part::default();
    let given: Vec<String> = request
        .arguments
        .iter()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let arguments = secrets::arguments(&given);
    let masked_count = arguments
        .iter()
        .zip(&given)
        .filter(|(masked, given)| masked != given)
        .count();
    if masked_count > 0 {
        let why = format!("{masked_count} of them look like secrets and are masked as {MASK}");
        part.missing.push(Missing::new("arguments", why));
    }
    if request
        .arguments
        .iter()
        .any(|argument| argument.to_str().is_none())
    {
        part.missing
            .push(Missing::new("arguments", "some are no text"));
    }
    part.is_altered = !part.missing.is_empty();
    let command: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
    let process = json!({
        "arguments": arguments,
        "command": command.join(" "),
        "folder": request.folder.display().to_string(),
        "pid": std::process::id(),
    });
    part.values.push(("process", process));
    let variables = variables::choose(&request.variables, &request.allowlist);
    part.values.push(("variables", variables.document()));
    for name in variables.left_out {
        part.missing.push(Missing::new(
            format!("variable {name}"),
            "looks like a secret",
        ));
    }
    part.values.push(("rust", rust(&request.build)));
    part
}

/// The compiler that built this program, and what the caller knows of its build.
fn rust(build: &[(String, String)]) -> Value {
    let facts = [
        ("version", env!("MLTRACK_RUST_VERSION")),
        ("commit", env!("MLTRACK_RUST_COMMIT")),
        ("target", env!("MLTRACK_RUST_TARGET")),
        ("profile", env!("MLTRACK_RUST_PROFILE")),
    ];
    let known = facts.iter().filter(|(_, value)| !value.is_empty());
    let mut rust: Map<String, Value> = known
        .map(|&(key, value)| (key.to_owned(), value.into()))
        .collect();
    if !build.is_empty() {
        let build: Map<String, Value> = build
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().into()))
            .collect();
        rust.insert("build".to_owned(), build.into());
    }
    Value::Object(rust)
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && (word.chars().all(is_plain) || word == MASK) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The program's path and hash.
pub(crate) fn executable(request: &Request, deadline: &Deadline) -> Part {
    let mut part = Part::default();
    let (path, opened) = match &request.executable {
        Some(path) => {
            let path = found(request, path);
            let opened = File::open(&path);
            (Some(path), opened)
        }
        // Even when its file was replaced since, this is what runs.
        None => (
            std::env::current_exe().ok(),
            File::open(request.places.proc.join("self/exe")),
        ),
    };
    let mut process = Map::new();
    if let Some(path) = &path {
        process.insert("executable".to_owned(), path.display().to_string().into());
    }
    match opened.and_then(|file| hash(file, deadline)) {
        Ok(hash) => drop(process.insert(
            "executable_hash".to_owned(),
            format!("blake3:{hash}").into(),
        )),
        Err(error) => part
            .missing
            .push(Missing::new("executable", error.to_string())),
    }
    part.values.push(("process", Value::Object(process)));
    part
}

/// A program given by name is looked for in `PATH`, as a shell does.
fn found(request: &Request, path: &Path) -> PathBuf {
    let name = path.to_str().filter(|name| !name.contains('/'));
    name.and_then(|name| request.program(name))
        .unwrap_or_else(|| request.folder.join(path))
}

/// What tells one state of a file from another.
type State = (u64, u64, u64, i64, i64);

fn state(metadata: &Metadata) -> State {
    (
        metadata.dev(),
        metadata.ino(),
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec(),
    )
}

static HASHES: LazyLock<Mutex<HashMap<State, String>>> = LazyLock::new(Mutex::default);

fn hash(mut file: File, deadline: &Deadline) -> io::Result<String> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    let state = state(&metadata);
    let known = || HASHES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(hash) = known().get(&state) {
        return Ok(hash.clone());
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        if deadline.has_passed() {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "hashing it took too long",
            ));
        }
        match file.read(&mut buffer)? {
            0 => break,
            len => drop(hasher.update(&buffer[..len])),
        }
    }
    let hash = hasher.finalize().to_hex().to_string();
    known().insert(state, hash.clone());
    Ok(hash)
}
