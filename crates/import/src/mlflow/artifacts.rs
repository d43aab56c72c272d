//! Artifacts of `MLflow`'s runs: where they lie, and which files that are.
//!
//! Invariants: a place that is not on this machine is recorded and nothing else; files come in the order of their names,
//! and one that is as it was when it was taken is not taken again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use mltrack::WallTime;
use percent_encoding::percent_decode_str;

use super::mark::{Mark, Of};
use super::tree;
use crate::chunk::{Chunk, Content, PastArtifact};
use crate::report::Untaken;

/// A run's list of artifacts has no more than this: it is in the run's mark.
const FILES_MAX: usize = 20_000;
/// A chunk has so many, in about so many bytes.
const CHUNK_FILES_MAX: usize = 256;
const CHUNK_LEN_MAX: u64 = 64 << 20;

/// Artifacts of a run that are still to be looked at.
#[derive(Debug)]
pub(super) struct Artifacts {
    files: std::vec::IntoIter<(String, PathBuf)>,
    copies: bool,
}

impl Artifacts {
    /// Those of the run whose artifacts lie at `uri`, or at `usual` when there is nothing.
    pub fn of(
        uri: Option<&str>,
        usual: Option<&Path>,
        root: &Path,
        copies: bool,
        run: &str,
        said: &mut Vec<Untaken>,
    ) -> Artifacts {
        let known = uri.and_then(|uri| folder(uri, root));
        let usual = usual.map(Path::to_owned);
        let found = [known, usual]
            .into_iter()
            .flatten()
            .find(|path| path.is_dir());
        if let (None, Some(uri), true) = (&found, uri, copies)
            && has_scheme(uri)
        {
            let why = "they are not on this machine; mlflow artifacts download brings them";
            said.push(Untaken::unsupported(
                format!("artifacts at {uri}"),
                run,
                why,
            ));
        }
        let mut files = found.map_or(Vec::new(), |folder| tree::files(&folder, said));
        if files.len() > FILES_MAX {
            let why = format!("of a run at most {FILES_MAX} are taken");
            let what = format!("{} artifacts", files.len() - FILES_MAX);
            said.push(Untaken::refused(what, run, &why));
            files.truncate(FILES_MAX);
        }
        Artifacts {
            files: files.into_iter(),
            copies,
        }
    }

    /// Takes what is new until the chunk is full. False when there is no more.
    pub fn read(&mut self, mark: &mut Mark, chunk: &mut Chunk, said: &mut Vec<Untaken>) -> bool {
        let mut len = 0;
        for (name, path) in self.files.by_ref() {
            let known = match fs::metadata(&path) {
                Ok(known) => known,
                Err(error) => {
                    let why = format!("cannot be read: {error}");
                    said.push(Untaken::damaged("artifact", path.to_string_lossy(), &why));
                    continue;
                }
            };
            let changed = known
                .modified()
                .ok()
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let changed_ns = changed.map_or(0, |since| since.as_nanos() as i64);
            let stamp = format!("{} {changed_ns} {}", known.len(), self.copies);
            if !mark.notice(Of::Artifacts, &name, &stamp) {
                continue;
            }
            len += known.len();
            chunk.artifacts.push(PastArtifact {
                path: name,
                step: None,
                time: WallTime(changed_ns),
                metadata: String::new(),
                content: if self.copies {
                    Content::File(path)
                } else {
                    Content::Link {
                        place: path.to_string_lossy().into_owned(),
                        len: known.len(),
                    }
                },
            });
            if chunk.artifacts.len() >= CHUNK_FILES_MAX || (self.copies && len >= CHUNK_LEN_MAX) {
                return true;
            }
        }
        false
    }
}

fn has_scheme(uri: &str) -> bool {
    uri.contains(":/") && !uri.starts_with("file:")
}

/// The folder that a URI names, if it is one on this machine. A proxied one lies where `mlflow server` puts it unless
/// it is told otherwise.
fn folder(uri: &str, root: &Path) -> Option<PathBuf> {
    if let Some(path) = uri.strip_prefix("mlflow-artifacts:") {
        let path = path
            .strip_prefix("//")
            .map_or(path, |rest| rest.split_once('/').map_or("", |it| it.1));
        return Some(root.join("mlartifacts").join(path.trim_start_matches('/')));
    }
    if let Some(path) = uri.strip_prefix("file:") {
        let path = path.strip_prefix("//localhost").unwrap_or(path);
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = percent_decode_str(path).decode_utf8().ok()?;
        return Some(root.join(path.as_ref()));
    }
    (!has_scheme(uri)).then(|| root.join(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_on_this_machine_are_folders_and_others_are_not() {
        for (uri, wanted) in [
            ("/a/b", Some("/a/b")),
            ("mlruns/1/x", Some("/r/mlruns/1/x")),
            ("file:///a%20b/c", Some("/a b/c")),
            (
                "mlflow-artifacts:/1/x/artifacts",
                Some("/r/mlartifacts/1/x/artifacts"),
            ),
            (
                "mlflow-artifacts://host:5000/1/x",
                Some("/r/mlartifacts/1/x"),
            ),
            ("s3://bucket/x", None),
        ] {
            assert_eq!(
                folder(uri, Path::new("/r")),
                wanted.map(PathBuf::from),
                "{uri}"
            );
        }
    }

    #[test]
    fn a_file_is_taken_once_linked_and_once_more_to_be_copied() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("ckpt")).unwrap();
        fs::write(root.path().join("ckpt/a.pt"), b"weights").unwrap();
        let (mut mark, mut said) = (Mark::default(), Vec::new());
        let uri = root.path().to_string_lossy().into_owned();
        let mut look = |copies| {
            let mut chunk = Chunk::default();
            let mut found = Artifacts::of(Some(&uri), None, Path::new("/"), copies, "x", &mut said);
            assert!(!found.read(&mut mark, &mut chunk, &mut said));
            chunk.artifacts
        };
        let linked = look(false);
        assert_eq!((linked[0].path.as_str(), linked.len()), ("ckpt/a.pt", 1));
        assert!(matches!(linked[0].content, Content::Link { len: 7, .. }));
        assert!(look(false).is_empty());
        assert!(matches!(look(true)[0].content, Content::File(_)));
        assert!(look(true).is_empty());
    }
}
