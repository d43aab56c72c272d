//! What a run has and takes in.

use mltrack_event::{ArtifactsPurged, ArtifactsRestored, RunDeleted, RunRestored};

use crate::support::{
    World, artifact_id, artifact_logged, artifact_used, artifacts_removed, blob, by, dataset_used,
    environment, run_created, run_key,
};

#[test]
fn logging_a_path_again_makes_a_new_version_and_all_stay() {
    let mut world = World::new();
    let run = world.run(1);
    world.artifact(run, 1, "model.pt");
    world.artifact(run, 2, "a.txt");
    world.artifact(run, 3, "model.pt");
    assert_eq!(world.listed(run), ["a.txt@1", "model.pt@1", "model.pt@2"]);
    let newest = world.things.newest_artifact(run, "model.pt").unwrap();
    assert_eq!(newest.id, artifact_id(3));
    let versions = world.things.versions_of(run, "model.pt");
    let ids: Vec<_> = versions.map(|row| row.id).collect();
    assert_eq!(ids, [artifact_id(3), artifact_id(1)]);
}

#[test]
fn a_removed_artifact_comes_back_and_a_purged_one_does_not_and_numbers_stay() {
    let mut world = World::new();
    let run = world.run(1);
    for number in 1..=3 {
        world.artifact(run, number, "c.pt");
    }
    world.add(artifacts_removed(run, &[1, 2, 9]));
    assert_eq!(world.listed(run), ["c.pt@3"]);
    let removed = world.things.artifact(artifact_id(1)).unwrap();
    assert_eq!(&*removed.removed.as_ref().unwrap().why, "removed by hand");
    let live: Vec<_> = world.things.live_blobs().map(|(blob, _)| blob).collect();
    assert_eq!(live, [blob(1), blob(2), blob(3)]);
    let (actor, command) = by();
    world.add(ArtifactsPurged {
        artifacts: vec![artifact_id(1)],
        actor: actor.clone(),
        command: command.clone(),
    });
    world.add(ArtifactsRestored {
        run,
        artifacts: vec![artifact_id(1), artifact_id(2)],
        actor,
        command,
    });
    world.artifact(run, 4, "c.pt");
    assert_eq!(world.listed(run), ["c.pt@2", "c.pt@3", "c.pt@4"]);
    let live: Vec<_> = world.things.live_blobs().map(|(blob, _)| blob).collect();
    assert_eq!(live, [blob(2), blob(3), blob(4)]);
    assert_eq!(world.things.artifacts_of_blob(blob(1)).count(), 0);
    assert_eq!(world.odd(), (0, 0));
}

#[test]
fn artifacts_are_found_by_id_and_by_content_while_more_are_logged() {
    let mut world = World::new();
    let (first, second) = (world.run(1), world.run(2));
    world.artifact(first, 1, "a");
    assert_eq!(world.things.artifacts_of_blob(blob(1)).count(), 1);
    let mut same = artifact_logged(second, 2, "b");
    same.blob = blob(1);
    world.add(same);
    let found = world.things.artifacts_of_blob(blob(1));
    let runs: Vec<_> = found.map(|row| row.run).collect();
    assert_eq!(runs, [first, second]);
    assert_eq!(world.things.artifact(artifact_id(2)).unwrap().run, second);
    let taken = artifact_logged(second, 1, "c");
    world.add(taken);
    assert_eq!(world.odd(), (0, 1));
}

#[test]
fn a_run_keeps_what_it_took_in_and_every_environment() {
    let mut world = World::new();
    let run = world.run(1);
    world.add(dataset_used(run, 1, 3));
    world.add(artifact_used(run, 9));
    world.add(environment(run, "first"));
    world.add(environment(run, "second"));
    let uses = world.things.uses_of_run(run);
    assert_eq!((uses.datasets.len(), uses.models.len()), (1, 0));
    assert_eq!(uses.artifacts[0].artifact, artifact_id(9));
    let environment = world.things.environment(run).unwrap();
    assert_eq!(environment.summary, [("cwd".into(), "second".into())]);
    assert_eq!(world.things.environments(run).count(), 2);
}

#[test]
fn what_is_said_of_a_run_that_was_never_created_is_counted_and_nothing_else() {
    let mut world = World::new();
    world.add(environment(run_key(7), "x"));
    world.add(artifact_logged(run_key(7), 1, "a"));
    world.add(run_created(1));
    world.add(run_created(1));
    assert_eq!(world.odd(), (2, 1));
    assert_eq!(world.things.all_artifacts().count(), 0);
    assert_eq!(world.things.run_count(), 1);
}

#[test]
fn a_run_is_deleted_and_comes_back() {
    let mut world = World::new();
    let run = world.run(1);
    let (actor, command) = by();
    world.add(RunDeleted {
        run,
        actor: actor.clone(),
        command: command.clone(),
    });
    assert!(world.things.is_run_deleted(run));
    world.add(RunRestored {
        run,
        actor,
        command,
    });
    assert!(!world.things.is_run_deleted(run));
}
