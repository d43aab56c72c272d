//! A state as rows: a key of a kind and an id, and bincode.
//!
//! ```text
//! 'm'                       meta         version u32, epoch [u8; 16], next lsn u64
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

use std::collections::BTreeMap;
use std::fmt::Write;

use bincode::{Decode, Encode};
use mltrack_projector::{Cursor, EpochId, Lsn, Projector};

use crate::apply::Runs;
use crate::codec::{self, DefinitionRow, value};
use crate::experiment::Experiment;
use crate::run::Run;
use crate::state::State;

/// Keys and values, sorted by key.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// The row that says what the others are.
pub const META: &[u8] = b"m";
const ODDITIES: &[u8] = b"o";
const EXPERIMENT_ID_MAX: &[u8] = b"x";
const PURGES: &[u8] = b"p";
const EXPERIMENT: u8 = b'e';
const RUN: u8 = b'r';
const DEFINITION: u8 = b'd';
const COLLISION: u8 = b'c';

/// What the other rows are.
#[derive(Encode, Decode)]
struct Meta {
    version: u32,
    epoch: [u8; 16],
    next_lsn: u64,
}

/// The version of the projector that wrote the row of [`META`].
pub fn version_of(meta: &[u8]) -> Result<u32, String> {
    // The version comes first, so it can be read whatever follows it in another version.
    codec::parse_head(meta).map_err(|error| format!("its meta row is damaged: {error}"))
}

/// The rows of a state that was folded up to `cursor`.
pub fn encode(state: &State, cursor: Cursor) -> Rows {
    let mut rows = encode_but_runs(state, cursor);
    for run in state.runs() {
        rows.insert(key(RUN, &run.id.to_bytes()), value(run));
    }
    rows
}

/// The same without the rows of runs, which are most of it.
fn encode_but_runs(state: &State, cursor: Cursor) -> Rows {
    let meta = Meta {
        version: Runs::VERSION,
        epoch: cursor.epoch.0,
        next_lsn: cursor.next.get(),
    };
    let mut rows = Rows::new();
    rows.insert(META.to_vec(), value(&meta));
    rows.insert(ODDITIES.to_vec(), value(&state.oddities));
    if state.experiment_id_max > 0 {
        let row = value(&state.experiment_id_max);
        rows.insert(EXPERIMENT_ID_MAX.to_vec(), row);
    }
    if !state.purges.is_empty() {
        rows.insert(PURGES.to_vec(), value(&state.purges));
    }
    for experiment in state.experiments.values() {
        rows.insert(
            key(EXPERIMENT, &experiment.id.0.to_be_bytes()),
            value(experiment),
        );
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

/// The state of these rows; `None` when another version of the projector wrote them. The error says what is wrong.
pub fn decode(rows: &Rows) -> Result<Option<(State, Cursor)>, String> {
    let meta = rows.get(META).ok_or("it has no meta row")?;
    if version_of(meta)? != Runs::VERSION {
        return Ok(None);
    }
    let meta: Meta = parse(META, meta)?;
    let next = Lsn::new(meta.next_lsn).ok_or("its checkpoint is 0")?;
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
            _ if key == META => {}
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
    Ok(Some((
        state,
        Cursor {
            epoch: EpochId(meta.epoch),
            next,
        },
    )))
}

/// The names of rows that are not the same in both.
pub fn differences(kept: &Rows, folded: &Rows) -> Vec<String> {
    let changed = kept
        .iter()
        .filter_map(|(key, value)| match folded.get(key) {
            Some(other) if other == value => None,
            Some(_) => Some(format!("{} differs", describe(key))),
            None => Some(format!("{} is too many", describe(key))),
        });
    let missing = folded.keys().filter(|key| !kept.contains_key(*key));
    changed
        .chain(missing.map(|key| format!("{} is missing", describe(key))))
        .collect()
}

/// The names of rows that are not the same in two states, without holding the rows of all runs at once.
pub fn compare(kept: &State, folded: &State, cursor: Cursor) -> Vec<String> {
    let mut differing = differences(
        &encode_but_runs(kept, cursor),
        &encode_but_runs(folded, cursor),
    );
    let name = |run: &Run| describe(&key(RUN, &run.id.to_bytes()));
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

fn describe(key: &[u8]) -> String {
    let (kind, id) = key.split_first().unwrap_or((&0, &[]));
    let mut name = match *kind {
        EXPERIMENT => match <[u8; 8]>::try_from(id) {
            Ok(id) => return format!("experiment {}", u64::from_be_bytes(id)),
            Err(_) => "experiment ".to_owned(),
        },
        RUN => "run ".to_owned(),
        DEFINITION => "definition ".to_owned(),
        COLLISION => "collision ".to_owned(),
        _ if key == META => return "the checkpoint".to_owned(),
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

fn key(kind: u8, id: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + id.len());
    key.push(kind);
    key.extend_from_slice(id);
    key
}

fn parse<T: Decode<()>>(key: &[u8], bytes: &[u8]) -> Result<T, String> {
    codec::parse(bytes).map_err(|why| format!("{} is damaged: {why}", describe(key)))
}
