//! Where readings come from: the files with which a system tells about itself, behind a trait that tests answer from
//! recordings.
//!
//! Invariant: what cannot be read is absent; nothing here waits.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The system's own files, as `/proc`, `/sys` and the folders of control groups hold them.
pub trait Machine: Send {
    /// Reads a file that is asked for again and again, such as `/proc/stat`, into `text`, whose content goes. False
    /// when it cannot be read.
    fn read(&mut self, path: &str, text: &mut Vec<u8>) -> bool;

    /// Reads a file that comes and goes, such as `/proc/17/stat`, likewise.
    fn read_once(&mut self, path: &str, text: &mut Vec<u8>) -> bool;

    /// The names in a folder; none when it cannot be read.
    fn list(&mut self, folder: &str, names: &mut Vec<String>);

    /// Whether there is a file or a folder of this name.
    fn is_there(&mut self, path: &str) -> bool;

    /// The room on the disk that holds `path`.
    fn disk(&mut self, path: &Path) -> Option<DiskSpace>;

    /// Bytes of a page of memory.
    fn page_len(&self) -> u64;

    /// Ticks of a process's clocks in a second.
    fn ticks_per_second(&self) -> u64;
}

/// The room on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSpace {
    /// Bytes of all of it.
    pub total: u64,
    /// Bytes that this user may still write.
    pub free: u64,
}

/// The machine that this program runs on.
#[derive(Debug, Default)]
pub struct ThisMachine {
    /// Files that are read again and again, open: finding them costs more than reading them.
    kept: HashMap<String, File>,
}

/// More than any of these files has in one piece; a longer one is read in several.
const PIECE_LEN: usize = 16 << 10;

impl ThisMachine {
    fn read_kept(&mut self, path: &str, text: &mut Vec<u8>) -> std::io::Result<()> {
        use std::os::unix::fs::FileExt as _;
        if !self.kept.contains_key(path) {
            self.kept.insert(path.to_owned(), File::open(path)?);
        }
        let file = &self.kept[path];
        loop {
            let filled = text.len();
            text.resize(filled + PIECE_LEN, 0);
            let got = file.read_at(&mut text[filled..], filled as u64)?;
            text.truncate(filled + got);
            if got == 0 {
                return Ok(());
            }
        }
    }
}

impl Machine for ThisMachine {
    fn read(&mut self, path: &str, text: &mut Vec<u8>) -> bool {
        text.clear();
        let is_read = self.read_kept(path, text).is_ok();
        if !is_read {
            // A file of a group or a device that is gone: the next try opens what has its name then.
            self.kept.remove(path);
            text.clear();
        }
        is_read
    }

    fn read_once(&mut self, path: &str, text: &mut Vec<u8>) -> bool {
        text.clear();
        text.resize(PIECE_LEN, 0);
        let got = File::open(path).and_then(|mut file| file.read(text));
        text.truncate(*got.as_ref().unwrap_or(&0));
        got.is_ok()
    }

    fn list(&mut self, folder: &str, names: &mut Vec<String>) {
        names.clear();
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        let found = entries.flatten().map(|entry| entry.file_name());
        names.extend(found.filter_map(|name| name.into_string().ok()));
    }

    fn is_there(&mut self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn disk(&mut self, path: &Path) -> Option<DiskSpace> {
        let room = rustix::fs::statvfs(path).ok()?;
        Some(DiskSpace {
            total: room.f_blocks.saturating_mul(room.f_frsize),
            free: room.f_bavail.saturating_mul(room.f_frsize),
        })
    }

    fn page_len(&self) -> u64 {
        rustix::param::page_size() as u64
    }

    fn ticks_per_second(&self) -> u64 {
        rustix::param::clock_ticks_per_second().max(1)
    }
}

/// What was read, as text; empty when it is none.
pub(super) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("")
}

/// The only number in a file, such as `memory.current`.
pub(super) fn number(machine: &mut dyn Machine, path: &str, buffer: &mut Vec<u8>) -> Option<u64> {
    if machine.read(path, buffer) {
        text(buffer).trim().parse().ok()
    } else {
        None
    }
}

/// The number behind a word at the beginning of a line, such as `MemTotal:` or `usage_usec`.
pub(super) fn number_of(text: &str, word: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(word)?;
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        rest.strip_prefix([' ', '\t'])?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_behind_their_word_and_no_longer_one() {
        let text = "MemFree:  1 kB\nMemTotal:       17 kB\nnr 4\nnr_throttled 5\n";
        assert_eq!(number_of(text, "MemTotal"), Some(17));
        assert_eq!(number_of(text, "nr"), Some(4));
        assert_eq!(number_of(text, "nr_throttled"), Some(5));
        assert_eq!(number_of(text, "Mem"), None);
    }

    #[test]
    fn a_file_that_is_read_again_and_again_is_read_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let name = path.to_str().unwrap();
        let (mut machine, mut text) = (ThisMachine::default(), Vec::new());
        assert!(!machine.read(name, &mut text));
        std::fs::write(&path, "one").unwrap();
        assert!(machine.read(name, &mut text));
        assert_eq!(text, b"one");
        std::fs::write(&path, "x".repeat(PIECE_LEN * 2)).unwrap();
        assert!(machine.read(name, &mut text));
        assert_eq!(text.len(), PIECE_LEN * 2);
        assert!(machine.read_once(name, &mut text));
        assert!(machine.disk(folder.path()).unwrap().total > 0);
    }
}
