//! Reading blobs: all of one, a range, from any place on, or into a file.
//!
//! Invariants: no byte is handed out that was not checked; a file that is there is whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::ahead::Ahead;
use crate::error::{Error, Result};
use crate::hash::BlobHash;
use crate::manifest::Manifest;
use crate::options::Sync;
use crate::root::folder::sync_folder;
use crate::store::{BlobStore, Inner, Layout};

impl BlobStore {
    /// All of a blob.
    pub fn get_bytes(&self, id: &BlobHash) -> Result<Bytes> {
        match self.inner.layout(id)? {
            Layout::Whole(content) => Ok(content),
            Layout::Chunked(manifest) => {
                let mut content = BytesMut::new();
                self.inner.each_piece(&manifest, |piece| {
                    content.extend_from_slice(piece);
                    Ok(())
                })?;
                Ok(content.freeze())
            }
        }
    }

    /// Some bytes of a blob; only the chunks that have them are fetched.
    pub fn get_range(&self, id: &BlobHash, range: Range<u64>) -> Result<Bytes> {
        let layout = self.inner.layout(id)?;
        let len = layout.len();
        if range.start > range.end || range.end > len {
            return Err(Error::Range {
                id: *id,
                start: range.start,
                end: range.end,
                len,
            });
        }
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        match layout {
            Layout::Whole(content) => Ok(content.slice(range.start as usize..range.end as usize)),
            Layout::Chunked(manifest) => self.inner.range(&manifest, range),
        }
    }

    /// A reader that can seek. It fetches chunks when their bytes are read.
    pub fn open_blob(&self, id: &BlobHash) -> Result<BlobReader> {
        let layout = self.inner.layout(id)?;
        Ok(BlobReader {
            inner: self.inner.clone(),
            len: layout.len(),
            layout,
            position: 0,
            here: None,
            ahead: None,
        })
    }

    /// Writes the blob to a file, which appears when it is whole and replaces what was there. What a call that was killed
    /// had fetched is not fetched again. The answer is the blob's length.
    pub fn get_to_file(&self, id: &BlobHash, path: &Path) -> Result<u64> {
        self.get_to_file_with(id, path, &mut |_| {})
    }

    /// As [`get_to_file`](BlobStore::get_to_file); `on_bytes` is told how many more bytes are in place, also those that a
    /// call before this one had fetched.
    pub fn get_to_file_with(
        &self,
        id: &BlobHash,
        path: &Path,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<u64> {
        let (mut file, draft) = draft(id, path, self.inner.options.nonce)?;
        let written = self.fill(id, &mut file, &draft, on_bytes);
        let is_usable = written
            .as_ref()
            .is_err_and(|error| error.is_network() || error.is_disk_full());
        if written.is_err() && !is_usable {
            drop(fs::remove_file(&draft));
        }
        let len = written?;
        if self.inner.options.sync == Sync::Data {
            file.sync_data().map_err(Error::io("sync", &draft))?;
        }
        fs::rename(&draft, path).map_err(Error::io("move a finished file to", path))?;
        if self.inner.options.sync == Sync::Data {
            sync_folder(path.parent().unwrap_or(Path::new("")))?;
        }
        Ok(len)
    }

    fn fill(
        &self,
        id: &BlobHash,
        file: &mut File,
        draft: &Path,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<u64> {
        match self.inner.layout(id)? {
            Layout::Whole(content) => {
                file.set_len(0).map_err(Error::io("empty", draft))?;
                file.write_all(&content)
                    .map_err(Error::io("write", draft))?;
                on_bytes(content.len() as u64);
                Ok(content.len() as u64)
            }
            Layout::Chunked(manifest) => {
                self.inner.fill_chunks(&manifest, file, draft, on_bytes)?;
                Ok(manifest.len)
            }
        }
    }
}

impl Layout {
    fn len(&self) -> u64 {
        match self {
            Layout::Whole(content) => content.len() as u64,
            Layout::Chunked(manifest) => manifest.len,
        }
    }
}

impl Inner {
    fn range(&self, manifest: &Manifest, range: Range<u64>) -> Result<Bytes> {
        let chunks = manifest.chunk_at(range.start)..manifest.chunk_at(range.end - 1) + 1;
        let skip = (range.start - manifest.chunks[chunks.start].offset) as usize;
        let wanted_len = range.end - range.start;
        let mut content = BytesMut::new();
        self.each_chunk(manifest, chunks, |piece| {
            content.extend_from_slice(&piece);
            Ok(())
        })?;
        Ok(content.freeze().slice(skip..skip + wanted_len as usize))
    }

    /// Keeps the chunks at the beginning of the draft that are right, and appends the others.
    fn fill_chunks(
        &self,
        manifest: &Manifest,
        file: &mut File,
        draft: &Path,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let mut whole = blake3::Hasher::new();
        let mut kept = 0;
        let mut content = Vec::new();
        for chunk in &manifest.chunks {
            content.clear();
            (&mut *file)
                .take(u64::from(chunk.len))
                .read_to_end(&mut content)
                .map_err(Error::io("read", draft))?;
            if BlobHash::of(&content) != chunk.id {
                break;
            }
            whole.update(&content);
            kept += 1;
        }
        let at = manifest
            .chunks
            .get(kept)
            .map_or(manifest.len, |chunk| chunk.offset);
        on_bytes(at);
        file.set_len(at).map_err(Error::io("shorten", draft))?;
        file.seek(SeekFrom::Start(at))
            .map_err(Error::io("seek in", draft))?;
        self.each_chunk(manifest, kept..manifest.chunks.len(), |piece| {
            whole.update(&piece);
            file.write_all(&piece).map_err(Error::io("write", draft))?;
            on_bytes(piece.len() as u64);
            Ok(())
        })?;
        self.compare(&manifest.id, &whole)
    }
}

/// The file beside the wanted one that is filled first. One that somebody else fills now is left to them.
fn draft(id: &BlobHash, path: &Path, nonce: fn() -> [u8; 16]) -> Result<(File, PathBuf)> {
    let Some(name) = path.file_name() else {
        return Err(Error::Name {
            name: path.display().to_string(),
            why: "it names no file to write to".to_owned(),
        });
    };
    // A device or a pipe would be gone for all who use it.
    if fs::metadata(path).is_ok_and(|known| !known.is_file() && !known.is_dir()) {
        return Err(Error::Name {
            name: path.display().to_string(),
            why: "it is a device or a pipe, and a file would take its place".to_owned(),
        });
    }
    let beside = |suffix: String| {
        let mut draft = std::ffi::OsString::from(".");
        draft.push(name);
        draft.push(suffix);
        path.with_file_name(draft)
    };
    let open = |draft: &Path| {
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(draft)
            .map_err(Error::io("create", draft))
    };
    let hex = &id.to_string()[..16];
    let draft = beside(format!(".{hex}.part"));
    let file = open(&draft)?;
    match file.try_lock() {
        Ok(()) if is_at(&file, &draft) => Ok((file, draft)),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &draft)(error)),
        Ok(()) | Err(TryLockError::WouldBlock) => {
            let nonce = u128::from_be_bytes(nonce());
            let draft = beside(format!(".{hex}.{nonce:032x}.part"));
            Ok((open(&draft)?, draft))
        }
    }
}

/// Whether a file has its name still: whoever filled it may have moved it into place before it was locked here.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |known: fs::Metadata| (known.dev(), known.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(file), Ok(named)) => place(file) == place(named),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Reads a blob from any place on.
pub struct BlobReader {
    inner: Arc<Inner>,
    layout: Layout,
    len: u64,
    position: u64,
    /// The chunk that was used last and which one it is, and those behind it.
    here: Option<(usize, Bytes)>,
    ahead: Option<Ahead>,
}

impl BlobReader {
    /// Length of the content in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the content has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes from the position on, as many as lie together, without another copy; empty at the end.
    pub fn next_bytes(&mut self) -> io::Result<Bytes> {
        let here = self.here().map_err(io::Error::other)?;
        self.position += here.len() as u64;
        Ok(here)
    }

    /// What there is at the position, at least one byte unless it is the end.
    fn here(&mut self) -> Result<Bytes> {
        if self.position >= self.len {
            return Ok(Bytes::new());
        }
        let manifest = match &self.layout {
            Layout::Whole(content) => return Ok(content.slice(self.position as usize..)),
            Layout::Chunked(manifest) => manifest,
        };
        let index = manifest.chunk_at(self.position);
        let skip = (self.position - manifest.chunks[index].offset) as usize;
        if let Some((here, chunk)) = &self.here
            && *here == index
        {
            return Ok(chunk.slice(skip..));
        }
        self.here = None;
        // Who reads elsewhere begins anew there.
        self.ahead.take_if(|ahead| ahead.next_index() != index);
        let ahead = &mut self.ahead;
        let chunk = ahead
            .get_or_insert_with(|| Ahead::new(&self.inner, manifest, index))
            .take()?;
        let rest = chunk.slice(skip..);
        self.here = Some((index, chunk));
        Ok(rest)
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let here = self.here().map_err(io::Error::other)?;
        let count = here.len().min(buffer.len());
        buffer[..count].copy_from_slice(&here[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for BlobReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn nonce() -> [u8; 16] {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).to_be_bytes()
    }

    #[test]
    #[cfg(unix)]
    fn what_is_no_file_is_not_replaced_by_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        let refused = draft(&BlobHash::of(b"weights"), &path, nonce).expect_err("it is no file");
        assert!(
            refused.to_string().contains("would take its place"),
            "{refused}"
        );
        let left = fs::read_dir(folder.path()).expect("a folder");
        assert_eq!(left.count(), 1);
    }

    #[test]
    fn a_draft_is_never_one_that_somebody_finished() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.pt");
        let id = BlobHash::of(b"weights");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..3000 {
                        let (_file, draft) = draft(&id, &path, nonce).expect("a draft");
                        fs::rename(&draft, &path).expect("it has its name until it is moved");
                    }
                });
            }
        });
    }
}
