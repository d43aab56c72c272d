//! Where a picture goes, and in which form.
//!
//! Invariant: a file gets its name when all of it is on its disk, so nobody ever reads half a picture.

use std::fs::{Permissions, metadata};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::failure::{Failure, Outcome, file_failure};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileForm {
    Svg,
    Png,
}

impl FileForm {
    pub fn name(self) -> &'static str {
        match self {
            FileForm::Svg => "svg",
            FileForm::Png => "png",
        }
    }
}

#[derive(Debug)]
pub enum Target {
    File(PathBuf),
    Stdout,
    /// Nothing is written: it is only said what would be.
    Nowhere,
}

#[derive(Debug)]
pub struct Place {
    pub target: Target,
    pub form: FileForm,
}

impl Place {
    /// `is_told` when what was drawn is to be said on stdout.
    pub fn of(output: Option<&Path>, format: Option<FileForm>, is_told: bool) -> Outcome<Place> {
        let is_stdout = output.is_none_or(|path| path.as_os_str() == "-");
        if is_stdout {
            let target = match (is_told, output) {
                (false, _) => Target::Stdout,
                (true, None) => Target::Nowhere,
                (true, Some(_)) => {
                    let what = "stdout cannot be the picture and what is said of it";
                    return Err(Failure::usage(what)
                        .hint("-o FILE.svg, or leave out --json")
                        .into());
                }
            };
            let form = match (format, &target) {
                (Some(form), _) => form,
                (None, Target::Nowhere) => FileForm::Svg,
                (None, _) => {
                    let what = match output {
                        Some(_) => "stdout has no ending that says the form of the picture",
                        None => "it is not said where the picture goes",
                    };
                    return Err(Failure::usage(what)
                        .hint("-o FILE.svg or -o FILE.png; --format svg writes to stdout")
                        .into());
                }
            };
            return Ok(Place { target, form });
        }
        let path = output.unwrap_or(Path::new("-"));
        Ok(Place {
            form: format.map_or_else(|| form_of(path), Ok)?,
            target: Target::File(path.to_owned()),
        })
    }

    pub fn name(&self) -> Option<String> {
        match &self.target {
            Target::File(path) => Some(path.display().to_string()),
            Target::Stdout | Target::Nowhere => None,
        }
    }

    /// Whether there is anything to write, and not only to say.
    pub fn is_written(&self) -> bool {
        !matches!(self.target, Target::Nowhere)
    }

    pub fn write(&self, bytes: &[u8]) -> Outcome<()> {
        match &self.target {
            Target::Nowhere => Ok(()),
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                Ok(stdout.flush()?)
            }
            Target::File(path) => Ok(write_file(path, bytes)?),
        }
    }
}

/// What the ending says.
fn form_of(path: &Path) -> Result<FileForm, Failure> {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    let hint = "end it in .svg or .png, or say --format svg";
    match ending.as_deref() {
        Some("svg") => Ok(FileForm::Svg),
        Some("png") => Ok(FileForm::Png),
        Some(other) => {
            let what = format!("{}: a picture is no .{other} file", path.display());
            Err(Failure::usage(what).hint(hint))
        }
        None => {
            let what = format!("{} has no ending that says the form", path.display());
            Err(Failure::usage(what).hint(hint))
        }
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let fail = |error: &io::Error| file_failure("write", path, error);
    if metadata(path).is_ok_and(|known| known.is_dir()) {
        return Err(
            Failure::usage(format!("{} is a folder", path.display())).hint("name a file in it")
        );
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let draft = tempfile::Builder::new()
        .prefix(".mltrack-plot-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder);
    let mut draft =
        draft.map_err(|error| fail(&error).hint("make the folder, or name another one"))?;
    draft.write_all(bytes).map_err(|error| fail(&error))?;
    draft.as_file().sync_all().map_err(|error| fail(&error))?;
    draft.persist(path).map_err(|error| fail(&error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_form() {
        assert_eq!(form_of(Path::new("a/b.SVG")).unwrap(), FileForm::Svg);
        let failure = form_of(Path::new("a.pdf")).unwrap_err();
        assert!(failure.what.contains(".pdf"), "{}", failure.what);
        assert!(form_of(Path::new("a")).is_err());
    }

    #[test]
    fn stdout_takes_one_thing() {
        assert!(Place::of(None, None, false).is_err());
        assert!(Place::of(Some(Path::new("-")), Some(FileForm::Png), true).is_err());
        let place = Place::of(None, None, true).unwrap();
        assert!(matches!(place.target, Target::Nowhere));
    }
}
