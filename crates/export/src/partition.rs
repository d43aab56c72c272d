//! Points in a folder of files, one for each experiment or run, as Hive names them: `exp=NAME/part-0.parquet`.
//!
//! Invariant: two names are never one folder, and no name leads out of the folder.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;

use crate::error::Result;
use crate::parquet_file::PointsFile;
use crate::place::NewFolder;
use crate::points::{Labels, Rows};

/// By what the files are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partition {
    /// By experiment.
    Experiment,
    /// By run.
    Run,
}

/// A folder of files that is being written. One of them is open at a time.
pub struct PartitionedFolder {
    folder: NewFolder,
    by: Partition,
    open: Option<(String, PointsFile<BufWriter<File>>)>,
    files: u64,
}

impl PartitionedFolder {
    /// Begins it.
    #[must_use]
    pub fn new(folder: NewFolder, by: Partition) -> PartitionedFolder {
        PartitionedFolder {
            folder,
            by,
            open: None,
            files: 0,
        }
    }

    /// Adds points of a metric. Those of one file must come one after another.
    pub fn points(&mut self, labels: &Labels<'_>, rows: Rows<'_>) -> Result {
        let name = match self.by {
            Partition::Experiment => folder_name("exp", labels.experiment),
            Partition::Run => folder_name("run", labels.run),
        };
        if self.open.as_ref().is_none_or(|(open, _)| *open != name) {
            self.close()?;
            let (file, shown) = self.folder.file(&format!("{name}/part-0.parquet"))?;
            let file = PointsFile::new(BufWriter::new(file), shown)?;
            self.open = Some((name, file));
            self.files += 1;
        }
        match &mut self.open {
            Some((_, file)) => file.points(labels, rows),
            None => Ok(()),
        }
    }

    /// Puts the folder in its place, and says how many files are in it.
    pub fn finish(mut self) -> Result<u64> {
        self.close()?;
        self.folder.keep()?;
        Ok(self.files)
    }

    fn close(&mut self) -> Result {
        if let Some((_, file)) = self.open.take() {
            file.finish()?;
        }
        Ok(())
    }
}

/// What a file system takes for one name.
const NAME_LEN_MAX: usize = 255;

/// `key=NAME`, with what a path or Hive could take for something else as `%` and two digits.
fn folder_name(key: &str, name: &str) -> String {
    let mut text = format!("{key}=");
    for character in name.chars() {
        match character {
            '"'
            | '#'
            | '%'
            | '\''
            | '*'
            | '/'
            | ':'
            | '='
            | '?'
            | '\\'
            | '\x7f'
            | '{'
            | '['
            | ']'
            | '^'
            | '\0'..='\x1f' => {
                write!(text, "%{:02X}", u32::from(character))
                    .expect("writing to a string cannot fail");
            }
            _ => text.push(character),
        }
    }
    if text.len() <= NAME_LEN_MAX {
        return text;
    }
    // What no file system takes is cut, and told apart by a hash; the column `experiment` has it whole.
    let cut = text.floor_char_boundary(NAME_LEN_MAX - 17);
    format!("{}~{:016x}", &text[..cut], hash(name.as_bytes()))
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_hive_does() {
        for (name, folder) in [
            ("resnet", "exp=resnet"),
            ("a/b=c d", "exp=a%2Fb%3Dc d"),
            ("..", "exp=.."),
            ("50%\n", "exp=50%25%0A"),
            ("größe", "exp=größe"),
        ] {
            assert_eq!(folder_name("exp", name), folder);
        }
    }

    #[test]
    fn names_that_are_too_long_are_cut_and_stay_apart() {
        let names = ["a", "b"].map(|end| folder_name("exp", &("ü".repeat(200) + end)));
        assert!(names.iter().all(|name| (240..=255).contains(&name.len())));
        assert_ne!(names[0], names[1]);
    }
}
