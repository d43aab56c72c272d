//! What every handler is given: the open store and what the host decided.
//!
//! Invariant: cloning is cheap, and all clones are one.

use std::path::Path;
use std::sync::Arc;

use mltrack::Tracker;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::figures::Figures;
use crate::mlflow::{KeptHistories, TraceTable};
use crate::native::{Checks, Live, LogChecks, Remembered};
use crate::options::Options;
use crate::webhook::{Desk, Gate};

/// What every handler is given.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    tracker: Tracker,
    options: Options,
    traces: TraceTable,
    histories: KeptHistories,
    webhooks: Desk,
    figures: Arc<Figures>,
    stopping: CancellationToken,
    live: Live,
    checks: Checks,
    remembered: Arc<Remembered>,
    commands: Arc<Semaphore>,
    log_checks: LogChecks,
}

impl Shared {
    /// Everything a server over this store needs.
    pub fn new(tracker: Tracker, options: Options) -> Shared {
        let gate = Gate {
            allows_private: options.webhook_allow_private,
        };
        let commands = options.commands.as_ref().map_or(0, |host| host.count_max);
        let store = tracker.path().unwrap_or(Path::new("."));
        Shared(Arc::new(Inner {
            traces: TraceTable::default(),
            histories: KeptHistories::default(),
            webhooks: Desk::new(store, gate),
            figures: Arc::new(Figures::new()),
            stopping: CancellationToken::new(),
            live: Live::new(tracker.clone()),
            checks: Checks::default(),
            remembered: Remembered::of(store),
            commands: Arc::new(Semaphore::new(commands)),
            log_checks: LogChecks::default(),
            tracker,
            options,
        }))
    }

    /// The open store.
    pub fn tracker(&self) -> &Tracker {
        &self.0.tracker
    }

    /// The traces of each experiment, by time.
    pub fn traces(&self) -> &TraceTable {
        &self.0.traces
    }

    /// The histories that clients read in pages.
    pub fn histories(&self) -> &KeptHistories {
        &self.0.histories
    }

    /// What tells webhooks.
    pub fn webhooks(&self) -> &Desk {
        &self.0.webhooks
    }

    /// The live stream of its events.
    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// What checks of artifacts found.
    pub fn checks(&self) -> &Checks {
        &self.0.checks
    }

    /// What became of requests with keys.
    pub fn remembered(&self) -> &Arc<Remembered> {
        &self.0.remembered
    }

    /// Places for commands that clients ask for.
    pub fn commands(&self) -> &Arc<Semaphore> {
        &self.0.commands
    }

    /// What checks of the log found.
    pub fn log_checks(&self) -> &LogChecks {
        &self.0.log_checks
    }

    /// What the host decided.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// What the server counts about itself.
    pub fn figures(&self) -> &Arc<Figures> {
        &self.0.figures
    }

    /// Done when the server was asked to stop: answers without an end, such as live streams, end by it.
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}
