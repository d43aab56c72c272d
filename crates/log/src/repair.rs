//! Manifests, and going on after damage or a failed sync.
//!
//! Invariants: repair removes no byte. A damaged range is written down, so that readers skip it knowingly; a poisoned
//! epoch is ended by a new one, and what the disk may have lost of it is written again first.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

use crate::append_lock::AppendLock;
use crate::codec::identity::Format;
use crate::codec::manifest::{Manifest, Quarantine};
use crate::codec::state::State;
use crate::control::Tail;
use crate::door;
use crate::error::{LogError, Result};
use crate::ids::Lsn;
use crate::layout::{LOCK_MUTATOR, pack_name, segment_name};
use crate::medium::{Medium, MediumFile, Mode, read_file, read_full};
use crate::options::{OpenOptions, OpenReport};
use crate::shared::{Shared, guard};
use crate::stored::{Names, PackFile};
use crate::verify::{Damage, Depth, VerifyOptions, verify_on};
use crate::{append::Appender, roll, start};

/// More than this is no manifest.
const MANIFEST_LEN_MAX: usize = 64 << 20;
const REPAIR_LOCK_WAIT: Duration = Duration::from_secs(5);
const CHUNK_LEN: usize = 1 << 20;

/// What repairing did.
#[derive(Clone, Debug)]
pub struct RepairReport {
    /// How the store opened: an unclean stop is recovered by opening alone.
    pub opened: OpenReport,
    /// Damage that readers now skip, and that they did not skip before.
    pub quarantined: Vec<Damage>,
    /// Footers that were damaged and were written again.
    pub resealed: usize,
    /// The first lsn of the new epoch, when a failed sync had poisoned the old one.
    pub unpoisoned_at: Option<Lsn>,
}

/// The manifest with the highest number that is whole.
pub(crate) fn read_manifest(medium: &dyn Medium, format: &Format) -> Result<Option<Manifest>> {
    let wrap = |error: io::Error| LogError::io(medium.path(), "read the manifest", error);
    let names = medium.list(".").map_err(wrap)?;
    let mut numbers: Vec<u64> = names
        .iter()
        .filter_map(|name| Manifest::number_in(name))
        .collect();
    numbers.sort_unstable();
    for number in numbers.into_iter().rev() {
        let bytes = read_file(medium, &Manifest::name(number), MANIFEST_LEN_MAX).map_err(wrap)?;
        if let Some(manifest) = Manifest::decode(&bytes.unwrap_or_default())
            && manifest.store == format.store
            && manifest.number == number
        {
            return Ok(Some(manifest));
        }
    }
    Ok(None)
}

/// Recovers, unpoisons and quarantines. Others may go on appending meanwhile.
pub fn repair(path: &std::path::Path) -> Result<RepairReport> {
    let options = OpenOptions {
        create: false,
        ..OpenOptions::default()
    };
    repair_on(&start::medium_at(path, true, &options)?, options)
}

/// The same on any medium.
pub fn repair_on(medium: &Arc<dyn Medium>, options: OpenOptions) -> Result<RepairReport> {
    let (shared, opened) = start::open(medium, options)?;
    let repaired = repair_open(&shared, medium, opened);
    let closed = start::close(&shared);
    let report = repaired?;
    closed?;
    Ok(report)
}

fn repair_open(
    shared: &Shared,
    medium: &Arc<dyn Medium>,
    opened: OpenReport,
) -> Result<RepairReport> {
    let is_poisoned = shared.control.page().poison.load(Relaxed) != 0;
    let unpoisoned_at = is_poisoned
        .then(|| begin_epoch_after_poison(shared))
        .transpose()?;
    set_damaged_packs_aside(shared)?;
    let resealed = crate::seal::reseal_damaged(shared)?;
    let options = VerifyOptions {
        depth: Depth::Deep,
        packers: &shared.options.packers,
        ..VerifyOptions::default()
    };
    let report = verify_on(medium, &options)?;
    let new: Vec<Damage> = report
        .damages
        .into_iter()
        .filter(|damage| !damage.is_quarantined && damage.offset < damage.end_offset)
        .collect();
    if !new.is_empty() {
        quarantine(shared, &new)?;
    }
    Ok(RepairReport {
        opened,
        quarantined: new,
        resealed,
        unpoisoned_at,
    })
}

/// Moves packed forms that are damaged into trash/ where the segment, or an older packed form, is still there.
fn set_damaged_packs_aside(shared: &Shared) -> Result<()> {
    let medium = &*shared.medium;
    let wrap = |error: io::Error| LogError::io(medium.path(), "look at packed segments", error);
    start::lock_timed(medium, LOCK_MUTATOR)?;
    let set_aside = (|| {
        for (base, forms) in Names::list(medium)?.packed() {
            let others = forms.generations.len() - 1 + usize::from(forms.is_raw);
            for generation in forms.generations.iter().rev().take(others) {
                let pack = PackFile::open(medium, base, *generation)?;
                if pack.map_or(Ok(false), |pack| pack.is_whole())? {
                    break;
                }
                roll::put_file_aside(medium, &pack_name(base, *generation))?;
            }
        }
        Ok(())
    })();
    medium.unlock(LOCK_MUTATOR).map_err(wrap)?;
    set_aside.map_err(wrap)
}

/// Writes the next manifest: what was known and what is new.
fn quarantine(shared: &Shared, damages: &[Damage]) -> Result<()> {
    let medium = &*shared.medium;
    let wrap = |error: io::Error| LogError::io(medium.path(), "write a manifest", error);
    start::lock_timed(medium, LOCK_MUTATOR)?;
    let written = (|| {
        let old = read_manifest(medium, &shared.format)?;
        let mut manifest = Manifest {
            store: shared.format.store,
            number: old.as_ref().map_or(0, |old| old.number) + 1,
            quarantined: old.map(|old| old.quarantined).unwrap_or_default(),
        };
        let time_ns = door::wall_time_ns();
        manifest
            .quarantined
            .extend(damages.iter().map(|damage| Quarantine {
                base: damage.base.get(),
                first_lsn: damage.first.get(),
                end_lsn: damage.end.get(),
                offset: damage.offset as u32,
                end_offset: damage.end_offset as u32,
                time_ns,
            }));
        manifest
            .quarantined
            .sort_by_key(|entry| (entry.base, entry.offset));
        write_manifest(medium, &manifest).map_err(wrap)
    })();
    medium.unlock(LOCK_MUTATOR).map_err(wrap)?;
    written
}

fn write_manifest(medium: &dyn Medium, manifest: &Manifest) -> io::Result<()> {
    let name = Manifest::name(manifest.number);
    let making = format!("{name}.tmp");
    medium.remove(&making).ok();
    let file = medium.open(&making, Mode::Create(0))?;
    file.write_at(&manifest.encode(), 0)?;
    file.sync()?;
    medium.rename(&making, &name)?;
    medium.sync_folder()
}

/// Ends a poisoned epoch: writes again what the failed sync may have lost, and goes on in a new segment.
fn begin_epoch_after_poison(shared: &Shared) -> Result<Lsn> {
    let medium = &*shared.medium;
    let lock = AppendLock::acquire(shared, REPAIR_LOCK_WAIT).map_err(|stalled| LogError::Busy {
        process: stalled.process,
        waited: REPAIR_LOCK_WAIT,
    })?;
    let wrap = |error| LogError::io(medium.path(), "write again what a sync lost", error);
    let mut appender = guard(&shared.appender);
    appender.catch_up(shared)?;
    let (end, old) = (appender.tail.state, appender.header);
    write_again(medium, &shared.format, &end).map_err(wrap)?;
    let base = end.next_lsn + u64::from(old.len - end.offset) / 2 + 1;
    let header = crate::recover::epoch_header(&shared.format, &end, true, base, old.len);
    let (header, file) = roll::create(medium, header)?;
    roll::end_segment(medium, &end)?;
    file.sync().map_err(wrap)?;
    medium.sync_folder().map_err(wrap)?;
    let (word, slot) = (appender.tail.word, appender.tail.slot);
    let tail = Tail {
        word,
        slot,
        state: header.empty_state(),
    };
    *appender = Appender::at(medium, tail, header)?;
    appender.publish_state(shared);
    shared.control.page().poison.store(0, SeqCst);
    drop(lock);
    Ok(Lsn::new(base).expect("an epoch starts behind lsn 1"))
}

/// Stores every byte that was not durable once more, which makes its pages dirty again, and syncs.
pub(crate) fn write_again(medium: &dyn Medium, format: &Format, end: &State) -> io::Result<()> {
    let checkpoint = crate::survey::read_checkpoint(medium, format)?;
    let durable = checkpoint.map_or(0, |checkpoint| checkpoint.state.base);
    for base in crate::catalog::segment_bases(medium)? {
        if (durable..=end.base).contains(&base) {
            let file = match medium.open(&segment_name(base), Mode::Write) {
                // A segment that is packed was durable before.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file?,
            };
            write_file_again(&*file)?;
            file.sync()?;
        }
    }
    medium.sync_folder()
}

fn write_file_again(file: &dyn MediumFile) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_LEN];
    let (mut offset, len) = (0, file.len()?);
    while offset < len {
        let got = read_full(file, &mut chunk, offset)?;
        if got == 0 {
            break;
        }
        file.write_at(&chunk[..got], offset)?;
        offset += got as u64;
    }
    Ok(())
}
