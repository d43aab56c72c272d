//! Screens as they stand on terminals of 60x20 and 120x40, compared with files. `MLTRACK_BLESS=1` writes the files.

#[path = "support/sample.rs"]
mod sample;

use std::path::Path;

use mltrack_top::{Glyphs, Look, Options, Still, Theme};

struct Sample {
    folder: tempfile::TempDir,
}

impl Sample {
    fn new() -> Sample {
        let folder = tempfile::tempdir().unwrap();
        let made = sample::make(&folder.path().join(".mltrack")).unwrap();
        drop(made);
        Sample { folder }
    }

    fn still(&self, size: (u16, u16), look: Look) -> Still {
        let path = self.folder.path().join(".mltrack");
        let tracker = mltrack::Tracker::builder(path)
            .read_only(true)
            .open()
            .unwrap();
        let options = Options {
            store: "digits".to_owned(),
            look,
            ..Options::default()
        };
        Still::at(tracker, &options, size, sample::NOW_NS).unwrap()
    }

    /// What stands there after these keys.
    fn screen(&self, size: (u16, u16), keys: &str) -> String {
        let mut still = self.still(size, Look::default());
        still.type_keys(keys).unwrap();
        still.text()
    }
}

/// The name of the file, the size, and the keys that lead there.
const SCREENS: &[(&str, (u16, u16), &str)] = &[
    ("table-60x20", (60, 20), ""),
    ("table-120x40", (120, 40), ""),
    ("run-60x20", (60, 20), "j\n"),
    ("run-120x40", (120, 40), "j\n"),
    ("smooth-log-time-120x40", (120, 40), "jjssyt"),
    ("overlay-120x40", (120, 40), "jxjjxjpkkk"),
    ("compare-60x20", (60, 20), "xjpc"),
    ("filter-60x20", (60, 20), "/loss < 0.5 and lr > 0.02\n"),
    ("filter-none-60x20", (60, 20), "/loss > 1000000\n"),
    ("sorted-120x40", (120, 40), "oooooo"),
    ("failed-60x20", (60, 20), "/loud\n"),
    ("help-60x20", (60, 20), "?"),
    ("help-120x40", (120, 40), "?"),
    ("too-small-59x20", (59, 20), ""),
];

#[test]
fn screens_are_as_they_were_when_somebody_looked_at_them() {
    let sample = Sample::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens");
    let is_blessed = std::env::var_os("MLTRACK_BLESS").is_some_and(|value| value == "1");
    let mut differing = Vec::new();
    for (name, size, keys) in SCREENS {
        let file = folder.join(format!("{name}.txt"));
        let shown = sample.screen(*size, keys);
        if is_blessed {
            std::fs::write(&file, &shown).unwrap();
        }
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        if known != shown {
            differing.push(format!("{name} is now\n{shown}"));
        }
    }
    assert!(
        differing.is_empty(),
        "look, then MLTRACK_BLESS=1:\n{}",
        differing.join("\n")
    );
}

#[test]
fn a_spike_of_one_step_is_on_every_chart_of_its_metric() {
    let sample = Sample::new();
    // The spike of one step in over a thousand is the maximum, which is a number beside the axis.
    let shown = sample.screen((120, 40), "/red-oak\n");
    let is_largest = |line: &str| line.trim_start().starts_with("loss ") && line.contains("max ");
    let title = shown.lines().find(|line| is_largest(line)).unwrap();
    let number = title
        .split("max ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    let beside = format!("{number} ");
    let count = shown.matches(&beside).count();
    assert!(count >= 2, "in the title and beside the axis: {shown}");
}

#[test]
fn nothing_but_ascii_is_shown_where_nothing_else_can_be() {
    let sample = Sample::new();
    let look = Look {
        glyphs: Glyphs::Ascii,
        ..Look::default()
    };
    let mut still = sample.still((120, 40), look);
    still.type_keys("xjxjpssy").unwrap();
    assert!(still.text().is_ascii(), "{}", still.text());
    still.type_keys("c").unwrap();
    assert!(still.text().is_ascii(), "{}", still.text());
}

#[test]
fn without_colours_there_are_none_and_with_them_only_the_terminals_own() {
    let sample = Sample::new();
    for theme in [Theme::Dark, Theme::Light] {
        let coloured = |has_colour| {
            let look = Look {
                theme,
                has_colour,
                ..Look::default()
            };
            let mut still = sample.still((120, 40), look);
            still.type_keys("xjxjp").unwrap();
            still.coloured()
        };
        let has_colour = |text: &str| ["[0;3", ";3", ";9"].iter().any(|code| text.contains(code));
        assert!(!has_colour(&coloured(false)));
        let text = coloured(true);
        assert!(has_colour(&text));
        assert!(
            !text.contains("38;") && !text.contains("48;"),
            "palette or 24-bit colours"
        );
    }
}

#[test]
fn a_run_keeps_its_place_under_the_cursor_when_others_start() {
    let sample = Sample::new();
    let mut still = sample.still((60, 20), Look::default());
    still.type_keys("jj").unwrap();
    let chosen = |text: &str| -> String {
        let rule = text.lines().find(|line| line.starts_with('─')).unwrap();
        rule.split(' ').nth(2).unwrap().to_owned()
    };
    let before = chosen(&still.text());
    let path = sample.folder.path().join(".mltrack");
    let tracker = mltrack::Tracker::builder(path)
        .no_system_metrics()
        .open()
        .unwrap();
    let experiment = tracker.experiment("digits").unwrap();
    let runs: Vec<_> = (0..5).map(|_| experiment.start_run().unwrap()).collect();
    // Any key asks again; this one changes nothing else.
    still.type_keys("s").unwrap();
    assert_eq!(chosen(&still.text()), before);
    still.type_keys("f").unwrap();
    let newest = runs.last().unwrap().id().short();
    assert!(
        still.text().contains(&format!("─ {newest}")),
        "{}",
        still.text()
    );
    drop(runs);
}

#[test]
fn long_lists_are_walked_to_both_ends() {
    let folder = tempfile::tempdir().unwrap();
    let tracker = mltrack::Tracker::builder(folder.path().join(".mltrack"));
    let tracker = tracker.no_system_metrics().open().unwrap();
    let mut import = tracker.experiment("many").unwrap().import().unwrap();
    for number in 0..2000_i64 {
        let started = mltrack::WallTime(sample::NOW_NS - number * 1_000_000_000);
        let run = import
            .begin(&mltrack::PastRun::new(format!("run-{number}"), started))
            .unwrap();
        let end = mltrack::PastEnd::Ended(mltrack::EndState::Completed, None);
        import.end(run, started, end).unwrap();
    }
    import.flush().unwrap();
    drop(import);
    let mut still = Still::at(tracker, &Options::default(), (60, 20), sample::NOW_NS).unwrap();
    assert!(still.text().contains("2,000 done"), "{}", still.text());
    let first = still.text();
    still.type_keys("G").unwrap();
    let last = still.text();
    assert_ne!(first, last);
    let names = |text: &str| text.matches("run-").count();
    assert!(names(&last) >= 5, "{last}");
    still.type_keys("g").unwrap();
    assert_eq!(still.text(), first);
}
