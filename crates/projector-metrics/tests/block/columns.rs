//! Columns and nodes read alone, against a fold over the records.

use mltrack_projector::Lsn;
use mltrack_projector_metrics::block::{
    BlockFault, BlockIndex, ChunkInfo, ReadAt, Rows, Want, read_nodes, read_residue, read_rows,
    read_rows_into,
};
use mltrack_projector_metrics::{Bucket, RowsInto};
use proptest::prelude::*;

use super::records::{Owned, integer, mixed, one, pack_owned, run, value};

const ALL: Want = Want {
    times: true,
    lsns: true,
};

/// A row as the records have it: step, value bits, time, lsn.
type Row = (i64, u64, i64, u64);

/// The rows of one column by brute force.
fn expected(records: &[Owned], number: u8, columns: u64, width: usize, column: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for record in records.iter().filter(|record| record.version == 1) {
        let decoded = mltrack_event::decode(record.type_id, 1, &record.payload);
        match decoded {
            Ok(mltrack_event::Event::MetricsLogged(one))
                if (one.run, one.columns.0) == (run(number), columns)
                    && one.values.len() == width =>
            {
                let value = one.values[column].to_bits();
                rows.push((one.step, value, record.time_ns, record.lsn));
            }
            Ok(mltrack_event::Event::MetricBatchLogged(batch))
                if (batch.run, batch.columns.0) == (run(number), columns)
                    && batch.column_count() == Some(width) =>
            {
                for (row, step) in batch.steps.iter().enumerate() {
                    let value = batch.values[column * batch.steps.len() + row].to_bits();
                    let time = batch.times.get(row).copied().unwrap_or(record.time_ns);
                    rows.push((*step, value, time, record.lsn));
                }
            }
            _ => {}
        }
    }
    rows
}

fn actual(block: &[u8], number: u8, columns: u64, width: usize, column: usize) -> Vec<Row> {
    let index = BlockIndex::open(&block).unwrap();
    let chunks = index.chunks(run(number));
    let mut found = chunks.filter(|c| c.columns.0 == columns && c.width == width);
    let Some(chunk) = found.next() else {
        return Vec::new();
    };
    assert!(found.next().is_none(), "rows of one kind are one chunk");
    let rows = read_rows(&block, chunk, column, ALL).unwrap();
    check_into(block, chunk, column, &rows);
    assert_eq!(rows.steps.is_sorted(), chunk.is_sorted_by_step);
    let range =
        |low: i64, high: i64, values: &[i64]| values.iter().all(|v| (low..=high).contains(v));
    assert!(range(chunk.step_min, chunk.step_max, &rows.steps));
    assert!(range(chunk.time_min_ns, chunk.time_max_ns, &rows.times_ns));
    let lsns = chunk.lsn_first..=chunk.lsn_last;
    assert!(rows.lsns.iter().all(|lsn| lsns.contains(lsn)));
    let mut read = Vec::new();
    for at in 0..chunk.rows {
        let value = rows.values[at].to_bits();
        read.push((
            rows.steps[at],
            value,
            rows.times_ns[at],
            rows.lsns[at].get(),
        ));
    }
    read
}

/// Whether a payload in a longer form than needed is among the records: such records are residue.
fn is_plain(record: &Owned) -> bool {
    let Ok(event) = mltrack_event::decode(record.type_id, record.version, &record.payload) else {
        return true;
    };
    let mut again = Vec::new();
    mltrack_event::encode(&event, &mut again).unwrap();
    again == record.payload
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn columns_are_the_rows_of_the_records(records in mixed(80)) {
        let records: Vec<Owned> = records.into_iter().filter(is_plain).collect();
        prop_assume!(!records.is_empty());
        let block = pack_owned(&records);
        for number in 0..3 {
            for columns in 0..2 {
                for width in 1..4 {
                    for column in 0..width {
                        prop_assert_eq!(
                            actual(&block, number, columns, width, column),
                            expected(&records, number, columns, width, column)
                        );
                    }
                }
            }
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn nodes_are_the_buckets_of_the_rows(
        points in prop::collection::vec((value(), integer(), any::<bool>()), 1024..4000),
    ) {
        let mut step = 0;
        let rows = points.iter().zip(1..).map(|((value, jump, is_odd), lsn)| {
            step = if *is_odd && lsn % 50 == 0 { *jump } else { step.wrapping_add(1) };
            one(lsn, run(1), 1, step, &[*value])
        });
        let block = pack_owned(&rows.collect::<Vec<_>>());
        check_nodes(&block);
    }
}

/// Rows that are read into the columns of an answer are the same.
fn check_into(block: &[u8], chunk: &ChunkInfo, column: usize, rows: &Rows) {
    let count = chunk.rows;
    let (mut steps, mut values) = (vec![-1; count], vec![-1.0; count]);
    let (mut times_ns, mut lsns) = (vec![-1; count], vec![-1; count]);
    let into = RowsInto {
        steps: &mut steps,
        values: &mut values,
        times_ns: &mut times_ns,
        lsns: &mut lsns,
    };
    read_rows_into(&block, chunk, column, into).unwrap();
    assert_eq!((&steps, &times_ns), (&rows.steps, &rows.times_ns));
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&values), bits(&rows.values));
    let expected = rows.lsns.iter().map(|lsn| lsn.get() as i64);
    assert!(lsns.into_iter().eq(expected));
}

/// Compares both levels of nodes with a fold over the rows.
fn check_nodes(block: &[u8]) {
    let index = BlockIndex::open(&block).unwrap();
    let chunk = index.all_chunks().next().unwrap();
    let rows = read_rows(&block, chunk, 0, Want::default()).unwrap();
    assert_eq!(chunk.levels(), 2);
    for level in 0..2 {
        let shift = chunk.level_shift(level).unwrap();
        let nodes = read_nodes(&block, chunk, 0, level).unwrap();
        assert_eq!(Some(nodes.len()), chunk.level_nodes(level));
        assert!(nodes.iter().map(|node| node.count).sum::<u64>() == chunk.rows as u64);
        assert!(nodes.len() <= 1.max(chunk.rows / 256));
        assert!(nodes.is_sorted_by(|a, b| a.step_last < b.step_first));
        for node in &nodes {
            check_node(node, shift, &rows.steps, &rows.values);
        }
    }
}

fn check_node(node: &Bucket, shift: u32, steps: &[i64], values: &[f64]) {
    let slot = |step: i64| if shift < 64 { step >> shift } else { 0 };
    let points = steps.iter().copied().zip(values.iter().copied());
    let inside = points.filter(|(step, _)| slot(*step) == slot(node.step_first));
    let inside: Vec<(i64, f64)> = inside.collect();
    let first = inside.iter().rev().min_by_key(|(step, _)| *step).unwrap();
    let first = inside.iter().find(|(step, _)| *step == first.0).unwrap();
    let last = inside.iter().max_by_key(|(step, _)| *step).unwrap();
    assert_eq!(
        (node.step_first, node.first.to_bits()),
        (first.0, first.1.to_bits())
    );
    assert_eq!(
        (node.step_last, node.last.to_bits()),
        (last.0, last.1.to_bits())
    );
    assert_eq!(node.count, inside.len() as u64);
    let numbers: Vec<_> = inside.iter().filter(|(_, value)| !value.is_nan()).collect();
    assert_eq!(node.nan_count, (inside.len() - numbers.len()) as u64);
    let by_value =
        |a: &&&(i64, f64), b: &&&(i64, f64)| a.1.partial_cmp(&b.1).unwrap().then(a.0.cmp(&b.0));
    let low = numbers.iter().min_by(by_value);
    let min = node.min.map(|min| (min.step, min.value));
    assert_eq!(min, low.map(|point| **point));
    let highest = numbers
        .iter()
        .map(|point| point.1)
        .fold(f64::NEG_INFINITY, f64::max);
    let high = numbers.iter().filter(|point| point.1 >= highest);
    let high = high.min_by_key(|point| point.0);
    let max = node.max.map(|max| (max.step, max.value));
    assert_eq!(max, high.map(|point| **point));
}

#[test]
fn residue_is_everything_else_in_order() {
    let mut records: Vec<Owned> = (1..100).map(|lsn| one(lsn, run(1), 1, 0, &[0.5])).collect();
    for (at, record) in records.iter_mut().enumerate().filter(|(at, _)| at % 3 == 0) {
        record.type_id = 0x3000;
        record.payload = vec![at as u8; at];
    }
    let block = pack_owned(&records);
    let source = block.as_slice();
    let index = BlockIndex::open(&source).unwrap();
    assert_eq!(index.records(), records.len());
    assert_eq!((index.lsn_first().get(), index.lsn_last().get()), (1, 99));
    let mut read = Vec::new();
    for part in index.residue() {
        let (first, last) = (part.lsn_first, part.lsn_last);
        read_residue(&source, part, &mut |record| {
            assert!((first..=last).contains(&record.lsn));
            read.push(Owned::of(record));
        })
        .unwrap();
    }
    records.retain(|record| record.type_id == 0x3000);
    assert_eq!(read, records);
}

#[test]
fn a_column_or_level_that_is_not_there_is_named() {
    let block = pack_owned(&[one(1, run(1), 1, 0, &[0.5, 0.25])]);
    let source = block.as_slice();
    let index = BlockIndex::open(&source).unwrap();
    let chunk = index.chunks(run(1)).next().unwrap();
    assert_eq!(chunk.lsn_first, Lsn::FIRST);
    let fault = read_rows(&source, chunk, 2, Want::default()).unwrap_err();
    assert!(
        matches!(
            fault,
            BlockFault::NoColumn {
                column: 2,
                width: 2
            }
        ),
        "{fault}"
    );
    let fault = read_nodes(&source, chunk, 0, 0).unwrap_err();
    assert!(
        matches!(
            fault,
            BlockFault::NoLevel {
                level: 0,
                levels: 0
            }
        ),
        "{fault}"
    );
    assert!(index.chunks(run(2)).next().is_none());
}

/// A source that counts what is read of it.
struct Counted<'a> {
    bytes: &'a [u8],
    read_len: std::cell::Cell<u64>,
}

impl ReadAt for Counted<'_> {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<()> {
        self.read_len.set(self.read_len.get() + buf.len() as u64);
        self.bytes.read_at(offset, buf)
    }

    fn len(&self) -> u64 {
        ReadAt::len(&self.bytes)
    }
}

#[test]
fn one_column_is_read_without_the_others() {
    let noise = |at: u64| (at as f64 * 1.7).sin();
    let records: Vec<Owned> = (1..20_000)
        .map(|lsn| {
            let values: Vec<f64> = (0..10).map(|column| noise(lsn * 10 + column)).collect();
            one(lsn, run(1), 1, lsn as i64, &values)
        })
        .collect();
    let block = pack_owned(&records);
    let source = Counted {
        bytes: &block,
        read_len: std::cell::Cell::new(0),
    };
    let index = BlockIndex::open(&source).unwrap();
    let chunk = index.chunks(run(1)).next().unwrap();
    let rows = read_rows(&source, chunk, 3, Want::default()).unwrap();
    assert_eq!(rows.values[5].to_bits(), noise(63).to_bits());
    assert!(source.read_len.get() < block.len() as u64 / 8);
}
