//! Samples of the machine while a run runs: processors, memory, disks, network, the program's processes, graphics
//! processors.
//!
//! Invariants: a sampler has no thread and no clock of its own; what cannot be read has no value instead of a wrong
//! one; rates are means over the time between two samples.
//!
//! The names, with their units and what they mean, stand in `docs/system-metrics.md`.

mod cgroup;
mod gpu;
mod machine;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;
mod processor;
#[cfg(test)]
mod recorded;
mod samples;
mod traffic;
mod tree;

use std::path::PathBuf;
use std::time::Instant;

pub use gpu::{GpuReading, Gpus};
pub use machine::{DiskSpace, Machine, ThisMachine};
pub use samples::Sample;

use cgroup::Cgroup;
use gpu::GpuSeries;
use processor::Processor;
use samples::Samples;
use traffic::Traffic;
use tree::Tree;

/// Every name begins with this.
pub const PREFIX: &str = "system/";

/// What is sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The process whose tree is sampled.
    pub process: u32,
    /// A folder on the disk whose room is told.
    pub store: Option<PathBuf>,
    /// Whether the machine as a whole is sampled too, or only the processes: of several ranks on one machine, one is
    /// enough.
    pub is_whole: bool,
}

/// Looks for graphics processors.
type FindGpus = fn() -> Option<Box<dyn Gpus>>;

/// Samples a machine; see [`Sampler::sample`].
pub struct Sampler {
    watched: Watched,
    machine: Box<dyn Machine>,
    buffer: Vec<u8>,
    before: Instant,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "sysinfo answers there")
    )]
    processor: Processor,
    #[cfg(not(target_os = "linux"))]
    portable: Option<portable::Portable>,
    disks: Traffic,
    network: Traffic,
    cgroup: Cgroup,
    tree: Tree,
    gpus: Option<GpuSeries>,
    find_gpus: Option<FindGpus>,
    samples: Samples,
    warnings: Vec<String>,
}

impl Sampler {
    /// Of the machine that this program runs on. Graphics processors are looked for at the first sample, because the
    /// library for them takes long to load: a program that ends before never does.
    #[must_use]
    pub fn new(watched: Watched, now: Instant) -> Sampler {
        let machine = Box::new(ThisMachine::default());
        let mut sampler = Sampler::over(watched, machine, None, now);
        sampler.find_gpus = Some(|| {
            let gpus = crate::nvml::NvidiaGpus::load()?;
            Some(Box::new(gpus) as Box<dyn Gpus>)
        });
        sampler
    }

    /// Of any machine.
    #[must_use]
    pub fn over(
        watched: Watched,
        machine: Box<dyn Machine>,
        gpus: Option<Box<dyn Gpus>>,
        now: Instant,
    ) -> Sampler {
        let mut sampler = Sampler {
            tree: Tree::new(watched.process),
            #[cfg(not(target_os = "linux"))]
            portable: portable::Portable::new(watched.process),
            watched,
            machine,
            buffer: Vec::new(),
            before: now,
            processor: Processor::default(),
            disks: Traffic::of_disks(),
            network: Traffic::of_network(),
            cgroup: Cgroup::default(),
            gpus: gpus.map(GpuSeries::new),
            find_gpus: None,
            samples: Samples::default(),
            warnings: Vec::new(),
        };
        // What counters say now is what the first rates are measured from.
        sampler.take(0.0);
        sampler
    }

    /// Names and values now; rates are means since the last sample, or since the sampler was made.
    pub fn sample(&mut self, now: Instant) -> &[Sample] {
        let seconds = now.saturating_duration_since(self.before).as_secs_f64();
        self.before = now;
        self.take(seconds);
        if let Some(find) = self.find_gpus.take() {
            self.gpus = find().map(GpuSeries::new);
        }
        self.take_gpus();
        self.samples.as_slice()
    }

    /// What a person should know since it was last asked, such as a device that is gone.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    fn take(&mut self, seconds: f64) {
        self.samples.clear();
        let (machine, out) = (&mut *self.machine, &mut self.samples);
        let buffer = &mut self.buffer;
        let mut memory = None;
        if self.watched.is_whole {
            #[cfg(target_os = "linux")]
            {
                self.processor.sample(machine, buffer, out);
                memory = processor::memory(machine, buffer, out);
            }
            #[cfg(not(target_os = "linux"))]
            {
                let portable = self.portable.as_mut();
                memory = portable.and_then(|portable| portable.sample_machine(seconds, out));
            }
            self.cgroup.sample(machine, (seconds, memory), buffer, out);
            self.disks.sample(machine, buffer, seconds, out);
            self.network.sample(machine, buffer, seconds, out);
        }
        let usable = self.cgroup.memory_limit().or(memory);
        self.take_tree(seconds, usable);
        if self.watched.is_whole {
            self.take_room();
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn take_tree(&mut self, seconds: f64, usable_memory: Option<u64>) {
        let portable = self.portable.as_mut();
        let used = portable.and_then(portable::Portable::sample_processes);
        let Some((percent, bytes, count)) = used else {
            return;
        };
        let out = &mut self.samples;
        if seconds > 0.0 {
            out.push("system/process.cpu.percent", percent);
        }
        out.push("system/process.memory.bytes", bytes as f64);
        if let Some(usable) = usable_memory {
            let percent = 100.0 * bytes as f64 / usable as f64;
            out.push("system/process.memory.percent", percent);
        }
        out.push("system/process.count", count as f64);
    }

    #[cfg(target_os = "linux")]
    fn take_tree(&mut self, seconds: f64, usable_memory: Option<u64>) {
        let machine = &mut *self.machine;
        let Some(used) = self.tree.sample(machine, seconds, &mut self.buffer) else {
            return;
        };
        let out = &mut self.samples;
        if seconds > 0.0 {
            let busy = used.ticks as f64 / machine.ticks_per_second() as f64;
            out.push("system/process.cpu.percent", 100.0 * busy / seconds);
        }
        let bytes = used.pages * machine.page_len();
        out.push("system/process.memory.bytes", bytes as f64);
        if let Some(usable) = usable_memory {
            let percent = 100.0 * bytes as f64 / usable as f64;
            out.push("system/process.memory.percent", percent);
        }
        out.push("system/process.count", used.processes as f64);
        out.push("system/process.threads", used.threads as f64);
    }

    fn take_room(&mut self) {
        let Some(store) = &self.watched.store else {
            return;
        };
        if let Some(room) = self.machine.disk(store) {
            self.samples
                .push("system/disk.free.bytes", room.free as f64);
            let used = room.total.saturating_sub(room.free) as f64;
            let percent = 100.0 * used / room.total.max(1) as f64;
            self.samples.push("system/disk.used.percent", percent);
        }
    }

    fn take_gpus(&mut self) {
        if let Some(gpus) = &mut self.gpus {
            let tree = &self.tree;
            let out = (&mut self.samples, &mut self.warnings);
            gpus.sample(|process| tree.has(process), !self.watched.is_whole, out);
        }
    }
}

impl std::fmt::Debug for Sampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sampler")
            .field("watched", &self.watched)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
