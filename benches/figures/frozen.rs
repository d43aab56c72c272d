//! A filesystem that stands still for two seconds under an open-loop load.
//!
//! The load comes on a schedule that does not wait for answers, so a call that is held up shows in the calls behind it
//! too. Three processes log 1000 points a second each, directly and through `buffered()`; the baseline is a bare write
//! to the same filesystem. Only root can freeze a filesystem; it is an ext4 of our own in a file.
//!
//! Invariant: whatever fails, the filesystem is thawed and unmounted again.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use mltrack::{Logged, Tracker};
use mltrack_event::RunKey;
use mltrack_log::door;

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::store;
use crate::times::{Times, nanoseconds};

const ROW: &str = "frozen";
const PROCESS_COUNT: usize = 3;
const FREEZE: Duration = Duration::from_secs(2);
const CALLS_PER_SECOND: u64 = 1000;
/// The default wait for the lock, and room for the scheduler of a busy machine.
const DEFER_MAX_NS: f64 = 30e6;
const IMAGE_LEN: u64 = 512 << 20;

/// A loop-mounted filesystem that can be frozen.
struct Mounted {
    folder: PathBuf,
}

/// A filesystem that stands still until this is dropped.
struct Frozen<'a>(&'a Mounted);

fn command(program: &str, arguments: &[&str], path: &Path) -> Result<()> {
    let output = Command::new(program).args(arguments).arg(path).output();
    let output = output.with_context(|| format!("start {program}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program}: {}", text.trim());
    Ok(())
}

impl Mounted {
    fn new(place: &Path) -> Result<Mounted> {
        let (image, folder) = (place.join("image"), place.join("mounted"));
        File::create_new(&image)?.set_len(IMAGE_LEN)?;
        fs::create_dir(&folder)?;
        command("mkfs.ext4", &["-q", "-F"], &image)?;
        let image = image.to_str().context("the folder's name is text")?;
        command("mount", &["-o", "loop", image], &folder)?;
        Ok(Mounted { folder })
    }

    fn freeze(&self) -> Result<Frozen<'_>> {
        command("fsfreeze", &["-f"], &self.folder)?;
        Ok(Frozen(self))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Err(error) = command("umount", &[], &self.folder) {
            eprintln!(
                "figures: {error:#}; unmount {} by hand",
                self.folder.display()
            );
        }
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        if let Err(error) = command("fsfreeze", &["-u"], &self.0.folder) {
            eprintln!(
                "figures: {error:#}; thaw {} by hand",
                self.0.folder.display()
            );
        }
    }
}

/// What one process saw.
struct Seen {
    direct_max: f64,
    direct_late_max: f64,
    push_max: f64,
    deferred: f64,
    run: RunKey,
    calls: u64,
}

pub fn run(bench: &Bench) -> Result<()> {
    let place = bench.place()?;
    let mounted = match Mounted::new(place.path()) {
        Ok(mounted) => mounted,
        Err(error) => {
            bench.show(
                ROW,
                &Figure::skipped("filesystem frozen for 2 s", format!("{error:#}")),
            );
            return Ok(());
        }
    };
    let (mut holder, mut others, mut late, mut push) = (vec![], vec![], vec![], vec![]);
    let (mut bare, mut deferred, mut lost) = (vec![], 0.0, 0);
    for round in 0..bench.size(5, 2) {
        let store = mounted.folder.join(format!("store-{round}"));
        let (seen, bare_max) = one_round(&mounted, &store)?;
        let mut direct: Vec<f64> = seen.iter().map(|seen| seen.direct_max).collect();
        direct.sort_by(f64::total_cmp);
        holder.push(direct[PROCESS_COUNT - 1]);
        others.push(direct[PROCESS_COUNT - 2]);
        late.push(
            seen.iter()
                .map(|seen| seen.direct_late_max)
                .fold(0.0, f64::max),
        );
        push.push(seen.iter().map(|seen| seen.push_max).fold(0.0, f64::max));
        deferred += seen.iter().map(|seen| seen.deferred).sum::<f64>();
        bare.push(bare_max);
        for seen in seen {
            lost += seen
                .calls
                .abs_diff(store::count_points(&store, Some(seen.run))?);
        }
        fs::remove_dir_all(&store)?;
    }
    let show = |what: &str, values: &[f64]| Figure::new(what, Unit::Nanoseconds, values);
    let note = format!("{deferred} calls deferred in all");
    let name = "frozen for 2 s: direct call, max of every other process";
    bench.show(ROW, &show(name, &others).at_most(DEFER_MAX_NS).note(note));
    bench.show(
        ROW,
        &show("frozen for 2 s: direct call, max of all", &holder),
    );
    bench.show(
        ROW,
        &show("frozen for 2 s: behind the schedule, max of all", &late),
    );
    bench.show(
        ROW,
        &show("frozen for 2 s: buffered push, max", &push).at_most(1e6),
    );
    let lost = Figure::new(
        "frozen for 2 s: points lost or doubled",
        Unit::Count,
        &[lost as f64],
    );
    bench.show(ROW, &lost.at_most(0.0));
    bench.show(
        ROW,
        &show("  bare write to the frozen filesystem, max", &bare),
    );
    Ok(())
}

fn one_round(mounted: &Mounted, store: &Path) -> Result<(Vec<Seen>, f64)> {
    let spawn = |_| Child::spawn(ROW, "load", store, &[]);
    let mut children = (0..PROCESS_COUNT).map(spawn).collect::<Result<Vec<_>>>()?;
    children.iter_mut().try_for_each(Child::wait_ready)?;
    children.iter_mut().try_for_each(Child::go)?;
    std::thread::sleep(Duration::from_secs(1));
    let (is_over, path) = (AtomicBool::new(false), store.with_extension("bare"));
    let bare_max = std::thread::scope(|scope| {
        let bare = scope.spawn(|| bare_writes(&path, &is_over));
        let frozen = mounted.freeze();
        if frozen.is_ok() {
            std::thread::sleep(FREEZE);
        }
        let frozen = frozen.map(drop);
        is_over.store(true, Relaxed);
        let bare_max = bare.join().expect("a bare write does not panic");
        frozen.and(bare_max)
    })?;
    std::thread::sleep(Duration::from_secs(1));
    let seen = children.iter_mut().map(stop).collect::<Result<Vec<_>>>()?;
    children.into_iter().try_for_each(Child::end)?;
    Ok((seen, bare_max))
}

fn bare_writes(path: &Path, is_over: &AtomicBool) -> Result<f64> {
    let file = File::create(path)?;
    let mut times_ns = Vec::new();
    while !is_over.load(Relaxed) {
        let start = door::monotonic();
        file.write_all_at(&store::PAYLOAD, 0)?;
        times_ns.push(nanoseconds(door::monotonic() - start));
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(Times::new(times_ns).max())
}

fn stop(child: &mut Child) -> Result<Seen> {
    child.go()?;
    let [
        direct_max,
        direct_late_max,
        push_max,
        deferred,
        calls,
        key @ ..,
    ] = &child.numbers()?[..]
    else {
        bail!("a child of this row tells thirteen numbers")
    };
    let key: Vec<u8> = key.iter().map(|byte| *byte as u8).collect();
    let key: [u8; 8] = key.try_into().ok().context("a run's key has eight bytes")?;
    Ok(Seen {
        direct_max: *direct_max,
        direct_late_max: *direct_late_max,
        push_max: *push_max,
        deferred: *deferred,
        run: RunKey::from_bytes(key),
        calls: *calls as u64,
    })
}

/// Calls of one thread: how long each took, and how far behind its moment it ended.
struct Load {
    took: Times,
    late: Times,
    count: u64,
}

/// Calls on schedule until it is over. Calls whose moment has passed follow without a pause.
fn open_loop(is_over: &AtomicBool, mut call: impl FnMut(u64) -> Result<()>) -> Result<Load> {
    let spacing = Duration::from_secs(1) / CALLS_PER_SECOND as u32;
    let (mut took, mut late, mut count) = (vec![], vec![], 0);
    let begin: Instant = door::monotonic();
    while !is_over.load(Relaxed) {
        let due = begin + spacing * count;
        std::thread::sleep(due.saturating_duration_since(door::monotonic()));
        let start = door::monotonic();
        call(u64::from(count))?;
        let end = door::monotonic();
        took.push(nanoseconds(end - start));
        late.push(nanoseconds(end.saturating_duration_since(due)));
        count += 1;
    }
    Ok(Load {
        took: Times::new(took),
        late: Times::new(late),
        count: u64::from(count),
    })
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let tracker = Tracker::open(order.store)?;
    let run = tracker.experiment("figures")?.start_run()?;
    let key = run.id().key();
    child::ready()?;
    let is_over = AtomicBool::new(false);
    let mut deferred = 0.0;
    let (direct, pushed) = std::thread::scope(|scope| -> Result<(Load, Load)> {
        let direct = scope.spawn(|| {
            open_loop(&is_over, |number| {
                let logged = run.log_metric("direct", number as f64)?;
                deferred += f64::from(u8::from(matches!(logged, Logged::Deferred)));
                Ok(())
            })
        });
        let pushed = scope.spawn(|| {
            let buffered = run.buffered(4096);
            let pushed = open_loop(&is_over, |number| {
                Ok(buffered.log_metric("buffered", number as f64)?)
            });
            drop(buffered);
            pushed
        });
        child::wait()?;
        is_over.store(true, Relaxed);
        let direct = direct.join().expect("the load does not panic")?;
        Ok((direct, pushed.join().expect("the load does not panic")?))
    })?;
    run.finish()?;
    drop(run);
    tracker.close()?;
    let calls = (direct.count + pushed.count) as f64;
    let mut numbers = vec![
        direct.took.max(),
        direct.late.max(),
        pushed.took.max(),
        deferred,
        calls,
    ];
    numbers.extend(key.to_bytes().map(f64::from));
    child::say(&numbers);
    Ok(())
}
