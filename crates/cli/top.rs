//! `mltrack top`: the live runs on a whole terminal, or one screen of it for scripts.
//!
//! Invariant: what is wrong with the words is said before the terminal is taken over.

use std::io::{self, Write as _};
use std::path::Path;

use clap::ValueEnum;
use mltrack::{Code, STORE_FOLDER, Tracker};
use mltrack_top::{Ended, Look, Options, Still, Theme, TopError};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::plot::Glyphs;
use crate::store;

/// How a shell tells that a signal ended a program.
const BY_SIGNAL: u8 = 128;

/// What does for those who have no terminal.
const INSTEAD: &str = "mltrack top --once, or mltrack runs --watch";

/// Watch live runs on the whole terminal: table, charts, console
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Keys: / filter, o sort, x select, p pin a baseline, c compare, f follow, Space pause, s smooth, y log axis,
t x axis, m metrics, Enter open, Esc back, ? all of them, q quit.

  mltrack top
  mltrack top resnet -f 'loss < 1'
  mltrack top --once")]
pub struct Arguments {
    /// Only runs of this experiment
    #[arg(value_name = "EXP")]
    experiment: Option<String>,
    /// Only runs that match: see `mltrack help filters`
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// What colours are to be read on
    #[arg(long, value_name = "THEME", default_value = "auto")]
    theme: ThemeWish,
    /// Print one screen and end
    #[arg(long)]
    once: bool,
}

/// What the background is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ThemeWish {
    /// What `COLORFGBG` says, dark without
    Auto,
    Dark,
    Light,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_look(context)?;
    check(arguments, &tracker)?;
    let options = Options {
        store: tracker.path().map(name_of).unwrap_or_default(),
        experiment: arguments.experiment.clone(),
        filters: arguments.filter.clone(),
        look: look(arguments.theme, context),
    };
    if arguments.once {
        return print(tracker, &options, context);
    }
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        let what = "`top` needs a terminal whose cursor can be moved, and TERM is dumb";
        return Err(Failure::usage(what).hint(INSTEAD).into());
    }
    match mltrack_top::run(tracker, &options).map_err(failure)? {
        Ended::Quit => Ok(Exit::Done),
        Ended::Interrupted => Err(Stop::Interrupted),
        Ended::Signal(signal) => {
            // Whoever sent it learns that it did what it does to others.
            signal_hook::low_level::emulate_default_handler(signal)?;
            Ok(Exit::Code(BY_SIGNAL.saturating_add(signal as u8)))
        }
    }
}

/// An experiment that is not there, or a filter that is none.
fn check(arguments: &Arguments, tracker: &Tracker) -> Outcome<()> {
    let mut query = tracker.runs().limit(1);
    if let Some(name) = &arguments.experiment {
        query = query.experiment(name);
    }
    for filter in &arguments.filter {
        query = query.filter(filter);
    }
    query.fetch_ids()?;
    Ok(())
}

fn print(tracker: Tracker, options: &Options, context: &Context) -> Outcome {
    let terminal = &context.terminal;
    let length = |cells: usize| u16::try_from(cells).unwrap_or(u16::MAX);
    let size = (length(terminal.width), length(terminal.height));
    let still = Still::new(tracker, options, size).map_err(failure)?;
    let text = if terminal.colour {
        still.coloured()
    } else {
        still.text()
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}

/// The folder that a store belongs to, as people call it.
fn name_of(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let own = path.file_name().filter(|name| *name != STORE_FOLDER);
    let name = own.or_else(|| path.parent().and_then(Path::file_name));
    name.map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn look(theme: ThemeWish, context: &Context) -> Look {
    let told = || Theme::of_variable(&std::env::var("COLORFGBG").ok()?);
    Look {
        theme: match theme {
            ThemeWish::Auto => told().unwrap_or_default(),
            ThemeWish::Dark => Theme::Dark,
            ThemeWish::Light => Theme::Light,
        },
        has_colour: context.terminal.colour,
        glyphs: match Glyphs::of_locale() {
            Glyphs::Braille => mltrack_top::Glyphs::Unicode,
            Glyphs::Ascii => mltrack_top::Glyphs::Ascii,
        },
    }
}

fn failure(error: TopError) -> Failure {
    let what = error.to_string();
    match error {
        TopError::Store(error) => error.into(),
        TopError::NoTerminal => {
            Failure::usage("`top` needs a terminal, and standard output is none").hint(INSTEAD)
        }
        TopError::Terminal(_) => Failure::new(Code::IoError, what).hint("mltrack top --once"),
        TopError::Thread { .. } => Failure::new(Code::IoError, what).hint("ulimit -u"),
        TopError::Panicked => Failure::new(Code::InternalError, what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_called_as_the_folder_it_belongs_to() {
        assert_eq!(name_of(Path::new("/nowhere/digits/.mltrack")), "digits");
        assert_eq!(name_of(Path::new("/nowhere/digits")), "digits");
    }
}
