//! The summary of a run: what its program says of it in the end, beside what it logged.
//!
//! Invariants: what is in the history as it is in the summary is not taken again; what is not has the name `summary/NAME`
//! when the history has that name, so that no curve gets a point that was never logged.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::history::last;
use super::json::{self, Leaf};
use super::keys::{self, Last, Role};
use super::record::{Item, ItemValue};
use super::take::{At, Take};
use crate::chunk::Chunk;
use crate::wire::{Fields, Read};

/// More than that does not wait for a step.
const WAITING_LEN_MAX: usize = 4 << 20;

/// The summary as it is by now, as it is written, and what was taken of it.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    by_key: HashMap<Box<[u8]>, Vec<u8>>,
    /// Records since the last step, one behind the other, and where each ends.
    waiting: Vec<u8>,
    waiting_ends: Vec<usize>,
    key: Vec<u8>,
    taken: HashMap<String, Last>,
}

impl Summary {
    /// A summary record comes. The step that it speaks of may stand behind it.
    pub fn record(&mut self, message: &[u8]) {
        self.waiting.extend_from_slice(message);
        self.waiting_ends.push(self.waiting.len());
        if self.waiting.len() > WAITING_LEN_MAX {
            self.settle();
        }
    }

    /// Takes the records that wait: the step is there.
    pub fn settle(&mut self) {
        let (waiting, ends) = (
            std::mem::take(&mut self.waiting),
            std::mem::take(&mut self.waiting_ends),
        );
        let mut begin = 0;
        for end in &ends {
            // What can be read of one that is not well formed is taken.
            self.take(&waiting[begin..*end]).ok();
            begin = *end;
        }
        (self.waiting, self.waiting_ends) = (waiting, ends);
        self.waiting.clear();
        self.waiting_ends.clear();
    }

    fn take(&mut self, message: &[u8]) -> Read<()> {
        let mut key = std::mem::take(&mut self.key);
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => {
                    let item = Item::read(value.bytes()?, &mut key)?;
                    self.set(&key, item.value);
                }
                2 => {
                    Item::read(value.bytes()?, &mut key)?;
                    self.by_key.retain(|known, _| !known.starts_with(&key));
                }
                _ => {}
            }
        }
        self.key = key;
        Ok(())
    }

    fn set(&mut self, key: &[u8], value: ItemValue<'_>) {
        let text;
        let json = match value {
            ItemValue::Json(json) => json,
            ItemValue::Nothing => &b"null"[..],
            ItemValue::Number(number) => {
                text = number.to_string().replace("inf", "Infinity");
                text.as_bytes()
            }
            ItemValue::Text(bytes) => {
                text = Value::from(String::from_utf8_lossy(bytes)).to_string();
                text.as_bytes()
            }
        };
        match self.by_key.get_mut(key) {
            Some(known) => {
                known.clear();
                known.extend_from_slice(json);
            }
            None => {
                self.by_key.insert(key.into(), json.to_vec());
            }
        }
    }

    /// Everything in it that is a value of the run, as one object.
    fn object(&self) -> Map<String, Value> {
        let sorted: BTreeMap<_, _> = self.by_key.iter().collect();
        let mut object = Map::new();
        for (key, json) in sorted {
            let is_ours = matches!(keys::role(key), Role::Value | Role::Type);
            if let Some(value) = json::value(json).filter(|_| is_ours) {
                keys::put(&mut object, key, value);
            }
        }
        object
    }
}

impl Take {
    /// Takes what the summary says and the history does not. As long as the run has not ended, what the history has is left
    /// alone: the summary may be ahead of it.
    pub(super) fn summary(&mut self, has_ended: bool, chunk: &mut Chunk) {
        if has_ended {
            self.summary.settle();
        }
        let at = (
            self.last_step.max(0),
            mltrack::WallTime(self.last_ns.unwrap_or(0)),
        );
        let lasts = self
            .keys
            .lasts()
            .map(|(name, last)| (name.to_owned(), last));
        let lasts: HashMap<String, Last> = lasts.collect();
        let logged: BTreeSet<String> = lasts
            .keys()
            .cloned()
            .chain(self.typed_names.iter().cloned())
            .collect();
        let mut leaves = Vec::new();
        for (name, value) in self.summary.object() {
            self.summary_value(name, value, at, &mut leaves, chunk);
        }
        for (name, leaf) in leaves {
            if !has_ended && logged.contains(&name) {
                continue;
            }
            let now = last(&leaf);
            let is_known = |known: Option<&Last>| known.is_some_and(|known| same(*known, now));
            if is_known(lasts.get(&name)) || is_known(self.summary.taken.get(&name)) {
                continue;
            }
            self.summary.taken.insert(name.clone(), now);
            let name = if logged.contains(&name) {
                format!("summary/{name}")
            } else {
                name
            };
            self.summary_leaf(&name, leaf, at, chunk);
        }
    }

    /// Takes an object apart; a thing with files that the history does not have is taken.
    fn summary_value(
        &mut self,
        name: String,
        value: Value,
        at: At,
        leaves: &mut Vec<(String, Leaf)>,
        chunk: &mut Chunk,
    ) {
        match value {
            Value::Object(object) if object.get("_type").is_some_and(Value::is_string) => {
                if !self.typed_names.contains(&name) {
                    self.typed(&name, object, at, chunk);
                }
            }
            Value::Object(object) => {
                for (part, value) in object {
                    self.summary_value(format!("{name}.{part}"), value, at, leaves, chunk);
                }
            }
            value => leaves.extend(json::leaf(value).map(|leaf| (name, leaf))),
        }
    }

    fn summary_leaf(&mut self, name: &str, leaf: Leaf, at: At, chunk: &mut Chunk) {
        match leaf {
            Leaf::Number(number) => {
                let slot = chunk.points.slot(name);
                chunk.points.push(slot, at.0, at.1.0, number);
            }
            Leaf::Text(text) => self.text(name, text, at, chunk),
            Leaf::Json(value) => self.json(name, value.to_string(), at, chunk),
        }
    }
}

/// Whether two values are the same; NaN is.
fn same(left: Last, right: Last) -> bool {
    match (left, right) {
        (Last::Number(left), Last::Number(right)) => match left.partial_cmp(&right) {
            Some(order) => order.is_eq(),
            None => left.is_nan() && right.is_nan(),
        },
        (left, right) => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An update or a removal of a key with one part.
    fn item(number: u8, key: &[u8], json: &[u8]) -> Vec<u8> {
        let mut item = vec![0x0a, key.len() as u8];
        item.extend(key);
        item.extend([0x82, 0x01, json.len() as u8]);
        item.extend(json);
        [&[number << 3 | 2, item.len() as u8], &item[..]].concat()
    }

    fn taken(take: &mut Take) -> Vec<(String, Vec<f64>)> {
        let mut chunk = Chunk::default();
        take.summary(true, &mut chunk);
        let columns = chunk.points.columns.into_iter();
        columns.map(|column| (column.name, column.values)).collect()
    }

    #[test]
    fn only_what_differs_from_the_history_is_taken_and_once() {
        let mut take = Take::new("fuzzed", None);
        take.keys.new_chunk();
        for (name, value) in [("loss", 0.5), ("nan", f64::NAN)] {
            let key = take.keys.named(name);
            take.keys
                .point(key, 1, 1, value, &mut Chunk::default().points);
        }
        for (key, json) in [
            ("loss", "0.5"),
            ("nan", "NaN"),
            ("best", "0.9"),
            ("_step", "7"),
            ("gone", "1"),
        ] {
            take.summary
                .record(&item(1, key.as_bytes(), json.as_bytes()));
        }
        take.summary.record(&item(2, b"gone", b""));
        assert_eq!(taken(&mut take), [("best".to_owned(), vec![0.9])]);
        assert!(taken(&mut take).is_empty());
        take.summary.record(&item(1, b"loss", b"{\"min\":0.25}"));
        assert_eq!(taken(&mut take), [("loss.min".to_owned(), vec![0.25])]);
        take.summary.record(&item(1, b"loss", b"7"));
        assert_eq!(taken(&mut take), [("summary/loss".to_owned(), vec![7.0])]);
    }
}
