//! A disabled tracker takes every call and does nothing.

use mltrack::{Level, Logged, RunState, Tracker, Verify};

#[test]
fn every_call_succeeds_and_nothing_is_recorded() {
    let tracker = Tracker::disabled();
    assert!(!tracker.is_enabled());
    let experiment = tracker.experiment("resnet").unwrap();
    experiment.pause().unwrap();
    experiment.edit().name("bert").save().unwrap();
    let run = experiment
        .run()
        .param("lr", 1.0)
        .tag("a", "b")
        .start()
        .unwrap();
    assert_eq!(run.log_metric("loss", 1.0).unwrap(), Logged::Disabled);
    assert_eq!(
        run.log_metrics(0, [("loss", 1.0)]).unwrap(),
        Logged::Disabled
    );
    assert_eq!(
        run.metric("loss").context("a", "b").log(1.0, 0).unwrap(),
        Logged::Disabled
    );
    run.log_params(&[("lr", 1.0)].map(|pair| pair.1)).unwrap();
    run.log_line(Level::Info, "text").unwrap();
    run.buffered(16).log_metric("loss", 1.0).unwrap();
    run.buffered(16).flush().unwrap();
    run.child("fold").unwrap().cancel("why").unwrap();
    assert_eq!((run.number(), run.state().unwrap()), (0, RunState::Running));
    run.finish().unwrap();
    assert_eq!(tracker.run("resnet", |_| Ok(7)).unwrap(), 7);
    assert_eq!(tracker.runs().fetch().unwrap().total, 0);
    assert_eq!(tracker.history(run.id(), "loss").fetch().unwrap().len(), 0);
    assert!(tracker.tail().follow().next().is_none());
    assert!(tracker.verify(Verify::Deep).unwrap().is_sound());
    assert_eq!(tracker.flush().unwrap(), None);
    tracker.close().unwrap();
}
