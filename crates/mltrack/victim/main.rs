//! A training process for the crash suite: it logs one metric to one run and answers each command with a line.
//!
//! Built by `tests/crash` with the feature `failpoints`, so that no other build has kill points in it.
//! Invariants: the values of a process count up by one, so that a lost or doubled point shows; a warning is said when
//! the library tells it, before the answer to the call that caused it.
//!
//! ```text
//! crash-trainer STORE EXPERIMENT [wait_ms]
//! ```
//! It takes `go N` (log N points; `done VISIBLE DEFERRED`), `fork N` (a child logs N points through the inherited run
//! and says `child`), `put N` and `fork-put N` (the same with artifacts), `sleeper` (a child that sleeps with everything it inherited), `finish`, and the end of its input,
//! at which it drops the run.

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use mltrack::{Logged, Result, Run, Tracker};
use mltrack_log::failpoint;

/// The metric.
const METRIC: &str = "value";

/// Answers the suite, which waits for the line.
fn say(line: &str) {
    let mut output = std::io::stdout();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .expect("the suite reads our answers");
}

/// Logs `count` points from `first` on; how many were visible on return and how many deferred.
fn go(run: &Run, first: i64, count: i64) -> Result<(u64, u64)> {
    let (mut visible, mut deferred) = (0, 0);
    for value in first..first + count {
        match run.log_metric_at(METRIC, value as f64, value)? {
            Logged::Visible(_) => visible += 1,
            Logged::Deferred => deferred += 1,
            Logged::Disabled => unreachable!("the tracker is not disabled"),
        }
    }
    Ok((visible, deferred))
}

/// Stores `count` artifacts from `first` on, half of them the same for everybody, and waits for all of them.
fn put(run: &Run, first: i64, count: i64) -> Result<()> {
    let uploads: Result<Vec<_>> = (first..first + count)
        .map(|number| {
            run.log_artifact_bytes(format!("put/{number}"), vec![(number % 8) as u8; 20_000])
        })
        .collect();
    uploads?
        .into_iter()
        .try_for_each(|upload| upload.wait().map(drop))
}

fn train(store: &str, experiment: &str, wait: Duration) -> Result<()> {
    let tracker = Tracker::builder(store)
        .lock_wait(wait)
        .on_warning(|warning| say(&format!("warning {warning}")))
        .open()?;
    let run = tracker.experiment(experiment)?.start_run()?;
    say(&format!("run {}", run.id()));
    let mut next = 0;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("the suite writes text");
        let (command, count) = line.split_once(' ').unwrap_or((&line, "0"));
        let count: i64 = count.parse().expect("a count");
        match command {
            "go" => {
                let (visible, deferred) = go(&run, next, count)?;
                next += count;
                say(&format!("done {visible} {deferred}"));
            }
            "fork" => {
                failpoint::fork_child(|| match go(&run, next, count) {
                    Ok((visible, deferred)) => say(&format!("child {visible} {deferred}")),
                    Err(error) => say(&format!("error {error:#}")),
                });
                next += count;
            }
            "put" => {
                put(&run, next, count)?;
                next += count;
                say("put");
            }
            "fork-put" => {
                // The background is at work when the child begins.
                let uploads: Result<Vec<_>> = (0..count)
                    .map(|number| {
                        run.log_artifact_bytes(
                            format!("parent/{number}"),
                            vec![number as u8; 3_000_000],
                        )
                    })
                    .collect();
                let uploads = uploads?;
                failpoint::fork_child(|| match put(&run, next, count) {
                    Ok(()) => say("child"),
                    Err(error) => say(&format!("error {error:#}")),
                });
                next += count;
                uploads
                    .into_iter()
                    .try_for_each(|upload| upload.wait().map(drop))?;
                say("put");
            }
            "sleeper" => say(&format!("sleeper {}", failpoint::fork_sleeper())),
            "finish" => {
                run.finish()?;
                say("finished");
            }
            _ => break,
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (store, experiment, wait_ms) = match words.as_slice() {
        [store, experiment] => (store, experiment, 5_000),
        [store, experiment, wait_ms] => (store, experiment, wait_ms.parse().expect("milliseconds")),
        _ => {
            eprintln!("usage: crash-trainer STORE EXPERIMENT [wait_ms]");
            return ExitCode::from(2);
        }
    };
    match train(store, experiment, Duration::from_millis(wait_ms)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error {error:#}"));
            ExitCode::FAILURE
        }
    }
}
