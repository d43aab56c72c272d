//! Files that another program writes below a folder, as every source of such files finds and reads them: what is there is
//! looked at anew for each pass.
//!
//! Invariants: what cannot be read is said and keeps nothing else from being read; unless they are followed, at least one
//! file is there.

pub(crate) mod reading;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mltrack::{Code, Error, Result};

use crate::report::Untaken;
use crate::source::unreadable;

/// What is found for a run.
pub(crate) trait Found: Sized {
    /// What the files are called, and what people are told who name something else, or a place without any.
    const FILES: &'static str;
    const HINT: &'static str;
    const NONE_HINT: &'static str;

    /// All of it at a place, in order; folders that cannot be read are told.
    fn find(root: &Path, unreadable: &mut impl FnMut(&Path, &io::Error)) -> io::Result<Vec<Self>>;

    /// The files of the run.
    fn files(&self) -> &[PathBuf];
}

/// A folder of such files, or a lone one.
#[derive(Debug)]
pub(crate) struct Followed<F> {
    pub root: PathBuf,
    /// Whether there need not be a file yet, and a record that is not whole is awaited.
    pub goes_on: bool,
    pub len_total: u64,
    pub untaken: Vec<Untaken>,
    found: std::vec::IntoIter<F>,
    is_fresh: bool,
}

impl<F: Found> Followed<F> {
    /// Errors: `NOT_FOUND` when there is nothing, `VALIDATION_ERROR` for what is neither a folder nor a file,
    /// `IO_ERROR` for what cannot be read.
    pub fn open(root: &Path, goes_on: bool) -> Result<Followed<F>> {
        let root = fs::canonicalize(root).map_err(|error| unreadable(root, &error))?;
        let kind = fs::metadata(&root).map_err(|error| unreadable(&root, &error))?;
        if !kind.is_dir() && !kind.is_file() {
            let what = format!("{} is neither a folder nor a file", root.display());
            return Err(Error::new(Code::ValidationError, what).with_hint(F::HINT));
        }
        let mut opened = Followed {
            root,
            goes_on,
            len_total: 0,
            untaken: Vec::new(),
            found: Vec::new().into_iter(),
            is_fresh: false,
        };
        opened.look()?;
        if opened.found.len() == 0 && !goes_on {
            let what = format!("{} has no {}", opened.root.display(), F::FILES);
            return Err(Error::new(Code::NotFound, what).with_hint(F::NONE_HINT));
        }
        Ok(opened)
    }

    /// Finds what is there now.
    fn look(&mut self) -> Result<()> {
        let untaken = &mut self.untaken;
        let found = F::find(&self.root, &mut |path, error| {
            untaken.extend(not_read("folder", path, error));
        });
        let found = found.map_err(|error| unreadable(&self.root, &error))?;
        let files = found.iter().flat_map(F::files);
        let lens = files.filter_map(|file| Some(fs::metadata(file).ok()?.len()));
        self.len_total = lens.sum();
        self.found = found.into_iter();
        self.is_fresh = true;
        Ok(())
    }

    /// What comes next; behind the last one it begins anew.
    pub fn next(&mut self) -> Result<Option<F>> {
        if !self.is_fresh {
            self.look()?;
        }
        let next = self.found.next();
        self.is_fresh = next.is_some();
        Ok(next)
    }
}

/// What is said of a place that cannot be read; of one that went away meanwhile nothing.
pub(crate) fn not_read(what: &str, path: &Path, error: &io::Error) -> Option<Untaken> {
    let why = format!("cannot be read: {error}");
    let is_gone = error.kind() == io::ErrorKind::NotFound;
    (!is_gone).then(|| Untaken::damaged(what, path.to_string_lossy(), &why))
}

/// What is said of a file that is not the one of the mark.
pub(crate) fn replaced(path: &Path) -> Untaken {
    let why = "it is read from its beginning, beside what was taken of the one before";
    Untaken::noted("a file that was replaced", path.to_string_lossy(), why)
}
