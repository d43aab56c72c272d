//! What every command is given: the global options, the terminal, the time it started.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use mltrack_server::command::Screen;

use crate::output::Terminal;
use crate::output::progress::ProgressWish;
use crate::output::style::{ColourWish, Tone, decide, paint};
use crate::program::Program;

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Global")]
pub struct GlobalArguments {
    /// The store: its folder, one that contains .mltrack, or http://HOST:PORT of a server [env: `MLTRACK_STORE`]
    #[arg(short = 'C', long, global = true, value_name = "PATH|URL")]
    store: Option<PathBuf>,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColourWish,
    /// How to tell on stderr how far a long command is
    #[arg(long, global = true, value_name = "HOW", default_value = "auto")]
    progress: ProgressWish,
    /// Say on stderr how long the command took
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the streams"
)]
pub struct Context {
    pub store: Option<PathBuf>,
    pub is_verbose: bool,
    pub terminal: Terminal,
    /// Whether stderr is watched by a person.
    pub stderr_is_terminal: bool,
    pub stderr_colour: bool,
    pub started_ns: i64,
    pub progress: ProgressWish,
    /// What is started when this program needs another of its kind.
    pub program: Program,
    /// Whether stdout is a row of frames that also say where to go on.
    pub tells_positions: bool,
    colour_wish: ColourWish,
}

impl Context {
    pub fn new(arguments: &GlobalArguments, program: Program) -> Context {
        let stderr_is_terminal = io::stderr().is_terminal();
        Context {
            store: arguments.store.clone(),
            is_verbose: arguments.verbose,
            terminal: Terminal::of_stdout(arguments.color),
            stderr_is_terminal,
            stderr_colour: stderr_colour(arguments.color),
            started_ns: now_ns(),
            progress: arguments.progress,
            program,
            tells_positions: false,
            colour_wish: arguments.color,
        }
    }

    /// The same for a client that has this screen.
    pub fn for_screen(&self, screen: &Screen) -> Context {
        Context {
            store: self.store.clone(),
            terminal: Terminal::of_client(screen),
            program: self.program.clone(),
            stderr_is_terminal: screen.is_told,
            stderr_colour: screen.told_colour,
            ..*self
        }
    }

    /// The same for a client that wants to know where to go on.
    pub fn telling_positions(self, tells_positions: bool) -> Context {
        Context {
            tells_positions,
            ..self
        }
    }

    /// The same for what a client asked: how far a command is it may choose, and nothing else that all commands have.
    pub fn asked(&self, arguments: &GlobalArguments) -> Context {
        Context {
            store: self.store.clone(),
            terminal: self.terminal.clone(),
            progress: arguments.progress,
            program: self.program.clone(),
            ..*self
        }
    }

    /// For an answer that is given again: what is relative to now is so anew, and the terminal may have another size.
    pub fn renewed(&self) -> Context {
        Context {
            store: self.store.clone(),
            terminal: self.terminal.renewed(self.colour_wish),
            program: self.program.clone(),
            started_ns: now_ns(),
            ..*self
        }
    }

    /// A remark beside the answer.
    pub fn note(&self, text: &str) {
        tell(&format!(
            "{} {text}",
            paint("note:", Tone::Dim, self.stderr_colour)
        ));
    }
}

/// Says one line on stderr. Whether anybody still listens there changes nothing about the work.
pub fn tell(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

pub fn stderr_colour(wish: ColourWish) -> bool {
    decide(wish, io::stderr().is_terminal(), |name| {
        std::env::var(name).ok()
    })
    .0
}

/// The wall clock, in nanoseconds since 1970.
pub fn now_ns() -> i64 {
    mltrack::door::wall_time_ns()
}
