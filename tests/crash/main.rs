//! Kills, stops, forks, copies and starves real processes on a real folder, and checks that nothing told is ever untold.
//!
//! The processes are `crash-victim` of `crates/log`, built here by a nested cargo call with the feature `failpoints`:
//! a dependency with that feature would be unified into the released binary. `MLTRACK_CRASH_VICTIM` names a built one.
//! `MLTRACK_CRASH_ROUNDS` is the number of kills at all named points together, a hundred each at least.
//! `docs/testing.md` maps the rules to tests.
//!
//! One `check::Store` per test owns the folder, the acknowledgements and the final judgement.

mod artifacts;
mod check;
mod compacting;
mod copies;
mod disk;
mod folder;
mod forks;
mod killed;
mod points;
mod process;
mod random;
#[path = "../../crates/artifact/tests/conformance/seaweed.rs"]
mod seaweed;
mod soak;
mod stopped;
mod trainers;
