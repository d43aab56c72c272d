//! Beyond one number a step: contexts, times of one's own, distributions, tables, notes and log lines.
//!
//! Run it with `cargo run --example custom_metrics [STORE]`; without a store it uses one of its own and removes it.

use std::path::PathBuf;

use mltrack::{Level, Tracker};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let scratch = tempfile::tempdir()?;
    let store = std::env::args_os()
        .nth(1)
        .map_or_else(|| scratch.path().join("store"), PathBuf::from);
    let tracker = Tracker::open(&store)?;
    let experiment = tracker.experiment("custom-metrics")?;
    let run = experiment
        .run()
        .name("kind-elk")
        .param("dropout", 0.1)
        .tag("paper", "v2")
        .seed(7)
        .start()?;

    for step in 0..100_i64 {
        let progress = step as f64 / 100.0;
        // One name, two contexts: two curves that belong together.
        run.metric("loss")
            .context("subset", "train")
            .log(1.0 - progress, step)?;
        run.metric("loss")
            .context("subset", "val")
            .log(1.1 - progress, step)?;
        // Without a step, a name counts its own.
        run.log_metric("examples_seen", progress * 60_000.0)?;
        if step % 25 == 0 {
            let gradients: Vec<f64> = (0..1000)
                .map(|index| (f64::from(index) - 500.0) * (1.0 - progress))
                .collect();
            run.log_histogram("gradients", step, &gradients)?;
        }
    }
    // What is not a number is kept as well, bit for bit.
    run.log_metric_at("loss_scale", f64::INFINITY, 100)?;
    run.log_json("confusion", 100, &serde_json::json!([[48, 2], [5, 45]]))?;
    run.log_line(Level::Warn, "loss scale overflowed at step 100")?;
    run.note("the validation set was shuffled by hand")?;
    run.finish()?;

    let summary = tracker.run_summary(run.id())?;
    for (name, metric) in &summary.metrics {
        println!(
            "{name}: {} points, last {}",
            metric.count, metric.last.value
        );
    }
    assert_eq!(summary.metrics.len(), 4);
    Ok(())
}
