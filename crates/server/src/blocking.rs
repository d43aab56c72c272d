//! Where work that may wait for a disk or a lock is done.
//!
//! Invariant: a panic in the work becomes a panic of the request alone, never of the server; what the work changes is
//! recorded in the name of whoever sent the request.

use crate::caller::Acting;

/// Runs `work` on a thread that may wait, and waits for it without holding up other requests.
///
/// Work that only appends to the log or reads what is in memory takes microseconds: call it directly instead.
pub async fn blocking<T, W>(work: W) -> T
where
    T: Send + 'static,
    W: FnOnce() -> T + Send + 'static,
{
    let acting = Acting::current();
    let work = move || match acting {
        Some(acting) => acting.during(work),
        None => work(),
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        // The threads are ending, and so is whoever waits here.
        Err(_) => std::future::pending().await,
    }
}

/// Runs `work` right here, for work that is nearly always over in microseconds and may now and then wait for a lock or a
/// disk: it needs no other thread to wake up, and the requests that this thread would answer next go to another one.
pub fn in_place<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}
