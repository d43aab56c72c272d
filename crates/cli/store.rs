//! Which store a command works on, and how that was decided.
//!
//! 1. `-C`, else `MLTRACK_STORE`, else the nearest `.mltrack` upward, else the user's store.
//! 2. Commands that look never create a store. Those that begin something create `./.mltrack` when
//!    none is found, and say so.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use mltrack::{Code, STORE_FOLDER, Tracker, is_store, store_folder};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::remote::address;

pub const VARIABLE: &str = "MLTRACK_STORE";

/// What named the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Option,
    Variable,
    /// The nearest folder upward that has one.
    Upward,
    User,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    pub source: Source,
}

impl Source {
    pub fn text(self) -> &'static str {
        match self {
            Source::Option => "-C",
            Source::Variable => VARIABLE,
            Source::Upward => "nearest .mltrack upward",
            Source::User => "user store",
        }
    }
}

/// What there is to decide by.
pub struct Surroundings<'a> {
    pub option: Option<&'a Path>,
    pub variable: Option<PathBuf>,
    pub folder: PathBuf,
    pub user_store: Option<PathBuf>,
}

impl Surroundings<'_> {
    pub fn of_process(option: Option<&Path>) -> Surroundings<'_> {
        let named = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let data =
            named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share")));
        Surroundings {
            option,
            variable: named(VARIABLE),
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            user_store: data.map(|data| data.join("mltrack/store")),
        }
    }

    /// The store that is meant. `None` when nothing names one and none is found.
    pub fn place(&self) -> Option<Place> {
        let named = |path: &Path, source| Place {
            path: store_folder(path),
            source,
        };
        if let Some(path) = self.option {
            return Some(named(path, Source::Option));
        }
        if let Some(path) = &self.variable {
            return Some(named(path, Source::Variable));
        }
        let upward = self
            .folder
            .ancestors()
            .map(|folder| folder.join(STORE_FOLDER))
            .find(|path| is_store(path));
        if let Some(path) = upward {
            return Some(Place {
                path: shown(path, &self.folder),
                source: Source::Upward,
            });
        }
        let user = self.user_store.clone().filter(|path| is_store(path))?;
        Some(Place {
            path: user,
            source: Source::User,
        })
    }
}

/// The short way to write a store that lies in the current folder.
fn shown(path: PathBuf, folder: &Path) -> PathBuf {
    match path.strip_prefix(folder) {
        Ok(rest) => Path::new(".").join(rest),
        Err(_) => path,
    }
}

fn refuse_url(option: Option<&Path>) -> Outcome<()> {
    match option.and_then(Path::to_str) {
        Some(text) if text.contains("://") => Err(address::refusal(text).into()),
        _ => Ok(()),
    }
}

/// The store to look at: it exists.
pub fn existing(context: &Context) -> Outcome<Place> {
    let surroundings = Surroundings::of_process(context.store.as_deref());
    refuse_url(surroundings.option)?;
    refuse_url(surroundings.variable.as_deref())?;
    match surroundings.place() {
        Some(place) if is_store(&place.path) => Ok(place),
        Some(place) => Err(Failure::new(
            Code::NotFound,
            format!("there is no store at {}", place.path.display()),
        )
        .cause(format!("named by {}", place.source.text()))
        .hint(format!("mltrack init {}", parent_of(&place.path).display()))
        .into()),
        None => Err(Failure::new(Code::NotFound, "there is no store here")
            .cause(format!(
                "no {STORE_FOLDER} in this folder or above it, and no user store"
            ))
            .hint("mltrack init")
            .into()),
    }
}

/// What `init` is told to make a store at `path`.
fn parent_of(path: &Path) -> PathBuf {
    if path.file_name().is_some_and(|name| name == STORE_FOLDER) {
        return path
            .parent()
            .filter(|path| !path.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
            .to_owned();
    }
    path.to_owned()
}

/// The store to begin something in: made when none is found.
pub fn for_beginning(context: &Context) -> Outcome<PathBuf> {
    let surroundings = Surroundings::of_process(context.store.as_deref());
    refuse_url(surroundings.option)?;
    refuse_url(surroundings.variable.as_deref())?;
    let path = surroundings
        .place()
        .map_or_else(|| Path::new(".").join(STORE_FOLDER), |place| place.path);
    if !is_store(&path) {
        context.note(&format!("creating a store in {}", path.display()));
    }
    Ok(path)
}

/// For reading: nobody's leave is needed and nothing is written.
pub fn open_to_look(context: &Context) -> Outcome<Tracker> {
    let place = existing(context)?;
    Ok(builder(&place.path).create(false).read_only(true).open()?)
}

/// About how many bytes of memory a server takes for the runs it has folded.
const SERVER_RUN_MEMORY: usize = 32 << 20;

/// For a server, which stays open while others make runs by the hundred thousand.
pub fn open_to_serve(context: &Context, is_read_only: bool) -> Outcome<Tracker> {
    let builder = if is_read_only {
        let place = existing(context)?;
        builder(&place.path).create(false).read_only(true)
    } else {
        quiet(&for_beginning(context)?)
    };
    let builder = builder.run_memory(SERVER_RUN_MEMORY);
    Ok(builder.quick_start().open()?)
}

/// A command is over in a moment: what it does to a run says nothing about the machine that the run is on.
fn quiet(path: &Path) -> mltrack::Builder {
    builder(path).no_system_metrics()
}

/// What every command opens a store with. The trail of what was done names this program, whatever runs it.
pub fn builder(path: impl AsRef<Path>) -> mltrack::Builder {
    Tracker::builder(path).command("mltrack")
}

/// For writing to a store that exists.
pub fn open_to_write(context: &Context) -> Outcome<Tracker> {
    let place = existing(context)?;
    Ok(quiet(&place.path).create(false).open()?)
}

/// For beginning something.
pub fn open_to_begin(context: &Context) -> Outcome<Tracker> {
    Ok(quiet(&for_beginning(context)?).open()?)
}

/// For beginning a run that others will feed: what is recorded as its command is the one that is running this one, if
/// that is a command which can be given again, such as a script.
pub fn open_to_begin_for_others(context: &Context) -> Outcome<Tracker> {
    let builder = quiet(&for_beginning(context)?).captured_command(command_around());
    Ok(builder.open()?)
}

/// The command line of the process that started this one; empty for a shell that somebody types into.
fn command_around() -> Vec<OsString> {
    let parent = std::os::unix::process::parent_id();
    let bytes = std::fs::read(format!("/proc/{parent}/cmdline")).unwrap_or_default();
    let words = bytes
        .strip_suffix(b"\0")
        .unwrap_or(&bytes)
        .split(|byte| *byte == 0);
    let words: Vec<OsString> = words
        .map(|word| OsStr::from_bytes(word).to_owned())
        .collect();
    let does_something = words.iter().skip(1).any(|word| {
        let word = word.as_encoded_bytes();
        word == b"-c" || !word.starts_with(b"-")
    });
    if does_something { words } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn make_store(path: &Path) {
        fs::create_dir_all(path).unwrap();
        fs::write(path.join("FORMAT"), b"").unwrap();
    }

    fn surroundings(folder: &Path) -> Surroundings<'static> {
        Surroundings {
            option: None,
            variable: None,
            folder: folder.to_owned(),
            user_store: Some(folder.join("user")),
        }
    }

    #[test]
    fn the_nearest_store_upward_is_found() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        make_store(&root.path().join(".mltrack"));
        let place = surroundings(&deep).place().unwrap();
        assert_eq!(
            place,
            Place {
                path: root.path().join(".mltrack"),
                source: Source::Upward
            }
        );
        let place = surroundings(root.path()).place().unwrap();
        assert_eq!(place.path, Path::new("./.mltrack"));
    }

    #[test]
    fn the_option_wins_over_the_variable_and_that_over_what_is_found() {
        let root = tempfile::tempdir().unwrap();
        make_store(&root.path().join(".mltrack"));
        let mut around = surroundings(root.path());
        around.variable = Some("v".into());
        assert_eq!(
            around.place(),
            Some(Place {
                path: "v".into(),
                source: Source::Variable
            })
        );
        around.option = Some(Path::new("o"));
        assert_eq!(
            around.place(),
            Some(Place {
                path: "o".into(),
                source: Source::Option
            })
        );
    }

    #[test]
    fn the_users_store_is_last_and_only_when_it_exists() {
        let root = tempfile::tempdir().unwrap();
        let around = surroundings(root.path());
        assert_eq!(around.place(), None);
        make_store(&root.path().join("user"));
        assert_eq!(around.place().unwrap().source, Source::User);
    }
}
