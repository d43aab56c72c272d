//! Structured operations with faults against a model: what was acknowledged is there, at its lsn, once and unchanged.
//!
//! The model knows every record by its number. A record that was acknowledged as visible may only be missing after a
//! power cut that it was not durable before; one whose append failed must never appear.
#![no_main]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mltrack_fuzz::options;
use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{
    Appended, Batch, Condition, Log, LogError, Lsn, Reader, StreamId, VerifyOptions, verify_on,
};

#[derive(Arbitrary, Debug)]
enum Operation {
    Append {
        handle: u8,
        lens: Vec<u16>,
    },
    Control {
        handle: u8,
        stream: u8,
    },
    Conditional {
        handle: u8,
        stream: u8,
        other: u8,
        age: u8,
    },
    Sync {
        handle: u8,
    },
    Open,
    Close {
        handle: u8,
    },
    KillAll,
    PowerCut {
        seed: u64,
    },
    FailSyncs(bool),
    Capacity(Option<u16>),
    Read {
        from: u8,
    },
}

/// What the model knows of a record.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fate {
    /// Acknowledged at this lsn.
    Visible(u64),
    /// Will be appended some time.
    Deferred,
    /// The append failed.
    Refused,
    /// A power cut may have taken it.
    InDoubt,
}

#[derive(Default)]
struct Model {
    fates: Vec<Fate>,
    /// Lsns and streams of control records.
    controls: BTreeMap<u64, u64>,
}

struct World {
    disk: MemoryDisk,
    logs: Vec<Log>,
    model: Model,
    is_failing: bool,
    capacity: Option<u64>,
}

const HANDLE_COUNT_MAX: usize = 3;
const OPERATION_COUNT_MAX: usize = 60;

impl World {
    fn log(&mut self, handle: u8) -> Option<Log> {
        if self.logs.is_empty() {
            self.open();
        }
        let count = self.logs.len();
        (count > 0).then(|| self.logs[usize::from(handle) % count].clone())
    }

    fn open(&mut self) {
        if self.logs.len() == HANDLE_COUNT_MAX {
            return;
        }
        match Log::on(self.disk.handle(), options()) {
            Ok((log, _)) => self.logs.push(log),
            Err(error) => self.excuse(&error),
        }
    }

    /// Errors that the injected faults explain.
    fn excuse(&self, error: &LogError) {
        let is_explained = match error {
            LogError::DiskFull { .. } => self.capacity.is_some(),
            LogError::Poisoned { .. } | LogError::Io { action: "sync", .. } => true,
            LogError::Io { .. } => self.is_failing,
            LogError::TooLarge { .. } => true,
            _ => false,
        };
        assert!(is_explained, "{error:?}");
    }

    fn note(&mut self, appended: Result<Appended, LogError>, count: u64, stream: Option<u64>) {
        for number in 0..count {
            self.model.fates.push(match &appended {
                Ok(Appended::Visible { first, .. }) => Fate::Visible(first.get() + number),
                Ok(Appended::Deferred) => Fate::Deferred,
                // The sync behind a visible append can fail; what was appended then stays.
                Err(LogError::Io { action: "sync", .. }) => Fate::InDoubt,
                Err(_) => Fate::Refused,
            });
        }
        if let (Ok(Appended::Visible { first, .. }), Some(stream)) = (&appended, stream) {
            self.model.controls.insert(first.get(), stream);
        }
        if let Err(error) = appended {
            self.excuse(&error);
        }
    }

    fn batch(&self, lens: &[u16]) -> Batch {
        let mut batch = Batch::new();
        for (at, len) in lens.iter().enumerate() {
            let mut payload = ((self.model.fates.len() + at) as u64)
                .to_le_bytes()
                .to_vec();
            payload.resize(8 + usize::from(*len) % 3000, 3);
            batch
                .push(1, 1, None, &payload)
                .expect("it is far below the limit");
        }
        batch
    }

    fn append(&mut self, handle: u8, lens: &[u16]) {
        let lens = &lens[..lens.len().min(6)];
        let Some(log) = self.log(handle).filter(|_| !lens.is_empty()) else {
            return;
        };
        let mut batch = self.batch(lens);
        let appended = log.append(&mut batch);
        self.note(appended, lens.len() as u64, None);
    }

    fn control(&mut self, handle: u8, stream: u8) {
        let Some(log) = self.log(handle) else { return };
        let stream = u64::from(stream % 4) + 1;
        let appended = log.append_control(&mut self.batch(&[9]), StreamId(stream));
        self.note(appended, 1, Some(stream));
    }

    fn conditional(&mut self, handle: u8, stream: u8, other: u8, age: u8) {
        let Some(log) = self.log(handle) else { return };
        let (stream, other) = (u64::from(stream % 4) + 1, u64::from(other % 4) + 1);
        let Ok(end) = log.end() else { return };
        let seen = Lsn::new(end.get().saturating_sub(u64::from(age)).max(1)).expect("at least 1");
        let unchanged = [StreamId(stream), StreamId(other)];
        let condition = Condition {
            stream: StreamId(stream),
            unchanged: &unchanged,
            seen,
        };
        let result = log.append_if(&mut self.batch(&[9]), condition);
        match result {
            Err(LogError::Conflict { newer }) => {
                assert!(newer >= seen, "only newer records are in conflict");
                self.model.fates.push(Fate::Refused);
            }
            result => {
                let mut newer = self.model.controls.range(seen.get()..);
                let is_visible = matches!(result, Ok(Appended::Visible { .. }));
                let is_free = newer.all(|(_, known)| *known != stream && *known != other);
                assert!(
                    is_free || !is_visible,
                    "a change behind {seen} was overlooked"
                );
                self.note(result, 1, Some(stream));
            }
        }
    }

    /// Everybody is gone; `disk` is what they left.
    fn lose_all(&mut self, disk: MemoryDisk) {
        for log in self.logs.drain(..) {
            // Its thread must not go on in the new life of the disk, so it closes on the old one.
            log.close().ok();
        }
        self.disk = disk;
        self.is_failing = false;
        self.capacity = None;
    }

    fn power_cut(&mut self, seed: u64) {
        // CKPT alone says what is durable: a handle's answer could be from before the last sync.
        let durable = self
            .logs
            .first()
            .and_then(|log| log.durable().ok())
            .map_or(1, Lsn::get);
        let image = self.disk.crash_image(seed);
        self.lose_all(image);
        for fate in &mut self.model.fates {
            match fate {
                Fate::Visible(lsn) if *lsn < durable => {}
                Fate::Refused => {}
                _ => *fate = Fate::InDoubt,
            }
        }
        self.model.controls.retain(|lsn, _| *lsn < durable);
    }

    fn kill_all(&mut self) {
        // A copy of the folder at this moment is what killed processes leave, on another inode.
        let image = self.disk.copy();
        let deferred = self
            .model
            .fates
            .iter_mut()
            .filter(|fate| **fate == Fate::Deferred);
        deferred.for_each(|fate| *fate = Fate::InDoubt);
        self.lose_all(image);
    }

    /// Compares the log with the model.
    fn check(&self) {
        let mut reader = match Reader::on(self.disk.handle()) {
            Ok(reader) => reader,
            Err(LogError::NotAStore { .. }) => return,
            Err(error) => panic!("the store opens for reading: {error:?}"),
        };
        let mut found = BTreeMap::new();
        let mut last = 0;
        while let Some(batch) = reader.next_batch().expect("every record can be read") {
            for record in batch {
                let number = u64::from_le_bytes(record.payload[..8].try_into().expect("a number"));
                assert!(record.lsn.get() > last, "lsns go up");
                last = record.lsn.get();
                assert!(
                    found.insert(number, last).is_none(),
                    "{number} is there twice"
                );
            }
        }
        for (number, fate) in self.model.fates.iter().enumerate() {
            let lsn = found.remove(&(number as u64));
            match fate {
                Fate::Visible(expected) => assert_eq!(lsn, Some(*expected), "record {number}"),
                Fate::Refused => assert_eq!(lsn, None, "record {number} was refused"),
                Fate::Deferred | Fate::InDoubt => {}
            }
        }
        assert!(found.is_empty(), "nobody appended {found:?}");
    }

    fn read(&self, from: u8) {
        let Some(log) = self.logs.first() else { return };
        let mut reader = log.reader().expect("an open log can be read");
        // Behind the end a cursor of this reader would be one that the log does not know.
        let end = reader.end().get();
        reader.seek(Lsn::new(u64::from(from) % end + 1).expect("not 0"));
        if let Some(mut batch) = reader.next_batch().expect("it can be read") {
            batch.next().expect("a batch has a record");
        }
        let cursor = reader.cursor();
        reader.resume(cursor).expect("its own cursor is known");
        reader.last_at(i64::MAX).expect("asked");
    }

    fn act(&mut self, operation: Operation) {
        match operation {
            Operation::Append { handle, lens } => self.append(handle, &lens),
            Operation::Control { handle, stream } => self.control(handle, stream),
            Operation::Conditional {
                handle,
                stream,
                other,
                age,
            } => {
                self.conditional(handle, stream, other, age);
            }
            Operation::Sync { handle } => {
                if let Some(Err(error)) = self.log(handle).map(|log| log.sync()) {
                    self.excuse(&error);
                }
            }
            Operation::Open => self.open(),
            Operation::Close { handle } if !self.logs.is_empty() => {
                let at = usize::from(handle) % self.logs.len();
                self.logs.remove(at).close().ok();
            }
            Operation::Close { .. } => {}
            Operation::KillAll => self.kill_all(),
            Operation::PowerCut { seed } => self.power_cut(seed),
            Operation::FailSyncs(is_failing) => {
                self.is_failing = is_failing;
                self.disk.fail_syncs(is_failing);
            }
            Operation::Capacity(kib) => {
                self.capacity = kib.map(|kib| u64::from(kib) << 10);
                self.disk.set_capacity(self.capacity);
            }
            Operation::Read { from } => self.read(from),
        }
    }
}

fuzz_target!(|operations: Vec<Operation>| {
    let mut world = World {
        disk: MemoryDisk::default(),
        logs: Vec::new(),
        model: Model::default(),
        is_failing: false,
        capacity: None,
    };
    for operation in operations.into_iter().take(OPERATION_COUNT_MAX) {
        world.act(operation);
    }
    world.check();
    world.disk.fail_syncs(false);
    world.disk.set_capacity(None);
    world.logs.drain(..).for_each(|log| drop(log.close()));
    verify_on(&world.disk.handle(), &VerifyOptions::default()).ok();
});
