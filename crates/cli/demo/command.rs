//! `mltrack demo`: a sweep of real trainings, each in a process of its own, and what came of them.
//!
//! 1. It starts its own program again, so it works wherever that is installed, in an empty folder.
//! 2. What it prints at the end is read from the store, not remembered: a trainer that was killed is lost
//!    in the table because the store says so.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use mltrack::{Code, Direction, Tracker};

use super::progress::{Board, Display, TrainerLine};
use super::scale::{self, Manner};
use super::scale_model::Scale;
use super::sweep;
use super::trainer::Validation;
use crate::context::{Context, now_ns};
use crate::demo::closing::closing_words;
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::interrupt::Interrupt;
use crate::program::Program;
use crate::store;

/// Train a small model in several processes at once, and track it
#[derive(Debug, clap::Args)]
#[command(after_help = "While it trains, watch it from another shell: mltrack tail -f")]
pub struct Arguments {
    /// How many trainers run at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    runs: u64,
    /// How often every trainer visits every digit
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    epochs: u64,
    /// Equal seeds train alike, to the last bit
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Make up a large store instead: runs=100000,params=20,metrics=10,points=500,columns=1000,experiments=1
    #[arg(long, value_name = "COUNTS", conflicts_with_all = ["runs", "epochs"])]
    scale: Option<Scale>,
    /// With --scale: one metric a record, as if each was logged alone
    #[arg(long, requires = "scale")]
    single: bool,
    /// With --scale: values of 64 bits, not such as 32-bit trainings log
    #[arg(long = "f64", requires = "scale")]
    is_f64: bool,
}

pub const EXPERIMENT: &str = "digits";
const LOOK: Duration = Duration::from_millis(100);

/// A process that trains.
struct Worker {
    name: String,
    child: Child,
    /// Held open: closing it asks the trainer to end.
    stdin: Option<ChildStdin>,
    run: Option<String>,
    ended: Option<ExitStatus>,
}

/// What a trainer said, by its index.
enum Said {
    Line(usize, String),
    /// Its stdout is closed.
    Over(usize),
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if let Some(scale) = &arguments.scale {
        let manner = Manner {
            seed: arguments.seed,
            is_single: arguments.single,
            is_f64: arguments.is_f64,
        };
        return scale::run(scale, &manner, context);
    }
    let place = store::for_beginning(context)?;
    let tracker = store::builder(&place).open()?;
    prepare(&tracker)?;
    let interrupt = Interrupt::listen()?;
    let (sender, receiver) = channel();
    let mut workers = start(arguments, &place, &context.program, &sender)?;
    drop(sender);
    let mut display = Display::new(
        context.progress,
        context.stderr_is_terminal,
        context.stderr_colour,
    );
    let mut board = Board {
        trainers: workers.iter().map(|worker| line_of(&worker.name)).collect(),
        epochs: arguments.epochs,
        started_ns: now_ns(),
    };
    listen(
        &receiver,
        &mut workers,
        &mut board,
        &mut display,
        &interrupt,
    );
    for worker in &mut workers {
        worker.ended = worker.child.wait().ok();
    }
    display.erase();
    let ids: Vec<String> = workers
        .iter()
        .filter_map(|worker| worker.run.clone())
        .collect();
    let text = closing_words(&tracker, &ids, context)?;
    io::stdout().write_all(text.as_bytes())?;
    if interrupt.is_set() {
        return Err(Stop::Interrupted);
    }
    judge(&workers)
}

/// The experiment, with the goal that `@best` goes by. Another demo may be making it right now.
fn prepare(tracker: &Tracker) -> Outcome<()> {
    let made = tracker
        .new_experiment(EXPERIMENT)
        .goal("validation_loss", Direction::Min)
        .description("handwritten digits, trained by mltrack demo")
        .create();
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Code::Conflict => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn start(
    arguments: &Arguments,
    place: &Path,
    program: &Program,
    sender: &Sender<Said>,
) -> Outcome<Vec<Worker>> {
    let names = sweep(arguments.runs as usize, arguments.seed)
        .into_iter()
        .map(|hyper| hyper.name);
    let mut workers = Vec::new();
    for (index, name) in names.enumerate() {
        workers.push(spawn(program, arguments, place, (index, name), sender)?);
    }
    Ok(workers)
}

fn spawn(
    program: &Program,
    arguments: &Arguments,
    place: &Path,
    (index, name): (usize, String),
    sender: &Sender<Said>,
) -> Outcome<Worker> {
    let mut command = program.command();
    command
        .arg("demo-trainer")
        .env("MLTRACK_STORE", place)
        .args(["--experiment", EXPERIMENT]);
    for (option, value) in [
        ("--index", index as u64),
        ("--seed", arguments.seed),
        ("--epochs", arguments.epochs),
    ] {
        command.args([option, &value.to_string()]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        Failure::new(Code::CommandFailed, format!("cannot start trainer {name}")).cause(error)
    })?;
    let stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    let sender = sender.clone();
    std::thread::spawn(move || {
        // The receiver goes when the demo is over; then there is nobody to tell.
        for line in stdout.lines().map_while(Result::ok) {
            let _ = sender.send(Said::Line(index, line));
        }
        let _ = sender.send(Said::Over(index));
    });
    let stdin = child.stdin.take();
    Ok(Worker {
        name,
        child,
        stdin,
        run: None,
        ended: None,
    })
}

fn line_of(name: &str) -> TrainerLine {
    TrainerLine {
        name: name.to_owned(),
        epochs_done: 0,
        validation: None,
        is_over: false,
    }
}

/// Until the last trainer has closed its stdout.
fn listen(
    receiver: &Receiver<Said>,
    workers: &mut [Worker],
    board: &mut Board,
    display: &mut Display,
    interrupt: &Interrupt,
) {
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(Said::Line(index, line)) => hear(
                &line,
                &mut workers[index],
                &mut board.trainers[index],
                display,
            ),
            Ok(Said::Over(index)) => board.trainers[index].is_over = true,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if interrupt.is_set() {
            for worker in workers.iter_mut() {
                worker.stdin = None;
            }
        }
        display.show(board, now_ns());
    }
}

/// `run ID` or `epoch N LOSS ACCURACY`.
fn hear(line: &str, worker: &mut Worker, told: &mut TrainerLine, display: &mut Display) {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["run", id] => {
            worker.run = Some(id.to_owned());
            display.say(&format!(
                "trainer {}: run {id} pid {}",
                worker.name,
                worker.child.id()
            ));
        }
        ["epoch", done, loss, accuracy] => {
            if let (Ok(done), Ok(loss), Ok(accuracy)) =
                (done.parse(), loss.parse(), accuracy.parse())
            {
                told.epochs_done = done;
                told.validation = Some(Validation { loss, accuracy });
            }
        }
        _ => {}
    }
}

fn judge(workers: &[Worker]) -> Outcome {
    let gone: Vec<&Worker> = workers
        .iter()
        .filter(|worker| !worker.ended.is_some_and(|status| status.success()))
        .collect();
    if gone.is_empty() {
        return Ok(Exit::Done);
    }
    let story = |worker: &&Worker| match worker.ended {
        Some(status) => format!("{} ended with {status}", worker.name),
        None => format!("{} cannot be waited for", worker.name),
    };
    let what = format!(
        "{} of {} trainers did not reach their end",
        gone.len(),
        workers.len()
    );
    let run = gone.iter().find_map(|worker| worker.run.as_deref());
    let hint = run.map_or_else(
        || "mltrack demo".to_owned(),
        |run| format!("mltrack run show {run}"),
    );
    let causes: Vec<String> = gone.iter().map(story).collect();
    Err(Failure::new(Code::Partial, what)
        .cause(causes.join("; "))
        .hint(hint)
        .into())
}
