//! How busy the machine's processors are, and what its memory holds: `/proc/stat` and `/proc/meminfo`.

use super::machine::{Machine, number_of, text};
use super::samples::Samples;

/// Ticks of all processors since the machine started.
#[derive(Clone, Copy, Debug, Default)]
struct Ticks {
    busy: u64,
    all: u64,
}

#[derive(Debug, Default)]
pub(super) struct Processor {
    before: Option<Ticks>,
}

impl Processor {
    pub fn sample(&mut self, machine: &mut dyn Machine, buffer: &mut Vec<u8>, out: &mut Samples) {
        let now = machine
            .read("/proc/stat", buffer)
            .then(|| ticks(text(buffer)))
            .flatten();
        if let (Some(before), Some(now)) = (self.before, now) {
            let all = now.all.saturating_sub(before.all);
            if all > 0 {
                let busy = now.busy.saturating_sub(before.busy).min(all);
                out.push("system/cpu.percent", 100.0 * busy as f64 / all as f64);
            }
        }
        self.before = now.or(self.before);
    }
}

/// The first line: user nice system idle iowait irq softirq steal. What runs in guests counts as user already.
fn ticks(stat: &str) -> Option<Ticks> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let numbers: Vec<u64> = line
        .split_whitespace()
        .take(8)
        .map_while(|number| number.parse().ok())
        .collect();
    let all: u64 = numbers.iter().sum();
    let idle = numbers.get(3)? + numbers.get(4).copied().unwrap_or(0);
    Some(Ticks {
        busy: all.saturating_sub(idle),
        all,
    })
}

/// Memory and swap of the machine. Returns the bytes of all memory.
pub(super) fn memory(
    machine: &mut dyn Machine,
    buffer: &mut Vec<u8>,
    out: &mut Samples,
) -> Option<u64> {
    if !machine.read("/proc/meminfo", buffer) {
        return None;
    }
    let meminfo = text(buffer);
    let bytes = |word| Some(number_of(meminfo, word)? << 10);
    let total = bytes("MemTotal").filter(|total| *total > 0)?;
    // Kernels before 3.14 do not say what is available.
    let available = bytes("MemAvailable").or_else(|| bytes("MemFree"))?;
    let used = total.saturating_sub(available);
    out.push("system/memory.bytes", used as f64);
    out.push("system/memory.percent", 100.0 * used as f64 / total as f64);
    if let Some(swap) = bytes("SwapTotal").filter(|total| *total > 0) {
        let used = swap.saturating_sub(bytes("SwapFree").unwrap_or(swap));
        out.push("system/swap.bytes", used as f64);
        out.push("system/swap.percent", 100.0 * used as f64 / swap as f64);
    }
    Some(total)
}
