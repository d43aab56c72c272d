//! The log's nouns as types that cannot be mixed up.
//!
//! An [`Lsn`] is at least 1. An [`Offset`](u32) only ever means bytes in a file and never leaves this crate.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// Log sequence number: names one record for ever. Starts at 1, grows by 1 within an epoch, is never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(NonZeroU64);

impl Lsn {
    /// The first record of a store.
    pub const FIRST: Lsn = Lsn(NonZeroU64::MIN);

    /// `None` for 0, which names no record.
    pub fn new(value: u64) -> Option<Lsn> {
        NonZeroU64::new(value).map(Lsn)
    }

    /// The plain number.
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The lsn `count` records later.
    #[must_use]
    pub fn plus(self, count: u64) -> Lsn {
        Lsn(self
            .0
            .checked_add(count)
            .expect("a store ends long before 2^64 records"))
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for Lsn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Lsn({})", self.0)
    }
}

impl FromStr for Lsn {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Lsn, ParseIdError> {
        text.parse().map(Lsn).map_err(|_| ParseIdError {
            kind: "lsn",
            text: text.into(),
        })
    }
}

/// One open handle that appends. A store never gives the same number to two handles.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WriterId(pub u32);

impl fmt::Display for WriterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A stretch of history between two unclean stops.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EpochId(pub [u8; 16]);

/// A store's identity, the same in all its copies.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoreId(pub [u8; 16]);

/// Hash of whatever a control record must be unique or ordered in: a name, a run, an experiment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StreamId(pub u64);

/// Where a reader stands: the next record it wants, in the epoch it knew when it stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The epoch of the record before `next`.
    pub epoch: EpochId,
    /// The first record not yet read.
    pub next: Lsn,
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.epoch, self.next)
    }
}

impl FromStr for Cursor {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Cursor, ParseIdError> {
        let parse = || {
            let (epoch, next) = text.split_once(':')?;
            Some(Cursor {
                epoch: EpochId(parse_hex(epoch)?),
                next: next.parse().ok()?,
            })
        };
        parse().ok_or_else(|| ParseIdError {
            kind: "cursor (epoch:lsn)",
            text: text.into(),
        })
    }
}

/// The text is not what it should name.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is no {kind}")]
pub struct ParseIdError {
    kind: &'static str,
    text: String,
}

fn write_hex(bytes: &[u8], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes
        .iter()
        .try_for_each(|byte| write!(formatter, "{byte:02x}"))
}

fn parse_hex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

macro_rules! hex_id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

hex_id!(EpochId);
hex_id!(StoreId);

#[test]
fn a_cursor_reads_back_what_it_prints() {
    let cursor = Cursor {
        epoch: EpochId([0xab; 16]),
        next: Lsn::new(42).unwrap(),
    };
    assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
    assert!("abc:1".parse::<Cursor>().is_err());
    assert!(
        format!("{}:0", cursor.epoch).parse::<Cursor>().is_err(),
        "lsn 0 names no record"
    );
}
