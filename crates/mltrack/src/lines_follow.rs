//! The lines of a run as they come.

use std::collections::VecDeque;
use std::time::Duration;

use mltrack_event::{Event, RunMove};
use mltrack_log::door;

use crate::error::Result;
use crate::follow::Follow;
use crate::lines::{LoggedLine, Wish, lines_of};
use crate::tail::Cursor;
use crate::tracker::Tracker;

/// Lines as they become visible; see [`LinesQuery::follow`](crate::LinesQuery::follow).
pub struct LinesFollow {
    follow: Follow,
    wish: Wish,
    waiting: VecDeque<LoggedLine>,
    is_over: bool,
}

impl LinesFollow {
    pub(crate) fn new(
        tracker: &Tracker,
        run: mltrack_event::RunId,
        from: Cursor,
        wish: Wish,
    ) -> LinesFollow {
        let tail = tracker.tail().run(run).from(from);
        let tail = tail.types(["log_line", "run_ended", "run_lost", "run_resumed"]);
        LinesFollow {
            follow: tail.follow(),
            wish,
            waiting: VecDeque::new(),
            is_over: false,
        }
    }

    /// The next line, waiting for it as long as `timeout`; `None` when the time is over. Errors: those of reading.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<LoggedLine>> {
        let deadline = door::monotonic() + timeout;
        loop {
            if let Some(line) = self.waiting.pop_front() {
                return Ok(Some(line));
            }
            let left = deadline.saturating_duration_since(door::monotonic());
            let Some(event) = self.follow.next_within(left)? else {
                return Ok(None);
            };
            match event.event {
                Event::LogLine(logged) => {
                    let lines = lines_of(logged, event.lsn, event.time.0);
                    self.waiting
                        .extend(lines.filter(|line| self.wish.wants(line)));
                }
                other => {
                    if let Some((_, step)) = RunMove::of(&other) {
                        self.is_over = matches!(step, RunMove::End(_) | RunMove::Lose);
                    }
                }
            }
        }
    }

    /// Whether the run has ended: what comes later is late.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over && self.waiting.is_empty()
    }
}

impl std::fmt::Debug for LinesFollow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinesFollow")
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
