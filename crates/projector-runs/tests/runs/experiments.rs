//! Experiments: names, states, edits, deletion.

use mltrack_event::{
    ExperimentArchived, ExperimentDeleted, ExperimentEdited, ExperimentId, ExperimentRestored,
    ExperimentState, ExperimentStateMoved, ExperimentTagged, RestoredFrom,
};

use crate::support::*;

fn deleted(experiment: ExperimentId) -> ExperimentDeleted {
    ExperimentDeleted {
        experiment,
        actor: "ada".into(),
        command: "rm".into(),
    }
}

fn restored(experiment: ExperimentId, from: RestoredFrom) -> ExperimentRestored {
    ExperimentRestored {
        experiment,
        from,
        actor: "ada".into(),
        command: "restore".into(),
    }
}

fn moved(from: ExperimentState, to: ExperimentState) -> ExperimentStateMoved {
    let (actor, command) = ("ada".into(), "test".into());
    ExperimentStateMoved {
        experiment: EXPERIMENT,
        from,
        to,
        actor,
        command,
    }
}

fn name_of(world: &World, name: &str) -> Option<ExperimentId> {
    world
        .state
        .experiment_by_name(name)
        .map(|experiment| experiment.id)
}

#[test]
fn the_name_of_a_deleted_experiment_is_free_and_its_id_is_not() {
    let mut world = World::new();
    world.run(1, "a");
    world.add(deleted(EXPERIMENT));
    assert_eq!(name_of(&world, "resnet"), None);
    assert!(
        world.state.is_deleted(world.state.runs().next().unwrap()),
        "its runs go with it"
    );
    assert_eq!(world.state.next_experiment_id(), ExperimentId(2));

    world.add(experiment(ExperimentId(2), "resnet"));
    assert_eq!(name_of(&world, "resnet"), Some(ExperimentId(2)));
    world.add(restored(EXPERIMENT, RestoredFrom::Deletion));
    assert_eq!(
        world.state.oddities().refused,
        1,
        "the name is taken by now"
    );
    world.add(deleted(ExperimentId(2)));
    world.add(restored(EXPERIMENT, RestoredFrom::Deletion));
    assert_eq!(name_of(&world, "resnet"), Some(EXPERIMENT));
    assert!(!world.state.is_deleted(world.state.runs().next().unwrap()));
}

#[test]
fn a_rename_frees_the_old_name_and_cannot_take_a_held_one() {
    let mut world = World::new();
    world.add(experiment(ExperimentId(2), "bert"));
    world.add(ExperimentEdited {
        name: Some("bert".into()),
        ..edit(EXPERIMENT)
    });
    assert_eq!(
        (name_of(&world, "resnet"), world.state.oddities().refused),
        (Some(EXPERIMENT), 1)
    );
    world.add(ExperimentEdited {
        name: Some("vgg".into()),
        ..edit(EXPERIMENT)
    });
    assert_eq!(name_of(&world, "resnet"), None);
    assert_eq!(name_of(&world, "vgg"), Some(EXPERIMENT));
}

#[test]
fn an_edit_changes_what_it_names_and_an_empty_metadata_clears() {
    let mut world = World::new();
    let metadata = Some("{\"a\":1}".to_owned());
    let at = world.add(ExperimentEdited {
        hypothesis: Some("it works".into()),
        metadata: metadata.clone(),
        ..edit(EXPERIMENT)
    });
    let experiment = world.state.experiment(EXPERIMENT).unwrap();
    assert_eq!(experiment.hypothesis, "it works");
    assert_eq!(experiment.owner, "ada", "what is not named stays");
    assert_eq!(
        (&experiment.metadata, experiment.updated.lsn.get()),
        (&metadata, at)
    );
    world.add(ExperimentEdited {
        metadata: Some(String::new()),
        ..edit(EXPERIMENT)
    });
    assert_eq!(world.state.experiment(EXPERIMENT).unwrap().metadata, None);
}

#[test]
fn moves_are_kept_and_an_illegal_one_changes_nothing() {
    let mut world = World::new();
    world.add(moved(ExperimentState::Draft, ExperimentState::Active));
    world.add(moved(ExperimentState::Active, ExperimentState::Draft));
    world.add(moved(ExperimentState::Active, ExperimentState::Completed));
    let (actor, command) = ("bob".into(), "exp archive".into());
    let from = ExperimentState::Completed;
    let at = world.add(ExperimentArchived {
        experiment: EXPERIMENT,
        from,
        actor,
        command,
    });
    let experiment = world.state.experiment(EXPERIMENT).unwrap();
    assert_eq!(experiment.state, ExperimentState::Archived);
    assert_eq!(
        experiment.archived.map(|archived| archived.lsn.get()),
        Some(at)
    );
    assert_eq!(
        experiment.moves.last().map(|step| step.actor.as_str()),
        Some("bob")
    );
    assert_eq!(
        (experiment.moves.len(), world.state.oddities().refused),
        (3, 1)
    );

    world.add(restored(EXPERIMENT, RestoredFrom::Archive));
    let experiment = world.state.experiment(EXPERIMENT).unwrap();
    assert_eq!(
        (experiment.state, experiment.archived),
        (ExperimentState::Active, None)
    );
    world.add(restored(EXPERIMENT, RestoredFrom::Archive));
    assert_eq!(
        world.state.oddities().refused,
        2,
        "it is not in the archive"
    );
}

#[test]
fn tags_are_set_and_then_removed() {
    let mut world = World::new();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    world.add(ExperimentTagged {
        experiment: EXPERIMENT,
        set: vec![pair("a", "1"), pair("b", ""), pair("c", "3")],
        remove: vec!["c".into(), "d".into()],
        actor: String::new(),
        command: String::new(),
    });
    let tags = &world.state.experiment(EXPERIMENT).unwrap().tags;
    assert_eq!(
        tags.clone().into_iter().collect::<Vec<_>>(),
        [pair("a", "1"), pair("b", "")]
    );
}

#[test]
fn two_experiments_of_one_name_both_stay_and_the_older_one_has_it() {
    let mut world = World::new();
    world.add(experiment(ExperimentId(2), "resnet"));
    assert_eq!(name_of(&world, "resnet"), Some(EXPERIMENT));
    world.add(deleted(EXPERIMENT));
    assert_eq!(name_of(&world, "resnet"), Some(ExperimentId(2)));
}

#[test]
fn events_about_nothing_are_counted() {
    let mut world = World::default();
    world.add(deleted(EXPERIMENT));
    world.add(edit(EXPERIMENT));
    world.add(restored(EXPERIMENT, RestoredFrom::Archive));
    assert_eq!(world.state.oddities().orphaned, 3);
    assert_eq!(world.state.experiments().count(), 0);
}
