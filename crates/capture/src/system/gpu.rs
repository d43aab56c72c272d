//! What graphics processors say about themselves, and the series it becomes.
//!
//! Invariants: what a device does not know has no series; a device that stops answering is warned of once and asked no
//! more.

use super::samples::Samples;

/// Answers about graphics processors.
pub trait Gpus: Send {
    /// How many there are, by which [`read`](Gpus::read) numbers them from 0.
    fn count(&self) -> u32;

    /// What one of them says now. An error ends its series.
    fn read(&mut self, index: u32) -> Result<GpuReading, String>;
}

/// One device at one moment. What it does not know is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GpuReading {
    /// Share of time in which a kernel ran.
    pub utilization_percent: Option<f64>,
    /// Share of time in which its memory was read or written.
    pub memory_utilization_percent: Option<f64>,
    /// Bytes used and bytes of all its memory.
    pub memory: Option<(u64, u64)>,
    /// What it draws.
    pub power_watts: Option<f64>,
    /// What it may draw.
    pub power_limit_watts: Option<f64>,
    /// How warm it is.
    pub temperature_celsius: Option<f64>,
    /// The clock of its multiprocessors.
    pub sm_clock_mhz: Option<f64>,
    /// The clock of its memory.
    pub memory_clock_mhz: Option<f64>,
    /// Why its clocks are slower than they could be, as the bits that NVML gives.
    pub throttle_reasons: Option<u64>,
    /// Processes on it, each with the bytes it uses; absent when the system does not tell.
    pub processes: Option<Vec<(u32, u64)>>,
    /// Processes on it that were busy since the last reading, each with its share of time.
    pub busy: Option<Vec<(u32, f64)>>,
    /// Its instances (MIG): number, bytes used, bytes of all its memory.
    pub instances: Vec<(u32, u64, u64)>,
}

/// Bits of `throttle_reasons`: slower because of heat.
const THERMAL: u64 = 0x20 | 0x40;
/// Slower because of power: the cap of the software, or the brake of the hardware.
const POWER: u64 = 0x04 | 0x80;

/// The series of all devices.
pub(super) struct GpuSeries {
    gpus: Box<dyn Gpus>,
    is_lost: Vec<bool>,
}

impl GpuSeries {
    pub fn new(gpus: Box<dyn Gpus>) -> GpuSeries {
        let is_lost = vec![false; gpus.count() as usize];
        GpuSeries { gpus, is_lost }
    }

    /// Adds the values of all devices; `is_ours` tells the processes whose share is asked for, `is_alone` that only
    /// that share is.
    pub fn sample(
        &mut self,
        is_ours: impl Fn(u32) -> bool,
        is_alone: bool,
        (out, warnings): (&mut Samples, &mut Vec<String>),
    ) {
        for index in 0..self.gpus.count() {
            let Some(is_lost) = self.is_lost.get_mut(index as usize) else {
                continue;
            };
            if *is_lost {
                continue;
            }
            match self.gpus.read(index) {
                Ok(reading) => {
                    if !is_alone {
                        push_device(index, &reading, out);
                    }
                    push_processes(index, &reading, &is_ours, out);
                }
                Err(why) => {
                    *is_lost = true;
                    warnings.push(format!("GPU {index} is sampled no more: {why}"));
                }
            }
        }
    }
}

fn push_device(index: u32, reading: &GpuReading, out: &mut Samples) {
    let mut push = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            out.push(format!("system/gpu.{index}.{name}"), value);
        }
    };
    push("utilization.percent", reading.utilization_percent);
    push(
        "memory.utilization.percent",
        reading.memory_utilization_percent,
    );
    if let Some((used, total)) = reading.memory {
        push("memory.bytes", Some(used as f64));
        push("memory.percent", share(used, total));
    }
    push("power.watts", reading.power_watts);
    let limit = reading.power_limit_watts.filter(|limit| *limit > 0.0);
    let power = reading.power_watts.zip(limit);
    push(
        "power.percent",
        power.map(|(drawn, limit)| 100.0 * drawn / limit),
    );
    push("temperature.celsius", reading.temperature_celsius);
    push("clock.sm.mhz", reading.sm_clock_mhz);
    push("clock.memory.mhz", reading.memory_clock_mhz);
    if let Some(reasons) = reading.throttle_reasons {
        let is = |bits: u64| Some(f64::from(u8::from(reasons & bits != 0)));
        push("throttle.reasons", Some(reasons as f64));
        push("throttle.thermal", is(THERMAL));
        push("throttle.power", is(POWER));
    }
    for (instance, used, total) in &reading.instances {
        push(&format!("mig.{instance}.memory.bytes"), Some(*used as f64));
        push(
            &format!("mig.{instance}.memory.percent"),
            share(*used, *total),
        );
    }
}

fn share(used: u64, total: u64) -> Option<f64> {
    (total > 0).then(|| 100.0 * used as f64 / total as f64)
}

fn push_processes(
    index: u32,
    reading: &GpuReading,
    is_ours: &impl Fn(u32) -> bool,
    out: &mut Samples,
) {
    // A container sees processes under numbers that are not the ones it has given them: then none is ours, and a
    // series of zeros would say something that is not known.
    if let Some(processes) = &reading.processes
        && let Some(used) = sum_of(processes, is_ours, |bytes| *bytes as f64)
    {
        out.push(format!("system/gpu.{index}.process.memory.bytes"), used);
        let busy = reading.busy.as_ref();
        if let Some(busy) = busy.map(|busy| sum_of(busy, is_ours, |percent| *percent)) {
            let name = format!("system/gpu.{index}.process.utilization.percent");
            out.push(name, busy.unwrap_or(0.0).min(100.0));
        }
    }
}

/// `None` when no process is ours.
fn sum_of<T>(
    processes: &[(u32, T)],
    is_ours: &impl Fn(u32) -> bool,
    value: impl Fn(&T) -> f64,
) -> Option<f64> {
    let ours = processes.iter().filter(|(process, _)| is_ours(*process));
    ours.map(|(_, told)| value(told))
        .reduce(|sum, one| sum + one)
}
