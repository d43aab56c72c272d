//! How far a backup, a check or a restoration is.

/// What is being done, and how much of it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Progress {
    /// Segments are copied: bytes done, of so many.
    Log(u64, u64),
    /// Blobs are copied: done, of so many.
    Artifacts(u64, u64),
    /// What was stored, or is to be restored, is read and compared: parts done, of so many.
    Checking(u64, u64),
    /// What nothing needs is freed: done, of so many.
    Freeing(u64, u64),
}

/// Who is told; also from several threads.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Sync);
