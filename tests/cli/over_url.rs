//! `-C http://..`: every command that looks says the same over an address as on the folder, and nothing else is done
//! there.

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::process::Command;

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::serving::Serving;
use super::support::{Folder, Said};

const PAGE: &str = include_str!("../../docs/cli.md");

/// A store with something of every kind in it.
pub fn full_store() -> Folder {
    let folder = Folder::with_store();
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    file("rows.csv", "x,label\n1,a\n2,b\n3,a\n4,b\n");
    file("more.csv", "x,label\n1,a\n2,b\n3,a\n4,b\n5,a\n");
    folder.ok(&[
        "exp",
        "new",
        "resnet",
        "--goal",
        "loss:min",
        "-t",
        "team=vision",
    ]);
    let script = "echo one; echo two >&2; echo 'loss=nan'";
    for lr in ["0.1", "0.2"] {
        let param = format!("lr={lr}");
        folder.ok(&[
            "run", "exec", "resnet", "-p", &param, "--", "sh", "-c", script,
        ]);
    }
    let run = folder.start_run("resnet");
    for step in 0..20_i32 {
        let point = format!("loss={}", 1.0 / f64::from(step + 1));
        folder.ok(&["run", "log", &run, &point, "--step", &step.to_string()]);
    }
    for name in ["model.pt", "model.pt", "ckpt/1.pt"] {
        let words = ["artifact", "put", &run, "-", "--name", name];
        assert_eq!(
            folder.run_with(&words, &format!("bytes of {name}\n")).code,
            0
        );
    }
    folder.ok(&[
        "dataset", "add", "digits", "rows.csv", "--bump", "minor", "-t", "gold",
    ]);
    folder.ok(&[
        "dataset",
        "add",
        "digits",
        "more.csv",
        "--parent",
        "digits@v1",
    ]);
    folder.ok(&["dataset", "use", &run, "digits@v1"]);
    let artifact = format!("{run}/model.pt");
    folder.ok(&[
        "model",
        "add",
        "net",
        "--artifact",
        &artifact,
        "--flavour",
        "pytorch",
    ]);
    folder.ok(&["model", "alias", "net@v1", "prod"]);
    folder.ok(&["lineage", "link", "external:s3://raw", "dataset:digits@v1"]);
    folder.ok(&["run", "end", &run]);
    folder.ok(&["snapshot", "create"]);
    folder
}

/// Lines for every command that looks: as a script gives them, with forms, with an answer that is no, with a mistake.
const LINES: &[&str] = &[
    "runs",
    "runs resnet -f loss<0.9 --sort -loss --cols loss,loss.min@step,=lr --top 2 --json",
    "runs --group =lr --csv",
    "runs resnt",
    "runs resnt --json",
    "runs -f loss<<1",
    "runs -f loss>5 --exit-status",
    "runs --limit 1",
    "runs --json=?",
    "runs --json=nothing",
    "run show @last",
    "run show @best --json",
    "exp ls --all",
    "exp show resnet --md",
    "dataset ls",
    "dataset show digits@gold --json",
    "dataset sample digits --count 2 --seed 7",
    "dataset split digits@v1 --into train=0.5,test=0.5 --seed 7",
    "dataset split digits@v1 --into a=0.5,b=0.5 --files parts --dry-run",
    "dataset diff digits@v1 digits@v2 --exit-status",
    "dataset get digits@v1 --into got --dry-run",
    "dataset get nobody --json",
    "dataset get digits@v9",
    "dataset get digits --json=?",
    "model ls --ndjson",
    "model show net@prod",
    "model get net@prod got --dry-run --json",
    "model get nobody",
    "metrics @last",
    "plot @last loss --format svg",
    "plot resnet loss --kind groups --by lr --json",
    "plot @last loss --context subset=val --json",
    "plot @last los --json",
    "plot @last loss -o chart.pdf",
    "metrics @last lo* --steps 3..7 --csv",
    "metrics @last loss --plot --log",
    "metrics @last --stats",
    "compare resnet/1 resnet/2",
    "compare resnet/1 resnet/2 --env --json",
    "compare resnet/1",
    "lineage model:net@prod --up --depth 3",
    "lineage dataset:digits@v1 --impact --json",
    "lineage exp:resnet --format dot",
    "console resnet/1 --grep o -n 1 --around 1",
    "console resnet/1 --json",
    "search resnet",
    "search nothing of this --exit-status",
    "stats --json=events,runs,points,metrics,largest",
    "top --once",
    "top resnet -f loss<0.9 --once --theme light",
    "top resnt --once",
    "tail",
    "tail -n 3 --format %o:%e:%n=%v",
    "tail @last --ndjson --from start",
    "log",
    "log --points --type metrics_logged",
    "replay --check --json=projector,same,events,differences",
    "verify --deep",
    "verify --artifacts --json",
    "artifact ls",
    "artifact ls @last model.pt --all --json",
    "artifact get @last --dry-run",
    "artifact get @last nothing",
    "artifact get @last ckpt/* --dry-run --json",
    "artifact get nobody --json",
    "artifact cat @last model.pt@v1",
    "artifact cat @last nothing",
    "artifact verify @last",
    "artifact link @last model.pt",
    "op log",
    "op log --all --json",
    "snapshot ls",
    "snapshot verify",
    "export events",
    "export metrics resnet --format csv",
    "export runs",
    "export runs --format json",
    "export runs --format latex --at 3",
    "export metrics --format sqlite",
    "env show resnet/1 --json",
    "env show resnet/1 --patch",
    "env diff resnet/1 resnet/2",
    "env diff resnet/1 resnet/2 --exit-status --json",
];

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// The commands that `docs/cli.md` says look; a test beside the table compares that with the table.
fn commands_that_look() -> Vec<&'static str> {
    let line = PAGE.lines().find(|line| line.starts_with("These look: "));
    let line = line.unwrap().split_once(": ").unwrap().1;
    line.split('`').skip(1).step_by(2).collect()
}

fn told(said: &Said) -> (&str, &str, i32) {
    (&said.stdout, &said.stderr, said.code)
}

#[test]
fn every_command_that_looks_has_a_line_here() {
    let commands = commands_that_look();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let is_tried = |line: &&&str| **line == command || line.starts_with(&format!("{command} "));
        assert!(
            LINES.iter().any(|line| is_tried(&line)),
            "{command} has no line here"
        );
    }
}

#[test]
fn every_command_that_looks_says_the_same_over_an_address() {
    let folder = full_store();
    let serving = Serving::start(&folder, &[]);
    let far = Folder::empty();
    let url = serving.url();
    for line in LINES {
        let here = folder.run(&words(line));
        let there = far.run(&[&["-C", &url][..], &words(line)].concat());
        assert_eq!(told(&there), told(&here), "{line}");
    }
    assert_eq!(fs::read_dir(far.path()).unwrap().count(), 0);
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

/// What a person at a terminal of 70 columns is shown, and the exit code.
fn shown(mut command: Command) -> (String, Option<i32>) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let open = || OpenOptions::new().write(true).open(name.to_str().unwrap());
    let size = rustix::termios::Winsize {
        ws_row: 40,
        ws_col: 70,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    rustix::termios::tcsetwinsize(&ours, size).unwrap();
    command.env("PAGER", "cat").env("LANG", "C.UTF-8");
    command
        .env("TERM", "xterm")
        .stdout(open().unwrap())
        .stderr(open().unwrap());
    let mut child = command.spawn().unwrap();
    // Its end of the terminal must be closed here, or reading never ends.
    drop(command);
    let mut text = Vec::new();
    // The end of a terminal is told as an error.
    drop(fs::File::from(ours).read_to_end(&mut text));
    (
        String::from_utf8(text).unwrap(),
        child.wait().unwrap().code(),
    )
}

#[test]
fn a_person_at_a_terminal_sees_the_same_colours_widths_and_signs() {
    let folder = full_store();
    let serving = Serving::start(&folder, &[]);
    let (far, url) = (Folder::empty(), serving.url());
    for line in [
        "runs --cols loss,=lr",
        "metrics @last loss --plot",
        "model show net --at end",
        "console resnet/1",
        "verify",
        "runs resnt",
        "log -n 2",
    ] {
        let shown_twice = || {
            let here = shown(folder.command(&words(line)));
            (
                here,
                shown(far.command(&[&["-C", &url][..], &words(line)].concat())),
            )
        };
        let (mut here, mut there) = shown_twice();
        for _ in 0..5 {
            // "1s ago" can become "2s ago" in between.
            if here != there {
                (here, there) = shown_twice();
            }
        }
        assert_eq!(there, here, "{line}");
        assert!(!line.starts_with("runs") || here.0.contains('\u{1b}'));
    }
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn files_are_written_here_and_only_when_there_is_an_answer() {
    let folder = full_store();
    let serving = Serving::start(&folder, &[]);
    let (far, url) = (Folder::empty(), serving.url());
    let read = |folder: &Folder, name: &str| fs::read(folder.path().join(name)).unwrap();
    for line in [
        "runs --csv -o out",
        "export events --output=out",
        "artifact cat @last model.pt -oout",
        "metrics @last -o out",
    ] {
        let here = folder.run(&words(line));
        let there = far.run(&[&["-C", &url][..], &words(line)].concat());
        assert_eq!(told(&there), told(&here), "{line}");
        assert_eq!(read(&far, "out"), read(&folder, "out"), "{line}");
    }
    let said = far.run(&["-C", &url, "runs", "resnt", "-o", "none"]);
    assert_eq!((said.code, far.path().join("none").exists()), (3, false));
    let said = far.run(&["-C", &url, "runs", "-o", "no/such/folder"]);
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn artifacts_are_written_here_and_no_file_is_replaced_without_being_told() {
    let folder = full_store();
    let serving = Serving::start(&folder, &[]);
    let (far, url) = (Folder::empty(), serving.url());
    for line in [
        "artifact get @last model.pt@v1",
        "artifact get @last --into all",
        "artifact get @last model.pt",
        "artifact get @last model.pt --force --json",
        "artifact get @last model.pt --to deep/er/x.pt -o list",
    ] {
        let here = folder.run(&words(line));
        let there = far.run(&[&["-C", &url][..], &words(line)].concat());
        assert_eq!(told(&there), told(&here), "{line}");
    }
    for name in [
        "model.pt",
        "all/model.pt",
        "all/ckpt/1.pt",
        "deep/er/x.pt",
        "list",
    ] {
        let read = |folder: &Folder| fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read(&far), read(&folder), "{name}");
    }
    fs::create_dir(far.path().join("into")).unwrap();
    std::os::unix::fs::symlink(folder.path(), far.path().join("into/ckpt")).unwrap();
    let said = far.run(&["-C", &url, "artifact", "get", "@last", "--into", "into"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(!folder.path().join("1.pt").exists());
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn versions_and_parts_are_written_here_as_they_are_on_the_folder() {
    let folder = full_store();
    let serving = Serving::start(&folder, &[]);
    let (far, url) = (Folder::empty(), serving.url());
    for line in [
        "dataset get digits@v1 --into got",
        "dataset get digits@v1 --into got --csv",
        "dataset get digits@gold copy.csv",
        "dataset get digits@v2 copy.csv",
        "dataset get digits@v2 copy.csv --force --json",
        "dataset get digits@v1 below/",
        "model get net@prod weights",
        "model get net weights --json",
        "dataset split digits --into train=0.6,test=0.4,none=0 --seed 7 --files parts",
        "dataset split digits --into train=0.6,test=0.4 --seed 8 --files parts",
        "dataset split digits --into train=0.6,test=0.4 --seed 8 --files parts --force -q",
        "dataset split digits --into train=0.5 --by label --files other --json -o list",
    ] {
        let here = folder.run(&words(line));
        let there = far.run(&[&["-C", &url][..], &words(line)].concat());
        assert_eq!(told(&there), told(&here), "{line}");
    }
    for name in [
        "got/rows.csv",
        "copy.csv",
        "below/rows.csv",
        "weights/model.pt",
        "parts/train.txt",
        "parts/test.txt",
        "parts/none.txt",
        "other/train.txt",
        "list",
    ] {
        let read = |folder: &Folder| fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read(&far), read(&folder), "{name}");
    }
    fs::create_dir(far.path().join("into")).unwrap();
    std::os::unix::fs::symlink(folder.path(), far.path().join("into/model.pt")).unwrap();
    let said = far.run(&["-C", &url, "model", "get", "net", "into"]);
    assert_eq!(said.code, 8, "{}", said.stderr);
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn what_changes_something_or_names_files_is_refused_with_the_next_move() {
    let folder = full_store();
    let serving = Serving::start(&folder, &[]);
    let (far, url) = (Folder::empty(), serving.url());
    let before = folder.ok(&["tail", "-n", "1", "--format", "%o"]);
    for line in [
        "rm @last --yes",
        "undo",
        "exp new other",
        "run start resnet",
        "gc --yes",
        "replay",
        "replay --to 7 --into past",
        "backup backups",
        "verify --artifacts --repair copy",
        "lineage link external:a external:b",
        "key ls",
        "doctor",
        "init",
        "serve",
    ] {
        let said = far.run(&[&["-C", &url][..], &words(line)].concat());
        assert!(matches!(said.code, 2 | 9), "{line}: {}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{line}: {}", said.stderr);
    }
    assert_eq!(folder.ok(&["tail", "-n", "1", "--format", "%o"]), before);
    assert_eq!(fs::read_dir(far.path()).unwrap().count(), 0);
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}
