//! `tail` of a server, and where it goes on: told by the server behind the lines, kept here.
//!
//! Invariant: what is kept never lies behind a line that was not written yet, so that nothing is missed by whoever goes on
//! there.

use std::path::{Path, PathBuf};

use mltrack::{Code, Position};
use mltrack_server::command::CommandAsk;

use super::address::Address;
use super::client::Client;
use super::rows::Way;
use super::target::Target;
use super::words::Given;
use super::{ended, planned, screen};
use crate::context::Context;
use crate::failure::{Failure, Outcome, Stop};
use crate::interrupt::Interrupt;
use crate::tail;

pub fn tail(
    arguments: &tail::Arguments,
    given: &Given<'_>,
    address: &Address,
    context: &Context,
) -> Outcome {
    let mut words = given.travelling()?;
    if let Some(position) = arguments.cursor()? {
        words.insert(1, format!("--resume={position}"));
    }
    let plan = planned(&words)?;
    let cursor_file = arguments.cursor_file();
    let file = given.output();
    let mut target = match &file {
        Some(path) if arguments.is_growing() => Target::growing(path),
        Some(path) => Target::file(path, Way::Streams),
        None => Target::stdout(),
    };
    let keeps_place = plan.follows || cursor_file.is_some();
    let ask = CommandAsk {
        arguments: words,
        screen: screen(context, file.is_some()),
        // A list of fields is no row of lines.
        positions: keeps_place && !arguments.output.asks_for_fields(),
    };
    let client = Client::new(address)?;
    let code = if ask.positions {
        let mut following = Following::new(cursor_file.map(Path::to_owned))?;
        client.follow(&ask, (&mut target, &mut following), context)?
    } else {
        client.run(&ask, &mut target)?
    };
    target.finish(code)?;
    Ok(ended(code))
}

/// What is done with positions, and with an interrupt.
#[derive(Debug)]
pub struct Following {
    cursor_file: Option<PathBuf>,
    position: Option<Position>,
    interrupt: Interrupt,
}

impl Following {
    /// Of a command that goes on until it is interrupted.
    pub fn new(cursor_file: Option<PathBuf>) -> Outcome<Following> {
        Ok(Following {
            cursor_file,
            position: None,
            interrupt: Interrupt::listen()?,
        })
    }

    /// What was written to the target so far is everything up to here.
    pub fn at(&mut self, text: &str, target: &mut Target<'_>) -> Outcome<()> {
        let position = text.parse().map_err(|error| {
            Failure::new(Code::Network, "the server tells no position").cause(error)
        })?;
        target.flush()?;
        if let Some(path) = &self.cursor_file {
            tail::write_cursor(path, position)?;
        }
        self.position = Some(position);
        Ok(())
    }

    /// How it ends when it was interrupted.
    pub fn end(&self, context: &Context) -> Option<Stop> {
        let is_set = self.interrupt.is_set();
        is_set.then(|| tail::interrupted(self.position, context))
    }
}
