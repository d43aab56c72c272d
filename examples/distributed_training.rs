//! Several processes, one run: every rank logs to it, and it is lost only when all of them are gone.
//!
//! Run it with `cargo run --example distributed_training [STORE]`; without a store it uses one of its own and removes it.
//! It starts itself once for each rank.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use mltrack::{RunId, Tracker};

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

const RANKS: usize = 4;
const STEPS: i64 = 500;

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().collect();
    if let [_, word, store, run, rank] = &words[..]
        && word == "rank"
    {
        return train(Path::new(store), run.parse()?, rank);
    }
    let scratch = tempfile::tempdir()?;
    let store = words
        .get(1)
        .map_or_else(|| scratch.path().join("store"), PathBuf::from);
    lead(&store)
}

/// Starts the run and its ranks, waits for them, and ends the run.
fn lead(store: &Path) -> Outcome {
    let tracker = Tracker::open(store)?;
    let run = tracker
        .experiment("distributed")?
        .run()
        .param("ranks", RANKS as i64)
        .start()?;
    let program = std::env::current_exe()?;
    let start = |rank: usize| {
        let id = run.id().to_string();
        Command::new(&program)
            .arg("rank")
            .arg(store)
            .args([&id, &rank.to_string()])
            .spawn()
    };
    let ranks: Vec<Child> = (0..RANKS).map(start).collect::<Result<_, _>>()?;
    for mut rank in ranks {
        if !rank.wait()?.success() {
            run.cancel("a rank failed")?;
            return Err("a rank failed".into());
        }
    }
    run.finish()?;
    let summary = tracker.run_summary(run.id())?;
    let points: u64 = summary.metrics.values().map(|metric| metric.count).sum();
    println!(
        "run {} is {}: {points} points of {RANKS} ranks",
        run.number(),
        summary.state
    );
    assert_eq!(points, RANKS as u64 * STEPS as u64);
    Ok(())
}

/// One rank: joins the run, and logs its own curve of the same metric.
fn train(store: &Path, run: RunId, rank: &str) -> Outcome {
    let tracker = Tracker::open(store)?;
    let run = tracker.attach(run)?;
    for step in 0..STEPS {
        let loss = 1.0 / (1.0 + step as f64);
        run.metric("loss").context("rank", rank).log(loss, step)?;
    }
    Ok(())
}
