//! A process for the crash suite to kill: it writes or follows a store and says what it knows in files.
//!
//! Built by `tests/crash` with the feature `failpoints`, so that no other build has kill points in it.
//! Invariants: an acknowledgement is written, unbuffered, after the append returned and before the next one begins, so
//! a killed victim has acknowledged everything it was told except possibly its last batch; a record names its client
//! and its number, and a client counts from 0.
//!
//! ```text
//! crash-victim write STORE client=N acks=FILE [big=1] [sync=K] [interval_ms=N] [wait_ms=N] [fork=sleep|append]
//! crash-victim tail STORE out=FILE
//! crash-victim compact STORE [keep_ms=N] [background=1]
//! ```
//! A writer takes `go N` (append N batches), `big` (one that rolls), `sync`, `fork`, `stalled` and the end of its input,
//! at which it closes; it answers each with a line. A compactor takes `go N` (compact N times).

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use mltrack_log::OpenOptions;

mod compact;
mod tail;
mod write;

/// The named arguments.
struct Arguments(HashMap<String, String>);

impl Arguments {
    fn number(&self, name: &str) -> Option<u64> {
        let text = self.0.get(name)?;
        Some(
            text.parse()
                .unwrap_or_else(|_| panic!("{name}={text} is no number")),
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(
            self.0
                .get(name)
                .unwrap_or_else(|| panic!("{name}= is missing")),
        )
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Small segments, so that everything about rolling and sealing happens often.
    fn options(&self) -> OpenOptions {
        let millis = |name, default| Duration::from_millis(self.number(name).unwrap_or(default));
        OpenOptions {
            segment_len: self.number("segment").map_or(4096, |len| len as u32),
            lock_wait: millis("wait_ms", 5_000),
            sync_interval: millis("interval_ms", 3_600_000),
            ..OpenOptions::default()
        }
    }
}

/// Answers the suite, which waits for the line.
fn say(line: &str) {
    let mut output = std::io::stdout();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .expect("the suite reads our answers");
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [role, store, rest @ ..] = words.as_slice() else {
        eprintln!("usage: crash-victim write|tail|compact STORE NAME=VALUE..");
        return ExitCode::from(2);
    };
    let pairs = rest.iter().filter_map(|word| word.split_once('='));
    let arguments = pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let (store, arguments) = (Path::new(store), Arguments(arguments));
    let done = match role.as_str() {
        "tail" => tail::run(store, &arguments),
        "compact" => compact::run(store, &arguments),
        _ => write::run(store, &arguments),
    };
    if let Err(error) = done {
        // The suite takes an error that it did not ask for as the reason of a failed round.
        let word = if arguments.word("fails").is_some() {
            "failed"
        } else {
            "error"
        };
        say(&format!("{word} {error:?}"));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
