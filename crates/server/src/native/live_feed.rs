//! One listener's stream: from where it asks on, first out of the log, then with everybody else.
//!
//! Invariants: every wanted event from the cursor on comes once and in order, until the stream says that it ends; a
//! listener that does not read holds up nobody and costs no memory beyond what is kept for all.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use mltrack::{Code, Cursor, Lsn};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::error::{Answer, Fault};
use super::live::{Bundle, Joined, Live};
use super::live_event::{LiveEvent, Names, weight};
use super::live_tick::{Pace, Ticking};
use super::live_wish::{Sieve, Wish};
use crate::blocking::blocking;

/// A silent stream says that it is alive this often.
const ALIVE: Duration = Duration::from_secs(15);
/// A listener that fell this many records behind is cut off.
const BEHIND_MAX: u64 = 200_000;
/// How much is read of the log at once.
const CHUNK_EVENTS_MAX: usize = 1_024;
const CHUNK_LEN_MAX: usize = 256 << 10;

/// A stream of frames.
pub struct Feed {
    live: Live,
    wish: Arc<Wish>,
    sieve: Sieve,
    /// The first record not told yet.
    next: u64,
    place: Place,
    frames: VecDeque<Bytes>,
    ticking: Option<(Ticking, Pace)>,
    closing: watch::Receiver<bool>,
}

enum Place {
    /// The log is read up to where `Joined` begins. Whether it was live before.
    Behind(Joined, bool),
    With(Receiver<Arc<Bundle>>),
    Over,
}

/// What happened while a stream was waiting.
enum Met {
    Bundle(Arc<Bundle>),
    TooLate,
    TickDue,
    Silence,
    Closing,
}

impl Feed {
    /// From this record on. `begin` is told first.
    pub fn new(live: Live, wish: Wish, next: u64, joined: Joined, begin: Bytes) -> Feed {
        Feed {
            closing: live.closing(),
            live,
            wish: Arc::new(wish),
            sieve: Sieve::default(),
            next,
            place: Place::Behind(joined, false),
            frames: VecDeque::from([begin]),
            ticking: None,
        }
    }

    /// Merged to a message in each such interval.
    pub fn merged(mut self, interval: Option<Duration>) -> Feed {
        self.ticking = interval.map(|interval| (Ticking::default(), Pace::new(interval)));
        self
    }

    /// The next frame; `None` at the end.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            match std::mem::replace(&mut self.place, Place::Over) {
                Place::Over => return None,
                Place::Behind(joined, was_live) => self.catch_up(joined, was_live).await,
                Place::With(bundles) => self.listen(bundles).await,
            }
        }
    }

    /// Reads a part of what lies before the place where this stream joins the others.
    async fn catch_up(&mut self, joined: Joined, was_live: bool) {
        if self.next >= joined.begins {
            self.flush();
            self.place = Place::With(joined.bundles);
            return;
        }
        if was_live && joined.begins - self.next > BEHIND_MAX {
            self.cut(
                "too slow",
                "this stream was read more slowly than the log grows",
            );
            return;
        }
        if *self.closing.borrow() {
            self.cut("closing", "the server stops");
            return;
        }
        match self.read(joined.begins).await {
            Ok(()) => self.place = Place::Behind(joined, was_live),
            Err(fault) if fault.code == Code::Conflict => self.rewind(joined),
            Err(fault) => self.cut("failed", &fault.message),
        }
    }

    async fn read(&mut self, end: u64) -> Answer<()> {
        let leave = self.live.readers().acquire().await;
        let (live, wish, next) = (self.live.clone(), Arc::clone(&self.wish), self.next);
        let mut sieve = std::mem::take(&mut self.sieve);
        let read = blocking(move || {
            let chunk = read_chunk(&live, &wish, next, end)?;
            if let Some(filter) = &wish.filter {
                sieve.learn(live.tracker(), filter, &chunk.events)?;
            }
            Ok::<_, Fault>((chunk, sieve))
        });
        let read = read.await;
        drop(leave);
        let (chunk, sieve) = read?;
        self.sieve = sieve;
        self.push(&chunk.events);
        self.next = chunk.next;
        // The past is told as fast as it is read.
        self.flush();
        Ok(())
    }

    /// What this stream told, or was asked to begin behind, is gone.
    fn rewind(&mut self, joined: Joined) {
        self.next = joined.begins;
        self.frames.push_back(rewound(joined.begins, None));
        self.place = Place::With(joined.bundles);
    }

    async fn listen(&mut self, mut bundles: Receiver<Arc<Bundle>>) {
        match self.wait(&mut bundles).await {
            Met::Closing => return self.cut("closing", "the server stops"),
            Met::TooLate => return self.rejoin(),
            Met::Silence => self.frames.push_back(Bytes::from_static(b":\n\n")),
            Met::TickDue => self.flush(),
            Met::Bundle(bundle) => match &*bundle {
                Bundle::Failed(why) => return self.cut("failed", why),
                Bundle::Elsewhere { last } if *last >= self.next => return self.rejoin(),
                Bundle::Elsewhere { .. } => {}
                Bundle::Rewound(to) => {
                    self.flush();
                    self.next = to.next.get();
                    self.frames
                        .push_back(rewound(self.next, Some(&to.to_string())));
                }
                Bundle::Events { last, events } => {
                    if let Err(fault) = self.take_in(&bundle, events).await {
                        return self.cut("failed", &fault.message);
                    }
                    self.next = self.next.max(last + 1);
                }
            },
        }
        self.place = Place::With(bundles);
    }

    async fn wait(&mut self, bundles: &mut Receiver<Arc<Bundle>>) -> Met {
        let due = match &self.ticking {
            Some((ticking, pace)) if !ticking.is_empty() => Some(pace.wait()),
            _ => None,
        };
        if due.is_some_and(|due| due.is_zero()) {
            return Met::TickDue;
        }
        // A tick that is full takes in nothing before it is told.
        let is_full = self
            .ticking
            .as_ref()
            .is_some_and(|(ticking, _)| ticking.is_full());
        tokio::select! {
            biased;
            _ = self.closing.wait_for(|is_closing| *is_closing) => Met::Closing,
            bundle = bundles.recv(), if !is_full => match bundle {
                Ok(bundle) => Met::Bundle(bundle),
                Err(RecvError::Lagged(_)) => Met::TooLate,
                Err(RecvError::Closed) => Met::Closing,
            },
            () = tokio::time::sleep(due.unwrap_or(ALIVE)) => match due {
                Some(_) => Met::TickDue,
                None => Met::Silence,
            },
        }
    }

    async fn take_in(&mut self, bundle: &Arc<Bundle>, events: &[LiveEvent]) -> Answer<()> {
        if self.wish.filter.is_some() {
            let (bundle, live) = (Arc::clone(bundle), self.live.clone());
            let wish = Arc::clone(&self.wish);
            let mut sieve = std::mem::take(&mut self.sieve);
            let learned = blocking(move || {
                if let (Bundle::Events { events, .. }, Some(filter)) = (&*bundle, &wish.filter) {
                    sieve.learn(live.tracker(), filter, events)?;
                }
                Ok::<_, Fault>(sieve)
            });
            self.sieve = learned.await?;
        }
        self.push(events);
        Ok(())
    }

    /// Adds the events that are wanted and were not told yet.
    fn push(&mut self, events: &[LiveEvent]) {
        let (next, wish, sieve) = (self.next, &self.wish, &self.sieve);
        let is_wanted = |event: &&LiveEvent| {
            event.lsn() >= next
                && wish.wants(event)
                && (wish.filter.is_none() || sieve.admits(event))
        };
        for event in events.iter().filter(is_wanted) {
            match &mut self.ticking {
                Some((ticking, _)) => ticking.add(event),
                None => self.frames.push_back(event.frame()),
            }
        }
    }

    /// Tells the tick that is under construction.
    fn flush(&mut self) {
        if let Some((ticking, pace)) = &mut self.ticking
            && !ticking.is_empty()
        {
            self.frames.push_back(ticking.frame());
            pace.told();
        }
    }

    /// What the others were told meanwhile is read in the log.
    fn rejoin(&mut self) {
        self.flush();
        match self.live.join() {
            Ok(joined) => self.place = Place::Behind(joined, true),
            Err(error) => self.cut("failed", &error.to_string()),
        }
    }

    /// The last word of a stream: why, and where to go on.
    fn cut(&mut self, reason: &str, message: &str) {
        self.flush();
        let data = json!({"reason": reason, "message": message, "after": self.next - 1});
        let frame = format!("event: cut\ndata: {data}\n\n");
        self.frames.push_back(Bytes::from(frame));
        self.place = Place::Over;
    }
}

/// What is told when records are gone that a stream stood behind.
pub fn rewound(next: u64, position: Option<&str>) -> Bytes {
    let last = next - 1;
    let data = json!({"after": last, "position": position});
    Bytes::from(format!("id: {last}\nevent: rewound\ndata: {data}\n\n"))
}

/// A part of the log.
struct Chunk {
    events: Vec<LiveEvent>,
    /// The first record behind it.
    next: u64,
}

/// Reads wanted events from `next` on, to `end` at most.
fn read_chunk(live: &Live, wish: &Wish, next: u64, end: u64) -> Answer<Chunk> {
    let from = Lsn::new(next).map_or(Cursor::Start, Cursor::Lsn);
    let mut follow = wish.of_tail(live.tracker().tail().from(from)).follow();
    let mut names = Names::default();
    let mut chunk = Chunk {
        events: Vec::new(),
        next: end,
    };
    let mut len = 0;
    while let Some(event) = follow.next_within(Duration::ZERO)? {
        if event.lsn.get() >= end {
            break;
        }
        len += weight(&event);
        let last = event.lsn.get();
        chunk.events.push(names.dress(event, live.tracker()));
        if chunk.events.len() >= CHUNK_EVENTS_MAX || len >= CHUNK_LEN_MAX {
            chunk.next = last + 1;
            break;
        }
    }
    Ok(chunk)
}
