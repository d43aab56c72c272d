//! Event files and tables with anything wrong with them.
//!
//! Invariant tested: whatever the bytes are, there is a report or an error with a code, never a panic, and what was right
//! before the wrong place is taken.

use std::fs;
use std::path::{Path, PathBuf};

use mltrack::{Code, Tracker};
use mltrack_import::{
    Chunk, Csv, CsvOptions, Options, Report, TensorBoard, UntakenKind, import, read_event_file,
};
use proptest::prelude::*;

/// What a real writer wrote: scalars, a distribution, a text, a picture, parameters.
const REAL: &[u8] = include_bytes!("real.tfevents");

fn bring(tracker: &Tracker, folder: &Path) -> mltrack::Result<Report> {
    let mut source = TensorBoard::open(folder, false)?;
    import(tracker, &mut source, &Options::default(), &mut |_| ())
}

/// A folder for event files, and a store elsewhere.
fn logs() -> (tempfile::TempDir, PathBuf, (tempfile::TempDir, Tracker)) {
    let outside = tempfile::tempdir().unwrap();
    let logs = outside.path().join("logs");
    fs::create_dir(&logs).unwrap();
    (outside, logs, super::tracker())
}

#[test]
fn a_real_file_comes_in_whole() {
    let (_outside, logs, (_folder, tracker)) = logs();
    fs::write(logs.join("events.out.tfevents.1"), REAL).unwrap();
    let report = bring(&tracker, &logs).unwrap();
    assert_eq!(
        (report.runs_new, report.untaken_count),
        (1, 0),
        "{:?}",
        report.untaken
    );
    assert_eq!(
        (report.points, report.histograms, report.values),
        (41, 2, 1)
    );
    assert_eq!((report.artifacts, report.params), (1, 3));
    let run = &tracker.runs().fetch().unwrap().items[0];
    assert_eq!(run.name, "logs");
    assert_eq!(run.params["lr"], 0.001.into());
    let history = tracker.history(run.id, "loss").fetch().unwrap();
    assert_eq!(history.values[3].to_bits(), f64::from(0.75_f32).to_bits());
}

#[test]
fn a_file_cut_at_every_byte_gives_what_is_whole_and_then_the_rest() {
    let (_outside, logs, (_folder, tracker)) = logs();
    let path = logs.join("events.out.tfevents.1");
    let mut points = 0;
    // Every byte of the first records, and then some.
    let cuts = (0..400.min(REAL.len()))
        .chain((400..REAL.len()).step_by(97))
        .chain([REAL.len()]);
    for cut in cuts {
        fs::write(&path, &REAL[..cut]).unwrap();
        let report = bring(&tracker, &logs).unwrap();
        assert!(!report.has_failed(), "cut at {cut}: {:?}", report.untaken);
        points += report.points;
    }
    assert_eq!(points, 41);
    let run = &tracker.runs().fetch().unwrap().items[0];
    assert_eq!(run.points, 41);
}

#[test]
fn what_is_no_event_file_is_said() {
    let (_outside, logs, (_folder, tracker)) = logs();
    assert_eq!(bring(&tracker, &logs).unwrap_err().code(), Code::NotFound);
    assert_eq!(
        bring(&tracker, Path::new("/dev/null")).unwrap_err().code(),
        Code::ValidationError
    );
    fs::write(
        logs.join("a.tfevents.png"),
        b"\x89PNG\r\n\x1a\n0000000000000000",
    )
    .unwrap();
    let report = bring(&tracker, &logs).unwrap();
    assert_eq!(
        (report.runs_new, report.untaken[0].kind),
        (0, UntakenKind::Damaged)
    );
    assert!(tracker.runs().fetch().unwrap().items.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_event_file(&bytes, &mut Chunk::default());
    }

    #[test]
    fn no_bits_that_turned_make_it_panic_or_invent_anything(flips in prop::collection::vec(0..REAL.len() * 8, 1..9)) {
        let mut bytes = REAL.to_vec();
        for flip in flips {
            bytes[flip / 8] ^= 1 << (flip % 8);
        }
        let mut chunk = Chunk::default();
        read_event_file(&bytes, &mut chunk);
        prop_assert!(chunk.points.len() <= 41 + 1);
    }

    #[test]
    fn no_table_makes_the_reader_panic(text in "[a-c0-9,;\"\n\r\t.\u{e9}-]{0,80}") {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        fs::write(&path, &text).unwrap();
        match Csv::open(&path, &CsvOptions::default()) {
            Ok(mut source) => {
                let tracker = Tracker::disabled();
                let options = Options { is_dry: true, ..Options::default() };
                import(&tracker, &mut source, &options, &mut |_| ()).unwrap();
            }
            Err(error) => prop_assert_eq!(error.code(), Code::ValidationError),
        }
    }
}
