//! The steps of a compaction that others can see: names that appear, names that go.
//!
//! Invariants: all of them hold byte 2 of LOCK; nothing of a segment is removed unless a packed form of it is whole and
//! its name durable.

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use crate::codec::identity::Format;
use crate::door;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::layout::{
    FEATURE_PACKED, FORMAT_LEN, LOCK_MUTATOR, name, pack_name, pack_parts, segment_name,
};
use crate::medium::{Medium, Mode, read_file};
use crate::repair::read_manifest;
use crate::rewrite::Plan;
use crate::start;
use crate::stored::{Forms, Names, PackFile};

const UNFINISHED: &str = ".tmp";
/// How often a byte of LOCK is waited for, ten seconds each time.
const ATTEMPTS: u32 = 6;
/// The new FORMAT while it is made.
const FORMAT_MAKING: &str = "FORMAT.tmp";

/// What a packed file is called until it counts.
pub(super) fn unfinished_name(base: u64, generation: u32) -> String {
    format!("{}{UNFINISHED}", pack_name(base, generation))
}

/// Removes what a killed compaction has left. The caller holds byte 5 of LOCK.
pub(super) fn remove_unfinished(medium: &dyn Medium) -> io::Result<()> {
    for file in medium.list(".")? {
        let packed = file.strip_suffix(UNFINISHED).and_then(pack_parts);
        if packed.is_some() {
            medium.remove(&file)?;
        }
    }
    Ok(())
}

/// The generation of the next packed form of a segment.
pub(super) fn next_generation(medium: &dyn Medium, base: u64) -> io::Result<u32> {
    let newest = Names::list(medium)?.forms(base).generations.pop();
    let next = newest.unwrap_or(0).checked_add(1);
    next.ok_or_else(|| io::Error::other("a segment was packed too often"))
}

/// An empty file with this name says that packing the segment with this packer does not pay.
fn mark_name(base: u64, packer: u32) -> String {
    format!("pack-{base:020}-{packer:08x}.none")
}

/// Segments that are marked so for a packer.
pub(super) fn marked(medium: &dyn Medium, packer: u32) -> io::Result<HashSet<u64>> {
    let suffix = format!("-{packer:08x}.none");
    let names = medium.list(".")?;
    let base_in = |name: &String| {
        let base = name.strip_prefix("pack-")?.strip_suffix(&suffix)?;
        base.parse().ok()
    };
    Ok(names.iter().filter_map(base_in).collect())
}

pub(super) fn mark(medium: &dyn Medium, base: u64, packer: u32) -> io::Result<()> {
    match medium.open(&mark_name(base, packer), Mode::Create(0)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Gives a packed file, which is durable and was compared, its name. Returns the bytes freed, or `None` when the
/// segment has shown to be damaged meanwhile: it then stays as it is.
pub(super) fn put_in_place(
    medium: &dyn Medium,
    format: &Format,
    plan: &Plan<'_>,
    keep: Duration,
) -> Result<Option<u64>> {
    let (base, generation) = (plan.entry.header.base, plan.header.generation);
    let wrap = |error| {
        LogError::io(
            medium.path().join(pack_name(base, generation)),
            "name",
            error,
        )
    };
    patiently(|| start::lock_timed(medium, LOCK_MUTATOR))?;
    let put = (|| {
        // Somebody may have found damage while this was packed.
        let manifest = read_manifest(medium, format)?;
        let is_quarantined = manifest
            .is_some_and(|manifest| manifest.quarantined.iter().any(|known| known.base == base));
        if is_quarantined {
            let unfinished = unfinished_name(base, generation);
            return medium.remove(&unfinished).map_err(wrap).map(|()| None);
        }
        announce(medium)?;
        failpoint::hit("compact.announced");
        if failpoint::is_canary("retire-first") {
            retire(medium, base, generation).map_err(wrap)?;
        }
        let making = unfinished_name(base, generation);
        medium
            .rename(&making, &pack_name(base, generation))
            .map_err(wrap)?;
        failpoint::hit("compact.renamed");
        medium.sync_folder().map_err(wrap)?;
        failpoint::hit("compact.named");
        let mut freed = 0;
        if keep.is_zero() {
            freed = retire(medium, base, generation).map_err(wrap)?;
            failpoint::hit("compact.retired");
        }
        Ok(Some(freed))
    })();
    medium.unlock(LOCK_MUTATOR).map_err(wrap)?;
    put
}

/// Tries again what others have kept busy for ten seconds: they sync or seal much at once, and a compaction has nothing
/// else to do meanwhile.
pub(super) fn patiently<T>(mut act: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        match act() {
            Err(LogError::Busy { .. }) => {}
            result => return result,
        }
    }
    act()
}

/// Makes FORMAT say, durably, that there may be packed segments: an older program must not take them for missing.
fn announce(medium: &dyn Medium) -> Result<()> {
    let path = || medium.path().join(name::FORMAT);
    let wrap = |error| LogError::io(path(), "write", error);
    let format = start::require_format(medium)?;
    if format.incompatible & FEATURE_PACKED != 0 {
        return Ok(());
    }
    let format = Format {
        incompatible: format.incompatible | FEATURE_PACKED,
        ..format
    };
    match medium.remove(FORMAT_MAKING) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(wrap(error)),
        _ => {}
    }
    let file = medium.open(FORMAT_MAKING, Mode::Create(0)).map_err(wrap)?;
    file.write_at(&format.encode(), 0).map_err(wrap)?;
    file.sync().map_err(wrap)?;
    let written = read_file(medium, FORMAT_MAKING, FORMAT_LEN).map_err(wrap)?;
    debug_assert_eq!(written.as_deref(), Some(&format.encode()[..]));
    medium.replace(FORMAT_MAKING, name::FORMAT).map_err(wrap)?;
    medium.sync_folder().map_err(wrap)
}

/// Removes the files that a packed form has replaced. Returns their bytes.
fn retire(medium: &dyn Medium, base: u64, generation: u32) -> io::Result<u64> {
    let Forms {
        is_raw,
        generations,
    } = Names::list(medium)?.forms(base);
    let older = generations.iter().filter(|older| **older < generation);
    let mut names: Vec<String> = older.map(|older| pack_name(base, *older)).collect();
    if is_raw {
        names.push(segment_name(base));
    }
    let mut freed = 0;
    for name in names {
        freed += medium.open(&name, Mode::Read)?.len()?;
        medium.remove(&name)?;
    }
    Ok(freed)
}

/// Removes what packed forms have replaced at least `keep` ago, of `count_max` segments at most. Returns the bytes.
/// Does nothing while somebody else changes names.
pub(crate) fn sweep(medium: &dyn Medium, keep: Duration, count_max: usize) -> io::Result<u64> {
    let now = door::wall_time_ns();
    let keep_ns = i64::try_from(keep.as_nanos()).unwrap_or(i64::MAX);
    let mut due = Vec::new();
    for (base, forms) in Names::list(medium)?.packed() {
        let is_replacing = forms.is_raw || forms.generations.len() > 1;
        let newest = forms.generations.last().filter(|_| is_replacing);
        if due.len() < count_max
            && let Some(generation) = newest
            && let Some(pack) = PackFile::open(medium, base, *generation)?
            && pack.footer.header.packed_ns.saturating_add(keep_ns) <= now
            // What rotted meanwhile is found while the original is still there; `repair` goes back to it.
            && pack.is_whole()?
        {
            due.push((base, *generation));
        }
    }
    if due.is_empty() || !medium.try_lock(LOCK_MUTATOR)? {
        return Ok(0);
    }
    let swept = (|| {
        // Whoever was killed behind a rename has not made the name durable.
        medium.sync_folder()?;
        due.iter().try_fold(0, |freed, (base, generation)| {
            Ok(freed + retire(medium, *base, *generation)?)
        })
    })();
    medium.unlock(LOCK_MUTATOR)?;
    swept
}
