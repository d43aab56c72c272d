//! A real folder on Linux: files opened relative to one kept descriptor, segments mapped, bytes locked per open file.
//!
//! Invariants: only files whose blocks `posix_fallocate` has allocated are mapped; no mapped file ever shrinks;
//! blocks are given back only behind a seal, where nobody writes any more;
//! every handle has an open file description of LOCK of its own, registered with `fork`.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use memmap2::{Advice, MmapOptions, MmapRaw};

use super::{Control, Medium, MediumFile, Mode, Trust, fork, system};
use crate::codec::checkpoint::FolderIdentity;
use crate::control::ControlPage;
use crate::layout::{CTL_LEN, name};

/// Magic numbers of the filesystems that are known, from statfs(2).
const FILESYSTEMS: [(u32, Trust); 6] = [
    (0xef53, Trust::Mapped),
    (0x5846_5342, Trust::Mapped),
    (0x0102_1994, Trust::Mapped),
    (0x9123_683e, Trust::Written),
    (0x2fc1_2fc1, Trust::Written),
    (0x794c_7630, Trust::Written),
];

/// A folder of a real filesystem.
pub struct Folder {
    path: PathBuf,
    descriptor: File,
    /// Declared before `lock`, so that the number is forgotten before it is closed and can be used again.
    registration: Option<fork::Registration>,
    lock: Option<File>,
    is_writable: bool,
    trust: Trust,
}

impl Folder {
    /// Opens a folder that exists. `trust` overrides what its filesystem's magic number says.
    pub fn open(path: &Path, is_writable: bool, trust: Option<Trust>) -> io::Result<Folder> {
        let path = std::path::absolute(path)?;
        let descriptor = File::options()
            .read(true)
            .custom_flags(libc::O_DIRECTORY)
            .open(&path)?;
        let trust = match trust {
            Some(trust) => trust,
            None => trust_of(system::filesystem_magic(&descriptor)?),
        };
        let mut folder = Folder {
            path,
            descriptor,
            lock: None,
            is_writable,
            trust,
            registration: None,
        };
        folder.open_lock()?;
        Ok(folder)
    }

    fn open_lock(&mut self) -> io::Result<()> {
        let flags = if self.is_writable {
            libc::O_RDWR | libc::O_CREAT
        } else {
            libc::O_RDONLY
        };
        let lock = match system::open_at(self.raw(), name::LOCK, flags, self.file_mode()) {
            Err(error) if !self.is_writable && error.kind() == io::ErrorKind::NotFound => {
                return Ok(());
            }
            result => result?,
        };
        self.registration = Some(fork::register(lock.as_raw_fd())?);
        self.lock = Some(lock);
        Ok(())
    }

    fn raw(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }

    fn file_mode(&self) -> u32 {
        self.descriptor
            .metadata()
            .map_or(0o644, |metadata| metadata.mode() & 0o666)
    }

    fn lock_file(&self) -> io::Result<&File> {
        self.lock
            .as_ref()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn create(&self, name: &str, len: u64) -> io::Result<File> {
        let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
        let file = system::open_at(self.raw(), name, flags, self.file_mode())?;
        if let Ok(metadata) = self.descriptor.metadata() {
            // A folder shared by a group keeps its files with that group; without the right to, they stay ours.
            std::os::unix::fs::fchown(&file, None, Some(metadata.gid())).ok();
        }
        if len > 0
            && let Err(error) = system::allocate(&file, len)
        {
            system::remove_at(self.raw(), name).ok();
            return Err(error);
        }
        Ok(file)
    }

    fn open_file(&self, name: &str, mode: Mode) -> io::Result<File> {
        match mode {
            Mode::Read => system::open_at(self.raw(), name, libc::O_RDONLY, 0),
            Mode::Write => system::open_at(self.raw(), name, libc::O_RDWR, 0),
            Mode::Create(len) => self.create(name, len),
        }
    }
}

fn trust_of(magic: u32) -> Trust {
    let known = FILESYSTEMS.iter().find(|(number, _)| *number == magic);
    known.map_or(Trust::SpoolOnly, |(_, trust)| *trust)
}

impl Folder {
    /// Maps a page of atomics, making its file when it is to be written.
    fn map_page(&self, name: &str, is_writable: bool) -> io::Result<Arc<dyn Control>> {
        let mode = if is_writable { Mode::Write } else { Mode::Read };
        let file = match self.open_file(name, mode) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_writable => {
                match self.create(name, CTL_LEN as u64) {
                    // Somebody else made it in between.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        self.open_file(name, mode)?
                    }
                    file => file?,
                }
            }
            file => file?,
        };
        if file.metadata()?.len() < CTL_LEN as u64 {
            if !is_writable {
                return Err(io::Error::from(io::ErrorKind::NotFound));
            }
            system::allocate(&file, CTL_LEN as u64)?;
        }
        let mut options = MmapOptions::new();
        options.len(CTL_LEN);
        let map = if is_writable {
            options.map_raw(&file)?
        } else {
            options.map_raw_read_only(&file)?
        };
        Ok(Arc::new(MappedControl { map, is_writable }))
    }

    fn volatile_folder(&self, is_made: bool) -> Option<Folder> {
        let FolderIdentity { device, inode } = self.identity().ok()?;
        // SAFETY: the call has no preconditions.
        let user = unsafe { libc::geteuid() };
        let path = PathBuf::from(format!("/dev/shm/mltrack-{user}-{device:x}-{inode:x}"));
        if is_made {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true).mode(0o700).create(&path).ok()?;
        }
        let is_ours = std::fs::symlink_metadata(&path).is_ok_and(|found| {
            found.is_dir() && found.uid() == user && found.mode().trailing_zeros() >= 6
        });
        is_ours
            .then(|| Folder::open(&path, false, Some(Trust::Written)))?
            .ok()
    }
}

impl Medium for Folder {
    fn path(&self) -> PathBuf {
        self.path.clone()
    }

    fn trust(&self) -> Trust {
        self.trust
    }

    fn open(&self, name: &str, mode: Mode) -> io::Result<Arc<dyn MediumFile>> {
        Ok(Arc::new(Plain(self.open_file(name, mode)?)))
    }

    fn open_segment(&self, name: &str) -> io::Result<Arc<dyn MediumFile>> {
        let file = self.open_file(name, Mode::Write)?;
        if self.trust != Trust::Mapped {
            return Ok(Arc::new(Plain(file)));
        }
        let map = MmapOptions::new().map_raw(&file)?;
        Ok(Arc::new(Mapped {
            plain: Plain(file),
            map,
        }))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let base = PathBuf::from(format!("/proc/self/fd/{}", self.raw()));
        let base = if base.exists() {
            base
        } else {
            self.path.clone()
        };
        let entries = match std::fs::read_dir(base.join(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    fn make_folder(&self, name: &str) -> io::Result<()> {
        let mode = self
            .descriptor
            .metadata()
            .map_or(0o755, |metadata| metadata.mode() & 0o7777);
        system::make_folder_at(self.raw(), name, mode)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        system::rename_at(self.raw(), from, to)
    }

    fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        system::replace_at(self.raw(), from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        system::remove_at(self.raw(), name)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.descriptor.sync_all()
    }

    fn identity(&self) -> io::Result<FolderIdentity> {
        let metadata = self.lock_file()?.metadata()?;
        Ok(FolderIdentity {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    fn is_in_place(&self) -> bool {
        let lock = std::fs::metadata(self.path.join(name::LOCK));
        match (lock, self.identity()) {
            (Ok(there), Ok(ours)) => (there.dev(), there.ino()) == (ours.device, ours.inode),
            _ => false,
        }
    }

    fn control(&self, is_writable: bool) -> io::Result<Arc<dyn Control>> {
        self.map_page(name::CTL, is_writable)
    }

    fn gate(&self, name: &str) -> Option<Arc<dyn Control>> {
        let folder = self.volatile_folder(true)?;
        folder.map_page(name, true).ok()
    }

    fn remove_gate(&self, name: &str) {
        if let Some(folder) = self.volatile_folder(false) {
            system::remove_at(folder.raw(), name).ok();
            // Refused while a spool lies in it.
            std::fs::remove_dir(&folder.path).ok();
        }
    }

    fn try_lock(&self, byte: u64) -> io::Result<bool> {
        system::try_lock(self.lock_file()?, byte)
    }

    fn unlock(&self, byte: u64) -> io::Result<()> {
        system::unlock(self.lock_file()?, byte)
    }

    fn is_held(&self, first: u64, len: u64) -> io::Result<bool> {
        self.lock
            .as_ref()
            .map_or(Ok(false), |lock| system::is_held(lock, first, len))
    }

    fn volatile(&self, is_made: bool) -> Option<Arc<dyn Medium>> {
        Some(Arc::new(self.volatile_folder(is_made)?))
    }

    fn reopen(&self) -> io::Result<Arc<dyn Medium>> {
        // Through the kept descriptor, because the program may have changed its folder and the store its path.
        let again = system::open_at(self.raw(), ".", libc::O_RDONLY | libc::O_DIRECTORY, 0)?;
        let mut folder = Folder {
            path: self.path.clone(),
            descriptor: again,
            lock: None,
            is_writable: self.is_writable,
            trust: self.trust,
            registration: None,
        };
        folder.open_lock()?;
        Ok(Arc::new(folder))
    }
}

struct Plain(File);

impl MediumFile for Plain {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.0.read_at(bytes, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn touch(&self) -> io::Result<()> {
        system::touch(&self.0)
    }

    fn release(&self, offset: u64) {
        // A filesystem that cannot keeps them allocated, which costs space and nothing else.
        system::release(&self.0, offset).ok();
    }

    fn next_data(&self, offset: u64) -> u64 {
        system::next_data(&self.0, offset)
    }

    fn populate(&self, _offset: u64, _len: u64) {}
}

struct Mapped {
    plain: Plain,
    map: MmapRaw,
}

impl MediumFile for Mapped {
    fn len(&self) -> io::Result<u64> {
        self.plain.len()
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.plain.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let end = usize::try_from(offset)
            .ok()
            .and_then(|offset| offset.checked_add(bytes.len()));
        if end.is_none_or(|end| end > self.map.len()) {
            return self.plain.write_at(bytes, offset);
        }
        // SAFETY: the range was checked against the map's length. Blocks are allocated, so the store cannot meet a
        // full disk; nothing shrinks a segment. What remains is what no mapping can exclude: a failing disk under a
        // page that must be read in first raises SIGBUS, and a foreign program may truncate the file. Other
        // processes read these bytes only below the published word, which is stored after them.
        unsafe {
            let target = self.map.as_mut_ptr().add(offset as usize);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len());
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.plain.sync()
    }

    fn touch(&self) -> io::Result<()> {
        self.plain.touch()
    }

    fn release(&self, offset: u64) {
        self.plain.release(offset);
    }

    fn next_data(&self, offset: u64) -> u64 {
        self.plain.next_data(offset)
    }

    fn populate(&self, offset: u64, len: u64) {
        let len = (self.map.len() as u64).saturating_sub(offset).min(len);
        if len > 0 {
            // Linux before 5.14 does not know the advice; the pages are then faulted in one by one.
            self.map
                .advise_range(Advice::PopulateWrite, offset as usize, len as usize)
                .ok();
        }
    }
}

struct MappedControl {
    map: MmapRaw,
    is_writable: bool,
}

impl Control for MappedControl {
    fn page(&self) -> &ControlPage {
        // SAFETY: the map is page-aligned, CTL_LEN long and lives as long as `self`; the page is all atomics, for
        // which every bit pattern is valid. A read-only map is never stored to: callers ask `is_writable`.
        #[expect(clippy::cast_ptr_alignment, reason = "a map starts at a page")]
        unsafe {
            &*self.map.as_ptr().cast::<ControlPage>()
        }
    }

    fn is_writable(&self) -> bool {
        self.is_writable
    }

    fn wait(&self, word: &AtomicU32, expected: u32, timeout: Duration) {
        system::futex_wait(word, expected, timeout);
    }

    fn wake(&self, word: &AtomicU32, count: u32) {
        system::futex_wake(word, count);
    }
}
