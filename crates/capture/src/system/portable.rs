//! Machines that are not Linux: what `sysinfo` tells about them.
//!
//! Invariant: fewer values than on Linux, none with another meaning.

use std::collections::HashMap;

use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System};

use super::samples::Samples;

/// A machine as `sysinfo` sees it.
pub(super) struct Portable {
    system: System,
    process: Pid,
}

impl Portable {
    /// `None` where `sysinfo` knows the system not at all.
    pub fn new(process: u32) -> Option<Portable> {
        let mut system = System::new().ok()?;
        system.refresh_cpu_usage();
        Some(Portable {
            system,
            process: Pid::from_u32(process),
        })
    }

    /// Processors, memory and swap; returns the bytes of all memory.
    pub fn sample_machine(&mut self, seconds: f64, out: &mut Samples) -> Option<u64> {
        self.system.refresh_cpu_usage();
        if seconds > 0.0 {
            let percent = f64::from(self.system.global_cpu_usage());
            out.push("system/cpu.percent", percent.clamp(0.0, 100.0));
        }
        self.system.refresh_memory();
        let total = Some(self.system.total_memory()).filter(|total| *total > 0)?;
        let used = total.saturating_sub(self.system.available_memory()) as f64;
        out.push("system/memory.bytes", used);
        out.push("system/memory.percent", 100.0 * used / total as f64);
        if self.system.total_swap() > 0 {
            let used = self.system.used_swap() as f64;
            let percent = 100.0 * used / self.system.total_swap() as f64;
            out.push("system/swap.bytes", used);
            out.push("system/swap.percent", percent);
        }
        Some(total)
    }

    /// The process and its descendants: what they use of a processor, in percent, their bytes and their number.
    pub fn sample_processes(&mut self) -> Option<(f64, u64, u64)> {
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        let all = ProcessesToUpdate::All;
        self.system.refresh_processes_specifics(all, true, what);
        let processes = self.system.processes();
        processes.get(&self.process)?;
        let ours = processes
            .values()
            .filter(|process| self.is_ours(process, processes));
        Some(ours.fold((0.0, 0, 0), |(percent, bytes, count), process| {
            let used = f64::from(process.cpu_usage());
            (percent + used, bytes + process.memory(), count + 1)
        }))
    }

    fn is_ours(&self, process: &Process, all: &HashMap<Pid, Process>) -> bool {
        let mut next = Some(process);
        // A chain is no longer than there are processes.
        for _ in 0..all.len() {
            match next {
                Some(process) if process.pid() == self.process => return true,
                Some(process) => next = process.parent().and_then(|parent| all.get(&parent)),
                None => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_machine_is_told_of_where_there_is_no_proc() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut portable = Portable::new(std::process::id()).unwrap();
        let mut samples = Samples::default();
        let total = portable.sample_machine(1.0, &mut samples).unwrap();
        let value = |name: &str| {
            let found = samples.as_slice().iter().find(|(known, _)| known == name);
            found.unwrap().1
        };
        assert!(value("system/memory.bytes") <= total as f64);
        assert!((0.0..=100.0).contains(&value("system/cpu.percent")));
        let (percent, bytes, count) = portable.sample_processes().unwrap();
        assert!(
            percent >= 0.0 && bytes > 0 && count >= 2,
            "{count} processes"
        );
        let mut nobody = Portable::new(u32::MAX - 1).unwrap();
        assert!(nobody.sample_processes().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
