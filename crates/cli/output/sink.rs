//! Where an answer goes: to stdout, or into a file that gets its name when all of it is written.
//!
//! Invariants: what is named with `-o` is what it was, or the whole answer; what is no regular file, such as a device or
//! a pipe, is written into and never replaced; a link is followed; an error names the file.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use mltrack_export::NewFile;

use crate::export::stop;
use crate::failure::{Failure, Outcome, Stop, file_failure};

const BUFFER_LEN: usize = 1 << 16;
/// As many links in a row as the system follows.
const LINKS_MAX: usize = 40;
/// The next move when a file cannot be begun.
const PLACE_HINT: &str = "make the folder, or name another file";

/// Bytes on their way. A file is nothing until it is kept.
#[must_use = "a file that is not kept is gone"]
pub struct Sink {
    out: Box<dyn Write>,
    file: Option<NewFile>,
}

impl Sink {
    pub fn of(out: impl Write + 'static) -> Sink {
        Sink {
            out: Box::new(BufWriter::with_capacity(BUFFER_LEN, out)),
            file: None,
        }
    }

    /// A `LineWriter` inside stdout would flush every line, so it is buffered again.
    pub fn stdout() -> Sink {
        Sink::of(io::stdout())
    }

    /// The file at this path when it is kept, and stdout without one.
    pub fn to(path: Option<&Path>) -> Outcome<Sink> {
        let Some(path) = path else {
            return Ok(Sink::stdout());
        };
        let file = begin(path)?;
        let out = Named::new(file.file().map_err(stop)?, path);
        Ok(Sink {
            file: Some(file),
            ..Sink::of(out)
        })
    }

    /// The same for an answer without an end: whoever looks at the file sees what came so far.
    pub fn growing(path: Option<&Path>) -> Outcome<Sink> {
        let Some(path) = path else {
            return Ok(Sink::stdout());
        };
        let file = File::create(path)
            .map_err(|error| file_failure("create", path, &error).hint(PLACE_HINT))?;
        Ok(Sink::of(Named::new(file, path)))
    }

    /// All of it is written.
    pub fn keep(mut self) -> Outcome<()> {
        self.out.flush()?;
        match self.file {
            Some(file) => keep(file),
            None => Ok(()),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The path that was given, unless it is `-`, which is stdout.
pub fn named(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| path.as_os_str() != "-")
}

/// Begins what replaces the file at a path. Whoever might read the old one may read the new one, and nobody else.
pub fn begin(path: &Path) -> Outcome<NewFile> {
    let known = fs::metadata(path);
    if known.as_ref().is_ok_and(fs::Metadata::is_dir) {
        let what = format!("{} is a folder", path.display());
        return Err(Failure::usage(what).hint("name a file in it").into());
    }
    let target = match &known {
        Ok(_) => path.to_owned(),
        Err(_) => end_of_links(path),
    };
    let file = NewFile::at(&target).map_err(|error| match stop(error) {
        Stop::Failed(failure) if failure.hint.is_none() => failure.hint(PLACE_HINT).into(),
        stop => stop,
    })?;
    if let Ok(known) = known
        && known.is_file()
    {
        let draft = file.file().map_err(stop)?;
        draft
            .set_permissions(known.permissions())
            .map_err(|error| file_failure("create", path, &error).hint(PLACE_HINT))?;
    }
    Ok(file)
}

/// Puts a file in its place when it is on its disk.
fn keep(file: NewFile) -> Outcome<()> {
    let written = file.file().map_err(stop)?;
    // Devices and pipes have nothing to wait for, and some refuse to be asked.
    if written.metadata().is_ok_and(|known| known.is_file()) {
        written
            .sync_all()
            .map_err(|error| file_failure("write", file.target(), &error))?;
    }
    file.keep().map_err(stop)
}

/// Where a link leads, also when nothing is there yet.
pub fn end_of_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(next) = fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    path
}

/// A writer whose errors say what was written.
pub struct Named<W> {
    out: W,
    path: PathBuf,
}

/// An error of the system, and the file that it is about.
#[derive(Debug)]
pub struct Unwritten {
    pub path: PathBuf,
    pub source: io::Error,
}

impl<W> Named<W> {
    pub fn new(out: W, path: &Path) -> Named<W> {
        Named {
            out,
            path: path.to_owned(),
        }
    }

    fn wrap<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|source| {
            let path = self.path.clone();
            io::Error::new(source.kind(), Unwritten { path, source })
        })
    }
}

impl<W: Write> Write for Named<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.out.write(bytes);
        self.wrap(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.out.flush();
        self.wrap(done)
    }
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}: {}", self.path.display(), self.source)
    }
}

impl std::error::Error for Unwritten {}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn write(path: &Path, text: &str) {
        let mut sink = Sink::to(Some(path)).unwrap();
        sink.write_all(text.as_bytes()).unwrap();
        sink.keep().unwrap();
    }

    #[test]
    fn a_file_is_the_old_one_until_the_new_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let mut sink = Sink::to(Some(&path)).unwrap();
        sink.write_all(b"half").unwrap();
        drop(sink);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write(&path, "new");
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_is_followed_to_what_is_there_and_to_what_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        symlink("b", at("a")).unwrap();
        symlink("real", at("b")).unwrap();
        for text in ["first", "second"] {
            write(&at("a"), text);
            assert_eq!(fs::read_to_string(at("real")).unwrap(), text);
            assert!(at("a").is_symlink() && at("b").is_symlink());
        }
    }

    #[test]
    fn an_error_names_the_file() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut named = BufWriter::new(Named::new(Full, Path::new("x/y")));
        named.write_all(b"ab").unwrap();
        let Stop::Failed(failure) = Stop::from(named.flush().unwrap_err()) else {
            panic!("it is a failure");
        };
        assert_eq!(failure.what, "cannot write x/y");
        assert_eq!(failure.code, mltrack::Code::DiskFull);
        assert!(failure.hint.is_some());
    }
}
