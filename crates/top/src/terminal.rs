//! The terminal in raw mode and on its other screen, and back again.
//!
//! Invariants: whoever took it over gives it back, by [`Screen::leave`], by being dropped, or by a panic of any thread;
//! giving it back twice does no harm.

use std::io::{self, BufWriter, Stdout, Write as _};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use ratatui_crossterm::crossterm::cursor::{Hide, Show};
use ratatui_crossterm::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui_crossterm::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, size,
};
use ratatui_crossterm::crossterm::{execute, queue};

/// Larger than any screen's changes, so that each goes out by one call.
const OUTPUT_LEN: usize = 256 << 10;

type Hook = dyn Fn(&PanicHookInfo<'_>) + Sync + Send;

/// A terminal that is ours.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    is_entered: bool,
    /// What was done at a panic before.
    hook: Arc<Box<Hook>>,
}

impl Screen {
    /// Whoever panics gives the terminal back first, and then `tell` is called.
    pub fn enter(tell: impl Fn() + Send + Sync + 'static) -> io::Result<Screen> {
        let hook: Arc<Box<Hook>> = Arc::new(panic::take_hook());
        let before = Arc::clone(&hook);
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
            tell();
        }));
        let output = BufWriter::with_capacity(OUTPUT_LEN, io::stdout());
        let terminal = take_over().and_then(|()| Terminal::new(CrosstermBackend::new(output)));
        match terminal {
            Ok(terminal) => Ok(Screen {
                terminal,
                is_entered: true,
                hook,
            }),
            Err(error) => {
                restore();
                give_back(&hook);
                Err(error)
            }
        }
    }

    /// Takes it over again, and draws everything anew at the next drawing.
    pub fn enter_again(&mut self) -> io::Result<()> {
        self.leave();
        take_over()?;
        self.is_entered = true;
        self.redraw()
    }

    /// Forgets what stands on it.
    pub fn redraw(&mut self) -> io::Result<()> {
        let (width, height) = size()?;
        // Clearing it would ask the terminal where its cursor stands, and the answer would go to who reads the keys.
        self.terminal.resize(Rect::new(0, 0, width, height))
    }

    /// Gives it back for a while.
    pub fn leave(&mut self) {
        if self.is_entered {
            restore();
            self.is_entered = false;
        }
    }

    pub fn size() -> io::Result<(u16, u16)> {
        size()
    }

    /// Draws what changed, at once for a terminal that knows how.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<()> {
        if !self.is_entered {
            return Ok(());
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            if let Some(position) = draw(frame.buffer_mut()) {
                frame.set_cursor_position(position);
            }
        })?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.terminal.backend_mut().flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
        give_back(&self.hook);
    }
}

fn take_over() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        Hide
    )
}

/// Whether it can be done or not, there is nobody left to tell.
fn restore() {
    let screen = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let mode = disable_raw_mode();
    drop((screen, mode));
}

fn give_back(hook: &Arc<Box<Hook>>) {
    // A panicking thread may not touch the hook.
    if !std::thread::panicking() {
        let hook = Arc::clone(hook);
        panic::set_hook(Box::new(move |info| hook(info)));
    }
}
