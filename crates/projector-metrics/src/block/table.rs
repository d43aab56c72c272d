//! The records of a group of chunks as columns in memory, and the payloads written again from them.
//!
//! Invariant: what `push` takes apart, `write_payload` puts together again, byte for byte.

use mltrack_event::{Event, MetricBatchLogged, TypeId, encode, encode_metrics};
use mltrack_projector::{Lsn, PackRecord};

use super::bytes::Cursor;
use super::facts::{Facts, push_column, take_column};
use super::fault::BlockFault;
use super::gather::{ChunkKey, Points, points};

/// A record of one row that is no batch. Others are twice the rows, plus 1 when each row has a time of its own.
pub(super) const SHAPE_ONE: i64 = 0;

/// The records of one group, chunk after chunk.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Table {
    pub facts: Facts,
    /// One for each record.
    pub shapes: Vec<i64>,
    /// One for each row.
    pub steps: Vec<i64>,
    /// One for each row of the records whose shape says so.
    pub own_times_ns: Vec<i64>,
    /// One for each row, in each column.
    pub values: Vec<Vec<f64>>,
}

/// Where a record's parts are in a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub record: usize,
    pub row: usize,
    pub own_time: usize,
}

impl Table {
    /// Empties it for rows of another width.
    pub(super) fn reset(&mut self, width: usize) {
        self.facts.clear();
        self.shapes.clear();
        self.steps.clear();
        self.own_times_ns.clear();
        self.values.resize_with(width, Vec::new);
        self.values.iter_mut().for_each(Vec::clear);
    }

    /// Adds a record that was found to be a chunk's.
    pub(super) fn push(&mut self, record: &PackRecord<'_>, lsn_base: Lsn) {
        self.facts.push(record, lsn_base);
        match points(record).expect("a record that was gathered decodes") {
            Points::One(view) => {
                self.shapes.push(SHAPE_ONE);
                self.steps.push(view.step);
                for (column, value) in self.values.iter_mut().zip(view.values()) {
                    column.push(value);
                }
            }
            Points::Many(batch) => self.push_batch(&batch),
        }
    }

    fn push_batch(&mut self, batch: &MetricBatchLogged) {
        let rows = batch.steps.len();
        let has_own_times = !batch.times.is_empty();
        self.shapes.push(shape(rows, has_own_times));
        self.steps.extend_from_slice(&batch.steps);
        self.own_times_ns.extend_from_slice(&batch.times);
        for (column, values) in self.values.iter_mut().zip(batch.values.chunks(rows)) {
            column.extend_from_slice(values);
        }
    }

    pub(super) fn encode_steps(&self, out: &mut Vec<u8>) {
        push_column(&self.shapes, out);
        push_column(&self.steps, out);
    }

    pub(super) fn encode_times(&self, out: &mut Vec<u8>) {
        push_column(&self.facts.times_ns, out);
        push_column(&self.own_times_ns, out);
    }

    /// The time of each row.
    pub(super) fn row_times_ns(&self) -> Vec<i64> {
        row_times_ns(&self.shapes, &self.facts.times_ns, &self.own_times_ns)
    }

    /// Writes the payload of a record of `key` again, and says of which type it is.
    pub(super) fn write_payload(
        &self,
        key: &ChunkKey,
        place: Place,
        values: &mut Vec<f64>,
        payload: &mut Vec<u8>,
    ) -> Option<TypeId> {
        let shape = *self.shapes.get(place.record)?;
        let (rows, own_times) = rows_of(shape);
        let range = place.row..place.row + rows;
        values.clear();
        for column in &self.values {
            values.extend_from_slice(column.get(range.clone())?);
        }
        payload.clear();
        if shape == SHAPE_ONE {
            let step = *self.steps.get(place.row)?;
            let encoded = encode_metrics(key.run, key.columns, step, values, payload);
            return encoded.ok().map(|(type_id, _)| type_id);
        }
        let times = place.own_time..place.own_time + own_times;
        let batch = MetricBatchLogged {
            run: key.run,
            columns: key.columns,
            steps: self.steps.get(range)?.to_vec(),
            times: self.own_times_ns.get(times)?.to_vec(),
            values: std::mem::take(values),
        };
        let encoded = encode(&Event::MetricBatchLogged(batch), payload);
        encoded.ok().map(|(type_id, _)| type_id)
    }
}

/// Where the records of a table are, and where one more would be.
pub(super) enum Places {
    /// Every record is one row.
    Plain,
    /// Some are batches.
    Listed(Vec<Place>),
}

impl Places {
    pub(super) fn of(shapes: &[i64]) -> Places {
        if is_plain(shapes) {
            return Places::Plain;
        }
        let mut place = Place {
            record: 0,
            row: 0,
            own_time: 0,
        };
        let mut places = vec![place];
        for shape in shapes {
            let (rows, own_times) = rows_of(*shape);
            place.record += 1;
            place.row += rows;
            place.own_time += own_times;
            places.push(place);
        }
        Places::Listed(places)
    }

    pub(super) fn get(&self, record: usize) -> Place {
        match self {
            Places::Listed(places) => places[record],
            Places::Plain => Place {
                record,
                row: record,
                own_time: 0,
            },
        }
    }
}

fn is_plain(shapes: &[i64]) -> bool {
    shapes.iter().all(|shape| *shape == SHAPE_ONE)
}

fn shape(rows: usize, has_own_times: bool) -> i64 {
    (rows as i64) << 1 | i64::from(has_own_times)
}

/// How many rows a record has, and how many of them have times of their own.
pub(super) fn rows_of(shape: i64) -> (usize, usize) {
    let rows = (shape >> 1) as usize;
    match shape {
        SHAPE_ONE => (1, 0),
        _ if shape & 1 == 1 => (rows, rows),
        _ => (rows, 0),
    }
}

/// The shape of each record and the step of each row, checked against each other.
pub(super) fn decode_steps(
    cursor: &mut Cursor<'_>,
    records: usize,
    rows: usize,
) -> Result<(Vec<i64>, Vec<i64>), BlockFault> {
    let start = *cursor;
    let shapes = take_column(cursor, records)?;
    let mut left = rows;
    for shape in &shapes {
        let is_shape = *shape == SHAPE_ONE || *shape >= 2;
        let taken = is_shape.then(|| left.checked_sub(rows_of(*shape).0));
        left = taken
            .flatten()
            .ok_or_else(|| start.fault("the records have more rows than the chunk"))?;
    }
    if left > 0 {
        return Err(start.fault(format!("{left} rows belong to no record")));
    }
    let steps = take_column(cursor, rows)?;
    cursor.finish()?;
    Ok((shapes, steps))
}

/// The time of each record and the times that rows have of their own.
pub(super) fn decode_times(
    cursor: &mut Cursor<'_>,
    shapes: &[i64],
) -> Result<(Vec<i64>, Vec<i64>), BlockFault> {
    let times_ns = take_column(cursor, shapes.len())?;
    let own_count = shapes.iter().map(|shape| rows_of(*shape).1).sum();
    let own_times_ns = take_column(cursor, own_count)?;
    cursor.finish()?;
    Ok((times_ns, own_times_ns))
}

pub(super) fn row_times_ns(shapes: &[i64], times_ns: &[i64], own_times_ns: &[i64]) -> Vec<i64> {
    if is_plain(shapes) {
        return times_ns.to_vec();
    }
    let mut own = own_times_ns.iter().copied();
    let mut row_times = Vec::new();
    for (shape, time) in shapes.iter().zip(times_ns) {
        match rows_of(*shape) {
            (rows, 0) => row_times.extend(std::iter::repeat_n(*time, rows)),
            (rows, _) => row_times.extend(own.by_ref().take(rows)),
        }
    }
    row_times
}

/// What each record has, once for each of its rows.
pub(super) fn for_each_row<T: Copy>(shapes: &[i64], of_records: Vec<T>) -> Vec<T> {
    if is_plain(shapes) {
        return of_records;
    }
    let pairs = shapes.iter().zip(of_records);
    pairs
        .flat_map(|(shape, value)| std::iter::repeat_n(value, rows_of(*shape).0))
        .collect()
}
