//! Dependencies and interpreters are read from files: no program is started, damage is named.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use mltrack_capture::{Capture, Request, diff, environment};
use serde_json::{Value, json};

use crate::support::{clock, request, script};

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn package(prefix: &Path, name: &str, version: &str) {
    let folder = format!(
        "lib/python3.11/site-packages/{}-{version}.dist-info/METADATA",
        name.to_lowercase()
    );
    write(
        prefix,
        &folder,
        &format!(
            "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nA manual.\nName: other\n"
        ),
    );
}

/// A request about a folder that is no repository, for `program`.
fn of(folder: &Path, program: &str) -> Request {
    let mut request = request(folder);
    request.git = false;
    request.arguments = vec![program.into()];
    request
        .variables
        .retain(|(name, _)| name != "VIRTUAL_ENV" && name != "CONDA_PREFIX");
    request
}

fn packages<'a>(capture: &'a Capture, kind: &str) -> &'a Value {
    let sources = capture
        .dependencies
        .as_ref()
        .and_then(|list| list["sources"].as_array());
    let mut sources = sources.into_iter().flatten();
    sources
        .find(|source| source["kind"] == kind)
        .map_or(&Value::Null, |source| &source["packages"])
}

#[test]
fn a_virtual_environment_is_read_without_starting_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    write(
        root,
        "venv/pyvenv.cfg",
        "home = somewhere\nversion_info = 3.11.7.final.0\nimplementation = CPython\n",
    );
    package(&root.join("venv"), "Torch", "2.4.0");
    write(
        root,
        "venv/lib/python3.11/site-packages/mine-0.1.dist-info/METADATA",
        "Name: mine\nVersion: 0.1\n",
    );
    write(
        root,
        "venv/lib/python3.11/site-packages/mine-0.1.dist-info/direct_url.json",
        r#"{"url":"https://me:pw@host/mine.git","vcs_info":{"vcs":"git","commit_id":"ff00"}}"#,
    );
    write(
        root,
        "venv/lib/python3.11/site-packages/old-1.2-py3.11.egg-info",
        "Name: old\nVersion: 1.2\n",
    );
    write(
        root,
        "venv/lib/python3.11/site-packages/bare-3.dist-info/RECORD",
        "",
    );
    write(root, "venv/lib/python3.11/site-packages/notes.txt", "");
    let expected = json!({ "Torch": "2.4.0", "mine": "0.1 @ https://host/mine.git@ff00", "old": "1.2", "bare": "3" });
    let capture = environment(&of(root, "venv/bin/python"));
    assert_eq!(packages(&capture, "pip"), &expected);
    assert_eq!(
        (
            capture.document["python"]["version"].as_str(),
            capture.document["python"]["kind"].as_str()
        ),
        (Some("3.11.7"), Some("venv"))
    );
    let mut activated = of(root, "train");
    assert!(
        environment(&activated).document.get("python").is_none(),
        "an environment nearby is not the run's"
    );
    activated
        .variables
        .push(("VIRTUAL_ENV".into(), root.join("venv").into()));
    assert_eq!(packages(&environment(&activated), "pip"), &expected);
}

#[test]
fn a_conda_environment_is_read_from_the_names_of_its_records() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    write(
        root,
        "env/conda-meta/python-3.12.1-h99_0_cpython.json",
        "{}",
    );
    write(root, "env/conda-meta/py-torch-2.1-cuda_1.json", "{");
    write(root, "env/conda-meta/history", "");
    let mut request = of(root, "train");
    request
        .variables
        .push(("CONDA_PREFIX".into(), root.join("env").into()));
    let capture = environment(&request);
    assert_eq!(
        packages(&capture, "conda"),
        &json!({ "python": "3.12.1 h99_0_cpython", "py-torch": "2.1 cuda_1" })
    );
    assert_eq!(capture.document["python"]["version"], "3.12.1");
}

fn interpreter(root: &Path, text: &str) -> Value {
    write(root, "env/pyvenv.cfg", "home = somewhere\n");
    script(&root.join("env/bin/python"), text);
    let mut request = of(root, "env/bin/python");
    request.deadline = Duration::from_secs(20);
    environment(&request).document["python"].clone()
}

#[test]
fn an_interpreter_is_asked_only_where_no_file_tells_and_only_for_so_long() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(
        interpreter(folder.path(), "echo Python 3.13.0")["version"],
        "3.13.0"
    );
    let started = clock();
    let python = interpreter(folder.path(), "exec sleep 1000");
    assert!(clock() - started < Duration::from_secs(10));
    assert_eq!(
        (python["kind"].as_str(), python.get("version")),
        (Some("venv"), None)
    );
}

#[test]
fn five_hundred_packages_and_their_digest_are_read_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    for number in 0..500 {
        package(&root.join("one"), &format!("package{number}"), "1.0");
        package(
            &root.join("two"),
            &format!("package{}", 499 - number),
            "1.0",
        );
    }
    write(root, "one/pyvenv.cfg", "version = 3.11.7");
    write(root, "two/pyvenv.cfg", "version = 3.11.7");
    let (one, two) = (
        environment(&of(root, "one/bin/python")),
        environment(&of(root, "two/bin/python")),
    );
    assert_eq!(one.document["dependencies"]["sources"][0]["count"], 500);
    assert_eq!(
        one.document["dependencies"]["digest"],
        two.document["dependencies"]["digest"]
    );
    assert_eq!(
        one.document["digest"], two.document["digest"],
        "equal environments have equal digests"
    );
    package(&root.join("two"), "package7", "1.1");
    fs::remove_dir_all(root.join("two/lib/python3.11/site-packages/package7-1.0.dist-info"))
        .expect("it goes");
    let changed = environment(&of(root, "two/bin/python"));
    assert_ne!(two.document["digest"], changed.document["digest"]);
    let lists = [one, changed].map(|capture| capture.dependencies.expect("packages"));
    let differences = diff(&lists[0], &lists[1]);
    let told: Vec<_> = differences
        .iter()
        .map(|difference| {
            (
                difference.key.as_str(),
                difference.before.as_deref(),
                difference.after.as_deref(),
            )
        })
        .collect();
    assert_eq!(told, [("package7", Some("1.0"), Some("1.1"))]);
}

#[test]
fn lock_files_are_found_up_to_the_top_of_the_repository_and_damage_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    write(
        root,
        "Cargo.lock",
        "[[package]]\nname = \"outside\"\nversion = \"1\"\n",
    );
    write(root, "top/.git/HEAD", "");
    write(
        root,
        "top/Cargo.lock",
        "[[package]]\nname = \"inside\"\nversion = \"1\"\n",
    );
    write(
        root,
        "top/a/uv.lock",
        "[[package]]\nname = \"near\"\nversion = \"2\"\n",
    );
    write(
        root,
        "top/uv.lock",
        "[[package]]\nname = \"far\"\nversion = \"2\"\n",
    );
    write(
        root,
        "top/package-lock.json",
        r#"{"packages":{"node_modules/a":{"version":"#,
    );
    write(root, "top/poetry.lock", "[[package]]\nname = \"a");
    let capture = environment(&of(&root.join("top/a"), "train"));
    assert_eq!(
        (packages(&capture, "cargo"), packages(&capture, "uv")),
        (&json!({ "inside": "1" }), &json!({ "near": "2" }))
    );
    assert_eq!(
        capture.document["dependencies"]["sources"][1]["path"],
        "a/uv.lock"
    );
    let missing: Vec<&str> = capture
        .missing
        .iter()
        .map(|missing| missing.what.as_str())
        .collect();
    assert_eq!(
        missing,
        [
            "dependencies of package-lock.json",
            "dependencies of poetry.lock"
        ]
    );
}

#[test]
fn the_program_is_hashed_and_found_as_a_shell_finds_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    write(root, "bin/train", "#!/bin/sh\n");
    fs::set_permissions(root.join("bin/train"), fs::Permissions::from_mode(0o755))
        .expect("its mode");
    let mut request = of(root, "train");
    request.variables.retain(|(name, _)| name != "PATH");
    request
        .variables
        .push(("PATH".into(), root.join("bin").into()));
    request.executable = Some("train".into());
    let capture = environment(&request);
    assert_eq!(
        capture.document["process"]["executable_hash"],
        format!("blake3:{}", blake3::hash(b"#!/bin/sh\n").to_hex())
    );
    write(root, "bin/train", "#!/bin/sh\ntrue\n");
    let changed = environment(&request);
    assert_ne!(
        changed.document["process"]["executable_hash"],
        capture.document["process"]["executable_hash"]
    );
    request.executable = Some("gone".into());
    assert_eq!(environment(&request).missing[0].what, "executable");
}
