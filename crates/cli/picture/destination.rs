//! Where a picture goes, and in which form.
//!
//! Invariant: a file gets its name when all of it is on its disk, so nobody ever reads half a picture; what is no file, such
//! as a device or a pipe, is written into.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::failure::{Failure, Outcome};
use crate::output::sink::{Sink, named};

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
        let Some(path) = named(output) else {
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
        };
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
        let path = match &self.target {
            Target::Nowhere => return Ok(()),
            Target::Stdout => None,
            Target::File(path) => Some(path.as_path()),
        };
        let mut sink = Sink::to(path)?;
        sink.write_all(bytes)?;
        sink.keep()
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
