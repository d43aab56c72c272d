//! Crash after crash: what a recovery kept stays, what it cut never comes back, and no lsn is ever given out twice.

use std::collections::BTreeSet;

use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{Log, LogError};

use crate::support::{
    Dice, History, assert_order, kill, options, random_step, read_rest, read_store, rounds,
};

/// A store over several power cuts.
struct Lineage {
    disk: MemoryDisk,
    /// Every record that anybody has ever been told of.
    history: History,
    /// Lsns that the last recovery has kept.
    present: BTreeSet<u64>,
    dice: Dice,
}

impl Lineage {
    fn new(seed: u64) -> Lineage {
        Lineage {
            disk: MemoryDisk::default(),
            history: History::default(),
            present: BTreeSet::new(),
            dice: Dice(seed),
        }
    }

    /// Opens, appends, and is cut off at a random operation.
    fn live(&mut self) {
        let Lineage {
            disk,
            history,
            present,
            dice,
        } = self;
        disk.capture();
        let (log, _) = Log::on(disk.handle(), options()).expect("the image opens");
        let mut reader = log.reader().expect("the log is open");
        let records = read_rest(&mut reader).expect("a recovered log reads");
        assert_eq!(
            records.len(),
            present.len(),
            "recovery changed what a reader had seen"
        );
        for _ in 0..dice.below(20) {
            random_step(dice, &log, disk, history);
        }
        if dice.below(3) == 0 {
            log.close().expect("the memory disk syncs");
        } else {
            kill(log, disk);
        }
    }

    /// Cuts the power, then reads what is left.
    fn cut(&mut self) {
        let Some(last) = self.disk.captured_count().checked_sub(1) else {
            return;
        };
        // The latest states are the interesting ones: more is appended and less of it durable.
        let back = self
            .dice
            .below(last as u64 + 1)
            .min(self.dice.below(last as u64 + 1));
        let at = last - back as usize;
        let image = self.disk.crash_image_at(at, self.dice.word());
        let durable = self.history.durable_at(at);
        let told = |acked_at: usize| acked_at <= at + 1;
        let records = match read_store(&image) {
            Err(LogError::NotAStore { .. }) if durable == 1 => Vec::new(),
            Err(error) => panic!("a reader refuses the image: {error}"),
            Ok((records, reader)) => {
                assert_order(&records, &reader);
                records
            }
        };
        let found: BTreeSet<u64> = records.iter().map(|record| record.lsn.get()).collect();
        for record in &records {
            let lsn = record.lsn.get();
            let made = &self.history.made[&lsn];
            assert!(made.is(record), "lsn {lsn} has another content than it had");
            let is_of_this_life = made.acked_at > 0;
            assert!(
                is_of_this_life || self.present.contains(&lsn),
                "lsn {lsn} was cut and is back"
            );
        }
        for lsn in self.history.made.range(..durable).map(|(lsn, _)| lsn) {
            let was_there = self.history.made[lsn].acked_at > 0 || self.present.contains(lsn);
            assert!(
                !was_there || found.contains(lsn),
                "durable lsn {lsn} is lost"
            );
        }
        // What came after the cut never happened, unless its bytes made it into the image.
        self.history
            .made
            .retain(|lsn, made| told(made.acked_at) || found.contains(lsn));
        self.history
            .made
            .values_mut()
            .for_each(|made| made.acked_at = 0);
        let kept = self.history.durable_at(at);
        self.history.durable = vec![(0, kept)];
        self.disk = image;
        self.present = found;
    }
}

#[test]
fn over_many_power_cuts_no_lsn_is_given_out_twice_and_nothing_cut_comes_back() {
    for seed in 0..40 * rounds() {
        let mut lineage = Lineage::new(seed);
        for generation in 0..6 {
            eprintln!("seed {seed}, generation {generation}");
            lineage.live();
            lineage.cut();
        }
    }
}
