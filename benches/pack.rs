//! How small and how fast blocks are: bytes for each point, everything counted, and rates of one core.
//!
//! `cargo bench -p mltrack-projector-metrics --bench pack [-- PART OF A NAME]`
//!
//! Times are those that this thread was on a processor, where the system tells them.
//!
//! Curves: a loss that decays towards a floor with 5 % noise, steps one apart, times 1 ms apart with 10 % jitter, all
//! from one seed. Values born as 32-bit floats are what training code logs; full 64-bit ones are the worst case.

use std::hint::black_box;
use std::time::Duration;

use mltrack_event::{ColumnsId, RunKey, encode_metrics};
use mltrack_log::door::monotonic;
use mltrack_projector::{Lsn, PackRecord, WriterId};
use mltrack_projector_metrics::block::{
    BlockIndex, ChunkInfo, Want, pack, read_nodes, read_rows, unpack,
};

const START_NS: i64 = 1_790_000_000_000_000_000;
const MILLISECOND_NS: f64 = 1e6;
const ROUNDS: usize = 4;
const ROUND_MIN: Duration = Duration::from_millis(150);

/// What a workload logs.
struct Load {
    name: &'static str,
    /// Runs after one another, or all at once.
    runs: u64,
    is_interleaved: bool,
    steps: u64,
    /// Calls for each step, and values for each call.
    calls: u64,
    width: usize,
    is_single: bool,
    /// Whether records carry times of their own, and are appended a little later.
    has_time: bool,
}

const PLAIN: Load = Load {
    name: "f32-born, 5 per call",
    runs: 1,
    is_interleaved: false,
    steps: 200_000,
    calls: 1,
    width: 5,
    is_single: true,
    has_time: false,
};

const LOADS: [Load; 7] = [
    PLAIN,
    Load {
        name: "f32-born, singly",
        steps: 50_000,
        calls: 5,
        width: 1,
        ..PLAIN
    },
    Load {
        name: "f64, 5 per call",
        is_single: false,
        ..PLAIN
    },
    Load {
        name: "f32-born, 5 per call, own times",
        has_time: true,
        ..PLAIN
    },
    Load {
        name: "f32-born, singly, own times",
        steps: 50_000,
        calls: 5,
        width: 1,
        has_time: true,
        ..PLAIN
    },
    Load {
        name: "500 runs x 10 x 500, f32-born",
        runs: 500,
        steps: 500,
        width: 10,
        ..PLAIN
    },
    Load {
        name: "100,000 runs at once x 10 x 2",
        runs: 100_000,
        is_interleaved: true,
        steps: 2,
        width: 10,
        ..PLAIN
    },
];

/// A seeded source of noise.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, mean 0, deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

struct Owned {
    time_ns: i64,
    commit_time_ns: i64,
    payload: Vec<u8>,
}

fn value(load: &Load, noise: &mut Noise, step: u64, column: u64) -> f64 {
    let decay = (-5.0 * step as f64 / load.steps as f64).exp();
    let clean = (0.1 + 2.4 * decay) * (1.0 + column as f64);
    let drawn = clean * (1.0 + 0.05 * noise.normal());
    if load.is_single {
        f64::from(drawn as f32)
    } else {
        drawn
    }
}

fn records(load: &Load) -> Vec<Owned> {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let mut time = START_NS as f64;
    let mut time_ns = START_NS;
    let mut records = Vec::new();
    let mut values = Vec::new();
    for at in 0..load.runs * load.steps {
        let (run, step) = if load.is_interleaved {
            (at % load.runs, at / load.runs)
        } else {
            (at / load.steps, at % load.steps)
        };
        let key = run.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        for call in 0..load.calls {
            time += MILLISECOND_NS * (1.0 + 0.1 * noise.normal()) / load.calls as f64;
            time_ns = time_ns.max(time as i64);
            values.clear();
            values.extend((0..load.width).map(|at| {
                let column = call + at as u64;
                value(load, &mut noise, step, column)
            }));
            let mut payload = Vec::new();
            let columns = ColumnsId(7 + call);
            encode_metrics(
                RunKey::from_bytes(key),
                columns,
                step as i64,
                &values,
                &mut payload,
            )
            .expect("a few values fit");
            let delay = if load.has_time {
                (2000.0 + 300.0 * noise.normal().abs()) as i64
            } else {
                0
            };
            records.push(Owned {
                time_ns,
                commit_time_ns: time_ns + delay,
                payload,
            });
        }
    }
    records
}

fn borrow<'a>(load: &Load, records: &'a [Owned]) -> Vec<PackRecord<'a>> {
    let numbered = records.iter().zip(0..);
    numbered
        .map(|(owned, at)| PackRecord {
            lsn: Lsn::FIRST.plus(at),
            type_id: 1,
            version: 1,
            writer: WriterId(3),
            time_ns: owned.time_ns,
            has_time: load.has_time,
            commit_time_ns: owned.commit_time_ns,
            payload: &owned.payload,
        })
        .collect()
}

/// How long this thread was on a processor.
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let ns = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(ns))
}

/// How long some work takes: the fastest of a few rounds, each long enough for a coarse clock.
fn fastest<T>(mut work: impl FnMut() -> T) -> (T, Duration) {
    let mut best = Duration::MAX;
    let mut result = black_box(work());
    for _ in 0..ROUNDS {
        let (start, start_on) = (monotonic(), on_processor());
        let (mut count, mut next) = (0, 1);
        let took = loop {
            // The clock is slow to read, so the more work at once, the shorter it is.
            for _ in 0..next {
                result = black_box(work());
            }
            count += next;
            next = count;
            let spans = start_on.zip(on_processor());
            let took = spans.map_or(start.elapsed(), |(from, to)| to.saturating_sub(from));
            if took > ROUND_MIN {
                break took;
            }
        };
        best = best.min(took / count);
    }
    (result, best)
}

fn read_all(block: &[u8], chunks: &[ChunkInfo], want: Want) -> usize {
    let mut rows = 0;
    for chunk in chunks {
        let read = read_rows(&block, chunk, 0, want).expect("the block is whole");
        rows += black_box(read).values.len();
    }
    rows
}

fn measure(load: &Load) {
    let owned = records(load);
    let records = borrow(load, &owned);
    let points = records.len() * load.width;
    let payload_len: usize = records.iter().map(|record| record.payload.len()).sum();
    let rate = |count: usize, took: Duration| count as f64 / took.as_secs_f64() / 1e6;

    let (block, encode) = fastest(|| pack(&records));
    let ((), decode) = fastest(|| {
        unpack(&block.as_slice(), &mut |record| {
            black_box(record);
        })
        .expect("the block is whole");
    });
    let (index, open) = fastest(|| {
        let index = BlockIndex::open(&block.as_slice());
        index.expect("the block is whole")
    });
    let chunks: Vec<ChunkInfo> = index.all_chunks().take(500).cloned().collect();
    let (rows, column) = fastest(|| read_all(&block, &chunks, Want::default()));
    let all = Want {
        times: true,
        lsns: true,
    };
    let (_, exact) = fastest(|| read_all(&block, &chunks, all));
    println!(
        "{:<32} {:>6.2} B/point  pack {:>5.1} M/s {:>4.0} MB/s  unpack {:>5.1} M/s  column and steps {:>5.1} M/s, with times and lsns {:>5.1} M/s, index of {} chunks {:.0} us",
        load.name,
        block.len() as f64 / points as f64,
        rate(points, encode),
        rate(payload_len, encode),
        rate(points, decode),
        rate(rows, column),
        rate(rows, exact),
        index.all_chunks().len(),
        open.as_secs_f64() * 1e6,
    );
    let chunk = &chunks[0];
    if chunk.levels() > 0 {
        let source = block.as_slice();
        let read = |level| read_nodes(&source, chunk, 0, level).expect("the block is whole");
        let (fine, took) = fastest(|| read(0));
        let (coarse, coarse_took) = fastest(|| read(1));
        println!(
            "{:<32} {} nodes in {:.0} us, {} coarser ones in {:.0} us",
            "",
            fine.len(),
            took.as_secs_f64() * 1e6,
            coarse.len(),
            coarse_took.as_secs_f64() * 1e6
        );
    }
}

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wanted = wanted.unwrap_or_default();
    for load in LOADS.iter().filter(|load| load.name.contains(&wanted)) {
        measure(load);
    }
}
