//! Raw append in a burst shorter than a sync interval, against a bare copy with crc into a map.
//!
//! Both start on fresh files whose blocks are allocated and whose pages were never touched, take one crc for each batch,
//! and have a thread beside them that makes pages ready ahead: the log's background is one. The bare loop without that
//! thread, and with all pages ready before it starts, are shown too: faults cost either side more than the work.

use std::io;
use std::path::Path;
use std::thread::JoinHandle;

use anyhow::{Result, ensure};
use mltrack_log::bench_support::{BARE_HEADER_LEN, BareMap};
use mltrack_log::{Batch, Log, OpenOptions, door};

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::store::{self, PAYLOAD};
use crate::times::rate;

const ROW: &str = "burst";
/// One segment of the largest size holds the whole burst, so that no roll is timed.
const SEGMENT_LEN: u32 = 64 << 20;

/// Who makes the bare loop's pages writable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pages {
    /// Nobody: each page is a fault.
    Fresh,
    /// A thread, while the loop runs.
    Beside,
    /// A thread, before the loop runs.
    Ready,
}

pub fn run(bench: &Bench) -> Result<()> {
    let records = bench.size(960_000, 480_000);
    for (count, share) in [(16, 25.0), (256, 80.0)] {
        one_size(bench, records, count, share)?;
    }
    processes(bench)
}

fn one_size(bench: &Bench, records: u64, count: u64, share: f64) -> Result<()> {
    let (mut alone, mut bare, mut ready) = (vec![], vec![], vec![]);
    let (mut log, mut shares) = (vec![], vec![]);
    for _ in 0..bench.rounds(11) {
        let place = bench.place()?;
        alone.push(copied(
            &place.path().join("alone"),
            records,
            count,
            Pages::Fresh,
        )?);
        bare.push(copied(
            &place.path().join("beside"),
            records,
            count,
            Pages::Beside,
        )?);
        ready.push(copied(
            &place.path().join("ready"),
            records,
            count,
            Pages::Ready,
        )?);
        log.push(logged(&place.store(), records, count)?);
        shares.push(log[log.len() - 1] / bare[bare.len() - 1] * 100.0);
    }
    let show = |what: &str, rounds: &[f64]| {
        let what = format!("{what}, batches of {count}");
        bench.show(ROW, &Figure::new(what, Unit::PerSecond, rounds));
    };
    show("raw append, records", &log);
    show("  bare map copy, pages made ready beside", &bare);
    show("  bare map copy, no help", &alone);
    show("  bare map copy, pages ready before", &ready);
    let what = format!("raw append of bare, batches of {count}");
    bench.show(
        ROW,
        &Figure::new(what, Unit::Percent, &shares).at_least(share),
    );
    Ok(())
}

/// Records a second of the bare loop, `count` records to a piece.
fn copied(path: &Path, records: u64, count: u64, pages: Pages) -> Result<f64> {
    let mut map = BareMap::create(path, SEGMENT_LEN as usize)?;
    let mut helper = (pages != Pages::Fresh).then(|| map.prefault_beside());
    if pages == Pages::Ready {
        join(helper.take())?;
    }
    let mut piece = vec![0; BARE_HEADER_LEN + PAYLOAD.len() * count as usize];
    let start = door::monotonic();
    for _ in 0..records / count {
        for slot in piece[BARE_HEADER_LEN..].chunks_exact_mut(PAYLOAD.len()) {
            slot.copy_from_slice(std::hint::black_box(&PAYLOAD));
        }
        ensure!(map.append(&mut piece), "the burst must fit the map");
    }
    let reached = rate(records, start);
    join(helper)?;
    Ok(reached)
}

fn join(helper: Option<JoinHandle<io::Result<()>>>) -> io::Result<()> {
    helper.map_or(Ok(()), |helper| {
        helper.join().expect("advice does not panic")
    })
}

/// Records a second through the log.
fn logged(path: &Path, records: u64, count: u64) -> Result<f64> {
    let options = OpenOptions {
        segment_len: SEGMENT_LEN,
        ..OpenOptions::default()
    };
    let (log, _) = Log::open(path, options)?;
    let mut batch = Batch::new();
    let start = door::monotonic();
    store::append_alone(&log, &mut batch, records / count, count)?;
    let reached = rate(records, start);
    log.close()?;
    Ok(reached)
}

fn processes(bench: &Bench) -> Result<()> {
    let records = bench.size(4_000_000, 800_000);
    let (mut one, mut eight, mut shares) = (vec![], vec![], vec![]);
    for _ in 0..bench.rounds(7) {
        one.push(together(bench, 1, records)?);
        eight.push(together(bench, 8, records)?);
        shares.push(eight[eight.len() - 1] / one[one.len() - 1] * 100.0);
    }
    bench.show(
        ROW,
        &Figure::new("  one process, batches of 16", Unit::PerSecond, &one),
    );
    bench.show(
        ROW,
        &Figure::new("  eight processes, batches of 16", Unit::PerSecond, &eight),
    );
    let reached = Figure::new("raw append, eight processes of one", Unit::Percent, &shares);
    bench.show(ROW, &reached.at_least(80.0));
    Ok(())
}

/// Records a second of several processes that share `records` among them. What was deferred does not count.
fn together(bench: &Bench, count: u64, records: u64) -> Result<f64> {
    let place = bench.place()?;
    let each = records / count / 16;
    let spawn = |_| Child::spawn(ROW, "append", &place.store(), &[each]);
    let mut children = (0..count).map(spawn).collect::<Result<Vec<_>>>()?;
    children.iter_mut().try_for_each(Child::wait_ready)?;
    let start = door::monotonic();
    children.iter_mut().try_for_each(Child::go)?;
    let mut visible = 0.0;
    for child in &mut children {
        visible += child.numbers()?.iter().sum::<f64>();
    }
    let reached = rate(visible as u64 * 16, start);
    children.iter_mut().try_for_each(Child::go)?;
    children.into_iter().try_for_each(Child::end)?;
    Ok(reached)
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let log = store::open(order.store)?;
    let mut batch = Batch::new();
    child::ready()?;
    let visible = store::append_raw(&log, &mut batch, order.number(0)?, 16)?;
    child::say(&[visible as f64]);
    // Nobody closes while others are still timed.
    child::wait()
}
