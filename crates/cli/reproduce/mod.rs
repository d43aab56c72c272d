//! `mltrack reproduce`: runs what was recorded of a run again, and says how its metrics compare.
//!
//! 1. The user's working tree is not touched: the code is put into a worktree, which is gone at the end, also after Ctrl-C.
//! 2. What is missing is named before anything runs, with the next move; what can only be told in part is told as such.
//! 3. With `--check` nothing is recorded here: the new run goes to a store that is thrown away.

mod answer;
mod matching;
mod place;
mod program;
mod recorded;
mod worktree;

use std::path::{Path, PathBuf};

use mltrack::reproduce::{Comparison, DataState, VARIABLE, compare, restore_data};
use mltrack::{
    Code, EdgeKind, NodeRef, RunState, RunSummary, Tracker, environment_diff, environment_now,
};
use serde_json::{Value, json};

use crate::context::{self, Context, now_ns};
use crate::failure::{Exit, Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::moment::Length;
use crate::output::items::Envelope;
use crate::output::progress::ProgressWish;
use crate::output::quantity::{counted, took};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::{look, store};
use answer::FIELDS;
use place::Place;
use program::{Program, shown};
use recorded::Recorded;

/// Run again what a run recorded, and compare every metric bit by bit
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Ends with 0 when every metric is the same, 1 when one diverges, 3 when something that is needed is missing, and 7 when
the run can only be reproduced in part: files that its patch leaves out, or no command.

  mltrack reproduce @last --check
  mltrack reproduce resnet/12 --setup 'cargo build --release' --tolerance 1e-6
  mltrack reproduce 3fe9 --into ./as-it-was")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last, @running or @best
    #[arg(value_name = "RUN")]
    run: String,
    /// Record nothing here: the new run goes to a store that is thrown away
    #[arg(long)]
    check: bool,
    /// What makes the program ready, instead of the setup that was recorded
    #[arg(long, value_name = "CMD")]
    setup: Option<String>,
    /// Put the code into this folder, which must not exist or be empty, and keep it
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Keep the folder with the code
    #[arg(long)]
    keep: bool,
    /// How far values may be apart, absolutely or as a part of the larger one; 0: every bit counts
    #[arg(long, value_name = "T", default_value_t = 0.0)]
    tolerance: f64,
    /// End the program after this long
    #[arg(long, value_name = "LENGTH")]
    timeout: Option<Length>,
    /// Say what would be run and where, and run nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

/// What of an environment has to do with how a program computes, whatever folder it runs in.
const MACHINE: [&str; 7] = ["os", "cpu", "gpu", "driver", "cuda", "container", "python"];

/// What came of it.
struct Done {
    comparison: Comparison,
    new: RunSummary,
    lsn: u64,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    if !(arguments.tolerance.is_finite() && arguments.tolerance >= 0.0) {
        return Err(Failure::usage("a tolerance is 0 or a small positive number").into());
    }
    let interrupt = Interrupt::listen()?;
    let tracker = if arguments.check || arguments.dry_run {
        store::open_to_look(context)?
    } else {
        store::open_to_write(context)?
    };
    let old = tracker.run_summary(tracker.find_run(&arguments.run)?)?;
    let recorded = Recorded::of(&tracker, &old)?;
    let mut doubts = recorded.doubts();
    let steps = Steps { context };
    let done = work(
        arguments,
        &tracker,
        (&old, &recorded),
        &mut doubts,
        (&steps, &interrupt),
    )?;
    let Some(done) = done else {
        return Ok(Exit::Done);
    };
    let sheet = Sheet {
        fields: FIELDS,
        items: answer::items(
            &done.comparison,
            &old.id.to_string(),
            &done.new.id.to_string(),
        ),
        envelope: Envelope {
            total: done.comparison.metrics.len() as u64,
            lsn: done.lsn,
            next: Value::Null,
        },
        people: answer::people(&done.comparison),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    if let Some(verdict) = answer::verdict(&done.comparison) {
        steps.say("result", &verdict);
        return Ok(Exit::No);
    }
    if doubts.is_empty() {
        steps.say("result", "reproduced");
        return Ok(Exit::Done);
    }
    let what = "the metrics are the same, but the run can only be reproduced in part";
    Err(Failure::new(Code::Partial, what)
        .cause(doubts.join("; "))
        .into())
}

fn work(
    arguments: &Arguments,
    tracker: &Tracker,
    (old, recorded): (&RunSummary, &Recorded),
    doubts: &mut Vec<String>,
    (steps, interrupt): (&Steps<'_>, &Interrupt),
) -> Outcome<Option<Done>> {
    let into = arguments.into.as_deref();
    let place = Place::make(recorded, (into, arguments.keep, arguments.dry_run), doubts)?;
    steps.say("code", &place.story);
    let words = place.words(recorded);
    environment(tracker, recorded, (&place.folder, &words), steps)?;
    let setup = arguments.setup.clone().or_else(|| recorded.setup.clone());
    if arguments.dry_run {
        steps.say("setup", setup.as_deref().unwrap_or("none"));
        steps.say(
            "run",
            &format!("{} in {}", shown(&words), place.folder.display()),
        );
        return Ok(None);
    }
    data(tracker, old, &place, doubts, steps)?;
    let home = Home::make(tracker, old, arguments.check)?;
    let base = Program {
        words: &words,
        folder: &place.folder,
        variables: home.variables(old, recorded),
        timeout: arguments.timeout.map(|Length(length)| length),
    };
    if let Some(setup) = setup {
        prepare(&base, &setup, steps, interrupt)?;
    }
    let begun_ns = now_ns();
    steps.say("run", &shown(&words));
    let status = base.run(interrupt)?;
    steps.say(
        "run",
        &format!("{status}, took {}", took(now_ns() - begun_ns)),
    );
    let new_tracker = home.open()?;
    let new = made(&new_tracker, tracker, old, (begun_ns, arguments.check))?.ok_or_else(|| {
        let what = format!(
            "{} made no run that could be compared ({status})",
            shown(&words)
        );
        Failure::new(Code::CommandFailed, what)
            .hint("does it log to the store of MLTRACK_STORE? mltrack help env")
    })?;
    if new.state == RunState::Running {
        doubts.push(format!("the new run {} has not ended", new.id.short()));
    }
    let comparison = compare(
        (tracker, old.id),
        (&new_tracker, new.id),
        arguments.tolerance,
    )?;
    steps.say(
        "compare",
        &format!("{} with {}", new.id.short(), old.id.short()),
    );
    if let Some(way_out) = place.way_out() {
        steps.say("kept", &way_out);
    }
    let lsn = look::end(tracker)?;
    Ok(Some(Done {
        comparison,
        new,
        lsn,
    }))
}

/// Runs what makes the program ready.
fn prepare(
    base: &Program<'_>,
    setup: &str,
    steps: &Steps<'_>,
    interrupt: &Interrupt,
) -> Outcome<()> {
    let words = ["sh".to_owned(), "-c".to_owned(), setup.to_owned()];
    let program = Program {
        words: &words,
        variables: base.variables.clone(),
        ..*base
    };
    let begun_ns = now_ns();
    let status = program.run(interrupt)?;
    if !status.success() {
        let what = format!("the setup {setup:?} failed with {status}");
        return Err(Failure::new(Code::CommandFailed, what)
            .hint("another one: --setup CMD")
            .into());
    }
    let line = setup.lines().next().unwrap_or_default();
    steps.say(
        "setup",
        &format!("{line}, took {}", took(now_ns() - begun_ns)),
    );
    Ok(())
}

/// What is told on stderr on the way.
struct Steps<'a> {
    context: &'a Context,
}

impl Steps<'_> {
    fn say(&self, step: &str, text: &str) {
        match self.context.progress {
            ProgressWish::None => {}
            ProgressWish::Json => {
                let line = json!({ "step": step, "text": text });
                context::tell(&line.to_string());
            }
            ProgressWish::Auto => context::tell(&format!("  {step:12}{text}")),
        }
    }
}

/// Says where this machine differs from the one that the run ran on.
fn environment(
    tracker: &Tracker,
    recorded: &Recorded,
    (folder, words): (&Path, &[String]),
    steps: &Steps<'_>,
) -> Outcome<()> {
    let (now, packages) = environment_now(folder, words);
    let then = tracker.environment_document(&recorded.environment)?;
    let differences = environment_diff(&then.unwrap_or_default(), &now);
    let mut told: Vec<String> = differences
        .iter()
        .filter(|difference| MACHINE.contains(&difference.group.as_str()))
        .map(crate::env_diff::line)
        .collect();
    let then = tracker.environment_dependencies(&recorded.environment)?;
    let packages = environment_diff(&then.unwrap_or_default(), &packages.unwrap_or_default());
    if !packages.is_empty() {
        told.push(format!(
            "{} differ",
            counted(packages.len() as u64, "package")
        ));
    }
    let text = if told.is_empty() {
        "the same".to_owned()
    } else {
        told.join(", ")
    };
    steps.say("environment", &text);
    Ok(())
}

/// Checks and fetches what the run took in.
fn data(
    tracker: &Tracker,
    old: &RunSummary,
    place: &Place,
    doubts: &mut Vec<String>,
    steps: &Steps<'_>,
) -> Outcome<()> {
    for found in restore_data(tracker, old.id, &place.folder, place.top.as_deref())? {
        let text = match &found.state {
            DataState::Same => "the same".to_owned(),
            DataState::Fetched(path) => format!("fetched to {}", path.display()),
            DataState::Unchecked(why) => format!("not checked: {why}"),
            DataState::Missing(why) => {
                let what = format!("the dataset {} is missing", found.dataset);
                return Err(Failure::new(Code::NotFound, what)
                    .cause(why)
                    .hint(format!("mltrack dataset show {}", found.dataset))
                    .into());
            }
            _ => continue,
        };
        if matches!(found.state, DataState::Unchecked(_)) && !place.is_in_repository {
            doubts.push(format!("the dataset {} was not checked", found.dataset));
        }
        steps.say("data", &format!("{} {text}", found.dataset));
    }
    Ok(())
}

/// The store that the new run goes to.
enum Home {
    /// The one that the old run is in.
    Same(PathBuf),
    /// The log up to the old run, in a folder that is gone at the end.
    Thrown(tempfile::TempDir),
}

impl Home {
    fn make(tracker: &Tracker, old: &RunSummary, is_check: bool) -> Outcome<Home> {
        let path = tracker.path().unwrap_or(Path::new(".")).to_owned();
        if !is_check {
            return Ok(Home::Same(path));
        }
        let folder = tempfile::Builder::new().prefix("mltrack-check-").tempdir();
        let folder = folder.map_err(|error| {
            crate::failure::file_failure("make a folder in", &std::env::temp_dir(), &error)
        })?;
        // What selectors meant when the run began, they mean there.
        mltrack::reproduce::store_before(tracker, old.id, &folder.path().join("store"))?;
        Ok(Home::Thrown(folder))
    }

    fn path(&self) -> PathBuf {
        match self {
            Home::Same(path) => path.clone(),
            Home::Thrown(folder) => folder.path().join("store"),
        }
    }

    fn variables(&self, old: &RunSummary, recorded: &Recorded) -> Vec<(String, Option<String>)> {
        let recorded = recorded.variables.iter();
        let mut variables: Vec<(String, Option<String>)> = recorded
            .map(|(name, value)| (name.clone(), Some(value.clone())))
            .collect();
        let store = self.path().display().to_string();
        variables.push(("MLTRACK_STORE".to_owned(), Some(store)));
        variables.push((VARIABLE.to_owned(), Some(old.id.to_string())));
        variables.push(("MLTRACK_RUN".to_owned(), None));
        if matches!(self, Home::Thrown(_)) {
            variables.push(("MLTRACK_CAPTURE".to_owned(), Some("off".to_owned())));
            variables.push(("MLTRACK_ARTIFACTS".to_owned(), None));
            variables.push(("MLTRACK_DATA".to_owned(), None));
        }
        variables
    }

    fn open(&self) -> Outcome<Tracker> {
        let builder = Tracker::builder(self.path()).create(false).read_only(true);
        Ok(builder.open()?)
    }
}

/// The new run that stands for the old one.
fn made(
    new_tracker: &Tracker,
    tracker: &Tracker,
    old: &RunSummary,
    (begun_ns, is_check): (i64, bool),
) -> Outcome<Option<RunSummary>> {
    let recent = new_tracker
        .runs()
        .order_by("created DESC")
        .limit(1000)
        .fetch()?
        .items;
    let mut made: Vec<RunSummary> = recent
        .into_iter()
        .filter(|run| run.created.0 >= begun_ns && run.id != old.id)
        .collect();
    if !is_check {
        let linked: Vec<NodeRef> = new_tracker
            .links(None)?
            .into_iter()
            .filter(|link| {
                link.kind == EdgeKind::Reproduces && link.from == NodeRef::Run(old.id.key())
            })
            .map(|link| link.to)
            .collect();
        made.retain(|run| linked.contains(&NodeRef::Run(run.id.key())));
    }
    let siblings = tracker
        .runs()
        .experiment(&old.experiment_name)
        .fetch()?
        .items;
    let siblings: Vec<RunSummary> = siblings
        .into_iter()
        .filter(|run| run.pid == old.pid && run.host == old.host)
        .collect();
    Ok(matching::match_of(old, &siblings, &made).cloned())
}
