//! The view on a terminal: it draws, obeys keys and signals, and leaves the terminal as it was.
//!
//! The program on the terminal is this test itself, told by a variable to be the view. How the whole program stops and
//! goes on in a shell is in the tests of the command line.
//!
//! Invariant: whatever is waited for is drawn, written or ended by the view, and nothing else is a sign.

#[path = "support/sample.rs"]
mod sample;
#[expect(dead_code, reason = "the command line's tests do more with it")]
#[path = "support/vt.rs"]
mod vt;

use std::path::{Path, PathBuf};
use std::process::Command;

use mltrack::Tracker;
use mltrack_top::{Ended, Options};
use rustix::process::Signal;
use signal_hook::consts::SIGUSR1;
use signal_hook::iterator::Signals;
use vt::Vt;

/// Names the store of the view.
const STORE: &str = "MLTRACK_TOP_TEST_STORE";
const LEAVES: &str = "\u{1b}[?1049l";

#[test]
fn the_view_itself_when_this_is_the_program_on_the_terminal() {
    let Some(path) = std::env::var_os(STORE) else {
        return;
    };
    let tracker = Tracker::builder(path).read_only(true).open().unwrap();
    panic_when_told();
    let options = Options {
        store: "digits".to_owned(),
        ..Options::default()
    };
    match mltrack_top::run(tracker, &options) {
        Ok(Ended::Quit) => println!("ended by quitting"),
        Ok(Ended::Interrupted) => println!("ended by an interrupt"),
        Ok(Ended::Signal(signal)) => println!("ended by signal {signal}"),
        Err(error) => println!("failed: {error}"),
    }
}

/// A thread of the view's process panics at the signal that nobody else has a meaning for.
fn panic_when_told() {
    let mut signals = Signals::new([SIGUSR1]).unwrap();
    std::thread::spawn(move || {
        let told = signals.forever().next();
        panic!("as it was told to: {told:?}");
    });
}

fn view(path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = "the_view_itself_when_this_is_the_program_on_the_terminal";
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command.env(STORE, path).env_remove("RUST_BACKTRACE");
    command
}

struct Store {
    _folder: tempfile::TempDir,
    path: PathBuf,
    tracker: Tracker,
}

fn store() -> Store {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".mltrack");
    let tracker = sample::make(&path).unwrap();
    Store {
        _folder: folder,
        path,
        tracker,
    }
}

/// Ends with these words on the screen of before, and the terminal as a shell wants it.
fn check_end(vt: &mut Vt, words: &str) {
    assert_eq!(vt.wait_end(), 0, "the test's program says how it ended");
    assert!(vt.is_left());
    assert!(vt.is_restored());
    assert!(vt.last(words) > vt.last(LEAVES), "{words}");
}

#[test]
fn keys_filters_and_new_runs_are_drawn_and_q_gives_the_terminal_back() {
    let store = store();
    let mut vt = Vt::start(&view(&store.path), (60, 20));
    vt.wait_for_text("bold-ant");
    assert!(!vt.is_restored(), "keys are read one by one");
    vt.type_keys("/red");
    vt.wait_for("only one run", |screen| {
        screen.contains("red-oak") && !screen.contains("bold-ant")
    });
    vt.type_keys(" <");
    vt.wait_for_text("^");
    vt.type_keys("\u{1b}");
    vt.wait_for_text("bold-ant");
    let late = store.tracker.experiment("late").unwrap();
    let run = late.start_run().unwrap();
    // The cursor stays on its run, and what starts above it is told in the first line.
    vt.wait_for_text("4 running");
    vt.type_keys("?");
    vt.wait_for_text("this help");
    vt.type_keys("q");
    check_end(&mut vt, "ended by quitting");
    run.finish().unwrap();
}

#[test]
fn another_size_of_the_terminal_is_another_layout() {
    let store = store();
    let mut vt = Vt::start(&view(&store.path), (60, 20));
    vt.wait_for_text("bold-ant");
    vt.resize((120, 40));
    let wide = vt.wait_for_text("machine");
    assert!(wide.lines().any(|line| line.chars().count() > 60), "{wide}");
    vt.resize((40, 10));
    vt.wait_for_text("the terminal is 40x10");
    vt.resize((0, 0));
    vt.resize((100, 30));
    vt.wait_for_text("shy-fox");
    vt.type_keys("q");
    check_end(&mut vt, "ended by quitting");
}

#[test]
fn signals_and_ctrl_c_give_the_terminal_back() {
    let store = store();
    for (signal, words) in [
        (Signal::TERM, "ended by signal 15"),
        (Signal::HUP, "ended by signal 1"),
        (Signal::QUIT, "ended by signal 3"),
        (Signal::INT, "ended by an interrupt"),
    ] {
        let mut vt = Vt::start(&view(&store.path), (80, 24));
        vt.wait_for_text("bold-ant");
        vt.signal(signal);
        check_end(&mut vt, words);
    }
    let mut vt = Vt::start(&view(&store.path), (80, 24));
    vt.wait_for_text("bold-ant");
    vt.type_keys("\u{3}");
    check_end(&mut vt, "ended by an interrupt");
}

#[test]
fn a_panic_of_any_thread_is_read_on_the_screen_of_before() {
    let store = store();
    let mut vt = Vt::start(&view(&store.path), (80, 24));
    vt.wait_for_text("bold-ant");
    vt.signal(Signal::USR1);
    check_end(&mut vt, "failed: a thread of the view panicked");
    assert_eq!(
        vt.count(LEAVES),
        1,
        "it is left once: {:?}",
        vt.count(LEAVES)
    );
    let said = vt.last("as it was told to");
    assert!(said > vt.last(LEAVES), "after the view's screen is gone");
    assert!(said < vt.last("failed: a thread of the view panicked"));
}

#[test]
fn a_terminal_that_goes_away_ends_the_view() {
    let store = store();
    let mut vt = Vt::start(&view(&store.path), (80, 24));
    vt.wait_for_text("bold-ant");
    vt.hang_up();
    // Nobody is left who could be told how.
    vt.wait_end();
}
