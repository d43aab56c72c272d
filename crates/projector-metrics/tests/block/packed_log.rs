//! A log whose segments are packed into blocks reads as before, and its blocks answer for single columns.

use std::sync::Arc;
use std::time::Duration;

use mltrack_event::{ColumnsId, encode_metrics};
use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{
    Batch, CompactOptions, Log, OpenOptions, OwnedRecord, PackedBlock, Packer, PlainPacker, Reader,
    compact_on,
};
use mltrack_projector_metrics::block::{BlockIndex, MetricPacker, ReadAt, Want, read_rows};

use super::records::run;

const STEPS: i64 = 2000;

fn packers() -> Vec<Arc<dyn Packer>> {
    vec![Arc::new(MetricPacker)]
}

fn options() -> OpenOptions {
    OpenOptions {
        segment_len: 16 << 10,
        packers: packers(),
        ..OpenOptions::default()
    }
}

fn value(step: i64) -> f64 {
    f64::from((step as f32).sin())
}

fn grown() -> MemoryDisk {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).unwrap();
    let (mut batch, mut payload) = (Batch::new(), Vec::new());
    for step in 0..STEPS {
        payload.clear();
        let columns = ColumnsId(5);
        let kind = encode_metrics(run(1), columns, step, &[value(step)], &mut payload);
        let (type_id, version) = kind.unwrap();
        batch.push(type_id.0, version.0, None, &payload).unwrap();
        if step % 7 == 0 {
            batch
                .push(0x3000, 1, Some(step), b"something else")
                .unwrap();
        }
        log.append(&mut batch).unwrap();
    }
    log.close().unwrap();
    disk
}

fn records(disk: &MemoryDisk) -> Vec<OwnedRecord> {
    let mut reader = Reader::on_with(disk.handle(), packers()).unwrap();
    let mut records = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        records.extend(batch.map(OwnedRecord::from));
    }
    records
}

/// A block of a packed segment, as the questions here want it.
struct Source(PackedBlock);

impl ReadAt for Source {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<()> {
        self.0.read_at(offset, buf)
    }

    fn len(&self) -> u64 {
        self.0.len()
    }
}

#[test]
fn a_packed_log_reads_as_before_and_its_blocks_answer() {
    let disk = grown();
    let before = records(&disk);
    let compact = CompactOptions {
        keep_replaced: Duration::ZERO,
        ..CompactOptions::new(Arc::new(MetricPacker))
    };
    let report = compact_on(&disk.handle(), options(), &compact).unwrap();
    assert!(report.packed > 3, "{report:?}");
    assert_eq!(records(&disk), before);

    let reader = Reader::on_with(disk.handle(), packers()).unwrap();
    let mut step = 0;
    for block in reader.packed().unwrap() {
        assert_eq!(block.packer, MetricPacker::ID);
        let source = Source(block);
        let index = BlockIndex::open(&source).unwrap();
        let chunk = index.chunks(run(1)).next().unwrap();
        let rows = read_rows(&source, chunk, 0, Want::default()).unwrap();
        for (at, read) in rows.steps.iter().zip(&rows.values) {
            assert_eq!((*at, read.to_bits()), (step, value(step).to_bits()));
            step += 1;
        }
    }
    assert!(step > STEPS / 2, "most of the log is packed");
}

#[test]
fn no_two_packers_have_one_number() {
    assert_ne!(MetricPacker.id(), PlainPacker.id());
}
