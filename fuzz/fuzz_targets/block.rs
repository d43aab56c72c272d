//! Arbitrary bytes as a block: never a panic, and what gives records back packs into what gives the same records back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mltrack_projector::{Lsn, PackRecord, WriterId};
use mltrack_projector_metrics::block::{
    BlockIndex, Want, pack, read_nodes, read_residue, read_rows, reseal, unpack,
};

#[derive(PartialEq, Debug)]
struct Owned {
    /// Lsn, type, version, writer, time, whether it has one, commit time.
    facts: (Lsn, u16, u16, u32, i64, bool, i64),
    payload: Vec<u8>,
}

impl Owned {
    fn of(record: PackRecord<'_>) -> Owned {
        let writer = record.writer.0;
        let times = (record.time_ns, record.has_time, record.commit_time_ns);
        let (time_ns, has_time, commit) = times;
        let kind = (record.lsn, record.type_id, record.version);
        Owned {
            facts: (kind.0, kind.1, kind.2, writer, time_ns, has_time, commit),
            payload: record.payload.to_vec(),
        }
    }

    fn record(&self) -> PackRecord<'_> {
        let (lsn, type_id, version, writer, time_ns, has_time, commit_time_ns) = self.facts;
        PackRecord {
            lsn,
            type_id,
            version,
            writer: WriterId(writer),
            time_ns,
            has_time,
            commit_time_ns,
            payload: &self.payload,
        }
    }
}

fn records(block: &[u8]) -> Option<Vec<Owned>> {
    let mut records = Vec::new();
    let unpacked = unpack(&block, &mut |record| records.push(Owned::of(record)));
    unpacked.ok().map(|()| records)
}

fn ask(block: &[u8]) {
    let Ok(index) = BlockIndex::open(&block) else {
        return;
    };
    let want = Want {
        times: true,
        lsns: true,
    };
    for chunk in index.all_chunks().take(8) {
        for column in 0..chunk.width.min(8) {
            drop(read_rows(&block, chunk, column, want));
            for level in 0..chunk.levels() {
                drop(read_nodes(&block, chunk, column, level));
            }
        }
    }
    for part in index.residue().take(8) {
        drop(read_residue(&block, part, &mut |_| {}));
    }
}

fn check(block: &[u8]) {
    ask(block);
    let Some(first) = records(block) else {
        return;
    };
    let borrowed: Vec<_> = first.iter().map(Owned::record).collect();
    let again = records(&pack(&borrowed)).expect("what was packed unpacks");
    assert_eq!(again, first);
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // With right crcs, so that the code behind them is reached.
    let mut sealed = bytes.to_vec();
    reseal(&mut sealed);
    check(&sealed);
});
