//! The table of commands: the one source of parsing, help, man pages and completions.
//!
//! Invariant: what stands here exists. Every row runs the file of its name, and help lists no row
//! that is not here; `tests/cli/table.rs` compares the two.

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::context::{Context, GlobalArguments};
use crate::failure::Outcome;
use crate::remote::answer;
#[cfg(feature = "top")]
use crate::top;
use crate::{
    artifact, backup, compact, compare, completion, config_show, console, dataset, demo, doctor,
    env_diff, env_show, exp_archive, exp_ls, exp_new, exp_restore, exp_show, export, gc, help,
    import, init, key, lineage, log, man, metrics, model, op_log, picture, repair, replay,
    reproduce, restore, rm, run_end, run_exec, run_log, run_show, run_start, runs, scrub, search,
    serve, snapshot_create, snapshot_ls, snapshot_rm, snapshot_verify, stats, tail, undo, verify,
    version,
};

/// Help, with commands that can be left out of the program.
macro_rules! after_help {
    ($looks:literal) => {
        concat!(
            "\
Groups:
  look    runs, run show, exp ls, exp show, metrics, plot, compare, console,
          search, stats",
            $looks,
            "
  log     tail, log, replay, verify, repair, snapshot, compact, gc, scrub, op log,
          undo
  things  artifact, dataset, model, lineage, env show, env diff, reproduce
  move    export, import, backup
  write   init, exp new, exp archive, exp restore, run start, run exec, run log,
          run end, rm, restore
  serve   serve, key new, key ls, key rm
  others  demo, config, doctor, completion, man, version, help

Begin:
  mltrack demo            train a small model and watch it
  mltrack help formats    more to read: filters, formats, exit-codes, env"
        )
    };
}

const AFTER_HELP: &str = if cfg!(feature = "top") {
    after_help!(", top")
} else {
    after_help!("")
};

/// Tracks machine learning experiments in a log that loses nothing
#[derive(Debug, Parser)]
#[command(
    name = "mltrack",
    version,
    after_help = AFTER_HELP,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Table {
    #[command(flatten)]
    pub global: GlobalArguments,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::Arguments),
    Demo(demo::command::Arguments),
    Runs(runs::Arguments),
    /// Begin, feed, end and show a run
    #[command(subcommand)]
    Run(RunCommand),
    /// Make, list, show, archive and restore experiments
    #[command(subcommand)]
    Exp(ExpCommand),
    /// Datasets, their versions, and which runs took them in
    #[command(subcommand)]
    Dataset(dataset::Command),
    /// Models, their versions, aliases and stages
    #[command(subcommand)]
    Model(model::Command),
    Metrics(metrics::Arguments),
    Plot(picture::Arguments),
    Compare(compare::Arguments),
    Lineage(lineage::Arguments),
    Console(console::Arguments),
    Search(search::Arguments),
    Stats(stats::Arguments),
    #[cfg(feature = "top")]
    Top(top::Arguments),
    Tail(tail::Arguments),
    Log(log::Arguments),
    Replay(replay::Arguments),
    Verify(verify::Arguments),
    Repair(repair::Arguments),
    /// List, fetch, keep, check, remove and restore the artifacts of runs
    #[command(subcommand)]
    Artifact(artifact::Command),
    /// What was done to the store
    #[command(subcommand)]
    Op(OpCommand),
    Undo(undo::Arguments),
    Compact(compact::Arguments),
    Gc(gc::Arguments),
    Scrub(scrub::Arguments),
    Rm(rm::Arguments),
    Restore(restore::Arguments),
    /// List, write, check and remove snapshots
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Write runs, metrics, events or everything for other programs
    #[command(subcommand)]
    Export(export::Command),
    /// Bring in what other trackers recorded
    #[command(subcommand)]
    Import(import::Command),
    Backup(backup::Arguments),
    Serve(serve::Arguments),
    /// Make, list and revoke the tokens that a server asks for
    #[command(subcommand)]
    Key(key::Command),
    /// What is in force, and where each value comes from
    #[command(subcommand)]
    Config(ConfigCommand),
    /// On what machine and from which code a run ran
    #[command(subcommand)]
    Env(EnvCommand),
    Reproduce(reproduce::Arguments),
    Doctor(doctor::Arguments),
    Completion(completion::Arguments),
    Man(man::Arguments),
    Version(version::Arguments),
    Help(help::Arguments),
    /// One trainer of a demo, started by `demo` itself
    #[command(hide = true)]
    DemoTrainer(demo::worker::Arguments),
    /// Answer a command for a client, started by `serve` itself
    #[command(hide = true)]
    Answer(answer::Arguments),
}

#[derive(Debug, Subcommand)]
pub enum RunCommand {
    Show(run_show::Arguments),
    Start(run_start::Arguments),
    Exec(run_exec::Arguments),
    Log(run_log::Arguments),
    End(run_end::Arguments),
}

#[derive(Debug, Subcommand)]
pub enum ExpCommand {
    Ls(exp_ls::Arguments),
    New(exp_new::Arguments),
    Show(exp_show::Arguments),
    Archive(exp_archive::Arguments),
    Restore(exp_restore::Arguments),
}

#[derive(Debug, Subcommand)]
pub enum EnvCommand {
    Show(env_show::Arguments),
    Diff(env_diff::Arguments),
}

#[derive(Debug, Subcommand)]
pub enum OpCommand {
    Log(op_log::Arguments),
}

#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    Ls(snapshot_ls::Arguments),
    Create(snapshot_create::Arguments),
    Verify(snapshot_verify::Arguments),
    Rm(snapshot_rm::Arguments),
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    Show(config_show::Arguments),
}

/// The whole table, as clap's own type.
pub fn command() -> clap::Command {
    Table::command()
}

/// The command that the words of a command line mean, as far as they mean one: `mltrack run start`.
pub fn command_of(words: &[OsString]) -> String {
    let whole = command();
    let (mut known, mut path) = (&whole, vec!["mltrack"]);
    let mut words = words.iter().skip(1).filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        if takes_next(&[&whole, known], word) {
            words.next();
        } else if !word.starts_with('-') {
            let Some(found) = known.find_subcommand(word) else {
                break;
            };
            path.push(found.get_name());
            known = found;
        }
    }
    path.join(" ")
}

/// Whether a word is an option whose value is the next word.
fn takes_next(commands: &[&clap::Command], word: &str) -> bool {
    let mut options = commands.iter().flat_map(|command| command.get_arguments());
    let is_named = |option: &clap::Arg| {
        if let Some(long) = word.strip_prefix("--") {
            return option.get_long() == Some(long);
        }
        let mut letters = word.strip_prefix('-').unwrap_or_default().chars();
        option.get_short() == letters.next()
            && option.get_short().is_some()
            && letters.next().is_none()
    };
    options.any(|option| {
        option.get_action().takes_values() && !option.is_require_equals_set() && is_named(option)
    })
}

pub fn run(command: Command, context: &Context) -> Outcome {
    match command {
        Command::Init(arguments) => init::run(&arguments, context),
        Command::Demo(arguments) => demo::command::run(&arguments, context),
        Command::Runs(arguments) => runs::run(&arguments, context),
        Command::Run(RunCommand::Show(arguments)) => run_show::run(&arguments, context),
        Command::Run(RunCommand::Start(arguments)) => run_start::run(&arguments, context),
        Command::Run(RunCommand::Exec(arguments)) => run_exec::run(&arguments, context),
        Command::Run(RunCommand::Log(arguments)) => run_log::run(&arguments, context),
        Command::Run(RunCommand::End(arguments)) => run_end::run(&arguments, context),
        Command::Exp(ExpCommand::Ls(arguments)) => exp_ls::run(&arguments, context),
        Command::Exp(ExpCommand::New(arguments)) => exp_new::run(&arguments, context),
        Command::Exp(ExpCommand::Show(arguments)) => exp_show::run(&arguments, context),
        Command::Exp(ExpCommand::Archive(arguments)) => exp_archive::run(&arguments, context),
        Command::Exp(ExpCommand::Restore(arguments)) => exp_restore::run(&arguments, context),
        Command::Dataset(command) => dataset::run(&command, context),
        Command::Model(command) => model::run(&command, context),
        Command::Metrics(arguments) => metrics::run(&arguments, context),
        Command::Plot(arguments) => picture::run(&arguments, context),
        Command::Compare(arguments) => compare::run(&arguments, context),
        Command::Lineage(arguments) => lineage::run(&arguments, context),
        Command::Console(arguments) => console::run(&arguments, context),
        Command::Search(arguments) => search::run(&arguments, context),
        Command::Stats(arguments) => stats::run(&arguments, context),
        #[cfg(feature = "top")]
        Command::Top(arguments) => top::run(&arguments, context),
        Command::Tail(arguments) => tail::run(&arguments, context),
        Command::Log(arguments) => log::run(&arguments, context),
        Command::Replay(arguments) => replay::run(&arguments, context),
        Command::Verify(arguments) => verify::run(&arguments, context),
        Command::Repair(arguments) => repair::run(&arguments, context),
        Command::Artifact(command) => artifact::run(&command, context),
        Command::Op(OpCommand::Log(arguments)) => op_log::run(&arguments, context),
        Command::Undo(arguments) => undo::run(&arguments, context),
        Command::Compact(arguments) => compact::run(&arguments, context),
        Command::Gc(arguments) => gc::run(&arguments, context),
        Command::Scrub(arguments) => scrub::run(&arguments, context),
        Command::Rm(arguments) => rm::run(&arguments, context),
        Command::Restore(arguments) => restore::run(&arguments, context),
        Command::Snapshot(command) => snapshot(&command, context),
        Command::Export(command) => export::run(&command, context),
        Command::Import(command) => import::run(&command, context),
        Command::Backup(arguments) => backup::run(&arguments, context),
        Command::Serve(arguments) => serve::run(&arguments, context),
        Command::Key(command) => key::run(&command, context),
        Command::Config(ConfigCommand::Show(arguments)) => config_show::run(&arguments, context),
        Command::Env(EnvCommand::Show(arguments)) => env_show::run(&arguments, context),
        Command::Env(EnvCommand::Diff(arguments)) => env_diff::run(&arguments, context),
        Command::Reproduce(arguments) => reproduce::run(&arguments, context),
        Command::Doctor(arguments) => doctor::run(&arguments, context),
        Command::Completion(arguments) => completion::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::Version(arguments) => version::run(&arguments, context),
        Command::Help(arguments) => help::run(&arguments),
        Command::DemoTrainer(arguments) => demo::worker::run(&arguments, context),
        Command::Answer(answer::Arguments {}) => answer::run(context),
    }
}

fn snapshot(command: &SnapshotCommand, context: &Context) -> Outcome {
    match command {
        SnapshotCommand::Ls(arguments) => snapshot_ls::run(arguments, context),
        SnapshotCommand::Create(arguments) => snapshot_create::run(arguments, context),
        SnapshotCommand::Verify(arguments) => snapshot_verify::run(arguments, context),
        SnapshotCommand::Rm(arguments) => snapshot_rm::run(arguments, context),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_together() {
        command().debug_assert();
    }

    #[test]
    fn the_command_that_is_meant_is_found_behind_options() {
        for (line, command) in [
            ("mltrack", "mltrack"),
            ("mltrack nonsense", "mltrack"),
            ("mltrack compare a b --test nonsense", "mltrack compare"),
            ("mltrack -C runs run start x --seed y", "mltrack run start"),
            ("mltrack --store=runs exp new", "mltrack exp new"),
            ("mltrack compare --test runs", "mltrack compare"),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(command_of(&words), command, "{line}");
        }
    }

    #[test]
    fn every_command_and_option_says_what_it_does() {
        fn check(command: &clap::Command, path: &str) {
            assert!(command.get_about().is_some(), "{path} has no description");
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{path} {} has no description",
                    argument.get_id()
                );
            }
            for inner in command.get_subcommands() {
                check(inner, &format!("{path} {}", inner.get_name()));
            }
        }
        check(&command(), "mltrack");
    }

    #[test]
    fn the_groups_of_the_help_name_every_command_and_no_other() {
        let groups = AFTER_HELP
            .lines()
            .skip(1)
            .take_while(|line| !line.is_empty());
        let mut named: Vec<&str> = groups
            .flat_map(|line| line[10..].trim_end_matches(',').split(", "))
            .filter_map(|name| name.split(' ').next())
            .collect();
        named.sort_unstable();
        named.dedup();
        let table = command();
        let mut known: Vec<&str> = table
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
            .map(clap::Command::get_name)
            .collect();
        known.sort_unstable();
        assert_eq!(named, known);
    }
}
