//! What is gone for good: a fold that met it and one that did not are the same.

use mltrack_event::{EdgeKind, Event, NodeRef, RecordsScrubbed};
use mltrack_projector_lineage::Things;

use crate::support::{
    World, artifact_id, artifact_logged, artifact_used, artifacts_removed, blob, by, dataset,
    dataset_used, dataset_version, environment, linked, model, model_version, run_created, run_key,
    run_purged,
};

/// What happens to two runs, the first of which is purged at the end.
fn events() -> Vec<Event> {
    let (gone, stays) = (run_key(1), run_key(2));
    let mut version = dataset_version(1, 1);
    version.run = Some(gone);
    let mut trained = model_version(1, 1);
    trained.run = Some(gone);
    trained.artifacts = vec![artifact_id(1)];
    let external = NodeRef::External("https://example.org".into());
    vec![
        run_created(1).into(),
        run_created(1).into(),
        run_created(2).into(),
        artifact_logged(gone, 1, "model.pt").into(),
        artifact_logged(gone, 1, "again.pt").into(),
        artifact_logged(stays, 2, "model.pt").into(),
        artifacts_removed(gone, &[1]).into(),
        environment(gone, "here").into(),
        dataset(1, "raw").into(),
        version.into(),
        model(1, "resnet").into(),
        trained.into(),
        dataset_used(gone, 1, 1).into(),
        artifact_used(stays, 1).into(),
        linked(external.clone(), NodeRef::Run(gone), EdgeKind::UsesDataset).into(),
        linked(external, NodeRef::Run(stays), EdgeKind::UsesDataset).into(),
        run_purged(1).into(),
        environment(gone, "too late").into(),
        run_created(1).into(),
    ]
}

fn fold(is_dropped: impl Fn(&Event) -> bool) -> Things {
    let mut world = World::new();
    let events = events();
    let purge = events
        .iter()
        .position(|event| matches!(event, Event::RunPurged(_)))
        .unwrap();
    for (place, event) in events.into_iter().enumerate() {
        if place < purge && is_dropped(&event) {
            world.skip();
        } else {
            world.add(event);
        }
    }
    world.things
}

#[test]
fn a_purged_run_leaves_the_same_whether_or_not_its_bytes_are_gone() {
    let all = fold(|_| false);
    let compacted = fold(|event| event.run() == Some(run_key(1)));
    assert_eq!(all, compacted);
    assert!(all.thing_run(run_key(1)).is_none() && all.is_run_purged(run_key(1)));
    assert_eq!(all.links().count(), 1);
    assert_eq!(all.all_artifacts().count(), 1);
    let version = all.dataset_named("raw").unwrap().latest().unwrap();
    assert_eq!(version.run, Some(run_key(1)), "what it made outlives it");
    assert_eq!(all.uses_of_run(run_key(2)).artifacts.len(), 1);
}

#[test]
fn scrubbed_records_are_as_if_they_had_never_been_said() {
    let run = run_key(1);
    let said: Vec<Event> = vec![
        artifact_logged(run, 1, "a").into(),
        environment(run, "before").into(),
        environment(run, "secret").into(),
        artifact_logged(run, 2, "a").into(),
        dataset_used(run, 1, 1).into(),
    ];
    let fold = |is_compacted: bool| {
        let mut world = World::new();
        world.run(1);
        let lsns: Vec<u64> = (3..=7).collect();
        for (event, lsn) in said.iter().zip(&lsns) {
            if is_compacted && [3, 5, 7].contains(lsn) {
                world.skip();
            } else {
                assert_eq!(world.add(event.clone()), *lsn);
            }
        }
        let (actor, command) = by();
        world.add(RecordsScrubbed {
            run,
            lsns: vec![3, 5, 7],
            blobs: vec![blob(1)],
            why: "a key".into(),
            actor,
            command,
        });
        world
    };
    let world = fold(false);
    assert_eq!(world.things, fold(true).things);
    assert_eq!(world.listed(run), ["a@1"]);
    let environment = world.things.environment(run).unwrap();
    assert_eq!(environment.summary[0].1, "before");
    assert!(world.things.uses_of_run(run).datasets.is_empty());
    let live: Vec<_> = world.things.live_blobs().map(|(blob, _)| blob).collect();
    assert_eq!(live, [blob(2)]);
    assert_eq!(world.things.scrubbed().count(), 1);
    assert!(world.things.artifact(artifact_id(1)).is_none());
}
