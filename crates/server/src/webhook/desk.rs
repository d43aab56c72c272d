//! Follows the log and has webhooks told what happens, from where it stopped last.
//!
//! Invariants: of several servers over one store one tells at a time; so many deliveries are under way at most, and the
//! log waits, not the memory; the place that is kept is never behind one whose deliveries have not ended.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mltrack::{Cursor, EventStream, Lsn, TailEvent, Tracker};
use tokio::task::{AbortHandle, JoinSet};
use tokio_stream::StreamExt as _;

use super::address::Gate;
use super::book::{Book, Webhook};
use super::client::{Sender, Signed};
use super::ledger::{Ledger, body, delivery_id};
use super::occurrence::{TYPES, occurrences};
use super::place::Place;
use super::secrets::Secrets;
use super::sending::{Courier, Delivery};
use crate::blocking::blocking;

/// How many deliveries are under way or wait for another attempt.
const DELIVERIES_MAX: usize = 64;
/// How often the place is kept while nothing ends, and how soon somebody else's work is taken over.
const BEAT: Duration = Duration::from_secs(2);

/// What tells webhooks, for one store.
#[derive(Clone, Debug)]
pub struct Desk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    place: Place,
    secrets: Secrets,
    gate: Gate,
    task: Mutex<Option<AbortHandle>>,
}

/// Why telling stopped.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Store(#[from] mltrack::Error),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error("nothing can be sent: {0}")]
    Client(#[from] reqwest::Error),
}

impl Desk {
    /// That of the store in this folder.
    pub fn new(store: &Path, gate: Gate) -> Desk {
        let folder = store.join("server");
        Desk(Arc::new(Inner {
            place: Place::of(&folder),
            secrets: Secrets::of(&folder),
            folder,
            gate,
            task: Mutex::new(None),
        }))
    }

    /// The secrets of the webhooks.
    pub fn secrets(&self) -> &Secrets {
        &self.0.secrets
    }

    /// Where webhooks may be sent.
    pub fn gate(&self) -> Gate {
        self.0.gate
    }

    /// Goes on telling if there ever was a webhook. Does nothing when it is at it already. Call it within a runtime.
    pub fn resume(&self, tracker: &Tracker) {
        let mut task = self.0.task.lock().unwrap_or_else(PoisonError::into_inner);
        let is_at_it = task.as_ref().is_some_and(|task| !task.is_finished());
        if !is_at_it && self.0.place.exists() {
            let telling = tell(self.clone(), tracker.clone());
            *task = Some(tokio::spawn(telling).abort_handle());
        }
    }

    /// Tells what happens from now on, if this is the store's first webhook.
    pub fn begin(&self, tracker: &Tracker) -> Result<(), mltrack::Error> {
        let next = tracker.next_lsn()?;
        if let Some(next) = next.filter(|_| !self.0.place.exists()) {
            self.0.place.write(next).map_err(|error| {
                let what = "the place of deliveries cannot be kept";
                mltrack::Error::new(mltrack::Code::StorageError, what).with_source(error)
            })?;
        }
        Ok(())
    }

    /// Stops telling; what is under way is told again when somebody resumes.
    pub fn stop(&self) {
        let task = self
            .0
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            task.abort();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

/// Tells for ever, beginning again after what fails.
async fn tell(desk: Desk, tracker: Tracker) {
    loop {
        if let Err(stopped) = follow(&desk, &tracker).await {
            tracing::warn!(error = %stopped, "webhooks are not told; trying again");
        }
        tokio::time::sleep(BEAT).await;
    }
}

/// Tells until something fails, or the log ends.
async fn follow(desk: &Desk, tracker: &Tracker) -> Result<(), Stopped> {
    let lock = File::create(desk.0.folder.join("webhooks.lock"))?;
    if lock.try_lock().is_err() {
        // Another server does it; its end frees the lock.
        return Ok(());
    }
    let courier = Courier::new(Sender::new(desk.gate())?);
    let first = desk.0.place.read()?.or(tracker.next_lsn()?);
    let Some(first) = first else {
        return Ok(());
    };
    let opened = tracker.clone();
    let opened = blocking(move || {
        let tail = opened.tail().from(Cursor::Lsn(first));
        tail.types(TYPES).stream()
    });
    let ledger = Ledger::new(first);
    let mut teller = Teller {
        desk,
        tracker,
        courier,
        ledger,
        jobs: JoinSet::new(),
    };
    teller.run(opened.await?).await
}

/// One following of the log.
struct Teller<'a> {
    desk: &'a Desk,
    tracker: &'a Tracker,
    courier: Courier,
    ledger: Ledger,
    jobs: JoinSet<Lsn>,
}

impl Teller<'_> {
    async fn run(&mut self, mut events: EventStream) -> Result<(), Stopped> {
        let mut beat = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                Some(ended) = self.jobs.join_next() => {
                    if let Ok(lsn) = ended {
                        self.ledger.ended(lsn);
                    }
                    self.keep_when_idle()?;
                }
                event = events.next(), if self.jobs.len() < DELIVERIES_MAX => match event {
                    None => return Ok(()),
                    Some(event) => self.take(event?).await?,
                },
                _ = beat.tick() => self.keep()?,
            }
        }
    }

    /// Has everybody told about an event.
    async fn take(&mut self, event: TailEvent) -> Result<(), Stopped> {
        let (lsn, time_ns) = (event.lsn, event.time.0);
        let tracker = self.tracker.clone();
        let (told, webhooks) = blocking(move || {
            let told = tracker.with_models(|shelf| occurrences(shelf, &event.event))?;
            let webhooks = Book::of(&tracker).all()?;
            Ok::<_, mltrack::Error>((told, webhooks))
        })
        .await?;
        for (place, occurrence) in told.iter().enumerate() {
            let body = body(occurrence, time_ns);
            let hears = |webhook: &&Webhook| webhook.since < lsn && webhook.hears(occurrence.kind);
            for webhook in webhooks.iter().filter(hears) {
                let delivery = self.delivery(webhook, &body, (lsn, place))?;
                self.send(lsn, delivery);
            }
        }
        self.ledger.seen(lsn);
        self.keep_when_idle()
    }

    fn send(&mut self, lsn: Lsn, delivery: Option<Delivery>) {
        let Some(delivery) = delivery else {
            return;
        };
        self.ledger.begun(lsn);
        let courier = self.courier.clone();
        self.jobs.spawn(async move {
            courier.deliver(delivery).await;
            lsn
        });
    }

    /// What is sent to a webhook; nothing when its secret is gone.
    fn delivery(
        &self,
        webhook: &Webhook,
        body: &str,
        (lsn, place): (Lsn, usize),
    ) -> Result<Option<Delivery>, Stopped> {
        let secret = self.desk.secrets().get(&webhook.id)?;
        if webhook.told.has_secret && secret.is_none() {
            tracing::warn!(webhook = %webhook.id, "its secret is gone: set it again");
            return Ok(None);
        }
        Ok(Some(Delivery {
            webhook: Arc::clone(&webhook.id),
            url: webhook.told.url.clone(),
            signed: Signed {
                delivery_id: delivery_id(&webhook.id, lsn, place),
                body: body.to_owned(),
                secret,
            },
        }))
    }

    fn keep_when_idle(&mut self) -> Result<(), Stopped> {
        if self.jobs.is_empty() {
            self.keep()
        } else {
            Ok(())
        }
    }

    fn keep(&mut self) -> Result<(), Stopped> {
        if let Some(next) = self.ledger.place_to_keep() {
            self.desk.0.place.write(next)?;
        }
        Ok(())
    }
}
