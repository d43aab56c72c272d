//! From an append in one process to a callback in another, and what waiting costs.
//!
//! Both sides read the wall clock, which all processors and processes share: the sender before it appends, the
//! receiver when the record is in its hands. The baseline is a byte through a pipe, sent as rarely.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mltrack_log::{Batch, Lsn, Tail, door};

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::times::Times;
use crate::{store, system};

const ROW: &str = "tail";
const SPACING: Duration = Duration::from_millis(5);
/// Records a tail of this row reacts to carry the sender's clock.
const STAMPED_TYPE: u16 = 0xfff1;
const PATIENCE: Duration = Duration::from_mins(1);

pub fn run(bench: &Bench) -> Result<()> {
    let events = bench.size(3000, 400);
    let (mut p50, mut p99, mut max) = (vec![], vec![], vec![]);
    let (mut pipe_p50, mut pipe_p99) = (vec![], vec![]);
    for _ in 0..bench.rounds(5) {
        let piped = through_pipe(events)?;
        pipe_p50.push(piped.p50());
        pipe_p99.push(piped.p99());
        let seen = tailed(bench, events)?;
        p50.push(seen[0]);
        p99.push(seen[1]);
        max.push(seen[2]);
    }
    let note = format!("{events} events a round, {} ms apart", SPACING.as_millis());
    let show = |what: &str, values: &[f64]| Figure::new(what, Unit::Nanoseconds, values);
    bench.show(
        ROW,
        &show("append to callback, p50", &p50)
            .at_most(20e3)
            .note(note),
    );
    bench.show(ROW, &show("append to callback, p99", &p99).at_most(500e3));
    bench.show(ROW, &show("append to callback, max", &max));
    bench.show(ROW, &show("  a byte through a pipe, p50", &pipe_p50));
    bench.show(ROW, &show("  a byte through a pipe, p99", &pipe_p99));
    waiting(bench)
}

/// p50, p99 and max of the receiving process.
fn tailed(bench: &Bench, events: u64) -> Result<Vec<f64>> {
    let place = bench.place()?;
    let log = store::open(&place.store())?;
    let mut receiver = Child::spawn(ROW, "receive", &place.store(), &[events])?;
    receiver.wait_ready()?;
    receiver.go()?;
    let mut batch = Batch::new();
    for _ in 0..events {
        std::thread::sleep(SPACING);
        batch.push(STAMPED_TYPE, 1, None, &door::wall_time_ns().to_le_bytes())?;
        log.append(&mut batch)?;
    }
    let seen = receiver.numbers()?;
    receiver.end()?;
    ensure!(seen.len() == 3, "the receiver tells three numbers");
    Ok(seen)
}

/// Percent of a core that a tail costs while nothing happens.
fn waiting(bench: &Bench) -> Result<()> {
    let seconds = bench.size(30, 5);
    let mut shares = vec![];
    for _ in 0..bench.size(3, 1) {
        let place = bench.place()?;
        let log = store::open(&place.store())?;
        store::append_alone(&log, &mut Batch::new(), 1, 1)?;
        let mut waiter = Child::spawn(ROW, "wait", &place.store(), &[seconds])?;
        waiter.wait_ready()?;
        waiter.go()?;
        shares.extend(waiter.numbers()?);
        waiter.end()?;
    }
    let reached = Figure::new("a waiting tail, of a core", Unit::Percent, &shares);
    bench.show(
        ROW,
        &reached
            .at_most(0.1)
            .note(format!("{seconds} s, a writer open and silent")),
    );
    Ok(())
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    match order.role {
        "receive" => receive(order.store, order.number(0)?),
        "wait" => wait(order.store, order.number(0)?),
        _ => echo(order.number(0)?),
    }
}

fn tail_at_end(store: &Path) -> Result<Tail> {
    let mut reader = store::reader(store)?;
    let end = reader.refresh()?;
    reader.seek(end.max(Lsn::FIRST));
    Ok(Tail::new(reader))
}

fn receive(store: &Path, events: u64) -> Result<()> {
    let mut tail = tail_at_end(store)?;
    child::ready()?;
    let mut delays_ns = Vec::with_capacity(events as usize);
    while (delays_ns.len() as u64) < events {
        let record = tail
            .next_within(PATIENCE)?
            .context("the sender fell silent")?;
        let now = door::wall_time_ns();
        if record.type_id == STAMPED_TYPE {
            delays_ns.push(delay_ns(&record.payload, now)?);
        }
    }
    let times = Times::new(delays_ns);
    child::say(&[times.p50(), times.p99(), times.max()]);
    Ok(())
}

fn delay_ns(stamp: &[u8], now_ns: i64) -> Result<u64> {
    let sent_ns = i64::from_le_bytes(stamp.try_into().context("a stamp has eight bytes")?);
    Ok(u64::try_from(now_ns - sent_ns).unwrap_or(0))
}

fn wait(store: &Path, seconds: u64) -> Result<()> {
    let mut tail = tail_at_end(store)?;
    child::ready()?;
    let (start, before) = (door::monotonic(), system::processor_ns()?);
    let found = tail.next_within(Duration::from_secs(seconds))?;
    let ran_ns = system::processor_ns()? - before;
    ensure!(
        found.is_none(),
        "somebody appended while the tail should wait"
    );
    child::say(&[ran_ns as f64 / crate::times::since_ns(start) * 100.0]);
    Ok(())
}

/// The baseline: stamps through a pipe to another process, which sends the delays back at the end.
fn through_pipe(events: u64) -> Result<Times> {
    let mut process = Command::new(std::env::current_exe()?)
        .args(["--child", ROW, "echo", "-", &events.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut to = process
        .stdin
        .take()
        .context("the child's input is a pipe")?;
    for _ in 0..events {
        std::thread::sleep(SPACING);
        to.write_all(&door::wall_time_ns().to_le_bytes())?;
    }
    drop(to);
    let output = process.wait_with_output()?;
    ensure!(output.status.success(), "the reader of the pipe failed");
    let text = String::from_utf8(output.stdout)?;
    let delays = text
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<Vec<u64>, _>>()?;
    Ok(Times::new(delays))
}

fn echo(events: u64) -> Result<()> {
    let mut input = std::io::stdin().lock();
    let mut delays = Vec::with_capacity(events as usize);
    let mut stamp = [0; 8];
    for _ in 0..events {
        input.read_exact(&mut stamp)?;
        delays.push(delay_ns(&stamp, door::wall_time_ns())?);
    }
    let words: Vec<String> = delays.iter().map(u64::to_string).collect();
    println!("{}", words.join(" "));
    Ok(())
}
