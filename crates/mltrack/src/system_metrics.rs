//! System metrics: one thread of the process samples the machine for all runs of all its stores.
//!
//! Invariants: whoever trains never waits for it, and it keeps no run and no store open; it ends with the last run; a
//! forked child has a thread of its own, and never touches its parent's.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use mltrack_capture::system::{Sample, Sampler, Watched};
use mltrack_event::{MetricKey, RunKey};
use mltrack_log::{WriterId, door};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::gate::Gate;
use crate::lock::guard;
use crate::names::Names;
use crate::per_writer::PerWriter;
use crate::recorder::Recorder;
use crate::run::{Inner, Run};
use crate::store::Store;
use crate::warning::Warning;

/// How often, for a program that does not say so itself: `10s`, or `off`.
const VARIABLE: &str = "MLTRACK_SYSTEM_METRICS";
/// How often unless somebody says otherwise.
const INTERVAL: Duration = Duration::from_secs(10);
/// Oftener than this the samples themselves would show in what they measure.
const INTERVAL_MIN: Duration = Duration::from_millis(100);
/// How long the end of a run waits for a sample in the making, so that a program that ends then unloads nothing that is
/// in use.
const GRACE: Duration = Duration::from_millis(250);

/// How a process came to a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Coming {
    /// It started or resumed it.
    Started,
    /// It joined it.
    Joined,
}

/// Whether the machine is sampled, as far as the program says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Sampling {
    /// It says nothing: the environment decides.
    #[default]
    Unsaid,
    Every(Duration),
    Never,
}

impl Sampling {
    /// The time between two samples, if there are any; an error for a length that is none or too short.
    pub fn interval(self) -> Result<Option<Duration>> {
        match (self, std::env::var(VARIABLE)) {
            (Sampling::Never, _) => Ok(None),
            (Sampling::Every(interval), _) => checked(interval).map(Some),
            (Sampling::Unsaid, Ok(text)) => interval_of(&text),
            (Sampling::Unsaid, Err(_)) => Ok(Some(INTERVAL)),
        }
    }
}

/// `10s`, `500ms`, `2m`, a number of seconds, `off`.
fn interval_of(text: &str) -> Result<Option<Duration>> {
    let text = text.trim();
    match text {
        "" | "on" => return Ok(Some(INTERVAL)),
        "off" | "0" => return Ok(None),
        _ => {}
    }
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => Some(0.001),
        "" | "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let seconds = unit.and_then(|unit| Some(unit * digits.parse::<f64>().ok()?));
    let interval = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let interval = interval.ok_or_else(|| {
        Error::validation(format!("{VARIABLE}={text} is no length of time"))
            .with_hint(format!("{VARIABLE}=10s, or {VARIABLE}=off"))
    })?;
    checked(interval).map(Some)
}

/// An interval that samples can be taken at.
fn checked(interval: Duration) -> Result<Duration> {
    if interval < INTERVAL_MIN {
        let what =
            format!("system metrics every {interval:?} are too many: at least {INTERVAL_MIN:?}");
        return Err(Error::validation(what).with_hint("10 s do for most trainings"));
    }
    Ok(interval)
}

/// Which of several processes of one training this is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Rank {
    /// Its number among all.
    rank: Option<String>,
    /// Its number on this machine.
    local: Option<String>,
}

impl Rank {
    fn of(variable: impl Fn(&str) -> Option<String>) -> Rank {
        let number = |name| variable(name).filter(|value| value.parse::<u32>().is_ok());
        Rank {
            rank: number("RANK"),
            local: number("LOCAL_RANK"),
        }
    }

    /// Whether the machine as a whole, or only the processes, are to be sampled; `None` for neither. One process of a
    /// machine samples it: who started the run, and of those that join from elsewhere the first.
    fn scope(&self, coming: Coming) -> Option<bool> {
        match coming {
            Coming::Started => Some(true),
            Coming::Joined if self.rank.is_none() && self.local.is_none() => None,
            Coming::Joined => Some(self.local.as_deref().is_none_or(|local| local == "0")),
        }
    }

    fn context(self) -> Vec<(String, String)> {
        let rank = self.rank.or(self.local);
        rank.map(|rank| ("rank".to_owned(), rank))
            .into_iter()
            .collect()
    }
}

/// A run that is sampled for.
pub(crate) struct Sampled {
    watch: Watch,
    /// `None` as soon as the run is over for this process.
    parts: Mutex<Option<Parts>>,
}

/// Runs that want the same are given the same sample.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Watch {
    interval: Duration,
    watched: Watched,
}

struct Parts {
    store: Weak<Store>,
    run: RunKey,
    gate: Arc<Gate>,
    recorder: Recorder,
    context: Vec<(String, String)>,
    step: i64,
    is_told: bool,
}

impl Run {
    /// Has the machine sampled for this run, if the store wants it; `step` is the first sample's number.
    pub(crate) fn sample_system(self, coming: Coming, step: i64) -> Run {
        if let Some(inner) = self.inner()
            && let Some(interval) = inner.store.system_metrics
        {
            let rank = Rank::of(|name| std::env::var(name).ok());
            if let Some(is_whole) = rank.scope(coming) {
                let sampled = Sampled::new(inner, (interval, is_whole), rank.context(), step);
                inner.sampled.set(Arc::clone(&sampled)).ok();
                Hub::of_process().join(sampled);
            }
        }
        self
    }
}

impl Inner {
    /// The run is over for this process: no sample is logged to it from now on.
    pub fn stop_sampling(&self) {
        if let Some(sampled) = self.sampled.get() {
            sampled.stop();
        }
    }
}

impl Sampled {
    fn new(
        inner: &Inner,
        (interval, is_whole): (Duration, bool),
        context: Vec<(String, String)>,
        step: i64,
    ) -> Arc<Sampled> {
        let watched = Watched {
            process: std::process::id(),
            store: Some(inner.store.path.clone()),
            is_whole,
        };
        let parts = Parts {
            store: Arc::downgrade(&inner.store),
            run: inner.key,
            gate: Arc::clone(&inner.gate),
            recorder: Recorder::new(
                Names::default(),
                std::collections::BTreeMap::new(),
                mltrack_log::Lsn::FIRST,
            ),
            context,
            step,
            is_told: false,
        };
        Arc::new(Sampled {
            watch: Watch { interval, watched },
            parts: Mutex::new(Some(parts)),
        })
    }

    fn stop(self: &Arc<Sampled>) {
        // A forked child's copy says nothing about the parent's run, and its lock may be held for ever.
        if self.watch.watched.process == std::process::id() {
            drop(guard(&self.parts).take());
            Hub::of_process().leave(self);
        }
    }

    /// Logs a sample; false when the run is over.
    fn log(&self, samples: &[Sample], time_ns: i64) -> bool {
        let mut place = guard(&self.parts);
        let Some(parts) = &mut *place else {
            return false;
        };
        let Some(store) = parts.store.upgrade() else {
            return false;
        };
        let logged = parts.log(&store, samples, time_ns);
        let told = match logged {
            Ok(()) => {
                parts.is_told = false;
                None
            }
            Err(error) if error.code() == Code::InvalidState => {
                *place = None;
                return false;
            }
            Err(error) => (!std::mem::replace(&mut parts.is_told, true)).then_some(error),
        };
        // While the lock is held the run holds the store too, so this is not the last hold on it.
        let warnings = Arc::clone(&store.warnings);
        drop(store);
        drop(place);
        if let Some(error) = told {
            let why = error.to_string();
            warnings.tell(&Warning::SystemMetrics { why });
        }
        true
    }

    fn warn(&self, why: &str) {
        let warnings = guard(&self.parts).as_ref().and_then(|parts| {
            parts
                .store
                .upgrade()
                .map(|store| Arc::clone(&store.warnings))
        });
        if let Some(warnings) = warnings {
            let why = why.to_owned();
            warnings.tell(&Warning::SystemMetrics { why });
        }
    }
}

impl Parts {
    fn log(&mut self, store: &Store, samples: &[Sample], time_ns: i64) -> Result<()> {
        let session = store.session()?;
        session.watch.look_soon(store.log()?.end()?);
        self.gate.admit()?;
        let step = self.step;
        self.step = step.saturating_add(1);
        let recorder = &mut self.recorder;
        let finite = samples.iter().filter(|(_, value)| value.is_finite());
        let slot = if self.context.is_empty() {
            let pairs = finite.map(|(name, value)| (name.as_ref(), *value));
            recorder.names.list(pairs, &mut recorder.values)?
        } else {
            recorder.values.clear();
            let mut keys = Vec::with_capacity(samples.len());
            for (name, value) in finite {
                keys.push(MetricKey::with_context(
                    name.as_ref(),
                    self.context.clone(),
                )?);
                recorder.values.push(*value);
            }
            recorder.names.keys(keys)?
        };
        recorder.log_values((store, session), self.run, slot, step, Some(time_ns))?;
        Ok(())
    }
}

/// What the thread and the runs of a process share.
#[derive(Default)]
struct Hub {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    runs: Vec<Arc<Sampled>>,
    has_thread: bool,
    /// The thread takes or logs a sample.
    is_busy: bool,
}

/// One for each process: a forked child finds its parent's, and makes its own.
static HUBS: OnceLock<PerWriter<Hub>> = OnceLock::new();

impl Hub {
    fn of_process() -> &'static Hub {
        // The number of a process does for the number of a writer: what is kept is of one process each.
        let process = WriterId(std::process::id());
        let hubs = HUBS.get_or_init(|| PerWriter::new(process, Hub::default()));
        let hub = hubs.get_or_make(
            process,
            || Ok::<_, std::convert::Infallible>(Hub::default()),
        );
        hub.unwrap_or_else(|never| match never {})
    }

    fn join(&'static self, sampled: Arc<Sampled>) {
        let mut state = guard(&self.state);
        state.runs.push(sampled);
        if !state.has_thread {
            let thread = std::thread::Builder::new().name("mltrack-system".into());
            // A process that cannot have another thread goes without.
            state.has_thread = thread.spawn(move || sample(self)).is_ok();
        }
        self.changed.notify_all();
    }

    fn leave(&self, sampled: &Arc<Sampled>) {
        let mut state = guard(&self.state);
        state.runs.retain(|known| !Arc::ptr_eq(known, sampled));
        self.changed.notify_all();
        let is_busy = |state: &mut State| state.is_busy && state.runs.is_empty();
        // A warning may end the run from the thread itself, which must not wait for itself.
        if std::thread::current().name() != Some("mltrack-system") {
            drop(self.changed.wait_timeout_while(state, GRACE, is_busy));
        }
    }
}

/// Runs that are given the same samples.
struct Pace {
    watch: Watch,
    sampler: Sampler,
    next: Instant,
}

/// The thread: samples when it is time to, until there are no more runs.
fn sample(hub: &Hub) {
    let mut paces: Vec<Pace> = Vec::new();
    let mut state = guard(&hub.state);
    loop {
        if state.runs.is_empty() {
            state.has_thread = false;
            return;
        }
        paces.retain(|pace| state.runs.iter().any(|run| run.watch == pace.watch));
        let is_new = |run: &&Arc<Sampled>| !paces.iter().any(|pace| pace.watch == run.watch);
        if let Some(run) = state.runs.iter().find(is_new) {
            let watch = run.watch.clone();
            // Runs start meanwhile.
            drop(state);
            paces.push(Pace::new(watch));
            state = guard(&hub.state);
            continue;
        }
        let now = door::monotonic();
        let due = paces.iter().map(|pace| pace.next).min().unwrap_or(now);
        if due > now {
            state = wait(&hub.changed, state, due - now);
            continue;
        }
        let runs = state.runs.clone();
        state.is_busy = true;
        drop(state);
        for pace in paces.iter_mut().filter(|pace| pace.next <= now) {
            pace.give(&runs, now);
        }
        drop(runs);
        state = guard(&hub.state);
        state.is_busy = false;
        hub.changed.notify_all();
    }
}

fn wait<'a>(
    changed: &Condvar,
    state: MutexGuard<'a, State>,
    length: Duration,
) -> MutexGuard<'a, State> {
    let waited = changed.wait_timeout(state, length);
    waited.unwrap_or_else(PoisonError::into_inner).0
}

impl Pace {
    fn new(watch: Watch) -> Pace {
        let now = door::monotonic();
        Pace {
            sampler: Sampler::new(watch.watched.clone(), now),
            next: now + watch.interval,
            watch,
        }
    }

    /// Takes a sample and logs it to all runs that want it.
    fn give(&mut self, runs: &[Arc<Sampled>], now: Instant) {
        let time_ns = door::wall_time_ns();
        let samples = self.sampler.sample(now);
        let runs = runs.iter().filter(|run| run.watch == self.watch);
        for run in runs.clone() {
            run.log(samples, time_ns);
        }
        for why in self.sampler.take_warnings() {
            runs.clone().for_each(|run| run.warn(&why));
        }
        // After a stall there is one sample, not one for each that was missed.
        self.next = now.max(self.next) + self.watch.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_a_length_of_time_or_off() {
        let interval = |text: &str| interval_of(text).unwrap();
        assert_eq!(interval("off"), None);
        assert_eq!(interval("10s"), Some(Duration::from_secs(10)));
        assert_eq!(interval("1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(interval("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(interval("2m"), Some(Duration::from_mins(2)));
        for wrong in ["often", "10 parsecs", "-1s", "1ms", "s"] {
            let error = interval_of(wrong).unwrap_err();
            assert_eq!(error.code(), Code::ValidationError, "{wrong}");
        }
    }

    fn rank(rank: &str, local: &str) -> Rank {
        Rank::of(|name| {
            let value = if name == "RANK" { rank } else { local };
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    #[test]
    fn one_process_of_a_machine_samples_it_and_the_others_their_own() {
        assert_eq!(rank("", "").scope(Coming::Started), Some(true));
        assert_eq!(rank("3", "3").scope(Coming::Started), Some(true));
        assert_eq!(rank("", "").scope(Coming::Joined), None);
        assert_eq!(rank("8", "0").scope(Coming::Joined), Some(true));
        assert_eq!(rank("8", "").scope(Coming::Joined), Some(true));
        assert_eq!(rank("9", "1").scope(Coming::Joined), Some(false));
        assert_eq!(rank("x", "").scope(Coming::Joined), None);
        assert_eq!(
            rank("9", "1").context(),
            [("rank".to_owned(), "9".to_owned())]
        );
        assert_eq!(rank("", "").context(), []);
    }
}
