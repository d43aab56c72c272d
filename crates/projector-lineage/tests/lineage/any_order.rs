//! Events in any order: nothing panics, and the answers are those of a model without indexes.

use std::collections::BTreeSet;

use mltrack_event::{
    ArtifactsPurged, ArtifactsRestored, EdgeKind, Event, LineageUnlinked, NodeRef, RecordsScrubbed,
    RunKey,
};
use mltrack_projector::{Cursor, EpochId, Lsn};
use mltrack_projector_lineage::snapshot::{open, pack};
use mltrack_projector_lineage::{Things, Way};
use proptest::prelude::*;

use crate::naive::{Naive, Row};
use crate::support::{
    EXPERIMENT, World, artifact_id, artifact_logged, artifact_used, artifacts_removed, blob, by,
    dataset, dataset_id, dataset_used, dataset_version, environment, experiment, linked, model,
    model_version, run_created, run_key, run_purged,
};

const RUNS: u64 = 3;

fn runs() -> Vec<RunKey> {
    (0..RUNS).map(run_key).collect()
}

/// One event among few things, so that they meet.
fn event((what, which, value, other): (u8, u8, u8, u8), lsn: u64) -> Event {
    let number = u64::from(which) % RUNS;
    let run = run_key(number);
    let (actor, command) = by();
    let few = value % 4 + 1;
    let path = ["a", "b", "c/d"][usize::from(other) % 3];
    let ends = |value: u8| match value % 3 {
        0 => NodeRef::Run(run_key(u64::from(value) % RUNS)),
        1 => NodeRef::External("https://example.org".into()),
        _ => NodeRef::DatasetVersion(dataset_id(few), 1),
    };
    match what % 16 {
        0 | 1 => run_created(number).into(),
        2..=4 => artifact_logged(run, value % 12, path).into(),
        5 => artifacts_removed(run, &[value % 12, other % 12]).into(),
        6 => ArtifactsRestored {
            run,
            artifacts: vec![artifact_id(value % 12)],
            actor,
            command,
        }
        .into(),
        7 => artifact_used(run, value % 12).into(),
        8 => dataset_used(run, few, u64::from(other % 3)).into(),
        9 => dataset(few, path).into(),
        10 => {
            let mut added = dataset_version(few, u64::from(other % 3));
            added.parents = vec![(dataset_id(other % 4 + 1), 1)];
            added.run = (other % 2 == 0).then_some(run);
            added.into()
        }
        11 => linked(ends(value), ends(other), EdgeKind::Evaluates).into(),
        12 => LineageUnlinked {
            from: ends(value),
            to: ends(other),
            kind: EdgeKind::Evaluates,
            actor,
            command,
        }
        .into(),
        13 if other % 4 == 0 => run_purged(number).into(),
        13 => ArtifactsPurged {
            artifacts: vec![artifact_id(value % 12)],
            actor,
            command,
        }
        .into(),
        14 => RecordsScrubbed {
            run,
            lsns: vec![
                lsn.saturating_sub(u64::from(other % 8)),
                lsn.saturating_sub(2),
            ],
            blobs: vec![blob(value % 12)],
            why: String::new(),
            actor,
            command,
        }
        .into(),
        _ => match other % 5 {
            0 => environment(run, path).into(),
            1 => model(few, path).into(),
            2 => model_version(few, u64::from(value % 3)).into(),
            3 => experiment(EXPERIMENT, path).into(),
            _ => run_purged(99).into(),
        },
    }
}

fn rows(things: &Things, run: RunKey) -> Vec<Row> {
    let rows = things.artifacts_ever_of(run);
    rows.map(|row| Row {
        path: row.path.to_string(),
        version: row.version as usize,
        id: row.id,
        is_live: row.is_live(),
    })
    .collect()
}

/// Every edge as the neighbours of all nodes tell.
fn edges(
    things: &Things,
    naive: &BTreeSet<(NodeRef, NodeRef, EdgeKind)>,
) -> BTreeSet<(NodeRef, NodeRef, EdgeKind)> {
    let nodes: BTreeSet<&NodeRef> = naive.iter().flat_map(|(from, to, _)| [from, to]).collect();
    let mut told = BTreeSet::new();
    for node in nodes {
        let down = things.neighbours(node, Way::Down).into_iter();
        told.extend(down.map(|(to, kind)| (node.clone(), to, kind)));
        let up = things.neighbours(node, Way::Up).into_iter();
        told.extend(up.map(|(from, kind)| (from, node.clone(), kind)));
    }
    told
}

/// The state as a snapshot brings it back.
fn through_snapshot(things: &Things) -> Things {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("things");
    let epoch = EpochId([7; 16]);
    let next = Lsn::new(100).unwrap();
    let cursor = Cursor { epoch, next };
    std::fs::write(&path, pack(things, cursor)).unwrap();
    let (packed, found) = open(&path).unwrap();
    assert_eq!(found, cursor);
    packed.into_things().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_fold_of_any_events_answers_as_one_that_reads_all_of_them_again(
        acts in prop::collection::vec(any::<(u8, u8, u8, u8)>(), 0..60),
        asked_at in 0..60_usize,
    ) {
        let (mut world, mut naive) = (World::default(), Naive::default());
        for (place, act) in acts.into_iter().enumerate() {
            if place == asked_at {
                // From here on the graph and the indexes grow.
                prop_assert!(runs().into_iter().all(|run| rows(&world.things, run).len() <= 60));
                prop_assert!(world.things.graph_size().nodes < 1000);
                prop_assert!(world.things.artifacts_of_blob(blob(1)).count() <= 12);
            }
            let event = event(act, place as u64 + 1);
            let lsn = world.add(event.clone());
            naive.0.push((lsn, event));
        }
        for run in runs() {
            prop_assert_eq!(rows(&world.things, run), naive.artifacts(run));
            prop_assert_eq!(world.things.thing_run(run).is_some(), naive.created(run).is_some());
        }
        let expected = naive.edges(&runs());
        prop_assert_eq!(edges(&world.things, &expected), expected);
        // A copy has no graph yet: it makes its own, and answers in the same order.
        let fresh = world.things.clone();
        prop_assert_eq!(&fresh, &world.things);
        for run in runs() {
            let node = NodeRef::Run(run);
            prop_assert_eq!(fresh.neighbours(&node, Way::Down), world.things.neighbours(&node, Way::Down));
            prop_assert_eq!(fresh.neighbours(&node, Way::Up), world.things.neighbours(&node, Way::Up));
        }
        let restored = through_snapshot(&world.things);
        prop_assert_eq!(&restored, &world.things);
        prop_assert_eq!(restored.differences(&world.things), Vec::<String>::new());
        for number in 0..12 {
            let id = artifact_id(number);
            prop_assert_eq!(fresh.artifact(id), world.things.artifact(id));
        }
    }
}
