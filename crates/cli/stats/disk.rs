//! What the parts of a store take on disk.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::failure::{Outcome, file_failure};
use crate::output::quantity::bytes;

/// Bytes by part.
#[derive(Debug, Default)]
pub struct Disk {
    pub parts: BTreeMap<&'static str, u64>,
}

/// What a kernel counts blocks in, whatever the filesystem's own are.
const BLOCK_LEN: u64 = 512;

impl Disk {
    /// Others may be at work: what vanishes while it is looked at takes nothing.
    pub fn of(store: &Path) -> Outcome<Disk> {
        let mut disk = Disk::default();
        for entry in fs::read_dir(store).map_err(|error| file_failure("read", store, &error))? {
            let entry = entry.map_err(|error| file_failure("read", store, &error))?;
            let name = entry.file_name();
            let part = part_of(&name.to_string_lossy());
            let path = entry.path();
            match len_of(&path) {
                Ok(len) => *disk.parts.entry(part).or_default() += len,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(file_failure("read", &path, &error).into()),
            }
        }
        Ok(disk)
    }

    pub fn bytes(&self) -> u64 {
        self.parts.values().sum()
    }

    /// Of the log, packed or not.
    pub fn log_bytes(&self) -> u64 {
        let part = |name: &str| self.parts.get(name).copied().unwrap_or(0);
        part("log") + part("packs")
    }

    /// The largest parts first.
    pub fn text(&self) -> String {
        let mut parts: Vec<(&&str, &u64)> =
            self.parts.iter().filter(|(_, len)| **len > 0).collect();
        parts.sort_by_key(|(_, len)| std::cmp::Reverse(**len));
        let parts: Vec<String> = parts
            .iter()
            .map(|(name, len)| format!("{name} {}", bytes(**len)))
            .collect();
        format!("{}: {}", bytes(self.bytes()), parts.join(", "))
    }
}

/// The part of the store that a name in its folder belongs to.
fn part_of(name: &str) -> &'static str {
    const FOLDERS: [&str; 7] = [
        "index",
        "series",
        "snapshots",
        "spool",
        "trash",
        "artifacts",
        "quarantine",
    ];
    if let Some(folder) = FOLDERS.iter().find(|folder| **folder == name) {
        return folder;
    }
    match name.split_once('-') {
        Some(("seg", _)) => "log",
        Some(("pack", _)) => "packs",
        _ => "control",
    }
}

/// Of a file, or of everything in a folder.
fn len_of(path: &Path) -> io::Result<u64> {
    let facts = fs::symlink_metadata(path)?;
    if !facts.is_dir() {
        return Ok(facts.blocks() * BLOCK_LEN);
    }
    let mut total = 0;
    for entry in fs::read_dir(path)? {
        match len_of(&entry?.path()) {
            Ok(len) => total += len,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_belongs_to_a_part() {
        for (name, part) in [
            ("seg-00000000000000000001.log", "log"),
            ("pack-00000000000000000001-2.log", "packs"),
            ("index", "index"),
            ("BALLAST", "control"),
            ("ctl", "control"),
        ] {
            assert_eq!(part_of(name), part, "{name}");
        }
    }

    #[test]
    fn a_folder_takes_what_its_files_take() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("index")).unwrap();
        fs::write(folder.path().join("index/a"), vec![1; 100_000]).unwrap();
        fs::write(folder.path().join("seg-1.log"), b"").unwrap();
        // A hole takes no room.
        let hole = fs::File::create(folder.path().join("seg-2.log")).unwrap();
        hole.set_len(1 << 30).unwrap();
        let disk = Disk::of(folder.path()).unwrap();
        assert!(disk.parts["index"] >= 100_000, "{disk:?}");
        assert!(disk.log_bytes() < 1 << 20, "{disk:?}");
        assert_eq!(disk.bytes(), disk.parts.values().sum::<u64>());
    }
}
