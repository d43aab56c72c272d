//! What a training logged at a step.
//!
//! Invariants: everything in a record has the step and the time that the record says, wherever they stand in it; a record
//! of plain numbers, as nearly all are, allocates nothing; what stands beside a `_type` is one thing and no metrics.

use std::collections::BTreeMap;

use mltrack::{Shape, WallTime};
use serde_json::{Map, Value};

use super::json::{self, Leaf};
use super::keys::{self, Last, Role};
use super::record::{Item, ItemValue, step};
use super::take::{At, Take};
use crate::chunk::{Chunk, Content, PastArtifact, PastValue};
use crate::tensorboard::media;
use crate::wire::{Fields, Malformed, Read};

/// A text that is longer is a file.
const TEXT_LEN_MAX: usize = 512 << 10;

/// Where the numbers of a record wait for its step.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    key: Vec<u8>,
    numbers: Vec<(usize, f64)>,
}

impl Take {
    /// Takes a history record.
    pub(super) fn history(&mut self, message: &[u8], chunk: &mut Chunk) -> Read<()> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let taken = self.history_with(message, &mut scratch, chunk);
        self.scratch = scratch;
        taken
    }

    fn history_with(
        &mut self,
        message: &[u8],
        scratch: &mut Scratch,
        chunk: &mut Chunk,
    ) -> Read<()> {
        scratch.numbers.clear();
        let mut others: Vec<(usize, ItemValue<'_>)> = Vec::new();
        let (mut said_step, mut time_s, mut runtime_s) = (None, None, None);
        let mut has_types = false;
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => {}
                2 => {
                    said_step = said_step.or(Some(step(value.bytes()?)?));
                    continue;
                }
                _ => continue,
            }
            let item = Item::read(value.bytes()?, &mut scratch.key)?;
            let key = self.keys.find(&scratch.key);
            let number = match item.value {
                ItemValue::Json(json) => json::number(json),
                ItemValue::Number(number) => Some(number),
                ItemValue::Text(_) | ItemValue::Nothing => None,
            };
            match (self.keys.key(key).role, number) {
                (Role::Step, Some(number)) => said_step = Some(number as i64),
                (Role::Time, Some(number)) => time_s = Some(number),
                (Role::Runtime, Some(number)) => runtime_s = Some(number),
                (Role::Own, _) => {}
                (_, Some(number)) => scratch.numbers.push((key, number)),
                (role, None) => {
                    has_types |= role == Role::Type;
                    others.push((key, item.value));
                }
            }
        }
        let at = self.moment(said_step, time_s, runtime_s);
        if has_types {
            self.typed_items(at, &mut scratch.numbers, &mut others, chunk);
        }
        for (key, number) in &scratch.numbers {
            self.keys
                .point(*key, at.0, at.1.0, *number, &mut chunk.points);
        }
        for (key, value) in others {
            let name = self.keys.key(key).name.clone();
            self.item(&name, value, at, chunk)?;
        }
        Ok(())
    }

    /// The step and the time of a record.
    fn moment(&mut self, step: Option<i64>, said_s: Option<f64>, runtime_s: Option<f64>) -> At {
        let since = |runtime_s: f64| Some(self.started_ns? as f64 / 1e9 + runtime_s);
        let since_1970_s = said_s.or_else(|| since(runtime_s?));
        let time_ns = since_1970_s.and_then(crate::tensorboard::time_ns);
        let time_ns = time_ns.or(self.last_ns).unwrap_or(0);
        self.saw(time_ns);
        self.last_step = step.unwrap_or(self.last_step.saturating_add(1));
        (self.last_step, WallTime(time_ns))
    }

    /// Takes out what belongs to things that say what they are, and takes those.
    fn typed_items(
        &mut self,
        at: At,
        numbers: &mut Vec<(usize, f64)>,
        others: &mut Vec<(usize, ItemValue<'_>)>,
        chunk: &mut Chunk,
    ) {
        let types = others.iter().map(|(key, _)| self.keys.key(*key));
        let types = types.filter(|key| key.role == Role::Type);
        let mut things: BTreeMap<Vec<u8>, Map<String, Value>> = types
            .map(|key| (keys::folder(&key.raw).to_vec(), Map::new()))
            .collect();
        let mut put = |raw: &[u8], value: Value| {
            let thing = things
                .iter_mut()
                .find(|(folder, _)| raw.starts_with(folder));
            let Some((folder, object)) = thing else {
                return false;
            };
            keys::put(object, &raw[folder.len()..], value);
            true
        };
        numbers.retain(|(key, number)| {
            let whole = (number.fract() == 0.0 && number.abs() < 1e15).then_some(*number as i64);
            let value = whole.map_or_else(|| Value::from(*number), Value::from);
            !put(&self.keys.key(*key).raw, value)
        });
        others.retain(|(key, value)| {
            let value = match value {
                ItemValue::Json(json) => json::value(json).unwrap_or_default(),
                ItemValue::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
                ItemValue::Number(_) | ItemValue::Nothing => Value::Null,
            };
            !put(&self.keys.key(*key).raw, value)
        });
        for (folder, object) in things.into_iter().filter(|(_, object)| !object.is_empty()) {
            self.typed(&keys::name(&folder), object, at, chunk);
        }
    }

    /// What is no number.
    #[cold]
    fn item(&mut self, name: &str, value: ItemValue<'_>, at: At, chunk: &mut Chunk) -> Read<()> {
        match value {
            ItemValue::Text(text) => {
                let text = String::from_utf8_lossy(text).into_owned();
                self.leaf(name, Leaf::Text(text), at, chunk);
            }
            ItemValue::Json(json) => {
                let value = json::value(json).ok_or(Malformed)?;
                self.any(name, value, at, chunk);
            }
            ItemValue::Number(_) | ItemValue::Nothing => {}
        }
        Ok(())
    }

    /// Any value: an object is a thing that says what it is, or several values below its name.
    pub(super) fn any(&mut self, name: &str, value: Value, at: At, chunk: &mut Chunk) {
        match value {
            Value::Object(object) if object.get("_type").is_some_and(Value::is_string) => {
                self.typed(name, object, at, chunk);
            }
            Value::Object(object) => {
                for (part, value) in object {
                    self.any(&format!("{name}.{part}"), value, at, chunk);
                }
            }
            value => {
                if let Some(leaf) = json::leaf(value) {
                    self.leaf(name, leaf, at, chunk);
                }
            }
        }
    }

    fn leaf(&mut self, name: &str, leaf: Leaf, at: At, chunk: &mut Chunk) {
        let key = self.keys.named(name);
        if !matches!(leaf, Leaf::Number(_)) {
            self.keys.set_last(key, last(&leaf));
        }
        match leaf {
            Leaf::Number(number) => {
                self.keys
                    .point(key, at.0, at.1.0, number, &mut chunk.points);
            }
            Leaf::Text(text) => self.text(name, text, at, chunk),
            Leaf::Json(value) => self.json(name, value.to_string(), at, chunk),
        }
    }

    pub(super) fn text(&mut self, name: &str, text: String, (step, time): At, chunk: &mut Chunk) {
        if text.len() <= TEXT_LEN_MAX {
            let json = serde_json::to_string(&Shape::Text { text }).expect("a text is JSON");
            return self.json(name, json, (step, time), chunk);
        }
        self.other_len += text.len();
        chunk.artifacts.push(PastArtifact {
            path: format!("{}/{step}.txt", media::folder(name)),
            step: Some(step),
            time,
            metadata: String::new(),
            content: Content::Bytes(text.into_bytes()),
        });
    }

    pub(super) fn json(&mut self, name: &str, json: String, (step, time): At, chunk: &mut Chunk) {
        self.other_len += json.len();
        let name = name.to_owned();
        chunk.values.push(PastValue {
            name,
            step,
            time,
            json,
        });
    }
}

/// What is remembered of a value.
pub(super) fn last(leaf: &Leaf) -> Last {
    let hash = |text: &str| {
        let hash = blake3::hash(text.as_bytes());
        let (eight, _) = hash
            .as_bytes()
            .split_first_chunk()
            .expect("it has 32 bytes");
        Last::Other(u64::from_le_bytes(*eight))
    };
    match leaf {
        Leaf::Number(number) => Last::Number(*number),
        Leaf::Text(text) => hash(text),
        Leaf::Json(value) => hash(&value.to_string()),
    }
}
