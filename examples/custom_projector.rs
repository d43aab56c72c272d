//! A projector of one's own: what the log says about each machine, kept in a folder that is brought up to date, not
//! folded anew, by the next run of the program.
//!
//! Run it with `cargo run --example custom_projector [STORE]`; without a store it makes one and removes it again.
//! Nothing here is part of mltrack: a crate of yours looks the same. The page is `docs/projectors.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mltrack::Tracker;
use mltrack_event::{EndState, Event, RunKey};
use mltrack_projector::index::{Index, Rows, Stored, TakeChange};
use mltrack_projector::{Body, Entry, Follower, Projector};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Which machine starts how many runs, how many of them fail, and how many points they log.
struct Machines;

#[derive(Clone, Default, PartialEq, Debug)]
struct Machine {
    started: u64,
    failed: u64,
    points: u64,
}

#[derive(Default)]
struct State {
    machines: BTreeMap<String, Machine>,
    /// Where each run was started: the events after that name the run only.
    hosts: BTreeMap<RunKey, String>,
}

impl Projector for Machines {
    const NAME: &'static str = "machines";
    const VERSION: u32 = 1;
    type State = State;

    fn apply(state: &mut State, entry: &Entry<'_>) {
        match &entry.body {
            Body::Event(Event::RunStarted(started)) => {
                state.hosts.insert(started.run, started.host.clone());
                state.machine(started.run).started += 1;
            }
            Body::Event(Event::RunEnded(ended)) if ended.state == EndState::Failed => {
                state.machine(ended.run).failed += 1;
            }
            // By far the most frequent event is read in place.
            Body::Metrics(view) => state.machine(view.run).points += view.len() as u64,
            Body::Event(Event::MetricBatchLogged(batch)) => {
                state.machine(batch.run).points += batch.values.len() as u64;
            }
            _ => {}
        }
    }
}

impl State {
    fn machine(&mut self, run: RunKey) -> &mut Machine {
        let host = self.hosts.get(&run).cloned();
        let name = host.unwrap_or_else(|| "unknown".to_owned());
        self.machines.entry(name).or_default()
    }
}

/// One row for each machine and each run, so that the state can be kept in a folder.
impl Stored for Machines {
    fn rows(state: &State, row: &mut dyn FnMut(&[u8], Vec<u8>)) {
        for (name, machine) in &state.machines {
            let counts = [machine.started, machine.failed, machine.points];
            let value = counts.iter().flat_map(|count| count.to_le_bytes());
            row(format!("machine/{name}").as_bytes(), value.collect());
        }
        for (run, host) in &state.hosts {
            let key = [b"run/", &run.to_bytes()[..]].concat();
            row(&key, host.clone().into_bytes());
        }
    }

    fn restore(rows: &Rows) -> Result<State, String> {
        let mut state = State::default();
        for (key, value) in rows {
            if let Some(name) = key.strip_prefix(b"machine/") {
                let name = text(name)?;
                state.machines.insert(name, machine(value)?);
            } else if let Some(run) = key.strip_prefix(b"run/") {
                let run = run.try_into().map_err(|_| "a run's key has 8 bytes")?;
                state.hosts.insert(RunKey::from_bytes(run), text(value)?);
            } else {
                return Err(format!("{key:?} is no row of this version"));
            }
        }
        Ok(state)
    }

    /// So few rows need no list of changes: the driver compares them all.
    fn changes(_: &mut State, _: &mut TakeChange<'_>) -> bool {
        false
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())
}

fn machine(value: &[u8]) -> Result<Machine, String> {
    let (counts, rest) = value.as_chunks::<8>();
    match (counts, rest) {
        ([started, failed, points], []) => Ok(Machine {
            started: u64::from_le_bytes(*started),
            failed: u64::from_le_bytes(*failed),
            points: u64::from_le_bytes(*points),
        }),
        _ => Err("a machine has three counts".into()),
    }
}

/// Brings the folder up to date with the log. Returns the state, and how many records had to be folded for it.
fn bring_up_to_date(tracker: &Tracker, folder: &Path) -> Outcome<(State, u64)> {
    let reader = tracker.log().ok_or("the store is open")?.reader()?;
    let (mut index, set_aside) = Index::<Machines>::open(folder)?;
    let loaded = index.load()?;
    for moved in [set_aside, loaded.set_aside].into_iter().flatten() {
        eprintln!("{moved}");
    }
    let mut follower = match loaded.found {
        // When the log no longer has what the folder knows, this begins again by itself.
        Some((state, cursor)) => Follower::<Machines>::resume(reader, state, cursor)?,
        None => Follower::new(reader),
    };
    follower.catch_up()?;
    let cursor = follower.checkpoint();
    index.update(follower.state_mut(), cursor)?;
    let entries = follower.counts().folded;
    Ok((follower.into_state(), entries))
}

fn train(tracker: &Tracker, is_lucky: bool) -> Outcome<()> {
    let trained = tracker.run("machines", |run| {
        for step in 0..100 {
            run.log_metric_at("loss", 1.0 / (1.0 + step as f64), step)?;
        }
        if is_lucky {
            Ok(())
        } else {
            Err("out of luck".into())
        }
    });
    // The second training is meant to fail.
    if is_lucky { Ok(trained?) } else { Ok(()) }
}

fn main() -> Outcome<()> {
    let scratch = tempfile::tempdir()?;
    let store = std::env::args_os()
        .nth(1)
        .map_or_else(|| scratch.path().join("store"), PathBuf::from);
    let tracker = Tracker::open(&store)?;
    let folder = scratch.path().join("machines");
    train(&tracker, true)?;
    let (_, folded_first) = bring_up_to_date(&tracker, &folder)?;

    train(&tracker, false)?;
    let (state, entries) = bring_up_to_date(&tracker, &folder)?;
    assert!(
        entries > 0 && entries < folded_first + 2,
        "only what is new is folded again"
    );
    for (name, machine) in &state.machines {
        let Machine {
            started,
            failed,
            points,
        } = machine;
        println!("{name}: {started} runs, {failed} failed, {points} points");
    }

    // Whatever was kept, it is the fold of the log: here is the proof.
    let reader = tracker.log().ok_or("the store is open")?.reader()?;
    let check = mltrack_projector::index::check::<Machines>(&folder, reader)?;
    assert!(check.is_same(), "{:?}", check.differences);
    let total: u64 = state.machines.values().map(|machine| machine.points).sum();
    assert!(total >= 200);
    Ok(())
}
