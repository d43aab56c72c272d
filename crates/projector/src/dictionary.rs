//! What the ids of metrics stand for: the definitions met so far in the log.
//!
//! Invariants: the first definition of an id stays for ever, so that resolving an id gives the same answer at every
//! later moment; another meaning for the same id is a [`Collision`], kept for whoever wants to log under it next.

use mltrack_event::{ColumnsId, Event, MetricDefined, MetricId, MetricSetDefined, metric_id};

use crate::int_map::IntMap;

/// Names of metrics, and members of sets of metrics, by id.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Dictionary {
    definitions: IntMap<ColumnsId, Definition>,
    collisions: Vec<Collision>,
}

/// What one id stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Definition {
    /// A metric: a name in a context.
    Metric(MetricDefined),
    /// An ordered set of metrics.
    Set(MetricSetDefined),
}

/// Two meanings of one id. The first one counts, the other is here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collision {
    /// The id.
    pub id: ColumnsId,
    /// The later meaning, which does not count.
    pub refused: Definition,
}

impl Definition {
    /// The id that is defined.
    #[must_use]
    pub fn id(&self) -> ColumnsId {
        match self {
            Definition::Metric(metric) => metric.id.into(),
            Definition::Set(set) => set.id,
        }
    }

    /// The metrics that the values of one step belong to, in their order.
    #[must_use]
    pub fn members(&self) -> &[MetricId] {
        match self {
            Definition::Metric(metric) => std::slice::from_ref(&metric.id),
            Definition::Set(set) => &set.members,
        }
    }
}

impl Dictionary {
    /// Takes in a definition; other events leave the dictionary as it is.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::MetricDefined(metric) => self.define(Definition::Metric(metric.clone())),
            Event::MetricSetDefined(set) => self.define(Definition::Set(set.clone())),
            _ => {}
        }
    }

    /// Takes in a definition. The first one of an id counts; a different one is remembered as a collision.
    pub fn define(&mut self, definition: Definition) {
        let id = definition.id();
        let known = self
            .definitions
            .entry(id)
            .or_insert_with(|| definition.clone());
        if *known == definition {
            return;
        }
        let collision = Collision {
            id,
            refused: definition,
        };
        if !self.collisions.contains(&collision) {
            self.collisions.push(collision);
        }
    }

    /// What an id stands for.
    #[must_use]
    pub fn get(&self, id: ColumnsId) -> Option<&Definition> {
        self.definitions.get(&id)
    }

    /// The name and context of a metric.
    #[must_use]
    pub fn metric(&self, id: MetricId) -> Option<&MetricDefined> {
        match self.definitions.get(&id.into()) {
            Some(Definition::Metric(metric)) => Some(metric),
            _ => None,
        }
    }

    /// The metric of this name in this context, whose pairs are sorted by key; `None` when the log defines none.
    #[must_use]
    pub fn find(&self, name: &str, context: &[(String, String)]) -> Option<&MetricDefined> {
        self.metric(metric_id(name, context))
            .filter(|metric| metric.name == name && metric.context == context)
    }

    /// The metric as people write it: `loss`, `loss{subset=val}`, or the id when the log does not define it.
    #[must_use]
    pub fn label(&self, id: MetricId) -> String {
        let Some(metric) = self.metric(id) else {
            return id.to_string();
        };
        let pairs: Vec<String> = metric
            .context
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        if pairs.is_empty() {
            return metric.name.clone();
        }
        format!("{}{{{}}}", metric.name, pairs.join(","))
    }

    /// How many ids are defined.
    #[must_use]
    pub fn len(&self) -> usize {
        self.definitions.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.definitions.is_empty()
    }

    /// Every definition, sorted by id.
    #[must_use]
    pub fn definitions(&self) -> Vec<&Definition> {
        let mut definitions: Vec<&Definition> = self.definitions.values().collect();
        definitions.sort_unstable_by_key(|definition| definition.id());
        definitions
    }

    /// Definitions that were refused, in the order of the log.
    #[must_use]
    pub fn collisions(&self) -> &[Collision] {
        &self.collisions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(id: u64, name: &str) -> Definition {
        let context = Vec::new();
        Definition::Metric(MetricDefined {
            id: MetricId(id),
            name: name.into(),
            context,
        })
    }

    #[test]
    fn the_first_meaning_of_an_id_stays_and_the_second_is_a_collision() {
        let mut dictionary = Dictionary::default();
        for _ in 0..2 {
            dictionary.define(metric(1, "loss"));
            dictionary.define(metric(1, "accuracy"));
        }
        assert_eq!(dictionary.label(MetricId(1)), "loss");
        let refused = metric(1, "accuracy");
        assert_eq!(
            dictionary.collisions(),
            [Collision {
                id: ColumnsId(1),
                refused
            }]
        );
    }

    #[test]
    fn a_set_cannot_take_the_id_of_a_metric() {
        let mut dictionary = Dictionary::default();
        dictionary.define(metric(1, "loss"));
        let set = MetricSetDefined {
            id: ColumnsId(1),
            members: vec![MetricId(1), MetricId(2)],
        };
        dictionary.apply(&Event::MetricSetDefined(set));
        let kept = dictionary.get(ColumnsId(1)).map(Definition::members);
        assert_eq!(kept, Some(&[MetricId(1)][..]));
        assert_eq!(dictionary.collisions().len(), 1);
    }

    #[test]
    fn a_metric_is_found_by_name_and_context_and_shown_with_both() {
        let mut dictionary = Dictionary::default();
        let context = vec![
            ("fold".to_owned(), "1".to_owned()),
            ("subset".into(), "val".into()),
        ];
        let id = metric_id("loss", &context);
        let defined = MetricDefined {
            id,
            name: "loss".into(),
            context: context.clone(),
        };
        dictionary.define(Definition::Metric(defined.clone()));
        assert_eq!(dictionary.find("loss", &context), Some(&defined));
        assert_eq!(dictionary.find("loss", &[]), None);
        assert_eq!(dictionary.label(id), "loss{fold=1,subset=val}");
        assert_eq!(dictionary.label(MetricId(7)), "metric-0700000000000000");
    }
}
