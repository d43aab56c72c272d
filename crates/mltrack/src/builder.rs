//! How a store is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mltrack_event::TypeId;
use mltrack_log::{Durability, Log, LogError, OpenOptions};

use crate::artifact_depot::ArtifactSettings;
use crate::auto_compact::{AutoCompact, AutoCompactor};
use crate::capture::{Capture, CaptureSettings};
use crate::code::Code;
use crate::compact::packers;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::keeper::{Keeping, Worth};
use crate::retention::check_days;
use crate::roots::{Chosen, Roots};
use crate::store::{Access, Store};
use crate::system_metrics::Sampling;
use crate::tracker::Tracker;
use crate::undo::UNDO_WINDOW;
use crate::warning::{OnWarning, Warning, Warnings};

/// The folder that a store has inside a project's folder.
pub const STORE_FOLDER: &str = ".mltrack";

/// The folder of snapshots in a store.
pub(crate) const SNAPSHOT_FOLDER: &str = "snapshots";

/// Records that explain names: a sealed segment repeats them, so that it can be read alone.
static DICTIONARY_TYPES: [u16; 2] = [TypeId::METRIC_DEFINED.0, TypeId::METRIC_SET_DEFINED.0];

/// How to open a store; see [`Tracker::builder`].
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join(".mltrack");
/// use std::time::Duration;
/// use mltrack::{Durability, Tracker};
///
/// let tracker = Tracker::builder(&path)
///     .durability(Durability::Group)
///     .lock_wait(Duration::from_millis(20))
///     .actor("ci")
///     .on_warning(|warning| eprintln!("mltrack: {warning}"))
///     .open()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is opened before `open`"]
pub struct Builder {
    path: PathBuf,
    options: OpenOptions,
    actor: Option<String>,
    command: Option<String>,
    on_warning: Option<OnWarning>,
    is_read_only: bool,
    snapshots: Option<bool>,
    worth: Worth,
    is_start_quick: bool,
    run_memory: Option<usize>,
    undo_window: Duration,
    auto_compact: Option<AutoCompact>,
    sampling: Sampling,
    roots: Chosen,
    artifact_len_max: Option<u64>,
    retention_days: Option<u32>,
    capture: CaptureSettings,
}

impl Builder {
    pub(crate) fn new(path: &Path) -> Builder {
        Builder {
            path: path.to_owned(),
            options: OpenOptions {
                dictionary_types: &DICTIONARY_TYPES,
                packers: packers(),
                ..OpenOptions::default()
            },
            actor: None,
            command: None,
            on_warning: None,
            is_read_only: false,
            snapshots: None,
            worth: Worth::default(),
            is_start_quick: false,
            run_memory: None,
            undo_window: UNDO_WINDOW,
            auto_compact: AutoCompact::of_environment(),
            sampling: Sampling::default(),
            roots: Chosen::default(),
            artifact_len_max: None,
            retention_days: None,
            capture: CaptureSettings::default(),
        }
    }

    /// When an append is durable; [`Durability::Process`] unless said otherwise.
    pub fn durability(mut self, durability: Durability) -> Builder {
        self.options.durability = durability;
        self
    }

    /// How long a logging call waits for a log that does not move before it returns
    /// [`Logged::Deferred`](crate::Logged::Deferred); 20 ms unless said otherwise.
    pub fn lock_wait(mut self, wait: Duration) -> Builder {
        self.options.lock_wait = wait;
        self
    }

    /// How often the background makes what is visible durable, under [`Durability::Process`]; 1 s unless said
    /// otherwise.
    pub fn sync_interval(mut self, interval: Duration) -> Builder {
        self.options.sync_interval = interval;
        self
    }

    /// Who acts, for the audit trail; the user's name unless said otherwise.
    pub fn actor(mut self, actor: impl Into<String>) -> Builder {
        self.actor = Some(actor.into());
        self
    }

    /// By which command, for the audit trail; the program's name unless said otherwise.
    pub fn command(mut self, command: impl Into<String>) -> Builder {
        self.command = Some(command.into());
        self
    }

    /// Whether to make the store when there is none; true unless said otherwise. Without, opening fails with
    /// `NOT_FOUND`.
    pub fn create(mut self, create: bool) -> Builder {
        self.options.create = create;
        self
    }

    /// The size of the segments of a store that is made, in bytes: a power of two from 4 KiB to 64 MiB. Without, they
    /// grow from 1 MiB to 64 MiB.
    pub fn segment_size(mut self, bytes: u32) -> Builder {
        self.options.segment_len = bytes;
        self
    }

    /// About how many bytes of memory runs may take that this tracker has folded from the log; any number unless said
    /// otherwise. When they would take more, runs that nothing was heard of for a while are packed, which takes a third to
    /// a tenth of the memory and some microseconds when such a run is asked for. No answer depends on it. For programs
    /// that stay open for long over stores of many runs, such as a server.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// let tracker = mltrack::Tracker::builder(folder.path()).run_memory(32 << 20).open()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_memory(mut self, bytes_max: usize) -> Builder {
        self.run_memory = Some(bytes_max);
        self
    }

    /// How long an operation can be undone, and how long what was deleted stays at least; [`UNDO_WINDOW`] unless said
    /// otherwise.
    pub fn undo_window(mut self, window: Duration) -> Builder {
        self.undo_window = window;
        self
    }

    /// When the store is compacted without being asked; `None` switches it off. As [`AutoCompact`] says unless said
    /// otherwise, and not at all when the environment has `MLTRACK_COMPACT=off`.
    pub fn auto_compact(mut self, when: Option<AutoCompact>) -> Builder {
        self.auto_compact = when;
        self
    }

    /// How often the machine is sampled while a run runs, 100 ms at least: every 10 s unless said otherwise here or by
    /// `MLTRACK_SYSTEM_METRICS`. The values are metrics of the run like others, under names that begin with `system/`;
    /// `docs/system-metrics.md` lists them. The first sample is taken after one interval.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// use std::time::Duration;
    /// use mltrack::{Cursor, Tracker};
    ///
    /// let tracker = Tracker::builder(folder.path()).system_metrics(Duration::from_millis(100)).open()?;
    /// let mut samples = tracker.tail().types(["metrics_logged"]).follow();
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// let sample = samples.next().expect("a tail has no end")?;
    /// assert!(sample.points().all(|(name, step, _)| name.starts_with("system/") && step == 0));
    /// run.finish()
    /// # }
    /// ```
    pub fn system_metrics(mut self, interval: Duration) -> Builder {
        self.sampling = Sampling::Every(interval);
        self
    }

    /// The machine is not sampled, whatever the environment says.
    pub fn no_system_metrics(mut self) -> Builder {
        self.sampling = Sampling::Never;
        self
    }

    /// Where artifacts are kept: a folder, or an address such as
    /// `s3://bucket/prefix?endpoint=http://host:9000&region=eu&path_style=true`. Unless said otherwise what
    /// `MLTRACK_ARTIFACTS` says, else what the store remembers, else the folder `artifacts` inside the store. Credentials
    /// come from the environment or from `~/.aws`; an address that contains one is refused, because it is remembered.
    pub fn artifacts(mut self, url: impl Into<String>) -> Builder {
        self.roots.artifacts = Some(url.into());
        self
    }

    /// Where data are kept, as [`artifacts`](Builder::artifacts) says it of artifacts. Unless said otherwise what
    /// `MLTRACK_DATA` says, else what the store remembers, else where artifacts are.
    pub fn data(mut self, url: impl Into<String>) -> Builder {
        self.roots.data = Some(url.into());
        self
    }

    /// The longest artifact, in bytes; 10 GB unless said otherwise. What is longer is refused with `ARTIFACT_TOO_LARGE`.
    pub fn artifact_size_max(mut self, bytes: u64) -> Builder {
        self.artifact_len_max = Some(bytes);
        self
    }

    /// For how many days the artifacts of runs that are started from here on are kept; for ever unless said otherwise.
    /// [`RunBuilder::artifact_retention_days`](crate::RunBuilder::artifact_retention_days) says it for one run.
    pub fn artifact_retention_days(mut self, days: u32) -> Builder {
        self.retention_days = Some(days);
        self
    }

    /// Only looks: needs no right to write and leaves no trace. Writing calls fail with `INVALID_STATE`, and a store
    /// that is missing is not made.
    pub fn read_only(mut self, is_read_only: bool) -> Builder {
        self.is_read_only = is_read_only;
        self
    }

    /// Whether snapshots are written without being asked for, in the background, when folding the log's tail has become
    /// long: more than 64 MiB, and more than half a second. Unless said otherwise true, and false for a tracker that
    /// only looks.
    pub fn snapshots(mut self, are_written: bool) -> Builder {
        self.snapshots = Some(are_written);
        self
    }

    /// Writes snapshots of runs as soon as they save a later start more than a tenth of a second, and not only when
    /// folding the log's tail has become long. For a program that should be up at once when it is started again, such as a
    /// server; it calls [`Tracker::keep_start_quick`] now and then. Without effect where
    /// [`snapshots`](Builder::snapshots) are not written.
    pub fn quick_start(mut self) -> Builder {
        self.is_start_quick = true;
        self
    }

    /// How much of the environment is recorded when a run starts. Unless said otherwise what `MLTRACK_CAPTURE` says (`full`,
    /// `minimal` or `off`), else everything: the machine, the program, its packages, the commit and the patch of what is not
    /// committed. It is made in the background; no run waits for it or fails by it. `docs/environment.md` says what is
    /// recorded.
    pub fn capture(mut self, capture: Capture) -> Builder {
        self.capture.mode = Some(capture);
        self
    }

    /// The command that makes the program ready to be run again, such as `cargo build --release`; `mltrack reproduce` runs
    /// it first. What `MLTRACK_SETUP` says unless said otherwise.
    pub fn setup(mut self, command: impl Into<String>) -> Builder {
        self.capture.setup = Some(command.into());
        self
    }

    /// Records this as the command line instead of the process's own. Without a word, the run cannot be run again.
    #[doc(hidden)]
    pub fn captured_command(mut self, words: Vec<std::ffi::OsString>) -> Builder {
        self.capture.words = Some(words);
        self
    }

    /// Records this as the file that has the program's code instead of the one that the process runs, which may be an
    /// interpreter.
    #[doc(hidden)]
    pub fn captured_program(mut self, file: impl Into<std::path::PathBuf>) -> Builder {
        self.capture.program = Some(file.into());
        self
    }

    /// Writes snapshots after another length of tail, and after another time of folding it.
    #[doc(hidden)]
    pub fn snapshots_after(mut self, tail_len: u64, folding: Duration) -> Builder {
        self.worth = Worth { folding, tail_len };
        self
    }

    /// Is told, once until it is over, what goes wrong while logging goes on. Without, nobody is told: the library
    /// prints nothing. Called from the thread that logs, so keep it short.
    pub fn on_warning(mut self, tell: impl Fn(&Warning) + Send + Sync + 'static) -> Builder {
        self.on_warning = Some(Box::new(tell));
        self
    }

    /// Opens the store. With the feature `disabled`, touches nothing and gives a tracker that does nothing.
    pub fn open(self) -> Result<Tracker> {
        if cfg!(feature = "disabled") {
            return Ok(Tracker::disabled());
        }
        let system_metrics = if self.is_read_only {
            None
        } else {
            self.sampling.interval()?
        };
        // What is folded from the log is opened again and again, and by then the program may have changed its folder.
        let place = place_of_reproduction().filter(|_| !self.is_read_only);
        let path = place.as_deref().unwrap_or(&self.path);
        let path = std::path::absolute(store_folder(path)).map_err(|error| {
            let what = format!("{}: cannot tell where this is", self.path.display());
            Error::new(Code::IoError, what).with_source(error)
        })?;
        let artifacts = ArtifactSettings {
            roots: Arc::new(Roots::new(&path, &self.roots)?),
            len_max: self.artifact_len_max,
            retention_days: self.retention_days.map(check_days).transpose()?,
        };
        let access = match self.is_read_only {
            true if !is_store(&path) => return Err(LogError::NotAStore { path }.into()),
            true => Access::Read(Box::new(self.options)),
            false => Access::Write(Log::open(&path, self.options)?.0),
        };
        let identity = Identity::new(self.actor, self.command);
        let is_automatic = self.snapshots.unwrap_or(!self.is_read_only);
        let keeping = Keeping {
            folder: path.join(SNAPSHOT_FOLDER),
            is_writable: is_automatic || !self.is_read_only,
            worth: is_automatic.then_some(self.worth),
            runs_worth: (is_automatic && self.is_start_quick).then_some(Worth::SOON),
            run_memory: self.run_memory,
        };
        let warnings = Warnings::new(self.on_warning);
        let mut store = Store::new(path, access, identity, warnings, keeping, artifacts)?;
        store.undo_window = self.undo_window;
        store.run_memory = self.run_memory;
        store.system_metrics = system_metrics;
        if store.is_writable() {
            store.capture = self.capture.decide(store.log()?.store().0)?;
        }
        if store.is_writable() {
            let start = |when| AutoCompactor::start(store.path.clone(), when);
            store.auto_compactor = self.auto_compact.and_then(start);
        }
        Ok(Tracker::of(Arc::new(store)))
    }
}

/// Where a program that is run again by `mltrack reproduce` records, whatever store it asks for.
fn place_of_reproduction() -> Option<PathBuf> {
    std::env::var_os(crate::reproduce::VARIABLE)?;
    std::env::var_os("MLTRACK_STORE").map(PathBuf::from)
}

/// Whether a folder is a store, or what is left of one: opening it says what is wrong with it.
#[must_use]
pub fn is_store(path: &Path) -> bool {
    has_format(path) || mltrack_log::holds_log(path)
}

fn has_format(path: &Path) -> bool {
    path.join("FORMAT").is_file()
}

/// The store that `path` means: the one inside it, when it is no store itself and contains one.
#[must_use]
pub fn store_folder(path: &Path) -> PathBuf {
    let inside = path.join(STORE_FOLDER);
    // A folder that has a store in it may have a million files beside it, which nobody lists for this.
    if !has_format(path) && is_store(&inside) {
        inside
    } else {
        path.to_owned()
    }
}
