//! The command line of `cargo xtask`.
//!
//! Every option that is accepted changes what happens: an unknown one is refused, never ignored.

use anyhow::{Context as _, bail};

use crate::steps;

/// Printed by `--help`; a test holds it against what [`parse`] accepts.
pub const USAGE: &str = "\
usage: cargo xtask test [OPTIONS]
  --quick             everything but fuzzing
  --only STEP         only this step (may be given several times)
  --fuzz-seconds N    seconds for each fuzz target, 10 when not given
  --soak              100,000 rounds of the crash suite (MLTRACK_CRASH_ROUNDS=100000), and of all that has a longer form
  --list              the steps, in order
  --help              this text
usage: cargo xtask wheel [--release]
                      the package for Python in the target folder's wheels/, for this machine or for others
";

/// Steps that are done only when `--only` names them.
const ASKED_FOR: &[&str] = &["mlflow-torch", "python-torch"];

/// Rounds of the crash suite under `--soak`.
pub const SOAK_ROUNDS: u32 = 100_000;

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Print how to use it.
    Help,
    /// Print the steps.
    List,
    /// Run the gate.
    Test(Options),
    /// Build the package for Python.
    Wheel { is_release: bool },
}

/// How to run the gate.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Leave fuzzing out.
    pub quick: bool,
    /// Run the crash suite with [`SOAK_ROUNDS`].
    pub soak: bool,
    /// Time for each fuzz target, in seconds.
    pub fuzz_seconds: u32,
    /// The steps to run; empty means all of them.
    pub only: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            quick: false,
            soak: false,
            fuzz_seconds: 10,
            only: Vec::new(),
        }
    }
}

impl Options {
    /// Whether the step of this name was asked for.
    pub fn selects(&self, step: &str) -> bool {
        if self.only.is_empty() {
            let is_left_out = ASKED_FOR.contains(&step) || (self.quick && step == "fuzz");
            !is_left_out
        } else {
            self.only.iter().any(|name| name == step)
        }
    }
}

/// Reads the arguments that follow `cargo xtask`.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> anyhow::Result<Request> {
    let mut arguments = arguments.into_iter();
    match arguments.next().as_deref() {
        Some("test") => {}
        Some("wheel") => return wheel(arguments),
        Some("help" | "--help" | "-h") | None => return Ok(Request::Help),
        Some(other) => bail!("no task {other:?}\n{USAGE}"),
    }
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--soak" => options.soak = true,
            "--only" => options.only.push(step_name(arguments.next())?),
            "--fuzz-seconds" => options.fuzz_seconds = seconds(arguments.next())?,
            "--list" => return Ok(Request::List),
            "--help" | "-h" => return Ok(Request::Help),
            other => bail!("no option {other:?}\n{USAGE}"),
        }
    }
    Ok(Request::Test(options))
}

fn wheel(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Request> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(Request::Wheel { is_release: false }),
        (Some("--release"), None) => Ok(Request::Wheel { is_release: true }),
        (Some(other), _) => bail!("wheel takes --release and nothing else, not {other:?}"),
    }
}

fn step_name(value: Option<String>) -> anyhow::Result<String> {
    let name = value.context("--only wants the name of a step")?;
    if steps::STEPS.iter().all(|step| step.name != name) {
        bail!("no step {name:?}; cargo xtask test --list shows them");
    }
    Ok(name)
}

fn seconds(value: Option<String>) -> anyhow::Result<u32> {
    let value = value.context("--fuzz-seconds wants a number")?;
    match value.parse() {
        Ok(seconds) if seconds > 0 => Ok(seconds),
        _ => bail!(
            "--fuzz-seconds wants a number above 0, not {value:?}: libFuzzer takes 0 for \"for ever\""
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> anyhow::Result<Request> {
        parse(line.split_whitespace().map(String::from))
    }

    fn options(line: &str) -> Options {
        match parsed(line).unwrap() {
            Request::Test(options) => options,
            other => panic!("{line} gave {other:?}"),
        }
    }

    #[test]
    fn quick_leaves_out_fuzzing_and_nothing_else() {
        let options = options("test --quick");
        let everything = Options::default();
        let left_out: Vec<_> = steps::STEPS
            .iter()
            .filter(|step| everything.selects(step.name) && !options.selects(step.name))
            .collect();
        assert_eq!(left_out.len(), 1);
        assert_eq!(left_out[0].name, "fuzz");
    }

    #[test]
    fn what_is_only_done_when_asked_for_is_a_step_and_selected_by_its_name_alone() {
        for name in ASKED_FOR {
            assert!(steps::STEPS.iter().any(|step| step.name == *name));
            assert!(!Options::default().selects(name));
            assert!(options(&format!("test --only {name}")).selects(name));
        }
    }

    #[test]
    fn only_selects_what_it_names_even_with_quick() {
        let options = options("test --quick --only fuzz --only fmt");
        assert!(options.selects("fuzz") && options.selects("fmt") && !options.selects("clippy"));
    }

    #[test]
    fn values_are_read() {
        let options = options("test --soak --fuzz-seconds 7");
        assert_eq!(
            options,
            Options {
                soak: true,
                fuzz_seconds: 7,
                ..Options::default()
            }
        );
    }

    #[test]
    fn a_wheel_is_for_this_machine_or_for_others() {
        let wheel = |is_release| Request::Wheel { is_release };
        assert_eq!(parsed("wheel").unwrap(), wheel(false));
        assert_eq!(parsed("wheel --release").unwrap(), wheel(true));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in [
            "wheel --fast",
            "wheel --release twice",
            "tset",
            "test --only nothing",
            "test --only",
            "test --fuzz-seconds 0",
            "test --fuzz-seconds x",
            "test --fast",
        ] {
            assert!(parsed(line).is_err(), "{line} was accepted");
        }
    }

    #[test]
    fn the_usage_text_lists_only_options_that_exist() {
        let of_test = USAGE.lines().skip(1);
        for line in of_test.take_while(|line| !line.starts_with("usage")) {
            let option = line
                .split_whitespace()
                .next()
                .expect("every line starts with its option");
            let value = match option {
                "--only" => "fmt",
                "--fuzz-seconds" => "1",
                _ => "",
            };
            assert!(
                parsed(&format!("test {option} {value}")).is_ok(),
                "{option} is not accepted"
            );
        }
    }
}
