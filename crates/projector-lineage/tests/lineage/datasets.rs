//! Datasets and their versions.

use mltrack_event::{
    DatasetBytesPurged, DatasetDeleted, DatasetEdited, DatasetRestored, DatasetVersionEdited,
    DatasetVersionRemoved, DatasetVersionRestored,
};

use crate::support::{World, blob, by, dataset, dataset_id, dataset_used, dataset_version};

#[test]
fn a_dataset_is_found_by_its_name_and_by_the_one_it_gets() {
    let mut world = World::new();
    world.add(dataset(1, "raw"));
    world.add(dataset(2, "other"));
    let (actor, command) = by();
    let rename = |name: &str| DatasetEdited {
        dataset: dataset_id(1),
        name: Some(name.into()),
        description: Some("pictures".into()),
        set: vec![("licence".into(), "mit".into())],
        remove: Vec::new(),
        actor: actor.clone(),
        command: command.clone(),
    };
    world.add(rename("other"));
    assert_eq!(world.odd(), (0, 1), "the name is taken");
    world.add(rename("clean"));
    assert!(world.things.dataset_named("raw").is_none());
    let clean = world.things.dataset_named("clean").unwrap();
    assert_eq!(
        (clean.id, clean.description.as_str()),
        (dataset_id(1), "pictures")
    );
    assert_eq!(clean.tags["licence"], "mit");
}

#[test]
fn a_deleted_dataset_gives_its_name_up_and_returns_only_while_it_is_free() {
    let mut world = World::new();
    world.add(dataset(1, "raw"));
    let (actor, command) = by();
    world.add(DatasetDeleted {
        dataset: dataset_id(1),
        actor: actor.clone(),
        command: command.clone(),
    });
    assert!(world.things.dataset_named("raw").is_none());
    assert!(
        world
            .things
            .dataset(dataset_id(1))
            .unwrap()
            .deleted
            .is_some()
    );
    world.add(dataset(2, "raw"));
    let restore = DatasetRestored {
        dataset: dataset_id(1),
        actor: actor.clone(),
        command: command.clone(),
    };
    world.add(restore.clone());
    assert_eq!(world.odd(), (0, 1));
    world.add(DatasetDeleted {
        dataset: dataset_id(2),
        actor,
        command,
    });
    world.add(restore);
    assert_eq!(world.things.dataset_named("raw").unwrap().id, dataset_id(1));
}

#[test]
fn versions_have_numbers_that_are_given_once_and_the_latest_is_not_a_removed_one() {
    let mut world = World::new();
    world.add(dataset(1, "raw"));
    world.add(dataset_version(1, 1));
    world.add(dataset_version(1, 2));
    world.add(dataset_version(1, 2));
    world.add(dataset_version(7, 1));
    assert_eq!(world.odd(), (1, 1));
    let (actor, command) = by();
    world.add(DatasetVersionRemoved {
        dataset: dataset_id(1),
        number: 2,
        actor: actor.clone(),
        command: command.clone(),
    });
    let raw = world.things.dataset_named("raw").unwrap();
    assert_eq!(raw.latest().unwrap().number, 1);
    assert!(raw.version(2).unwrap().removed.is_some());
    world.add(DatasetVersionRestored {
        dataset: dataset_id(1),
        number: 2,
        actor: actor.clone(),
        command: command.clone(),
    });
    world.add(DatasetVersionEdited {
        dataset: dataset_id(1),
        number: 2,
        version: Some("1.2.0".into()),
        set: vec![("gold".into(), String::new())],
        remove: Vec::new(),
        actor,
        command,
    });
    let latest = world.things.dataset_named("raw").unwrap().latest().unwrap();
    assert_eq!(latest.version.as_deref(), Some("1.2.0"));
    assert!(latest.tags.contains_key("gold"));
}

#[test]
fn a_version_whose_bytes_were_purged_keeps_none_also_when_it_comes_back() {
    let mut world = World::new();
    world.add(dataset(1, "raw"));
    let (actor, command) = by();
    for number in [1, 2] {
        let mut version = dataset_version(1, number);
        version.content = Some(blob(number as u8));
        world.add(version);
    }
    world.add(DatasetVersionRemoved {
        dataset: dataset_id(1),
        number: 2,
        actor: actor.clone(),
        command: command.clone(),
    });
    let live = |world: &World| -> Vec<(u64, bool)> {
        let trees = world.things.live_trees();
        trees
            .map(|tree| (tree.number, tree.gone.is_some()))
            .collect()
    };
    assert_eq!(live(&world), [(1, false), (2, true)]);
    world.add(DatasetBytesPurged {
        dataset: dataset_id(1),
        numbers: vec![2, 9],
        actor: actor.clone(),
        command: command.clone(),
    });
    world.add(DatasetVersionRestored {
        dataset: dataset_id(1),
        number: 2,
        actor: actor.clone(),
        command: command.clone(),
    });
    assert_eq!(live(&world), [(1, false)]);
    assert_eq!(world.odd(), (0, 0));
    let raw = world.things.dataset_named("raw").unwrap();
    assert_eq!(raw.latest().unwrap().number, 2);
    world.add(DatasetDeleted {
        dataset: dataset_id(1),
        actor,
        command,
    });
    assert_eq!(live(&world), [(1, true)]);
}

#[test]
fn who_took_a_version_in_is_known() {
    let mut world = World::new();
    world.add(dataset(1, "raw"));
    world.add(dataset_version(1, 1));
    let (first, second) = (world.run(1), world.run(2));
    world.add(dataset_used(second, 1, 1));
    world.add(dataset_used(first, 1, 1));
    world.add(dataset_used(first, 1, 2));
    let users = world.things.users_of_dataset(dataset_id(1), 1);
    let users: Vec<_> = users.map(|used| used.run).collect();
    assert_eq!(users, [first, second]);
}
