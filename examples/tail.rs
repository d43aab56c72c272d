//! Watching a training from the side: a follower sees every event when it happens.
//!
//! Run it with `cargo run --example tail [STORE]`; without a store it uses one of its own and removes it.
//! Here both sides live in one program; a follower in another process does the same.

use std::path::PathBuf;
use std::thread;

use mltrack::{Cursor, Tracker};

const STEPS: i64 = 20;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let scratch = tempfile::tempdir()?;
    let store = std::env::args_os()
        .nth(1)
        .map_or_else(|| scratch.path().join("store"), PathBuf::from);
    let tracker = Tracker::open(&store)?;
    // A follower asks for an experiment that exists.
    tracker.experiment("watched")?;

    // From here on, whatever comes: a follower that starts later than the training misses nothing with `Cursor::Start`.
    let tail = tracker
        .tail()
        .from(Cursor::End)
        .experiment("watched")
        .types(["metrics_logged", "run_ended"])
        .follow();

    let trainer = thread::spawn({
        let tracker = tracker.clone();
        move || {
            tracker.run("watched", |run| {
                for step in 0..STEPS {
                    run.log_metric_at("loss", 1.0 / (1.0 + step as f64), step)?;
                }
                Ok(())
            })
        }
    });

    let mut seen = 0;
    for event in tail {
        let event = event?;
        println!("lsn {} {}", event.lsn, event.event.type_name());
        match event.event.type_name() {
            "run_ended" => break,
            _ => seen += 1,
        }
    }
    trainer.join().expect("the trainer does not panic")?;
    assert_eq!(seen, STEPS);
    Ok(())
}
