//! Artifacts that stay where they are: a table of the run says what there is, and where.
//!
//! Invariant: a row is written together with the mark that says that it was.

use mltrack::{Shape, Table, WallTime};
use serde_json::Value;

use crate::chunk::{Chunk, Content, PastValue};
use crate::known::Known;

/// The name of the table.
const NAME: &str = "import.artifacts";
const COLUMNS: [&str; 3] = ["path", "place", "bytes"];

/// A table has about so many bytes: a few hundred rows.
const TABLE_LEN_MAX: usize = 256 << 10;

/// The chunk's links as tables; the step of each is the number of links that were recorded before it.
pub(crate) fn tables(known: &mut Known, chunk: &Chunk) -> Vec<PastValue> {
    let mut tables = Vec::new();
    let mut time = WallTime(0);
    let (mut rows, mut len) = (Vec::new(), 0);
    for artifact in &chunk.artifacts {
        let Content::Link { place, len: bytes } = &artifact.content else {
            continue;
        };
        time = time.max(artifact.time);
        len += artifact.path.len() + place.len();
        let row: Vec<Value> = vec![
            artifact.path.as_str().into(),
            place.as_str().into(),
            (*bytes).into(),
        ];
        rows.push(row);
        if len > TABLE_LEN_MAX {
            tables.push(table(known, time, std::mem::take(&mut rows)));
            len = 0;
        }
    }
    if !rows.is_empty() {
        tables.push(table(known, time, rows));
    }
    tables
}

fn table(known: &mut Known, time: WallTime, rows: Vec<Vec<Value>>) -> PastValue {
    let step = known.said.links as i64;
    known.said.links += rows.len() as u64;
    let table = Table::new(COLUMNS.map(str::to_owned), rows).expect("each row has three cells");
    let json = serde_json::to_string(&Shape::Table(table)).expect("texts and numbers are JSON");
    PastValue {
        name: NAME.to_owned(),
        step,
        time,
        json,
    }
}
