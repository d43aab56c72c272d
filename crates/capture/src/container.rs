//! The container a run runs in, and what its control group lets it use.
//!
//! Invariants: told by files and variables alone; a limit that the machine's own size does not reach is none.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::files;
use crate::request::Request;
use crate::secrets;

/// Variables in which platforms name the image.
const IMAGES: &[&str] = &[
    "MLTRACK_IMAGE",
    "CONTAINER_IMAGE",
    "DOCKER_IMAGE",
    "SINGULARITY_CONTAINER",
    "APPTAINER_CONTAINER",
    "IMAGE_NAME",
];

/// A memory limit of version 1 at or above this is none at all.
const UNLIMITED: u64 = 1 << 62;

/// Container: `kind`, and `image` and `name` where something tells. None outside of one.
pub(crate) fn container(request: &Request) -> Option<Value> {
    let root = &request.places.root;
    let podman = files::text(&root.join("run/.containerenv"));
    let kind = kind(request, podman.is_some())?;
    let mut container = Map::new();
    container.insert("kind".to_owned(), kind.into());
    for line in podman.iter().flat_map(|text| text.lines()) {
        if let Some((key @ ("image" | "name"), value)) = line.split_once('=') {
            container.insert(key.to_owned(), value.trim_matches('"').into());
        }
    }
    let image = IMAGES.iter().find_map(|name| request.variable(name));
    if let Some(image) = image {
        container.insert("image".to_owned(), secrets::url(&image).into());
    }
    Some(Value::Object(container))
}

fn kind(request: &Request, is_podman: bool) -> Option<&'static str> {
    let places = &request.places;
    let is_there = |path: &str| places.root.join(path).exists();
    let named = request
        .variable("container")
        .or_else(|| files::text(&places.root.join("run/systemd/container")));
    let named = named.as_deref().map(str::trim).unwrap_or_default();
    let group = files::text(&places.proc.join("self/cgroup")).unwrap_or_default();
    let mounts = files::read(&places.proc.join("self/mountinfo"), 1 << 20).unwrap_or_default();
    let mounts = String::from_utf8_lossy(&mounts);
    if request.variable("KUBERNETES_SERVICE_HOST").is_some()
        || is_there("var/run/secrets/kubernetes.io")
        || group.contains("kubepods")
    {
        Some("kubernetes")
    } else if is_podman || named == "podman" || group.contains("libpod") {
        Some("podman")
    } else if request.variable("APPTAINER_CONTAINER").is_some()
        || request.variable("SINGULARITY_CONTAINER").is_some()
        || is_there(".singularity.d")
    {
        Some("apptainer")
    } else if is_there(".dockerenv")
        || named == "docker"
        || group.contains("docker")
        || mounts.contains("/docker/containers/")
    {
        Some("docker")
    } else if named.starts_with("lxc") || group.contains("/lxc") {
        Some("lxc")
    } else if named == "systemd-nspawn" {
        Some("systemd-nspawn")
    } else if group.contains("containerd") {
        Some("containerd")
    } else if !named.is_empty() {
        Some("other")
    } else {
        None
    }
}

/// The folders of this process's group and of those around it, the innermost first. In a container the path that the
/// kernel tells is often outside: then the mounted root is the group.
fn groups(mounted: &Path, path: &str) -> Vec<PathBuf> {
    let inner = mounted.join(path.trim_start_matches('/'));
    let inner = if inner.is_dir() {
        inner
    } else {
        mounted.to_owned()
    };
    let folders = inner
        .ancestors()
        .take_while(|folder| folder.starts_with(mounted));
    folders.map(Path::to_owned).collect()
}

fn number(path: &Path) -> Option<f64> {
    files::text(path)?.trim().parse().ok()
}

/// `cpu.max`: a quota and a period in microseconds, or `max`.
fn quota(folder: &Path) -> Option<f64> {
    let text = files::text(&folder.join("cpu.max"))?;
    let (quota, period) = text.trim().split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}

/// The same in version 1, where minus one means none.
fn quota_of_one(folder: &Path) -> Option<f64> {
    let quota = number(&folder.join("cpu.cfs_quota_us")).filter(|quota| *quota > 0.0)?;
    Some(quota / number(&folder.join("cpu.cfs_period_us"))?)
}

fn tightest(folders: &[PathBuf], limit: fn(&Path) -> Option<f64>) -> Option<f64> {
    let limits = folders.iter().filter_map(|folder| limit(folder));
    limits.filter(|limit| *limit > 0.0).min_by(f64::total_cmp)
}

/// Control group: `version` (1 or 2), `cpus` (a number of processors, such as 1.5) and `memory_bytes`, where limited.
pub(crate) fn limits(request: &Request) -> Option<Value> {
    let places = &request.places;
    let text = files::text(&places.proc.join("self/cgroup"))?;
    let path_of = |controller: &str| {
        text.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (names, path) = (parts.next()?, parts.next()?);
            names
                .split(',')
                .any(|name| name == controller)
                .then_some(path)
        })
    };
    let (version, cpus, memory) = if places.cgroup.join("cgroup.controllers").exists() {
        let folders = groups(&places.cgroup, path_of("").unwrap_or_default());
        let memory = tightest(&folders, |folder| number(&folder.join("memory.max")));
        (2, tightest(&folders, quota), memory)
    } else {
        let of = |controller: &str| {
            path_of(controller)
                .map(|path| groups(&places.cgroup.join(controller), path))
                .unwrap_or_default()
        };
        let memory = tightest(&of("memory"), |folder| {
            number(&folder.join("memory.limit_in_bytes"))
        });
        (1, tightest(&of("cpu"), quota_of_one), memory)
    };
    let mut limits = Map::new();
    limits.insert("version".to_owned(), version.into());
    if let Some(cpus) = cpus {
        limits.insert("cpus".to_owned(), json!(cpus));
    }
    if let Some(memory) = memory
        .map(|bytes| bytes as u64)
        .filter(|&bytes| bytes < UNLIMITED)
    {
        limits.insert("memory_bytes".to_owned(), memory.into());
    }
    Some(Value::Object(limits))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::request::Places;

    fn no_clock() -> Instant {
        panic!("nothing here needs the time")
    }

    fn request(variables: &[(&str, &str)], files: &[(&str, &str)]) -> (tempfile::TempDir, Request) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let mut request = Request::new(folder.path().to_owned(), Vec::new(), variables, no_clock);
        request.places = Places {
            root: folder.path().to_owned(),
            proc: folder.path().join("proc"),
            cgroup: folder.path().join("sys/fs/cgroup"),
            ..Places::default()
        };
        (folder, request)
    }

    fn check_kind(variables: &[(&str, &str)], files: &[(&str, &str)], expected: &Value) {
        let (_folder, request) = request(variables, files);
        assert_eq!(
            &container(&request).unwrap_or_default(),
            expected,
            "{variables:?} {files:?}"
        );
    }

    #[test]
    fn containers_are_told_by_files_and_variables() {
        check_kind(&[], &[], &Value::Null);
        check_kind(&[], &[(".dockerenv", "")], &json!({ "kind": "docker" }));
        check_kind(
            &[],
            &[(
                "proc/self/mountinfo",
                "1 2 / /var/lib/docker/containers/ab/hosts /etc/hosts",
            )],
            &json!({ "kind": "docker" }),
        );
        check_kind(&[("container", "lxc")], &[], &json!({ "kind": "lxc" }));
        check_kind(
            &[
                ("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
                ("CONTAINER_IMAGE", "https://me:pw@registry/team/image:1"),
            ],
            &[(".dockerenv", "")],
            &json!({ "kind": "kubernetes", "image": "https://registry/team/image:1" }),
        );
        check_kind(
            &[],
            &[(
                "run/.containerenv",
                "engine=\"podman-4\"\nname=\"n\"\nimage=\"docker.io/x:1\"\n",
            )],
            &json!({ "kind": "podman", "name": "n", "image": "docker.io/x:1" }),
        );
        check_kind(
            &[("APPTAINER_CONTAINER", "x.sif")],
            &[],
            &json!({ "kind": "apptainer", "image": "x.sif" }),
        );
    }

    fn check_limits(files: &[(&str, &str)], expected: &Value) {
        let (_folder, request) = request(&[], files);
        assert_eq!(&limits(&request).unwrap_or_default(), expected, "{files:?}");
    }

    #[test]
    fn the_tightest_limit_around_the_process_counts() {
        let files = [
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/cgroup.controllers", "cpu memory"),
            ("sys/fs/cgroup/a/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/a/b/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/a/b/memory.max", "2048\n"),
            ("sys/fs/cgroup/a/memory.max", "max\n"),
        ];
        check_limits(
            &files,
            &json!({ "version": 2, "cpus": 1.5, "memory_bytes": 2048 }),
        );
    }

    #[test]
    fn a_path_that_is_not_mounted_here_means_the_mounted_root() {
        let files = [
            ("proc/self/cgroup", "0::/../outside\n"),
            ("sys/fs/cgroup/cgroup.controllers", ""),
            ("sys/fs/cgroup/cpu.max", "50000 100000"),
        ];
        check_limits(&files, &json!({ "version": 2, "cpus": 0.5 }));
    }

    #[test]
    fn version_one_has_a_folder_for_each_controller() {
        let files = [
            (
                "proc/self/cgroup",
                "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n",
            ),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"),
            (
                "sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes",
                "9223372036854771712",
            ),
        ];
        check_limits(&files, &json!({ "version": 1, "cpus": 2.0 }));
        check_limits(&[], &Value::Null);
    }
}
