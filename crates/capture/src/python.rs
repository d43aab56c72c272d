//! The Python environment of a run, known without starting its interpreter where a file tells.
//!
//! Invariants: an environment belongs to the run when the command line or the activated shell says so, never since it
//! lies somewhere near; the interpreter is started only for its version, and only for so long.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::command;
use crate::deadline::Deadline;
use crate::files;
use crate::request::Request;

/// How long `python -V` may take.
const VERSION: Duration = Duration::from_secs(1);

/// A Python environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Python {
    /// `conda`, `venv` or `system`.
    pub kind: &'static str,
    pub prefix: PathBuf,
    /// Settings of a virtual environment.
    settings: Vec<(String, String)>,
}

/// The environment that the request names, that the command line starts in, or that is activated.
pub(crate) fn find(request: &Request) -> Option<Python> {
    let named = request.python.clone();
    let started = request
        .arguments
        .first()
        .and_then(|program| started(request, Path::new(program)));
    let program = request
        .executable
        .as_deref()
        .and_then(|program| started_by_path(request, program));
    let activated = ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .iter()
        .find_map(|name| request.variable_path(name));
    let prefixes = [named, started, program, activated];
    prefixes
        .into_iter()
        .flatten()
        .find_map(|prefix| at(&prefix))
        .or_else(|| {
            let is_python = request
                .arguments
                .first()
                .is_some_and(|program| is_python(program));
            is_python.then(|| system(request)).flatten()
        })
}

fn started(request: &Request, program: &Path) -> Option<PathBuf> {
    program
        .to_str()
        .is_none_or(|name| name.contains('/'))
        .then(|| started_by_path(request, program))?
}

/// The prefix whose `bin` holds the program.
fn started_by_path(request: &Request, program: &Path) -> Option<PathBuf> {
    Some(request.folder.join(program).parent()?.parent()?.to_owned())
}

fn is_python(program: &OsStr) -> bool {
    let name = Path::new(program).file_name().map(OsStr::to_string_lossy);
    name.is_some_and(|name| {
        name.strip_prefix("python").is_some_and(|rest| {
            rest.bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
    })
}

/// The environment at `prefix`, if that is one.
fn at(prefix: &Path) -> Option<Python> {
    let python = |kind, settings| Python {
        kind,
        prefix: prefix.to_owned(),
        settings,
    };
    if let Some(text) = files::text(&prefix.join("pyvenv.cfg")) {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let settings = lines
            .map(|(key, value)| (key.trim().to_lowercase(), value.trim().to_owned()))
            .collect();
        return Some(python("venv", settings));
    }
    prefix
        .join("conda-meta")
        .is_dir()
        .then(|| python("conda", Vec::new()))
}

/// The interpreter that a shell would start by that name, in no environment.
fn system(request: &Request) -> Option<Python> {
    let name = request.arguments.first()?.to_str()?;
    let path = request
        .program(name)
        .unwrap_or_else(|| request.folder.join(name));
    let prefix = path.canonicalize().ok()?.parent()?.parent()?.to_owned();
    Some(Python {
        kind: "system",
        prefix,
        settings: Vec::new(),
    })
}

impl Python {
    fn setting(&self, name: &str) -> Option<&str> {
        self.settings
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn interpreter(&self) -> PathBuf {
        let names = ["python", "python3"].map(|name| self.prefix.join("bin").join(name));
        names
            .iter()
            .find(|path| path.exists())
            .unwrap_or(&names[0])
            .clone()
    }

    /// The version, by the first that tells: the environment's settings, conda's list of packages, the interpreter.
    pub(crate) fn version(&self, request: &Request, deadline: &Deadline) -> Option<String> {
        let written = self
            .setting("version")
            .or_else(|| self.setting("version_info"));
        let written =
            written.map(|version| version.split('.').take(3).collect::<Vec<_>>().join("."));
        written.or_else(|| conda_version(&self.prefix)).or_else(|| {
            let mut command = Command::new(self.interpreter());
            let variables = request.variables.iter().map(|(name, value)| (name, value));
            command
                .arg("-V")
                .env_clear()
                .envs(variables)
                .stdin(Stdio::null());
            let printed = command::read(&mut command, deadline.step(VERSION), 1 << 10).ok()?;
            let printed = String::from_utf8_lossy(&printed);
            printed.trim().strip_prefix("Python ").map(str::to_owned)
        })
    }

    /// Folders of packages that an import searches.
    pub(crate) fn packages(&self, request: &Request) -> Vec<PathBuf> {
        let mut folders = below(&self.prefix);
        let sees_system = self.setting("include-system-site-packages") == Some("true");
        if let Some(home) = self.setting("home").filter(|_| sees_system) {
            folders.extend(Path::new(home).parent().map(below).unwrap_or_default());
        }
        if self.kind == "system" {
            folders.extend(below(&self.prefix.join("local")));
            folders.extend(
                request
                    .variable_path("HOME")
                    .map(|home| below(&home.join(".local")))
                    .unwrap_or_default(),
            );
        }
        folders
    }

    /// `version`, `implementation`, `kind`, `prefix`.
    pub(crate) fn document(&self, request: &Request, deadline: &Deadline) -> Value {
        let mut python = Map::new();
        python.insert("kind".to_owned(), self.kind.into());
        python.insert(
            "prefix".to_owned(),
            self.prefix.display().to_string().into(),
        );
        let implementation = self
            .setting("implementation")
            .unwrap_or("cpython")
            .to_lowercase();
        python.insert("implementation".to_owned(), implementation.into());
        if let Some(version) = self.version(request, deadline) {
            python.insert("version".to_owned(), version.into());
        }
        Value::Object(python)
    }
}

/// `site-packages` and `dist-packages` of every version below `prefix`, in the order of their names.
fn below(prefix: &Path) -> Vec<PathBuf> {
    let names = std::fs::read_dir(prefix.join("lib")).into_iter().flatten();
    let mut folders: Vec<PathBuf> = names
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"))
        .flat_map(|entry| ["site-packages", "dist-packages"].map(|name| entry.path().join(name)))
        .filter(|folder| folder.is_dir())
        .collect();
    folders.sort();
    folders
}

/// `conda-meta/python-3.11.7-h955ad1f_0.json`: the name says it.
fn conda_version(prefix: &Path) -> Option<String> {
    let names = std::fs::read_dir(prefix.join("conda-meta")).ok()?;
    names.filter_map(Result::ok).find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let version = name.strip_prefix("python-")?.split('-').next()?;
        version
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| version.to_owned())
    })
}
