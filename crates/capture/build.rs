//! Records which compiler builds the program that links this crate, so that a run can say so without starting one.
//!
//! Invariant: a compiler that does not answer leaves the facts empty; the build never fails because of them.

use std::process::Command;

/// What `rustc -vV` says under `name`.
fn fact<'a>(answer: &'a str, name: &str) -> &'a str {
    let mut lines = answer.lines();
    lines
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_default()
        .trim()
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RUSTC");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer = Command::new(compiler)
        .arg("-vV")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let setting = |name: &str| std::env::var(name).unwrap_or_default();
    for (name, value) in [
        ("VERSION", fact(&answer, "release:").to_owned()),
        ("COMMIT", fact(&answer, "commit-hash:").to_owned()),
        ("TARGET", setting("TARGET")),
        ("PROFILE", setting("PROFILE")),
    ] {
        println!("cargo:rustc-env=MLTRACK_RUST_{name}={value}");
    }
}
