//! In which file a segment lies: as it was written, or packed, and then the newest of its packed forms.
//!
//! Invariant: while several files of a segment are there, each holds its records; the newest packed form that is whole
//! goes first, because it alone may have left some out on purpose. Whoever meets a file that vanished looks again.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::codec::pack::{BLOCKS_START, BlockEntry, FOOTER_END_LEN, PackFooter, PackHeader};
use crate::codec::segment::SegmentHeader;
use crate::ids::StoreId;
use crate::layout::{
    PACK_HEADER_LEN, SEGMENT_HEADER_LEN, pack_name, pack_parts, segment_base, segment_name,
};
use crate::medium::{Medium, MediumFile, Mode, read_full};

/// How often a listing that others have overtaken is read again. Each time somebody has to have replaced a file.
const ATTEMPTS: u32 = 8;

/// The files of the store's segments, by one listing.
#[derive(Clone, Default, Debug)]
pub(crate) struct Names {
    /// Per base lsn: whether it is there as it was written, and the generations of its packed forms, ascending.
    bases: BTreeMap<u64, Forms>,
}

/// The files of one segment.
#[derive(Clone, Default, Debug)]
pub(crate) struct Forms {
    /// `seg-<base>.log` is there.
    pub is_raw: bool,
    /// Packed forms, oldest first.
    pub generations: Vec<u32>,
}

impl Names {
    pub fn list(medium: &dyn Medium) -> io::Result<Names> {
        let mut names = Names::default();
        for name in medium.list(".")? {
            if let Some(base) = segment_base(&name) {
                names.bases.entry(base).or_default().is_raw = true;
            } else if let Some((base, generation)) = pack_parts(&name) {
                let forms = names.bases.entry(base).or_default();
                // Names are sorted, and generations have a fixed length.
                forms.generations.push(generation);
            }
        }
        Ok(names)
    }

    /// All base lsns, ascending.
    pub fn bases(&self) -> impl Iterator<Item = u64> + '_ {
        self.bases.keys().copied()
    }

    /// The files of a segment.
    pub fn forms(&self, base: u64) -> Forms {
        self.bases.get(&base).cloned().unwrap_or_default()
    }

    /// Segments of which there is a packed form.
    pub fn packed(&self) -> impl Iterator<Item = (u64, &Forms)> {
        let packed = self.bases.iter().map(|(base, forms)| (*base, forms));
        packed.filter(|(_, forms)| !forms.generations.is_empty())
    }
}

/// A segment's records, where they are.
#[derive(Clone)]
pub(crate) enum Stored {
    /// As it was written.
    Raw(Arc<dyn MediumFile>),
    /// Packed.
    Packed(PackFile),
    /// Only a packed form is there, and its header or footer is damaged.
    Broken {
        /// Bytes of its file.
        len: u64,
    },
}

/// An open packed segment whose header and footer are whole.
#[derive(Clone)]
pub(crate) struct PackFile {
    pub file: Arc<dyn MediumFile>,
    pub header: SegmentHeader,
    pub footer: Arc<PackFooter>,
    /// Where the footer starts.
    pub footer_offset: u64,
    pub len: u64,
}

impl PackFile {
    pub fn open(medium: &dyn Medium, base: u64, generation: u32) -> io::Result<Option<PackFile>> {
        let file = medium.open(&pack_name(base, generation), Mode::Read)?;
        let found = PackFile::read(file)?;
        Ok(found.filter(|found| {
            found.header.base == base && found.footer.header.generation == generation
        }))
    }

    /// Reads header and footer; `None` when either is damaged.
    pub fn read(file: Arc<dyn MediumFile>) -> io::Result<Option<PackFile>> {
        let mut head = [0; SEGMENT_HEADER_LEN + PACK_HEADER_LEN];
        let len = file.len()?;
        if read_full(&*file, &mut head, 0)? < head.len() {
            return Ok(None);
        }
        let headers =
            SegmentHeader::decode(&head).zip(PackHeader::decode(&head[SEGMENT_HEADER_LEN..]));
        let Some((header, pack)) = headers else {
            return Ok(None);
        };
        let Some((footer, footer_offset)) = read_footer(&*file, len)? else {
            return Ok(None);
        };
        let is_same = footer.header == pack
            && footer.end.base == header.base
            && footer.end.ordinal == header.ordinal;
        Ok(is_same.then(|| PackFile {
            file,
            header,
            footer: Arc::new(footer),
            footer_offset,
            len,
        }))
    }

    /// Whether every byte before the footer is what was written.
    pub fn is_whole(&self) -> io::Result<bool> {
        Ok(crate::rewrite::root_of(&*self.file, self.footer_offset)? == self.footer.root)
    }

    /// Reads a block and its facts; `None` when they are not what was written.
    pub fn read_block(&self, entry: &BlockEntry, bytes: &mut Vec<u8>) -> io::Result<Option<()>> {
        // Inside the file, as the footer's checks have shown, so not longer than it.
        bytes.resize((entry.end() - entry.offset) as usize, 0);
        let got = read_full(&*self.file, bytes, entry.offset)?;
        Ok((got == bytes.len() && crc32fast::hash(bytes) == entry.crc).then_some(()))
    }
}

fn read_footer(file: &dyn MediumFile, len: u64) -> io::Result<Option<(PackFooter, u64)>> {
    let mut end = [0; FOOTER_END_LEN];
    let Some(end_offset) = len.checked_sub(FOOTER_END_LEN as u64) else {
        return Ok(None);
    };
    if read_full(file, &mut end, end_offset)? < end.len() {
        return Ok(None);
    }
    let footer_len = PackFooter::claimed_len(end);
    let Some(offset) = footer_len.and_then(|footer_len| len.checked_sub(footer_len as u64)) else {
        return Ok(None);
    };
    if offset < BLOCKS_START {
        return Ok(None);
    }
    let mut bytes = vec![0; (len - offset) as usize];
    let got = read_full(file, &mut bytes, offset)?;
    let footer = PackFooter::decode(&bytes[..got], offset);
    Ok(footer.map(|footer| (footer, offset)))
}

/// Opens a segment's records. An error of the kind `NotFound` says that no file of it is there.
pub(crate) fn open(medium: &dyn Medium, base: u64) -> io::Result<Stored> {
    open_listed(medium, base, &mut None)
}

/// The same with a listing that may be old, or is still to be made. It is made again when a file in it has vanished.
pub(crate) fn open_listed(
    medium: &dyn Medium,
    base: u64,
    names: &mut Option<Names>,
) -> io::Result<Stored> {
    let mut result = Err(io::Error::from(io::ErrorKind::NotFound));
    for _ in 0..ATTEMPTS {
        let is_fresh = names.is_none();
        let listed = match names.take() {
            Some(listed) => listed,
            None => Names::list(medium)?,
        };
        let forms = listed.forms(base);
        result = open_of(medium, base, &forms);
        let is_gone = matches!(&result, Err(error) if error.kind() == io::ErrorKind::NotFound);
        let is_listed = forms.is_raw || !forms.generations.is_empty();
        if !is_gone || is_fresh && !is_listed {
            *names = Some(listed);
            break;
        }
    }
    result
}

fn open_of(medium: &dyn Medium, base: u64, forms: &Forms) -> io::Result<Stored> {
    let mut broken = None;
    for generation in forms.generations.iter().rev() {
        if let Some(pack) = PackFile::open(medium, base, *generation)? {
            return Ok(Stored::Packed(pack));
        }
        broken = broken.or(Some(*generation));
    }
    match (medium.open(&segment_name(base), Mode::Read), broken) {
        (Err(error), Some(generation)) if error.kind() == io::ErrorKind::NotFound => {
            let file = medium.open(&pack_name(base, generation), Mode::Read)?;
            Ok(Stored::Broken { len: file.len()? })
        }
        (file, _) => Ok(Stored::Raw(file?)),
    }
}

/// The newest packed form of a segment that is whole, when there is no other file of it.
pub(crate) fn pack_of(medium: &dyn Medium, base: u64) -> io::Result<Option<PackFile>> {
    match open(medium, base) {
        Ok(Stored::Packed(pack)) => Ok(Some(pack)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads headers, listing the folder only once for those of packed segments.
pub(crate) struct Headers<'a> {
    medium: &'a dyn Medium,
    store: StoreId,
    names: Option<Names>,
}

impl Headers<'_> {
    pub fn new(medium: &dyn Medium, store: StoreId) -> Headers<'_> {
        Headers {
            medium,
            store,
            names: None,
        }
    }

    /// A segment's header; `None` when no file holds one of this store.
    pub fn read(&mut self, base: u64) -> io::Result<Option<SegmentHeader>> {
        if let Some(header) = self.read_file(&segment_name(base), base)? {
            return Ok(Some(header));
        }
        for _ in 0..ATTEMPTS {
            let is_fresh = self.names.is_none();
            let names = match self.names.take() {
                Some(names) => names,
                None => Names::list(self.medium)?,
            };
            let generations = names.forms(base).generations;
            self.names = Some(names);
            for generation in generations.iter().rev() {
                if let Some(header) = self.read_file(&pack_name(base, *generation), base)? {
                    return Ok(Some(header));
                }
            }
            if is_fresh && generations.is_empty() {
                return Ok(None);
            }
            self.names = None;
        }
        Ok(None)
    }

    fn read_file(&self, name: &str, base: u64) -> io::Result<Option<SegmentHeader>> {
        let file = match self.medium.open(name, Mode::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut block = [0; SEGMENT_HEADER_LEN];
        if read_full(&*file, &mut block, 0)? < block.len() {
            return Ok(None);
        }
        let header = SegmentHeader::decode(&block);
        Ok(header.filter(|header| header.base == base && header.store == self.store))
    }
}

/// The file that a segment's records are read from, for messages.
pub(crate) fn path(medium: &dyn Medium, base: u64) -> PathBuf {
    let newest = Names::list(medium).unwrap_or_default().forms(base);
    let name = match newest.generations.last() {
        Some(generation) => pack_name(base, *generation),
        None => segment_name(base),
    };
    medium.path().join(name)
}
