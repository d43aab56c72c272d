//! The server under test as a process: started, killed, started again on the same port, and looked at from outside.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mltrack_log::door;

const START_MAX: Duration = Duration::from_mins(1);

pub struct Server {
    store: PathBuf,
    address: SocketAddr,
    process: Child,
}

/// What a process holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub descriptors: usize,
    pub maps: usize,
    pub memory_bytes: u64,
}

impl Usage {
    /// The greater of each.
    pub fn most(self, other: Usage) -> Usage {
        Usage {
            descriptors: self.descriptors.max(other.descriptors),
            maps: self.maps.max(other.maps),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
        }
    }
}

impl Server {
    pub fn start(place: &Path) -> Server {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        drop(listener);
        let store = place.join(".mltrack");
        let process = spawn(&store, address);
        let mut server = Server {
            store,
            address,
            process,
        };
        server.wait_until_it_listens();
        server
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn kill(&mut self) {
        self.process.kill().expect("the server can be killed");
        self.process.wait().expect("the server can be waited for");
    }

    pub fn start_again(&mut self) {
        self.process = spawn(&self.store, self.address);
        self.wait_until_it_listens();
    }

    /// Ends it as an administrator does; it must end well.
    pub fn stop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it is there");
        let status = self.process.wait().expect("the server can be waited for");
        assert!(status.success(), "it ended with {status}");
    }

    pub fn usage(&self) -> Usage {
        let process = PathBuf::from(format!("/proc/{}", self.process.id()));
        let count = |name: &str| fs::read_dir(process.join(name)).map_or(0, Iterator::count);
        let text = |name: &str| fs::read_to_string(process.join(name)).unwrap_or_default();
        let status = text("status");
        let anonymous = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:")?.split_whitespace().next());
        let kib: u64 = anonymous
            .and_then(|word| word.parse().ok())
            .unwrap_or_default();
        Usage {
            descriptors: count("fd"),
            maps: text("maps").lines().count(),
            memory_bytes: kib * 1024,
        }
    }

    fn wait_until_it_listens(&mut self) {
        let start = door::monotonic();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.process.try_wait().expect("it can be asked") {
                panic!("the server ended while it started: {status}");
            }
            assert!(
                door::monotonic() - start < START_MAX,
                "the server does not listen"
            );
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves no server behind; one that was stopped has ended already.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn spawn(store: &Path, address: SocketAddr) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mltrack"))
        .args(["serve", "--port", &address.port().to_string(), "--store"])
        .arg(store)
        .env_remove("MLTRACK_STORE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server can be started")
}

/// Files that look like something unfinished, and the bytes of everything.
pub fn left_in(folder: &Path) -> (Vec<PathBuf>, u64) {
    let (mut leftovers, mut bytes) = (Vec::new(), 0);
    for entry in fs::read_dir(folder)
        .expect("the store can be read")
        .flatten()
    {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            let (more, size) = left_in(&path);
            leftovers.extend(more);
            bytes += size;
        } else {
            if ["tmp", "partial", ".new", "spool"]
                .iter()
                .any(|word| name.contains(word))
            {
                leftovers.push(path);
            }
            // Blocks and not lengths: a segment is set aside in full and written piece by piece.
            bytes += entry.metadata().map_or(0, |data| {
                std::os::unix::fs::MetadataExt::blocks(&data) * 512
            });
        }
    }
    (leftovers, bytes)
}
