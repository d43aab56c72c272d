//! Snapshots: all that they keep comes back, and no damaged byte is believed.

use std::fs;

use mltrack_event::{ArtifactId, EdgeKind, NodeRef};
use mltrack_projector::snapshot::SnapshotFault;
use mltrack_projector::{Cursor, EpochId, Lsn};
use mltrack_projector_lineage::Things;
use mltrack_projector_lineage::snapshot::{open, pack};

use crate::support::{
    World, artifact_logged, artifacts_removed, dataset, dataset_used, dataset_version, environment,
    linked, model, model_version, run_key,
};

fn world() -> World {
    let mut world = World::new();
    let run = world.run(1);
    world.run(2);
    world.artifact(run, 1, "model.pt");
    world.artifact(run, 2, "b/c \u{1f600}.txt");
    world.artifact(run, 3, "model.pt");
    world.add(artifacts_removed(run, &[1]));
    world.add(environment(run, "first"));
    world.add(environment(run_key(2), "other"));
    world.add(environment(run, "second"));
    world.add(dataset(1, "raw"));
    world.add(dataset_version(1, 1));
    world.add(dataset_used(run, 1, 1));
    world.add(model(1, "resnet"));
    world.add(model_version(1, 1));
    let outside = NodeRef::External("https://example.org".into());
    world.add(linked(outside, NodeRef::Run(run), EdgeKind::UsesDataset));
    world
}

fn cursor() -> Cursor {
    Cursor {
        epoch: EpochId([9; 16]),
        next: Lsn::new(1000).unwrap(),
    }
}

fn read(bytes: &[u8]) -> Result<Things, SnapshotFault> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("things");
    fs::write(&path, bytes).unwrap();
    let (packed, found) = open(&path)?;
    assert_eq!(found, cursor());
    packed.into_things()
}

#[test]
fn what_was_packed_comes_back_and_goes_on() {
    let mut world = world();
    let bytes = pack(&world.things, cursor());
    let things = read(&bytes).unwrap();
    assert_eq!(things, world.things);
    assert_eq!(
        pack(&things, cursor()),
        bytes,
        "also when it was not unpacked"
    );
    let environment = things.environment(run_key(1)).unwrap();
    assert_eq!(environment.summary[0].1, "second");
    assert_eq!(things.environments(run_key(1)).count(), 2);
    let before = world.listed(run_key(1));
    world.things = things;
    assert_eq!(world.listed(run_key(1)), before);
    world.artifact(run_key(1), 4, "model.pt");
    let newest = world.things.newest_artifact(run_key(1), "model.pt");
    assert_eq!(newest.unwrap().version, 3);
}

#[test]
fn very_many_artifacts_keep_their_order_and_take_others_in() {
    let mut world = World::new();
    let run = world.run(1);
    let path = |number: usize| format!("{:03}.png", number * 7 % 300);
    for number in 0..300_usize {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_le_bytes());
        let mut logged = artifact_logged(run, 0, &path(number));
        logged.artifact = ArtifactId::from_bytes(id);
        world.add(logged);
    }
    let sorted: Vec<String> = (0..300)
        .map(|number| format!("{number:03}.png@1"))
        .collect();
    world.things = read(&pack(&world.things, cursor())).unwrap();
    assert_eq!(world.listed(run), sorted);
    world.artifact(run, 9, "150.png");
    world.artifact(run, 8, "000.a");
    let mut sorted = sorted;
    sorted.insert(151, "150.png@2".into());
    sorted.insert(0, "000.a@1".into());
    assert_eq!(world.listed(run), sorted);
}

#[test]
fn no_flipped_byte_and_no_cut_is_believed() {
    let bytes = pack(&world().things, cursor());
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        assert!(read(&damaged).is_err(), "byte {place} of {}", bytes.len());
    }
    for len in (0..bytes.len()).step_by(7) {
        assert!(read(&bytes[..len]).is_err(), "cut to {len}");
    }
}

#[test]
fn a_state_of_runs_alone_is_told_from_one_with_more() {
    let mut world = World::new();
    let run = world.run(1);
    assert!(world.things.is_bare());
    world.artifact(run, 1, "a");
    assert!(!world.things.is_bare());
    assert_eq!(world.things.differences(&World::new().things).len(), 1);
}
