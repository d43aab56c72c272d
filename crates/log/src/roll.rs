//! Making the next segment, inside the append lock, and the spare one, outside of it.
//!
//! Invariant: a new segment counts only once the published word names it; until then a later roll puts it aside.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::catalog::{segment_bases, segment_path};
use crate::codec::segment::{PreviousEnd, SegmentHeader};
use crate::codec::state::State;
use crate::door;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::ids::EpochId;
use crate::layout::{
    FRAME_HEADER_LEN, FRAME_LEN_MAX, SEGMENT_HEADER_LEN, SEGMENT_LEN_FIRST, SEGMENT_LEN_MAX, name,
    pack_name, pack_parts, segment_base, segment_name,
};
use crate::medium::{Medium, MediumFile, Mode, read_full};
use crate::shared::Shared;
use crate::stored::Names;

/// Lsns that lost segments may have used: above what the disk can prove, nobody publishes more than this many.
pub(crate) const LSN_RESERVE: u64 = 1 << 27;

/// Makes the segment behind `end` with room for a frame of `len` bytes.
pub(crate) fn roll(
    shared: &Shared,
    end: &State,
    active: &SegmentHeader,
    len: usize,
) -> Result<(SegmentHeader, Arc<dyn MediumFile>)> {
    // A segment without a record keeps its name, so one that takes its place begins an epoch, which may skip an lsn.
    let is_empty = end.next_lsn == active.base;
    let base = end.next_lsn + u64::from(is_empty);
    let header = SegmentHeader {
        epoch: if is_empty {
            EpochId(door::random_bytes())
        } else {
            active.epoch
        },
        epoch_base: if is_empty { base } else { active.epoch_base },
        ordinal: end.ordinal + 1,
        base,
        salt: door::random_u64(),
        created_ns: door::wall_time_ns().max(end.commit_time),
        previous: PreviousEnd {
            base: end.base,
            next_lsn: end.next_lsn,
            offset: end.offset,
            last_crc: end.last_crc,
        },
        len: segment_len(shared.format.segment_len, active.len, len)?,
        next_writer: shared
            .control
            .page()
            .next_writer
            .load(Relaxed)
            .max(end.next_writer),
        control: end.control,
        ..*active
    };
    let page = shared.control.page();
    let known = page.durable.load(Acquire).max(page.named.load(Acquire));
    // Recovery cannot see a segment whose name was lost, so it jumps over as many lsns as may be in such ones.
    if base + u64::from(header.len) / 2 > known.saturating_add(LSN_RESERVE) {
        sync_names(shared, active.base)?;
    }
    let made = create(&*shared.medium, header)?;
    end_segment(&*shared.medium, end)?;
    Ok(made)
}

/// Makes the names of all segments up to the one with `base` durable.
pub(crate) fn sync_names(shared: &Shared, base: u64) -> Result<()> {
    if !failpoint::is_canary("no-folder-sync") {
        let synced = shared.medium.sync_folder();
        synced.map_err(|error| crate::sync::poison(shared, ".", error))?;
    }
    shared.control.page().named.fetch_max(base, Release);
    Ok(())
}

/// Blanks the place behind a segment's last frame, before a segment that follows it is published.
///
/// A killed writer may have left a whole frame there that nobody published. Recovery would take it for the end of the
/// log, and the next segment, which names the place before it, for one that does not belong.
pub(crate) fn end_segment(medium: &dyn Medium, end: &State) -> Result<()> {
    let path = || segment_path(medium, end.base);
    let end_it = || {
        let old = medium.open(&segment_name(end.base), Mode::Write)?;
        let room = old.len()?.saturating_sub(u64::from(end.offset));
        let blank = [0; FRAME_HEADER_LEN];
        old.write_at(
            &blank[..blank.len().min(room as usize)],
            u64::from(end.offset),
        )?;
        // A copy program that looks at times must see that the old segment has changed since the last sync.
        old.touch().ok();
        Ok(())
    };
    end_it().map_err(|error| LogError::io(path(), "end a segment", error))
}

/// How long the next segment is: as long as the store wants, or twice the active one, and at least what is needed.
fn segment_len(fixed: u32, active_len: u32, frame_len: usize) -> Result<u32> {
    let needed = SEGMENT_HEADER_LEN + frame_len + 2 * crate::append::reserve_len(SEGMENT_LEN_MAX);
    if fixed != 0 {
        return check_fits(fixed, frame_len).map(|()| fixed);
    }
    let doubled = active_len
        .saturating_mul(2)
        .clamp(SEGMENT_LEN_FIRST, SEGMENT_LEN_MAX);
    let needed = u32::try_from(needed.next_power_of_two()).unwrap_or(u32::MAX);
    Ok(doubled.max(needed).min(SEGMENT_LEN_MAX))
}

/// Whether a store whose segments have the size `fixed` (0: they grow) takes a frame of this length.
pub(crate) fn check_fits(fixed: u32, frame_len: usize) -> Result<()> {
    let reserve = SEGMENT_HEADER_LEN + crate::append::reserve_len(fixed);
    let max = if fixed == 0 {
        FRAME_LEN_MAX
    } else {
        fixed as usize - reserve
    };
    if frame_len <= max {
        Ok(())
    } else {
        Err(LogError::TooLarge {
            len: frame_len,
            max,
        })
    }
}

/// Writes a segment's file under its name; the caller publishes it.
pub(crate) fn create(
    medium: &dyn Medium,
    header: SegmentHeader,
) -> Result<(SegmentHeader, Arc<dyn MediumFile>)> {
    let path = || segment_path(medium, header.base);
    let wrap = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => LogError::DiskFull {
            path: path(),
            needed: u64::from(header.len),
        },
        io::ErrorKind::NotFound if !medium.is_in_place() => LogError::Gone {
            path: medium.path(),
        },
        _ => LogError::io(path(), "make a segment", error),
    };
    put_aside_behind(medium, header.previous.base).map_err(wrap)?;
    let target = segment_name(header.base);
    if let Some(spare) = open_spare(medium, header.len) {
        spare.write_at(&header.encode(), 0).map_err(wrap)?;
        failpoint::hit("roll.header");
        medium.rename(name::SPARE, &target).map_err(wrap)?;
    } else {
        let file = medium
            .open(&target, Mode::Create(u64::from(header.len)))
            .map_err(wrap)?;
        failpoint::hit("roll.created");
        file.write_at(&header.encode(), 0).map_err(wrap)?;
    }
    failpoint::hit("roll.renamed");
    Ok((header, medium.open_segment(&target).map_err(wrap)?))
}

fn open_spare(medium: &dyn Medium, len: u32) -> Option<Arc<dyn MediumFile>> {
    let spare = medium.open(name::SPARE, Mode::Write).ok()?;
    if matches!(spare.len(), Ok(actual) if actual == u64::from(len)) {
        return Some(spare);
    }
    medium.remove(name::SPARE).ok();
    None
}

/// Lets go of the spare after an unclean stop: it can be a segment whose rename the disk has lost, with frames in it,
/// and is then kept aside like one.
pub(crate) fn drop_spare(medium: &dyn Medium) -> io::Result<()> {
    let mut head = [0; SEGMENT_HEADER_LEN];
    match medium.open(name::SPARE, Mode::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        spare => read_full(&*spare?, &mut head, 0)?,
    };
    if head.iter().all(|byte| *byte == 0) {
        return medium.remove(name::SPARE);
    }
    medium.make_folder(name::TRASH)?;
    let to = format!(
        "{}/{}.{:08x}",
        name::TRASH,
        name::SPARE,
        door::random_u64() as u32
    );
    medium.rename(name::SPARE, &to)
}

/// Moves segments that start behind the one with `base` into trash/: no published word has ever named them.
fn put_aside_behind(medium: &dyn Medium, base: u64) -> io::Result<()> {
    for stray in segment_bases(medium)?
        .into_iter()
        .filter(|stray| *stray > base)
    {
        put_aside(medium, stray)?;
    }
    Ok(())
}

/// Base lsns of the segments in trash/.
pub(crate) fn bases_in_trash(medium: &dyn Medium) -> io::Result<Vec<u64>> {
    let names = medium.list(name::TRASH)?;
    let (len, pack_len) = (segment_name(0).len(), pack_name(0, 0).len());
    let base_in = |name: &String| {
        let packed = name.get(..pack_len).and_then(pack_parts);
        let segment = || segment_base(name.get(..len)?);
        packed.map(|(base, _)| base).or_else(segment)
    };
    Ok(names.iter().filter_map(base_in).collect())
}

/// Moves all files of one segment into trash/.
pub(crate) fn put_aside(medium: &dyn Medium, base: u64) -> io::Result<()> {
    let forms = Names::list(medium)?.forms(base);
    let packed = forms.generations.iter();
    let mut names: Vec<String> = packed
        .map(|generation| pack_name(base, *generation))
        .collect();
    if forms.is_raw || names.is_empty() {
        names.push(segment_name(base));
    }
    names
        .iter()
        .try_for_each(|name| put_file_aside(medium, name))
}

/// Moves one file into trash/.
pub(crate) fn put_file_aside(medium: &dyn Medium, from: &str) -> io::Result<()> {
    medium.make_folder(name::TRASH)?;
    let to = format!("{}/{}.{:08x}", name::TRASH, from, door::random_u64() as u32);
    medium.rename(from, &to)
}

/// Makes the spare when the active segment is half full and there is none.
pub(crate) fn make_spare(shared: &Shared, active: &SegmentHeader, end: &State) -> io::Result<()> {
    let medium = &*shared.medium;
    if end.offset < active.len / 2 || medium.open(name::SPARE, Mode::Read).is_ok() {
        return Ok(());
    }
    let len = match segment_len(shared.format.segment_len, active.len, 0) {
        Ok(len) => u64::from(len),
        Err(_) => return Ok(()),
    };
    if !medium.try_lock(crate::layout::LOCK_SPARE)? {
        return Ok(());
    }
    let making = "spare.tmp";
    medium.remove(making).ok();
    let made = medium
        .open(making, Mode::Create(len))
        .and_then(|_| medium.rename(making, name::SPARE));
    medium.unlock(crate::layout::LOCK_SPARE)?;
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
