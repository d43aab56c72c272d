//! Consent to a change: asked for on a terminal, given by `--yes` elsewhere.
//!
//! Invariant: nothing is asked where nobody can answer, and silence is no consent.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::context::Context;
use crate::failure::{Failure, Outcome};

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Consent {
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Consent {
    pub fn is_dry_run(self) -> bool {
        self.dry_run
    }

    /// Whether to go on.
    pub fn given(self, what: &str, context: &Context) -> Outcome<bool> {
        if self.dry_run {
            context.note(&format!("would {what}"));
            return Ok(false);
        }
        if self.yes {
            return Ok(true);
        }
        if !io::stdin().is_terminal() || !context.stderr_is_terminal {
            return Err(
                Failure::usage(format!("nobody is here to be asked whether to {what}"))
                    .hint("--yes does it without asking, --dry-run only says what would be done")
                    .into(),
            );
        }
        write!(io::stderr(), "{what}? [y/N] ")?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}
