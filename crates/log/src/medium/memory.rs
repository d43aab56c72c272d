//! A disk in memory that can lose power: each file has a live and a durable image, told apart page by page.
//!
//! Several handles share one disk as processes share a folder; dropping a handle is that process's death.
//! [`MemoryDisk::crash_image`] gives what a power cut at this moment can leave, chosen by a seed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Control, Medium, MediumFile, Mode, Trust};
use crate::codec::checkpoint::FolderIdentity;
use crate::layout::LOCK_LIVENESS;

mod page;
mod power_cut;

use page::MemoryControl;

const PAGE_LEN: usize = 4096;

#[derive(Clone, Default)]
struct Content {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Pages whose sync failed: the kernel calls them clean, the disk never got them.
    lost: HashSet<usize>,
}

#[derive(Clone, Default)]
struct State {
    files: HashMap<u64, Content>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// Names that lead to another file since they were durable, by a rename: a power cut leaves the one or the other.
    replaced: HashSet<String>,
    next_file: u64,
}

#[derive(Default)]
struct Faults {
    capture: bool,
    captures: Vec<State>,
    fail_syncs: bool,
    capacity: Option<u64>,
}

struct Shared {
    state: Mutex<State>,
    faults: Mutex<Faults>,
    locks: Mutex<HashMap<u64, u64>>,
    /// Handles of killed processes, whose threads live on in the test's process.
    dead: Mutex<HashSet<u64>>,
    control: Arc<MemoryControl>,
    next_handle: AtomicU64,
    inode: u64,
}

/// A disk that outlives the processes on it.
#[derive(Clone)]
pub struct MemoryDisk(Arc<Shared>);

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryDisk {
    fn default() -> MemoryDisk {
        MemoryDisk::with_state(State::default(), 1)
    }
}

impl MemoryDisk {
    fn with_state(state: State, inode: u64) -> MemoryDisk {
        MemoryDisk(Arc::new(Shared {
            state: Mutex::new(state),
            faults: Mutex::default(),
            locks: Mutex::default(),
            dead: Mutex::default(),
            control: Arc::new(MemoryControl::new()),
            next_handle: AtomicU64::new(1),
            inode,
        }))
    }

    /// A handle of a process of its own.
    pub fn handle(&self) -> Arc<dyn Medium> {
        let number = self.0.next_handle.fetch_add(1, Ordering::Relaxed);
        Arc::new(MemoryMedium {
            disk: self.clone(),
            number,
        })
    }

    /// From now on keeps the state after every operation, for [`MemoryDisk::captured`].
    pub fn capture(&self) {
        guard(&self.0.faults).capture = true;
    }

    /// How many states were captured.
    pub fn captured_count(&self) -> usize {
        guard(&self.0.faults).captures.len()
    }

    /// What a power cut right after operation `number` can leave.
    #[must_use]
    pub fn crash_image_at(&self, number: usize, seed: u64) -> MemoryDisk {
        let state = guard(&self.0.faults).captures[number].clone();
        MemoryDisk::with_state(power_cut::crash(&state, seed), self.0.inode)
    }

    /// What a power cut now can leave: every page that was not synced is there, or old, or torn; names likewise.
    #[must_use]
    pub fn crash_image(&self, seed: u64) -> MemoryDisk {
        MemoryDisk::with_state(power_cut::crash(&guard(&self.0.state), seed), self.0.inode)
    }

    /// The folder as `cp -r` at this moment would make it: same bytes, another inode.
    #[must_use]
    pub fn copy(&self) -> MemoryDisk {
        let mut state = guard(&self.0.state).clone();
        for content in state.files.values_mut() {
            // The copy's pages are dirty ones of another file: a sync writes them, whatever became of the original's.
            content.lost.clear();
        }
        MemoryDisk::with_state(state, self.0.inode + 1)
    }

    /// The same folder after all processes that have it open for writing were killed: ctl stays as it is.
    /// Their handles must be forgotten and not dropped: whoever calls into one waits for ever.
    pub fn kill_all(&self) {
        let mut locks = guard(&self.0.locks);
        guard(&self.0.dead).extend(locks.values());
        locks.clear();
    }

    /// The thread of a killed process ends where it is, as far as a test's process can do that: it never goes on.
    fn check_alive(&self, handle: u64) {
        while guard(&self.0.dead).contains(&handle) {
            std::thread::park();
        }
    }

    /// Makes every sync fail, or work again.
    pub fn fail_syncs(&self, fail: bool) {
        guard(&self.0.faults).fail_syncs = fail;
    }

    /// Limits the bytes all files may allocate together.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        guard(&self.0.faults).capacity = bytes;
    }

    /// Changes bytes behind everybody's back, live and durable.
    pub fn corrupt(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = guard(&self.0.state);
        let id = state.names[name];
        let content = state.files.get_mut(&id).expect("a name leads to a file");
        change(&mut content.live);
        content.durable.clone_from(&content.live);
    }

    /// A file's live bytes.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let state = guard(&self.0.state);
        state
            .names
            .get(name)
            .map(|id| state.files[id].live.clone())
            .unwrap_or_default()
    }

    /// All file names.
    pub fn names(&self) -> Vec<String> {
        guard(&self.0.state).names.keys().cloned().collect()
    }

    fn done(&self) {
        let mut faults = guard(&self.0.faults);
        if faults.capture {
            let state = guard(&self.0.state).clone();
            faults.captures.push(state);
        }
    }
}

struct MemoryMedium {
    disk: MemoryDisk,
    number: u64,
}

impl Drop for MemoryMedium {
    fn drop(&mut self) {
        guard(&self.disk.0.locks).retain(|_, owner| *owner != self.number);
    }
}

fn not_found() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl Medium for MemoryMedium {
    fn path(&self) -> PathBuf {
        PathBuf::from("memory")
    }

    fn trust(&self) -> Trust {
        Trust::Mapped
    }

    fn open(&self, name: &str, mode: Mode) -> io::Result<Arc<dyn MediumFile>> {
        self.disk.check_alive(self.number);
        let id = match mode {
            Mode::Create(len) => self.create(name, len)?,
            _ => *guard(&self.disk.0.state)
                .names
                .get(name)
                .ok_or_else(not_found)?,
        };
        Ok(Arc::new(MemoryFile {
            disk: self.disk.clone(),
            handle: self.number,
            id,
        }))
    }

    fn open_segment(&self, name: &str) -> io::Result<Arc<dyn MediumFile>> {
        self.open(name, Mode::Write)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = if folder.is_empty() || folder == "." {
            String::new()
        } else {
            format!("{folder}/")
        };
        let state = guard(&self.disk.0.state);
        let inside = state
            .names
            .keys()
            .filter_map(|name| name.strip_prefix(&prefix));
        Ok(inside
            .filter(|name| !name.contains('/'))
            .map(str::to_owned)
            .collect())
    }

    fn make_folder(&self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.check_alive(self.number);
        {
            let mut state = guard(&self.disk.0.state);
            if state.names.contains_key(to) {
                return Err(io::Error::from(io::ErrorKind::AlreadyExists));
            }
            let id = state.names.remove(from).ok_or_else(not_found)?;
            state.names.insert(to.to_owned(), id);
        }
        self.disk.done();
        Ok(())
    }

    fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.check_alive(self.number);
        {
            let mut state = guard(&self.disk.0.state);
            let id = state.names.remove(from).ok_or_else(not_found)?;
            if state.names.insert(to.to_owned(), id).is_some() {
                state.replaced.insert(to.to_owned());
            }
        }
        self.disk.done();
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.check_alive(self.number);
        guard(&self.disk.0.state)
            .names
            .remove(name)
            .ok_or_else(not_found)?;
        self.disk.done();
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.disk.check_alive(self.number);
        {
            let mut state = guard(&self.disk.0.state);
            state.durable_names = state.names.clone();
            state.replaced.clear();
        }
        self.disk.done();
        Ok(())
    }

    fn identity(&self) -> io::Result<FolderIdentity> {
        Ok(FolderIdentity {
            device: 1,
            inode: self.disk.0.inode,
        })
    }

    fn is_in_place(&self) -> bool {
        true
    }

    fn control(&self, _is_writable: bool) -> io::Result<Arc<dyn Control>> {
        Ok(self.disk.0.control.clone())
    }

    fn try_lock(&self, byte: u64) -> io::Result<bool> {
        self.disk.check_alive(self.number);
        let mut locks = guard(&self.disk.0.locks);
        Ok(*locks.entry(byte).or_insert(self.number) == self.number)
    }

    fn unlock(&self, byte: u64) -> io::Result<()> {
        let mut locks = guard(&self.disk.0.locks);
        if locks.get(&byte) == Some(&self.number) {
            locks.remove(&byte);
        }
        Ok(())
    }

    fn is_held(&self, first: u64, len: u64) -> io::Result<bool> {
        let locks = guard(&self.disk.0.locks);
        debug_assert!(
            first >= LOCK_LIVENESS || len == 1,
            "only liveness is asked for in ranges"
        );
        Ok(locks
            .iter()
            .any(|(byte, owner)| *owner != self.number && (first..first + len).contains(byte)))
    }

    fn reopen(&self) -> io::Result<Arc<dyn Medium>> {
        Ok(self.disk.handle())
    }
}

impl MemoryMedium {
    fn create(&self, name: &str, len: u64) -> io::Result<u64> {
        let capacity = guard(&self.disk.0.faults).capacity;
        let id = {
            let mut state = guard(&self.disk.0.state);
            let used: usize = state
                .names
                .values()
                .map(|id| state.files[id].live.len())
                .sum();
            if capacity.is_some_and(|capacity| used as u64 + len > capacity) {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            if state.names.contains_key(name) {
                return Err(io::Error::from(io::ErrorKind::AlreadyExists));
            }
            state.next_file += 1;
            let id = state.next_file;
            let live = vec![0; len as usize];
            state.files.insert(
                id,
                Content {
                    live,
                    ..Content::default()
                },
            );
            state.names.insert(name.to_owned(), id);
            id
        };
        self.disk.done();
        Ok(id)
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    handle: u64,
    id: u64,
}

impl MemoryFile {
    fn with<T>(&self, act: impl FnOnce(&mut Content) -> T) -> T {
        let mut state = guard(&self.disk.0.state);
        act(state
            .files
            .get_mut(&self.id)
            .expect("files outlive their names"))
    }
}

impl MediumFile for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.with(|content| content.live.len() as u64))
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.check_alive(self.handle);
        self.with(|content| {
            let rest = content.live.get(offset as usize..).unwrap_or_default();
            let len = rest.len().min(bytes.len());
            bytes[..len].copy_from_slice(&rest[..len]);
            Ok(len)
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.check_alive(self.handle);
        self.with(|content| {
            let end = offset as usize + bytes.len();
            if content.live.len() < end {
                content.live.resize(end, 0);
            }
            content.live[offset as usize..end].copy_from_slice(bytes);
            for page in offset as usize / PAGE_LEN..end.div_ceil(PAGE_LEN) {
                content.lost.remove(&page);
            }
        });
        self.disk.done();
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.check_alive(self.handle);
        let fail = guard(&self.disk.0.faults).fail_syncs;
        self.with(|content| {
            let Content {
                live,
                durable,
                lost,
            } = content;
            let old = std::mem::replace(durable, live.clone());
            for start in (0..live.len()).step_by(PAGE_LEN) {
                let end = (start + PAGE_LEN).min(live.len());
                let before = old.get(start..end.min(old.len())).unwrap_or_default();
                if fail && before != &live[start..end] {
                    lost.insert(start / PAGE_LEN);
                }
                if lost.contains(&(start / PAGE_LEN)) {
                    durable[start..end].fill(0);
                    durable[start..start + before.len()].copy_from_slice(before);
                }
            }
        });
        self.disk.done();
        if fail {
            Err(io::Error::from_raw_os_error(libc::EIO))
        } else {
            Ok(())
        }
    }

    fn touch(&self) -> io::Result<()> {
        Ok(())
    }

    fn release(&self, offset: u64) {
        self.disk.check_alive(self.handle);
        self.with(|content| {
            if let Some(bytes) = content.live.get_mut(offset as usize..) {
                bytes.fill(0);
            }
        });
        self.disk.done();
    }

    fn populate(&self, _offset: u64, _len: u64) {}
}
