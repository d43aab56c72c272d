//! Points of a run in the table `metrics`, in the order in which they were logged.
//!
//! Invariants: a chunk is read by one query through the index of runs, so memory does not grow and no lock stays behind;
//! rows are only ever added behind those of a run that are there, also when the database is written anew, so the number
//! of rows that were taken says where to go on as long as the last of them is the same.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::head::Head;
use super::mark::{Mark, hash};
use super::store::{POINTS_MAX, nanoseconds};
use crate::chunk::Chunk;
use crate::report::Untaken;

/// What databases have in the place of the infinities.
const LARGEST: f64 = f64::MAX;

/// Reads points.
#[derive(Debug)]
pub(super) struct Rows {
    by_id: String,
    by_count: String,
    has_said_largest: bool,
}

/// A row of the table.
struct Point<'r> {
    id: i64,
    key: &'r [u8],
    value: f64,
    time_ms: i64,
    step: i64,
    is_nan: bool,
}

impl Rows {
    pub fn new(has_run_index: bool) -> Rows {
        let indexed = if has_run_index {
            "INDEXED BY index_metrics_run_uuid"
        } else {
            ""
        };
        let query = |condition: &str, rest: &str| {
            format!(
                "SELECT rowid, key, value, timestamp, step, is_nan FROM metrics {indexed} \
                 WHERE run_uuid = ?1 {condition} ORDER BY rowid LIMIT ?3 {rest}"
            )
        };
        Rows {
            by_id: query("AND rowid >= ?2", ""),
            by_count: query("", "OFFSET ?2"),
            has_said_largest: false,
        }
    }

    /// Another run comes.
    pub fn begin(&mut self) {
        self.has_said_largest = false;
    }

    /// Reads until the chunk is full. False when there is no more.
    pub fn read(
        &mut self,
        connection: &Connection,
        head: &Head,
        place: &str,
        mark: &mut Mark,
        chunk: &mut Chunk,
        said: &mut Vec<Untaken>,
    ) -> rusqlite::Result<bool> {
        let known = mark.rows;
        let room = POINTS_MAX.saturating_sub(chunk.points.len()).max(1) as i64;
        let ways = [
            (&self.by_id, known.id),
            (&self.by_count, known.count as i64 - 1),
        ];
        for (query, from) in ways {
            let mut statement = connection.prepare_cached(query)?;
            // The last row that was taken comes first, to be looked at.
            let limit = room + i64::from(known.count > 0);
            let from = if known.count > 0 { from } else { i64::MIN };
            let mut rows = statement.query((&head.id, from, limit))?;
            let mut bytes = Vec::new();
            if known.count > 0 {
                if let Some(row) = rows.next()? {
                    Point::read(row)?.write(&mut bytes);
                }
                if hash(&bytes) != known.hash {
                    continue;
                }
            }
            let mut count = 0;
            while let Some(row) = rows.next()? {
                let point = Point::read(row)?;
                if point.value.abs() >= LARGEST && !point.is_nan && !self.has_said_largest {
                    self.has_said_largest = true;
                    said.push(point.is_largest(place));
                }
                point.take(mark, chunk);
                point.write(&mut bytes);
                count += 1;
            }
            mark.rows.count += count as u64;
            mark.rows.hash = hash(&bytes);
            return Ok(count == room);
        }
        let why =
            "its points are others now than when it was imported; mltrack rm it and import it anew";
        said.push(Untaken::refused("a run", place, why));
        Ok(false)
    }
}

impl<'r> Point<'r> {
    fn read(row: &'r rusqlite::Row<'_>) -> rusqlite::Result<Point<'r>> {
        let value = match row.get_ref(2)? {
            ValueRef::Real(value) => value,
            ValueRef::Integer(value) => value as f64,
            // Old databases have nothing where there was no number.
            ValueRef::Null => f64::NAN,
            ValueRef::Text(_) | ValueRef::Blob(_) => row.get(2)?,
        };
        Ok(Point {
            id: row.get(0)?,
            key: row.get_ref(1)?.as_bytes().unwrap_or_default(),
            value,
            time_ms: row.get(3)?,
            step: row.get(4)?,
            is_nan: row.get(5)?,
        })
    }

    /// As bytes by which rows are told apart.
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.clear();
        bytes.extend_from_slice(&self.value.to_bits().to_le_bytes());
        bytes.extend_from_slice(&self.time_ms.to_le_bytes());
        bytes.extend_from_slice(&self.step.to_le_bytes());
        bytes.push(u8::from(self.is_nan));
        bytes.extend_from_slice(self.key);
    }

    fn take(&self, mark: &mut Mark, chunk: &mut Chunk) {
        let value = if self.is_nan { f64::NAN } else { self.value };
        let time_ns = nanoseconds(self.time_ms);
        let slot = chunk.points.slot(&String::from_utf8_lossy(self.key));
        chunk.points.push(slot, self.step, time_ns, value);
        mark.see(time_ns);
        mark.rows.id = self.id;
    }

    fn is_largest(&self, place: &str) -> Untaken {
        let what = format!("metric {:?}", String::from_utf8_lossy(self.key));
        let why = "MLflow's databases keep an infinity as the largest number, 1.7976931348623157e308, and so it is here";
        Untaken::noted(what, place, why)
    }
}
