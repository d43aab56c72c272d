//! Which records of the log are about what was purged, so that their bytes may go.
//!
//! Invariants: only an event that can be decoded is dropped, and only when it stands before its purge, so that a fold of
//! what is left gives the same state; purges and undos stay, and so does what names metrics. A record of a run that was
//! not purged costs one look at its first bytes.

use std::collections::HashMap;

use mltrack_event::{Event, ExperimentId, RunKey, TypeId, decode};
use mltrack_log::{Lsn, PackRecord};
use mltrack_projector_runs::Purges;

/// What may be dropped, or may be once it is purged.
#[derive(Default)]
pub(crate) struct PurgeFilter {
    runs: HashMap<RunKey, Lsn>,
    experiments: HashMap<ExperimentId, Lsn>,
}

impl PurgeFilter {
    pub fn of(purges: &Purges) -> PurgeFilter {
        PurgeFilter {
            runs: purges.runs().collect(),
            experiments: purges.experiments().collect(),
        }
    }

    /// As if a run had been purged by that record.
    pub fn add_run(&mut self, run: RunKey, purged: Lsn) {
        self.runs.insert(run, purged);
    }

    /// As if an experiment had been.
    pub fn add_experiment(&mut self, experiment: ExperimentId, purged: Lsn) {
        self.experiments.insert(experiment, purged);
    }

    /// The newest purge: what is asked about an earlier moment can lack what was dropped.
    pub fn floor(&self) -> Option<Lsn> {
        let lsns = self.runs.values().chain(self.experiments.values());
        lsns.max().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.experiments.is_empty()
    }

    /// Whether a record may go.
    pub fn drops(&self, record: &PackRecord<'_>) -> bool {
        match TypeId(record.type_id) {
            TypeId(0x20..=0x3F) if !self.experiments.is_empty() => {}
            // Datasets, models and links outlive the runs that made them; only what a run used goes with it.
            TypeId(0x01..=0x1F | 0x40..=0x7F) | TypeId::DATASET_USED | TypeId::MODEL_USED
                if self.may_be_about(record) => {}
            _ => return false,
        }
        let Ok(event) = decode(record.type_id, record.version, record.payload) else {
            return false;
        };
        let purged = match event.run() {
            Some(run) => self.runs.get(&run),
            None if matches!(event, Event::Unknown { .. }) => None,
            None => event.experiment().and_then(|id| self.experiments.get(&id)),
        };
        purged.is_some_and(|purged| record.lsn < *purged)
    }

    /// Whether the place where events of runs name their run holds one that was purged. Whatever comes by in another
    /// layout stays.
    fn may_be_about(&self, record: &PackRecord<'_>) -> bool {
        let at = match TypeId(record.type_id) {
            // The last half of the run's full id.
            TypeId::RUN_CREATED => 8..16,
            // Behind the artifact's id.
            TypeId::ARTIFACT_LOGGED => 16..24,
            _ => 0..8,
        };
        let bytes = record.payload.get(at);
        let key: Option<[u8; 8]> = bytes.and_then(|bytes| bytes.try_into().ok());
        key.is_some_and(|key| self.runs.contains_key(&RunKey::from_bytes(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mltrack_event::{
        ArtifactId, ArtifactKind, ArtifactLogged, ArtifactsPurged, ArtifactsRemoved, BlobId,
        DatasetId, DatasetUsed, DatasetVersionAdded, MetricsLogged, Root, RunCreated, RunDeleted,
        RunId, Split, encode,
    };
    use mltrack_log::WriterId;

    fn run(number: u8) -> RunId {
        RunId::from_parts(1_700_000_000_000, [number; 10])
    }

    fn is_dropped(filter: &PurgeFilter, lsn: u64, event: &Event) -> bool {
        let mut payload = Vec::new();
        let (type_id, version) = encode(event, &mut payload).unwrap();
        filter.drops(&PackRecord {
            lsn: Lsn::new(lsn).unwrap(),
            type_id: type_id.0,
            version: version.0,
            writer: WriterId(1),
            time_ns: 0,
            has_time: false,
            commit_time_ns: 0,
            payload: &payload,
        })
    }

    fn events(run: RunId) -> Vec<Event> {
        let created = RunCreated {
            run,
            experiment: ExperimentId(1),
            number: 1,
            name: "a".into(),
            parent: None,
            seed: None,
            detached: false,
            timeout_s: None,
            host: String::new(),
            pid: 0,
            params: Vec::new(),
            tags: Vec::new(),
            actor: String::new(),
            command: String::new(),
        };
        let point = MetricsLogged {
            run: run.key(),
            columns: mltrack_event::ColumnsId(1),
            step: 1,
            values: vec![0.5],
        };
        let deleted = RunDeleted {
            run: run.key(),
            actor: String::new(),
            command: String::new(),
        };
        vec![created.into(), point.into(), deleted.into()]
    }

    /// What a run made and took in: it goes with the run.
    fn events_of_things(run: RunKey) -> Vec<Event> {
        let logged = ArtifactLogged {
            // Bytes that look like another run's key where other events have theirs.
            artifact: ArtifactId::from_bytes([2; 16]),
            run,
            path: "model.pt".into(),
            kind: ArtifactKind::Model,
            media_type: String::new(),
            len: 1,
            blob: BlobId::of(b"x"),
            root: Root::Artifacts,
            step: None,
            metadata: String::new(),
            actor: String::new(),
            command: String::new(),
        };
        let removed = ArtifactsRemoved {
            run,
            artifacts: vec![logged.artifact],
            why: String::new(),
            actor: String::new(),
            command: String::new(),
        };
        let used = DatasetUsed {
            run,
            dataset: DatasetId::from_bytes([3; 16]),
            number: 1,
            name: "d".into(),
            digest: "blake3:00".into(),
            selector: "d".into(),
            split: Split::Train,
            sampling: String::new(),
            actor: String::new(),
            command: String::new(),
        };
        vec![logged.into(), removed.into(), used.into()]
    }

    #[test]
    fn what_a_purged_run_made_and_used_goes_and_what_outlives_it_stays() {
        let (purged, other) = (run(1).key(), RunKey::from_bytes([2; 8]));
        let mut filter = PurgeFilter::default();
        filter.add_run(purged, Lsn::new(100).unwrap());
        for event in events_of_things(purged) {
            assert!(is_dropped(&filter, 99, &event), "{event:?}");
        }
        for event in events_of_things(other) {
            assert!(!is_dropped(&filter, 99, &event), "{event:?}");
        }
        let mut only_by_looks = PurgeFilter::default();
        only_by_looks.add_run(other, Lsn::new(100).unwrap());
        let logged = &events_of_things(purged)[0];
        assert!(
            !is_dropped(&only_by_looks, 99, logged),
            "an artifact's id is no run key"
        );
        let dataset = DatasetVersionAdded {
            dataset: DatasetId::from_bytes([3; 16]),
            number: 1,
            version: None,
            digest: "blake3:00".into(),
            source: String::new(),
            content: None,
            len: None,
            rows: None,
            schema: String::new(),
            profile: String::new(),
            parents: Vec::new(),
            transformation: None,
            run: Some(purged),
            sampling: String::new(),
            tags: Vec::new(),
            actor: String::new(),
            command: String::new(),
        };
        let gone = ArtifactsPurged {
            artifacts: vec![ArtifactId::from_bytes(run(1).to_bytes())],
            actor: String::new(),
            command: String::new(),
        };
        for event in [Event::from(dataset), gone.into()] {
            assert!(!is_dropped(&filter, 99, &event), "{event:?}");
        }
    }

    #[test]
    fn what_is_about_a_purged_run_goes_and_everything_else_stays() {
        let mut filter = PurgeFilter::default();
        assert!(filter.is_empty());
        filter.add_run(run(1).key(), Lsn::new(100).unwrap());
        for event in events(run(1)) {
            assert!(is_dropped(&filter, 99, &event), "{event:?}");
            assert!(!is_dropped(&filter, 101, &event), "behind the purge");
        }
        for event in events(run(2)) {
            assert!(!is_dropped(&filter, 99, &event), "{event:?}");
        }
        let unknown = Event::Unknown {
            type_id: TypeId::RUN_DELETED,
            version: mltrack_event::Version(9),
            payload: run(1).key().to_bytes().to_vec(),
        };
        assert!(!is_dropped(&filter, 99, &unknown));
    }
}
