//! The operation log: who did what, and what is said about runs from outside.

use mltrack::{Code, Operation, Tracker};

use crate::support::{Store, code, log_ones};

fn whats(operations: &[Operation]) -> Vec<&str> {
    operations.iter().map(|known| known.what.as_str()).collect()
}

#[test]
fn operations_are_told_newest_first_in_words() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    let run = experiment.run().name("kind-elk").start().unwrap();
    run.log_param("lr", 0.1).unwrap();
    log_ones(&run, "loss", 10_000);
    run.finish().unwrap();
    let short = run.id().short();
    let edit = store.tracker.edit_run(run.id()).set_tag("paper", "v2");
    edit.note("The one in figure 3.").save().unwrap();
    experiment.pause().unwrap();
    store.tracker.undo_last().apply().unwrap();
    let operations = store.tracker.operations().fetch().unwrap();
    let kind_elk = format!("run kind-elk ({short})");
    assert_eq!(
        whats(&operations),
        [
            format!(
                "undid {}: moved experiment resnet from paused to active",
                operations[1].first
            ),
            "moved experiment resnet from active to paused".into(),
            format!("tagged {kind_elk}: paper=v2, noted \"The one in figure 3.\" on {kind_elk}"),
            format!("ended {kind_elk} as completed"),
            format!("logged lr=0.1 to {kind_elk}"),
            format!("started {kind_elk}"),
            "made experiment resnet".into(),
        ]
    );
    let kinds: Vec<&str> = operations.iter().map(|known| known.kind).collect();
    assert_eq!(
        kinds[..4],
        [
            "operation_undone",
            "experiment_state_moved",
            "tags_set",
            "run_ended"
        ]
    );
    assert_eq!(operations[1].undone_by, Some(operations[0].first));
    assert_eq!(operations[0].undoes, Some(operations[1].first));
    let by_run: Vec<bool> = operations.iter().map(|known| known.is_by_run).collect();
    assert_eq!(by_run, [false, false, false, true, true, true, false]);
    for operation in &operations {
        assert_eq!(
            (operation.actor.as_str(), operation.command.as_str()),
            ("tester", "tests")
        );
        assert!(operation.first <= operation.last);
    }
}

#[test]
fn operations_can_be_asked_for_in_part() {
    let store = Store::new();
    let run = store.tracker.experiment("a").unwrap().start_run().unwrap();
    run.finish().unwrap();
    let other = store.tracker.experiment("b").unwrap();
    other.set_tag("x", "").unwrap();
    let ask = || store.tracker.operations();
    assert_eq!(
        whats(&ask().limit(1).fetch().unwrap()),
        ["tagged experiment b: x"]
    );
    let of_run = ask().run(run.id()).fetch().unwrap();
    assert_eq!(of_run.len(), 2);
    assert_eq!(ask().experiment("a").fetch().unwrap().len(), 3);
    assert_eq!(ask().without_runs().fetch().unwrap().len(), 3);
    let since = of_run[0].committed;
    let all = ask().fetch().unwrap();
    let later = all.iter().filter(|known| known.committed >= since);
    assert_eq!(ask().since(since).fetch().unwrap().len(), later.count());
    assert_eq!(code(ask().experiment("c").fetch()), Code::NotFound);
    assert!(Tracker::disabled().operations().fetch().unwrap().is_empty());
}

#[test]
fn a_run_that_has_ended_can_be_described_but_not_when_it_is_deleted() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.finish().unwrap();
    let edit = || store.tracker.edit_run(run.id());
    let note = edit().note("one").save().unwrap().lsn().unwrap();
    edit().remove_note(note).set_tag("a", "1").save().unwrap();
    let summary = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!((summary.notes, summary.tags.len()), (0, 1));
    assert_eq!(code(edit().remove_note(note).save()), Code::NotFound);
    assert_eq!(code(edit().save()), Code::ValidationError);
    assert_eq!(code(edit().set_tag("", "").save()), Code::ValidationError);
    let delete = || store.tracker.delete_run(run.id());
    let restore = || store.tracker.restore_run(run.id());
    assert_eq!(code(restore()), Code::InvalidState);
    delete().unwrap();
    assert_eq!(code(delete()), Code::InvalidState);
    assert_eq!(code(edit().note("two").save()), Code::InvalidState);
    restore().unwrap();
    edit().note("two").save().unwrap();
    let experiment = store.tracker.experiment("resnet").unwrap();
    experiment.delete().unwrap();
    let error = restore().unwrap_err();
    assert_eq!(error.hint(), Some("mltrack exp restore resnet"));
}
