//! Runs the selected steps and reports: a header before each, a table of timings at the end.
//!
//! The last line is `N passed, N failed`, the sum over all test binaries, so that a log's end shows that tests ran.

use std::time::Duration;

use crate::options::Options;
use crate::process::{TestCounts, now};
use crate::steps::{Outcome, STEPS, Step};

struct Row {
    name: &'static str,
    verdict: String,
    took: Duration,
}

/// Runs the gate and answers whether every step that ran passed.
pub fn run(options: &Options) -> bool {
    let start = now();
    let mut rows = Vec::new();
    let mut counts = TestCounts::default();
    let mut passed = true;
    for step in STEPS.iter().filter(|step| options.selects(step.name)) {
        println!("\n=== {}: {}", step.name, step.about);
        let step_start = now();
        let result = (step.run)(options);
        let took = step_start.elapsed();
        passed = result.is_ok();
        rows.push(Row {
            name: step.name,
            verdict: verdict(&result, &mut counts),
            took,
        });
        if let Err(error) = result {
            print_failure(step, &error, took);
            break;
        }
        println!("--- {} took {:.1} s", step.name, took.as_secs_f64());
    }
    print_table(&rows, start.elapsed());
    // A failure outside the test runners is one failed check as well, so the last line never looks green by mistake.
    let failed = counts.failed + u64::from(!passed && counts.failed == 0);
    if counts.passed + failed > 0 {
        println!(
            "\n{} passed, {failed} failed, {} skipped",
            counts.passed, counts.ignored
        );
    }
    passed
}

fn verdict(result: &anyhow::Result<Outcome>, counts: &mut TestCounts) -> String {
    match result {
        Ok(Outcome::Passed) => "ok".into(),
        Ok(Outcome::Tested(more)) => {
            *counts = counts.plus(*more);
            format!("ok, {} tests", more.passed)
        }
        Ok(Outcome::Noted(note)) => format!("ok, {note}"),
        Ok(Outcome::Skipped(why)) => format!("SKIPPED: {why}"),
        Err(_) => "FAILED".into(),
    }
}

fn print_failure(step: &Step, error: &anyhow::Error, took: Duration) {
    println!(
        "\nFAILED: {} after {:.1} s: {error:#}",
        step.name,
        took.as_secs_f64()
    );
    println!("only this step: cargo xtask test --only {}", step.name);
}

fn print_table(rows: &[Row], total: Duration) {
    println!("\n{:<12} {:>9}  result", "step", "seconds");
    for row in rows {
        println!(
            "{:<12} {:>9.1}  {}",
            row.name,
            row.took.as_secs_f64(),
            row.verdict
        );
    }
    println!("{:<12} {:>9.1}", "total", total.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_step_is_never_shown_as_passed() {
        let mut counts = TestCounts::default();
        assert_eq!(
            verdict(&Ok(Outcome::Skipped("no toolchain".into())), &mut counts),
            "SKIPPED: no toolchain"
        );
        assert_eq!(verdict(&Err(anyhow::anyhow!("no")), &mut counts), "FAILED");
        assert_eq!(counts, TestCounts::default());
    }

    #[test]
    fn tests_are_summed_over_steps() {
        let mut counts = TestCounts::default();
        let tested = || {
            Ok(Outcome::Tested(TestCounts {
                passed: 3,
                failed: 0,
                ignored: 0,
            }))
        };
        verdict(&tested(), &mut counts);
        assert_eq!(verdict(&tested(), &mut counts), "ok, 3 tests");
        assert_eq!(counts.passed, 6);
    }
}
