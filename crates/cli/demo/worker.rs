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

use mltrack::{Run, Tracker};

use super::trainer::{StepReport, Trainer, Validation};
use super::{Dataset, sweep};
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::interrupt::Interrupt;

/// One trainer of a demo, started by `demo` itself
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The store's folder
    #[arg(long)]
    place: PathBuf,
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

pub fn run(arguments: &Arguments) -> Outcome {
    let interrupt = Interrupt::listen()?;
    let is_orphan = watch_stdin();
    let hyper = sweep(arguments.index + 1, arguments.seed)
        .pop()
        .ok_or_else(|| Failure::usage("a sweep of no runs has no configuration"))?;
    let tracker = Tracker::builder(&arguments.place).create(false).open()?;
    let run = tracker
        .experiment(&arguments.experiment)?
        .run()
        .name(&hyper.name)
        .seed(hyper.seed)
        .tag("made_by", "mltrack demo")
        .start()?;
    run.log_params(&hyper)?;
    tell(&format!("run {}", run.id()));
    let dataset = Dataset::digits();
    let mut trainer = Trainer::new(&hyper, &dataset);
    for _ in 0..arguments.epochs * trainer.steps_per_epoch() {
        if interrupt.is_set() || is_orphan.load(Ordering::Relaxed) {
            run.cancel("interrupted")?;
            return Err(Stop::Interrupted);
        }
        log(&run, &trainer.step())?;
    }
    run.finish()?;
    Ok(Exit::Done)
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
    }
    Ok(())
}

/// Nobody may be listening any more.
fn tell(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Becomes true when the parent lets go of our stdin, or is gone.
fn watch_stdin() -> Arc<AtomicBool> {
    let is_closed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_closed);
    std::thread::spawn(move || {
        let mut nothing = [0; 64];
        while matches!(io::stdin().read(&mut nothing), Ok(1..)) {}
        flag.store(true, Ordering::Relaxed);
    });
    is_closed
}
