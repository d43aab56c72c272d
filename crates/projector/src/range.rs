//! One pass over a stretch of the log.
//!
//! Invariant: entries come in lsn order, each once; none before `from`, although a reader's first batch after a seek
//! may begin earlier; none behind `last`, although a batch may reach over it.

use mltrack_log::{LogError, Lsn, Reader};

use crate::entry::Entry;

/// Hands every visible record from `from` up to and including `last` (or the end) to `apply`. Returns the first lsn
/// that was not read: a later pass goes on there.
///
/// What is visible is looked up once, at the start. Errors are the reader's; what was handed over before one stays so.
pub fn read_range(
    reader: &mut Reader,
    from: Lsn,
    last: Option<Lsn>,
    mut apply: impl FnMut(&Entry<'_>),
) -> Result<Lsn, LogError> {
    reader.refresh()?;
    if reader.next_lsn() != from {
        reader.seek(from);
    }
    if last.is_some_and(|last| last < from) {
        return Ok(from);
    }
    while let Some(batch) = reader.next_batch()? {
        for record in batch.skip_while(|record| record.lsn < from) {
            if last.is_some_and(|last| record.lsn > last) {
                return Ok(record.lsn);
            }
            apply(&Entry::decode(&record));
        }
        if last.is_some_and(|last| reader.next_lsn() > last) {
            break;
        }
    }
    Ok(reader.next_lsn().max(from))
}
