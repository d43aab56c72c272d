//! Records of a file, read into chunks, whatever their form is.
//!
//! Invariants: a chunk ends behind a whole record; a record that cannot be read keeps no other from being taken, and what is
//! lost is said with the byte where it begins.

use std::io;
use std::path::Path;

use crate::chunk::Chunk;
use crate::report::Untaken;
use crate::wire::Read;

/// A chunk has so many points at most.
const POINTS_MAX: usize = 64 << 10;
/// What is lost where nothing behind a place can be read.
const REST: &str = "the rest of the file";

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<'a> {
    /// A record.
    Record(&'a [u8]),
    /// A record that is too long to be looked at; it was passed by.
    Long(u64),
    /// Nothing more.
    End,
    /// A record of which so many bytes are there.
    Torn(u64),
    /// From this byte on something is lost; reading goes on behind it.
    Lost(u64, &'static str),
    /// What is behind this cannot be found.
    Damaged(&'static str),
}

/// A file of records.
pub(crate) trait RecordFile {
    /// Where the next record begins.
    fn place(&self) -> u64;

    /// The next record. After `End` and `Torn` it can be asked again, when the file has grown.
    fn next(&mut self) -> io::Result<Next<'_>>;
}

/// A run that takes what records say.
pub(crate) trait Taker {
    /// What a record is called.
    const RECORD: &'static str;
    /// A chunk has so many bytes of what is no point, about.
    const OTHER_LEN_MAX: usize;

    /// How many there are now.
    fn other_len(&self) -> usize;

    /// Takes what a record says that begins at this byte.
    fn record(&mut self, record: &[u8], at: u64, chunk: &mut Chunk) -> Read<()>;

    /// Where is said what was not taken.
    fn untaken(&mut self) -> &mut Vec<Untaken>;
}

/// Reads a file until the chunk is full, or to its end for now: then it answers true.
pub(crate) fn read<T: Taker>(
    path: &Path,
    records: &mut impl RecordFile,
    goes_on: bool,
    take: &mut T,
    chunk: &mut Chunk,
) -> bool {
    let place = |at: u64| format!("{} at byte {at}", path.display());
    let begun = records.place();
    let is_ended = loop {
        if chunk.points.len() >= POINTS_MAX || take.other_len() >= T::OTHER_LEN_MAX {
            break false;
        }
        let at = records.place();
        let (untaken, is_ended) = match records.next() {
            Ok(Next::Record(record)) => match take.record(record, at, chunk) {
                Ok(()) => continue,
                Err(error) => (Untaken::damaged(T::RECORD, place(at), error.into()), false),
            },
            Ok(Next::Long(len)) => {
                let what = format!("a record of {len} bytes");
                (Untaken::refused(what, place(at), "it is too long"), false)
            }
            Ok(Next::Lost(at, why)) => {
                let why = format!("{why}; reading goes on at the next block that is right");
                (Untaken::damaged("records", place(at), &why), false)
            }
            Ok(Next::Damaged(why)) => (Untaken::damaged(REST, place(at), why), true),
            Err(error) => {
                let why = format!("cannot be read: {error}");
                (Untaken::damaged(REST, place(at), &why), true)
            }
            Ok(Next::Torn(len)) if !goes_on => {
                let what = format!("the last record, of which {len} bytes are there");
                let why = "it is not written to its end yet, or its writer was killed";
                (Untaken::noted(what, place(at), why), true)
            }
            Ok(Next::End | Next::Torn(_)) => break true,
        };
        take.untaken().push(untaken);
        if is_ended {
            break true;
        }
    };
    chunk.len_read += records.place() - begun;
    is_ended
}
