//! What the tests share: dice, a history that knows what was appended and when it was acknowledged, reading back.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{
    Appended, Batch, Condition, Log, LogError, OpenOptions, OwnedRecord, Reader, StreamId,
};

/// A generator of its own, so that a failure depends on nothing but the seed it prints.
pub struct Dice(pub u64);

impl Dice {
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.word() % end
    }
}

/// How many times more than usual a test should try.
pub fn rounds() -> u64 {
    std::env::var("MLTRACK_CRASH_ROUNDS").map_or(1, |text| {
        text.parse().expect("MLTRACK_CRASH_ROUNDS is a number")
    })
}

/// Small segments, and a background that syncs nothing by itself.
pub fn options() -> OpenOptions {
    OpenOptions {
        segment_len: 4096,
        lock_wait: Duration::from_secs(5),
        sync_interval: Duration::from_hours(1),
        ..OpenOptions::default()
    }
}

/// One record as it was handed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    pub type_id: u16,
    pub version: u16,
    pub time: Option<i64>,
    pub payload: Vec<u8>,
    pub writer: u32,
    /// How many states the disk had captured when the append was acknowledged.
    pub acked_at: usize,
}

impl Made {
    pub fn is(&self, record: &OwnedRecord) -> bool {
        self.type_id == record.type_id
            && self.version == record.version
            && self.payload == record.payload
            && self.writer == record.writer.0
            && self.time.is_none_or(|time| time == record.time_ns)
    }
}

/// Everything that was appended, by lsn, and what was reported durable when.
#[derive(Clone, Default)]
pub struct History {
    pub made: BTreeMap<u64, Made>,
    pub durable: Vec<(usize, u64)>,
}

impl History {
    /// The lsn before which everything was durable when the disk had captured state `at`.
    pub fn durable_at(&self, at: usize) -> u64 {
        let acked = self.durable.iter().filter(|(count, _)| *count <= at + 1);
        acked.map(|(_, lsn)| *lsn).max().unwrap_or(1)
    }

    /// The lsn after the last record whose append had been acknowledged.
    pub fn visible_at(&self, at: usize) -> u64 {
        let acked = self.made.iter().filter(|(_, made)| made.acked_at <= at + 1);
        acked.map(|(lsn, _)| lsn + 1).max().unwrap_or(1)
    }

    pub fn synced(&mut self, log: &Log, disk: &MemoryDisk) {
        let durable = log.sync().expect("the memory disk syncs");
        self.durable.push((disk.captured_count(), durable.get()));
    }

    /// Notes an acknowledged append.
    pub fn note(&mut self, appended: Appended, made: Vec<Made>, disk: &MemoryDisk) {
        let Appended::Visible { first, next } = appended else {
            panic!("nobody holds the lock, so nothing is deferred")
        };
        assert_eq!(next.get() - first.get(), made.len() as u64);
        for (lsn, mut made) in (first.get()..).zip(made) {
            made.acked_at = disk.captured_count();
            let before = self.made.insert(lsn, made);
            assert!(before.is_none(), "lsn {lsn} was given out twice");
        }
    }
}

/// A batch of `count` records, and what it holds.
pub fn random_batch(dice: &mut Dice, log: &Log, count: u64, len_max: u64) -> (Batch, Vec<Made>) {
    let mut batch = Batch::new();
    let writer = log.writer().expect("the log is open").0;
    let mut made = Vec::new();
    for _ in 0..count {
        let payload: Vec<u8> = (0..dice.below(len_max + 1))
            .map(|_| dice.word() as u8)
            .collect();
        let record = Made {
            type_id: dice.below(4) as u16 * 21_845,
            version: 1 + dice.below(2) as u16,
            time: (dice.below(3) == 0).then(|| dice.word() as i64),
            payload,
            writer,
            acked_at: 0,
        };
        batch
            .push(record.type_id, record.version, record.time, &record.payload)
            .expect("the batch is small");
        made.push(record);
    }
    (batch, made)
}

/// A batch of records of two bytes each: as many lsns as a segment can hold.
pub fn tiny_batch(log: &Log, count: usize) -> (Batch, Vec<Made>) {
    let mut batch = Batch::new();
    let writer = log.writer().expect("the log is open").0;
    let record = Made {
        type_id: 1,
        version: 1,
        time: None,
        payload: Vec::new(),
        writer,
        acked_at: 0,
    };
    for _ in 0..count {
        batch.push(1, 1, None, &[]).expect("the batch is small");
    }
    (batch, vec![record; count])
}

/// One random thing that a program can do with an open log.
pub fn random_step(dice: &mut Dice, log: &Log, disk: &MemoryDisk, history: &mut History) {
    let (mut batch, made) = match dice.below(12) {
        0..5 => random_batch(dice, log, 1, 40),
        5..8 => {
            let count = 1 + dice.below(8);
            random_batch(dice, log, count, 120)
        }
        8 => tiny_batch(log, 200 + dice.below(1300) as usize),
        9 => return history.synced(log, disk),
        _ => return control_step(dice, log, disk, history),
    };
    let appended = log.append(&mut batch).expect("the memory disk has room");
    assert!(batch.is_empty(), "appending empties the batch");
    history.note(appended, made, disk);
}

fn control_step(dice: &mut Dice, log: &Log, disk: &MemoryDisk, history: &mut History) {
    let (mut batch, made) = random_batch(dice, log, 1, 30);
    let stream = StreamId(1 + dice.below(3));
    let seen = log.end().expect("the log is open");
    let condition = Condition {
        stream,
        unchanged: &[stream],
        seen,
    };
    let appended = log
        .append_if(&mut batch, condition)
        .expect("nothing is newer than the end");
    history.note(appended, made, disk);
}

/// Everything from where the reader stands to the visible end.
pub fn read_rest(reader: &mut Reader) -> Result<Vec<OwnedRecord>, LogError> {
    let mut records = Vec::new();
    read_rest_into(reader, &mut records)?;
    Ok(records)
}

/// The same, keeping what was read before an error.
pub fn read_rest_into(reader: &mut Reader, records: &mut Vec<OwnedRecord>) -> Result<(), LogError> {
    let from = reader.next_lsn();
    while let Some(batch) = reader.next_batch()? {
        records.extend(
            batch
                .filter(|record| record.lsn >= from)
                .map(OwnedRecord::from),
        );
    }
    Ok(())
}

/// Everything in a store that nobody need have open.
pub fn read_store(disk: &MemoryDisk) -> Result<(Vec<OwnedRecord>, Reader), LogError> {
    let mut reader = Reader::on(disk.handle())?;
    let records = read_rest(&mut reader)?;
    Ok((records, reader))
}

/// Lsns rise, and have no gap inside an epoch.
pub fn assert_order(records: &[OwnedRecord], reader: &Reader) {
    let segments = reader.segments();
    let epoch_of = |lsn: u64| {
        let at = segments.partition_point(|segment| segment.base.get() <= lsn);
        segments[at.checked_sub(1).expect("a record lies in a segment")].epoch
    };
    for pair in records.windows(2) {
        let (before, after) = (pair[0].lsn.get(), pair[1].lsn.get());
        assert!(before < after, "lsn {after} comes behind {before}");
        let is_next = before + 1 == after;
        assert!(
            is_next || epoch_of(before) != epoch_of(after),
            "{before}..{after} in one epoch"
        );
        assert!(
            pair[0].commit_time_ns <= pair[1].commit_time_ns,
            "commit times fall at {after}"
        );
    }
}

/// A process that is killed: its handle is never dropped, its locks are gone.
pub fn kill(log: Log, disk: &MemoryDisk) {
    std::mem::forget(log);
    disk.kill_all();
}

/// Repeats until `condition` holds; fails after a time that only a hang takes.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = mltrack_log::door::monotonic() + Duration::from_secs(30);
    while !condition() {
        assert!(
            mltrack_log::door::monotonic() < deadline,
            "waited too long for {what}"
        );
        std::thread::yield_now();
    }
}

/// Stops the store's first writer in the middle of an append, as a debugger does.
pub fn hold_lock(disk: &MemoryDisk, holder: u32) {
    let control = disk
        .handle()
        .control(true)
        .expect("the memory disk has a page");
    control.page().append_lock.store(holder, Ordering::SeqCst);
}
