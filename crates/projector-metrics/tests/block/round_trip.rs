//! What went in comes out, bit for bit.

use mltrack_event::{ColumnsId, Event, MetricBatchLogged};
use mltrack_projector::Packer;
use mltrack_projector_metrics::block::{MetricPacker, RECORDS_MAX};
use proptest::prelude::*;

use super::records::{Owned, check, integer, mixed, of_event, one, run, value};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_mix_of_records_comes_back(records in mixed(60)) {
        check(&records);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn long_columns_come_back(
        values in prop::collection::vec((value(), value()), 200..1500),
        step in integer(),
        stride in -3..4i64,
    ) {
        let rows = values.iter().zip(1..);
        let records: Vec<Owned> = rows
            .map(|((a, b), lsn)| {
                let step = step.wrapping_add(stride.wrapping_mul(lsn as i64));
                one(lsn, run(1), 9, step, &[*a, *b])
            })
            .collect();
        check(&records);
    }
}

#[test]
fn the_packer_gives_records_back_too() {
    let records: Vec<Owned> = (1..500).map(|lsn| one(lsn, run(1), 1, 7, &[0.5])).collect();
    let borrowed: Vec<_> = records.iter().map(Owned::record).collect();
    let block = MetricPacker.pack(&borrowed);
    let mut read = Vec::new();
    MetricPacker
        .unpack(&block, &mut |record| read.push(Owned::of(record)))
        .unwrap();
    assert_eq!(read, records);
    let fault = MetricPacker.unpack(&block[..50], &mut |_| {}).unwrap_err();
    assert!(!fault.what.is_empty());
}

#[test]
fn many_short_runs_come_back_and_share_their_columns() {
    // Interleaved, as runs that are logged at once are.
    let records: Vec<Owned> = (0..6000u64)
        .map(|at| {
            let number = at % 2000;
            let run = mltrack_event::RunKey::from_bytes(number.wrapping_mul(77).to_be_bytes());
            one(
                at + 1,
                run,
                number % 3,
                (at / 2000) as i64,
                &[at as f64 * 0.5; 5],
            )
        })
        .collect();
    let block = check(&records);
    let points = records.len() * 5;
    assert!(block.len() < points * 4, "{} bytes", block.len());
}

#[test]
fn batches_with_and_without_times_share_a_chunk_with_single_rows() {
    let batch = |lsn: u64, rows: i64, has_times: bool| {
        let times = if has_times {
            (0..rows).map(|row| row * 5).collect()
        } else {
            Vec::new()
        };
        let values = (0..rows * 2).map(|at| at as f64 / 3.0).collect();
        of_event(
            lsn,
            &Event::MetricBatchLogged(MetricBatchLogged {
                run: run(1),
                columns: ColumnsId(4),
                steps: (0..rows).map(|row| row - lsn as i64).collect(),
                times,
                values,
            }),
        )
    };
    let records = [
        batch(1, 1, false),
        one(2, run(1), 4, 9, &[1.0, 2.0]),
        batch(3, 700, true),
        batch(4, 300, false),
        batch(9, 1, true),
    ];
    check(&records);
}

#[test]
fn a_block_of_the_most_records_comes_back() {
    let records: Vec<Owned> = (1..=RECORDS_MAX as u64)
        .map(|lsn| {
            one(
                lsn,
                run((lsn % 3) as u8),
                1,
                lsn as i64 / 3,
                &[(lsn as f64).sin()],
            )
        })
        .collect();
    check(&records);
}

#[test]
#[should_panic(expected = "in the order of the log")]
fn records_out_of_order_are_a_mistake_of_the_caller() {
    check(&[one(2, run(1), 1, 0, &[0.0]), one(1, run(1), 1, 0, &[0.0])]);
}
