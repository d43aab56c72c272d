//! Names to ids: which columns a name or a list of names stands for, and what explains them to a reader of the log.
//!
//! Invariants: finding a known name allocates nothing and hashes it once; a slot counts as defined only after its
//! definition was appended or handed to the spool.

use std::collections::{BTreeMap, HashMap};

use mltrack_event::{ColumnsId, Event, MetricDefined, MetricKey, MetricSetDefined};
use mltrack_projector::IntMap;

use crate::error::{Error, Result};

/// A metric or a set of metrics that is logged together.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub columns: ColumnsId,
    /// The step that `log_metric` gives next.
    pub next_step: i64,
    pub is_defined: bool,
    /// What must be in the log before the first use.
    pub definition: Vec<Event>,
}

#[derive(Clone, Default, Debug)]
pub(crate) struct Names {
    pub slots: Vec<Slot>,
    by_name: IntMap<Box<str>, u32>,
    by_list: IntMap<Box<[u8]>, u32>,
    by_keys: HashMap<Vec<MetricKey>, u32>,
    list: Vec<u8>,
    /// Where the counts of a resumed run go on.
    first_steps: BTreeMap<String, i64>,
}

/// Ends each name of a list: UTF-8 has no such byte.
const END_OF_NAME: u8 = 0xff;

impl Names {
    pub fn new(first_steps: BTreeMap<String, i64>) -> Names {
        Names {
            first_steps,
            ..Names::default()
        }
    }

    /// The slot of a metric without context.
    #[inline]
    pub fn metric(&mut self, name: &str) -> Result<usize> {
        match self.by_name.get(name) {
            Some(slot) => Ok(*slot as usize),
            None => self.new_metric(name),
        }
    }

    #[cold]
    fn new_metric(&mut self, name: &str) -> Result<usize> {
        let key = MetricKey::new(name)?;
        let slot = self.push(key.id().into(), vec![MetricDefined::new(&key).into()]);
        self.slots[slot].next_step = self.first_steps.get(name).copied().unwrap_or(0);
        self.by_name.insert(name.into(), slot as u32);
        Ok(slot)
    }

    /// The slot of an ordered list of metrics without context; their values go to `values`.
    #[inline]
    pub fn list<N: AsRef<str>>(
        &mut self,
        metrics: impl IntoIterator<Item = (N, f64)>,
        values: &mut Vec<f64>,
    ) -> Result<usize> {
        self.list.clear();
        values.clear();
        for (name, value) in metrics {
            self.list.extend_from_slice(name.as_ref().as_bytes());
            self.list.push(END_OF_NAME);
            values.push(value);
        }
        match self.by_list.get(self.list.as_slice()) {
            Some(slot) => Ok(*slot as usize),
            None => self.new_list(),
        }
    }

    #[cold]
    fn new_list(&mut self) -> Result<usize> {
        let keys: Result<Vec<MetricKey>> = self
            .list
            .split_inclusive(|byte| *byte == END_OF_NAME)
            .map(|name| {
                let name = name.strip_suffix(&[END_OF_NAME]).unwrap_or(name);
                let name = std::str::from_utf8(name).expect("it was copied from a str");
                Ok(MetricKey::new(name)?)
            })
            .collect();
        let slot = self.keys(keys?)?;
        self.by_list
            .insert(self.list.as_slice().into(), slot as u32);
        Ok(slot)
    }

    /// The slot of an ordered list of metrics, each with its context.
    pub fn keys(&mut self, keys: Vec<MetricKey>) -> Result<usize> {
        if let Some(slot) = self.by_keys.get(&keys) {
            return Ok(*slot as usize);
        }
        let slot = match keys.as_slice() {
            [] => return Err(Error::validation("a list of metrics has at least one")),
            [key] if key.context().is_empty() => self.metric(key.name())?,
            [key] => self.push(key.id().into(), vec![MetricDefined::new(key).into()]),
            several => self.new_set(several)?,
        };
        self.by_keys.insert(keys, slot as u32);
        Ok(slot)
    }

    fn new_set(&mut self, keys: &[MetricKey]) -> Result<usize> {
        let set = MetricSetDefined::new(keys.iter().map(MetricKey::id).collect());
        let mut ids = set.members.clone();
        ids.sort_unstable();
        if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            let key = keys.iter().find(|key| key.id() == twice[0]);
            let name = key.map(ToString::to_string).unwrap_or_default();
            return Err(Error::validation(format!(
                "the metric {name} comes twice in one step"
            )));
        }
        let members = keys.iter().map(|key| Event::from(MetricDefined::new(key)));
        let columns = set.id;
        let definition = members.chain([Event::from(set)]).collect();
        Ok(self.push(columns, definition))
    }

    fn push(&mut self, columns: ColumnsId, definition: Vec<Event>) -> usize {
        self.slots.push(Slot {
            columns,
            next_step: 0,
            is_defined: false,
            definition,
        });
        self.slots.len() - 1
    }

    /// A copy for a handle that appends by itself, and so defines by itself.
    pub fn fork(&self) -> Names {
        let mut fork = self.clone();
        for slot in &mut fork.slots {
            slot.is_defined = false;
        }
        fork
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_is_one_slot_however_often_it_comes() {
        let (mut names, mut values) = (Names::default(), Vec::new());
        let slot = names
            .list([("loss", 1.0), ("acc", 2.0)], &mut values)
            .unwrap();
        assert_eq!(values, [1.0, 2.0]);
        assert_eq!(
            names
                .list([("loss", 3.0), ("acc", 4.0)], &mut values)
                .unwrap(),
            slot
        );
        assert_ne!(
            names
                .list([("acc", 3.0), ("loss", 4.0)], &mut values)
                .unwrap(),
            slot
        );
        assert_eq!(
            names.slots[slot].definition.len(),
            3,
            "two metrics and their set"
        );
    }

    #[test]
    fn a_list_of_one_is_the_metric_itself() {
        let (mut names, mut values) = (Names::default(), Vec::new());
        let slot = names.list([("loss", 1.0)], &mut values).unwrap();
        assert_eq!(names.metric("loss").unwrap(), slot);
    }

    #[test]
    fn lists_that_cannot_be_told_apart_by_name_are_refused() {
        let (mut names, mut values) = (Names::default(), Vec::new());
        let error = names
            .list([("loss", 1.0), ("loss", 2.0)], &mut values)
            .unwrap_err();
        assert!(error.to_string().contains("loss comes twice"), "{error}");
        assert!(names.list([("", 1.0)], &mut values).is_err());
        assert!(names.list::<&str>([], &mut values).is_err());
    }
}
