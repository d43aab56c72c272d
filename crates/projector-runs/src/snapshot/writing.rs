//! From a state to the bytes of a snapshot.
//!
//! Invariants: the trailer comes last, so a file that was not written to its end has no root; equal states give equal
//! bytes.

use std::io::{self, Write};

use mltrack_event::RunState;
use mltrack_projector::{Cursor, Projector};

use super::LAYOUT_VERSION;
use super::gather::Columns;
use super::parts::{Core, PartWriter, root_of};
use super::reading::{Block, Header, Names, Small, Trailer};
use crate::apply::Runs;
use crate::brief::Brief;
use crate::codec::{self, DefinitionRow};
use crate::run::Run;
use crate::state::State;

/// A block of rows is closed when it has so many bytes: reading one row unpacks the block that it stands in.
const BLOCK_LEN_MIN: usize = 32 << 10;

/// What is gathered while the rows are written.
struct Gathered<W: Write> {
    file: PartWriter<W>,
    blocks: Vec<Block>,
    first_slot: u32,
    ends: Vec<u32>,
    rows: Vec<u8>,
    briefs: Vec<u8>,
    names: Names,
    keys: Vec<([u8; 8], u32)>,
    running: Vec<u32>,
    columns: Columns,
}

/// Writes a state that was folded up to `cursor`. Returns the length of the file, and the file.
pub fn write<W: Write>(file: W, state: &State, cursor: Cursor) -> io::Result<(u64, W)> {
    let run_count = state.run_count() as u32;
    let header = Header {
        layout: LAYOUT_VERSION,
        projector: Runs::VERSION,
        epoch: cursor.epoch,
        next_lsn: cursor.next.get(),
        run_count,
    };
    let header = header.encode();
    let mut file = PartWriter::new(file);
    file.raw(&header)?;
    let mut gathered = Gathered::new(file);
    // A run that was purged leaves an empty slot in the state and none here.
    let mut slot = 0;
    state.runs.try_for_each(|run| {
        gathered.add(state, slot, run)?;
        slot += 1;
        io::Result::Ok(())
    })?;
    let (mut file, core) = gathered.finish(state)?;
    let core = codec::value(&core);
    let trailer = Trailer {
        core_at: file.offset(),
        core_len: core.len() as u64,
        root: root_of(&header, &core),
    };
    file.raw(&core)?;
    file.raw(&trailer.encode())?;
    Ok((file.offset(), file.into_file()))
}

fn small(state: &State) -> Small {
    let definitions = state.dictionary.definitions();
    let refused = state.dictionary.collisions().iter();
    Small {
        experiments: state.experiments.values().cloned().collect(),
        oddities: state.oddities.clone(),
        experiment_id_max: state.experiment_id_max,
        purges: state.purges.clone(),
        definitions: definitions.into_iter().map(DefinitionRow::from).collect(),
        collisions: refused
            .map(|collision| DefinitionRow::from(&collision.refused))
            .collect(),
    }
}

impl<W: Write> Gathered<W> {
    fn new(file: PartWriter<W>) -> Gathered<W> {
        Gathered {
            file,
            blocks: Vec::new(),
            first_slot: 0,
            ends: Vec::new(),
            rows: Vec::new(),
            briefs: Vec::new(),
            names: Names::default(),
            keys: Vec::new(),
            running: Vec::new(),
            columns: Columns::default(),
        }
    }

    /// Takes in the run of the next slot.
    fn add(&mut self, state: &State, slot: u32, run: &Run) -> io::Result<()> {
        let brief = Brief::of(run);
        brief.encode(&mut self.briefs);
        if brief.state == RunState::Running {
            self.running.push(slot);
        }
        self.names.text.push_str(&run.name);
        self.keys.push((run.key().to_bytes(), slot));
        codec::append(run, &mut self.rows);
        self.columns.add(state, slot, run);
        self.names.ends.push(self.names.text.len() as u32);
        self.ends.push(self.rows.len() as u32);
        if self.rows.len() >= BLOCK_LEN_MIN {
            self.close_block(slot + 1)?;
        }
        Ok(())
    }

    fn close_block(&mut self, next_slot: u32) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(4 * (self.ends.len() + 1) + self.rows.len());
        bytes.extend_from_slice(&(self.ends.len() as u32).to_le_bytes());
        for end in &self.ends {
            bytes.extend_from_slice(&end.to_le_bytes());
        }
        bytes.extend_from_slice(&self.rows);
        let part = self.file.part(&bytes)?;
        let first_slot = std::mem::replace(&mut self.first_slot, next_slot);
        self.blocks.push(Block { first_slot, part });
        self.ends.clear();
        self.rows.clear();
        Ok(())
    }

    fn finish(mut self, state: &State) -> io::Result<(PartWriter<W>, Core)> {
        if !self.ends.is_empty() {
            self.close_block(self.first_slot + self.ends.len() as u32)?;
        }
        self.keys.sort_unstable();
        let mut keys = Vec::with_capacity(12 * self.keys.len());
        for (key, slot) in &self.keys {
            keys.extend_from_slice(key);
            keys.extend_from_slice(&slot.to_le_bytes());
        }
        let row_count = self.names.ends.len();
        let columns = self.columns.write(&mut self.file, state, row_count)?;
        let core = Core {
            columns: self.file.part(&codec::value(&columns))?,
            small: self.file.part(&codec::value(&small(state)))?,
            briefs: self.file.part(&self.briefs)?,
            names: self.file.part(&codec::value(&self.names))?,
            keys: self.file.part(&keys)?,
            blocks: self.file.part(&codec::value(&self.blocks))?,
            running: self.file.part(&codec::value(&self.running))?,
        };
        Ok((self.file, core))
    }
}
