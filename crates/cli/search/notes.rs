//! Notes that have some words in their text.
//!
//! Invariant: a run that has one note is not looked up in the log, for what is known about it has its last note. Only
//! where a run has several is the log read for them.

use std::collections::{BTreeMap, HashMap};

use mltrack::{Cursor, Event, Lsn, RunId, RunSummary, Tracker};

use super::Kind;
use super::find::{Hit, Words, title};
use crate::failure::Outcome;

/// In the order of the log within each run, runs newest first.
pub fn find(tracker: &Tracker, runs: &[RunSummary], words: &Words, lsn: u64) -> Outcome<Vec<Hit>> {
    let has_several = runs.iter().any(|run| run.notes > 1);
    let mut logged = if has_several {
        read(tracker, lsn)?
    } else {
        HashMap::new()
    };
    let mut hits = Vec::new();
    for run in runs.iter().filter(|run| run.notes > 0) {
        let texts = match run.notes {
            1 => run.last_note.clone().into_iter().collect(),
            _ => logged
                .remove(&run.id)
                .unwrap_or_default()
                .into_values()
                .collect(),
        };
        let found = |text: &String| words.are_in(&[text]);
        let texts: Vec<String> = texts;
        hits.extend(texts.into_iter().filter(found).map(|text| Hit {
            kind: Kind::Note,
            id: Some(run.id.to_string()),
            name: title(run),
            value: Some(text),
            experiment: Some(run.experiment_name.clone()),
            runs: vec![run.id],
        }));
    }
    Ok(hits)
}

/// All notes up to an lsn, by run and by the record that added them.
fn read(tracker: &Tracker, lsn: u64) -> Outcome<HashMap<RunId, BTreeMap<Lsn, String>>> {
    let mut notes: HashMap<RunId, BTreeMap<Lsn, String>> = HashMap::new();
    let mut follow = tracker
        .tail()
        .from(Cursor::Start)
        .types(["note_added"])
        .follow();
    while let Some(event) = follow.next_within(std::time::Duration::ZERO)? {
        if event.lsn.get() > lsn {
            break;
        }
        if let (Some(run), Event::NoteAdded(added)) = (event.run, event.event) {
            notes.entry(run).or_default().insert(event.lsn, added.text);
        }
    }
    Ok(notes)
}
