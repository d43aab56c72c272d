//! The beginning of a log as a store of its own.
//!
//! 1. It is a true beginning: records keep their lsns, writers and times, and sealed segments their files, byte for byte,
//!    so the chain of seals is that of the log it comes from.
//! 2. The new folder is whole or not there: it is filled under another name and gets its own at the end.
//! 3. A batch is in it whole or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalog::{Catalog, Entry, segment_path};
use crate::codec::frame::{Frame, Salt};
use crate::codec::segment::SegmentHeader;
use crate::error::{LogError, Result};
use crate::ids::Lsn;
use crate::layout::{FORMAT_LEN, FRAME_ALIGN, SEGMENT_HEADER_LEN, name, pack_name, segment_name};
use crate::medium::{Medium, MediumFile, Mode, read_file, read_full};
use crate::options::OpenOptions;
use crate::pack::Packer;
use crate::scan::Advance;
use crate::source::Source;
use crate::stored::Stored;
use crate::survey::read_footer;
use crate::unpack::{Packers, SegmentScan};

/// What was copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Prefix {
    /// The last record of the new store; `None` when it has none.
    pub last: Option<Lsn>,
    /// Segments that it has.
    pub segments: u64,
    /// Bytes that were written.
    pub bytes: u64,
}

const CHUNK_LEN: usize = 1 << 20;
/// A list of what is quarantined is short.
const MANIFEST_LEN_MAX: usize = 16 << 20;

/// Makes a store in `into`, which must not exist, of the log in `from` up to the last batch that ends at `last` or
/// before; `None`: of nothing. Others may go on writing. `on_progress` is told segments done and segments in all.
pub fn copy_prefix(
    from: &Path,
    into: &Path,
    last: Option<Lsn>,
    packers: &[Arc<dyn Packer>],
    on_progress: &mut dyn FnMut(u64, u64),
) -> Result<Prefix> {
    if fs::symlink_metadata(into).is_ok() {
        let source = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(LogError::io(into.to_owned(), "make the folder", source));
    }
    let medium = crate::start::medium_at(from, false, &OpenOptions::default())?;
    let draft = draft_of(into);
    let copied = copy(&medium, &draft, last, &packers.to_vec(), on_progress);
    let renamed = copied.and_then(|prefix| {
        fs::rename(&draft, into)
            .and_then(|()| sync_parent(into))
            .map_err(|error| LogError::io(into.to_owned(), "name the folder", error))?;
        Ok(prefix)
    });
    if renamed.is_err() {
        // What is left of it is no store: it has no FORMAT before all else is there.
        fs::remove_dir_all(&draft).ok();
    }
    renamed
}

fn draft_of(into: &Path) -> PathBuf {
    let mut name = into.as_os_str().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    PathBuf::from(name)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|path| !path.as_os_str().is_empty());
    fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn copy(
    medium: &Arc<dyn Medium>,
    draft: &Path,
    last: Option<Lsn>,
    packers: &Packers,
    on_progress: &mut dyn FnMut(u64, u64),
) -> Result<Prefix> {
    let format = crate::start::require_format(&**medium)?;
    let end = Source::open(Arc::clone(medium), format, packers.clone()).end()?;
    let mut catalog = Catalog::default();
    if end.base != 0 {
        catalog.refresh(&**medium, format.store, &end)?;
    }
    let next = last.map_or(1, |last| last.get().saturating_add(1));
    if let Some(missing) = catalog.missing().iter().find(|it| it.first_lsn < next) {
        return Err(corrupt(&**medium, missing.base, "the segment is missing"));
    }
    let entries = catalog.entries().iter();
    let entries: Vec<Entry> = entries
        .filter(|it| it.header.base < next)
        .copied()
        .collect();
    fs::create_dir(draft).map_err(|error| LogError::io(draft.into(), "make the folder", error))?;
    let into = crate::start::medium_at(draft, true, &OpenOptions::default())?;
    let mut copier = Copier {
        from: &**medium,
        into: &*into,
        packers,
        prefix: Prefix::default(),
    };
    for (done, entry) in entries.iter().enumerate() {
        copier.segment(entry, next)?;
        on_progress(done as u64 + 1, entries.len() as u64);
    }
    copier.small_files()?;
    Ok(copier.prefix)
}

fn corrupt(medium: &dyn Medium, base: u64, cause: &str) -> LogError {
    LogError::Corrupt {
        path: segment_path(medium, base),
        offset: 0,
        lsn: Lsn::new(base).unwrap_or(Lsn::FIRST),
        cause: cause.into(),
    }
}

struct Copier<'a> {
    from: &'a dyn Medium,
    into: &'a dyn Medium,
    packers: &'a Packers,
    prefix: Prefix,
}

impl Copier<'_> {
    /// One segment: its file, or its frames up to `next`.
    fn segment(&mut self, entry: &Entry, next: u64) -> Result<()> {
        let wrap = |error| LogError::io(segment_path(self.from, entry.header.base), "copy", error);
        let stored = crate::stored::open(self.from, entry.header.base).map_err(wrap)?;
        if entry.next_lsn <= next {
            self.whole(entry, stored)?;
            self.prefix.last = Lsn::new(entry.next_lsn - 1);
            self.prefix.segments += 1;
            return Ok(());
        }
        let mut scan = SegmentScan::open(
            self.from,
            &entry.header,
            u64::from(entry.end_offset),
            self.packers,
            &mut None,
        )
        .map_err(wrap)?;
        // It may have been packed in between, and what is open stays what it was.
        let end = match (&scan, stored) {
            (SegmentScan::Raw(_), Stored::Raw(file)) => {
                self.begin(entry, &file, &mut scan, next)?
            }
            _ => self.begin_packed(entry, &mut scan, next)?,
        };
        if end > entry.header.base {
            self.prefix.last = Lsn::new(end - 1);
            self.prefix.segments += 1;
        }
        Ok(())
    }

    fn whole(&mut self, entry: &Entry, stored: Stored) -> Result<()> {
        let base = entry.header.base;
        let wrap = |error| LogError::io(segment_path(self.from, base), "copy", error);
        match stored {
            Stored::Raw(file) => {
                let footer = read_footer(self.from, &entry.header, entry.end_offset);
                // Behind the frames of a segment without a footer nothing is certain.
                let len = match footer.map_err(wrap)? {
                    Some(_) => file.len().map_err(wrap)?,
                    None => u64::from(entry.end_offset),
                };
                self.file(&file, &segment_name(base), len)
            }
            Stored::Packed(pack) => {
                let name = pack_name(base, pack.footer.header.generation);
                self.file(&pack.file, &name, pack.len)
            }
            Stored::Broken { .. } => Err(corrupt(
                self.from,
                base,
                "the packed segment has a damaged header or footer",
            )),
        }
    }

    /// The bytes up to the last batch that is wanted; returns the lsn behind it.
    fn begin(
        &mut self,
        entry: &Entry,
        file: &Arc<dyn MediumFile>,
        scan: &mut SegmentScan,
        next: u64,
    ) -> Result<u64> {
        let base = entry.header.base;
        let (mut end, mut end_offset) = (base, SEGMENT_HEADER_LEN as u64);
        while self.step(scan, base)? && scan.next_lsn() <= next {
            (end, end_offset) = (scan.next_lsn(), scan.offset());
        }
        if end > base {
            self.file(file, &segment_name(base), end_offset)?;
        }
        Ok(end)
    }

    /// The batches of a packed segment as the frames that they were: headers and bodies have the lengths they had, so
    /// every place in it that something points to is where it was.
    fn begin_packed(&mut self, entry: &Entry, scan: &mut SegmentScan, next: u64) -> Result<u64> {
        let header = &entry.header;
        let mut bytes = header.encode().to_vec();
        let mut end = header.base;
        let mut frames = FrameWriter::new(header);
        while self.step(scan, header.base)? && scan.next_lsn() <= next {
            let frame = scan.current();
            if frame.first_lsn != end {
                let cause = "records before it were purged, and a part of a segment cannot leave \
                             them out; choose an earlier or a later point";
                return Err(corrupt(self.from, header.base, cause));
            }
            frames.push(&frame, &mut bytes);
            end = frame.next_lsn();
        }
        if end > header.base {
            self.bytes(&segment_name(header.base), &bytes)?;
        }
        Ok(end)
    }

    /// Whether there is another frame.
    fn step(&self, scan: &mut SegmentScan, base: u64) -> Result<bool> {
        let wrap = |error| LogError::io(segment_path(self.from, base), "read", error);
        match scan.advance().map_err(wrap)? {
            Advance::Frame(_) => Ok(true),
            Advance::End => Ok(false),
            Advance::Fault(fault) => Err(LogError::Corrupt {
                path: crate::stored::path(self.from, base),
                offset: scan.offset(),
                lsn: Lsn::new(scan.next_lsn()).unwrap_or(Lsn::FIRST),
                cause: fault.to_string(),
            }),
        }
    }

    /// What says which store it is and what of it is damaged; FORMAT comes last, for it makes the folder a store.
    fn small_files(&mut self) -> Result<()> {
        let wrap = |error| LogError::io(self.from.path(), "copy", error);
        let names = self.from.list(".").map_err(wrap)?;
        for name in names.iter().filter(|name| name.starts_with("MANIFEST-")) {
            if let Some(bytes) = read_file(self.from, name, MANIFEST_LEN_MAX).map_err(wrap)? {
                self.bytes(name, &bytes)?;
            }
        }
        self.into.sync_folder().map_err(wrap)?;
        if let Some(bytes) = read_file(self.from, name::FORMAT, FORMAT_LEN).map_err(wrap)? {
            self.bytes(name::FORMAT, &bytes)?;
        }
        self.into.sync_folder().map_err(wrap)
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let write = || -> io::Result<()> {
            let target = self.into.open(name, Mode::Create(0))?;
            target.write_at(bytes, 0)?;
            target.sync()
        };
        write().map_err(|error| LogError::io(self.into.path().join(name), "write", error))?;
        self.prefix.bytes += bytes.len() as u64;
        Ok(())
    }

    fn file(&mut self, source: &Arc<dyn MediumFile>, name: &str, len: u64) -> Result<()> {
        let copy = || -> io::Result<()> {
            let target = self.into.open(name, Mode::Create(0))?;
            let mut chunk = vec![0; CHUNK_LEN];
            let mut offset = 0;
            while offset < len {
                let wanted = CHUNK_LEN.min((len - offset) as usize);
                let got = read_full(&**source, &mut chunk[..wanted], offset)?;
                if got < wanted {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                target.write_at(&chunk[..got], offset)?;
                offset += got as u64;
            }
            target.sync()
        };
        copy().map_err(|error| LogError::io(self.into.path().join(name), "copy", error))?;
        self.prefix.bytes += len;
        Ok(())
    }
}

/// Frames in a row, each bound to the one before.
struct FrameWriter {
    salt: Salt,
    previous_crc: u32,
}

impl FrameWriter {
    fn new(header: &SegmentHeader) -> FrameWriter {
        FrameWriter {
            salt: Salt::new(header.salt),
            previous_crc: header.crc(),
        }
    }

    fn push(&mut self, frame: &Frame<'_>, bytes: &mut Vec<u8>) {
        let mut header = frame.header;
        header.previous_crc = self.previous_crc;
        let start = bytes.len();
        bytes.resize(start + header.encoded_len(), 0);
        bytes.extend_from_slice(frame.body);
        self.previous_crc = header.stamp(&mut bytes[start..], self.salt);
        bytes.resize(bytes.len().next_multiple_of(FRAME_ALIGN), 0);
    }
}
