//! `plot` where there is little or nothing to draw: what is across and which steps are asked for.

use std::fs;

use super::support::Folder;

/// Two runs of ten steps; one of them has epochs.
fn folder() -> Folder {
    let folder = Folder::with_store();
    for (name, epochs) in [("with", true), ("without", false)] {
        let words = [
            "run", "start", "trials", "--name", name, "-p", "lr=0.1", "-p", "opt=adam",
        ];
        folder.ok(&[&words[..], &["-q"]].concat());
        for step in 0..10 {
            let (step, loss) = (step.to_string(), format!("loss={step}"));
            let logged = if epochs {
                &[&loss[..], "epoch=1", "zero=0"][..]
            } else {
                &[&loss[..]]
            };
            folder.ok(&[&["run", "log", name, "--step", &step], logged].concat());
        }
        folder.ok(&["run", "log", name, "--step", "50", "late=1"]);
        folder.ok(&["run", "end", name]);
    }
    folder
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// Exit code and words of what cannot be drawn, which leaves no file.
fn check_refused(cases: &[(&str, i32, &str)]) {
    let folder = folder();
    for (line, code, told) in cases {
        let said = folder.run(&[&words(line)[..], &["-o", "a.svg"]].concat());
        assert_eq!(said.code, *code, "{line}: {}", said.stderr);
        assert!(said.stderr.contains(told), "{line}: {}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{line}: {}", said.stderr);
        assert!(!folder.path().join("a.svg").exists(), "{line}");
    }
}

#[test]
fn what_is_across_and_nobody_has_is_an_error_that_names_what_there_is() {
    check_refused(&[
        (
            "plot trials loss --x nope",
            3,
            "none of the 2 runs has the metric \"nope\", which --x names",
        ),
        ("plot trials loss --x epoc", 3, "did you mean epoch?"),
        (
            "plot trials loss --x nope --kind groups",
            3,
            "there are epoch, late, loss, zero",
        ),
        (
            "plot trials loss --x late",
            3,
            "no point is at a step at which late is a finite number",
        ),
        (
            "plot without loss --x epoch",
            3,
            "has no metric \"epoch\", which --x names",
        ),
        (
            "plot trials loss --kind scatter --x =nope",
            3,
            "none of the 2 runs has the param \"=nope\"",
        ),
        (
            "plot trials loss --kind scatter --x =l",
            3,
            "did you mean =lr?  there are =lr, =opt",
        ),
        (
            "plot trials loss --kind scatter --x tags.nope",
            3,
            "the tag \"tags.nope\"",
        ),
        (
            "plot trials loss --kind scatter --x =opt",
            2,
            "=opt is a word in these runs",
        ),
    ]);
}

#[test]
fn steps_at_which_nothing_was_logged_are_an_error_that_says_so() {
    check_refused(&[
        (
            "plot trials loss --from 100 --to 200",
            3,
            "the metric \"loss\" between steps 100 and 200",
        ),
        (
            "plot trials loss --from 100",
            3,
            "hint: it is there at other steps",
        ),
        ("plot trials loss --smooth 0.5 --to -1", 3, "up to step -1"),
        (
            "plot trials --from 100",
            3,
            "without --from and --to it is all steps",
        ),
        ("plot trials los --from 1", 3, "did you mean loss?"),
        (
            "plot trials loss --kind groups --from 100",
            3,
            "from step 100 on",
        ),
        (
            "plot trials loss --from 5 --to 4",
            2,
            "hint: --from 4 --to 5",
        ),
    ]);
}

#[test]
fn only_what_is_drawn_is_counted() {
    let folder = folder();
    for (line, count) in [
        ("plot trials loss", "2 things"),
        ("plot trials loss --x epoch", "1 thing"),
        ("plot with loss zero", "2 things"),
        ("plot with loss zero --log-y", "1 thing"),
        (
            "plot trials loss --kind groups --by none --x epoch",
            "1 thing",
        ),
        (
            "plot trials loss.min --kind scatter --x =lr --log-y",
            "0 things",
        ),
        (
            "plot trials loss --kind scatter --x =lr --log-y",
            "2 things",
        ),
    ] {
        let said = folder.run(&[&words(line)[..], &["-o", "a.svg"]].concat());
        assert_eq!(said.code, 0, "{line}: {}", said.stderr);
        let told = format!("wrote a.svg: {count} drawn");
        assert!(said.stderr.contains(&told), "{line}: {}", said.stderr);
        fs::remove_file(folder.path().join("a.svg")).unwrap();
    }
}
