//! Graphics processors by NVIDIA's management library, which is loaded when the machine has it.
//!
//! Invariants: a machine without the library, the driver or a device has none, silently; what a device says it cannot
//! tell is not asked again; numbers of devices are the library's, as `nvidia-smi` shows them.

use std::collections::HashMap;
use std::path::Path;

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;

use crate::system::{GpuReading, Gpus};

/// More instances than a device can be cut into.
const INSTANCES_MAX: u32 = 16;

/// The devices of this machine.
pub struct NvidiaGpus {
    nvml: Nvml,
    count: u32,
    devices: Vec<Device>,
}

/// What is remembered of a device between two readings.
#[derive(Default)]
struct Device {
    /// Questions that it cannot answer, a bit each.
    unanswered: u32,
    /// When the library last saw a process busy, by its own clock.
    last_seen: u64,
}

/// A question to a device, by its bit.
#[derive(Clone, Copy)]
enum Ask {
    Utilization,
    Memory,
    Power,
    PowerLimit,
    Temperature,
    SmClock,
    MemoryClock,
    Throttle,
    Compute,
    Graphics,
    Busy,
    Instances,
}

/// The library in a file, or where the system finds it. `None` where there is none, or it says no.
pub(crate) fn library(place: Option<&Path>) -> Option<Nvml> {
    let mut builder = Nvml::builder();
    if let Some(place) = place {
        builder.lib_path(place.as_os_str());
    }
    builder.init().ok()
}

impl NvidiaGpus {
    /// Loads the library. `None` where there is none, or no device.
    #[must_use]
    pub fn load() -> Option<NvidiaGpus> {
        NvidiaGpus::load_from(None)
    }

    /// The same with a library in a file of its own; `None` is where the system finds it.
    #[must_use]
    pub fn load_from(place: Option<&Path>) -> Option<NvidiaGpus> {
        let nvml = library(place)?;
        let count = nvml.device_count().ok().filter(|count| *count > 0)?;
        let devices = (0..count).map(|_| Device::default()).collect();
        Some(NvidiaGpus {
            nvml,
            count,
            devices,
        })
    }
}

impl Device {
    /// The answer, `None` for what it cannot tell, an error when it is gone.
    fn ask<T>(
        &mut self,
        ask: Ask,
        question: impl FnOnce() -> Result<T, NvmlError>,
    ) -> Result<Option<T>, String> {
        let bit = 1 << ask as u32;
        if self.unanswered & bit != 0 {
            return Ok(None);
        }
        match question() {
            Ok(answer) => Ok(Some(answer)),
            Err(
                error @ (NvmlError::GpuLost
                | NvmlError::DriverNotLoaded
                | NvmlError::Uninitialized
                | NvmlError::ResetRequired),
            ) => Err(error.to_string()),
            // Nothing was busy since.
            Err(NvmlError::NotFound) => Ok(None),
            Err(_) => {
                self.unanswered |= bit;
                Ok(None)
            }
        }
    }

    fn processes(
        &mut self,
        device: &nvml_wrapper::Device<'_>,
    ) -> Result<Option<Vec<(u32, u64)>>, String> {
        let compute = self.ask(Ask::Compute, || device.running_compute_processes())?;
        let graphics = self.ask(Ask::Graphics, || device.running_graphics_processes())?;
        if compute.is_none() && graphics.is_none() {
            return Ok(None);
        }
        // A process that computes and draws is listed twice with the same memory.
        let mut used: HashMap<u32, u64> = HashMap::new();
        for process in compute.into_iter().chain(graphics).flatten() {
            if let UsedGpuMemory::Used(bytes) = process.used_gpu_memory {
                let known = used.entry(process.pid).or_default();
                *known = bytes.max(*known);
            }
        }
        Ok(Some(used.into_iter().collect()))
    }

    fn busy(
        &mut self,
        device: &nvml_wrapper::Device<'_>,
    ) -> Result<Option<Vec<(u32, f64)>>, String> {
        let last_seen = self.last_seen;
        let samples = self.ask(Ask::Busy, || device.process_utilization_stats(last_seen))?;
        let Some(samples) = samples else {
            let is_told = self.unanswered & (1 << Ask::Busy as u32) == 0;
            return Ok(is_told.then(Vec::new));
        };
        let mut sums: HashMap<u32, (f64, u32)> = HashMap::new();
        for sample in samples {
            self.last_seen = self.last_seen.max(sample.timestamp);
            let (sum, count) = sums.entry(sample.pid).or_default();
            (*sum, *count) = (*sum + f64::from(sample.sm_util), *count + 1);
        }
        let means = sums.into_iter();
        let means = means.map(|(process, (sum, count))| (process, sum / f64::from(count)));
        Ok(Some(means.collect()))
    }

    fn instances(
        &mut self,
        device: &nvml_wrapper::Device<'_>,
    ) -> Result<Vec<(u32, u64, u64)>, String> {
        let count = self.ask(Ask::Instances, || device.mig_device_count())?;
        let indexes = 0..count.unwrap_or(0).min(INSTANCES_MAX);
        let instances = indexes.filter_map(|index| {
            // A number without an instance is one that has been taken apart.
            let memory = device.mig_device_by_index(index).ok()?.memory_info().ok()?;
            Some((index, memory.used, memory.total))
        });
        Ok(instances.collect())
    }
}

impl Gpus for NvidiaGpus {
    fn count(&self) -> u32 {
        self.count
    }

    fn read(&mut self, index: u32) -> Result<GpuReading, String> {
        let device = self.nvml.device_by_index(index);
        let device = device.map_err(|error| error.to_string())?;
        let Some(known) = self.devices.get_mut(index as usize) else {
            return Err("there is no such device".to_owned());
        };
        let utilization = known.ask(Ask::Utilization, || device.utilization_rates())?;
        let memory = known.ask(Ask::Memory, || device.memory_info())?;
        let milliwatts = known.ask(Ask::Power, || device.power_usage())?;
        let limit = known.ask(Ask::PowerLimit, || device.enforced_power_limit())?;
        let temperature = known.ask(Ask::Temperature, || {
            device.temperature(TemperatureSensor::Gpu)
        })?;
        let sm_clock = known.ask(Ask::SmClock, || device.clock_info(Clock::SM))?;
        let memory_clock = known.ask(Ask::MemoryClock, || device.clock_info(Clock::Memory))?;
        let throttle = known.ask(Ask::Throttle, || device.current_throttle_reasons())?;
        let watts = |milliwatts: u32| f64::from(milliwatts) / 1000.0;
        Ok(GpuReading {
            utilization_percent: utilization.as_ref().map(|rates| f64::from(rates.gpu)),
            memory_utilization_percent: utilization.map(|rates| f64::from(rates.memory)),
            memory: memory.map(|memory| (memory.used, memory.total)),
            power_watts: milliwatts.map(watts),
            power_limit_watts: limit.map(watts),
            temperature_celsius: temperature.map(f64::from),
            sm_clock_mhz: sm_clock.map(f64::from),
            memory_clock_mhz: memory_clock.map(f64::from),
            throttle_reasons: throttle.map(|reasons| reasons.bits()),
            processes: known.processes(&device)?,
            busy: known.busy(&device)?,
            instances: known.instances(&device)?,
        })
    }
}
