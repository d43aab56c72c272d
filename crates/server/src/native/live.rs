//! The live stream's one reader: it follows the log and hands every event to all who listen.
//!
//! Invariants: however many listen, one thread waits for the log and reads each record once, and none does when nobody
//! listens; what is kept for the slower ones is bounded in number and in bytes; writers never wait for it. A listener
//! that begins at [`Joined::begins`] and takes every bundle has every event from there on, once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mltrack::{Cursor, Follow, Lsn, Position, Tracker};
use tokio::sync::{Semaphore, broadcast, watch};

use super::live_event::{LiveEvent, Names, weight};

/// How many bundles are kept for listeners that are slower than the log.
const BUNDLES_MAX: usize = 64;
/// How many events a bundle has at most.
const EVENTS_MAX: usize = 1_024;
/// About how many bytes a bundle takes at most.
const BUNDLE_LEN_MAX: usize = 256 << 10;
/// How long the reader waits for the log before it looks whether anybody listens.
const PATIENCE: Duration = Duration::from_millis(250);
/// The reader rests after each bundle for this long a listener, so that waking thousands of them many times a second
/// does not take the machine from those who log.
const REST_EACH: Duration = Duration::from_micros(100);
const REST_MIN: Duration = Duration::from_millis(5);
const REST_MAX: Duration = Duration::from_millis(250);
/// So many listeners at once read the log themselves, because they are behind.
const READERS_MAX: usize = 4;

/// Events that became visible together.
#[derive(Debug)]
pub enum Bundle {
    /// Events up to this record.
    Events { last: u64, events: Vec<LiveEvent> },
    /// Records up to this one, too large to be kept: whoever wants them reads the log.
    Elsewhere { last: u64 },
    /// An unclean stop has cut off what was told from this place on.
    Rewound(Position),
    /// The log cannot be read on.
    Failed(String),
}

/// The live stream of a store. Clones are one.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    tracker: Tracker,
    fan: Mutex<Option<Fan>>,
    /// Leave to read the log in place of the one reader.
    readers: Semaphore,
    closing: watch::Sender<bool>,
}

/// The one reader, while somebody listens.
struct Fan {
    sender: broadcast::Sender<Arc<Bundle>>,
    /// The first record that was not told yet.
    next: u64,
}

/// A listener's end of it.
pub struct Joined {
    pub bundles: broadcast::Receiver<Arc<Bundle>>,
    /// The first record that comes through it.
    pub begins: u64,
}

impl Live {
    pub fn new(tracker: Tracker) -> Live {
        let (closing, _) = watch::channel(false);
        Live(Arc::new(Inner {
            tracker,
            fan: Mutex::new(None),
            readers: Semaphore::new(READERS_MAX),
            closing,
        }))
    }

    pub fn tracker(&self) -> &Tracker {
        &self.0.tracker
    }

    /// Leave to read the log.
    pub fn readers(&self) -> &Semaphore {
        &self.0.readers
    }

    /// Ends every stream, so that the server can.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
        drop(self.fan().take());
    }

    /// Told when the streams end.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }

    fn is_closed(&self) -> bool {
        *self.0.closing.borrow()
    }

    /// How many listen.
    pub fn listeners_count(&self) -> usize {
        let fan = self.fan();
        fan.as_ref().map_or(0, |fan| fan.sender.receiver_count())
    }

    /// Begins to listen; the first who does starts the reader.
    pub fn join(&self) -> mltrack::Result<Joined> {
        let mut fan = self.fan();
        if let Some(fan) = &*fan {
            return Ok(fan.join());
        }
        let mut follow = self.0.tracker.tail().from(Cursor::End).follow();
        // The first look makes errors of opening errors of this call.
        let first = follow.next_within(Duration::ZERO)?;
        let next = first.as_ref().map(|event| event.lsn.get());
        let next = next.or_else(|| Some(follow.position()?.next.get()));
        let (sender, _) = broadcast::channel(BUNDLES_MAX);
        let started = fan.insert(Fan {
            sender,
            next: next.unwrap_or(1),
        });
        let joined = started.join();
        let reading = Reading {
            live: self.clone(),
            follow,
            first,
            names: Names::default(),
        };
        drop(fan);
        let thread = std::thread::Builder::new().name("mltrack-live".into());
        if let Err(error) = thread.spawn(move || reading.run()) {
            drop(self.fan().take());
            return Err(mltrack::Error::new(
                mltrack::Code::Busy,
                format!("no thread for the live stream: {error}"),
            ));
        }
        Ok(joined)
    }

    fn fan(&self) -> MutexGuard<'_, Option<Fan>> {
        self.0.fan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("listeners", &self.listeners_count())
            .finish_non_exhaustive()
    }
}

impl Fan {
    fn join(&self) -> Joined {
        Joined {
            bundles: self.sender.subscribe(),
            begins: self.next,
        }
    }
}

/// The reader's thread.
struct Reading {
    live: Live,
    follow: Follow,
    /// An event that was met before the thread began.
    first: Option<mltrack::TailEvent>,
    names: Names,
}

impl Reading {
    fn run(mut self) {
        loop {
            let met = match self.first.take() {
                Some(event) => Ok(Some(event)),
                None => self.follow.next_within(PATIENCE),
            };
            let told = match met {
                Ok(Some(event)) => {
                    let bundle = self.bundle(event);
                    self.tell(bundle)
                }
                Ok(None) => self.keep_going(),
                Err(error) => self.recover(&error),
            };
            match told {
                Some(0) => {}
                Some(listeners_count) => rest(listeners_count),
                None => return,
            }
        }
    }

    /// What is there now, from this event on.
    fn bundle(&mut self, event: mltrack::TailEvent) -> Bundle {
        let mut events = Vec::new();
        let mut last = event.lsn.get();
        let mut len = weight(&event);
        if len > BUNDLE_LEN_MAX {
            return Bundle::Elsewhere { last };
        }
        events.push(self.names.dress(event, &self.live.0.tracker));
        while events.len() < EVENTS_MAX {
            // What cannot be read is met again by the next wait.
            let Ok(Some(event)) = self.follow.next_within(Duration::ZERO) else {
                break;
            };
            len += weight(&event);
            if len > BUNDLE_LEN_MAX {
                self.first = Some(event);
                break;
            }
            last = event.lsn.get();
            events.push(self.names.dress(event, &self.live.0.tracker));
        }
        Bundle::Events { last, events }
    }

    /// Tells all; how many that are, or `None` when the reader ends.
    fn tell(&self, bundle: Bundle) -> Option<usize> {
        let mut fan = self.live.fan();
        let known = fan.as_mut()?;
        let is_last = matches!(bundle, Bundle::Failed(_));
        match &bundle {
            Bundle::Events { last, .. } | Bundle::Elsewhere { last } => known.next = last + 1,
            Bundle::Rewound(to) => known.next = to.next.get(),
            Bundle::Failed(_) => {}
        }
        let told = known.sender.send(Arc::new(bundle)).unwrap_or(0);
        if is_last || self.live.is_closed() {
            drop(fan.take());
            return None;
        }
        Some(told)
    }

    /// Whether anybody still listens.
    fn keep_going(&self) -> Option<usize> {
        let mut fan = self.live.fan();
        let is_needed = fan
            .as_ref()
            .is_some_and(|fan| fan.sender.receiver_count() > 0);
        if is_needed && !self.live.is_closed() {
            return Some(0);
        }
        drop(fan.take());
        None
    }

    fn recover(&mut self, error: &mltrack::Error) -> Option<usize> {
        let Some(to) = error.rewound_to() else {
            return self.tell(Bundle::Failed(format!("{error:#}")));
        };
        self.follow = self.live.0.tracker.tail().from(Cursor::Resume(to)).follow();
        self.tell(Bundle::Rewound(to))
    }
}

/// Rests for the others' sake; longer the more have just been woken.
fn rest(listeners_count: usize) {
    let count = u32::try_from(listeners_count).unwrap_or(u32::MAX);
    let length = REST_EACH.saturating_mul(count);
    std::thread::park_timeout(length.clamp(REST_MIN, REST_MAX));
}

/// The record behind the last one that is visible.
pub fn end_of(tracker: &Tracker) -> mltrack::Result<u64> {
    let last = tracker.experiments().limit(0).fetch()?.lsn;
    Ok(last.map_or(1, |last| Lsn::get(last) + 1))
}
