//! One trainer of a demo: a process of its own that logs to the store like any training program.
//!
//! 1. It tells its parent on stdout: `run ID`, then a line for every epoch. A parent that is gone is no
//!    reason to stop telling.
//! 2. It ends early, and cancels its run, when it is interrupted or its stdin is closed: then nobody
//!    waits for it any more.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mltrack::{ArtifactKind, ConfusionMatrix, Level, Run, Split, Tracker};
use rustix::fs::FileType;

use super::dataset::{CLASSES, DIGITS, ROWS};
use super::trainer::{StepReport, Trainer, Validation};
use super::{Dataset, sweep};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::interrupt::Interrupt;
use crate::store;

const DATASET: &str = "digits";
const MODEL: &str = "digits";
/// So many distributions of the weights are logged of a training, or a few more.
const DISTRIBUTIONS: u64 = 60;
/// So many checkpoints are made of a training, and the last ones stay.
const CHECKPOINTS_MADE: u64 = 10;
const CHECKPOINTS: &str = "ckpt/*";
const CHECKPOINTS_KEPT: usize = 3;

/// One trainer of a demo, started by `demo` itself
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The experiment
    #[arg(long)]
    experiment: String,
    /// Which configuration of the sweep
    #[arg(long)]
    index: usize,
    /// The seed of the sweep
    #[arg(long)]
    seed: u64,
    /// How often every row is visited
    #[arg(long)]
    epochs: u64,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let interrupt = Interrupt::listen()?;
    let is_orphan = watch_stdin();
    let hyper = sweep(arguments.index + 1, arguments.seed)
        .pop()
        .ok_or_else(|| Failure::usage("a sweep of no runs has no configuration"))?;
    // Where to record stands in the environment, so that the same command line can be run again elsewhere.
    let place = std::env::var_os(crate::store::VARIABLE).map(PathBuf::from);
    let place = place.ok_or_else(|| Failure::usage("MLTRACK_STORE names no store"))?;
    let mut builder = store::builder(place);
    if let Some(code) = context.program.code() {
        builder = builder.captured_program(code);
    }
    let tracker = builder.open()?;
    let run = tracker
        .experiment(&arguments.experiment)?
        .run()
        .name(&hyper.name)
        .seed(hyper.seed)
        .tag("made_by", "mltrack demo")
        .start()?;
    run.log_params(&hyper)?;
    take_digits(&tracker, &run)?;
    run.keep_last(CHECKPOINTS, CHECKPOINTS_KEPT)?;
    tell(&format!("run {}", run.id()));
    let opening = format!(
        "{} learns {ROWS} digits for {} epochs",
        hyper.name, arguments.epochs
    );
    run.log_line(Level::Info, opening)?;
    let dataset = Dataset::digits();
    let mut trainer = Trainer::new(&hyper, &dataset);
    let interval = (arguments.epochs / CHECKPOINTS_MADE).max(1);
    for _ in 0..arguments.epochs * trainer.steps_per_epoch() {
        if interrupt.is_set() || is_orphan.load(Ordering::Relaxed) {
            run.cancel("interrupted")?;
            return Err(Stop::Interrupted);
        }
        let report = trainer.step();
        log(&run, &report)?;
        log_weights(&run, &trainer, &report, arguments.epochs)?;
        let is_due = report.epoch_end.is_some() && (report.epoch + 1).is_multiple_of(interval);
        if is_due {
            let checkpoint = run.artifact(format!("ckpt/{:06}.bin", report.epoch + 1));
            let checkpoint = checkpoint.kind(ArtifactKind::Checkpoint);
            checkpoint
                .step(report.epoch as i64)
                .bytes(trainer.weights())?;
        }
    }
    log_confusion(&run, &mut trainer, arguments.epochs as i64 - 1)?;
    keep_model(&tracker, &run, trainer.weights())?;
    run.finish()?;
    Ok(Exit::Done)
}

/// The digits as a version of a dataset: the first trainer of a store adds it, all take it in.
fn take_digits(tracker: &Tracker, run: &Run) -> Outcome<()> {
    let version = tracker.dataset(DATASET)?.version();
    let version = version
        .bytes("digits.bin", DIGITS.to_vec())
        .rows(ROWS as u64);
    let version = version.source("memory:digits").add()?;
    run.use_dataset(&version.selector(), Split::Train)?;
    Ok(())
}

/// The trained network, as the newest version of the model.
fn keep_model(tracker: &Tracker, run: &Run, weights: Vec<u8>) -> Outcome<()> {
    let model = run.artifact("model.bin").kind(ArtifactKind::Model);
    let artifacts = model.bytes(weights)?.wait()?;
    let mut version = tracker.model(MODEL)?.version().run(run);
    for artifact in artifacts {
        version = version.artifact(artifact.id);
    }
    let number = version.flavour("mltrack demo").add()?.number;
    tracker.model(MODEL)?.set_alias("newest", number)?;
    Ok(())
}

fn log(run: &Run, report: &StepReport) -> Outcome<()> {
    let step = report.step as i64;
    run.log_metrics(
        step,
        [
            ("loss", report.loss),
            ("accuracy", report.accuracy),
            ("gradient_norm", report.gradient_norm),
        ],
    )?;
    if let Some(Validation { loss, accuracy }) = report.epoch_end {
        let epoch = report.epoch as i64;
        run.log_metrics(
            epoch,
            [("validation_loss", loss), ("validation_accuracy", accuracy)],
        )?;
        tell(&format!("epoch {} {loss} {accuracy}", report.epoch + 1));
        let line = format!(
            "epoch {epoch}: loss {loss:.4}, {:.1} % of unseen digits right",
            accuracy * 100.0
        );
        run.log_line(Level::Info, line)?;
    }
    Ok(())
}

/// How the weights are spread, now and then; by epochs, as everything that is measured at the end of one.
fn log_weights(run: &Run, trainer: &Trainer<'_>, report: &StepReport, epochs: u64) -> Outcome<()> {
    let stride = (epochs / DISTRIBUTIONS).max(1);
    if report.epoch_end.is_some() && report.epoch.is_multiple_of(stride) {
        run.log_histogram("weights", report.epoch as i64, &trainer.weight_values())?;
    }
    Ok(())
}

fn log_confusion(run: &Run, trainer: &mut Trainer<'_>, epoch: i64) -> Outcome<()> {
    let labels = (0..CLASSES).map(|digit| digit.to_string());
    let matrix = ConfusionMatrix::new(labels, trainer.confusion())?;
    run.log_confusion_matrix("confusion", epoch, &matrix)?;
    Ok(())
}

/// Nobody may be listening any more.
fn tell(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Becomes true when the parent lets go of our stdin, or is gone. Without a pipe there is no parent to wait for.
fn watch_stdin() -> Arc<AtomicBool> {
    let is_closed = Arc::new(AtomicBool::new(false));
    let kind = rustix::fs::fstat(io::stdin()).map(|stat| FileType::from_raw_mode(stat.st_mode));
    if kind != Ok(FileType::Fifo) {
        return is_closed;
    }
    let flag = Arc::clone(&is_closed);
    std::thread::spawn(move || {
        let mut nothing = [0; 64];
        while matches!(io::stdin().read(&mut nothing), Ok(1..)) {}
        flag.store(true, Ordering::Relaxed);
    });
    is_closed
}
