//! The layer for `tracing`.

use mltrack::{Cursor, Event, Level, MltrackLayer};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::Store;

#[test]
fn fields_become_metrics_and_events_become_lines() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(MltrackLayer::new(&run));
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(metric.loss = 0.5);
        tracing::info!(metric.loss = 0.25, metric.done = true);
        tracing::warn!(
            step = 17,
            metric.loss = 0.125,
            lr = 3,
            name = "adam",
            "epoch {} done",
            1
        );
    });
    run.finish().unwrap();
    let loss = store.tracker.history(run.id(), "loss").fetch().unwrap();
    assert_eq!(
        (loss.steps, loss.values),
        (vec![0, 1, 17], vec![0.5, 0.25, 0.125])
    );
    assert_eq!(
        store
            .tracker
            .history(run.id(), "done")
            .fetch()
            .unwrap()
            .values,
        [1.0]
    );
    let mut lines = store
        .tracker
        .tail()
        .from(Cursor::Start)
        .types(["log_line"])
        .follow();
    let Event::LogLine(logged) = lines.next().unwrap().unwrap().event else {
        panic!("a line")
    };
    let [line] = logged.lines.as_slice() else {
        panic!("one line, for the one message")
    };
    assert_eq!(
        (line.level, line.text.as_str()),
        (Level::Warn, "epoch 1 done lr=3 name=adam")
    );
    assert_eq!(line.source, module_path!());
}
