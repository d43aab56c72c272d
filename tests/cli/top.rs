//! `mltrack top`: on a terminal, printed once, and refused where there is none.

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
    let mut vt = Vt::start(folder.command(&["top", "resnet"]), (80, 24));
    vt.wait_for_text("2 done");
    vt.type_keys("/lr < 0.15\r");
    vt.wait_for_text("1 done");
    vt.type_keys("q");
    assert_eq!(vt.wait_end(), 0);
    assert!(vt.is_restored());
    let mut vt = Vt::start(folder.command(&["top"]), (80, 24));
    vt.wait_for_text("2 done");
    vt.type_keys("\u{3}");
    assert_eq!(vt.wait_end(), 130);
    assert!(vt.is_restored());
    let mut vt = Vt::start(folder.command(&["top"]), (80, 24));
    vt.wait_for_text("2 done");
    vt.signal(rustix::process::Signal::TERM);
    assert_eq!(
        vt.wait_end(),
        -15,
        "it ends by the signal that asked for it"
    );
    assert!(vt.is_restored());
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
