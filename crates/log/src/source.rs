//! Where a reader learns how far the log goes: from ctl while anybody is alive, by surveying the files when nobody is.
//!
//! A reader needs no right to write and takes no lock; it only asks the kernel who holds a liveness byte.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::time::Duration;

use crate::catalog::{segment_bases, segment_path};
use crate::codec::identity::Format;
use crate::codec::state::State;
use crate::door;
use crate::error::{LogError, Result};
use crate::ids::WriterId;
use crate::layout::{FRAME_HEADER_LEN, LOCK_LIVENESS, segment_name};
use crate::medium::{Control, Medium, Mode, read_full};
use crate::shared::Shared;
use crate::survey::{Verdict, read_checkpoint, survey};
use crate::unpack::Packers;

/// A tailer looks at the kernel and the files this often even when nobody wakes it: a writer can die between
/// publishing and waking.
const RECHECK: Duration = Duration::from_millis(100);
/// How often a reader that cannot store into ctl looks.
const POLL: Duration = Duration::from_millis(2);

/// A store as readers see it.
pub(crate) struct Source {
    pub medium: Arc<dyn Medium>,
    pub format: Format,
    pub packers: Packers,
    control: Option<Arc<dyn Control>>,
    /// The reader belongs to a handle that writes: somebody is alive for certain.
    is_own: bool,
    still: Option<Still>,
    word: u64,
    /// The salt of the published word, once this ctl was found to belong to this store and folder.
    salt: Option<u64>,
}

/// What was surveyed when nobody was alive.
#[derive(Clone, Copy)]
struct Still {
    end: State,
    verdict: Verdict,
    stamp: Stamp,
}

/// What every opener for writing changes: it writes a checkpoint, or begins an epoch with a segment of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    checkpoint_sequence: u64,
    newest_base: u64,
}

impl Source {
    /// For a reader of an open handle.
    pub fn of(shared: &Shared) -> Source {
        Source {
            medium: Arc::clone(&shared.medium),
            format: shared.format,
            packers: shared.options.packers.clone(),
            control: Some(Arc::clone(&shared.control)),
            is_own: true,
            still: None,
            word: 0,
            salt: None,
        }
    }

    /// For a reader of its own.
    pub fn open(medium: Arc<dyn Medium>, format: Format, packers: Packers) -> Source {
        Source {
            medium,
            format,
            packers,
            control: None,
            is_own: false,
            still: None,
            word: 0,
            salt: None,
        }
    }

    /// The log's end now.
    pub fn end(&mut self) -> Result<State> {
        if let Some(end) = self.live_end()? {
            self.still = None;
            return Ok(end);
        }
        let stamp = self.stamp()?;
        if let Some(still) = self.still
            && still.stamp == stamp
            && self.is_blank_behind(&still.end)?
        {
            return Ok(still.end);
        }
        let surveyed = survey(&*self.medium, &self.format, self.medium.identity().ok())?;
        // A writer that came in the meantime knows better than a survey of files that move.
        if let Some(end) = self.live_end()? {
            return Ok(end);
        }
        let (end, verdict) = (surveyed.end, surveyed.verdict);
        self.still = Some(Still {
            end,
            verdict,
            stamp,
        });
        Ok(end)
    }

    /// How the end was found, when nobody is alive.
    pub fn verdict(&self) -> Option<Verdict> {
        self.still.map(|still| still.verdict)
    }

    /// Whether nothing was written behind an end that was surveyed. An opener makes its segment before its liveness
    /// byte, so a survey in between sees that segment empty, and the opener may have appended and died since.
    fn is_blank_behind(&self, end: &State) -> Result<bool> {
        if end.base == 0 {
            return Ok(true);
        }
        let wrap = |error| LogError::io(segment_path(&*self.medium, end.base), "read", error);
        let name = segment_name(end.base);
        let file = match self.medium.open(&name, Mode::Read) {
            // Nothing is ever written behind a packed segment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            file => file.map_err(wrap)?,
        };
        let mut head = [0; FRAME_HEADER_LEN];
        read_full(&*file, &mut head, u64::from(end.offset)).map_err(wrap)?;
        Ok(head.iter().all(|byte| *byte == 0))
    }

    fn stamp(&self) -> Result<Stamp> {
        let checkpoint = read_checkpoint(&*self.medium, &self.format)
            .map_err(|error| LogError::io(self.medium.path(), "read the checkpoint", error))?;
        let bases = segment_bases(&*self.medium)
            .map_err(|error| LogError::io(self.medium.path(), "list the segments", error))?;
        Ok(Stamp {
            checkpoint_sequence: checkpoint.map_or(0, |checkpoint| checkpoint.sequence),
            newest_base: bases.last().copied().unwrap_or(0),
        })
    }

    fn live_end(&mut self) -> Result<Option<State>> {
        if let Some(end) = self.moved_end() {
            return Ok(Some(end));
        }
        let wrap = |error| LogError::io(self.medium.path(), "ask who is alive", error);
        let seen = self
            .control
            .as_ref()
            .map(|control| control.page().published());
        let is_live = self.is_own || self.medium.is_held(LOCK_LIVENESS, 1 << 32).map_err(wrap)?;
        if !is_live {
            // What the last writer published is no news: a wait ends when the next one publishes.
            self.word = seen.unwrap_or(self.word);
            return Ok(None);
        }

        let Some(control) = self.open_control()? else {
            return Ok(None);
        };
        let damaged = || LogError::ControlDamaged {
            path: self.medium.path(),
        };
        let page = control.page();
        let header = page.read_header().ok_or_else(damaged)?;
        if header.store != self.format.store
            || self
                .medium
                .identity()
                .is_ok_and(|folder| folder != header.folder)
        {
            return Err(damaged());
        }
        let tail = page.tail(header.salt).map_err(|_| damaged())?;
        self.word = tail.word;
        self.salt = Some(header.salt);
        Ok(Some(tail.state))
    }

    /// The end, when somebody has published since the last look. Whoever did was alive then, and what was published
    /// stays true when he is not any more, so nobody need be asked: a tailer that was woken is in a hurry.
    fn moved_end(&mut self) -> Option<State> {
        let page = self.control.as_ref()?.page();
        let salt = self.salt?;
        if page.published() == self.word {
            return None;
        }
        // A word that does not check is looked at with everything else that can be wrong.
        let tail = page.tail(salt).ok()?;
        self.word = tail.word;
        Some(tail.state)
    }

    fn open_control(&mut self) -> Result<Option<Arc<dyn Control>>> {
        if self.control.is_none() {
            let opened = self
                .medium
                .control(true)
                .or_else(|_| self.medium.control(false));
            self.control = match opened {
                Ok(control) => Some(control),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(LogError::io(self.medium.path(), "map ctl", error)),
            };
        }
        Ok(self.control.clone())
    }

    /// Whether a writer's handle is open in some process.
    pub fn is_alive(&self, writer: WriterId) -> Result<bool> {
        self.medium
            .is_held(LOCK_LIVENESS + u64::from(writer.0), 1)
            .map_err(|error| LogError::io(self.medium.path(), "ask who is alive", error))
    }

    /// Sleeps until the log may have grown since [`Source::end`], or the time is over. May wake for nothing.
    pub fn wait(&mut self, timeout: Duration) -> Result<()> {
        let deadline = door::monotonic() + timeout;
        let control = self.open_control()?.filter(|control| control.is_writable());
        let Some(control) = control else {
            std::thread::sleep(timeout.min(POLL));
            return Ok(());
        };
        let page = control.page();
        loop {
            let sequence = page.wake_sequence.load(Acquire);
            page.tail_waiters.store(1, SeqCst);
            // The other half of the pairing described in `ControlPage::publish`.
            if page.published_for_waiter() != self.word {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(door::monotonic());
            if left.is_zero() {
                return Ok(());
            }
            control.wait(&page.wake_sequence, sequence, left.min(RECHECK));
            if page.wake_sequence.load(Relaxed) != sequence {
                return Ok(());
            }
        }
    }
}
