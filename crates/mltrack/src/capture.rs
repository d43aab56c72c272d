//! The environment of a run, captured when it starts: how much of it, and what it says.
//!
//! Invariants: one capture serves all runs that a process starts in a folder; it is made in the background and never holds
//! a run up; what looks like a secret is in none of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use mltrack_capture::{Request, environment, minimal, secrets};
use mltrack_event::Reproducible;
use mltrack_log::door;
use serde_json::Value;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::lock::guard;

/// Says how much is captured.
const MODE_VARIABLE: &str = "MLTRACK_CAPTURE";
/// Says what builds the program.
const SETUP_VARIABLE: &str = "MLTRACK_SETUP";

/// How much of the environment is recorded when a run starts; see [`Builder::capture`](crate::Builder::capture).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Capture {
    /// The machine, the program, its packages, its repository and the patch of what is not committed.
    #[default]
    Full,
    /// The machine and the command line. No program is started, and no code is kept.
    Minimal,
    /// Nothing.
    Off,
}

/// What a program said about captures.
#[derive(Clone, Debug, Default)]
pub(crate) struct CaptureSettings {
    pub mode: Option<Capture>,
    pub setup: Option<String>,
    /// What is recorded as the command line, instead of this process's.
    pub words: Option<Vec<OsString>>,
    /// What is recorded as the file of the program, instead of the one that this process runs.
    pub program: Option<PathBuf>,
}

/// The same, decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CaptureWish {
    pub mode: Capture,
    setup: Option<String>,
    words: Option<Vec<OsString>>,
    program: Option<PathBuf>,
    /// Makes the hash of the host's name another one in every store.
    host_key: [u8; 16],
}

impl CaptureSettings {
    /// What is in force: what the program said, else the environment, else everything.
    pub fn decide(self, host_key: [u8; 16]) -> Result<CaptureWish> {
        let mode = match self.mode {
            Some(mode) => mode,
            None => mode_of(std::env::var(MODE_VARIABLE).ok().as_deref())?,
        };
        let setup = self.setup.or_else(|| std::env::var(SETUP_VARIABLE).ok());
        Ok(CaptureWish {
            mode,
            setup: setup.filter(|setup| !setup.trim().is_empty()),
            words: self.words,
            program: self.program,
            host_key,
        })
    }
}

fn mode_of(word: Option<&str>) -> Result<Capture> {
    match word.map(str::trim) {
        None | Some("" | "full") => Ok(Capture::Full),
        Some("minimal") => Ok(Capture::Minimal),
        Some("off") => Ok(Capture::Off),
        Some(word) => {
            let what = format!("{MODE_VARIABLE} is {word:?}: set it to full, minimal or off");
            Err(Error::new(Code::ValidationError, what))
        }
    }
}

/// What was captured, as it is recorded.
#[derive(Debug)]
pub(crate) struct Captured {
    pub reproducible: Reproducible,
    pub summary: Vec<(String, String)>,
    pub left_out: Vec<String>,
    /// Name, path in the run, media type and bytes of each.
    pub documents: Vec<Document>,
}

/// A part of a capture that is kept as an artifact.
#[derive(Debug)]
pub(crate) struct Document {
    pub name: &'static str,
    pub path: &'static str,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

pub(crate) const ENVIRONMENT: &str = "environment";
pub(crate) const PATCH: &str = "patch";
pub(crate) const DEPENDENCIES: &str = "dependencies";

/// A capture that is made once, by whoever needs it first in the background.
pub(crate) struct Once {
    /// Taken where the run starts: later the process may have moved on.
    request: Mutex<Option<Request>>,
    wish: CaptureWish,
    captured: OnceLock<Captured>,
}

impl Once {
    /// The capture, made now when nobody has yet.
    pub fn get(&self) -> &Captured {
        self.captured.get_or_init(|| {
            let request = guard(&self.request).take();
            let request = request.unwrap_or_else(|| Request::of_this_process(door::monotonic));
            capture(&request, &self.wish)
        })
    }
}

type Key = (PathBuf, CaptureWish);

/// Captures of one process. A forked child has a link of its own: its parent's mutex may be held for ever.
struct OfProcess {
    process: u32,
    known: Mutex<Vec<(Key, Arc<Once>)>>,
    next: OnceLock<Box<OfProcess>>,
}

static CAPTURES: OnceLock<OfProcess> = OnceLock::new();

impl OfProcess {
    fn new(process: u32) -> OfProcess {
        OfProcess {
            process,
            known: Mutex::default(),
            next: OnceLock::new(),
        }
    }

    fn own() -> &'static OfProcess {
        let process = std::process::id();
        let mut link = CAPTURES.get_or_init(|| OfProcess::new(process));
        while link.process != process {
            link = link.next.get_or_init(|| Box::new(OfProcess::new(process)));
        }
        link
    }
}

/// The capture for a run that starts here and now. Takes microseconds: it is made later.
pub(crate) fn of_here(wish: &CaptureWish) -> Arc<Once> {
    let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let mut known = guard(&OfProcess::own().known);
    let found = known
        .iter()
        .find(|((known_folder, known_wish), _)| *known_folder == folder && known_wish == wish);
    if let Some((_, once)) = found {
        return Arc::clone(once);
    }
    let mut request = Request::of_this_process(door::monotonic);
    if let Some(words) = &wish.words {
        request.arguments.clone_from(words);
        request.executable = words.first().map(PathBuf::from);
    }
    if let Some(program) = &wish.program {
        request.executable = Some(program.clone());
    }
    let mut key = [0; 32];
    key[..16].copy_from_slice(&wish.host_key);
    request.host_key = Some(key);
    request.build = vec![("mltrack".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    let once = Arc::new(Once {
        request: Mutex::new(Some(request)),
        wish: wish.clone(),
        captured: OnceLock::new(),
    });
    known.push(((folder, wish.clone()), Arc::clone(&once)));
    once
}

fn capture(request: &Request, wish: &CaptureWish) -> Captured {
    let mut captured = match wish.mode {
        Capture::Full => environment(request),
        Capture::Minimal | Capture::Off => minimal(request),
    };
    let document = &mut captured.document;
    let mut summary = captured.summary;
    if let Some(folder) = folder_in_repository(document) {
        document["process"]["folder_in_repository"] = folder.clone().into();
        summary.push(("cwd.in_repository".to_owned(), folder));
    }
    if let Some(setup) = &wish.setup {
        let setup = secrets::mask(setup).into_owned();
        document["setup"] = setup.clone().into();
        summary.push(("setup".to_owned(), setup));
    }
    if wish.words.as_ref().is_some_and(Vec::is_empty) {
        // Nobody knows what feeds this run, so nothing can be run again.
        summary.retain(|(key, _)| key != "command");
    }
    summary.sort();
    let mut documents = vec![json_document(
        ENVIRONMENT,
        "mltrack/environment.json",
        document,
    )];
    if let Some(patch) = captured.patch.filter(|patch| !patch.is_empty()) {
        documents.push(Document {
            name: PATCH,
            path: "mltrack/code.patch",
            media_type: "text/x-diff",
            bytes: patch,
        });
    }
    if let Some(dependencies) = &captured.dependencies {
        let path = "mltrack/dependencies.json";
        documents.push(json_document(DEPENDENCIES, path, dependencies));
    }
    let left_out = captured.left_out.iter();
    Captured {
        reproducible: match captured.reproducible {
            mltrack_capture::Reproducible::Full => Reproducible::Full,
            mltrack_capture::Reproducible::Partial => Reproducible::Partial,
            mltrack_capture::Reproducible::No => Reproducible::No,
        },
        summary,
        left_out: left_out
            .map(|file| format!("{}: {}", file.path, file.why))
            .collect(),
        documents,
    }
}

fn json_document(name: &'static str, path: &'static str, value: &Value) -> Document {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    Document {
        name,
        path,
        media_type: "application/json",
        bytes: text.into_bytes(),
    }
}

/// Where in its repository the program was started; `.` for its top.
fn folder_in_repository(document: &Value) -> Option<String> {
    let root = document["git"]["root"].as_str()?;
    let folder = document["process"]["folder"].as_str()?;
    let inside = Path::new(folder).strip_prefix(root).ok()?;
    let inside = inside.display().to_string();
    Some(if inside.is_empty() {
        ".".to_owned()
    } else {
        inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_the_environment_is_one_of_three() {
        assert_eq!(mode_of(None).unwrap(), Capture::Full);
        assert_eq!(mode_of(Some("minimal")).unwrap(), Capture::Minimal);
        assert_eq!(mode_of(Some("off")).unwrap(), Capture::Off);
        let refused = mode_of(Some("ful")).unwrap_err();
        assert!(
            refused.to_string().contains("full, minimal or off"),
            "{refused}"
        );
    }

    #[test]
    fn runs_of_one_folder_share_a_capture_and_another_wish_has_its_own() {
        let wish = CaptureWish {
            mode: Capture::Minimal,
            setup: Some("make shared".into()),
            ..CaptureWish::default()
        };
        let other = CaptureWish {
            setup: None,
            ..wish.clone()
        };
        let first = of_here(&wish);
        assert!(Arc::ptr_eq(&first, &of_here(&wish)));
        assert!(!Arc::ptr_eq(&first, &of_here(&other)));
        let captured = first.get();
        let has = |key: &str, value: &str| {
            let pair = (key.to_owned(), value.to_owned());
            captured.summary.contains(&pair)
        };
        assert!(has("setup", "make shared"), "{:?}", captured.summary);
        assert!(captured.summary.is_sorted());
        assert_eq!(captured.documents.len(), 1);
    }

    #[test]
    fn a_secret_in_the_setup_is_masked() {
        let wish = CaptureWish {
            mode: Capture::Minimal,
            setup: Some("curl https://me:hunter2@host/x".into()),
            ..CaptureWish::default()
        };
        let once = of_here(&wish);
        let text = format!("{:?}", once.get());
        assert!(!text.contains("hunter2"), "{text}");
    }
}
