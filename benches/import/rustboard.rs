//! The peer: `RustBoard`, which reads event files for `TensorBoard`'s page.
//!
//! Invariant: the time is the one that it tells itself, of its first load and nothing else, so that starting it does not
//! count.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Where its program is, if anywhere.
pub fn program() -> Option<PathBuf> {
    if let Some(named) = env::var_os("MLTRACK_RUSTBOARD") {
        return Some(named.into());
    }
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    let versions = std::fs::read_dir(cache.join("mltrack/import/lib")).ok()?;
    let mut programs = versions.flatten().map(|version| {
        version
            .path()
            .join("site-packages/tensorboard_data_server/bin/server")
    });
    programs.find(|program| program.is_file())
}

/// Seconds of one load of a folder. With `keeps_all` it keeps every scalar, as we do; else the thousand of a series that
/// it keeps by itself.
pub fn load(program: &Path, folder: &Path, keeps_all: bool) -> Result<f64> {
    let mut command = Command::new(program);
    command
        .arg("--logdir")
        .arg(folder)
        .args(["--reload", "once", "--port", "0", "-v"]);
    if keeps_all {
        command.args(["--samples-per-plugin", "scalars=all"]);
    }
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut process = command
        .stderr(Stdio::piped())
        .spawn()
        .context("start RustBoard")?;
    let told = process.stderr.take().context("it has a stderr")?;
    let mut found = None;
    for line in BufReader::new(told).lines() {
        let line = line?;
        if let Some((_, rest)) = line.split_once("Finished load cycle (") {
            found = rest.split(')').next().map(str::to_owned);
            break;
        }
    }
    process.kill().ok();
    process.wait()?;
    match found {
        Some(text) => seconds(&text),
        None => bail!("RustBoard ended without having loaded the folder"),
    }
}

/// A length as Rust prints it: `1.5s`, `20.1ms`.
fn seconds(text: &str) -> Result<f64> {
    let units = [("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9), ("s", 1.0)];
    let unit = units
        .iter()
        .find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size)));
    let (number, size) = unit.with_context(|| format!("{text:?} is no length"))?;
    Ok(number.parse::<f64>()? * size)
}
