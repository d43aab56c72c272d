//! When something happened: its place in the log and its time.

use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};
use mltrack_log::Lsn;

use crate::entry::Entry;

/// A place in the log with a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The record that says so.
    pub lsn: Lsn,
    /// When it happened, in ns since 1970.
    pub time_ns: i64,
}

impl Stamp {
    /// The entry's own place and time.
    #[must_use]
    pub fn of(entry: &Entry<'_>) -> Stamp {
        Stamp {
            lsn: entry.lsn,
            time_ns: entry.time_ns,
        }
    }
}

impl Encode for Stamp {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.lsn.get(), self.time_ns).encode(encoder)
    }
}

impl<C> Decode<C> for Stamp {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Stamp, DecodeError> {
        let (lsn, time_ns) = <(u64, i64)>::decode(decoder)?;
        let lsn = Lsn::new(lsn).ok_or(DecodeError::Other("a stamp's lsn is at least 1"))?;
        Ok(Stamp { lsn, time_ns })
    }
}

bincode::impl_borrow_decode!(Stamp);
