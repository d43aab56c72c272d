//! Which traces an experiment has, by time: a list that searches begin with, brought up to date from the documents that
//! changed since the last one.
//!
//! Invariants: it is only a cache: it says of a document what that said at the lsn kept beside it; it takes some 100
//! bytes for each trace, whatever the traces say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mltrack::{Lsn, Tracker};

use super::Answer;
use super::trace::{KIND, Trace};

/// So many documents are read at once.
const CHUNK_COUNT: usize = 1024;

/// The cache, empty at first.
#[derive(Debug, Default)]
pub struct TraceTable(Mutex<HashMap<Arc<str>, Row>>);

#[derive(Clone, Copy, Debug)]
struct Row {
    lsn: Lsn,
    experiment: u64,
    time_ms: i64,
}

/// A trace in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: Arc<str>,
    pub time_ms: i64,
}

impl TraceTable {
    /// The traces of some experiments, the newest first, then by id.
    pub fn list(&self, tracker: &Tracker, experiments: &[u64]) -> Answer<Vec<Listed>> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refresh(&mut rows, tracker)?;
        let found = rows
            .iter()
            .filter(|(_, row)| experiments.contains(&row.experiment));
        let listed = |(id, row): (&Arc<str>, &Row)| Listed {
            id: Arc::clone(id),
            time_ms: row.time_ms,
        };
        let mut found: Vec<Listed> = found.map(listed).collect();
        drop(rows);
        found.sort_by(|one, two| {
            two.time_ms
                .cmp(&one.time_ms)
                .then_with(|| one.id.cmp(&two.id))
        });
        Ok(found)
    }
}

fn refresh(rows: &mut HashMap<Arc<str>, Row>, tracker: &Tracker) -> Answer<()> {
    let documents = tracker.documents(KIND);
    let known = documents.ids("", None, usize::MAX)?;
    let is_new = |(id, lsn): &&(Arc<str>, Lsn)| rows.get(id).is_none_or(|row| row.lsn != *lsn);
    let changed: Vec<&str> = known.iter().filter(is_new).map(|(id, _)| &**id).collect();
    for part in changed.chunks(CHUNK_COUNT) {
        for document in documents.get_many(part)? {
            let trace = Trace::of(&document)?;
            let row = Row {
                lsn: document.lsn,
                experiment: trace.experiment_id,
                time_ms: trace.request_time_ms,
            };
            rows.insert(document.id, row);
        }
    }
    if rows.len() > known.len() {
        // The ids come in order, so each is found fast.
        rows.retain(|id, _| known.binary_search_by(|(known, _)| known.cmp(id)).is_ok());
    }
    Ok(())
}
