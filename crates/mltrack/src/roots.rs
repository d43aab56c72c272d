//! Where the bytes of artifacts and of data lie, and how the next process finds them.
//!
//! The file `roots.json` of a store lists the roots that were ever written to, those in force first; `docs/artifacts.md`
//! shows it. Without the file, everything lies in the folder `artifacts` of the store.
//!
//! Invariants: a root stands in the file before the first byte goes there, and never leaves it, so that nothing becomes
//! unreachable when another root is chosen; an address with a user, a password or a key in it is refused, so that no
//! credential is ever written down.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use mltrack_event::Root;
use mltrack_log::door;
use serde::{Deserialize, Serialize};

use crate::artifact_new::file_error;
use crate::builder::store_folder;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::roots_url::{is_remote, usable};
use crate::tracker::Tracker;

const FILE: &str = "roots.json";
const LOCK: &str = "roots.lock";
/// The folder in a store that is a root where no other was chosen.
const DEFAULT: &str = "artifacts";
/// What the file says of itself.
const KIND: &str = "mltrack roots 1";

/// The environment's choice, for each root.
const VARIABLES: [(Root, &str); 2] = [
    (Root::Artifacts, "MLTRACK_ARTIFACTS"),
    (Root::Data, "MLTRACK_DATA"),
];

/// Who chose a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootSource {
    /// The program, by [`Builder::artifacts`](crate::Builder::artifacts) or [`Builder::data`](crate::Builder::data).
    Builder,
    /// The environment, by `MLTRACK_ARTIFACTS` or `MLTRACK_DATA`.
    Variable,
    /// The store remembers it.
    Store,
    /// Nobody: the artifacts' root is inside the store, and data lie where artifacts do.
    Default,
}

impl RootSource {
    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            RootSource::Builder => "the program",
            RootSource::Variable => "environment",
            RootSource::Store => "remembered by the store",
            RootSource::Default => "default",
        }
    }
}

/// A root of a store that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RootPlace {
    /// Which of the two.
    pub root: Root,
    /// A folder or an address.
    pub url: String,
    /// Who chose it.
    pub source: RootSource,
}

/// The roots in force of the store at `path`, or in it: for artifacts, then for data. Opens neither.
///
/// Errors: `VALIDATION_ERROR` for an address in the environment that cannot be used, `CORRUPT` for a damaged list.
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # mltrack::Tracker::open(folder.path())?;
/// let [artifacts, data] = mltrack::artifact_roots(folder.path())?;
/// assert_eq!(artifacts.url, data.url);
/// # Ok(())
/// # }
/// ```
pub fn artifact_roots(path: impl AsRef<Path>) -> Result<[RootPlace; 2]> {
    let folder = std::path::absolute(store_folder(path.as_ref()))
        .map_err(|error| file_error(path.as_ref(), "cannot tell where this is", error))?;
    Roots::new(&folder, &Chosen::default())?.both()
}

/// What a program chose, if it did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    pub artifacts: Option<String>,
    pub data: Option<String>,
}

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    kind: String,
    /// By what a root knows whose blobs it holds: two stores that write to one root are told apart by it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    owner: String,
    /// The one in force first.
    artifacts: Vec<String>,
    data: Vec<String>,
}

/// The roots of one store, as one tracker sees them.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    folder: PathBuf,
    chosen: [Option<(String, RootSource)>; 2],
}

impl Roots {
    /// The roots of the store in `folder`. Errors: `VALIDATION_ERROR` for an address that cannot be used.
    pub fn new(folder: &Path, chosen: &Chosen) -> Result<Roots> {
        let of_environment = VARIABLES.map(|(_, name)| std::env::var(name).ok());
        Roots::of(folder, chosen, of_environment)
    }

    fn of(folder: &Path, chosen: &Chosen, of_environment: [Option<String>; 2]) -> Result<Roots> {
        let by_program = [&chosen.artifacts, &chosen.data];
        let mut taken = [None, None];
        for (at, variable) in of_environment.into_iter().enumerate() {
            let variable = variable.filter(|value| !value.is_empty());
            let wanted = match (by_program[at], variable) {
                (Some(url), _) => Some((url.clone(), RootSource::Builder)),
                (None, Some(url)) => Some((url, RootSource::Variable)),
                (None, None) => None,
            };
            if let Some((url, source)) = wanted {
                taken[at] = Some((usable(folder, &url)?, source));
            }
        }
        let (folder, chosen) = (folder.to_owned(), taken);
        Ok(Roots { folder, chosen })
    }

    /// The root in force, that new bytes go to.
    pub fn current(&self, root: Root) -> Result<RootPlace> {
        self.current_of(root, &self.known()?)
    }

    fn current_of(&self, root: Root, known: &Known) -> Result<RootPlace> {
        if let Some((url, source)) = &self.chosen[index(root)] {
            let (url, source) = (self.resolved(url), *source);
            return Ok(RootPlace { root, url, source });
        }
        let (url, source) = match (known.of(root).first(), root) {
            (Some(url), _) if url != DEFAULT => (self.resolved(url), RootSource::Store),
            (Some(url), _) => (self.resolved(url), RootSource::Default),
            (None, Root::Artifacts) => (self.resolved(DEFAULT), RootSource::Default),
            (None, Root::Data) => (
                self.current_of(Root::Artifacts, known)?.url,
                RootSource::Default,
            ),
        };
        Ok(RootPlace { root, url, source })
    }

    /// The roots in force: for artifacts, then for data.
    pub fn both(&self) -> Result<[RootPlace; 2]> {
        let known = self.known()?;
        let [artifacts, data] =
            [Root::Artifacts, Root::Data].map(|root| self.current_of(root, &known));
        Ok([artifacts?, data?])
    }

    /// Every root that may hold bytes of this one: the one in force first, then the former ones, then the other's.
    pub fn all(&self, root: Root) -> Result<Vec<String>> {
        let known = self.known()?;
        let other = if root == Root::Artifacts {
            Root::Data
        } else {
            Root::Artifacts
        };
        let mut urls = Vec::new();
        for root in [root, other] {
            urls.push(self.current_of(root, &known)?.url);
            urls.extend(known.of(root).iter().map(|url| self.resolved(url)));
        }
        urls.push(self.resolved(DEFAULT));
        let mut seen = std::collections::HashSet::new();
        urls.retain(|url| seen.insert(url.clone()));
        Ok(urls)
    }

    /// Sees to it that the root in force stands in the file, as its first. To be called before bytes go there.
    pub fn remember(&self, root: Root) -> Result<RootPlace> {
        let known = self.known()?;
        let place = self.current_of(root, &known)?;
        if place.url.starts_with("memory:") {
            return Ok(place);
        }
        let url = match (&self.chosen[index(root)], root) {
            (Some((url, _)), _) => url.clone(),
            (None, Root::Artifacts) if known.artifacts.is_empty() => DEFAULT.to_owned(),
            (None, Root::Data) if known.data.is_empty() => {
                // They lie where artifacts do, which may be a choice.
                self.remember(Root::Artifacts)?;
                return Ok(place);
            }
            (None, _) => return Ok(place),
        };
        if known.of(root).first() == Some(&url) {
            return Ok(place);
        }
        let lock = self.lock()?;
        let mut known = self.known()?;
        if known.owner.is_empty() {
            known.owner = format!("{:032x}", u128::from_le_bytes(door::random_bytes()));
        }
        let list = known.of_mut(root);
        list.retain(|other| *other != url);
        list.insert(0, url);
        self.write(&known)?;
        drop(lock);
        Ok(place)
    }

    /// Lets a store that was copied from this one find bytes where this one has them. Its own go to its own folder.
    pub fn lend_to(&self, copy: &Path) -> Result<()> {
        let mut known = Known::default();
        for root in [Root::Artifacts, Root::Data] {
            known.of_mut(root).push(DEFAULT.to_owned());
            known.of_mut(root).extend(self.all(root)?);
        }
        let (folder, chosen) = (copy.to_owned(), [None, None]);
        Roots { folder, chosen }.write(&known)
    }

    /// By what a root knows this store; `None` before anything was stored.
    pub fn owner(&self) -> Result<Option<String>> {
        let owner = self.known()?.owner;
        Ok((!owner.is_empty()).then_some(owner))
    }

    /// A root inside the store moves with it.
    fn resolved(&self, url: &str) -> String {
        if is_remote(url) || Path::new(url).is_absolute() {
            return url.to_owned();
        }
        self.folder.join(url).display().to_string()
    }

    fn known(&self) -> Result<Known> {
        let path = self.folder.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Known::default()),
            Err(error) => return Err(file_error(&path, "cannot be read", error)),
        };
        let known: Known = serde_json::from_slice(&bytes).map_err(|error| {
            let what = format!(
                "{}: {error}, so it is not known where artifacts lie",
                path.display()
            );
            Error::new(Code::Corrupt, what).with_hint(
                "write it again as docs/artifacts.md shows it, or restore it from a copy",
            )
        })?;
        if known.kind != KIND {
            let what = format!(
                "{}: it is of another version, {:?}",
                path.display(),
                known.kind
            );
            return Err(Error::new(Code::Unsupported, what).with_hint("use the newest mltrack"));
        }
        Ok(known)
    }

    fn lock(&self) -> Result<File> {
        let path = self.folder.join(LOCK);
        let locked = File::create(&path).and_then(|file| file.lock().map(|()| file));
        locked.map_err(|error| file_error(&path, "cannot be locked", error))
    }

    fn write(&self, known: &Known) -> Result<()> {
        let path = self.folder.join(FILE);
        let random: [u8; 8] = door::random_bytes();
        let aside = self
            .folder
            .join(format!("{FILE}.{:016x}", u64::from_le_bytes(random)));
        let known = Known {
            kind: KIND.to_owned(),
            ..known.clone()
        };
        let text = serde_json::to_string_pretty(&known).expect("lists of texts are JSON");
        let written = File::create_new(&aside)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&aside, &path))
            .and_then(|()| File::open(&self.folder)?.sync_all());
        written.map_err(|error| {
            fs::remove_file(&aside).ok();
            file_error(&path, "cannot be written", error)
        })
    }
}

impl Tracker {
    /// The roots in force, which new bytes go to: for artifacts, then for data. `None` when the tracker is disabled.
    ///
    /// Errors: `CORRUPT` for a damaged list of roots.
    pub fn artifact_roots(&self) -> Result<Option<[RootPlace; 2]>> {
        match self.store() {
            Some(store) => store.artifact_settings.roots.both().map(Some),
            None => Ok(None),
        }
    }
}

impl Known {
    fn of(&self, root: Root) -> &Vec<String> {
        match root {
            Root::Artifacts => &self.artifacts,
            Root::Data => &self.data,
        }
    }

    fn of_mut(&mut self, root: Root) -> &mut Vec<String> {
        match root {
            Root::Artifacts => &mut self.artifacts,
            Root::Data => &mut self.data,
        }
    }
}

fn index(root: Root) -> usize {
    match root {
        Root::Artifacts => 0,
        Root::Data => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(folder: &Path, artifacts: Option<&str>, data: Option<&str>) -> Roots {
        let chosen = Chosen {
            artifacts: artifacts.map(str::to_owned),
            data: data.map(str::to_owned),
        };
        Roots::of(folder, &chosen, [None, None]).unwrap()
    }

    fn urls(folder: &Path) -> (String, String) {
        let roots = roots(folder, None, None);
        let url = |root| roots.current(root).unwrap().url;
        (url(Root::Artifacts), url(Root::Data))
    }

    #[test]
    fn without_a_choice_everything_lies_in_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("artifacts").display().to_string();
        assert_eq!(urls(folder.path()), (inside.clone(), inside.clone()));
        let all = roots(folder.path(), None, None).all(Root::Data).unwrap();
        assert_eq!(all, std::slice::from_ref(&inside));
        roots(folder.path(), None, None)
            .remember(Root::Data)
            .unwrap();
        assert_eq!(urls(folder.path()), (inside.clone(), inside));
        let place = roots(folder.path(), None, None)
            .current(Root::Artifacts)
            .unwrap();
        assert_eq!(place.source, RootSource::Default);
    }

    #[test]
    fn a_store_keeps_one_owner_from_its_first_byte_on() {
        let folder = tempfile::tempdir().unwrap();
        let owner = || roots(folder.path(), None, None).owner().unwrap();
        assert_eq!(owner(), None);
        roots(folder.path(), None, None)
            .remember(Root::Artifacts)
            .unwrap();
        let first = owner().unwrap();
        assert_eq!(first.len(), 32);
        roots(folder.path(), Some("s3://two"), None)
            .remember(Root::Artifacts)
            .unwrap();
        assert_eq!(owner(), Some(first));
    }

    #[test]
    fn a_choice_is_remembered_when_it_is_first_written_to_and_former_roots_stay_known() {
        let folder = tempfile::tempdir().unwrap();
        let first = roots(folder.path(), Some("s3://one/prefix?region=eu"), None);
        let inside = folder.path().join("artifacts").display().to_string();
        assert_eq!(urls(folder.path()).0, inside, "nothing was written yet");
        first.remember(Root::Artifacts).unwrap();
        let one = "s3://one/prefix?region=eu".to_owned();
        assert_eq!(urls(folder.path()), (one.clone(), one.clone()));
        roots(folder.path(), Some("s3://two"), None)
            .remember(Root::Artifacts)
            .unwrap();
        roots(folder.path(), None, Some("s3://data"))
            .remember(Root::Data)
            .unwrap();
        assert_eq!(urls(folder.path()), ("s3://two".into(), "s3://data".into()));
        let all = roots(folder.path(), None, None).all(Root::Data).unwrap();
        assert_eq!(
            all,
            ["s3://data".to_owned(), "s3://two".into(), one, inside]
        );
    }

    #[test]
    fn the_program_wins_over_the_environment_and_that_over_the_store() {
        let folder = tempfile::tempdir().unwrap();
        roots(folder.path(), Some("s3://kept"), None)
            .remember(Root::Artifacts)
            .unwrap();
        let of_environment = || [Some("s3://env".to_owned()), Some(String::new())];
        let chosen = Chosen {
            artifacts: Some("s3://program".into()),
            data: None,
        };
        let current = |chosen: &Chosen| {
            let roots = Roots::of(folder.path(), chosen, of_environment()).unwrap();
            let place = roots.current(Root::Artifacts).unwrap();
            (place.url, place.source)
        };
        assert_eq!(
            current(&chosen),
            ("s3://program".into(), RootSource::Builder)
        );
        assert_eq!(
            current(&Chosen::default()),
            ("s3://env".into(), RootSource::Variable)
        );
        let kept = roots(folder.path(), None, None)
            .current(Root::Artifacts)
            .unwrap();
        assert_eq!(
            (kept.url.as_str(), kept.source),
            ("s3://kept", RootSource::Store)
        );
    }

    #[test]
    fn a_root_inside_the_store_moves_with_it_and_one_outside_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        fs::create_dir(&store).unwrap();
        let (inside, outside) = (store.join("blobs"), folder.path().join("outside"));
        roots(
            &store,
            Some(inside.to_str().unwrap()),
            Some(outside.to_str().unwrap()),
        )
        .remember(Root::Artifacts)
        .unwrap();
        roots(&store, None, Some(outside.to_str().unwrap()))
            .remember(Root::Data)
            .unwrap();
        let moved = folder.path().join("moved");
        fs::rename(&store, &moved).unwrap();
        let expected = (
            moved.join("blobs").display().to_string(),
            outside.display().to_string(),
        );
        assert_eq!(urls(&moved), expected);
    }

    #[test]
    fn a_damaged_file_is_named_and_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{").unwrap();
        let error = roots(folder.path(), None, None)
            .current(Root::Data)
            .unwrap_err();
        assert_eq!(error.code(), Code::Corrupt);
        assert!(error.to_string().contains(FILE), "{error}");
        fs::write(
            folder.path().join(FILE),
            r#"{"kind":"mltrack roots 9","artifacts":[],"data":[]}"#,
        )
        .unwrap();
        let error = roots(folder.path(), None, None)
            .all(Root::Data)
            .unwrap_err();
        assert_eq!(error.code(), Code::Unsupported);
    }
}
