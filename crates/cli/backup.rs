//! `mltrack backup ..`: copies of the store elsewhere, and stores made of them again.
//!
//! Invariant: nothing here opens the store for writing; a backup is taken while anybody writes, and of a store that cannot
//! be written.

mod list;
mod prune;
mod restore;
mod take;
mod verify;

use std::sync::Mutex;

use mltrack::{BackupPlace, BackupProgress};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::OutputArguments;
use crate::output::progress::Progress;

/// Copy the store to a folder or a bucket while it is written to; list, check and restore such copies
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
DST is a folder or s3://BUCKET/PREFIX?.., as roots of artifacts are given. The second backup copies what is new.
Every part is read back before the backup counts.

  mltrack backup /mnt/nas/mltrack --keep 30
  mltrack backup ls /mnt/nas/mltrack
  mltrack backup verify /mnt/nas/mltrack
  mltrack backup restore /mnt/nas/mltrack ./restored"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
pub struct Arguments {
    /// Where to: a folder, made when missing, or an address
    #[arg(value_name = "DST", required = true)]
    dst: Option<String>,
    /// Leave out the bytes of artifacts and data
    #[arg(long)]
    no_artifacts: bool,
    /// Leave out the keys that lie in the store: secrets of webhooks, the key of signed links
    #[arg(long)]
    no_keys: bool,
    /// Then remove all but the newest N backups of each store there, and the parts that only they needed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Go on where another machine's claim of a bucket is in the way, when it is known to be gone
    #[arg(long)]
    take_over: bool,
    /// Say what would be copied and removed, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Ls(list::Arguments),
    Verify(verify::Arguments),
    Restore(restore::Arguments),
    Prune(prune::Arguments),
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    match &arguments.action {
        None => take::run(arguments, context),
        Some(Action::Ls(arguments)) => list::run(arguments, context),
        Some(Action::Verify(arguments)) => verify::run(arguments, context),
        Some(Action::Restore(arguments)) => restore::run(arguments, context),
        Some(Action::Prune(arguments)) => prune::run(arguments, context),
    }
}

/// Where backups lie. Memory is a place for tests of the library: here it would be gone with the process.
fn place(address: &str) -> Outcome<BackupPlace> {
    if address.starts_with("memory:") {
        let what = format!("{address} is gone when this command ends, and a backup in it");
        return Err(Failure::usage(what)
            .hint("name a folder, s3://BUCKET/PREFIX or file:///PATH")
            .into());
    }
    Ok(BackupPlace::open(address)?)
}

/// Tells on stderr how far it is, whichever thread says so.
struct Teller(Mutex<Progress>);

impl Teller {
    fn new(context: &Context) -> Teller {
        Teller(Mutex::new(Progress::new("looking", "parts", None, context)))
    }

    fn tell(&self, at: BackupProgress) {
        let mut progress = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (what, noun, done, all) = match at {
            BackupProgress::Log(done, all) => ("the log", "bytes", done, all),
            BackupProgress::Artifacts(done, all) => ("artifacts", "blobs", done, all),
            BackupProgress::Checking(done, all) => ("checking", "parts", done, all),
            BackupProgress::Freeing(done, all) => ("freeing", "objects", done, all),
            _ => return,
        };
        progress.step(what, noun);
        progress.at_of(done, all);
    }
}
