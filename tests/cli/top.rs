//! `mltrack top`: on a terminal, printed once, and refused where there is none.

use rustix::process::Signal;

use super::support::Folder;
use super::vt::Vt;

fn store() -> Folder {
    let folder = Folder::with_store();
    for lr in ["0.1", "0.2"] {
        let run = folder.ok(&["run", "start", "resnet", "-q", "-p", &format!("lr={lr}")]);
        let lines: Vec<String> = (0..50)
            .map(|step| format!("loss={} step={step}\n", 50 - step))
            .collect();
        let parse = r"loss=(?P<loss>\S+) step=(?P<step>\d+)";
        let said = folder.run_with(
            &["run", "log", run.trim(), "--parse", parse],
            &lines.concat(),
        );
        assert_eq!(said.code, 0, "{}", said.stderr);
        folder.ok(&["run", "end", run.trim()]);
    }
    folder
}

#[test]
fn the_program_takes_a_terminal_over_and_gives_it_back() {
    let folder = store();
    let mut vt = Vt::start(&folder.command(&["top", "resnet"]), (80, 24));
    vt.wait_for_text("2 done");
    vt.type_keys("/lr < 0.15\r");
    vt.wait_for_text("1 done");
    vt.type_keys("q");
    assert_eq!(vt.wait_end(), 0);
    assert!(vt.is_restored());
    let mut vt = Vt::start(&folder.command(&["top"]), (80, 24));
    vt.wait_for_text("2 done");
    vt.type_keys("\u{3}");
    assert_eq!(vt.wait_end(), 130);
    assert!(vt.is_restored());
}

#[test]
fn a_signal_ends_it_with_the_terminal_given_back_and_by_that_signal() {
    let folder = store();
    for (signal, end) in [(Signal::TERM, -15), (Signal::HUP, -1)] {
        let mut vt = Vt::start(&folder.command(&["top"]), (80, 24));
        vt.wait_for_text("2 done");
        vt.signal(signal);
        assert_eq!(
            vt.wait_end(),
            end,
            "it ends by the signal that asked for it"
        );
        assert!(vt.is_left());
        assert!(vt.is_restored());
    }
}

const LEAVES: &str = "\u{1b}[?1049l";
const ENTERS: &str = "\u{1b}[?1049h";

/// Stops it by Ctrl-Z, has the shell continue it, and quits.
fn stop_and_continue(mut vt: Vt) -> Vt {
    vt.wait_for_text("2 done");
    vt.type_keys("?");
    vt.wait_for_text("this help");
    vt.type_keys("\u{1a}");
    vt.wait_for_text("the shell again");
    assert!(vt.is_left());
    assert!(vt.is_restored());
    assert!(vt.last("the shell again") > vt.last(LEAVES));
    assert_eq!(vt.count(ENTERS), 1, "it is not running");
    vt.resize((100, 30));
    vt.type_keys("\n");
    vt.wait_for_text("this help");
    assert!(!vt.is_restored());
    vt.type_keys("q");
    vt.wait_for_text("it ended with 0");
    assert_eq!(vt.wait_end(), 0);
    assert!(vt.is_left());
    assert!(vt.is_restored());
    vt
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_draws_anew_where_it_was() {
    let folder = store();
    stop_and_continue(Vt::start_in_shell(&folder.command(&["top"]), (60, 20)));
}

#[test]
fn ctrl_z_stops_whoever_started_it_as_well() {
    let folder = store();
    let script = r#""$@"; echo "its starter ended""#;
    let starter = ["sh", "-c", script, "sh"];
    let vt = Vt::start_by(&starter, &folder.command(&["top"]), (60, 20));
    assert!(stop_and_continue(vt).last("its starter ended").is_some());
}

#[test]
fn ctrl_z_where_no_shell_could_continue_it_goes_on() {
    let folder = store();
    let mut vt = Vt::start(&folder.command(&["top"]), (60, 20));
    vt.wait_for_text("2 done");
    vt.type_keys("\u{1a}?");
    vt.wait_for_text("this help");
    vt.type_keys("q");
    assert_eq!(vt.wait_end(), 0);
    assert!(vt.count(ENTERS) >= 2, "the terminal was taken over again");
    assert!(vt.is_left());
    assert!(vt.is_restored());
}

#[test]
fn a_terminal_without_a_cursor_to_move_is_told_what_does() {
    let folder = store();
    let mut command = folder.command(&["top"]);
    command.env("TERM", "dumb");
    let mut vt = Vt::start(&command, (80, 24));
    assert_eq!(vt.wait_end(), 2);
    assert!(vt.last("mltrack top --once").is_some());
    assert_eq!(vt.count(ENTERS), 0);
}

#[test]
fn one_screen_is_printed_without_a_terminal() {
    let folder = store();
    let screen = folder.ok(&["top", "--once"]);
    assert!(
        screen.contains("2 done") && screen.contains("loss"),
        "{screen}"
    );
    assert!(!screen.contains('\u{1b}'), "{screen:?}");
    let screen = folder.ok(&["top", "-f", "lr < 0.15", "--once"]);
    assert!(screen.contains("1 done"), "{screen}");
}

#[test]
fn what_cannot_be_shown_is_refused_before_the_terminal_is_touched() {
    let folder = store();
    let said = folder.run(&["top"]);
    assert_eq!((said.stdout.as_str(), said.code), ("", 2));
    assert!(
        said.stderr.contains("mltrack top --once"),
        "{}",
        said.stderr
    );
    assert_eq!(folder.run(&["top", "resnt", "--once"]).code, 3);
    let said = folder.run(&["top", "-f", "loss <"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("bad filter"), "{}", said.stderr);
}
