//! What a packed block keeps of batches: how many records each had, and the extensions of the few that had any.
//!
//! Invariant: facts that decode name exactly as many records as the block has, and no batch without a record.

use super::bytes::{push_varint, split_varint};
use super::frame::{ControlExtension, FrameHeader, SpoolExtension};
use crate::layout::{FLAG_CLOCK, FLAG_CONTROL, FLAG_SPOOLED};

/// The extensions of one batch. Where the previous control frame lay is not kept: it lies elsewhere now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extensions {
    /// Stream, and the writer's control sequence.
    pub control: Option<(u64, u32)>,
    /// Spool id, and the sequence in it.
    pub spooled: Option<(u64, u64)>,
    /// The wall clock, when it had stepped back.
    pub clock: Option<i64>,
}

impl Extensions {
    /// Those of a frame; `None` when it has none, as almost all.
    pub fn of(header: &FrameHeader) -> Option<Extensions> {
        let extensions = Extensions {
            control: header
                .control
                .map(|control| (control.stream, control.sequence)),
            spooled: header.spooled.map(|spooled| (spooled.id, spooled.sequence)),
            clock: header.clock,
        };
        (extensions != Extensions::default()).then_some(extensions)
    }

    /// As a frame's header has them.
    pub fn put_into(self, header: &mut FrameHeader) {
        header.control = self.control.map(|(stream, sequence)| ControlExtension {
            stream,
            previous_base: 0,
            previous_offset: 0,
            sequence,
        });
        header.spooled = self
            .spooled
            .map(|(id, sequence)| SpoolExtension { id, sequence });
        header.clock = self.clock;
    }

    fn flags(&self) -> u8 {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        flag(self.control.is_some(), FLAG_CONTROL)
            | flag(self.spooled.is_some(), FLAG_SPOOLED)
            | flag(self.clock.is_some(), FLAG_CLOCK)
    }
}

/// The facts of a block's batches.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Records of each batch, in order.
    pub counts: Vec<u16>,
    /// The extensions of those that have any: which batch, and what. Ascending.
    pub extensions: Vec<(u32, Extensions)>,
}

impl Facts {
    /// The facts' bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        push_varint(&mut out, self.counts.len() as u64);
        for run in self.counts.chunk_by(|left, right| left == right) {
            push_varint(&mut out, u64::from(run[0]));
            push_varint(&mut out, run.len() as u64);
        }
        push_varint(&mut out, self.extensions.len() as u64);
        let mut next = 0;
        for (batch, extensions) in &self.extensions {
            push_varint(&mut out, u64::from(batch - next));
            next = batch + 1;
            push_extensions(&mut out, extensions);
        }
        out
    }

    /// Reads the facts of a block with `count` records; `None` when they are damaged or speak of another block.
    pub fn decode(bytes: &[u8], count: u32) -> Option<Facts> {
        let (batches, mut rest) = split_varint(bytes)?;
        if batches > u64::from(count) {
            return None;
        }
        let mut counts = Vec::with_capacity(batches as usize);
        let mut records = 0u64;
        while (counts.len() as u64) < batches {
            let (each, after) = split_varint(rest)?;
            let (repeats, after) = split_varint(after)?;
            let each = u16::try_from(each).ok().filter(|each| *each > 0)?;
            if repeats == 0 || repeats > batches - counts.len() as u64 {
                return None;
            }
            records += u64::from(each) * repeats;
            counts.resize(counts.len() + repeats as usize, each);
            rest = after;
        }
        let (extended, mut rest) = split_varint(rest)?;
        if records != u64::from(count) || extended > batches {
            return None;
        }
        let mut extensions = Vec::with_capacity(extended as usize);
        let mut next = 0u64;
        for _ in 0..extended {
            let (step, after) = split_varint(rest)?;
            let batch = next.checked_add(step).filter(|batch| *batch < batches)?;
            let (of_batch, after) = split_extensions(after)?;
            extensions.push((batch as u32, of_batch));
            next = batch + 1;
            rest = after;
        }
        rest.is_empty().then_some(Facts { counts, extensions })
    }
}

fn push_extensions(out: &mut Vec<u8>, extensions: &Extensions) {
    out.push(extensions.flags());
    if let Some((stream, sequence)) = extensions.control {
        out.extend_from_slice(&stream.to_le_bytes());
        push_varint(out, u64::from(sequence));
    }
    if let Some((id, sequence)) = extensions.spooled {
        out.extend_from_slice(&id.to_le_bytes());
        push_varint(out, sequence);
    }
    if let Some(clock) = extensions.clock {
        out.extend_from_slice(&clock.to_le_bytes());
    }
}

fn split_extensions(bytes: &[u8]) -> Option<(Extensions, &[u8])> {
    let (flags, mut rest) = bytes.split_first()?;
    let mut extensions = Extensions::default();
    if flags & FLAG_CONTROL != 0 {
        let (stream, after) = split_word(rest)?;
        let (sequence, after) = split_varint(after)?;
        extensions.control = Some((stream, u32::try_from(sequence).ok()?));
        rest = after;
    }
    if flags & FLAG_SPOOLED != 0 {
        let (id, after) = split_word(rest)?;
        let (sequence, after) = split_varint(after)?;
        extensions.spooled = Some((id, sequence));
        rest = after;
    }
    if flags & FLAG_CLOCK != 0 {
        let (clock, after) = split_word(rest)?;
        extensions.clock = Some(clock as i64);
        rest = after;
    }
    // Unknown flags do not come back, and no flag at all is no extension.
    let is_known = extensions.flags() == *flags && *flags != 0;
    is_known.then_some((extensions, rest))
}

fn split_word(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*word), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Facts {
        let control = Extensions {
            control: Some((5, 700)),
            ..Extensions::default()
        };
        let both = Extensions {
            spooled: Some((u64::MAX, 3)),
            clock: Some(-1),
            ..Extensions::default()
        };
        Facts {
            counts: vec![1, 1, 1, 7, 2, 2],
            extensions: vec![(0, control), (3, both), (5, control)],
        }
    }

    #[test]
    fn facts_read_back_and_are_refused_for_another_number_of_records() {
        let bytes = sample().encode();
        assert_eq!(Facts::decode(&bytes, 14), Some(sample()));
        assert_eq!(Facts::decode(&bytes, 13), None);
        assert_eq!(Facts::decode(&bytes, 15), None);
        for len in 0..bytes.len() {
            assert_eq!(Facts::decode(&bytes[..len], 14), None, "cut to {len}");
        }
    }

    #[test]
    fn a_batch_for_each_of_many_records_takes_a_few_bytes() {
        let facts = Facts {
            counts: vec![1; 200_000],
            extensions: Vec::new(),
        };
        assert!(facts.encode().len() < 10);
    }

    #[test]
    fn facts_that_claim_more_than_there_is_reserve_nothing() {
        let mut bytes = Vec::new();
        push_varint(&mut bytes, u64::MAX);
        assert_eq!(Facts::decode(&bytes, u32::MAX), None);
        let mut bytes = Vec::new();
        for number in [2, 1, u64::MAX] {
            push_varint(&mut bytes, number);
        }
        assert_eq!(Facts::decode(&bytes, 2), None);
    }
}
