//! A layer for `tracing`: fields become metrics, events become lines of the run's log.
//!
//! Invariant: it never fails or slows what it observes beyond one append; what cannot be logged is told once to
//! [`Builder::on_warning`](crate::Builder::on_warning).

use std::fmt::{self, Write as _};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use mltrack_event::{Level, Line};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::run::Run;
use crate::warning::Warning;

/// Numbers in fields with this prefix are metrics.
const METRIC_PREFIX: &str = "metric.";
/// The field that holds the step of an event's metrics.
const STEP: &str = "step";

/// Logs what a program says through `tracing` to a run.
///
/// - A number in a field `metric.NAME` is a point of the metric `NAME`, at the step in the field `step`, or at the
///   metric's own next step when there is none. True and false are 1 and 0.
/// - Every event with a message is a line of the run's log, with its level, its target as the source, and its other
///   fields behind the message.
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let tracker = mltrack::Tracker::open(folder.path())?;
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let run = tracker.experiment("resnet")?.start_run()?;
/// let subscriber = tracing_subscriber::registry().with(mltrack::MltrackLayer::new(&run));
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::info!(step = 17, metric.loss = 0.42, "epoch done");
/// });
/// run.finish()?;
/// assert_eq!(tracker.history(run.id(), "loss").fetch()?.steps, [17]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MltrackLayer {
    run: Run,
    is_told: AtomicBool,
}

impl MltrackLayer {
    /// A layer that logs to a run, which it keeps open: end the run with a call, not by dropping it.
    #[must_use]
    pub fn new(run: &Run) -> MltrackLayer {
        MltrackLayer {
            run: run.clone(),
            is_told: AtomicBool::new(false),
        }
    }

    fn log(&self, level: Level, source: &str, seen: Seen) -> Result<()> {
        if let Some(step) = seen.step.filter(|_| !seen.metrics.is_empty()) {
            self.run.log_metrics(step, seen.metrics)?;
        } else {
            for (name, value) in seen.metrics {
                self.run.log_metric(name, value)?;
            }
        }
        if let Some(message) = seen.message {
            let text = format!("{message}{}", seen.others);
            let source = source.to_owned();
            self.run.log_lines(vec![Line {
                level,
                source,
                text,
                time: None,
            }])?;
        }
        Ok(())
    }

    fn tell(&self, error: Error) {
        // A program goes on talking after its run has ended.
        if error.code() == Code::InvalidState || self.is_told.swap(true, Relaxed) {
            return;
        }
        if let Some(inner) = self.run.inner() {
            inner.store.warnings.tell(&Warning::NotLogged { error });
        }
    }
}

impl<S: Subscriber> Layer<S> for MltrackLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut seen = Seen::default();
        event.record(&mut seen);
        let level = match *event.metadata().level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG => Level::Debug,
            tracing::Level::TRACE => Level::Trace,
        };
        if let Err(error) = self.log(level, event.metadata().target(), seen) {
            self.tell(error);
        }
    }
}

/// What one event carries.
#[derive(Default)]
struct Seen {
    metrics: Vec<(&'static str, f64)>,
    step: Option<i64>,
    message: Option<String>,
    others: String,
}

impl Seen {
    fn number(&mut self, field: &Field, value: f64, whole: Option<i64>) {
        if let Some(name) = field.name().strip_prefix(METRIC_PREFIX) {
            self.metrics.push((name, value));
        } else if field.name() == STEP && whole.is_some() {
            self.step = whole;
        } else {
            self.other(
                field,
                &whole.map_or_else(|| value.to_string(), |whole| whole.to_string()),
            );
        }
    }

    fn other(&mut self, field: &Field, value: &str) {
        write!(self.others, " {}={value}", field.name()).expect("writing to a string cannot fail");
    }
}

impl Visit for Seen {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, value, None);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value as f64, Some(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value as f64, i64::try_from(value).ok());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name().starts_with(METRIC_PREFIX) {
            self.number(field, f64::from(u8::from(value)), None);
        } else {
            self.other(field, if value { "true" } else { "false" });
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = Some(value.to_owned()),
            _ => self.other(field, value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
