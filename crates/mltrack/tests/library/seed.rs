//! The example of the first design, nearly word for word: the storage is a folder, artifacts come later.

use mltrack::ExperimentTracker;

use crate::support::Store;

#[test]
fn the_example_of_the_first_design_works() -> Result<(), mltrack::Error> {
    let store = Store::new();
    let num_epochs = 3;

    let tracker = ExperimentTracker::open(store.path())?;

    let exp = tracker.create_experiment("bert-fine-tuning")?;
    let run = exp.start_run()?;

    // Training loop
    for epoch in 0..num_epochs {
        let (loss, acc) = train(epoch);
        run.log_metric("loss", loss.into())?;
        run.log_metric("accuracy", acc.into())?;
    }

    run.finish()?;

    let loss = store.tracker.history(run.id(), "loss").fetch()?;
    assert_eq!(loss.steps, [0, 1, 2]);
    assert_eq!(
        store.tracker.history(run.id(), "accuracy").fetch()?.len(),
        usize::from(num_epochs)
    );
    Ok(())
}

fn train(epoch: u8) -> (f32, f32) {
    (1.0 / (f32::from(epoch) + 1.0), 0.5)
}
