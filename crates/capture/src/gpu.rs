//! The graphics processors of a machine, their driver and the CUDA toolkit.
//!
//! Invariants: a machine without them has none, silently; a device is told apart by a hash of its number, which is
//! never recorded itself.

use std::path::Path;

use nvml_wrapper::{Nvml, cuda_driver_version_major, cuda_driver_version_minor};
use serde_json::{Map, Value, json};

use crate::deadline::Deadline;
use crate::document::Part;
use crate::files;
use crate::machine;
use crate::request::Request;

/// `gpu` (a list of `index`, `name`, `memory_bytes`, `uuid_hash`), `driver` (`version`) and `cuda` (`version` of the
/// toolkit, `driver_version` the driver can run).
pub(crate) fn capture(request: &Request, _: &Deadline) -> Part {
    let mut part = Part::default();
    let mut cuda = Map::new();
    if let Some(version) = toolkit(request) {
        cuda.insert("version".to_owned(), version.into());
    }
    let place = request.places.nvml.as_deref();
    let library = if request.gpu {
        crate::nvml::library(place)
    } else {
        None
    };
    let mut devices = library
        .as_ref()
        .map(|library| devices(library, request))
        .unwrap_or_default();
    let mut driver = library
        .as_ref()
        .and_then(|library| library.sys_driver_version().ok());
    if let Some(version) = library
        .as_ref()
        .and_then(|library| library.sys_cuda_driver_version().ok())
    {
        let version = format!(
            "{}.{}",
            cuda_driver_version_major(version),
            cuda_driver_version_minor(version)
        );
        cuda.insert("driver_version".to_owned(), version.into());
    }
    let folder = request.places.proc.join("driver/nvidia");
    if devices.is_empty() {
        devices = listed(&folder, request);
    }
    driver = driver.or_else(|| loaded(&folder));
    if !devices.is_empty() {
        part.values.push(("gpu", devices.into()));
    }
    if let Some(version) = driver {
        part.values.push(("driver", json!({ "version": version })));
    }
    if !cuda.is_empty() {
        part.values.push(("cuda", cuda.into()));
    }
    part
}

fn hash(uuid: &str, request: &Request) -> String {
    machine::hash(uuid, request.host_key.as_ref(), "mltrack device uuid")
}

/// What the driver's library tells.
fn devices(library: &Nvml, request: &Request) -> Vec<Value> {
    let count = library.device_count().unwrap_or(0);
    let devices =
        (0..count).filter_map(|index| Some((index, library.device_by_index(index).ok()?)));
    devices
        .map(|(index, device)| {
            let mut gpu = json!({ "index": index });
            if let Ok(name) = device.name() {
                gpu["name"] = name.into();
            }
            if let Ok(memory) = device.memory_info() {
                gpu["memory_bytes"] = memory.total.into();
            }
            if let Ok(uuid) = device.uuid() {
                gpu["uuid_hash"] = hash(&uuid, request).into();
            }
            gpu
        })
        .collect()
}

/// What the kernel's module tells, where the library is not there: a folder per device with a file of `Key: value`.
fn listed(folder: &Path, request: &Request) -> Vec<Value> {
    let Ok(names) = std::fs::read_dir(folder.join("gpus")) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = names
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("information"))
        .collect();
    paths.sort();
    let texts = paths.iter().filter_map(|path| files::text(path));
    texts
        .enumerate()
        .map(|(index, text)| {
            let value = |key: &str| {
                let mut lines = text.lines().filter_map(|line| line.split_once(':'));
                lines
                    .find(|(name, _)| name.trim() == key)
                    .map(|(_, value)| value.trim().to_owned())
            };
            let mut gpu = json!({ "index": index });
            if let Some(name) = value("Model") {
                gpu["name"] = name.into();
            }
            if let Some(uuid) = value("GPU UUID") {
                gpu["uuid_hash"] = hash(&uuid, request).into();
            }
            gpu
        })
        .collect()
}

/// `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat ..`: the first word made of numbers and dots.
fn loaded(folder: &Path) -> Option<String> {
    let text = files::text(&folder.join("version"))?;
    let words = text.lines().next()?.split_ascii_whitespace();
    let is_version = |word: &&str| {
        word.contains('.')
            && word
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    words.into_iter().find(is_version).map(str::to_owned)
}

/// The version of the toolkit that the variables lead to, or that is installed where it usually is.
fn toolkit(request: &Request) -> Option<String> {
    let named = ["CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"]
        .iter()
        .filter_map(|name| request.variable_path(name));
    let folders = named.chain([request.places.root.join("usr/local/cuda")]);
    folders.into_iter().find_map(|folder| version_of(&folder))
}

fn version_of(folder: &Path) -> Option<String> {
    if let Some(text) = files::text(&folder.join("version.json")) {
        let document: Value = serde_json::from_str(&text).ok()?;
        return document["cuda"]["version"].as_str().map(str::to_owned);
    }
    // Before version 11: `CUDA Version 10.2.89`.
    let text = files::text(&folder.join("version.txt"))?;
    text.split_ascii_whitespace().last().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::request::Places;

    #[expect(
        clippy::disallowed_methods,
        reason = "the crate takes its clock as an argument: this one is the tests'"
    )]
    fn clock() -> Instant {
        Instant::now()
    }

    fn captured(files: &[(&str, &str)]) -> Value {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let mut request = Request::new(folder.path().to_owned(), Vec::new(), Vec::new(), clock);
        request.gpu = false;
        request.places = Places {
            root: folder.path().to_owned(),
            proc: folder.path().join("proc"),
            ..Places::default()
        };
        let part = capture(&request, &Deadline::new(clock, Duration::from_secs(1)));
        part.values
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect::<Map<_, _>>()
            .into()
    }

    #[test]
    fn a_machine_without_devices_tells_none() {
        assert_eq!(captured(&[]), json!({}));
    }

    #[test]
    fn the_kernels_module_and_the_toolkit_tell_without_the_library() {
        let captured = captured(&[
            (
                "proc/driver/nvidia/version",
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19\nGCC version: 12.2.0\n",
            ),
            (
                "proc/driver/nvidia/gpus/0000:01:00.0/information",
                "Model: \t NVIDIA H200\nIRQ: 1\nGPU UUID: GPU-1234\n",
            ),
            (
                "usr/local/cuda/version.json",
                r#"{"cuda":{"name":"CUDA SDK","version":"12.4.1"}}"#,
            ),
        ]);
        assert_eq!(
            (
                captured["driver"]["version"].as_str(),
                captured["cuda"]["version"].as_str()
            ),
            (Some("535.104.05"), Some("12.4.1"))
        );
        assert_eq!(
            (
                captured["gpu"][0]["name"].as_str(),
                captured["gpu"][0]["uuid_hash"].as_str().map(str::len)
            ),
            (Some("NVIDIA H200"), Some(16))
        );
        assert!(!captured.to_string().contains("1234"));
    }
}
