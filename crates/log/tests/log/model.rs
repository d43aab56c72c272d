//! Random programs of several handles and a reader, against a list of records.

use std::collections::BTreeMap;

use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{
    Appended, Batch, Condition, Cursor, Log, LogError, Lsn, OwnedRecord, Reader, StreamId,
};
use proptest::prelude::*;

use crate::support::{Made, kill, options, read_rest, rounds};

const HANDLES: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Append {
        handle: usize,
        lens: Vec<u8>,
        time: Option<i64>,
    },
    Control {
        handle: usize,
        stream: u64,
        others: bool,
        seen_back: u64,
    },
    Sync {
        handle: usize,
    },
    Close {
        handle: usize,
    },
    KillAll,
    Read,
    Keep,
    Resume,
    Seek {
        part: u64,
    },
    At {
        part: u64,
        before: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let handle = 0..HANDLES;
    let lens = prop::collection::vec(any::<u8>(), 1..12);
    let step = prop_oneof![
        8 => (handle.clone(), lens, any::<Option<i64>>())
            .prop_map(|(handle, lens, time)| Step::Append { handle, lens, time }),
        3 => (handle.clone(), 1..4u64, any::<bool>(), 0..12u64).prop_map(
            |(handle, stream, others, seen_back)| Step::Control { handle, stream, others, seen_back }
        ),
        1 => handle.clone().prop_map(|handle| Step::Sync { handle }),
        1 => handle.prop_map(|handle| Step::Close { handle }),
        1 => Just(Step::KillAll),
        3 => Just(Step::Read),
        1 => Just(Step::Keep),
        1 => Just(Step::Resume),
        1 => (0..100u64).prop_map(|part| Step::Seek { part }),
        1 => (0..100u64, any::<bool>()).prop_map(|(part, before)| Step::At { part, before }),
    ];
    prop::collection::vec(step, 1..70)
}

/// The log as it should be, beside the log as it is.
struct World {
    disk: MemoryDisk,
    logs: [Option<Log>; HANDLES],
    reader: Option<Reader>,
    kept: Option<Cursor>,
    model: BTreeMap<u64, Made>,
    /// The last control record of each stream.
    streams: BTreeMap<u64, u64>,
    /// Set where an unclean stop allows a gap before the next lsn.
    is_cut: bool,
}

impl World {
    fn new() -> World {
        World {
            disk: MemoryDisk::default(),
            logs: [const { None }; HANDLES],
            reader: None,
            kept: None,
            model: BTreeMap::new(),
            streams: BTreeMap::new(),
            is_cut: false,
        }
    }

    fn end(&self) -> u64 {
        self.model.last_key_value().map_or(1, |(lsn, _)| lsn + 1)
    }

    fn log(&mut self, handle: usize) -> Log {
        let disk = &self.disk;
        let open = || {
            Log::on(disk.handle(), options())
                .expect("the store opens")
                .0
        };
        self.logs[handle].get_or_insert_with(open).clone()
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Append { handle, lens, time } => self.append(*handle, lens, *time),
            Step::Control {
                handle,
                stream,
                others,
                seen_back,
            } => {
                self.control(*handle, *stream, *others, *seen_back);
            }
            Step::Sync { handle } => {
                let log = self.log(*handle);
                let durable = log.sync().expect("the memory disk syncs");
                assert_eq!(durable, log.end().expect("open"));
                assert_eq!(log.durable().expect("open"), durable);
            }
            Step::Close { handle } => {
                if let Some(log) = self.logs[*handle].take() {
                    log.close().expect("the memory disk syncs");
                }
            }
            Step::KillAll => self.kill_all(),
            Step::Read => self.read(),
            Step::Keep => self.kept = self.reader.as_ref().map(Reader::cursor),
            Step::Resume => self.resume(),
            Step::Seek { part } => self.seek(*part),
            Step::At { part, before } => self.last_at(*part, *before),
        }
    }

    fn append(&mut self, handle: usize, lens: &[u8], time: Option<i64>) {
        let log = self.log(handle);
        let (mut batch, mut made) = (Batch::new(), Vec::new());
        for len in lens {
            let payload = vec![*len ^ handle as u8; usize::from(*len)];
            batch
                .push(7, 1, time, &payload)
                .expect("the batch is small");
            let writer = log.writer().expect("open").0;
            made.push(Made {
                type_id: 7,
                version: 1,
                time,
                payload,
                writer,
                acked_at: 0,
            });
        }
        let appended = log.append(&mut batch).expect("the memory disk has room");
        self.note(appended, made);
    }

    fn control(&mut self, handle: usize, stream: u64, others: bool, seen_back: u64) {
        let log = self.log(handle);
        let end = log.end().expect("open").get();
        let seen = Lsn::new(end.saturating_sub(seen_back).max(1)).expect("at least 1");
        let all = [StreamId(1), StreamId(2), StreamId(3)];
        let own = [StreamId(stream)];
        let unchanged = if others { &all[..] } else { &own[..] };
        let mut batch = Batch::new();
        batch
            .push(9, 2, None, b"control")
            .expect("the batch is small");
        let writer = log.writer().expect("open").0;
        let payload = b"control".to_vec();
        let made = Made {
            type_id: 9,
            version: 2,
            time: None,
            payload,
            writer,
            acked_at: 0,
        };
        let newer = unchanged
            .iter()
            .filter_map(|stream| self.streams.get(&stream.0))
            .max()
            .copied();
        let condition = Condition {
            stream: StreamId(stream),
            unchanged,
            seen,
        };
        match (
            log.append_if(&mut batch, condition),
            newer.filter(|newer| *newer >= seen.get()),
        ) {
            (Ok(appended), None) => {
                self.note(appended, vec![made]);
                self.streams.insert(stream, self.end() - 1);
            }
            (Err(LogError::Conflict { newer }), Some(expected)) => {
                assert_eq!(newer.get(), expected);
            }
            (result, expected) => panic!("{result:?}, newer by the model: {expected:?}"),
        }
    }

    fn note(&mut self, appended: Appended, made: Vec<Made>) {
        let Appended::Visible { first, next } = appended else {
            panic!("deferred for nothing")
        };
        let is_next = first.get() == self.end();
        assert!(
            is_next || self.is_cut && first.get() > self.end(),
            "lsn {first} is out of order"
        );
        assert_eq!(next.get() - first.get(), made.len() as u64);
        self.is_cut = false;
        self.model.extend((first.get()..).zip(made));
    }

    fn kill_all(&mut self) {
        for log in self.logs.iter_mut().filter_map(Option::take) {
            kill(log, &self.disk);
            self.is_cut = true;
        }
    }

    fn reader(&mut self) -> Option<&mut Reader> {
        if self.reader.is_none() {
            self.reader = match Reader::on(self.disk.handle()) {
                Ok(reader) => Some(reader),
                Err(LogError::NotAStore { .. }) if self.model.is_empty() => None,
                Err(error) => panic!("{error}"),
            };
        }
        self.reader.as_mut()
    }

    fn read(&mut self) {
        let Some(reader) = self.reader() else { return };
        reader.refresh().expect("the memory disk reads");
        let from = reader.next_lsn().get();
        let records = read_rest(reader).expect("nothing is damaged");
        self.check(from, &records);
    }

    fn check(&self, from: u64, records: &[OwnedRecord]) {
        let expected: Vec<_> = self.model.range(from..).collect();
        assert_eq!(records.len(), expected.len(), "from {from}");
        for (record, (lsn, made)) in records.iter().zip(expected) {
            assert!(
                record.lsn.get() == *lsn && made.is(record),
                "{record:?} where {lsn}: {made:?}"
            );
        }
    }

    fn resume(&mut self) {
        let Some(cursor) = self.kept else { return };
        // A process that was not there before: the cursor is all it has.
        let mut reader = Reader::on(self.disk.handle()).expect("the store is there");
        reader
            .resume(cursor)
            .expect("no visible record was ever lost");
        assert_eq!(reader.next_lsn(), cursor.next);
        self.reader = Some(reader);
        self.read();
    }

    fn seek(&mut self, part: u64) {
        let to = 1 + self.end() * part / 90;
        let Some(reader) = self.reader() else { return };
        reader.seek(Lsn::new(to).expect("at least 1"));
        if to < self.end() {
            self.read();
        } else {
            self.reader = None;
        }
    }

    fn last_at(&mut self, part: u64, before: bool) {
        let Some(reader) = self.reader() else { return };
        let position = reader.next_lsn();
        reader.seek(Lsn::FIRST);
        reader.refresh().expect("the memory disk reads");
        let records = read_rest(reader).expect("nothing is damaged");
        let Some(record) = records.get((records.len() as u64 * part / 100) as usize) else {
            return;
        };
        let time = record.commit_time_ns - i64::from(before);
        let expected = records
            .iter()
            .rev()
            .find(|record| record.commit_time_ns <= time);
        let found = reader.last_at(time).expect("the memory disk reads");
        assert_eq!(found, expected.map(|record| record.lsn));
        reader.seek(position);
    }
}

#[test]
fn any_program_of_several_handles_sees_the_log_that_a_list_would_be() {
    let cases = u32::try_from(96 * rounds()).expect("fewer rounds");
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(steps in steps())| {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.read();
        world.kill_all();
        world.reader = None;
        world.read();
    });
}
