//! What stdout is: a terminal of some size, or not one.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

use mltrack_server::command::Screen;
use terminal_size::{Height, Width, terminal_size};

use super::style::{ColourWish, decide};

#[derive(Clone, Debug)]
pub struct Terminal {
    /// Whether a person watches.
    pub is_watched: bool,
    pub width: usize,
    pub height: usize,
    pub colour: bool,
    /// What decided about the colour, for `config show`.
    pub colour_source: &'static str,
    /// Whether long output is shown by a pager of this machine.
    pub has_pager: bool,
}

impl Terminal {
    /// Looks at stdout and the environment.
    pub fn of_stdout(wish: ColourWish) -> Terminal {
        let is_terminal = io::stdout().is_terminal();
        let (colour, colour_source) = decide(wish, is_terminal, |name| std::env::var(name).ok());
        let (width, height) = match terminal_size() {
            Some((Width(width), Height(height))) if width > 0 => (width.into(), height.into()),
            _ => (80, 24),
        };
        Terminal {
            is_watched: is_terminal,
            width,
            height,
            colour,
            colour_source,
            has_pager: true,
        }
    }

    /// That of a client of a server, which shows long output itself.
    pub fn of_client(screen: &Screen) -> Terminal {
        Terminal {
            is_watched: screen.is_watched,
            width: screen.width.into(),
            height: screen.height.into(),
            colour: screen.colour,
            colour_source: "client",
            has_pager: false,
        }
    }

    /// As it is now; that of a client as the client said.
    pub fn renewed(&self, wish: ColourWish) -> Terminal {
        if self.has_pager {
            Terminal::of_stdout(wish)
        } else {
            self.clone()
        }
    }

    /// No terminal at all.
    #[cfg(test)]
    pub fn plain(width: usize) -> Terminal {
        Terminal {
            is_watched: false,
            width,
            height: 24,
            colour: false,
            colour_source: "plain",
            has_pager: false,
        }
    }

    /// Prints, through a pager when the text is longer than the terminal is high.
    pub fn page(&self, text: &str) -> io::Result<()> {
        if self.has_pager
            && self.is_watched
            && text.lines().count() >= self.height
            && through_pager(text)?
        {
            return Ok(());
        }
        io::stdout().write_all(text.as_bytes())
    }
}

/// The command that shows long output, and where its name comes from.
pub fn pager() -> (String, &'static str) {
    match std::env::var("PAGER") {
        Ok(pager) if !pager.trim().is_empty() => (pager, "PAGER"),
        _ => ("less -FRX".to_owned(), "default"),
    }
}

/// Whether a pager took the text. `cat` and an absent pager leave it to us.
fn through_pager(text: &str) -> io::Result<bool> {
    let (pager, _) = pager();
    let mut words = pager.split_whitespace();
    let Some(program) = words.next().filter(|program| *program != "cat") else {
        return Ok(false);
    };
    let child = Command::new(program)
        .args(words)
        .stdin(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        return Ok(false);
    };
    if let Some(mut stdin) = child.stdin.take() {
        // A pager that is left early closes the pipe: its reader has seen enough.
        let _ = stdin.write_all(text.as_bytes());
    }
    child.wait()?;
    Ok(true)
}
