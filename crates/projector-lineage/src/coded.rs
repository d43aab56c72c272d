//! How a value becomes the bytes of a snapshot.
//!
//! Invariants: equal values give equal bytes; bytes that are no value are an error, never a panic or a huge allocation.
//! What is stored is derived, so a change of layout is a new [`Projector::VERSION`](mltrack_projector::Projector::VERSION)
//! and no upcast.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::de::Decoder;
use bincode::error::DecodeError;
use bincode::{Decode, Encode};
use mltrack_projector::Lsn;

/// No part takes more memory: a damaged length must not ask for all of it.
const PART_LEN_MAX: usize = 1 << 31;
const CONFIG: Configuration<LittleEndian, Varint, Limit<PART_LEN_MAX>> =
    bincode::config::standard().with_limit::<PART_LEN_MAX>();

/// The bytes of a value.
pub fn value(row: &impl Encode) -> Vec<u8> {
    bincode::encode_to_vec(row, CONFIG).expect("growing a vector does not fail")
}

/// The value that these bytes are, all of them.
pub fn parse<T: Decode<()>>(bytes: &[u8]) -> Result<T, String> {
    let (row, len) =
        bincode::decode_from_slice(bytes, CONFIG).map_err(|error| error.to_string())?;
    if len != bytes.len() {
        return Err("bytes follow its end".into());
    }
    Ok(row)
}

/// The number of a record, which is at least 1.
pub fn decode_lsn<D: Decoder>(decoder: &mut D) -> Result<Lsn, DecodeError> {
    let lsn = u64::decode(decoder)?;
    Lsn::new(lsn).ok_or(DecodeError::Other("an lsn is at least 1"))
}

/// Makes a struct with a field `lsn` a value: `coded!(Thing { name, len })` names all its other fields.
macro_rules! coded {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl bincode::Encode for $type {
            fn encode<E: bincode::enc::Encoder>(
                &self,
                encoder: &mut E,
            ) -> Result<(), bincode::error::EncodeError> {
                self.lsn.get().encode(encoder)?;
                $(self.$field.encode(encoder)?;)+
                Ok(())
            }
        }

        impl<C> bincode::Decode<C> for $type {
            fn decode<D: bincode::de::Decoder<Context = C>>(
                decoder: &mut D,
            ) -> Result<$type, bincode::error::DecodeError> {
                let lsn = crate::coded::decode_lsn(decoder)?;
                Ok($type {
                    lsn,
                    $($field: bincode::Decode::decode(decoder)?,)+
                })
            }
        }

        bincode::impl_borrow_decode!($type);
    };
}

pub(crate) use coded;
