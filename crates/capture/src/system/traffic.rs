//! Rates of disks and of the network: `/proc/diskstats` and `/proc/net/dev`.
//!
//! Invariants: what passes through two devices is counted once, so only devices with hardware behind them count; each
//! device's counters are compared with its own, so one that comes or goes makes no rate that never was.

use std::collections::HashMap;

use super::machine::{Machine, text};
use super::samples::Samples;

/// The kernel counts sectors of this length, whatever the disk's own is.
const SECTOR_LEN: u64 = 512;
/// So often what has hardware behind it is looked at again.
const LOOK_SAMPLES: u32 = 60;
/// Ways of the network that lead through another one, where nothing tells hardware apart.
const DOUBLES: [&str; 10] = [
    "veth", "docker", "br-", "virbr", "tun", "tap", "dummy", "ifb", "cni", "flannel",
];

/// Two counters of a device that only grow: read and written, received and sent.
type Counters = (u64, u64);

#[derive(Debug)]
pub(super) struct Traffic {
    kind: Kind,
    before: Option<HashMap<String, Counters>>,
    /// Devices that count.
    counted: Vec<String>,
    samples_until_look: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Disks,
    Network,
}

impl Traffic {
    pub fn of_disks() -> Traffic {
        Traffic::of(Kind::Disks)
    }

    pub fn of_network() -> Traffic {
        Traffic::of(Kind::Network)
    }

    fn of(kind: Kind) -> Traffic {
        Traffic {
            kind,
            before: None,
            counted: Vec::new(),
            samples_until_look: 0,
        }
    }

    pub fn sample(
        &mut self,
        machine: &mut dyn Machine,
        buffer: &mut Vec<u8>,
        seconds: f64,
        out: &mut Samples,
    ) {
        self.look(machine);
        let (path, names) = match self.kind {
            Kind::Disks => (
                "/proc/diskstats",
                [
                    "system/disk.read.bytes_per_second",
                    "system/disk.write.bytes_per_second",
                ],
            ),
            Kind::Network => (
                "/proc/net/dev",
                [
                    "system/network.received.bytes_per_second",
                    "system/network.sent.bytes_per_second",
                ],
            ),
        };
        if self.counted.is_empty() || !machine.read(path, buffer) {
            return;
        }
        let lines = text(buffer).lines();
        let now: HashMap<String, Counters> = match self.kind {
            Kind::Disks => lines.filter_map(disk).collect(),
            Kind::Network => lines.filter_map(interface).collect(),
        };
        if let Some(before) = &self.before
            && seconds > 0.0
        {
            let (first, second) = self.grown(before, &now);
            out.push(names[0], first as f64 / seconds);
            out.push(names[1], second as f64 / seconds);
        }
        self.before = Some(now);
    }

    fn grown(
        &self,
        before: &HashMap<String, Counters>,
        now: &HashMap<String, Counters>,
    ) -> Counters {
        let devices = self.counted.iter();
        let both = devices.filter_map(|name| Some((before.get(name)?, now.get(name)?)));
        both.fold((0, 0), |sum, (before, now)| {
            (
                sum.0 + now.0.saturating_sub(before.0),
                sum.1 + now.1.saturating_sub(before.1),
            )
        })
    }

    fn look(&mut self, machine: &mut dyn Machine) {
        if self.samples_until_look > 0 {
            self.samples_until_look -= 1;
            return;
        }
        self.samples_until_look = LOOK_SAMPLES;
        let folder = match self.kind {
            Kind::Disks => "/sys/block",
            Kind::Network => "/sys/class/net",
        };
        let mut names = Vec::new();
        machine.list(folder, &mut names);
        let mut hardware = |name: &String| machine.is_there(&format!("{folder}/{name}/device"));
        let mut counted: Vec<String> = names
            .iter()
            .filter(|name| hardware(name))
            .cloned()
            .collect();
        if counted.is_empty() && self.kind == Kind::Network {
            // Inside a container the way out has no hardware of its own.
            counted = names;
            counted.retain(|name| {
                name != "lo" && !DOUBLES.iter().any(|double| name.starts_with(double))
            });
        }
        self.counted = counted;
    }
}

/// `   8  0 sda 120 3 4096 17 ..`: the name, then reads, merged, sectors read, ms, writes, merged, sectors written.
fn disk(line: &str) -> Option<(String, Counters)> {
    let mut words = line.split_whitespace().skip(2);
    let name = words.next()?;
    let read: u64 = words.nth(2)?.parse().ok()?;
    let written: u64 = words.nth(3)?.parse().ok()?;
    Some((
        name.to_owned(),
        (
            read.wrapping_mul(SECTOR_LEN),
            written.wrapping_mul(SECTOR_LEN),
        ),
    ))
}

/// `  eth0: 1200 10 ..`: bytes received, and seven numbers on those sent.
fn interface(line: &str) -> Option<(String, Counters)> {
    let (name, numbers) = line.split_once(':')?;
    let mut numbers = numbers.split_whitespace();
    let received = numbers.next()?.parse().ok()?;
    let sent = numbers.nth(7)?.parse().ok()?;
    Some((name.trim().to_owned(), (received, sent)))
}
