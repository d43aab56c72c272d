//! The wire format of protocol buffers, as far as reading needs it: numbers, and fields without a schema.
//!
//! Invariant: no input makes it read past its end or hold memory; what is not well formed ends the message as an error.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// A whole number or a truth.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// A text, bytes, a message, or numbers one after another.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32(u32),
}

/// The message is not well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl From<Malformed> for &'static str {
    fn from(_: Malformed) -> &'static str {
        "it is not in the form that its checksum promises"
    }
}

pub(crate) type Read<T> = Result<T, Malformed>;

/// The fields of a message, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn of(message: &'a [u8]) -> Fields<'a> {
        Fields { rest: message }
    }

    /// The next field's number and value; `None` at the end. Groups, which nobody writes any more, are malformed.
    #[inline]
    pub fn next(&mut self) -> Read<Option<(u32, Value<'a>)>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = varint(&mut self.rest)?;
        let number = u32::try_from(key >> 3).map_err(|_| Malformed)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut self.rest)?),
            1 => Value::Fixed64(u64::from_le_bytes(take(&mut self.rest)?)),
            2 => {
                let len = usize::try_from(varint(&mut self.rest)?).map_err(|_| Malformed)?;
                let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
                self.rest = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Fixed32(u32::from_le_bytes(take(&mut self.rest)?)),
            _ => return Err(Malformed),
        };
        Ok(Some((number, value)))
    }
}

#[inline]
fn take<const N: usize>(rest: &mut &[u8]) -> Read<[u8; N]> {
    let (head, tail) = rest.split_first_chunk().ok_or(Malformed)?;
    *rest = tail;
    Ok(*head)
}

/// A number of one to ten bytes.
#[inline]
pub(crate) fn varint(rest: &mut &[u8]) -> Read<u64> {
    let bytes = *rest;
    match bytes {
        [low, tail @ ..] if *low < 0x80 => {
            *rest = tail;
            Ok(u64::from(*low))
        }
        [low, high, tail @ ..] if *high < 0x80 => {
            *rest = tail;
            Ok(u64::from(*low & 0x7f) | u64::from(*high) << 7)
        }
        [low, middle, high, tail @ ..] if *high < 0x80 => {
            *rest = tail;
            let low = u64::from(*low & 0x7f) | u64::from(*middle & 0x7f) << 7;
            Ok(low | u64::from(*high) << 14)
        }
        _ => long_varint(rest),
    }
}

fn long_varint(rest: &mut &[u8]) -> Read<u64> {
    let mut number = 0_u64;
    for (at, byte) in rest.iter().take(10).enumerate() {
        // Of the tenth byte one bit is left; what is beyond it is dropped, as everybody does.
        number |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            *rest = &rest[at + 1..];
            return Ok(number);
        }
    }
    Err(Malformed)
}

impl<'a> Value<'a> {
    /// The bytes of a text, a message or packed numbers.
    pub fn bytes(self) -> Read<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    /// A text. Bytes that are no UTF-8 stand as U+FFFD.
    pub fn text(self) -> Read<String> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// A number that was written as eight bytes.
    pub fn double(self) -> Read<f64> {
        match self {
            Value::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(Malformed),
        }
    }

    /// A whole number.
    pub fn varint(self) -> Read<u64> {
        match self {
            Value::Varint(number) => Ok(number),
            _ => Err(Malformed),
        }
    }

    /// Adds numbers of eight bytes: one, or packed ones.
    pub fn doubles(self, into: &mut Vec<f64>) -> Read<()> {
        match self {
            Value::Fixed64(bits) => into.push(f64::from_bits(bits)),
            Value::Bytes(packed) => {
                let (chunks, rest) = packed.as_chunks();
                if !rest.is_empty() {
                    return Err(Malformed);
                }
                into.extend(chunks.iter().map(|bytes| f64::from_le_bytes(*bytes)));
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Adds numbers of four bytes: one, or packed ones.
    pub fn floats(self, into: &mut Vec<f64>) -> Read<()> {
        match self {
            Value::Fixed32(bits) => into.push(f64::from(f32::from_bits(bits))),
            Value::Bytes(packed) => {
                let (chunks, rest) = packed.as_chunks();
                if !rest.is_empty() {
                    return Err(Malformed);
                }
                into.extend(
                    chunks
                        .iter()
                        .map(|bytes| f64::from(f32::from_le_bytes(*bytes))),
                );
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Adds whole numbers: one, or packed ones.
    pub fn varints(self, mut add: impl FnMut(u64)) -> Read<()> {
        match self {
            Value::Varint(number) => add(number),
            Value::Bytes(mut packed) => {
                while !packed.is_empty() {
                    add(varint(&mut packed)?);
                }
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_are_read_and_cut_ones_are_not() {
        for (bytes, number) in [
            (&[0x00][..], 0),
            (&[0x7f], 127),
            (&[0x80, 0x01], 128),
            (&[0xff, 0x7f], 0x3fff),
            (&[0x80, 0x80, 0x01], 0x4000),
            (&[0x81, 0xff, 0x7f], 0x1f_ff81),
            (&[0x80, 0x80, 0x80, 0x01], 0x20_0000),
            (
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
                u64::MAX,
            ),
        ] {
            let mut rest = bytes;
            assert_eq!(varint(&mut rest), Ok(number));
            assert!(rest.is_empty());
            for cut in 0..bytes.len() {
                assert_eq!(
                    varint(&mut &bytes[..cut]),
                    Err(Malformed),
                    "{bytes:?} cut at {cut}"
                );
            }
        }
        assert_eq!(varint(&mut &[0x80; 11][..]), Err(Malformed));
    }

    #[test]
    fn fields_of_each_type_are_read_and_strange_ones_refused() {
        let message = [
            0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69, 0x1d, 0, 0, 0x80, 0x3f,
        ];
        let mut fields = Fields::of(&message);
        assert_eq!(fields.next(), Ok(Some((1, Value::Varint(150)))));
        assert_eq!(fields.next(), Ok(Some((2, Value::Bytes(b"hi")))));
        assert_eq!(
            fields.next(),
            Ok(Some((3, Value::Fixed32(1.0_f32.to_bits()))))
        );
        assert_eq!(fields.next(), Ok(None));
        for strange in [
            &[0x0b][..],
            &[0x12, 0x05, 0x00],
            &[0x09, 1, 2],
            &[
                0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
        ] {
            assert_eq!(Fields::of(strange).next(), Err(Malformed), "{strange:?}");
        }
    }
}
