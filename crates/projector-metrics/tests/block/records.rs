//! Records that own their payloads, and strategies for all kinds of them.

use mltrack_event::{ColumnsId, Event, LogLine, MetricBatchLogged, RunKey, encode, encode_metrics};
use mltrack_projector::{Lsn, PackRecord, WriterId};
use mltrack_projector_metrics::block::{pack, unpack};
use proptest::prelude::*;

#[derive(Clone, PartialEq, Debug)]
pub struct Owned {
    pub lsn: u64,
    pub type_id: u16,
    pub version: u16,
    pub writer: u32,
    pub time_ns: i64,
    pub has_time: bool,
    pub commit_time_ns: i64,
    pub payload: Vec<u8>,
}

impl Owned {
    pub fn record(&self) -> PackRecord<'_> {
        PackRecord {
            lsn: Lsn::new(self.lsn).expect("lsns begin at 1"),
            type_id: self.type_id,
            version: self.version,
            writer: WriterId(self.writer),
            time_ns: self.time_ns,
            has_time: self.has_time,
            commit_time_ns: self.commit_time_ns,
            payload: &self.payload,
        }
    }

    pub fn of(record: PackRecord<'_>) -> Owned {
        Owned {
            lsn: record.lsn.get(),
            type_id: record.type_id,
            version: record.version,
            writer: record.writer.0,
            time_ns: record.time_ns,
            has_time: record.has_time,
            commit_time_ns: record.commit_time_ns,
            payload: record.payload.to_vec(),
        }
    }
}

pub fn pack_owned(records: &[Owned]) -> Vec<u8> {
    let records: Vec<_> = records.iter().map(Owned::record).collect();
    pack(&records)
}

/// Packs, checks that every record comes back, and returns the block.
pub fn check(records: &[Owned]) -> Vec<u8> {
    let block = pack_owned(records);
    let mut read = Vec::new();
    unpack(&block.as_slice(), &mut |record| {
        read.push(Owned::of(record));
    })
    .unwrap();
    assert_eq!(read, records);
    block
}

/// A record of one row at an lsn, one second apart from its neighbours.
pub fn one(lsn: u64, run: RunKey, columns: u64, step: i64, values: &[f64]) -> Owned {
    let mut payload = Vec::new();
    let (type_id, version) =
        encode_metrics(run, ColumnsId(columns), step, values, &mut payload).unwrap();
    Owned {
        lsn,
        type_id: type_id.0,
        version: version.0,
        writer: 1,
        time_ns: lsn as i64 * 1_000_000_000,
        has_time: false,
        commit_time_ns: lsn as i64 * 1_000_000_000,
        payload,
    }
}

pub fn of_event(lsn: u64, event: &Event) -> Owned {
    let mut payload = Vec::new();
    let (type_id, version) = encode(event, &mut payload).unwrap();
    Owned {
        type_id: type_id.0,
        version: version.0,
        payload,
        ..one(lsn, run(0), 0, 0, &[0.0])
    }
}

pub fn run(number: u8) -> RunKey {
    RunKey::from_bytes([number, 1, 2, 3, 4, 5, 6, 7])
}

pub fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<f32>().prop_map(f64::from),
        2 => any::<u64>().prop_map(f64::from_bits),
        2 => (-1000..1000i32).prop_map(|n| f64::from(n) / 100.0),
        1 => prop_oneof![Just(f64::NAN), Just(-0.0), Just(f64::INFINITY), Just(0.0)],
    ]
}

pub fn integer() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..1000i64,
        1 => any::<i64>(),
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1), Just(0)],
    ]
}

fn metrics() -> impl Strategy<Value = (u16, Vec<u8>)> {
    (
        0..3u8,
        0..2u64,
        integer(),
        prop::collection::vec(value(), 0..4),
    )
        .prop_map(|(number, columns, step, values)| {
            let record = one(1, run(number), columns, step, &values);
            (record.type_id, record.payload)
        })
}

fn batch() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let rows = (0..6usize, 0..3usize, any::<bool>(), 0..3usize);
    let rows = rows.prop_flat_map(|(rows, width, has_times, odd)| {
        let times = if has_times { rows } else { 0 };
        (
            prop::collection::vec(integer(), rows),
            prop::collection::vec(integer(), times),
            // Now and then a count that fits no width.
            prop::collection::vec(value(), rows * width + odd / 2),
        )
    });
    (0..3u8, 0..2u64, rows).prop_map(|(number, columns, (steps, times, values))| {
        let event = Event::MetricBatchLogged(MetricBatchLogged {
            run: run(number),
            columns: ColumnsId(columns),
            steps,
            times,
            values,
        });
        let record = of_event(1, &event);
        (record.type_id, record.payload)
    })
}

/// Payloads that are points to the eye but not to the byte, and others.
fn odd() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let bytes = prop::collection::vec(any::<u8>(), 0..60);
    prop_oneof![
        (0..12u16, bytes).prop_map(|(type_id, bytes)| (type_id, bytes)),
        // A step in a longer form than it needs.
        (metrics(), any::<u8>()).prop_map(|((type_id, mut payload), step)| {
            let tail = payload.split_off(16);
            payload.extend([251, step, 0]);
            payload.extend(tail.get(1..).unwrap_or_default());
            (type_id, payload)
        }),
        (metrics(), any::<u8>()).prop_map(|((type_id, mut payload), byte)| {
            payload.push(byte);
            (type_id, payload)
        }),
        Just(()).prop_map(|()| {
            let lines = Event::LogLine(LogLine {
                run: run(0),
                lines: Vec::new(),
            });
            let record = of_event(1, &lines);
            (record.type_id, record.payload)
        }),
    ]
}

fn record() -> impl Strategy<Value = (u64, Owned)> {
    let payload = prop_oneof![6 => metrics(), 2 => batch(), 2 => odd()];
    let version = prop_oneof![12 => Just(1u16), 1 => any::<u16>()];
    let gap = prop_oneof![8 => Just(1u64), 2 => 2..100u64, 1 => Just(1 << 40)];
    let times = (integer(), any::<bool>(), integer(), any::<bool>());
    let writer = prop_oneof![8 => 1..3u32, 1 => any::<u32>()];
    (payload, version, gap, times, writer).prop_map(
        |((type_id, payload), version, gap, times, writer)| {
            let (time_ns, has_time, commit, is_same) = times;
            let commit_time_ns = if is_same { time_ns } else { commit };
            let record = Owned {
                lsn: 0,
                type_id,
                version,
                writer,
                time_ns,
                has_time,
                commit_time_ns,
                payload,
            };
            (gap, record)
        },
    )
}

/// Records of every kind with rising lsns.
pub fn mixed(count_max: usize) -> impl Strategy<Value = Vec<Owned>> {
    prop::collection::vec(record(), 1..=count_max).prop_map(|records| {
        let mut lsn = 0;
        let numbered = records.into_iter().map(|(gap, record)| {
            lsn += gap;
            Owned { lsn, ..record }
        });
        numbered.collect()
    })
}
