//! Compares what is kept with a fold of the log from its beginning.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mltrack::{IndexCheck, Tracker};

use super::{Projection, Report, tell_set_aside};
use crate::context::{Context, now_ns};
use crate::failure::Outcome;
use crate::look;
use crate::output::progress::Progress;
use crate::runs::pick::{Wish, find};

/// One report for each, in their order; as many at once as there are jobs.
pub fn check(
    tracker: &Tracker,
    wanted: &[Projection],
    jobs: u8,
    context: &Context,
) -> Outcome<Vec<Report>> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(projection) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let report = one(tracker, *projection, context);
            let mut done = done.lock().expect("no job panics while it holds it");
            done.push((*projection as usize, report));
        }
    };
    thread::scope(|scope| {
        for _ in 1..usize::from(jobs).min(wanted.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().expect("every job has ended");
    done.sort_by_key(|(order, _)| *order);
    done.into_iter().map(|(_, report)| report).collect()
}

fn one(tracker: &Tracker, projection: Projection, context: &Context) -> Outcome<Report> {
    let begun_ns = now_ns();
    let report = match projection {
        Projection::Index => index(tracker, context)?,
        Projection::Snapshots => snapshots(tracker, false)?,
        Projection::Lineage => snapshots(tracker, true)?,
        Projection::Series => series(tracker, context)?,
    };
    Ok(Report {
        took_ns: now_ns() - begun_ns,
        ..report
    })
}

fn index(tracker: &Tracker, context: &Context) -> Outcome<Report> {
    let found = tracker.check_index()?;
    tell_set_aside(
        found.as_ref().and_then(|found| found.set_aside.as_ref()),
        context,
    );
    if let Some(found) = found.filter(|found| found.checkpoint.is_some()) {
        return Ok(of_index(found));
    }
    // Every answer is folded anew, so there is nothing that could differ; that it can be folded is checked.
    let found = find(tracker, &Wish::default(), context)?;
    Ok(Report {
        projection: Projection::Index,
        is_same: true,
        events: found.lsn,
        rows: found.total,
        rows_written: 0,
        differences: Vec::new(),
        state: "none",
        took_ns: 0,
    })
}

fn of_index(found: IndexCheck) -> Report {
    let state = match (found.is_same(), found.is_rewound) {
        (true, _) => "same",
        (false, true) => "rewound",
        (false, false) => "different",
    };
    Report {
        projection: Projection::Index,
        is_same: found.is_same(),
        events: found.folded,
        rows: found.rows,
        rows_written: 0,
        differences: found.differences,
        state,
        took_ns: 0,
    }
}

/// Without series files and packs both sides read the log, and that it can be read is checked.
fn series(tracker: &Tracker, context: &Context) -> Outcome<Report> {
    let mut progress = Progress::new("comparing", "points", None, context);
    let check = tracker.check_series(&mut |done, all| progress.at_of(done, all))?;
    let is_same = check.differences.is_empty();
    Ok(Report {
        projection: Projection::Series,
        is_same,
        events: look::end(tracker)?,
        rows: check.points,
        rows_written: 0,
        differences: check.differences,
        state: if is_same { "same" } else { "different" },
        took_ns: 0,
    })
}

/// Those of runs, or those of things and documents.
fn snapshots(tracker: &Tracker, is_of_things: bool) -> Outcome<Report> {
    let checked = if is_of_things {
        let mut checked = tracker.check_lineage()?;
        checked.extend(tracker.check_documents()?);
        checked
    } else {
        tracker.check_run_snapshots()?
    };
    let differences = checked.iter().flat_map(|one| {
        let name = one.kept.path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        one.differences
            .iter()
            .map(move |difference| format!("{name}: {difference}"))
    });
    let differences: Vec<String> = differences.collect();
    let state = match (checked.is_empty(), differences.is_empty()) {
        (true, _) => "none",
        (false, true) => "same",
        (false, false) => "different",
    };
    Ok(Report {
        projection: if is_of_things {
            Projection::Lineage
        } else {
            Projection::Snapshots
        },
        is_same: differences.is_empty(),
        events: look::end(tracker)?,
        rows: checked.len() as u64,
        rows_written: 0,
        differences,
        state,
        took_ns: 0,
    })
}
