//! A machine of recorded files, which tests change between two samples.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::gpu::{GpuReading, Gpus};
use super::machine::{DiskSpace, Machine};

/// Files by path. Clones are the same machine.
#[derive(Clone, Default)]
pub struct Recorded {
    files: Arc<Mutex<BTreeMap<String, String>>>,
    reads: Arc<Mutex<Vec<String>>>,
}

impl Recorded {
    pub fn with(files: &[(&str, &str)]) -> Recorded {
        let machine = Recorded::default();
        for (path, text) in files {
            machine.set(path, text);
        }
        machine
    }

    pub fn set(&self, path: &str, text: &str) {
        self.files.lock().unwrap().insert(path.into(), text.into());
    }

    pub fn remove(&self, path: &str) {
        self.files.lock().unwrap().remove(path);
    }

    /// A process with times in ticks: (own, waited for).
    pub fn process(&self, number: u32, parent: u32, begun: u64, times: (u64, u64)) {
        let (own, waited) = times;
        let stat = format!(
            "{number} (a) b (c) S {parent} 1 1 0 -1 4194304 10 20 30 40 {own} 0 {waited} 0 20 0 3 0 {begun} 9999 250 18446744073709551615 1 1"
        );
        self.set(&format!("/proc/{number}/stat"), &stat);
    }

    pub fn end(&self, number: u32) {
        self.remove(&format!("/proc/{number}/stat"));
    }

    /// The files read since it was last asked.
    pub fn take_reads(&self) -> Vec<String> {
        std::mem::take(&mut self.reads.lock().unwrap())
    }
}

impl Machine for Recorded {
    fn read(&mut self, path: &str, text: &mut Vec<u8>) -> bool {
        text.clear();
        self.reads.lock().unwrap().push(path.to_owned());
        let files = self.files.lock().unwrap();
        let found = files.get(path);
        text.extend(found.iter().flat_map(|found| found.bytes()));
        found.is_some()
    }

    fn read_once(&mut self, path: &str, text: &mut Vec<u8>) -> bool {
        self.read(path, text)
    }

    fn list(&mut self, folder: &str, names: &mut Vec<String>) {
        let files = self.files.lock().unwrap();
        let inside = files.keys().filter_map(|path| {
            let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
            Some(rest.split('/').next()?.to_owned())
        });
        *names = inside.collect();
        names.dedup();
    }

    fn is_there(&mut self, path: &str) -> bool {
        self.files.lock().unwrap().contains_key(path)
    }

    fn disk(&mut self, _: &Path) -> Option<DiskSpace> {
        Some(DiskSpace {
            total: 1000,
            free: 250,
        })
    }

    fn page_len(&self) -> u64 {
        4096
    }

    fn ticks_per_second(&self) -> u64 {
        100
    }
}

/// Devices whose next answers a test decides.
#[derive(Clone, Default)]
pub struct RecordedGpus(pub Arc<Mutex<Vec<Result<GpuReading, String>>>>);

impl Gpus for RecordedGpus {
    fn count(&self) -> u32 {
        self.0.lock().unwrap().len() as u32
    }

    fn read(&mut self, index: u32) -> Result<GpuReading, String> {
        self.0.lock().unwrap()[index as usize].clone()
    }
}
