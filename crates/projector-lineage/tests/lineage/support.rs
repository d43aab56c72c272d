//! A world of events: builders for the events that tests fold, and folds without a log.

use mltrack_event::{
    ArtifactId, ArtifactKind, ArtifactLogged, ArtifactUsed, ArtifactsRemoved, BlobId,
    DatasetCreated, DatasetId, DatasetUsed, DatasetVersionAdded, EdgeKind, EnvironmentCaptured,
    Event, ExperimentCreated, ExperimentId, LineageLinked, ModelCreated, ModelId,
    ModelVersionAdded, NodeRef, Reproducible, Root, RunCreated, RunId, RunKey, RunPurged, Split,
};
use mltrack_projector::{Body, Entry, Lsn, Projector as _, WriterId};
use mltrack_projector_lineage::{Lineage, Things};

pub const EXPERIMENT: ExperimentId = ExperimentId(1);

/// A fold that is fed event by event. The lsn is also the time in seconds.
#[derive(Default)]
pub struct World {
    pub things: Things,
    lsn: u64,
}

pub fn time_ns(lsn: u64) -> i64 {
    lsn as i64 * 1_000_000_000
}

pub fn by() -> (String, String) {
    ("ada".into(), "test".into())
}

impl World {
    /// With experiment 1, `resnet`.
    pub fn new() -> World {
        let mut world = World::default();
        world.add(experiment(EXPERIMENT, "resnet"));
        world
    }

    pub fn add(&mut self, event: impl Into<Event>) -> u64 {
        self.lsn += 1;
        let entry = Entry {
            lsn: Lsn::new(self.lsn).unwrap(),
            time_ns: time_ns(self.lsn),
            commit_time_ns: time_ns(self.lsn),
            writer: WriterId(1),
            body: Body::Event(event.into()),
        };
        Lineage::apply(&mut self.things, &entry);
        self.lsn
    }

    /// A record whose bytes are gone.
    pub fn skip(&mut self) {
        self.lsn += 1;
    }

    pub fn run(&mut self, number: u64) -> RunKey {
        self.add(run_created(number));
        run_key(number)
    }

    /// Logs an artifact whose id is its number.
    pub fn artifact(&mut self, run: RunKey, number: u8, path: &str) -> ArtifactId {
        let logged = artifact_logged(run, number, path);
        let id = logged.artifact;
        self.add(logged);
        id
    }

    /// The artifacts of a run that are there, as `path@version`.
    pub fn listed(&self, run: RunKey) -> Vec<String> {
        let rows = self.things.artifacts_of(run);
        rows.map(|row| format!("{}@{}", row.path, row.version))
            .collect()
    }

    /// How many events were skipped.
    pub fn odd(&self) -> (u64, u64) {
        let oddities = self.things.oddities();
        (oddities.orphaned, oddities.refused)
    }
}

pub fn run_id(number: u64) -> RunId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    RunId::from_parts(1_700_000_000_000 + number, random)
}

pub fn run_key(number: u64) -> RunKey {
    run_id(number).key()
}

pub fn experiment(id: ExperimentId, name: &str) -> ExperimentCreated {
    let (actor, command) = by();
    ExperimentCreated {
        experiment: id,
        name: name.into(),
        description: String::new(),
        hypothesis: String::new(),
        owner: "ada".into(),
        collaborators: Vec::new(),
        tags: Vec::new(),
        goal: None,
        actor,
        command,
    }
}

pub fn run_created(number: u64) -> RunCreated {
    let (actor, command) = by();
    RunCreated {
        run: run_id(number),
        experiment: EXPERIMENT,
        number,
        name: format!("run-{number}"),
        parent: None,
        seed: None,
        timeout_s: None,
        detached: true,
        host: "host".into(),
        pid: 1,
        params: Vec::new(),
        tags: Vec::new(),
        actor,
        command,
    }
}

pub fn run_purged(number: u64) -> RunPurged {
    let (actor, command) = by();
    RunPurged {
        run: run_id(number),
        experiment: EXPERIMENT,
        number,
        actor,
        command,
    }
}

pub fn artifact_id(number: u8) -> ArtifactId {
    ArtifactId::from_bytes([number; 16])
}

pub fn blob(number: u8) -> BlobId {
    BlobId::from_bytes([number; 32])
}

pub fn artifact_logged(run: RunKey, number: u8, path: &str) -> ArtifactLogged {
    let (actor, command) = by();
    ArtifactLogged {
        artifact: artifact_id(number),
        run,
        path: path.into(),
        kind: ArtifactKind::Model,
        media_type: "application/octet-stream".into(),
        len: u64::from(number),
        blob: blob(number),
        root: Root::Artifacts,
        step: Some(i64::from(number)),
        metadata: String::new(),
        actor,
        command,
    }
}

pub fn artifacts_removed(run: RunKey, numbers: &[u8]) -> ArtifactsRemoved {
    let (actor, command) = by();
    ArtifactsRemoved {
        run,
        artifacts: numbers.iter().copied().map(artifact_id).collect(),
        why: "removed by hand".into(),
        actor,
        command,
    }
}

pub fn artifact_used(run: RunKey, number: u8) -> ArtifactUsed {
    let (actor, command) = by();
    ArtifactUsed {
        run,
        artifact: artifact_id(number),
        actor,
        command,
    }
}

pub fn environment(run: RunKey, cwd: &str) -> EnvironmentCaptured {
    let (actor, command) = by();
    EnvironmentCaptured {
        run,
        reproducible: Reproducible::Full,
        summary: vec![("cwd".into(), cwd.into())],
        documents: Vec::new(),
        left_out: Vec::new(),
        actor,
        command,
    }
}

pub const fn dataset_id(number: u8) -> DatasetId {
    DatasetId::from_bytes([number; 16])
}

pub fn dataset(number: u8, name: &str) -> DatasetCreated {
    let (actor, command) = by();
    DatasetCreated {
        dataset: dataset_id(number),
        name: name.into(),
        description: String::new(),
        tags: Vec::new(),
        actor,
        command,
    }
}

pub fn dataset_version(number: u8, version: u64) -> DatasetVersionAdded {
    let (actor, command) = by();
    DatasetVersionAdded {
        dataset: dataset_id(number),
        number: version,
        version: None,
        digest: format!("sha256:{version:02x}"),
        source: String::new(),
        content: None,
        len: None,
        rows: None,
        schema: String::new(),
        profile: String::new(),
        parents: Vec::new(),
        transformation: None,
        run: None,
        sampling: String::new(),
        tags: Vec::new(),
        actor,
        command,
    }
}

pub fn dataset_used(run: RunKey, number: u8, version: u64) -> DatasetUsed {
    let (actor, command) = by();
    DatasetUsed {
        run,
        dataset: dataset_id(number),
        number: version,
        name: "data".into(),
        digest: String::new(),
        selector: "data@latest".into(),
        split: Split::Train,
        sampling: String::new(),
        actor,
        command,
    }
}

pub const fn model_id(number: u8) -> ModelId {
    ModelId::from_bytes([number; 16])
}

pub fn model(number: u8, name: &str) -> ModelCreated {
    let (actor, command) = by();
    ModelCreated {
        model: model_id(number),
        name: name.into(),
        description: String::new(),
        tags: Vec::new(),
        actor,
        command,
    }
}

pub fn model_version(number: u8, version: u64) -> ModelVersionAdded {
    let (actor, command) = by();
    ModelVersionAdded {
        model: model_id(number),
        number: version,
        version: None,
        run: None,
        artifacts: Vec::new(),
        content: None,
        flavour: String::new(),
        source: String::new(),
        signature: String::new(),
        metadata: String::new(),
        tags: Vec::new(),
        actor,
        command,
    }
}

pub fn linked(from: NodeRef, to: NodeRef, kind: EdgeKind) -> LineageLinked {
    let (actor, command) = by();
    LineageLinked {
        from,
        to,
        kind,
        actor,
        command,
    }
}
