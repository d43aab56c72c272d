//! How runs are found by what people type.

use mltrack_event::{Direction, EndState, ExperimentId, RunCreated, RunDeleted, RunState};
use mltrack_projector_runs::{Deleted, FindError, Run};

use crate::support::*;

/// Three runs of `resnet`, one of `bert`; run 2 has ended.
fn world() -> World {
    let mut world = World::new();
    world.add(experiment(ExperimentId(2), "bert"));
    for (number, name) in [(1, "kind-elk"), (2, "red-oak"), (3, "kind-elk")] {
        world.run(number, name);
    }
    world.add(RunCreated {
        experiment: ExperimentId(2),
        name: "base/large".into(),
        ..created(run_id(4), 1)
    });
    world.add(ended(run_id(2).key(), EndState::Completed, None));
    world
}

fn is_running(run: &Run) -> bool {
    run.state == RunState::Running
}

/// The numbers, counted over both experiments, of the runs found.
fn find(world: &World, text: &str) -> Result<u64, FindError> {
    let found = world.state.find_run(text, Deleted::Hidden, is_running)?;
    Ok((1..=4).find(|number| run_id(*number) == found.id).unwrap())
}

#[test]
fn ids_their_beginnings_and_names_find_a_run() {
    let world = world();
    let id = run_id(2).to_string();
    assert_eq!(find(&world, &id), Ok(2));
    assert_eq!(find(&world, &run_id(2).short()), Ok(2));
    assert_eq!(
        find(&world, &run_id(2).short()[..5]),
        Ok(2),
        "the beginning of the short id"
    );
    assert_eq!(
        find(&world, &id[..31]),
        Ok(2),
        "the beginning of the full id"
    );
    assert_eq!(find(&world, "red-oak"), Ok(2));
}

#[test]
fn what_fits_several_runs_lists_them() {
    let world = world();
    let candidates = vec![run_id(1), run_id(3)];
    let text = "kind-elk".to_owned();
    assert_eq!(
        find(&world, &text),
        Err(FindError::Ambiguous { text, candidates })
    );
    let shared = &run_id(1).to_string()[..8];
    let error = find(&world, shared).unwrap_err();
    assert_eq!(error.to_string(), format!("{shared:?} can mean 4 runs"));
}

#[test]
fn a_name_beats_the_beginning_of_an_id() {
    let mut world = world();
    let text = run_id(2).short()[..3].to_owned();
    world.run(3, &text);
    world.add(RunCreated {
        name: text.clone(),
        ..created(run_id(5), 5)
    });
    let found = world
        .state
        .find_run(&text, Deleted::Hidden, is_running)
        .unwrap();
    assert_eq!(found.id, run_id(5));
}

#[test]
fn a_number_in_an_experiment_finds_a_run() {
    let world = world();
    assert_eq!(find(&world, "resnet/2"), Ok(2));
    assert_eq!(find(&world, "bert/1"), Ok(4));
    assert_eq!(find(&world, "resnet/red-oak"), Ok(2));
    assert_eq!(
        find(&world, "base/large"),
        Ok(4),
        "a run's own name may hold a slash"
    );
    assert_eq!(find(&world, "bert/base/large"), Ok(4));
    let error = find(&world, "resnt/2").unwrap_err();
    let expected = FindError::NoExperiment {
        text: "resnt".into(),
        nearest: Some("resnet".into()),
    };
    assert_eq!(error, expected);
    assert!(matches!(
        find(&world, "resnet/9"),
        Err(FindError::NoRun { .. })
    ));
    assert!(matches!(
        find(&world, "resnet/"),
        Err(FindError::NoRun { .. })
    ));
}

#[test]
fn last_and_running_mean_what_they_say() {
    let mut world = world();
    assert_eq!(find(&world, "@last"), Ok(4));
    assert_eq!(find(&world, "resnet/@last"), Ok(3));
    assert!(
        matches!(find(&world, "@running"), Err(FindError::Ambiguous { candidates, .. }) if candidates.len() == 2)
    );
    world.add(ended(run_id(3).key(), EndState::Failed, None));
    assert_eq!(find(&world, "@running"), Ok(1));
    assert!(matches!(
        find(&world, "bert/@running"),
        Err(FindError::NoRun { .. })
    ));
}

#[test]
fn the_best_run_needs_a_goal() {
    let mut world = world();
    world.add(metric("acc"));
    for (number, value) in [(1, 0.8), (2, 0.9), (3, 0.7), (2, 0.1)] {
        world.add(point(run_id(number).key(), "acc", 0, value));
    }
    let error = find(&world, "resnet/@best").unwrap_err();
    assert_eq!(
        error,
        FindError::NoGoal {
            experiment: Some("resnet".into())
        }
    );
    assert_eq!(
        find(&world, "@best"),
        Err(FindError::NoGoal { experiment: None })
    );

    world.add(set_goal(EXPERIMENT, "acc", Direction::Max));
    assert_eq!(
        find(&world, "@best"),
        Ok(2),
        "by the best value it ever reached"
    );
    world.add(set_goal(EXPERIMENT, "acc", Direction::Min));
    assert_eq!(find(&world, "resnet/@best"), Ok(2));
    world.add(set_goal(ExperimentId(2), "acc", Direction::Max));
    let candidates = vec!["resnet".to_owned(), "bert".to_owned()];
    let text = "@best".to_owned();
    assert_eq!(
        find(&world, &text),
        Err(FindError::WhichExperiment { text, candidates })
    );
    assert!(
        matches!(find(&world, "bert/@best"), Err(FindError::NoRun { .. })),
        "it has no values"
    );
}

fn world_with_the_second_deleted() -> World {
    let mut world = world();
    let (actor, command) = (String::new(), String::new());
    world.add(RunDeleted {
        run: run_id(2).key(),
        actor,
        command,
    });
    world
}

#[test]
fn a_deleted_run_is_found_only_by_who_asks_for_it() {
    let world = world_with_the_second_deleted();
    assert!(matches!(
        find(&world, "red-oak"),
        Err(FindError::NoRun { .. })
    ));
    for deleted in [Deleted::Only, Deleted::Included] {
        let found = world
            .state
            .find_run("red-oak", deleted, is_running)
            .unwrap();
        assert_eq!(found.id, run_id(2));
    }
    let live = world
        .state
        .find_runs("kind-elk", Deleted::Only, is_running)
        .unwrap();
    assert!(live.is_empty());
}

#[test]
fn a_slip_suggests_the_name_that_was_meant() {
    let world = world();
    let nearest = Some("red-oak".to_owned());
    assert_eq!(
        find(&world, "red-oaj"),
        Err(FindError::NoRun {
            text: "red-oaj".into(),
            nearest
        })
    );
    let error = world.state.find_experiment("brt").unwrap_err();
    assert_eq!(error.to_string(), "no experiment \"brt\"");
    for text in ["", "@", "@nothing", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
        assert!(
            matches!(find(&world, text), Err(FindError::NoRun { .. })),
            "{text}"
        );
    }
}

#[test]
fn a_whole_id_finds_a_deleted_run_only_for_who_asks_for_it() {
    let world = world_with_the_second_deleted();
    let found = |number: u64, deleted| {
        let text = run_id(number).to_string();
        let runs = world.state.find_runs(&text, deleted, is_running).unwrap();
        runs.iter().map(|run| run.id).collect::<Vec<_>>()
    };
    for (deleted, of_live, of_deleted) in [
        (Deleted::Hidden, vec![run_id(1)], vec![]),
        (Deleted::Only, vec![], vec![run_id(2)]),
        (Deleted::Included, vec![run_id(1)], vec![run_id(2)]),
    ] {
        assert_eq!(found(1, deleted), of_live, "{deleted:?}");
        assert_eq!(found(2, deleted), of_deleted, "{deleted:?}");
    }
    let text = format!("bert/{}", run_id(1));
    assert!(
        matches!(find(&world, &text), Err(FindError::NoRun { .. })),
        "it is of another experiment"
    );
}

#[test]
fn an_id_beats_the_name_that_another_run_has_and_a_name_of_digits_is_found() {
    let mut world = world();
    let (taken, free) = (run_id(2).to_string(), run_id(9).to_string());
    let short = run_id(2).short();
    for (number, name) in [(5, &taken), (6, &free), (7, &short)] {
        world.run(number, name);
    }
    let found = |text: &str, deleted| {
        let found = world.state.find_run(text, deleted, is_running);
        found.unwrap().id
    };
    assert_eq!(found(&taken, Deleted::Hidden), run_id(2));
    assert_eq!(found(&short, Deleted::Hidden), run_id(2));
    assert_eq!(found(&free, Deleted::Hidden), run_id(6));
    assert_eq!(find(&world, &format!("bert/{taken}")).ok(), None);
}
