//! The command line over an address: `-C http://..` sends a looking command to a server, which runs it on its store.
//!
//! Invariants: what is printed and the exit code are those that the command has on the folder; files that are named on
//! the command line are written here, never there; what changes a store is refused before anything is sent.

pub mod address;
pub mod answer;
mod artifacts;
mod asked;
mod client;
mod following;
mod parts;
pub mod rows;
mod target;
mod versions;
mod words;

use clap::ArgMatches;
use mltrack_server::command::{CommandAsk, CommandPlan, Screen};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::plot::Glyphs;
use crate::table::{self, Command};
use crate::{artifact, dataset, model, picture};
use address::Address;
use client::Client;
use following::Following;
use rows::Way;
use target::Target;

/// Runs a command: here, or there when the store is an address.
pub fn run(command: Command, matches: &ArgMatches, context: &Context) -> Outcome {
    let Some(address) = address::of(context)? else {
        return table::run(command, context);
    };
    match &command {
        Command::Artifact(artifact::Command::Get(arguments)) => {
            return artifacts::get(arguments, &address, context);
        }
        Command::Dataset(dataset::Command::Get(arguments)) => {
            return versions::dataset(arguments, &address, context);
        }
        Command::Model(model::Command::Get(arguments)) => {
            return versions::model(arguments, &address, context);
        }
        _ => {}
    }
    let mut root = table::command();
    root.build();
    let given = words::Given::of(&root, matches);
    match rows::way(&given.path) {
        Way::Local => table::run(command, context),
        Way::Changes | Way::Fetches => Err(refusal(&given, &address).into()),
        Way::Looks | Way::Streams | Way::LooksWith(_) => match &command {
            Command::Plot(arguments) => {
                let asking = Asking {
                    given: &given,
                    client: Client::new(&address)?,
                };
                picture::far::run(arguments, &asking, context)
            }
            Command::Tail(arguments) => following::tail(arguments, &given, &address, context),
            Command::Dataset(dataset::Command::Split(arguments)) if arguments.files.is_some() => {
                parts::split(arguments, &given, &address, context)
            }
            _ => look(&given, &address, context),
        },
    }
}

/// A command that was given, and the server that it is asked of.
pub struct Asking<'a> {
    given: &'a words::Given<'a>,
    client: Client,
}

impl Asking<'_> {
    /// The words that travel, without options that are done with here.
    pub fn words_but(&self, here: &[&str]) -> Result<Vec<String>, Failure> {
        self.given.travelling_but(here)
    }

    /// What it answers with `--json`, and what is said beside it.
    pub fn json(
        &self,
        words: &[String],
        context: &Context,
    ) -> Outcome<(serde_json::Value, Vec<u8>)> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        asked::asked(&self.client, &words, context)
    }

    /// What it prints, whole.
    pub fn bytes(&self, words: &[String]) -> Outcome<Vec<u8>> {
        let ask = CommandAsk {
            arguments: words.to_vec(),
            screen: Screen::default(),
            positions: false,
        };
        let (mut bytes, mut said) = (Vec::new(), Vec::new());
        let code = self
            .client
            .run(&ask, &mut Target::Kept(&mut bytes, &mut said))?;
        if code == 0 {
            return Ok(bytes);
        }
        let what = format!("the server ended with exit code {code} before all came");
        let failure = Failure::new(mltrack::Code::Network, what);
        Err(failure
            .cause(String::from_utf8_lossy(&said).trim())
            .hint("try again")
            .into())
    }
}

fn refusal(given: &words::Given, address: &Address) -> Failure {
    let what = format!(
        "`{}` changes a store or this machine, and over {address} mltrack only looks",
        given.path
    );
    Failure::new(mltrack::Code::Unsupported, what).hint(format!(
        "mltrack -C PATH {} ..  on the machine that has the store, or POST to {address}/api/v1",
        given.path
    ))
}

fn look(given: &words::Given, address: &Address, context: &Context) -> Outcome {
    let words = given.travelling()?;
    let follows = planned(&words)?.follows;
    let file = given.output();
    let is_collected =
        rows::way(&given.path) != Way::Streams && context.terminal.is_watched && !follows;
    let mut target = match &file {
        Some(path) if follows => Target::growing(path),
        Some(path) => Target::file(path, rows::way(&given.path)),
        None if is_collected => Target::page(context),
        None => Target::stdout(),
    };
    let ask = CommandAsk {
        arguments: words,
        screen: screen(context, file.is_some()),
        positions: false,
    };
    let client = Client::new(address)?;
    let code = if follows {
        let mut following = Following::new(None)?;
        client.follow(&ask, (&mut target, &mut following), context)?
    } else {
        client.run(&ask, &mut target)?
    };
    target.finish(code)?;
    Ok(ended(code))
}

/// What the command is like, or why it must not travel.
fn planned(words: &[String]) -> Result<CommandPlan, Failure> {
    rows::plan(words).map_err(|refusal| {
        let failure = Failure::usage(refusal.what);
        match refusal.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })
}

/// As it ended there.
fn ended(code: u8) -> Exit {
    if code == 0 {
        Exit::Done
    } else {
        Exit::Code(code)
    }
}

/// What a file is given is not for a person.
fn screen(context: &Context, is_file: bool) -> Screen {
    let terminal = &context.terminal;
    Screen {
        is_watched: terminal.is_watched && !is_file,
        is_told: context.stderr_is_terminal,
        width: u16::try_from(terminal.width).unwrap_or(u16::MAX),
        height: u16::try_from(terminal.height).unwrap_or(u16::MAX),
        colour: terminal.colour,
        told_colour: context.stderr_colour,
        is_unicode: Glyphs::of_locale() == Glyphs::Braille,
    }
}
