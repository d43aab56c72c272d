//! Where in the log a run says what is to go.
//!
//! Invariant: every record that names the run is looked at, from the one that created it to the end that is visible now;
//! what cannot be decoded is named when it holds the text, and never passed over in silence.

use std::collections::BTreeMap;

use mltrack_event::{Event, NodeRef, RunId, RunKey, encode};
use mltrack_log::{Lsn, Record};
use mltrack_projector::{Body, Entry};

use crate::error::{Error, Result};
use crate::scrub::BEGUN;
use crate::scrub_files::Files;
use crate::scrub_mask::{Masked, Parts, What, masked};
use crate::store::Store;

/// What the log holds of what is to go.
#[derive(Default)]
pub(crate) struct Found {
    /// What takes the place of each record's payload; `None` for a record that goes altogether.
    pub records: BTreeMap<Lsn, Option<Vec<u8>>>,
    /// The type of each of those records.
    pub kinds: Vec<(Lsn, &'static str)>,
    /// Records that hold the text and cannot be masked.
    pub left: Vec<String>,
    /// Files that hold it.
    pub files: Files,
    /// Whether an earlier scrubbing of the run has begun and not ended.
    pub is_unfinished: bool,
}

/// Looks through all that the log says about a run.
pub(crate) fn find(
    store: &Store,
    run: RunId,
    (parts, what): (Parts, &What),
    is_dry_run: bool,
) -> Result<Found> {
    let first = store.with_state(|state, _| {
        let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
        Ok(known.created.lsn)
    })?;
    let files = Files::find(store, run.key(), (parts, what), is_dry_run)?;
    let mut found = Found {
        left: files.left.clone(),
        files,
        ..Found::default()
    };
    let mut reader = store.reader()?;
    reader.seek(first);
    while let Some(batch) = reader.next_batch()? {
        for record in batch.skip_while(|record| record.lsn < first) {
            found.look_at(&record, run.key(), parts, what)?;
        }
    }
    Ok(found)
}

impl Found {
    fn look_at(
        &mut self,
        record: &Record<'_>,
        run: RunKey,
        parts: Parts,
        what: &What,
    ) -> Result<()> {
        let entry = Entry::decode(record);
        let event = match &entry.body {
            Body::Event(Event::RecordsScrubbed(scrubbed)) if scrubbed.run == run => {
                self.is_unfinished = scrubbed.why == BEGUN;
                return Ok(());
            }
            Body::Event(Event::Unknown { .. }) | Body::Unreadable(_) => {
                self.look_at_bytes(record, run, what);
                return Ok(());
            }
            Body::Event(event) if is_about(event, run) => event,
            Body::Metrics(_) | Body::Event(_) => return Ok(()),
        };
        let of_files = match event {
            Event::ArtifactLogged(logged) => self.files.logged(logged),
            Event::EnvironmentCaptured(captured) => self.files.captured(captured),
            _ => Masked::Same,
        };
        let fate = match of_files {
            Masked::Gone => Masked::Gone,
            Masked::Same => masked(event, parts, what),
            Masked::Other(changed) => match masked(&changed, parts, what) {
                Masked::Same => Masked::Other(changed),
                fate => fate,
            },
        };
        let fate = match fate {
            Masked::Same => return Ok(()),
            Masked::Gone => None,
            Masked::Other(event) => {
                let mut payload = Vec::new();
                encode(&event, &mut payload)?;
                Some(payload)
            }
        };
        self.records.insert(entry.lsn, fate);
        self.kinds.push((entry.lsn, event.type_name()));
        Ok(())
    }

    /// Records of other programs, or of newer ones, begin with the run when they are about one.
    fn look_at_bytes(&mut self, record: &Record<'_>, run: RunKey, what: &What) {
        let is_about = record.payload.starts_with(&run.to_bytes());
        let text = String::from_utf8_lossy(record.payload);
        if is_about && !matches!(what, What::Everything) && what.mask(&text).is_some() {
            self.left.push(format!(
                "the record {} has a type that this program does not know",
                record.lsn
            ));
        }
    }
}

/// Whether the event says something about the run, also where it belongs to something else.
fn is_about(event: &Event, run: RunKey) -> bool {
    let names = |node: &NodeRef| match node {
        NodeRef::Run(key) | NodeRef::Metric(key, _) => *key == run,
        _ => false,
    };
    match event {
        Event::ModelVersionAdded(added) => added.run == Some(run),
        Event::DatasetVersionAdded(added) => added.run == Some(run),
        Event::LineageLinked(linked) => names(&linked.from) || names(&linked.to),
        Event::LineageUnlinked(unlinked) => names(&unlinked.from) || names(&unlinked.to),
        event => event.run() == Some(run),
    }
}
