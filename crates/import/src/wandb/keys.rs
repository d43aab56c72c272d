//! The keys of a run: what each is called, what it is for, and what was logged under it last.
//!
//! Invariants: a nested key has the name that the peer shows, its parts joined by dots; a key is looked up once for a
//! value, and nothing is allocated for one that was seen before.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::record::PART_END;
use crate::points::Points;

/// A chunk of this number is never filled: who has no slot yet has none in any.
const NO_CHUNK: u64 = u64::MAX;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The step of everything in the record.
    Step,
    /// Its time, in seconds since 1970.
    Time,
    /// Its time since the start.
    Runtime,
    /// Says that what is beside it is one thing.
    Type,
    /// The peer's own.
    Own,
    Value,
}

/// What was logged under a key last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Last {
    Nothing,
    Number(f64),
    Other(u64),
}

#[derive(Debug, Default)]
pub(crate) struct Keys {
    known: Vec<Key>,
    by_raw: HashMap<Box<[u8]>, u32>,
    chunk: u64,
}

#[derive(Debug)]
pub(crate) struct Key {
    pub raw: Box<[u8]>,
    pub name: String,
    pub role: Role,
    pub last: Last,
    /// Where its points go in the chunk of this number.
    slot: u32,
    chunk: u64,
}

impl Keys {
    /// Slots that were given for another chunk are forgotten.
    pub fn new_chunk(&mut self) {
        self.chunk += 1;
    }

    /// The number of a key.
    #[inline]
    pub fn find(&mut self, raw: &[u8]) -> usize {
        match self.by_raw.get(raw) {
            Some(found) => *found as usize,
            None => self.add(raw),
        }
    }

    #[cold]
    fn add(&mut self, raw: &[u8]) -> usize {
        let at = self.known.len();
        self.by_raw.insert(raw.into(), at as u32);
        self.known.push(Key {
            raw: raw.into(),
            name: name(raw),
            role: role(raw),
            last: Last::Nothing,
            slot: 0,
            chunk: NO_CHUNK,
        });
        at
    }

    pub fn key(&self, at: usize) -> &Key {
        &self.known[at]
    }

    /// The key whose name this is, whatever its parts are.
    pub fn named(&mut self, name: &str) -> usize {
        let mut raw = name.as_bytes().to_vec();
        raw.push(PART_END);
        self.find(&raw)
    }

    /// Adds a point of a key to the present chunk.
    #[inline]
    pub fn point(&mut self, at: usize, step: i64, time_ns: i64, value: f64, points: &mut Points) {
        let chunk = self.chunk;
        let key = &mut self.known[at];
        if key.chunk != chunk {
            key.slot = points.slot(&key.name);
            key.chunk = chunk;
        }
        key.last = Last::Number(value);
        points.push(key.slot, step, time_ns, value);
    }

    pub fn set_last(&mut self, at: usize, last: Last) {
        self.known[at].last = last;
    }

    /// What was logged last under each name.
    pub fn lasts(&self) -> impl Iterator<Item = (&str, Last)> {
        let logged = self.known.iter().filter(|key| key.last != Last::Nothing);
        logged.map(|key| (key.name.as_str(), key.last))
    }
}

/// The parts of a key.
pub(crate) fn parts(raw: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    let whole = raw.strip_suffix(&[PART_END]).unwrap_or(raw);
    whole.split(|byte| *byte == PART_END)
}

/// The name of a key: its parts joined by dots.
pub(crate) fn name(raw: &[u8]) -> String {
    let parts = parts(raw).map(|part| String::from_utf8_lossy(part).into_owned());
    parts.collect::<Vec<String>>().join(".")
}

/// What a key is for.
pub(crate) fn role(raw: &[u8]) -> Role {
    let mut parts = parts(raw);
    match (parts.next(), parts.next_back()) {
        (Some(b"_step"), None) => Role::Step,
        (Some(b"_timestamp"), None) => Role::Time,
        (Some(b"_runtime"), None) => Role::Runtime,
        (Some(b"_wandb"), _) => Role::Own,
        (_, Some(b"_type")) => Role::Type,
        _ => Role::Value,
    }
}

/// What stands before the last part of a key, as far as there is more than one.
pub(crate) fn folder(raw: &[u8]) -> &[u8] {
    let whole = raw.strip_suffix(&[PART_END]).unwrap_or(raw);
    let end = whole.iter().rposition(|byte| *byte == PART_END);
    end.map_or(&[], |end| &raw[..=end])
}

/// Keys with more parts than anybody nests have the others in the name of the last.
const PARTS_MAX: usize = 64;

/// Puts a value below an object, where the parts of a key lead.
pub(crate) fn put(object: &mut Map<String, Value>, key: &[u8], value: Value) {
    let mut names: Vec<String> = parts(key)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    if names.len() > PARTS_MAX {
        let rest = names.split_off(PARTS_MAX - 1).join(".");
        names.push(rest);
    }
    let mut place = object;
    let last = names.pop().unwrap_or_default();
    for name in names {
        let inner = place.entry(name).or_insert(Value::Null);
        if !inner.is_object() {
            *inner = Value::Object(Map::new());
        }
        let Value::Object(inner) = inner else {
            return;
        };
        place = inner;
    }
    place.insert(last, value);
}

/// Takes out of an object what is below a key.
pub(crate) fn remove(object: &mut Map<String, Value>, key: &[u8]) {
    let mut place = object;
    let mut parts = parts(key).peekable();
    while let Some(part) = parts.next() {
        let part = String::from_utf8_lossy(part);
        if parts.peek().is_none() {
            place.remove(&*part);
            return;
        }
        let Some(Value::Object(inner)) = place.get_mut(&*part) else {
            return;
        };
        place = inner;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_name_that_the_peer_shows() {
        for (raw, name, role) in [
            (&b"loss\0"[..], "loss", Role::Value),
            (b"val/loss\0b\0c\0", "val/loss.b.c", Role::Value),
            (b"x.y\0", "x.y", Role::Value),
            (b"_step\0", "_step", Role::Step),
            (b"_timestamp\0", "_timestamp", Role::Time),
            (b"_runtime\0", "_runtime", Role::Runtime),
            (b"_wandb\0runtime\0", "_wandb.runtime", Role::Own),
            (b"img\0_type\0", "img._type", Role::Type),
            (b"_type\0", "_type", Role::Value),
        ] {
            assert_eq!((super::name(raw), super::role(raw)), (name.into(), role));
        }
        assert_eq!(folder(b"a\0b\0c\0"), b"a\0b\0");
        assert_eq!(folder(b"a\0"), b"");
    }

    #[test]
    fn a_key_keeps_its_slot_in_a_chunk_and_what_was_last() {
        let (mut keys, mut points) = (Keys::default(), Points::default());
        // The first chunk needs no announcement.
        for _ in 0..2 {
            points.clear();
            for (raw, value) in [(b"a\0", 1.0), (b"b\0", 2.0), (b"a\0", 3.0)] {
                let at = keys.find(raw);
                keys.point(at, 1, 1, value, &mut points);
            }
            assert_eq!(points.columns.len(), 2);
            assert_eq!(points.columns[0].values, [1.0, 3.0]);
            keys.new_chunk();
        }
        let lasts: Vec<_> = keys.lasts().collect();
        assert_eq!(lasts, [("a", Last::Number(3.0)), ("b", Last::Number(2.0))]);
    }

    #[test]
    fn values_are_put_where_their_keys_lead() {
        let mut object = Map::new();
        for (key, value) in [(&b"a\0"[..], 1), (b"b\0c\0", 2), (b"a\0d\0", 3)] {
            put(&mut object, key, value.into());
        }
        let wanted = serde_json::json!({"a": {"d": 3}, "b": {"c": 2}});
        assert_eq!(Value::Object(object), wanted);
    }
}
