//! The machine a run runs on: operating system, processor, memory, and the name of the host.
//!
//! Invariants: read from files the kernel gives, never by a program; what a file does not say is absent.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::files;
use crate::request::{Places, Request};

/// Abilities of a processor that change how fast or in which order numbers are added up.
const FLAGS: &[&str] = &[
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512bw",
    "avx512dq",
    "avx512vl",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "avx_vnni",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "asimdhp",
    "asimddp",
    "sve",
    "sve2",
    "bf16",
    "i8mm",
];

/// Keys and values of a file such as `os-release`: `KEY="value"`.
fn settings(text: &str) -> impl Iterator<Item = (&str, String)> {
    text.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        Some((
            key.trim(),
            value.trim().trim_matches(['"', '\'']).to_owned(),
        ))
    })
}

/// Operating system: `name`, `version`, `id`, `arch`, `kernel`.
pub(crate) fn os(places: &Places) -> Value {
    let mut os = Map::new();
    let release = ["etc/os-release", "usr/lib/os-release"]
        .iter()
        .find_map(|name| files::text(&places.root.join(name)));
    for (key, value) in settings(release.as_deref().unwrap_or_default()) {
        let key = match key {
            "NAME" => "name",
            "VERSION_ID" => "version",
            "ID" => "id",
            _ => continue,
        };
        os.insert(key.to_owned(), value.into());
    }
    if !os.contains_key("name") {
        os.insert(
            "name".to_owned(),
            sysinfo::System::name()
                .unwrap_or_else(|_| std::env::consts::OS.to_owned())
                .into(),
        );
    }
    os.insert("arch".to_owned(), std::env::consts::ARCH.into());
    let kernel = files::text(&places.proc.join("sys/kernel/osrelease"))
        .or_else(|| sysinfo::System::kernel_version().ok());
    if let Some(kernel) = kernel {
        os.insert("kernel".to_owned(), kernel.trim().into());
    }
    Value::Object(os)
}

/// What `cpuinfo` says, folded over all its processors.
#[derive(Default)]
struct Processors {
    model: Option<String>,
    vendor: Option<String>,
    thread_count: usize,
    cores: BTreeSet<(String, String)>,
    sockets: BTreeSet<String>,
    flags: Vec<String>,
}

fn processors(text: &str) -> Processors {
    let mut processors = Processors::default();
    let mut socket = String::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        match key.trim() {
            "processor" => processors.thread_count += 1,
            "model name" | "Model" | "Processor" if processors.model.is_none() => {
                processors.model = Some(value.to_owned());
            }
            "vendor_id" | "CPU implementer" if processors.vendor.is_none() => {
                processors.vendor = Some(value.to_owned());
            }
            "physical id" => {
                value.clone_into(&mut socket);
                processors.sockets.insert(socket.clone());
            }
            "core id" => {
                processors.cores.insert((socket.clone(), value.to_owned()));
            }
            "flags" | "Features" if processors.flags.is_empty() => {
                let has: BTreeSet<&str> = value.split(' ').collect();
                let known = FLAGS.iter().filter(|flag| has.contains(*flag));
                processors.flags = known.map(|&flag| flag.to_owned()).collect();
            }
            _ => {}
        }
    }
    processors
}

/// Processor: `model`, `vendor`, `sockets`, `cores` (physical), `threads` (logical), `flags`.
pub(crate) fn cpu(places: &Places) -> Value {
    let text = files::read(&places.proc.join("cpuinfo"), 16 << 20).unwrap_or_default();
    let processors = processors(&String::from_utf8_lossy(&text));
    let threads = match processors.thread_count {
        0 => std::thread::available_parallelism().map_or(0, usize::from),
        count => count,
    };
    let cores = match processors.cores.len() {
        0 => sysinfo::System::physical_core_count().unwrap_or(threads),
        count => count,
    };
    let mut cpu = json!({ "cores": cores, "threads": threads, "flags": processors.flags });
    for (key, value) in [("model", processors.model), ("vendor", processors.vendor)] {
        if let Some(value) = value {
            cpu[key] = value.into();
        }
    }
    if !processors.sockets.is_empty() {
        cpu["sockets"] = processors.sockets.len().into();
    }
    cpu
}

/// Memory: `bytes` and `swap_bytes` of the whole machine.
pub(crate) fn memory(places: &Places) -> Value {
    let text = files::text(&places.proc.join("meminfo")).unwrap_or_default();
    let mut memory = Map::new();
    for line in text.lines() {
        let key = match line.split(':').next() {
            Some("MemTotal") => "bytes",
            Some("SwapTotal") => "swap_bytes",
            _ => continue,
        };
        let kib = line
            .split_ascii_whitespace()
            .nth(1)
            .and_then(|word| word.parse::<u64>().ok());
        if let Some(kib) = kib {
            memory.insert(key.to_owned(), (kib * 1024).into());
        }
    }
    Value::Object(memory)
}

/// Host: `hash`, sixteen hexadecimal digits that tell machines apart without naming them; or `name` on request.
pub(crate) fn host(request: &Request) -> Value {
    let name = host_name(&request.places);
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return json!({});
    };
    if request.reveals_host {
        return json!({ "name": name });
    }
    json!({ "hash": hash(&name, request.host_key.as_ref(), "mltrack host name") })
}

fn host_name(places: &Places) -> Option<String> {
    let name = files::text(&places.proc.join("sys/kernel/hostname"));
    name.map(|name| name.trim().to_owned())
        .or_else(|| sysinfo::System::host_name().ok())
}

/// The first sixteen digits of a keyed hash. `context` keeps names of hosts and of devices apart.
pub(crate) fn hash(name: &str, key: Option<&[u8; 32]>, context: &'static str) -> String {
    let own = blake3::derive_key(context, b"");
    let mut hasher = blake3::Hasher::new_keyed(key.unwrap_or(&own));
    hasher.update(context.as_bytes());
    hasher.update(name.as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPUINFO: &str = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon 8480\nphysical id\t: 0\ncore id\t: 0\nflags\t: fpu avx2 avx512f nope\n\n\
        processor\t: 1\nphysical id\t: 0\ncore id\t: 0\n\nprocessor\t: 2\nphysical id\t: 1\ncore id\t: 0\n";

    fn places(files: &[(&str, &str)]) -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let places = Places {
            root: folder.path().to_owned(),
            proc: folder.path().join("proc"),
            ..Places::default()
        };
        (folder, places)
    }

    #[test]
    fn processors_are_counted_by_socket_and_core() {
        let (_folder, places) = places(&[("proc/cpuinfo", CPUINFO)]);
        let cpu = cpu(&places);
        assert_eq!(cpu["model"], "Xeon 8480");
        assert_eq!(
            (
                cpu["cores"].as_u64(),
                cpu["threads"].as_u64(),
                cpu["sockets"].as_u64()
            ),
            (Some(2), Some(3), Some(2))
        );
        assert_eq!(cpu["flags"], json!(["avx2", "avx512f"]));
    }

    #[test]
    fn system_and_memory_are_read_from_their_files() {
        let (_folder, places) = places(&[
            (
                "etc/os-release",
                "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
            ),
            ("proc/sys/kernel/osrelease", "6.1.0\n"),
            (
                "proc/meminfo",
                "MemTotal:       16 kB\nMemFree: 1 kB\nSwapTotal: 0 kB\n",
            ),
        ]);
        let os = os(&places);
        assert_eq!(
            (
                os["name"].as_str(),
                os["version"].as_str(),
                os["kernel"].as_str()
            ),
            (Some("Debian GNU/Linux"), Some("12"), Some("6.1.0"))
        );
        assert_eq!(memory(&places), json!({ "bytes": 16384, "swap_bytes": 0 }));
    }

    #[test]
    fn a_machine_that_tells_nothing_still_has_an_answer() {
        let (_folder, places) = places(&[]);
        assert!(os(&places)["arch"].is_string() && cpu(&places)["threads"].as_u64() > Some(0));
        assert_eq!(memory(&places), json!({}));
    }

    #[test]
    fn hosts_are_told_apart_by_hashes_that_depend_on_the_key() {
        let hash_of = |name: &str, key: Option<&[u8; 32]>| hash(name, key, "mltrack host name");
        assert_eq!(hash_of("a", None), hash_of("a", None));
        assert_ne!(hash_of("a", None), hash_of("b", None));
        assert_ne!(hash_of("a", None), hash_of("a", Some(&[1; 32])));
        assert_eq!(hash_of("a", None).len(), 16);
    }
}
