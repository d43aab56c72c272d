//! A run's past, brought in piece by piece with a mark.

use mltrack::{
    Code, EndState, Piece, PieceArtifact, PieceColumn, PieceHistogram, PieceSums, PieceValue,
    RemoteRun, RemoteState, RemoteUpdate, Tracker, WallTime,
};

use crate::support::{Store, code};

fn new_run(tracker: &Tracker) -> RemoteRun {
    let experiment = tracker.experiment("resnet").unwrap();
    tracker.new_remote_run(experiment.id()).create().unwrap()
}

fn column<'a>(steps: &'a [i64], times_ns: &'a [i64], values: &'a [f64]) -> Piece<'a> {
    let loss = PieceColumn {
        name: "loss",
        steps,
        times_ns,
        values,
    };
    Piece {
        columns: vec![loss],
        ..Piece::default()
    }
}

#[test]
fn a_piece_comes_with_its_times_also_to_a_run_that_has_ended() {
    let store = Store::new();
    let tracker = &store.tracker;
    let run = new_run(tracker);
    run.update(&RemoteUpdate {
        state: Some(RemoteState::Ended(EndState::Completed)),
        ..RemoteUpdate::default()
    })
    .unwrap();
    let (mut mark, said) = tracker.piece_mark("there").unwrap();
    assert_eq!(said, None);
    let mut piece = column(&[3, 1], &[30, 10], &[0.5, f64::NAN]);
    piece.histograms = vec![PieceHistogram {
        name: "weights",
        step: 1,
        time: WallTime(40),
        edges: &[0.0, 1.0, 2.0],
        counts: &[1, 2],
        sums: Some(PieceSums {
            sum: 3.25,
            sum_of_squares: 4.0,
            min: 0.25,
            max: 1.75,
        }),
    }];
    piece.values = vec![PieceValue {
        name: "note",
        step: 1,
        time: WallTime(50),
        json: r#"{"a":1}"#.into(),
    }];
    piece.notes = vec![(WallTime(60), "a note".into())];
    piece.artifacts = vec![PieceArtifact {
        path: "a/b.txt",
        stored: tracker.store_bytes(&b"bytes"[..]).unwrap(),
        step: Some(7),
        time: WallTime(70),
        metadata: String::new(),
    }];
    run.bring(&mut piece, &mut mark, r#"{"at":1}"#).unwrap();
    let history = tracker.history(run.id(), "loss").fetch().unwrap();
    assert_eq!(
        (&history.steps[..], &history.times_ns[..]),
        (&[1, 3][..], &[10, 30][..])
    );
    assert!(history.values[0].is_nan());
    assert_eq!(history.values[1].to_bits(), 0.5_f64.to_bits());
    let weights = &tracker.histograms(run.id(), "weights").fetch().unwrap()[0];
    assert_eq!((weights.value.sum, weights.value.max), (3.25, 1.75));
    assert_eq!(tracker.notes(run.id(), None).unwrap()[0].time, WallTime(60));
    let artifact = tracker.artifact(run.id(), "a/b.txt").unwrap();
    assert_eq!((artifact.step, artifact.len), (Some(7), 5));
    assert_eq!(
        tracker.piece_mark("there").unwrap().1.as_deref(),
        Some(r#"{"at":1}"#)
    );
}

#[test]
fn of_two_that_bring_in_the_same_one_is_refused_with_nothing_appended() {
    let store = Store::new();
    let tracker = &store.tracker;
    let run = new_run(tracker);
    let (mut mine, _) = tracker.piece_mark("there").unwrap();
    let (mut theirs, _) = tracker.piece_mark("there").unwrap();
    let bring =
        |mark: &mut _, steps: &[i64]| run.bring(&mut column(steps, &[1], &[1.0]), mark, "1");
    bring(&mut mine, &[1]).unwrap();
    assert_eq!(code(bring(&mut theirs, &[2])), Code::Conflict);
    bring(&mut mine, &[3]).unwrap();
    let history = tracker.history(run.id(), "loss").fetch().unwrap();
    assert_eq!(history.steps, [1, 3]);
}

#[test]
fn a_piece_that_breaks_a_rule_leaves_nothing_behind() {
    let store = Store::new();
    let tracker = &store.tracker;
    let run = new_run(tracker);
    let (mut mark, _) = tracker.piece_mark("there").unwrap();
    let before = tracker.next_lsn().unwrap();
    let long = "x".repeat(501);
    let mut nameless = column(&[1], &[1], &[1.0]);
    nameless.columns[0].name = &long;
    for mut piece in [column(&[1, 2], &[1], &[1.0]), nameless] {
        assert_eq!(
            code(run.bring(&mut piece, &mut mark, "1")),
            Code::ValidationError
        );
    }
    tracker.delete_run(run.id()).unwrap();
    let mut piece = column(&[1], &[1], &[1.0]);
    assert_eq!(
        code(run.bring(&mut piece, &mut mark, "1")),
        Code::InvalidState
    );
    assert_eq!(
        tracker.next_lsn().unwrap().map(mltrack::Lsn::get),
        before.map(|lsn| lsn.get() + 1)
    );
}

#[test]
fn a_mark_is_no_operation_that_could_be_taken_back() {
    let store = Store::new();
    let tracker = &store.tracker;
    let run = new_run(tracker);
    let count = || tracker.operations().fetch().unwrap().len();
    let before = count();
    let (mut mark, _) = tracker.piece_mark("there").unwrap();
    run.bring(&mut column(&[1], &[1], &[1.0]), &mut mark, "1")
        .unwrap();
    assert_eq!(count(), before);
}
