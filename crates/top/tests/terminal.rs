//! The view on a terminal: it draws, obeys keys and signals, and leaves the terminal as it was.
//!
//! The program on the terminal is this test itself, told by a variable to be the view.

#[path = "support/sample.rs"]
mod sample;
#[path = "support/vt.rs"]
mod vt;

use std::path::Path;
use std::process::Command;

use mltrack::Tracker;
use mltrack_top::{Ended, Options};
use rustix::process::Signal;
use vt::Vt;

/// Names the store of the view.
const STORE: &str = "MLTRACK_TOP_TEST_STORE";
/// Makes it panic after a while.
const PANICS: &str = "MLTRACK_TOP_TEST_PANICS";

#[test]
fn the_view_itself_when_this_is_the_program_on_the_terminal() {
    let Some(path) = std::env::var_os(STORE) else {
        return;
    };
    let tracker = Tracker::builder(path).read_only(true).open().unwrap();
    if std::env::var_os(PANICS).is_some() {
        let watched = tracker.clone();
        std::thread::spawn(move || {
            // What comes to the store next is the sign.
            watched.tail().follow().next();
            panic!("as it was told to");
        });
    }
    let options = Options {
        store: "digits".to_owned(),
        ..Options::default()
    };
    match mltrack_top::run(tracker, &options).unwrap() {
        Ended::Quit => println!("ended by quitting"),
        Ended::Interrupted => println!("ended by an interrupt"),
        Ended::Signal(signal) => println!("ended by signal {signal}"),
    }
}

fn view(path: &Path, size: (u16, u16), variables: &[(&str, &str)]) -> Vt {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = "the_view_itself_when_this_is_the_program_on_the_terminal";
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command.env(STORE, path).envs(variables.iter().copied());
    Vt::start(command, size)
}

struct Store {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
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

#[test]
fn keys_filters_sizes_and_new_runs_are_drawn_and_q_gives_the_terminal_back() {
    let store = store();
    let mut vt = view(&store.path, (60, 20), &[]);
    vt.wait_for_text("bold-ant");
    assert!(!vt.is_restored(), "keys are read one by one");
    vt.type_keys("/red");
    vt.wait_for("only one run", |screen| {
        screen.contains("red-oak") && !screen.contains("shy-fox")
    });
    vt.type_keys(" <");
    vt.wait_for_text("^");
    vt.type_keys("\u{1b}");
    vt.wait_for_text("shy-fox");
    vt.resize((120, 40));
    vt.wait_for_text("machine");
    vt.resize((40, 10));
    vt.wait_for_text("the terminal is 40x10");
    vt.resize((100, 30));
    vt.wait_for_text("shy-fox");
    let run = store
        .tracker
        .experiment("late")
        .unwrap()
        .start_run()
        .unwrap();
    vt.wait_for_text(&run.id().short());
    vt.type_keys("?");
    vt.wait_for_text("this help");
    vt.type_keys("q");
    assert_eq!(vt.wait_end(), 0);
    vt_is_left(&mut vt, "ended by quitting");
    run.finish().unwrap();
}

/// The other screen is left, the cursor is seen, and the modes are those of before.
fn vt_is_left(vt: &mut Vt, words: &str) {
    vt.wait_for(words, |_| true);
    assert!(vt.has_written("\u{1b}[?1049l") && vt.has_written("\u{1b}[?25h"));
    assert!(vt.is_restored());
}

#[test]
fn signals_and_ctrl_c_give_the_terminal_back() {
    let store = store();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut vt = view(&store.path, (80, 24), &[]);
        vt.wait_for_text("bold-ant");
        vt.signal(signal);
        assert_eq!(vt.wait_end(), 0, "the test's program says how it ended");
        vt_is_left(&mut vt, "ended by");
    }
    let mut vt = view(&store.path, (80, 24), &[]);
    vt.wait_for_text("bold-ant");
    vt.type_keys("\u{3}");
    assert_eq!(vt.wait_end(), 0);
    vt_is_left(&mut vt, "ended by an interrupt");
}

#[test]
fn ctrl_z_stops_with_the_terminal_given_back_and_goes_on_where_it_was() {
    let store = store();
    let mut vt = view(&store.path, (60, 20), &[]);
    vt.wait_for_text("bold-ant");
    vt.type_keys("?");
    vt.wait_for_text("this help");
    vt.type_keys("\u{1a}");
    vt.wait_stopped();
    assert!(vt.is_restored());
    // What a shell prints in between is gone when the view is back.
    vt.resize((70, 22));
    vt.signal(Signal::CONT);
    vt.wait_for_text("this help");
    assert!(!vt.is_restored());
    vt.type_keys("q");
    assert_eq!(vt.wait_end(), 0);
    assert!(vt.is_restored());
}

#[test]
fn a_panic_of_any_thread_leaves_the_terminal_readable() {
    let store = store();
    let mut vt = view(&store.path, (80, 24), &[(PANICS, "1")]);
    vt.wait_for_text("bold-ant");
    let run = store
        .tracker
        .experiment("late")
        .unwrap()
        .start_run()
        .unwrap();
    vt.wait_for_text("as it was told to");
    assert!(vt.has_written("\u{1b}[?1049l"));
    assert_ne!(vt.wait_end(), 0);
    assert!(vt.is_restored());
    run.finish().unwrap();
}
