//! What an experiment goes through.

use mltrack::{Code, Direction, ExperimentState};

use crate::support::{Store, code};

#[test]
fn the_first_run_makes_a_draft_active() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    assert_eq!(experiment.state().unwrap(), ExperimentState::Draft);
    experiment.start_run().unwrap().finish().unwrap();
    assert_eq!(experiment.state().unwrap(), ExperimentState::Active);
    let moves = store
        .tracker
        .experiments()
        .fetch()
        .unwrap()
        .items
        .remove(0)
        .moves;
    assert_eq!((moves.len(), moves[0].command.as_str()), (1, "first run"));
}

#[test]
fn an_archived_experiment_refuses_runs_and_names_the_way_back() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    experiment.start_run().unwrap().finish().unwrap();
    experiment.archive().unwrap();
    let error = experiment.start_run().unwrap_err();
    assert_eq!(
        (error.code(), error.hint()),
        (Code::InvalidState, Some("mltrack exp restore resnet"))
    );
    assert_eq!(
        store.tracker.experiments().fetch().unwrap().total,
        0,
        "hidden"
    );
    assert_eq!(
        store
            .tracker
            .experiments()
            .with_archived()
            .fetch()
            .unwrap()
            .total,
        1
    );
    assert_eq!(
        store
            .tracker
            .runs()
            .experiment("resnet")
            .fetch()
            .unwrap()
            .total,
        1,
        "still readable"
    );
    assert_eq!(code(experiment.archive()), Code::InvalidState);
    experiment.restore().unwrap();
    experiment.start_run().unwrap().finish().unwrap();
    assert_eq!(code(experiment.restore()), Code::InvalidState);
}

#[test]
fn an_illegal_move_is_refused_with_the_legal_ones() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    let error = experiment.complete().unwrap_err();
    assert_eq!(error.code(), Code::InvalidState);
    assert!(
        error
            .to_string()
            .ends_with("it can become active or archived"),
        "{error}"
    );
    experiment.activate().unwrap();
    experiment.pause().unwrap();
    assert_eq!(
        experiment.start_run().unwrap_err().hint(),
        Some("experiment.activate()")
    );
    experiment.activate().unwrap();
    experiment.complete().unwrap();
    assert_eq!(code(experiment.start_run()), Code::InvalidState);
}

#[test]
fn a_deleted_experiment_frees_its_name_and_comes_back_when_it_is_free() {
    let store = Store::new();
    let old = store.tracker.experiment("resnet").unwrap();
    let run = old.start_run().unwrap();
    run.finish().unwrap();
    old.delete().unwrap();
    assert_eq!(code(old.start_run()), Code::InvalidState);
    assert_eq!(
        store.tracker.runs().fetch().unwrap().total,
        0,
        "its runs are deleted with it"
    );
    assert_eq!(code(store.tracker.resume(run.id())), Code::InvalidState);
    let new = store.tracker.experiment("resnet").unwrap();
    assert_ne!(old.id(), new.id());
    assert_eq!(code(old.restore()), Code::Conflict);
    new.edit().name("resnet-2").save().unwrap();
    old.restore().unwrap();
    assert_eq!(
        store.tracker.find_experiment("resnet").unwrap().id(),
        old.id()
    );
    assert_eq!(store.tracker.runs().fetch().unwrap().total, 1);
}

#[test]
fn every_field_can_be_edited_and_what_is_not_named_stays() {
    let store = Store::new();
    let new = store
        .tracker
        .new_experiment("resnet")
        .hypothesis("deeper is better")
        .owner("ada");
    let experiment = new
        .tag("paper", "v2")
        .goal("acc", Direction::Max)
        .create()
        .unwrap();
    let edit = experiment
        .edit()
        .description("residual")
        .collaborators(["bob"])
        .no_goal();
    edit.metadata(&std::collections::BTreeMap::from([("b", 1), ("a", 2)]))
        .save()
        .unwrap();
    experiment.set_tag("draft", "").unwrap();
    experiment.remove_tag("paper").unwrap();
    let known = store.tracker.experiments().fetch().unwrap().items.remove(0);
    assert_eq!(
        (known.description.as_str(), known.hypothesis.as_str()),
        ("residual", "deeper is better")
    );
    assert_eq!(
        (known.owner.as_str(), known.collaborators),
        ("ada", vec!["bob".to_owned()])
    );
    assert_eq!(
        (known.goal, known.metadata.as_deref()),
        (None, Some(r#"{"a":2,"b":1}"#))
    );
    assert_eq!(known.tags.keys().collect::<Vec<_>>(), ["draft"]);
    store.tracker.experiment("bert").unwrap();
    assert_eq!(code(experiment.edit().name("bert").save()), Code::Conflict);
}

#[test]
fn a_name_that_is_not_there_suggests_the_one_that_is() {
    let store = Store::new();
    store.tracker.experiment("resnet").unwrap();
    let error = store.tracker.find_experiment("resnt").unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(
        error.hint().unwrap().starts_with("did you mean resnet?"),
        "{error:?}"
    );
}
