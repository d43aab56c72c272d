//! What the kernel says about this process and machine.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Machine, kernel and filesystem, for the head of the table.
pub fn machine(folder: &Path) -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let count = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    Ok(format!(
        "machine: {count} x {}; Linux {}; {}; load {}",
        model.unwrap_or("unknown processor").trim(),
        kernel.trim(),
        filesystem(folder)?,
        load.join(" ")
    ))
}

/// The kind of filesystem that holds a folder.
fn filesystem(folder: &Path) -> Result<String> {
    let device = fs::metadata(folder)?.dev();
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let is_ours = |line: &&str| line.split(' ').nth(2) == Some(&device_name(device));
    let kind = mounts.lines().find(is_ours).and_then(|line| {
        let (_, after) = line.split_once(" - ")?;
        after.split(' ').next()
    });
    Ok(kind.unwrap_or("unknown filesystem").to_owned())
}

fn device_name(device: u64) -> String {
    let major = (device >> 8) & 0xfff | (device >> 32) & 0xffff_f000;
    let minor = device & 0xff | (device >> 12) & 0xffff_ff00;
    format!("{major}:{minor}")
}

/// The number behind `name` in a file of `name: number` lines.
fn number_in(path: &str, name: &str) -> Result<u64> {
    let text = fs::read_to_string(path)?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.with_context(|| format!("{path} has no {name}"))?
        .parse()
        .with_context(|| format!("{name} in {path}"))
}

/// Bytes that this process made the kernel write to disk: counted when a page becomes dirty.
pub fn write_bytes() -> Result<u64> {
    number_in("/proc/self/io", "write_bytes")
}

/// Bytes that this process has read from files, from memory or disk.
pub fn read_bytes() -> Result<u64> {
    number_in("/proc/self/io", "rchar")
}

/// Bytes written to the device that holds a folder, by anybody; `None` when the kernel does not say.
pub fn device_write_bytes(folder: &Path) -> Option<u64> {
    let device = fs::metadata(folder).ok()?.dev();
    let stat = fs::read_to_string(format!("/sys/dev/block/{}/stat", device_name(device))).ok()?;
    let sectors: u64 = stat.split_whitespace().nth(6)?.parse().ok()?;
    Some(sectors * 512)
}

/// Memory of this process that no file stands behind.
pub fn anonymous_bytes() -> Result<u64> {
    Ok(number_in("/proc/self/status", "RssAnon")? * 1024)
}

/// Nanoseconds that all threads of this process have run.
pub fn processor_ns() -> Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        let run = text
            .split_whitespace()
            .next()
            .context("schedstat begins with the run time")?;
        sum += run.parse::<u64>()?;
    }
    Ok(sum)
}

/// Processor time of this process and of the threads that it had, by the ticks of the kernel's clock.
pub fn process_ns() -> Result<u64> {
    const TICK_NS: u64 = 10_000_000;
    let text = fs::read_to_string("/proc/self/stat")?;
    // The program's name, in parentheses, may hold anything.
    let (_, fields) = text.rsplit_once(')').context("a name in parentheses")?;
    let mut times = fields.split_whitespace().skip(11).take(2);
    let ticks = times.try_fold(0, |sum, field| {
        Ok::<u64, anyhow::Error>(sum + field.parse::<u64>()?)
    });
    Ok(ticks? * TICK_NS)
}
