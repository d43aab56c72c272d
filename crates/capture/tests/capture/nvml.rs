//! NVIDIA's library where it is missing, is no library, lacks what is asked for, or answers with errors: a capture and a
//! sampler go on without graphics processors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use mltrack_capture::nvml::NvidiaGpus;
use mltrack_capture::system::Gpus as _;
use mltrack_capture::{Request, environment};
use serde_json::Value;

use crate::support::clock;

/// Every question fails with `NVML_ERROR_UNKNOWN`, also the first.
const REFUSES: &str = "int nvmlInit_v2(void) { return 999; } int nvmlShutdown(void) { return 0; }";
/// It starts, and knows nothing else: every other name is missing.
const EMPTY: &str = "int nvmlInit_v2(void) { return 0; } int nvmlShutdown(void) { return 0; }";
/// It counts a device that it then says is lost.
const LOST: &str = "
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 1; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { return 15; }
int nvmlSystemGetDriverVersion(char *version, unsigned len) { return 999; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { return 999; }
";

/// A library made of these lines of C by the compiler that links Rust programs.
fn library(folder: &Path, name: &str, source: &str) -> PathBuf {
    let (source_file, made) = (folder.join("stub.c"), folder.join(name));
    fs::write(&source_file, source).expect("a file");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&made, &source_file])
        .status();
    assert!(compiled.expect("cc is there").success());
    made
}

fn captured(folder: &Path, nvml: &Path) -> Value {
    let mut request = Request::new(folder.to_owned(), Vec::new(), Vec::new(), clock);
    request.git = false;
    request.dependencies = false;
    request.places.nvml = Some(nvml.to_owned());
    // What the kernel's module tells does not count here.
    folder.clone_into(&mut request.places.root);
    request.places.proc = folder.join("proc");
    request.deadline = Duration::from_secs(10);
    environment(&request).document
}

#[test]
fn a_broken_library_of_the_driver_leaves_a_capture_and_a_sampler_without_devices() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = folder.path().join("text.so");
    fs::write(&text, "no library\n").expect("a file");
    let cut = folder.path().join("cut.so");
    let whole = library(folder.path(), "refuses.so", REFUSES);
    fs::write(&cut, &fs::read(&whole).expect("just made")[..100]).expect("a file");
    let places = [
        folder.path().join("missing.so"),
        text,
        cut,
        whole,
        library(folder.path(), "empty.so", EMPTY),
    ];
    for place in &places {
        assert!(NvidiaGpus::load_from(Some(place)).is_none(), "{place:?}");
        let document = captured(folder.path(), place);
        assert_eq!(document["gpu"], Value::Null, "{place:?}");
        assert_eq!(document["driver"], Value::Null, "{place:?}");
        assert!(document["process"].is_object(), "the rest is there");
    }
}

#[test]
fn a_device_that_is_lost_is_an_error_of_its_reading_and_none_of_the_capture() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = library(folder.path(), "lost.so", LOST);
    let mut gpus = NvidiaGpus::load_from(Some(&place)).expect("it counts a device");
    assert_eq!(gpus.count(), 1);
    let error = gpus.read(0).expect_err("the device is lost");
    assert!(error.contains("device fell off"), "{error}");
    let document = captured(folder.path(), &place);
    assert_eq!(document["gpu"], Value::Null);
    assert!(document["process"].is_object(), "the rest is there");
}
