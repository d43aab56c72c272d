//! `.wandb` files with anything wrong with them, and files that grow.
//!
//! Invariant tested: whatever the bytes are, there is a report or an error with a code, never a panic, and what was right
//! beside the wrong place is taken, once.

use std::fs;
use std::path::{Path, PathBuf};

use mltrack::{Code, RunState, Tracker};
use mltrack_import::{Chunk, Options, Report, Stop, UntakenKind, Wandb, import, read_wandb_file};
use proptest::prelude::*;

/// What wandb 0.31 wrote offline: eleven steps, a distribution, a text, a list, printed lines, a summary.
const REAL: &[u8] = include_bytes!("real.wandb");
/// Its points: four metrics in ten steps, what was sampled of the machine, and `best` of the summary.
const POINTS: u64 = 40 + SAMPLED + 1;
const SAMPLED: u64 = 12;

fn bring(tracker: &Tracker, place: &Path) -> mltrack::Result<Report> {
    let mut source = Wandb::open(place, false)?;
    import(tracker, &mut source, &Options::default(), &mut |_| ())
}

/// The file of a run in a folder `wandb`, and a store elsewhere.
fn with_file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf, (tempfile::TempDir, Tracker)) {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside
        .path()
        .join("wandb/offline-run-20260801_120000-a2uomu4f");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("run-a2uomu4f.wandb");
    fs::write(&file, bytes).unwrap();
    (outside, file, super::tracker())
}

/// All points of the only run, by metric.
fn points(tracker: &Tracker) -> Vec<(String, Vec<i64>, Vec<u64>)> {
    let run = &tracker.runs().fetch().unwrap().items[0];
    let mut names: Vec<String> = ["loss", "val.acc", "val.deep.er", "nan", "best"]
        .map(str::to_owned)
        .into();
    names.sort();
    let all = names.into_iter().map(|name| {
        let history = tracker.history(run.id, &name).fetch().unwrap();
        let bits = history.values.iter().map(|value| value.to_bits()).collect();
        (name, history.steps, bits)
    });
    all.collect()
}

#[test]
fn a_real_file_comes_in_whole() {
    let (outside, _, (_folder, tracker)) = with_file(REAL);
    let report = bring(&tracker, &outside.path().join("wandb")).unwrap();
    assert!(report.untaken.is_empty(), "{:?}", report.untaken);
    assert_eq!((report.runs_new, report.points), (1, POINTS));
    assert_eq!((report.histograms, report.values, report.lines), (1, 2, 2));
    assert_eq!((report.params, report.notes, report.artifacts), (4, 1, 0));
    let run = &tracker.runs().fetch().unwrap().items[0];
    assert_eq!(
        (run.name.as_str(), run.experiment_name.as_str()),
        ("kind elk", "vision")
    );
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(run.params["lr"], 0.2.into());
    assert_eq!(run.params["opt.name"], "adam".into());
    assert_eq!(run.params["inf"], f64::INFINITY.into());
    assert_eq!(run.tags["good"], "true");
    assert_eq!(run.tags["wandb.group"], "g1");
    let loss = tracker.history(run.id, "loss").fetch().unwrap();
    assert_eq!(loss.steps, (0..10).collect::<Vec<_>>());
    assert_eq!(loss.values[2].to_bits(), (1.0_f64 / 3.0).to_bits());
    let lines = tracker.lines(run.id).fetch().unwrap();
    let lines: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["hello", "100%"]);
}

#[test]
fn the_file_the_folder_and_the_folder_above_are_the_same_run() {
    let (outside, file, (_folder, tracker)) = with_file(REAL);
    std::os::unix::fs::symlink(
        file.parent().unwrap(),
        outside.path().join("wandb/latest-run"),
    )
    .unwrap();
    assert_eq!(bring(&tracker, outside.path()).unwrap().runs_new, 1);
    let before = super::events(&tracker);
    for place in [
        file.as_path(),
        file.parent().unwrap(),
        &outside.path().join("wandb"),
    ] {
        let report = bring(&tracker, place).unwrap();
        assert_eq!(
            (report.runs_new, report.runs_grown, report.runs_same),
            (0, 0, 1)
        );
        assert_eq!(report.len_read, 0, "what did not change is not read");
    }
    assert_eq!(super::events(&tracker), before, "not one record more");
}

#[test]
fn a_file_cut_at_every_byte_gives_what_is_whole_and_then_the_rest() {
    let (_outside, whole, (_folder, wanted)) = with_file(REAL);
    bring(&wanted, &whole).unwrap();
    let (_outside, file, (_folder, tracker)) = with_file(b"");
    let (mut count, mut lines) = (0, 0);
    // Every byte of the first records, and then some.
    let cuts = (0..700).chain((700..REAL.len()).step_by(61));
    for cut in cuts.chain([REAL.len()]) {
        fs::write(&file, &REAL[..cut]).unwrap();
        let report = bring(&tracker, &file).unwrap();
        // A parameter that changes behind its first chunk is refused, as it is everywhere.
        let mut failed = report.untaken.iter().filter(|one| one.kind.is_failure());
        assert!(
            failed.all(|one| one.what.starts_with("parameter lr")),
            "cut at {cut}: {report:?}"
        );
        count += report.points;
        lines += report.lines;
    }
    assert_eq!(lines, 2);
    assert_eq!(count, POINTS);
    assert_eq!(points(&tracker), points(&wanted));
    let run = &tracker.runs().fetch().unwrap().items[0];
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(run.params["lr"], 0.1.into(), "a parameter keeps its value");
}

#[test]
fn an_import_that_is_stopped_anywhere_goes_on_to_the_same_result() {
    let (_outside, whole, (_folder, wanted)) = with_file(REAL);
    bring(&wanted, &whole).unwrap();
    for cut in [400, 1200, 3000, 5220, 5300] {
        let (_outside, file, (_folder, tracker)) = with_file(&REAL[..cut]);
        // Followed, nothing that waits for the end is taken before it.
        let stop = Stop::default();
        let options = Options {
            follow: Some(stop.clone()),
            ..Options::default()
        };
        let mut source = Wandb::open(&file, true).unwrap();
        let mut looks = 0;
        import(&tracker, &mut source, &options, &mut |_| {
            looks += 1;
            match looks {
                1 => fs::write(&file, &REAL[..cut + 100]).unwrap(),
                _ => stop.set(),
            }
        })
        .unwrap();
        fs::write(&file, REAL).unwrap();
        let report = bring(&tracker, &file).unwrap();
        assert_eq!(report.runs_grown, 1, "cut at {cut}");
        assert_eq!(points(&tracker), points(&wanted), "cut at {cut}");
        let run = &tracker.runs().fetch().unwrap().items[0];
        assert_eq!(tracker.lines(run.id).fetch().unwrap().len(), 2);
    }
}

#[test]
fn what_is_no_file_of_the_peer_is_said() {
    let (outside, file, (_folder, tracker)) = with_file(b"\x89PNG\r\n\x1a\n0000000000000000");
    let report = bring(&tracker, outside.path()).unwrap();
    assert_eq!(
        (report.runs_new, report.untaken[0].kind),
        (0, UntakenKind::Damaged)
    );
    fs::write(&file, b":W&B\xe1\xbe\x09").unwrap();
    let report = bring(&tracker, &file).unwrap();
    assert!(report.untaken[0].why.contains("version 9"), "{report:?}");
    fs::write(&file, b":W&B").unwrap();
    let report = bring(&tracker, &file).unwrap();
    assert_eq!(report.untaken[0].kind, UntakenKind::Noted, "{report:?}");
    fs::remove_file(&file).unwrap();
    for (place, code) in [
        (outside.path(), Code::NotFound),
        (file.as_path(), Code::NotFound),
        (Path::new("/dev/null"), Code::ValidationError),
    ] {
        assert_eq!(bring(&tracker, place).unwrap_err().code(), code);
    }
    assert!(tracker.runs().fetch().unwrap().items.is_empty());
}

#[test]
fn damage_is_said_with_its_byte_and_the_blocks_behind_it_are_taken() {
    // The same records in several blocks: the run's, and steps without end.
    let mut bytes = REAL.to_vec();
    let block = 32 << 10;
    bytes.resize(block, 0);
    bytes.extend_from_slice(&REAL[7..5600]);
    let (_outside, file, (_folder, tracker)) = with_file(&bytes);
    let report = bring(&tracker, &file).unwrap();
    assert_eq!(report.untaken[0].kind, UntakenKind::Damaged);
    let wanted = format!("at byte {}", REAL.len());
    assert!(report.untaken[0].place.ends_with(&wanted), "{report:?}");
    assert!(report.points >= 2 * (40 + SAMPLED), "{report:?}");
    let again = bring(&tracker, &file).unwrap();
    assert_eq!((again.points, again.runs_same), (0, 1));
}

#[test]
fn a_file_that_was_replaced_is_read_anew_and_said() {
    let (_outside, file, (_folder, tracker)) = with_file(REAL);
    bring(&tracker, &file).unwrap();
    fs::write(&file, &REAL[..3000]).unwrap();
    let report = bring(&tracker, &file).unwrap();
    assert_eq!(report.untaken[0].kind, UntakenKind::Noted);
    assert!(report.points > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_wandb_file(&bytes, &mut Chunk::default());
    }

    #[test]
    fn no_bits_that_turned_make_it_panic_or_invent_anything(flips in prop::collection::vec(0..REAL.len() * 8, 1..9)) {
        let mut bytes = REAL.to_vec();
        for flip in flips {
            bytes[flip / 8] ^= 1 << (flip % 8);
        }
        let mut chunk = Chunk::default();
        read_wandb_file(&bytes, &mut chunk);
        // A summary has no more values than the last step and what was said beside.
        prop_assert!(chunk.points.len() as u64 <= POINTS + 16);
    }
}
