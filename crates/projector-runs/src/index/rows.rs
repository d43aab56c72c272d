//! A state as rows: a key of a kind and an id, and bincode.
//!
//! ```text
//! 'o'                       oddities
//! 'x'                       highest id of a purged experiment u64, if any was
//! 'p'                       purges, if there are any
//! 'e' experiment id, BE     experiment
//! 'r' run id                run
//! 'd' columns id            definition
//! 'c' number u32, BE        collision
//! ```
//!
//! Invariants: equal states give equal rows, bit for bit, so comparing rows compares states, NaN included; a row that
//! does not decode is damage, never a panic.

use std::convert::Infallible;
use std::fmt::Write;

use bincode::Decode;
use mltrack_projector::index::{Rows, TakeChange, differences};

use crate::apply::Runs;
use crate::changes::Tracked;
use crate::codec::{self, DefinitionRow, value};
use crate::experiment::Experiment;
use crate::run::Run;
use crate::state::State;

const ODDITIES: &[u8] = b"o";
const EXPERIMENT_ID_MAX: &[u8] = b"x";
const PURGES: &[u8] = b"p";
const EXPERIMENT: u8 = b'e';
const RUN: u8 = b'r';
const DEFINITION: u8 = b'd';
const COLLISION: u8 = b'c';

/// Every row of a state.
pub fn each(state: &State, row: &mut dyn FnMut(&[u8], Vec<u8>)) {
    for (key, value) in small_rows(state) {
        row(&key, value);
    }
    let each_run = |run: &Run| {
        row(&run_key(run), value(run));
        Ok::<(), Infallible>(())
    };
    let Ok(()) = state.runs.try_for_each(each_run);
}

/// The rows that are not runs. Runs are most of a state.
fn small_rows(state: &State) -> Rows {
    let mut rows = Rows::new();
    rows.insert(ODDITIES.to_vec(), value(&state.oddities));
    if state.experiment_id_max > 0 {
        let row = value(&state.experiment_id_max);
        rows.insert(EXPERIMENT_ID_MAX.to_vec(), row);
    }
    if !state.purges.is_empty() {
        rows.insert(PURGES.to_vec(), value(&state.purges));
    }
    for experiment in state.experiments.values() {
        let key = key(EXPERIMENT, &experiment.id.0.to_be_bytes());
        rows.insert(key, value(experiment));
    }
    for definition in state.dictionary.definitions() {
        let row = DefinitionRow::from(definition);
        rows.insert(key(DEFINITION, &definition.id().to_bytes()), value(&row));
    }
    for (number, collision) in state.dictionary.collisions().iter().enumerate() {
        let row = DefinitionRow::from(&collision.refused);
        rows.insert(key(COLLISION, &(number as u32).to_be_bytes()), value(&row));
    }
    rows
}

/// The rows that changed since the last call; false at the first.
pub fn changes(state: &mut State, row: &mut TakeChange<'_>) -> bool {
    let Some(touched) = state.runs.take_touched() else {
        let small = small_rows(state);
        state.tracked = Some(Tracked::new(state.small_version, small));
        return false;
    };
    // A run that was made again after it was purged is both: what goes is told before what is there.
    for run in touched.removed {
        row(&key(RUN, &run.to_bytes()), None);
    }
    for slot in touched.slots {
        if let Some(run) = state.runs.get(slot) {
            row(&run_key(run), Some(value(run)));
        }
    }
    let mut tracked = state.tracked.take().unwrap_or_default();
    if tracked.is_behind(state.small_version, &state.oddities) {
        let small = small_rows(state);
        tracked.hand_out(small, row);
        tracked.keep_up(state.small_version, &state.oddities);
    }
    state.tracked = Some(tracked);
    true
}

/// The state of these rows. The error says what is wrong.
pub fn decode(rows: &Rows) -> Result<State, String> {
    let mut state = State::default();
    // Sorted keys: collisions come before definitions, which must come first.
    let (mut refused, mut runs) = (Vec::new(), Vec::new());
    for (key, bytes) in rows {
        match key.split_first() {
            Some((&EXPERIMENT, _)) => {
                let experiment: Experiment = parse(key, bytes)?;
                state.experiments.insert(experiment.id, experiment);
            }
            Some((&RUN, _)) => runs.push(parse::<Run>(key, bytes)?),
            Some((&DEFINITION, _)) => {
                state
                    .dictionary
                    .define(parse::<DefinitionRow>(key, bytes)?.into());
            }
            Some((&COLLISION, _)) => refused.push(parse::<DefinitionRow>(key, bytes)?),
            _ if key == ODDITIES => state.oddities = parse(key, bytes)?,
            _ if key == EXPERIMENT_ID_MAX => state.experiment_id_max = parse(key, bytes)?,
            _ if key == PURGES => state.purges = parse(key, bytes)?,
            _ => return Err(format!("{} is no row of this version", describe(key))),
        }
    }
    for definition in refused {
        state.dictionary.define(definition.into());
    }
    runs.sort_unstable_by_key(|run| run.created.lsn);
    for run in runs {
        state.push_run(run);
    }
    state.settle_names();
    Ok(state)
}

/// The names of rows that are not the same in two states, without holding the rows of all runs at once.
pub fn compare(kept: &State, folded: &State) -> Vec<String> {
    let mut differing = differences::<Runs>(&small_rows(kept), &small_rows(folded));
    let name = |run: &Run| describe(&run_key(run));
    for run in kept.runs() {
        match folded.run_by_id(run.id) {
            Some(other) if value(other) == value(run) => {}
            Some(_) => differing.push(format!("{} differs", name(run))),
            None => differing.push(format!("{} is too many", name(run))),
        }
    }
    let missing = folded.runs().filter(|run| kept.run_by_id(run.id).is_none());
    differing.extend(missing.map(|run| format!("{} is missing", name(run))));
    differing
}

/// What a row is, for people.
pub fn describe(key: &[u8]) -> String {
    let (kind, id) = key.split_first().unwrap_or((&0, &[]));
    let mut name = match *kind {
        EXPERIMENT => match <[u8; 8]>::try_from(id) {
            Ok(id) => return format!("experiment {}", u64::from_be_bytes(id)),
            Err(_) => "experiment ".to_owned(),
        },
        RUN => "run ".to_owned(),
        DEFINITION => "definition ".to_owned(),
        COLLISION => "collision ".to_owned(),
        _ if key == ODDITIES => return "the count of skipped events".to_owned(),
        _ if key == EXPERIMENT_ID_MAX => return "the highest purged id".to_owned(),
        _ if key == PURGES => return "the list of purges".to_owned(),
        _ => "row ".to_owned(),
    };
    for byte in id {
        write!(name, "{byte:02x}").expect("a text takes any text");
    }
    name
}

fn run_key(run: &Run) -> Vec<u8> {
    key(RUN, &run.id.to_bytes())
}

fn key(kind: u8, id: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + id.len());
    key.push(kind);
    key.extend_from_slice(id);
    key
}

fn parse<T: Decode<()>>(key: &[u8], bytes: &[u8]) -> Result<T, String> {
    codec::parse(bytes).map_err(|why| format!("{} is damaged: {why}", describe(key)))
}
