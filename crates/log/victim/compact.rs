//! The compactor: packs what there is to pack, over and over, beside writers and tailers.

use std::io::BufRead as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mltrack_log::{CompactOptions, CompactReport, LogError, PlainPacker, Result, compact, door};

use crate::{Arguments, say};

/// How long another compactor may take.
const TURN_WAIT: Duration = Duration::from_secs(20);

/// Compacts as often as it is told and answers with the segments packed; ends with the input.
pub fn run(store: &Path, arguments: &Arguments) -> Result<()> {
    let defaults = CompactOptions::new(Arc::new(PlainPacker));
    let keep = arguments.number("keep_ms").map(Duration::from_millis);
    let options = CompactOptions {
        keep_replaced: keep.unwrap_or(defaults.keep_replaced),
        is_background: arguments.word("background").is_some(),
        ..defaults
    };
    say("open 0 0");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("the suite writes text");
        let Some(count) = line.strip_prefix("go ") else {
            break;
        };
        let count: u64 = count.parse().expect("go takes a number");
        let mut packed = 0;
        for _ in 0..count {
            packed += compact_in_turn(store, arguments, &options)?.packed;
        }
        say(&format!("done {packed}"));
    }
    say("closed");
    Ok(())
}

/// Compacts when no other compactor does. A child that one forked in the moment of its death holds its locks until it
/// has come to let go of them, which is as late as the system first runs it.
fn compact_in_turn(
    store: &Path,
    arguments: &Arguments,
    options: &CompactOptions<'_>,
) -> Result<CompactReport> {
    let start = door::monotonic();
    loop {
        match compact(store, arguments.options(), options) {
            Err(LogError::Busy { .. }) if start.elapsed() < TURN_WAIT => std::thread::yield_now(),
            outcome => return outcome,
        }
    }
}
