//! The driver of a projector: reads the log, applies what is new, and knows how far it is.
//!
//! Invariants: the state is the fold of exactly the records before [`Follower::next_lsn`]; it is never ahead of the
//! log: when records that were folded are gone (a rewound epoch) or were written over (scrubbed), the state is discarded
//! and folded from zero.

use std::fmt;
use std::time::Duration;

use mltrack_event::{DecodeError, Event};
use mltrack_log::{Cursor, LogError, Lost, Lsn, Reader};

use crate::entry::{Body, Entry};
use crate::range::read_range;

/// A fold over the log.
pub trait Projector {
    /// Its name, for folders, messages and `replay --projector`.
    const NAME: &'static str;
    /// The version of its state. A stored state of another version is folded anew.
    const VERSION: u32;
    /// What it knows. The default knows nothing.
    type State: Default;

    /// Takes one entry in. A pure function: no clock, no randomness, no environment, no I/O.
    fn apply(state: &mut Self::State, entry: &Entry<'_>);
}

/// What a follower has met since it was made.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Entries folded, the unreadable ones included.
    pub folded: u64,
    /// Entries whose payload could not be decoded.
    pub unreadable: u64,
    /// The last of them.
    pub last_unreadable: Option<(Lsn, DecodeError)>,
    /// How often the state was folded from zero because the log was rewound behind it, or written over before it.
    pub rewinds: u64,
}

/// How far a fold is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Entries folded since the follower was made.
    pub folded: u64,
    /// The next record to fold.
    pub next: Lsn,
    /// The lsn behind the last record that was visible when this pass began.
    pub end: Lsn,
}

/// A callback gets a chance to report after so many entries: some milliseconds of folding.
const PROGRESS_INTERVAL: u64 = 1 << 16;

type OnProgress = Box<dyn FnMut(Progress) + Send>;

/// A projector's state, kept up with a log.
pub struct Follower<P: Projector> {
    reader: Reader,
    state: P::State,
    next: Lsn,
    counts: Counts,
    on_progress: Option<OnProgress>,
    /// What was written over before this record was written over before the fold began.
    begun: Lsn,
    is_stale: bool,
}

impl<P: Projector> Follower<P> {
    /// Begins at the first record. Nothing is folded yet.
    #[must_use]
    pub fn new(mut reader: Reader) -> Follower<P> {
        reader.seek(Lsn::FIRST);
        Follower {
            reader,
            state: P::State::default(),
            next: Lsn::FIRST,
            counts: Counts::default(),
            on_progress: None,
            begun: Lsn::FIRST,
            is_stale: false,
        }
    }

    /// Goes on with a state that was folded up to `cursor`. When the log was rewound behind the cursor, or never had
    /// such an epoch, the state is discarded: it will be folded from zero, and [`Counts::rewinds`] says so.
    pub fn resume(
        reader: Reader,
        state: P::State,
        cursor: Cursor,
    ) -> Result<Follower<P>, LogError> {
        let mut follower = Follower::new(reader);
        match follower.reader.resume(cursor) {
            Ok(()) => {
                follower.state = state;
                follower.next = cursor.next;
                follower.begun = cursor.next;
            }
            Err(LogError::Rewound { .. }) => follower.start_again(),
            Err(error) => return Err(error),
        }
        Ok(follower)
    }

    /// Calls back while folding, every 65,536 entries and at the end of each pass. The callback has its own clock.
    pub fn on_progress(&mut self, callback: impl FnMut(Progress) + Send + 'static) {
        self.on_progress = Some(Box::new(callback));
    }

    /// Folds everything that is visible now. Returns the first lsn not yet folded.
    ///
    /// An error leaves the state as the fold of what came before it; the call can be repeated.
    pub fn catch_up(&mut self) -> Result<Lsn, LogError> {
        self.discard_if_rewound()?;
        self.fold_clean(None)
    }

    /// Makes the state the one after `at`: everything up to and including it is folded, and nothing behind it. A state
    /// that is already further is folded again from zero.
    pub fn to(&mut self, at: Lsn) -> Result<Lsn, LogError> {
        self.discard_if_rewound()?;
        if self.next > at.plus(1) {
            self.state = P::State::default();
            self.next = Lsn::FIRST;
            self.reader.seek(Lsn::FIRST);
        }
        self.fold_clean(Some(at))
    }

    /// Folds, and once more from zero when records turn out to have been written over after they were folded.
    fn fold_clean(&mut self, last: Option<Lsn>) -> Result<Lsn, LogError> {
        let folded = self.fold(last)?;
        if !self.is_stale {
            return Ok(folded);
        }
        self.start_again();
        self.reader.refresh()?;
        self.fold(last)
    }

    fn fold(&mut self, last: Option<Lsn>) -> Result<Lsn, LogError> {
        if self.next == Lsn::FIRST {
            (self.begun, self.is_stale) = (self.reader.end(), false);
        }
        let Follower {
            reader,
            state,
            next,
            counts,
            on_progress,
            begun,
            is_stale,
        } = self;
        let end = reader.end();
        let read = read_range(reader, *next, last, |entry| {
            P::apply(state, entry);
            *next = entry.lsn.plus(1);
            counts.folded += 1;
            *is_stale |= entry.lsn >= *begun && ends_scrubbing(entry);
            if let Body::Unreadable(error) = &entry.body {
                counts.unreadable += 1;
                counts.last_unreadable = Some((entry.lsn, error.clone()));
            }
            if counts.folded.is_multiple_of(PROGRESS_INTERVAL)
                && let Some(callback) = on_progress
            {
                callback(Progress {
                    folded: counts.folded,
                    next: *next,
                    end,
                });
            }
        })?;
        self.next = read;
        let (folded, next, end) = (self.counts.folded, self.next, self.reader.end());
        if let Some(callback) = &mut self.on_progress {
            callback(Progress { folded, next, end });
        }
        Ok(self.next)
    }

    /// A reader that stays open does not notice by itself that the records behind it were cut off.
    fn discard_if_rewound(&mut self) -> Result<(), LogError> {
        if self.next == Lsn::FIRST {
            self.reader.refresh()?;
            return Ok(());
        }
        let known = self.checkpoint();
        let end = self.reader.refresh()?;
        if self.checkpoint().epoch == known.epoch && end >= self.next {
            return Ok(());
        }
        match self.reader.resume(known) {
            Err(LogError::Rewound { .. }) => {
                self.start_again();
                Ok(())
            }
            other => other,
        }
    }

    fn start_again(&mut self) {
        self.state = P::State::default();
        self.next = Lsn::FIRST;
        self.reader.seek(Lsn::FIRST);
        self.counts.rewinds += 1;
    }

    /// Steps over damage that a pass reported, and says what is lost. The next pass goes on behind it.
    pub fn skip_damage(&mut self) -> Result<Lost, LogError> {
        let lost = self.reader.skip_damage()?;
        self.next = self.reader.next_lsn();
        Ok(lost)
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> &P::State {
        &self.state
    }

    /// The state, for what does not change its meaning, such as sharing it.
    pub fn state_mut(&mut self) -> &mut P::State {
        &mut self.state
    }

    /// The state, without the follower.
    #[must_use]
    pub fn into_state(self) -> P::State {
        self.state
    }

    /// The first record that is not folded yet: everything before it is.
    #[must_use]
    pub fn next_lsn(&self) -> Lsn {
        self.next
    }

    /// Where to resume, to be kept beside the state in the same transaction.
    #[must_use]
    pub fn checkpoint(&self) -> Cursor {
        Cursor {
            epoch: self.reader.cursor().epoch,
            next: self.next,
        }
    }

    /// What was met since this follower was made.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The reader, for questions that do not move it: who is alive, where the end is.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Sleeps until there may be more to fold, or the time is over. True when there is more.
    pub fn wait(&mut self, timeout: Duration) -> Result<bool, LogError> {
        self.reader.wait(timeout)
    }

    /// The last record whose commit time is not later than `time_ns`, to ask [`Follower::to`] for a moment.
    pub fn last_at(&mut self, time_ns: i64) -> Result<Option<Lsn>, LogError> {
        self.reader.last_at(time_ns)
    }
}

/// Whether the entry says that the records that earlier ones name have been written over by now.
fn ends_scrubbing(entry: &Entry<'_>) -> bool {
    match &entry.body {
        Body::Event(Event::RecordsScrubbed(scrubbed)) => {
            scrubbed.lsns.is_empty() && scrubbed.blobs.is_empty()
        }
        _ => false,
    }
}

impl<P: Projector> fmt::Debug for Follower<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("projector", &P::NAME)
            .field("next", &self.next)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}
