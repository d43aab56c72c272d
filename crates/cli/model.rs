//! `mltrack model ..`: the registry of models: versions, aliases, stages.
//!
//! Invariant: what a command changed is named with what takes it back.

mod add;
mod alias;
pub mod get;
mod list;
mod new;
mod remove;
mod show;
mod stage;
mod tag;

use crate::context::Context;
use crate::failure::Outcome;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    New(new::Arguments),
    Ls(list::Arguments),
    Show(show::Arguments),
    Add(add::Arguments),
    Get(get::Arguments),
    Alias(alias::Arguments),
    Stage(stage::Arguments),
    Tag(tag::Arguments),
    Rm(remove::Arguments),
    Restore(remove::RestoreArguments),
}

pub fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::New(arguments) => new::run(arguments, context),
        Command::Ls(arguments) => list::run(arguments, context),
        Command::Show(arguments) => show::run(arguments, context),
        Command::Add(arguments) => add::run(arguments, context),
        Command::Get(arguments) => get::run(arguments, context),
        Command::Alias(arguments) => alias::run(arguments, context),
        Command::Stage(arguments) => stage::run(arguments, context),
        Command::Tag(arguments) => tag::run(arguments, context),
        Command::Rm(arguments) => remove::run(arguments, context),
        Command::Restore(arguments) => remove::restore(arguments, context),
    }
}
