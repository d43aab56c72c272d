//! Who listens on a port, as far as the system tells.
//!
//! Invariant: what cannot be found out is left out; nothing here fails.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// A process that listens.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: u32,
    /// What it was started as, such as `mltrack serve` or `python3`.
    pub program: String,
    /// Whether it has files of the store open.
    pub has_store: bool,
}

impl Holder {
    /// For people.
    pub fn text(&self) -> String {
        let store = if self.has_store { ", same store" } else { "" };
        format!("pid {} ({}{store})", self.pid, self.program)
    }
}

/// Who listens on the port of this address.
pub fn find(address: SocketAddr, store: &Path) -> Option<Holder> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|table| listening(&table, address.port()))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let pids = fs::read_dir("/proc").ok()?;
    let mut pids = pids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.find_map(|pid| {
        let files = open_files(pid);
        let listens = files.iter().any(|file| inodes.contains(file));
        listens.then(|| Holder {
            pid,
            program: program(pid),
            has_store: files.iter().any(|file| Path::new(file).starts_with(store)),
        })
    })
}

/// The inodes of the sockets in a table of the kernel that listen on a port.
fn listening(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let lines = table.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let local = words.get(1)?.rsplit(':').next()?;
        let is_it = words.get(3) == Some(&LISTEN) && u16::from_str_radix(local, 16) == Ok(port);
        is_it.then(|| words.get(9).map(|inode| (*inode).to_owned()))?
    });
    lines.collect()
}

/// What a process has open; nothing when it is another user's.
fn open_files(pid: u32) -> Vec<String> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|link| link.to_string_lossy().into_owned())
        .collect()
}

/// The program, and its command when it is ours.
fn program(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    named(&line)
}

/// The same of a command line, whose words end with zeros.
fn named(line: &[u8]) -> String {
    let words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let words: Vec<_> = words.collect();
    // An interpreter runs it in the package for Python: `python3 .../bin/mltrack`, `python3 -m mltrack`.
    let ours = words.iter().take(3).position(|word| is_ours(word));
    if ours.is_some_and(|at| words[at..].iter().any(|word| word == "serve")) {
        return "mltrack serve".to_owned();
    }
    let name = Path::new(&*words[0]).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn is_ours(word: &str) -> bool {
    let path = Path::new(word);
    path.ends_with("mltrack") || path.ends_with("mltrack/__main__.py")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_socket_is_found_by_its_port() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n   1: 0100007F:1388 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1\n   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1\n";
        assert_eq!(listening(table, 5000), ["4711"]);
        assert_eq!(listening(table, 80), ["4713"]);
        assert!(listening(table, 81).is_empty());
    }

    #[test]
    fn a_server_is_recognised_whatever_runs_it() {
        let named = |line: &str| named(line.replace(' ', "\0").as_bytes());
        for line in [
            "mltrack serve",
            "target/release/mltrack -C store serve",
            "python3 venv/bin/mltrack serve --read-only",
            "python3 -m mltrack serve",
            "python3 lib/mltrack/__main__.py serve",
        ] {
            assert_eq!(named(line), "mltrack serve", "{line}");
        }
        assert_eq!(named("bin/mltrack demo"), "mltrack");
        assert_eq!(named("bin/python3 train.py mltrack.py serve"), "python3");
        assert_eq!(named(""), "");
    }

    #[test]
    fn a_process_finds_itself() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = fs::File::create(folder.path().join("FORMAT")).unwrap();
        let found = find(listener.local_addr().unwrap(), folder.path()).unwrap();
        assert_eq!(found.pid, std::process::id());
        assert!(found.has_store);
        drop(file);
    }
}
