//! Canaries: builds that get one step wrong. A suite that stays green under one of them tests nothing there.

use std::process::{Command, Stdio};
use std::time::Duration;

use mltrack_log::failpoint::CANARIES;

/// A wrong order shows only when another thread is late, so a witness may look more than once.
const ATTEMPTS: u32 = 30;

/// Which tests must notice a canary.
fn witness(canary: &str) -> &'static str {
    match canary {
        "publish-before-copy" => "sharing::handles_that_append_at_once",
        "one-slot" => "sharing::a_reader_beside_an_appender",
        "no-wake" => "sharing::a_waiting_reader",
        "unnamed-rolls" => "crash::records_of_a_segment_whose_name_was_lost",
        "no-folder-sync" => "crash::a_power_cut_at_any_operation",
        "no-new-epoch" | "no-lsn-gap" | "checkpoint-first" => "chain::",
        "no-poison" => "faults::a_failed_sync",
        "no-rewrite" => "faults::a_process_killed_after_a_failed_sync",
        "pack-unsynced" | "retire-first" => "crash::a_power_cut_while_segments_are_packed",
        "steal-lock" | "overtake-spool" => "faults::behind_a_stopped_holder",
        other => panic!("{other} has no test that must notice it"),
    }
}

/// Runs the witness of a canary in a process of its own. A hang is noticed as well as a failure.
fn is_noticed(canary: &str) -> bool {
    let program = std::env::current_exe().expect("a test knows its own program");
    let mut child = Command::new(program)
        .arg(witness(canary))
        .env("MLTRACK_CANARY", canary)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the test program starts");
    let deadline = mltrack_log::door::monotonic() + Duration::from_mins(1);
    loop {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return !status.success();
        }
        if mltrack_log::door::monotonic() > deadline {
            child.kill().expect("the child can be killed");
            child.wait().expect("the child can be waited for");
            return true;
        }
        std::thread::yield_now();
    }
}

#[test]
fn every_canary_makes_a_test_fail() {
    let unnoticed: Vec<_> = CANARIES
        .into_iter()
        .filter(|canary| !(0..ATTEMPTS).any(|_| is_noticed(canary)))
        .collect();
    assert!(unnoticed.is_empty(), "no test notices {unnoticed:?}");
}
