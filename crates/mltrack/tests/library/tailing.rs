//! Following the log.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use mltrack::{Code, Cursor, EventStream, TailEvent};

use crate::support::{Store, code, log_ones};

#[test]
fn a_tail_from_the_end_sees_what_comes_and_wakes_for_it() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.log_metric("loss", 9.0).unwrap();
    let mut tail = store
        .another()
        .tail()
        .from(Cursor::End)
        .types(["metrics_logged"])
        .follow();
    assert!(
        tail.next_within(Duration::ZERO).unwrap().is_none(),
        "nothing is new yet"
    );
    let writer = run.clone();
    let thread = std::thread::spawn(move || {
        writer
            .log_metrics(7, [("loss", 1.0), ("acc", 2.0)])
            .unwrap()
    });
    let event = tail.next().unwrap().unwrap();
    thread.join().unwrap();
    assert_eq!(
        event.points().collect::<Vec<_>>(),
        [("loss", 7, 1.0), ("acc", 7, 2.0)]
    );
    assert_eq!(
        (event.run, event.experiment),
        (Some(run.id()), Some(run.experiment_id()))
    );
    run.finish().unwrap();
}

#[test]
fn a_tail_is_narrowed_by_run_experiment_and_type() {
    let store = Store::new();
    let [first, second] = ["resnet", "bert"].map(|name| {
        let run = store.tracker.experiment(name).unwrap().start_run().unwrap();
        run.log_metric("loss", 1.0).unwrap();
        run.finish().unwrap();
        run
    });
    let count = |tail: mltrack::TailBuilder| {
        let (mut tail, mut events) = (tail.from(Cursor::Start).follow(), Vec::new());
        while let Some(event) = tail.next_within(Duration::ZERO).unwrap() {
            events.push(event);
        }
        events
    };
    let of_run = count(store.tracker.tail().run(first.id()));
    assert!(of_run.len() >= 3 && of_run.iter().all(|event| event.run == Some(first.id())));
    let of_experiment = count(store.tracker.tail().experiment("bert"));
    assert!(
        of_experiment
            .iter()
            .all(|event| event.experiment == Some(second.experiment_id()))
    );
    assert!(
        of_experiment
            .iter()
            .any(|event| event.type_name() == "experiment_created")
    );
    assert_eq!(count(store.tracker.tail().types(["run_ended"])).len(), 2);
    let all = count(store.tracker.tail());
    assert!(
        all.iter()
            .map(|event| event.lsn.get())
            .eq(1..=all.len() as u64),
        "each once, in order"
    );
}

#[test]
fn a_tail_goes_on_where_another_stood() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    log_ones(&run, "loss", 10);
    run.finish().unwrap();
    let mut tail = store.tracker.tail().from(Cursor::Start).follow();
    let five: Vec<TailEvent> = tail.by_ref().take(5).map(Result::unwrap).collect();
    let text = tail.position().unwrap().to_string();
    let mut next = store
        .tracker
        .tail()
        .from(Cursor::Resume(text.parse().unwrap()))
        .follow();
    assert_eq!(next.next().unwrap().unwrap().lsn, five[4].lsn.plus(1));
    let lsn = five[2].lsn;
    assert_eq!(
        store
            .tracker
            .tail()
            .from(Cursor::Lsn(lsn))
            .follow()
            .next()
            .unwrap()
            .unwrap()
            .lsn,
        lsn
    );
    let ago = Cursor::Since(Duration::from_hours(1));
    assert_eq!(
        store
            .tracker
            .tail()
            .from(ago)
            .follow()
            .next()
            .unwrap()
            .unwrap()
            .lsn
            .get(),
        1
    );
    let then = Cursor::At(five[4].committed);
    let behind = store
        .tracker
        .tail()
        .from(then)
        .follow()
        .next()
        .unwrap()
        .unwrap();
    assert!(behind.committed > five[4].committed);
}

#[test]
fn a_wrong_question_is_the_first_item() {
    let store = Store::new();
    let mut tail = store.tracker.tail().types(["metrics"]).follow();
    assert_eq!(code(tail.next().unwrap()), Code::ValidationError);
    assert!(tail.next().is_none());
    assert_eq!(
        code(store.tracker.tail().experiment("no").stream().map(drop)),
        Code::NotFound
    );
}

async fn next(stream: &mut EventStream) -> Option<Result<TailEvent, mltrack::Error>> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

#[test]
fn a_stream_gives_the_same_events() {
    let store = Store::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut stream = store
        .tracker
        .tail()
        .types(["metrics_logged"])
        .stream()
        .unwrap();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.log_metric("loss", 1.0).unwrap();
    run.log_metric("loss", 0.5).unwrap();
    for expected in [("loss", 0, 1.0), ("loss", 1, 0.5)] {
        let event = runtime.block_on(next(&mut stream)).unwrap().unwrap();
        assert_eq!(event.points().next(), Some(expected));
    }
    run.finish().unwrap();
}
