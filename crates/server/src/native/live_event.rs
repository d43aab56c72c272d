//! An event as a live stream shows it: the very JSON that `mltrack tail --ndjson` prints, rendered once for all who
//! are told.
//!
//! Invariant: rendering happens at most once an event, and only when somebody wants it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use mltrack::{ExperimentId, RunId, TailEvent, Tracker, payload_json};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::moment::time_text;

/// A record of the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventForm {
    /// The record's number.
    pub lsn: u64,
    /// When it happened.
    #[schema(format = DateTime)]
    pub time: String,
    /// Its type, such as `metrics_logged`.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// The version of its payload.
    pub version: u16,
    /// Who appended it.
    pub writer: u32,
    /// The run that it is about.
    pub run: Option<String>,
    /// The name of the experiment that it, or its run, belongs to.
    pub experiment: Option<String>,
    /// What it says.
    pub payload: Value,
    /// For values of metrics: the metrics, in the order of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
}

/// An event for any number of streams.
#[derive(Debug)]
pub struct LiveEvent {
    pub event: TailEvent,
    experiment: Option<Arc<str>>,
    frame: OnceLock<Bytes>,
}

impl LiveEvent {
    pub fn lsn(&self) -> u64 {
        self.event.lsn.get()
    }

    pub fn run(&self) -> Option<RunId> {
        self.event.run
    }

    /// Its experiment's name.
    pub fn experiment(&self) -> Option<&str> {
        self.experiment.as_deref()
    }

    /// As JSON.
    pub fn form(&self) -> EventForm {
        let event = &self.event;
        let mut payload = payload_json(&event.event);
        if let (Some(reason), Value::Object(members)) = (&event.unreadable, &mut payload) {
            members.insert("unreadable".to_owned(), reason.to_string().into());
        }
        EventForm {
            lsn: self.lsn(),
            time: time_text(event.time),
            type_name: event.type_name(),
            version: event.version.0,
            writer: event.writer.0,
            run: event.run.map(|run| run.to_string()),
            experiment: self.experiment.as_deref().map(str::to_owned),
            payload,
            labels: (!event.labels().is_empty()).then(|| event.labels().to_vec()),
        }
    }

    /// As a frame of a stream: its number, and its JSON.
    pub fn frame(&self) -> Bytes {
        let frame = self.frame.get_or_init(|| {
            let json = serde_json::to_string(&self.form()).unwrap_or_default();
            Bytes::from(format!("id: {}\ndata: {json}\n\n", self.lsn()))
        });
        frame.clone()
    }
}

/// About how many bytes an event takes: as it was logged, and as the text that is told. A number is a longer text than
/// it is a number.
pub fn weight(event: &TailEvent) -> usize {
    256 + 4 * event.payload_len
}

/// The names of experiments, looked up when one is not known yet.
#[derive(Debug, Default)]
pub struct Names(HashMap<ExperimentId, Arc<str>>);

impl Names {
    /// An event with its names.
    pub fn dress(&mut self, event: TailEvent, tracker: &Tracker) -> LiveEvent {
        if event.run.is_none()
            && let Some(id) = event.experiment
        {
            // It may have been renamed.
            self.0.remove(&id);
        }
        LiveEvent {
            experiment: event.experiment.map(|id| self.name_of(id, tracker)),
            event,
            frame: OnceLock::new(),
        }
    }

    fn name_of(&mut self, id: ExperimentId, tracker: &Tracker) -> Arc<str> {
        if let Some(name) = self.0.get(&id) {
            return Arc::clone(name);
        }
        let found = tracker.experiment_by_id(id);
        let name: Arc<str> = match found {
            Ok(experiment) => Arc::from(experiment.name()),
            Err(_) => Arc::from(id.to_string()),
        };
        self.0.insert(id, Arc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mltrack::Cursor;

    use super::*;

    #[test]
    fn an_event_weighs_what_it_holds_whatever_kind_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path()).unwrap();
        let run = tracker.experiment("e").unwrap().start_run().unwrap();
        let long = "x".repeat(100_000);
        let mut follow = tracker.tail().from(Cursor::End).follow();
        assert!(follow.next_within(Duration::ZERO).unwrap().is_none());
        run.note(&long).unwrap();
        let body = format!("\"{long}\"");
        tracker.documents("kind").put("id", &body).unwrap();
        run.log_line(mltrack::Level::Info, &long).unwrap();
        for kind in ["note_added", "document_put", "log_line"] {
            let mut next = || {
                follow
                    .next_within(Duration::from_secs(10))
                    .unwrap()
                    .unwrap()
            };
            let event = std::iter::repeat_with(&mut next).find(|event| event.type_name() == kind);
            let event = event.unwrap();
            let told = LiveEvent {
                experiment: None,
                frame: OnceLock::new(),
                event,
            };
            let (weight, told) = (weight(&told.event), told.frame().len());
            assert!(
                (told..=8 * told).contains(&weight),
                "{kind}: {weight} for {told}"
            );
        }
    }
}
