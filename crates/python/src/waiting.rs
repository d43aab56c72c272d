//! Waiting for something that may take for ever.
//!
//! Invariants: the interpreter's lock is free while a call waits; Ctrl-C is heard within one stretch, because no signal
//! wakes a thread that waits inside the library.

use std::time::Duration;

use mltrack::door;
use pyo3::prelude::*;

use crate::dict::answered;
use crate::failure::invalid;

/// A wait is cut into stretches of this length.
const STRETCH: Duration = Duration::from_millis(50);

/// Asks until there is an answer or the time is over, each time for no longer than a stretch.
pub fn patiently<T: Send>(
    py: Python<'_>,
    timeout: Option<Duration>,
    mut ask: impl FnMut(Duration) -> mltrack::Result<Option<T>> + Send,
) -> PyResult<Option<T>> {
    let deadline = timeout.map(|timeout| door::monotonic() + timeout);
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(door::monotonic()));
        let stretch = left.map_or(STRETCH, |left| left.min(STRETCH));
        if let Some(answer) = answered(py.detach(|| ask(stretch)))? {
            return Ok(Some(answer));
        }
        py.check_signals()?;
        if left.is_some_and(|left| left <= STRETCH) {
            return Ok(None);
        }
    }
}

/// So many seconds. Errors: `VALIDATION_ERROR` for what is no length of time.
pub fn seconds(count: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(count).map_err(|_| {
        let what = format!("{count} is no count of seconds");
        invalid(&what, "pass a number from 0 on, or None to wait for ever")
    })
}
