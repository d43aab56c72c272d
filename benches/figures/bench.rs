//! What every row is given: sizes, rounds, a folder to work in, and a place for its figures.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::arguments::Arguments;
use crate::figure::Figure;
use crate::{system, times};

/// A run of the figures.
pub struct Bench {
    pub is_quick: bool,
    is_json: bool,
    folder: TempDir,
    next_place: AtomicU64,
    clock_overhead_ns: f64,
}

/// A folder of one store or file, removed when the round is over.
pub struct Place {
    path: PathBuf,
}

impl Bench {
    pub fn new(arguments: Arguments) -> Result<Bench> {
        let Arguments {
            rows: _,
            is_quick,
            is_json,
            dir,
        } = arguments;
        fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
        let folder = tempfile::Builder::new().prefix("run-").tempdir_in(&dir)?;
        let clock_overhead_ns = times::clock_overhead_ns();
        Ok(Bench {
            is_quick,
            is_json,
            folder,
            next_place: 0.into(),
            clock_overhead_ns,
        })
    }

    /// `full` rounds of a real run, five of a quick one.
    pub fn rounds(&self, full: usize) -> usize {
        if self.is_quick { 5 } else { full }
    }

    pub fn size(&self, full: u64, quick: u64) -> u64 {
        if self.is_quick { quick } else { full }
    }

    /// A new empty folder on the filesystem that is measured.
    pub fn place(&self) -> Result<Place> {
        let number = self.next_place.fetch_add(1, Relaxed);
        let path = self.folder.path().join(number.to_string());
        fs::create_dir(&path)?;
        Ok(Place { path })
    }

    pub fn print_head(&self) -> Result<()> {
        if !self.is_json {
            println!("{}", system::machine(self.folder.path())?);
            println!(
                "clock: {:.0} ns a reading, in every single timing",
                self.clock_overhead_ns
            );
            let size = if self.is_quick {
                "quick: not to be quoted"
            } else {
                "full"
            };
            println!("size: {size}; a figure is the median of its rounds");
        }
        Ok(())
    }

    pub fn show(&self, row: &str, figure: &Figure) {
        if self.is_json {
            println!("{}", figure.json(row));
        } else {
            println!("{}", figure.line(row));
        }
    }
}

impl Place {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The store in this place.
    pub fn store(&self) -> PathBuf {
        self.path.join(".mltrack")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What stays goes with the run's folder.
        fs::remove_dir_all(&self.path).ok();
    }
}
