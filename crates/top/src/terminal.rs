//! The terminal in raw mode and on its other screen, and back again.
//!
//! Invariants: whoever took it over gives it back once, by [`Screen::leave`], by being dropped, or by a panic of any
//! thread; after a panic nothing is written to it by the view, so that what the panic says stays readable.

use std::io::{self, BufWriter, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    terminal: Terminal<CrosstermBackend<BufWriter<Output>>>,
    is_entered: bool,
    shut: Shut,
    /// What was done at a panic before.
    hook: Arc<Box<Hook>>,
}

/// Set by a panic, for good: from then on the terminal belongs to what the panic says.
#[derive(Clone, Default)]
struct Shut(Arc<AtomicBool>);

impl Shut {
    /// Gives the terminal back, once whoever is writing to it has done so.
    fn close(&self) {
        let _writing = io::stdout().lock();
        if !self.0.swap(true, Ordering::AcqRel) {
            restore();
        }
    }

    fn is_closed(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Standard output, until it is shut. What comes later is passed over: half a screen would cover the panic's words.
struct Output(Shut);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Taken before looking, so that nobody shuts it in between.
        let mut out = io::stdout().lock();
        if self.0.is_closed() {
            return Ok(bytes.len());
        }
        out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

impl Screen {
    /// Whoever panics gives the terminal back first, and then `tell` is called.
    pub fn enter(tell: impl Fn() + Send + Sync + 'static) -> io::Result<Screen> {
        let hook: Arc<Box<Hook>> = Arc::new(panic::take_hook());
        let before = Arc::clone(&hook);
        let shut = Shut::default();
        let shutting = shut.clone();
        panic::set_hook(Box::new(move |info| {
            shutting.close();
            before(info);
            tell();
        }));
        let output = BufWriter::with_capacity(OUTPUT_LEN, Output(shut.clone()));
        let terminal = take_over().and_then(|()| Terminal::new(CrosstermBackend::new(output)));
        match terminal {
            Ok(terminal) => Ok(Screen {
                terminal,
                is_entered: true,
                shut,
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
        if self.shut.is_closed() {
            return Ok(());
        }
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
        // Left twice, many terminals put the cursor where it was before, and what was said since is written over.
        if self.is_entered && !self.shut.is_closed() {
            restore();
        }
        self.is_entered = false;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_once_a_panic_has_shut_it() {
        let shut = Shut(Arc::new(AtomicBool::new(true)));
        let mut output = BufWriter::new(Output(shut));
        output.write_all(b"half a screen").unwrap();
        output.flush().unwrap();
        assert!(output.buffer().is_empty(), "it is taken, and shown nowhere");
    }
}
