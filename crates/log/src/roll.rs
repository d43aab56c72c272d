//! Making the next segment, inside the append lock, and the spare one, outside of it.
//!
//! Invariant: a new segment counts only once the published word names it; until then a later roll puts it aside.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::catalog::{segment_bases, segment_path};
use crate::codec::segment::{PreviousEnd, SegmentHeader};
use crate::codec::state::State;
use crate::door;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::layout::{
    SEGMENT_HEADER_LEN, SEGMENT_LEN_FIRST, SEGMENT_LEN_MAX, name, segment_base, segment_name,
};
use crate::medium::{Medium, MediumFile, Mode};
use crate::shared::Shared;

/// Makes the segment behind `end` with room for a frame of `len` bytes.
pub(crate) fn roll(
    shared: &Shared,
    end: &State,
    active: &SegmentHeader,
    len: usize,
) -> Result<(SegmentHeader, Arc<dyn MediumFile>)> {
    let header = SegmentHeader {
        ordinal: end.ordinal + 1,
        base: end.next_lsn,
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
    let file = create(&*shared.medium, header)?;
    // A copy program that looks at times must see that the old segment has changed since the last sync.
    if let Ok(old) = shared.medium.open(&segment_name(active.base), Mode::Write) {
        old.touch().ok();
    }
    Ok(file)
}

/// How long the next segment is: as long as the store wants, or twice the active one, and at least what is needed.
fn segment_len(fixed: u32, active_len: u32, frame_len: usize) -> Result<u32> {
    let needed = SEGMENT_HEADER_LEN + frame_len + 2 * crate::append::reserve_len(SEGMENT_LEN_MAX);
    if fixed != 0 {
        let max = fixed as usize - SEGMENT_HEADER_LEN - crate::append::reserve_len(fixed);
        return if frame_len <= max {
            Ok(fixed)
        } else {
            Err(LogError::TooLarge {
                len: frame_len,
                max,
            })
        };
    }
    let doubled = active_len
        .saturating_mul(2)
        .clamp(SEGMENT_LEN_FIRST, SEGMENT_LEN_MAX);
    let needed = u32::try_from(needed.next_power_of_two()).unwrap_or(u32::MAX);
    Ok(doubled.max(needed).min(SEGMENT_LEN_MAX))
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

/// Moves one segment into trash/.
pub(crate) fn put_aside(medium: &dyn Medium, base: u64) -> io::Result<()> {
    medium.make_folder(name::TRASH)?;
    let from = segment_name(base);
    debug_assert!(segment_base(&from) == Some(base));
    let to = format!("{}/{}.{:08x}", name::TRASH, from, door::random_u64() as u32);
    medium.rename(&from, &to)
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
