//! Bytes that nobody wrote: an error, never a panic, never memory beyond a block's limits.

use mltrack_projector_metrics::RowsInto;
use mltrack_projector_metrics::block::{
    BlockFault, BlockIndex, ChunkInfo, Want, read_nodes, read_residue, read_rows, read_rows_into,
    reseal, residue_types, unpack,
};
use proptest::prelude::*;

use super::records::{Owned, mixed, one, pack_owned, run};

/// Asks a block everything there is to ask; whether every answer was one.
fn ask(block: &[u8]) -> bool {
    let mut records = 0;
    let mut is_whole = unpack(&block, &mut |_| records += 1).is_ok();
    let Ok(index) = BlockIndex::open(&block) else {
        return false;
    };
    let want = Want {
        times: true,
        lsns: true,
    };
    for chunk in index.all_chunks() {
        for column in 0..chunk.width {
            is_whole &= read_rows(&block, chunk, column, want).is_ok();
            is_whole &= read_into(block, chunk, column).is_ok();
            for level in 0..chunk.levels() {
                is_whole &= read_nodes(&block, chunk, column, level).is_ok();
            }
        }
    }
    for part in index.residue() {
        is_whole &= read_residue(&block, part, &mut |_| {}).is_ok();
        is_whole &= residue_types(&block, part).is_ok();
    }
    is_whole
}

fn read_into(block: &[u8], chunk: &ChunkInfo, column: usize) -> Result<(), BlockFault> {
    let count = chunk.rows;
    let (mut steps, mut values) = (vec![0; count], vec![0.0; count]);
    let (mut times_ns, mut lsns) = (vec![0; count], vec![0; count]);
    let into = RowsInto {
        steps: &mut steps,
        values: &mut values,
        times_ns: &mut times_ns,
        lsns: &mut lsns,
    };
    read_rows_into(&block, chunk, column, into)
}

fn sample() -> Vec<u8> {
    let mut records: Vec<Owned> = (1..1100)
        .map(|lsn| one(lsn, run(1), 1, lsn as i64, &[f64::from((lsn as f32).sin())]))
        .collect();
    for record in records.iter_mut().step_by(100) {
        record.type_id = 3;
    }
    pack_owned(&records)
}

#[test]
fn every_truncation_is_an_error() {
    let block = sample();
    assert!(ask(&block));
    for len in (0..block.len())
        .step_by(7)
        .chain(block.len() - 20..block.len())
    {
        assert!(!ask(&block[..len]), "{len} of {} bytes", block.len());
    }
    let longer = [&block[..], &[0]].concat();
    assert!(!ask(&longer));
}

#[test]
fn every_flipped_bit_is_an_error() {
    let block = sample();
    for at in (0..block.len()).step_by(5).chain(0..200) {
        let mut damaged = block.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(!ask(&damaged), "byte {at}");
    }
}

#[test]
fn resealing_a_whole_block_changes_nothing() {
    let block = sample();
    let mut again = block.clone();
    reseal(&mut again);
    assert_eq!(again, block);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_with_right_crcs_that_nobody_wrote_never_panic(
        records in mixed(40),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut block = pack_owned(&records);
        for (place, byte) in places {
            let at = place.index(block.len());
            block[at] = byte;
            reseal(&mut block);
        }
        ask(&block);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn long_columns_that_nobody_wrote_never_panic(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut block = sample();
        for (place, byte) in places {
            let at = place.index(block.len());
            block[at] = byte;
            reseal(&mut block);
        }
        ask(&block);
    }

    #[test]
    fn any_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut block = b"MLBK\x01\0\0\0".to_vec();
        block.extend(bytes);
        reseal(&mut block);
        ask(&block);
    }
}
