//! What lineage costs: walking three steps in a graph of a million edges, making the graph, and a snapshot of all of it;
//! then a snapshot of 100,000 artifacts and their list.
//!
//! `cargo bench -p mltrack-projector-lineage --bench lineage [-- RUNS]`, 100,000 runs when not said otherwise. Where
//! `python3` is found, its `sqlite3` answers the same questions by recursive queries, in the same run.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use mltrack_event::{
    ArtifactId, ArtifactKind, ArtifactLogged, ArtifactUsed, BlobId, DatasetCreated, DatasetId,
    DatasetUsed, DatasetVersionAdded, Event, ExperimentCreated, ExperimentId, ModelCreated,
    ModelId, ModelVersionAdded, NodeRef, Root, RunCreated, RunId, RunKey, Split,
};
use mltrack_log::door::monotonic;
use mltrack_projector::{Body, Cursor, Entry, EpochId, Lsn, Projector as _, WriterId};
use mltrack_projector_lineage::snapshot::{open, pack};
use mltrack_projector_lineage::{Lineage, Reach, Things, Way};

const ROUNDS: usize = 201;
const VERSIONS: u64 = 1000;
const ARTIFACTS_OF_RUN: u64 = 6;
/// What a question asks for at most; more is cut.
const LIMIT: usize = 10_000;

#[derive(Default)]
struct World {
    things: Things,
    lsn: u64,
}

impl World {
    fn add(&mut self, event: impl Into<Event>) {
        self.lsn += 1;
        let time_ns = self.lsn as i64;
        let entry = Entry {
            lsn: Lsn::new(self.lsn).expect("above zero"),
            time_ns,
            commit_time_ns: time_ns,
            writer: WriterId(1),
            body: Body::Event(event.into()),
        };
        Lineage::apply(&mut self.things, &entry);
    }

    /// Runs that take in a version of a dataset and an artifact of an earlier run, and make artifacts; every tenth makes
    /// a version of a model.
    fn of_runs(runs: u64) -> World {
        let mut world = World::default();
        world.add(experiment());
        world.add(dataset());
        for number in 1..=VERSIONS {
            world.add(dataset_version(number));
        }
        world.add(model());
        for run in 0..runs {
            world.add(run_created(run));
            world.add(dataset_used(run));
            if let Some(earlier) = spread(run).checked_rem(run * ARTIFACTS_OF_RUN) {
                world.add(artifact_used(run, earlier));
            }
            for number in run * ARTIFACTS_OF_RUN..(run + 1) * ARTIFACTS_OF_RUN {
                world.add(artifact(run_key(run), number));
            }
            if run % 10 == 0 {
                world.add(model_version(run));
            }
        }
        world
    }

    fn cursor(&self) -> Cursor {
        let next = Lsn::new(self.lsn + 1).expect("above zero");
        Cursor {
            epoch: EpochId([1; 16]),
            next,
        }
    }
}

/// A number that has nothing to do with its neighbours'.
fn spread(number: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

fn by() -> (String, String) {
    ("bench".into(), "bench".into())
}

fn id16(number: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&spread(number).to_le_bytes());
    id[8..].copy_from_slice(&number.to_le_bytes());
    id
}

fn run_id(number: u64) -> RunId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&spread(number).to_be_bytes());
    RunId::from_parts(1_700_000_000_000 + number, random)
}

fn run_key(number: u64) -> RunKey {
    run_id(number).key()
}

fn artifact_id(number: u64) -> ArtifactId {
    ArtifactId::from_bytes(id16(number))
}

const DATASET: DatasetId = DatasetId::from_bytes([1; 16]);
const MODEL: ModelId = ModelId::from_bytes([2; 16]);

fn experiment() -> ExperimentCreated {
    let (actor, command) = by();
    ExperimentCreated {
        experiment: ExperimentId(1),
        name: "bench".into(),
        description: String::new(),
        hypothesis: String::new(),
        owner: String::new(),
        collaborators: Vec::new(),
        tags: Vec::new(),
        goal: None,
        actor,
        command,
    }
}

fn run_created(number: u64) -> RunCreated {
    let (actor, command) = by();
    RunCreated {
        run: run_id(number),
        experiment: ExperimentId(1),
        number,
        name: format!("run-{number}"),
        parent: None,
        seed: None,
        timeout_s: None,
        detached: true,
        host: String::new(),
        pid: 1,
        params: Vec::new(),
        tags: Vec::new(),
        actor,
        command,
    }
}

fn dataset() -> DatasetCreated {
    let (actor, command) = by();
    DatasetCreated {
        dataset: DATASET,
        name: "data".into(),
        description: String::new(),
        tags: Vec::new(),
        actor,
        command,
    }
}

fn dataset_version(number: u64) -> DatasetVersionAdded {
    let (actor, command) = by();
    DatasetVersionAdded {
        dataset: DATASET,
        number,
        version: None,
        digest: format!("sha256:{number:064x}"),
        source: "s3://bucket/data".into(),
        content: None,
        len: None,
        rows: None,
        schema: String::new(),
        profile: String::new(),
        parents: (number > 1)
            .then(|| (DATASET, number - 1))
            .into_iter()
            .collect(),
        transformation: None,
        run: None,
        sampling: String::new(),
        tags: Vec::new(),
        actor,
        command,
    }
}

fn dataset_used(run: u64) -> DatasetUsed {
    let (actor, command) = by();
    let number = spread(run) % VERSIONS + 1;
    DatasetUsed {
        run: run_key(run),
        dataset: DATASET,
        number,
        name: "data".into(),
        digest: format!("sha256:{number:064x}"),
        selector: "data@latest".into(),
        split: Split::Train,
        sampling: String::new(),
        actor,
        command,
    }
}

fn artifact(run: RunKey, number: u64) -> ArtifactLogged {
    let (actor, command) = by();
    let mut blob = [0; 32];
    for (place, part) in (0..).zip(blob.chunks_exact_mut(8)) {
        part.copy_from_slice(&spread(number * 4 + place).to_le_bytes());
    }
    ArtifactLogged {
        artifact: artifact_id(number),
        run,
        path: format!("images/epoch-{}/sample-{number:06}.png", number % 100),
        kind: ArtifactKind::Visualization,
        media_type: "image/png".into(),
        len: 1000 + spread(number) % 100_000,
        blob: BlobId::from_bytes(blob),
        root: Root::Artifacts,
        step: Some(number as i64),
        metadata: String::new(),
        actor,
        command,
    }
}

fn artifact_used(run: u64, number: u64) -> ArtifactUsed {
    let (actor, command) = by();
    ArtifactUsed {
        run: run_key(run),
        artifact: artifact_id(number),
        actor,
        command,
    }
}

fn model() -> ModelCreated {
    let (actor, command) = by();
    ModelCreated {
        model: MODEL,
        name: "model".into(),
        description: String::new(),
        tags: Vec::new(),
        actor,
        command,
    }
}

fn model_version(run: u64) -> ModelVersionAdded {
    let (actor, command) = by();
    ModelVersionAdded {
        model: MODEL,
        number: run / 10 + 1,
        version: None,
        run: Some(run_key(run)),
        artifacts: vec![artifact_id(run * ARTIFACTS_OF_RUN)],
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

fn timed<T>(act: impl FnOnce() -> T) -> (Duration, T) {
    let begun = monotonic();
    let done = act();
    (since(begun), done)
}

fn since(begun: Instant) -> Duration {
    monotonic().saturating_duration_since(begun)
}

/// How long this thread has run, which tells more than the clock on a machine that others use; 0 where the system does
/// not say.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(ns.unwrap_or(0))
}

/// The middle, and the one that one in twenty is above.
fn told(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1e3;
    format!("p50 {:.3} ms, p95 {:.3} ms", at(50), at(95))
}

/// Where questions begin, all over the graph.
fn roots(runs: u64) -> Vec<NodeRef> {
    (0..ROUNDS as u64)
        .map(|round| match round % 3 {
            0 => NodeRef::Run(run_key(spread(round) % runs)),
            1 => NodeRef::Artifact(artifact_id(spread(round) % (runs * ARTIFACTS_OF_RUN))),
            _ => NodeRef::DatasetVersion(DATASET, spread(round) % VERSIONS + 1),
        })
        .collect()
}

fn ask(things: &Things, roots: &[NodeRef], way: Way) -> (String, usize) {
    let reach = Reach {
        depth: 3,
        limit: LIMIT,
    };
    let mut nodes = Vec::new();
    let times = roots.iter().map(|root| {
        let (took, walk) = timed(|| things.walk(root, &[way], reach));
        nodes.push(walk.nodes.len());
        took
    });
    let times = told(times.collect());
    nodes.sort_unstable();
    (times, nodes[nodes.len() / 2])
}

/// Every edge as two lines of text, for another program.
fn edges_text(things: &Things) -> String {
    let mut text = String::new();
    let walked = things.walk(
        &NodeRef::Experiment(ExperimentId(1)),
        &[Way::Down, Way::Up],
        Reach::ALL,
    );
    let mut all = vec![
        walked
            .nodes
            .into_iter()
            .map(|step| step.node)
            .collect::<Vec<_>>(),
    ];
    all.push(
        (1..=VERSIONS)
            .map(|number| NodeRef::DatasetVersion(DATASET, number))
            .collect(),
    );
    for from in all.into_iter().flatten() {
        for (to, _) in things.neighbours(&from, Way::Down) {
            writeln!(text, "{from}\t{to}").expect("writing to a string cannot fail");
        }
    }
    text
}

const SQLITE: &str = r#"
import sqlite3, sys, time
db = sqlite3.connect(":memory:")
db.execute("create table edge (a text, b text)")
db.executemany("insert into edge values (?, ?)", (line.rstrip("\n").split("\t") for line in open(sys.argv[1])))
db.execute("create index down on edge (a, b)")
count = db.execute("select count(*) from edge").fetchone()[0]
times = []
for root in open(sys.argv[2]):
    begun = time.perf_counter()
    db.execute("""with recursive walk(node, depth) as (select ?, 0 union
        select b, depth + 1 from edge, walk where a = node and depth < 3)
        select node, min(depth) from walk group by node limit 10000""", (root.strip(),)).fetchall()
    times.append(time.perf_counter() - begun)
times.sort()
at = lambda part: times[len(times) * part // 100] * 1e3
print(f"sqlite of {count} edges, 3 steps down: p50 {at(50):.3f} ms, p95 {at(95):.3f} ms")
"#;

fn sqlite(things: &Things, roots: &[NodeRef], folder: &Path) {
    let (edges, asked) = (folder.join("edges"), folder.join("roots"));
    let roots: Vec<String> = roots.iter().map(ToString::to_string).collect();
    std::fs::write(&edges, edges_text(things)).expect("a temporary file can be written");
    std::fs::write(&asked, roots.join("\n")).expect("a temporary file can be written");
    let mut python = std::process::Command::new("python3");
    let ended = python.args(["-c", SQLITE]).arg(edges).arg(asked).status();
    if !ended.is_ok_and(|ended| ended.success()) {
        println!("sqlite: no python3 here to ask");
    }
}

fn snapshot(world: &World, folder: &Path, what: &str) {
    let path = folder.join("things");
    let (took, packed) = timed(|| pack(&world.things, world.cursor()));
    std::fs::write(&path, &packed).expect("a temporary file can be written");
    println!("{what}: packed in {took:.1?}, {} bytes", packed.len());
    let load = || {
        timed(|| {
            let (opened, _) = open(&path).expect("it was just written");
            opened.into_things().expect("it was just written")
        })
    };
    let before = on_processor();
    let mut times: Vec<Duration> = (0..7).map(|_| load().0).collect();
    let worked = on_processor().saturating_sub(before) / 7;
    times.sort_unstable();
    println!(
        "{what}: loaded in {:.1?} (median of 7; {worked:.1?} on the processor, with what is dropped)",
        times[3]
    );
}

fn main() {
    let runs = std::env::args().find_map(|word| word.parse().ok());
    let runs: u64 = runs.unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (took, world) = timed(|| World::of_runs(runs));
    println!("folded {} events in {took:.1?}", world.lsn);
    let (took, size) = timed(|| world.things.graph_size());
    println!(
        "graph of {} nodes and {} edges made in {took:.1?}: {} bytes, {:.1} an edge",
        size.nodes,
        size.edges,
        size.bytes,
        size.bytes as f64 / size.edges as f64
    );
    let roots = roots(runs);
    for (way, name) in [(Way::Down, "down"), (Way::Up, "up")] {
        let (times, nodes) = ask(&world.things, &roots, way);
        println!("3 steps {name}: {times}, {nodes} nodes in the middle answer");
    }
    sqlite(&world.things, &roots, folder.path());
    snapshot(&world, folder.path(), "all of it");
    let mut world = World::default();
    world.add(experiment());
    world.add(run_created(1));
    for number in 0..100_000 {
        world.add(artifact(run_key(1), number));
    }
    snapshot(&world, folder.path(), "100,000 artifacts");
    let path = folder.path().join("things");
    let (opened, _) = open(&path).expect("it was just written");
    let things = opened.into_things().expect("it was just written");
    let (took, count) = timed(|| things.artifacts_of(run_key(1)).count());
    println!("{count} artifacts of a run walked through in order in {took:.1?}");
}
