//! The shortest useful program: fit a line, track it, and ask what happened.
//!
//! Run it with `cargo run --example basic_tracking [STORE]`; without a store it uses one of its own and removes it.

use std::path::PathBuf;

use mltrack::Tracker;

/// What a training has been told to do; every field becomes a parameter.
#[derive(serde::Serialize)]
struct Settings {
    learning_rate: f64,
    steps: u64,
    model: Model,
}

#[derive(serde::Serialize)]
struct Model {
    kind: &'static str,
    degree: u32,
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let scratch = tempfile::tempdir()?;
    let store = std::env::args_os()
        .nth(1)
        .map_or_else(|| scratch.path().join("store"), PathBuf::from);
    let tracker = Tracker::open(&store)?;

    for learning_rate in [0.02, 0.1, 0.4] {
        let settings = Settings {
            learning_rate,
            steps: 200,
            model: Model {
                kind: "line",
                degree: 1,
            },
        };
        // Ok = completed, Err = failed with the error, panic = failed with its message.
        tracker.run("fit-a-line", |run| {
            run.log_params(&settings)?; // learning_rate, steps, model.kind, model.degree
            let mut weights = (0.0, 0.0);
            for step in 0..settings.steps {
                let loss = descend(&mut weights, settings.learning_rate);
                run.log_metrics(step as i64, [("loss", loss), ("slope", weights.0)])?;
            }
            run.set_tag("verdict", if weights.0 > 1.9 { "good" } else { "poor" })?;
            Ok(())
        })?;
    }

    let page = tracker
        .runs()
        .experiment("fit-a-line")
        .order_by("loss")
        .fetch()?;
    for run in &page.items {
        println!(
            "run {} {} {:?}",
            run.number,
            run.state,
            run.params.get("learning_rate")
        );
    }
    assert_eq!(page.total, 3);
    Ok(())
}

/// One step of gradient descent towards y = 2x + 1; returns the loss before it.
fn descend(weights: &mut (f64, f64), learning_rate: f64) -> f64 {
    let points = [
        (-1.0, -1.0),
        (-0.5, 0.0),
        (0.0, 1.0),
        (0.5, 2.0),
        (1.0, 3.0),
    ];
    let (mut loss, mut slope, mut offset) = (0.0, 0.0, 0.0);
    for (x, y) in points {
        let error = weights.0 * x + weights.1 - y;
        loss += error * error / 5.0;
        slope += 2.0 * error * x / 5.0;
        offset += 2.0 * error / 5.0;
    }
    weights.0 -= learning_rate * slope;
    weights.1 -= learning_rate * offset;
    loss
}
