//! `mltrack import tensorboard|mlflow|wandb|csv`: what other trackers recorded, brought in once.
//!
//! Invariant: repeating an import adds only what is new, and one that was killed goes on where it was.

mod csv;
mod mlflow;
mod show;
mod tensorboard;
mod wandb;

use mltrack::{Code, Tracker};
use mltrack_import::{Options, Report, Source, Stop as Wish, import};

use crate::context::{Context, now_ns};
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::interrupt::tell_of_interrupt;
use crate::output::progress::Progress;
use crate::output::{OutputArguments, list_fields};
use crate::store;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Tensorboard(tensorboard::Arguments),
    Mlflow(mlflow::Arguments),
    Wandb(wandb::Arguments),
    Csv(csv::Arguments),
}

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// The experiment that the runs go to [default: named by the source]
    #[arg(long, value_name = "EXP", visible_alias = "experiment")]
    into: Option<String>,
    /// An experiment of the source, and the name it has here
    #[arg(long = "map", value_name = "OLD=NEW", value_parser = name_pair, conflicts_with = "into")]
    names: Vec<(String, String)>,
    /// Count what would be brought in, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

// As above.
#[derive(Debug, clap::Args)]
pub struct Following {
    /// Go on with what is written there until Ctrl-C; runs that have not ended stay running until then
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::Tensorboard(arguments) => tensorboard::run(arguments, context),
        Command::Mlflow(arguments) => mlflow::run(arguments, context),
        Command::Wandb(arguments) => wandb::run(arguments, context),
        Command::Csv(arguments) => csv::run(arguments, context),
    }
}

impl Following {
    /// Brings in what a source has that goes on with what others write.
    fn bring<S: Source>(
        &self,
        open: impl FnOnce(bool) -> mltrack::Result<S>,
        context: &Context,
    ) -> Outcome {
        if self.common.lists_fields()? {
            return Ok(Exit::Done);
        }
        self.common
            .bring(&mut open(self.follow)?, self.follow, context)
    }
}

impl Common {
    /// Whether the fields were only to be listed.
    fn lists_fields(&self) -> Outcome<bool> {
        list_fields(&self.output, show::FIELDS)
    }

    /// Brings in what a source has, and says what came of it.
    fn bring(&self, source: &mut dyn Source, follows: bool, context: &Context) -> Outcome {
        let tracker = self.tracker(context)?;
        let follow = follows.then(Wish::default);
        if let Some(wish) = follow.clone() {
            tell_of_interrupt(move || wish.set())?;
        }
        let options = Options {
            into: self.into.clone(),
            names: self.names.clone(),
            is_dry: self.dry_run,
            follow,
        };
        let begun_ns = now_ns();
        let total = source.len_total().filter(|_| !follows);
        let mut progress = Progress::new("importing", "bytes", total, context);
        let report = import(&tracker, source, &options, &mut |at| {
            progress.at(at.len_read);
        })?;
        drop(progress);
        refuse_nothing(&report)?;
        let told = show::Told {
            report: &report,
            took_ns: now_ns() - begun_ns,
            is_dry: self.dry_run,
        };
        told.print(&tracker, &self.output, context)?;
        if follows {
            return Err(Stop::Interrupted);
        }
        match report.untaken.iter().find(|one| one.kind.is_failure()) {
            None => Ok(Exit::Done),
            Some(first) => Err(Failure::new(Code::Partial, "some of it could not be taken")
                .cause(first)
                .into()),
        }
    }

    /// A dry run makes no store.
    fn tracker(&self, context: &Context) -> Outcome<Tracker> {
        if !self.dry_run {
            return store::open_to_begin(context);
        }
        match store::open_to_look(context) {
            Err(Stop::Failed(failure)) if failure.code == Code::NotFound => Ok(Tracker::disabled()),
            opened => opened,
        }
    }
}

/// The first `=` parts them: a name with one in it can only be the new one.
fn name_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.into(), new.into())),
        _ => Err("two names with = between them are wanted: --map resnet=resnet-old".into()),
    }
}

/// When there was nothing but damage, that is the answer.
fn refuse_nothing(report: &Report) -> Outcome<()> {
    let is_nothing = report.runs_new + report.runs_grown + report.runs_same == 0;
    let damaged = report.untaken.iter().find(|one| one.kind.is_failure());
    match damaged.filter(|_| is_nothing) {
        None => Ok(()),
        Some(first) => Err(
            Failure::new(Code::Corrupt, "there is nothing that could be taken")
                .cause(first)
                .hint("name what the other program wrote; mltrack import --help")
                .into(),
        ),
    }
}
