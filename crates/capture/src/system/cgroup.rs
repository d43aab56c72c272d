//! The control group that this process is in: how much of what it may use is used. Versions 1 and 2.
//!
//! Invariants: of all groups around the process the one with the tightest limit counts, with that group's use; without
//! a limit that is smaller than the machine there are no numbers, because the machine's are the truth.

use super::machine::{Machine, number, number_of, text};
use super::samples::Samples;

/// So often the groups and their limits are looked at again.
const LOOK_SAMPLES: u32 = 30;

/// A group's folder with a limit.
#[derive(Clone, Debug, PartialEq)]
struct Limited<T> {
    folder: String,
    version: Version,
    limit: T,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Version {
    One,
    Two,
}

/// What a group has used of its processors.
#[derive(Clone, Copy, Debug)]
struct Used {
    seconds: f64,
    periods: u64,
    throttled: u64,
}

#[derive(Debug, Default)]
pub(super) struct Cgroup {
    samples_until_look: u32,
    /// Processors that may be used, such as 1.5.
    processors: Option<Limited<f64>>,
    memory: Option<Limited<u64>>,
    before: Option<(String, Used)>,
}

impl Cgroup {
    /// The bytes of memory that processes here may use, when that is less than the machine has.
    pub fn memory_limit(&self) -> Option<u64> {
        self.memory.as_ref().map(|memory| memory.limit)
    }

    pub fn sample(
        &mut self,
        machine: &mut dyn Machine,
        (seconds, machine_memory): (f64, Option<u64>),
        buffer: &mut Vec<u8>,
        out: &mut Samples,
    ) {
        if self.samples_until_look == 0 {
            self.samples_until_look = LOOK_SAMPLES;
            self.look(machine, machine_memory, buffer);
        }
        self.samples_until_look -= 1;
        self.sample_processors(machine, seconds, buffer, out);
        let used = self
            .memory
            .as_ref()
            .and_then(|memory| Some((memory.used(machine, buffer)?, memory.limit)));
        if let Some((used, limit)) = used {
            out.push("system/cgroup.memory.bytes", used as f64);
            let percent = 100.0 * used as f64 / limit as f64;
            out.push("system/cgroup.memory.percent", percent);
        }
    }

    fn sample_processors(
        &mut self,
        machine: &mut dyn Machine,
        seconds: f64,
        buffer: &mut Vec<u8>,
        out: &mut Samples,
    ) {
        let now = self.processors.as_ref().and_then(|group| {
            Some((
                group.folder.clone(),
                group.used(machine, buffer)?,
                group.limit,
            ))
        });
        let before = self.before.take();
        let Some((folder, now, limit)) = now else {
            return;
        };
        if let Some((_, before)) = before.filter(|(known, _)| *known == folder)
            && seconds > 0.0
        {
            let used = (now.seconds - before.seconds).max(0.0);
            out.push(
                "system/cgroup.cpu.percent",
                100.0 * used / (seconds * limit),
            );
            let periods = now.periods.saturating_sub(before.periods);
            if now.periods > 0 {
                let throttled = now.throttled.saturating_sub(before.throttled).min(periods);
                let share = throttled as f64 / periods.max(1) as f64;
                out.push("system/cgroup.cpu.throttled.percent", 100.0 * share);
            }
        }
        self.before = Some((folder, now));
    }

    fn look(
        &mut self,
        machine: &mut dyn Machine,
        machine_memory: Option<u64>,
        buffer: &mut Vec<u8>,
    ) {
        let processors = machine_processors(machine, buffer);
        let groups = |machine: &mut dyn Machine, buffer: &mut Vec<u8>, controller| {
            folders(machine, buffer, controller)
        };
        let mut tightest: Option<Limited<f64>> = None;
        for (folder, version) in groups(machine, buffer, "cpu") {
            let limit = processor_limit(machine, &folder, version, buffer);
            let is_tighter = |limit: &f64| {
                *limit > 0.0
                    && processors.is_none_or(|all| *limit < all)
                    && tightest.as_ref().is_none_or(|known| *limit < known.limit)
            };
            if let Some(limit) = limit.filter(is_tighter) {
                tightest = Some(Limited {
                    folder,
                    version,
                    limit,
                });
            }
        }
        self.processors = tightest;
        let mut tightest: Option<Limited<u64>> = None;
        for (folder, version) in groups(machine, buffer, "memory") {
            let name = match version {
                Version::One => "memory.limit_in_bytes",
                Version::Two => "memory.max",
            };
            let limit = number(machine, &format!("{folder}/{name}"), buffer);
            let is_tighter = |limit: &u64| {
                *limit > 0
                    && machine_memory.is_none_or(|all| *limit < all)
                    && tightest.as_ref().is_none_or(|known| *limit < known.limit)
            };
            if let Some(limit) = limit.filter(is_tighter) {
                tightest = Some(Limited {
                    folder,
                    version,
                    limit,
                });
            }
        }
        self.memory = tightest;
    }
}

impl Limited<f64> {
    fn used(&self, machine: &mut dyn Machine, buffer: &mut Vec<u8>) -> Option<Used> {
        let folder = &self.folder;
        let seconds = match self.version {
            Version::Two => None,
            Version::One => {
                // The two controllers are mounted together, or one beside the other.
                let beside = folder.replacen("/cpu", "/cpuacct", 1);
                let usage = number(machine, &format!("{folder}/cpuacct.usage"), buffer)
                    .or_else(|| number(machine, &format!("{beside}/cpuacct.usage"), buffer))?;
                Some(usage as f64 / 1e9)
            }
        };
        if !machine.read(&format!("{folder}/cpu.stat"), buffer) {
            return None;
        }
        let stat = text(buffer);
        let seconds = match seconds {
            Some(seconds) => seconds,
            None => number_of(stat, "usage_usec")? as f64 / 1e6,
        };
        Some(Used {
            seconds,
            periods: number_of(stat, "nr_periods").unwrap_or(0),
            throttled: number_of(stat, "nr_throttled").unwrap_or(0),
        })
    }
}

impl Limited<u64> {
    /// What cannot be had back by dropping files that nobody reads: what counts when memory runs out.
    fn used(&self, machine: &mut dyn Machine, buffer: &mut Vec<u8>) -> Option<u64> {
        let folder = &self.folder;
        let (usage, inactive) = match self.version {
            Version::One => ("memory.usage_in_bytes", "total_inactive_file"),
            Version::Two => ("memory.current", "inactive_file"),
        };
        let used = number(machine, &format!("{folder}/{usage}"), buffer)?;
        machine.read(&format!("{folder}/memory.stat"), buffer);
        let inactive = number_of(text(buffer), inactive).unwrap_or(0);
        Some(used.saturating_sub(inactive))
    }
}

/// Lines `cpu0`, `cpu1`, .. of `/proc/stat`.
fn machine_processors(machine: &mut dyn Machine, buffer: &mut Vec<u8>) -> Option<f64> {
    machine.read("/proc/stat", buffer);
    let lines = text(buffer).lines().skip(1);
    let count = lines.take_while(|line| line.starts_with("cpu")).count();
    (count > 0).then_some(count as f64)
}

/// By quota: `150000 100000` is 1.5 processors, `max` or -1 is no limit. By set: `0-3,7` is 5 processors.
fn processor_limit(
    machine: &mut dyn Machine,
    folder: &str,
    version: Version,
    buffer: &mut Vec<u8>,
) -> Option<f64> {
    let quota = match version {
        Version::Two => {
            let is_read = machine.read(&format!("{folder}/cpu.max"), buffer);
            let mut words = text(buffer).split_whitespace();
            let pair = (words.next(), words.next());
            match pair {
                (Some(quota), Some(period)) if is_read => {
                    share(quota.parse().ok(), period.parse().ok())
                }
                _ => None,
            }
        }
        Version::One => {
            let quota = number(machine, &format!("{folder}/cpu.cfs_quota_us"), buffer);
            let period = number(machine, &format!("{folder}/cpu.cfs_period_us"), buffer);
            share(quota, period)
        }
    };
    let set = match version {
        Version::Two => machine.read(&format!("{folder}/cpuset.cpus.effective"), buffer),
        Version::One => false,
    };
    let set = set.then(|| set_len(text(buffer))).flatten();
    match (quota, set) {
        (Some(quota), Some(set)) => Some(quota.min(set)),
        (quota, set) => quota.or(set),
    }
}

fn share(quota: Option<u64>, period: Option<u64>) -> Option<f64> {
    match (quota?, period?) {
        (_, 0) => None,
        (quota, period) => Some(quota as f64 / period as f64),
    }
}

fn set_len(list: &str) -> Option<f64> {
    let mut count = 0_u64;
    for range in list.trim().split(',').filter(|range| !range.is_empty()) {
        let (from, until) = range.split_once('-').unwrap_or((range, range));
        let (from, until): (u64, u64) = (from.parse().ok()?, until.parse().ok()?);
        count += until.checked_sub(from)? + 1;
    }
    (count > 0).then_some(count as f64)
}

/// The folders of the groups around this process that a controller governs, from its own to the outermost.
fn folders(
    machine: &mut dyn Machine,
    buffer: &mut Vec<u8>,
    controller: &str,
) -> Vec<(String, Version)> {
    machine.read("/proc/self/cgroup", buffer);
    let Some((path, version)) = own_path(text(buffer), controller) else {
        return Vec::new();
    };
    machine.read("/proc/self/mountinfo", buffer);
    let Some((root, mount)) = mount_of(text(buffer), controller, version) else {
        return Vec::new();
    };
    // Inside a container the path may be the host's, and the mount begins at the container's own group.
    let inside = path.strip_prefix(root.trim_end_matches('/')).unwrap_or("");
    let mut folder = format!("{mount}{}", inside.trim_end_matches('/'));
    let mut folders = vec![(folder.clone(), version)];
    while folder.len() > mount.len()
        && let Some(slash) = folder.rfind('/')
    {
        folder.truncate(slash.max(mount.len()));
        folders.push((folder.clone(), version));
    }
    folders
}

/// `4:memory:/docker/17` of version 1; `0::/user.slice` of version 2, where version 1 has not got the controller.
fn own_path(cgroup: &str, controller: &str) -> Option<(String, Version)> {
    let mut unified = None;
    for line in cgroup.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        if controllers.is_empty() {
            unified = Some((path.to_owned(), Version::Two));
        } else if controllers.split(',').any(|known| known == controller) {
            return Some((path.to_owned(), Version::One));
        }
    }
    unified
}

/// The root within the hierarchy and the folder of a mount:
/// `30 23 0:26 /docker/17 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`.
fn mount_of(mountinfo: &str, controller: &str, version: Version) -> Option<(String, String)> {
    mountinfo.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let (name, options) = (kind.next()?, kind.nth(1).unwrap_or(""));
        let is_it = match version {
            Version::One => {
                name == "cgroup" && options.split(',').any(|option| option == controller)
            }
            Version::Two => name == "cgroup2",
        };
        let mut place = place.split(' ').skip(3);
        let (root, folder) = (place.next()?, place.next()?);
        is_it.then(|| (root.to_owned(), folder.to_owned()))
    })
}
