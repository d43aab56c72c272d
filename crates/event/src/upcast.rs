//! Versions of payloads: an old one is read as it was written, then lifted step by step.
//!
//! Invariants: upcasters are pure and lead from version n to n + 1, so that version 1 of a payload
//! that is now at version 3 goes through 2; `BeforeFirst` ends every chain.
//!
//! To change a payload: leave `ThingV1` alone, add `ThingV2`, write `payload!(ThingV2 = 2, from
//! ThingV1, |old| ..)` instead of the line in `event.rs`'s table that makes `ThingV1` the first
//! version, and add its golden file.

use bincode::Decode;

use crate::codec::PayloadReader;
use crate::error::DecodeCause;

/// A payload of one version that knows the version before it.
pub(crate) trait Payload: Sized {
    /// The version, counted from 1.
    const VERSION: u16;
    /// The payload of the version before, or [`BeforeFirst`].
    type Previous: Payload;

    /// Lifts the version before to this one.
    fn upcast(previous: Self::Previous) -> Self;

    /// Reads bytes of exactly this version.
    fn read_exact(reader: &mut PayloadReader<'_>) -> Result<Self, DecodeCause>;

    /// Reads bytes of `version`, this one or an older one, and lifts them to this one.
    fn read(version: u16, reader: &mut PayloadReader<'_>) -> Result<Self, DecodeCause> {
        if version == Self::VERSION {
            Self::read_exact(reader)
        } else {
            Self::Previous::read(version, reader).map(Self::upcast)
        }
    }
}

/// What comes before version 1: nothing, so there is no value of this type.
pub(crate) enum BeforeFirst {}

impl Payload for BeforeFirst {
    const VERSION: u16 = 0;
    type Previous = BeforeFirst;

    fn upcast(previous: BeforeFirst) -> BeforeFirst {
        previous
    }

    fn read_exact(_: &mut PayloadReader<'_>) -> Result<BeforeFirst, DecodeCause> {
        Err(DecodeCause::NoSuchVersion)
    }

    fn read(_: u16, _: &mut PayloadReader<'_>) -> Result<BeforeFirst, DecodeCause> {
        Err(DecodeCause::NoSuchVersion)
    }
}

/// Reads a whole value with bincode.
pub(crate) fn read_value<P: Decode<()>>(reader: &mut PayloadReader<'_>) -> Result<P, DecodeCause> {
    bincode::decode_from_reader(reader, crate::codec::CONFIG).map_err(DecodeCause::from)
}

/// Makes a struct a [`Payload`]: `payload!(ThingV1 = 1)`, or
/// `payload!(ThingV2 = 2, from ThingV1, |old| ThingV2 { .. })`.
macro_rules! payload {
    ($payload:ty = 1) => {
        $crate::upcast::payload!(
            $payload = 1, from $crate::upcast::BeforeFirst, |nothing| match nothing {}
        );
    };
    ($payload:ty = $version:literal, from $previous:ty, |$old:ident| $new:expr) => {
        impl $crate::upcast::Payload for $payload {
            const VERSION: u16 = $version;
            type Previous = $previous;

            fn upcast($old: $previous) -> $payload {
                $new
            }

            fn read_exact(
                reader: &mut $crate::codec::PayloadReader<'_>,
            ) -> Result<$payload, $crate::error::DecodeCause> {
                $crate::upcast::read_value(reader)
            }
        }
    };
}
pub(crate) use payload;

#[cfg(test)]
mod tests {
    use bincode::Encode;

    use super::*;

    /// A payload with a past, which the real ones do not have yet.
    #[derive(Debug, PartialEq, Encode, Decode)]
    struct ThingV1 {
        seconds: u32,
    }
    #[derive(Debug, PartialEq, Encode, Decode)]
    struct ThingV2 {
        milliseconds: u64,
    }
    #[derive(Debug, PartialEq, Encode, Decode)]
    struct ThingV3 {
        milliseconds: u64,
        label: Option<String>,
    }
    payload!(ThingV1 = 1);
    payload!(ThingV2 = 2, from ThingV1, |old| {
        ThingV2 { milliseconds: u64::from(old.seconds) * 1000 }
    });
    payload!(ThingV3 = 3, from ThingV2, |old| {
        ThingV3 { milliseconds: old.milliseconds, label: None }
    });

    fn read(version: u16, value: &impl Encode) -> Result<ThingV3, DecodeCause> {
        let bytes = bincode::encode_to_vec(value, crate::codec::CONFIG).unwrap();
        ThingV3::read(version, &mut PayloadReader::new(&bytes))
    }

    #[test]
    fn an_old_version_is_lifted_step_by_step() {
        let lifted = ThingV3 {
            milliseconds: 7000,
            label: None,
        };
        assert_eq!(read(1, &ThingV1 { seconds: 7 }), Ok(lifted));
        let lifted = ThingV3 {
            milliseconds: 7,
            label: None,
        };
        assert_eq!(read(2, &ThingV2 { milliseconds: 7 }), Ok(lifted));
        let newest = ThingV3 {
            milliseconds: 7,
            label: Some("x".into()),
        };
        assert_eq!(read(3, &newest), Ok(newest));
    }

    #[test]
    fn a_version_before_the_first_is_refused() {
        assert_eq!(
            read(0, &ThingV1 { seconds: 7 }),
            Err(DecodeCause::NoSuchVersion)
        );
    }
}
