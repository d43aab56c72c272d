//! A real folder on systems other than Linux: `std` alone, plus a map of ctl.
//!
//! Byte locks are files in `locks/`, held by `File::try_lock`, which every supported system releases with its holder.
//! Segments are written, not mapped; waiting is polling. Built and tested on Linux, used elsewhere; it has not been
//! compiled on macOS or Windows by this project.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use memmap2::{MmapOptions, MmapRaw};

use super::{Control, Medium, MediumFile, Mode, Trust};
use crate::codec::checkpoint::FolderIdentity;
use crate::control::ControlPage;
use crate::door;
use crate::layout::{CTL_LEN, name};

const LOCKS: &str = "locks";
const POLL: Duration = Duration::from_micros(200);

/// A folder reached by its path.
pub struct PortableFolder {
    path: PathBuf,
    is_writable: bool,
    held: Mutex<HashMap<u64, File>>,
}

impl PortableFolder {
    /// Opens a folder that exists.
    pub fn open(path: &Path, is_writable: bool) -> io::Result<PortableFolder> {
        let path = std::path::absolute(path)?;
        if !path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        if is_writable {
            fs::create_dir_all(path.join(LOCKS))?;
            let lock = path.join(name::LOCK);
            if !lock.exists() {
                // The random content is what tells a folder from its copy where files have no numbers.
                fs::write(&lock, door::random_bytes::<16>())?;
            }
        }
        Ok(PortableFolder {
            path,
            is_writable,
            held: Mutex::default(),
        })
    }

    fn lock_path(&self, byte: u64) -> PathBuf {
        self.path.join(LOCKS).join(format!("{byte:x}"))
    }

    fn open_lock(&self, byte: u64) -> io::Result<File> {
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.lock_path(byte))
    }
}

impl Medium for PortableFolder {
    fn path(&self) -> PathBuf {
        self.path.clone()
    }

    fn trust(&self) -> Trust {
        Trust::Written
    }

    fn open(&self, name: &str, mode: Mode) -> io::Result<Arc<dyn MediumFile>> {
        let path = self.path.join(name);
        let file = match mode {
            Mode::Read => File::open(path)?,
            Mode::Write => File::options().read(true).write(true).open(path)?,
            Mode::Create(len) => {
                let file = File::options()
                    .read(true)
                    .write(true)
                    .create_new(true)
                    .open(path)?;
                write_zeros(&file, len)?;
                file
            }
        };
        Ok(Arc::new(PortableFile(file)))
    }

    fn open_segment(&self, name: &str) -> io::Result<Arc<dyn MediumFile>> {
        self.open(name, Mode::Write)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path.join(folder)) {
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
        fs::create_dir_all(self.path.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::hard_link(self.path.join(from), self.path.join(to))?;
        fs::remove_file(self.path.join(from))
    }

    fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        if cfg!(unix) {
            File::open(&self.path)?.sync_all()
        } else {
            Ok(())
        }
    }

    fn identity(&self) -> io::Result<FolderIdentity> {
        identity_of(&self.path.join(name::LOCK))
    }

    fn is_in_place(&self) -> bool {
        self.path.join(name::LOCK).exists()
    }

    fn control(&self, is_writable: bool) -> io::Result<Arc<dyn Control>> {
        let path = self.path.join(name::CTL);
        let file = if is_writable {
            let file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            if file.metadata()?.len() < CTL_LEN as u64 {
                write_zeros(&file, CTL_LEN as u64)?;
            }
            file
        } else {
            File::open(path)?
        };
        let mut options = MmapOptions::new();
        options.len(CTL_LEN);
        let map = if is_writable {
            options.map_raw(&file)?
        } else {
            options.map_raw_read_only(&file)?
        };
        Ok(Arc::new(PolledControl { map, is_writable }))
    }

    fn try_lock(&self, byte: u64) -> io::Result<bool> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains_key(&byte) {
            return Ok(true);
        }
        let file = self.open_lock(byte)?;
        match file.try_lock() {
            Ok(()) => {
                held.insert(byte, file);
                Ok(true)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn unlock(&self, byte: u64) -> io::Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&byte).map_or(Ok(()), |file| file.unlock())
    }

    fn is_held(&self, first: u64, len: u64) -> io::Result<bool> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for name in self.list(LOCKS)? {
            let Ok(byte) = u64::from_str_radix(&name, 16) else {
                continue;
            };
            if !(first..first + len).contains(&byte) || held.contains_key(&byte) {
                continue;
            }
            let file = File::open(self.lock_path(byte))?;
            match file.try_lock_shared() {
                Ok(()) => file.unlock()?,
                Err(TryLockError::WouldBlock) => return Ok(true),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(false)
    }

    fn reopen(&self) -> io::Result<Arc<dyn Medium>> {
        Ok(Arc::new(PortableFolder::open(
            &self.path,
            self.is_writable,
        )?))
    }
}

fn write_zeros(file: &File, len: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    let file = PortableFile(file.try_clone()?);
    let mut offset = 0;
    while offset < len {
        let chunk = ZEROS.len().min((len - offset) as usize);
        file.write_at(&ZEROS[..chunk], offset)?;
        offset += chunk as u64;
    }
    Ok(())
}

#[cfg(unix)]
fn identity_of(lock: &Path) -> io::Result<FolderIdentity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(lock)?;
    Ok(FolderIdentity {
        device: metadata.dev(),
        inode: metadata.ino(),
    })
}

#[cfg(not(unix))]
fn identity_of(lock: &Path) -> io::Result<FolderIdentity> {
    let created = fs::metadata(lock)?.created()?;
    let since = created
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Ok(FolderIdentity {
        device: 0,
        inode: since.as_nanos() as u64,
    })
}

struct PortableFile(File);

#[cfg(unix)]
fn read_some(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_some(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, offset)
}

#[cfg(unix)]
fn write_some(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_some(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}

impl MediumFile for PortableFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        read_some(&self.0, bytes, offset)
    }

    fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = write_some(&self.0, bytes, offset)?;
            bytes = &bytes[written..];
            offset += written as u64;
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn touch(&self) -> io::Result<()> {
        let seconds = Duration::from_nanos(u64::try_from(door::wall_time_ns()).unwrap_or(0));
        self.0.set_modified(SystemTime::UNIX_EPOCH + seconds)
    }

    fn release(&self, _offset: u64) {}

    fn populate(&self, _offset: u64, _len: u64) {}
}

struct PolledControl {
    map: MmapRaw,
    is_writable: bool,
}

impl Control for PolledControl {
    fn page(&self) -> &ControlPage {
        // SAFETY: the map is page-aligned, CTL_LEN long and lives as long as `self`; the page is all atomics, for
        // which every bit pattern is valid.
        #[expect(clippy::cast_ptr_alignment, reason = "a map starts at a page")]
        unsafe {
            &*self.map.as_ptr().cast::<ControlPage>()
        }
    }

    fn is_writable(&self) -> bool {
        self.is_writable
    }

    fn wait(&self, word: &AtomicU32, expected: u32, timeout: Duration) {
        let deadline = door::monotonic() + timeout;
        while word.load(Ordering::Acquire) == expected && door::monotonic() < deadline {
            std::thread::sleep(POLL.min(timeout));
        }
    }

    fn wake(&self, _word: &AtomicU32, _count: u32) {}
}

#[test]
fn a_store_on_the_portable_medium_is_written_read_and_reopened() {
    use crate::{Appended, Batch, Log, OpenOptions, Reader, Verdict};
    let folder = tempfile::tempdir().unwrap();
    let medium =
        || -> Arc<dyn Medium> { Arc::new(PortableFolder::open(folder.path(), true).unwrap()) };
    let options = OpenOptions {
        segment_len: 4096,
        ..OpenOptions::default()
    };
    let (log, _) = Log::on(medium(), options.clone()).unwrap();
    let (other, report) = Log::on(medium(), options.clone()).unwrap();
    assert_eq!(report.verdict, None, "somebody is alive");
    let mut batch = Batch::new();
    for number in 0..200u32 {
        batch.push(1, 1, None, &number.to_le_bytes()).unwrap();
        let writer = if number % 2 == 0 { &log } else { &other };
        assert!(matches!(
            writer.append(&mut batch).unwrap(),
            Appended::Visible { .. }
        ));
    }
    assert!(log.is_alive(other.writer().unwrap()).unwrap());
    other.close().unwrap();
    log.close().unwrap();
    let mut reader = Reader::on(medium()).unwrap();
    let mut count = 0;
    while let Some(records) = reader.next_batch().unwrap() {
        count += records.count();
    }
    assert_eq!((count, reader.verdict()), (200, Some(Verdict::Clean)));
}
