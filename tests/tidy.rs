//! The house rules, as tests over the repository itself: nobody argues with a failing test that names the replacement.
//!
//! The checkers are functions of text (`scan`, `text`, `graph`), each tested on text that breaks its rule; here they
//! meet the real files. A rule that would pass because it looked at nothing fails instead.

#[path = "tidy/graph.rs"]
mod graph;
#[path = "tidy/scan.rs"]
mod scan;
#[path = "tidy/text.rs"]
mod text;

use std::fs;
use std::path::Path;
use std::process::Command;

use text::Source;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const RUST_FOLDERS: &[&str] = &["crates/", "tests/", "benches/", "examples/", "fuzz/"];
const TEXT_ENDINGS: &[&str] = &["rs", "md", "toml", "py", "sh", "yml", "yaml", "run"];
const FOLDERS_SKIPPED: &[&str] = &["target", ".git", ".mltrack", "node_modules"];

/// Every text file below `folder`, with its path from the root. Links are not followed.
fn collect(folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("the repository can be read") {
        let entry = entry.expect("the repository can be read");
        let (path, kind) = (
            entry.path(),
            entry
                .file_type()
                .expect("the file system tells what a name is"),
        );
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() && !FOLDERS_SKIPPED.contains(&name.as_str()) {
            collect(&path, sources);
        } else if kind.is_file()
            && TEXT_ENDINGS.contains(&name.rsplit('.').next().unwrap_or_default())
        {
            let relative = path
                .strip_prefix(ROOT)
                .expect("the walk starts at the root");
            let text = fs::read(&path).expect("the repository can be read");
            sources.push(Source::new(
                &relative.to_string_lossy(),
                &String::from_utf8_lossy(&text),
            ));
        }
    }
}

fn text_files() -> Vec<Source> {
    let mut sources = Vec::new();
    collect(Path::new(ROOT), &mut sources);
    assert!(
        sources.iter().any(|source| source.path == "docs/style.md"),
        "the walk missed docs/style.md"
    );
    sources
}

fn rust_files() -> Vec<Source> {
    let mut sources = text_files();
    sources.retain(|source| {
        Path::new(&source.path)
            .extension()
            .is_some_and(|ending| ending == "rs")
            && RUST_FOLDERS
                .iter()
                .any(|folder| source.path.starts_with(folder))
    });
    for must in [
        "tests/tidy.rs",
        "crates/log/src/lib.rs",
        "crates/cli/main.rs",
    ] {
        assert!(
            sources.iter().any(|source| source.path == must),
            "the walk missed {must}"
        );
    }
    sources
}

fn check(sources: &[Source], rule: fn(&Source) -> Vec<String>) {
    let problems: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(
        problems.is_empty(),
        "{} places break a house rule:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

fn metadata() -> serde_json::Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(ROOT)
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn check_graph(rule: fn(&graph::Package) -> Vec<String>) {
    let packages = graph::packages(&metadata());
    for must in ["mltrack", "mltrack-cli", "mltrack-event", "mltrack-log"] {
        assert!(
            packages.iter().any(|package| package.name == must),
            "cargo metadata misses {must}"
        );
    }
    let problems: Vec<String> = packages.iter().flat_map(rule).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn crates_use_only_the_crates_the_architecture_gives_them() {
    check_graph(graph::arrows);
}

#[test]
fn crates_stay_without_the_dependencies_they_must_not_know() {
    check_graph(graph::absences);
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    check(&rust_files(), text::module_head);
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    check(&rust_files(), text::file_length);
}

#[test]
fn no_function_is_longer_than_seventy_lines() {
    check(&rust_files(), text::function_length);
}

#[test]
fn nothing_unfinished_is_left_behind() {
    check(&rust_files(), text::leftovers);
}

#[test]
fn no_test_is_ignored() {
    check(&rust_files(), text::ignored_tests);
}

#[test]
fn no_test_sleeps() {
    check(&rust_files(), text::sleeping_tests);
}

#[test]
fn unsafe_code_stays_in_the_log() {
    check(&rust_files(), text::unsafe_code);
}

#[test]
fn the_library_prints_nothing() {
    check(&rust_files(), text::prints);
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    check(&text_files(), text::machine_paths);
}

#[test]
fn layout_constants_were_read_against_the_format_page() {
    let page =
        fs::read(Path::new(ROOT).join("docs/format.md")).expect("docs/format.md draws the bytes");
    let layout = fs::read_to_string(Path::new(ROOT).join("crates/log/src/layout.rs"))
        .expect("crates/log/src/layout.rs holds the constants of docs/format.md");
    if let Err(problem) = text::format_guard(&page, &layout) {
        panic!("{problem}");
    }
}
