//! Stretches of records that are read backwards. Invariant: each record is in one stretch, whatever the segments.

use super::*;

fn lsn(number: u64) -> Lsn {
    Lsn::new(number).unwrap()
}

fn store() -> (tempfile::TempDir, Tracker) {
    let folder = tempfile::tempdir().unwrap();
    let tracker = Tracker::open(folder.path().join("store")).unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    for step in 0..2_000 {
        run.log_metrics(step, [("loss", 0.5)]).unwrap();
    }
    run.note("the end").unwrap();
    run.finish().unwrap();
    (folder, tracker)
}

#[test]
fn pages_backwards_have_each_record_once() {
    let (_folder, tracker) = store();
    let all = tracker.records().place(RecordPlace::From(Lsn::FIRST));
    let all = all.limit(10_000).fetch().unwrap();
    assert!(all.next.is_none() && all.items.len() > 2_000);
    let (mut place, mut met) = (RecordPlace::End, Vec::new());
    loop {
        let page = tracker.records().place(place).limit(300).fetch().unwrap();
        met.extend(page.items.iter().map(|event| event.lsn));
        match page.next {
            Some(next) => place = RecordPlace::Before(next),
            None => break,
        }
    }
    met.reverse();
    let expected: Vec<Lsn> = all.items.iter().map(|event| event.lsn).collect();
    assert_eq!(met, expected);
}

#[test]
fn what_is_seldom_is_found_in_bounded_steps() {
    let (_folder, tracker) = store();
    let question = || {
        let created = tracker.records().types(["run_created"]).limit(1);
        created.scan_at_most(600)
    };
    let first = question().fetch().unwrap();
    assert!(first.items.is_empty() && first.scanned < 2_600, "{first:?}");
    let (mut next, mut asked) = (first.next, 1);
    let found = loop {
        let before = next.expect("the run was created");
        let page = question().place(RecordPlace::Before(before)).fetch();
        let page = page.unwrap();
        asked += 1;
        if let Some(found) = page.items.into_iter().next() {
            break found;
        }
        next = page.next;
    };
    assert!(asked > 1);
    assert_eq!(found.type_name(), "run_created");
    let notes = tracker
        .records()
        .matching(|event| event.type_name() == "note_added");
    assert_eq!(notes.fetch().unwrap().items.len(), 1);
}

#[test]
fn times_along_the_log_rise_from_its_first_record_to_its_last() {
    let (_folder, tracker) = store();
    let times = tracker.log_times(50).unwrap();
    let last = tracker.records().limit(1).fetch().unwrap().lsn.unwrap();
    assert_eq!(times.len(), 50);
    assert_eq!((times[0].0, times[49].0), (Lsn::FIRST, last));
    assert!(times.is_sorted_by(|a, b| a.0 < b.0 && a.1.0 <= b.1.0));
    assert_eq!(tracker.sealed_segments().unwrap(), []);
}

#[test]
fn lsns_that_no_record_has_are_stepped_over() {
    let segment = |base, next| SegmentInfo {
        base: lsn(base),
        next: lsn(next),
        epoch: mltrack_log::EpochId([0; 16]),
        allocated: 0,
        used: 0,
        is_packed: false,
    };
    let segments = [segment(1, 10), segment(1_000, 1_005), segment(9_000, 9_000)];
    let before = |until, length| stretch_before(&segments, lsn(until), length);
    assert_eq!(before(9_000, 3), Some((lsn(1_002), lsn(1_005))));
    assert_eq!(before(1_002, 100), Some((lsn(1_000), lsn(1_002))));
    assert_eq!(before(1_000, 4), Some((lsn(6), lsn(10))));
    assert_eq!(before(1, 4), None);
    assert_eq!(record_at(&segments, 9), Some(lsn(1_000)));
    assert_eq!(record_at(&segments, 14), None);
}
