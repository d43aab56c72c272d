//! One screen without a terminal: for scripts, for tests, for pictures.

use mltrack::{Tracker, door};
use ratatui_core::backend::TestBackend;
use ratatui_core::buffer::Buffer;
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::error::TopError;
use crate::feed::Reader;
use crate::keys::action;
use crate::model::Model;
use crate::options::Options;
use crate::paint::{coloured, plain};
use crate::update::{act, take};
use crate::view;

/// An answer can change how much room there is, and so what is asked for; after so many it does not any more.
const ROUNDS_MAX: usize = 5;

/// A screen that stands still: everything is read when a key is pressed, by whoever presses it.
pub struct Still {
    model: Model,
    reader: Reader,
}

impl Still {
    /// The first screen. Errors: those of reading the store; `NOT_FOUND` for the experiment, `VALIDATION_ERROR` for a
    /// filter.
    pub fn new(tracker: Tracker, options: &Options, size: (u16, u16)) -> Result<Still, TopError> {
        Still::at(tracker, options, size, door::wall_time_ns())
    }

    /// The screen as it would be at this time, in ns since 1970: for pictures that are the same each time.
    pub fn at(
        tracker: Tracker,
        options: &Options,
        size: (u16, u16),
        now_ns: i64,
    ) -> Result<Still, TopError> {
        let mut still = Still {
            model: options.model(size, now_ns),
            reader: options.reader(tracker),
        };
        still.settle()?;
        Ok(still)
    }

    /// Presses the keys of a text, one after another: Enter for a line's end, Esc for `\u{1b}`. Errors: those of reading
    /// the store.
    pub fn type_keys(&mut self, text: &str) -> Result<(), TopError> {
        for letter in text.chars() {
            let code = match letter {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                letter => KeyCode::Char(letter),
            };
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            if let Some(action) = action(key, self.model.filter.is_open()) {
                act(&mut self.model, &action);
                self.settle()?;
            }
        }
        Ok(())
    }

    /// Gives the screen another size. Errors: those of reading the store.
    pub fn resize(&mut self, (width, height): (u16, u16)) -> Result<(), TopError> {
        (self.model.width, self.model.height) = (width, height);
        self.settle()
    }

    /// Asks until the screen wants to know nothing else.
    fn settle(&mut self) -> Result<(), TopError> {
        for _ in 0..ROUNDS_MAX {
            let mut answer = self.reader.answer(&self.model.question())?;
            answer.time_ns = self.model.now_ns;
            let settled = answer.question.settled(&answer);
            take(&mut self.model, answer);
            if self.model.question() == settled {
                break;
            }
        }
        Ok(())
    }

    /// What stands on it.
    pub fn buffer(&self) -> Buffer {
        let backend = TestBackend::new(self.model.width, self.model.height);
        let Ok(mut terminal) = Terminal::new(backend);
        let Ok(_) = terminal.draw(|frame| {
            if let Some(position) = view::draw(&self.model, frame.buffer_mut()) {
                frame.set_cursor_position(position);
            }
        });
        terminal.backend().buffer().clone()
    }

    /// The same as lines of text.
    #[must_use]
    pub fn text(&self) -> String {
        plain(&self.buffer())
    }

    /// The same with the codes for colours that terminals understand.
    #[must_use]
    pub fn coloured(&self) -> String {
        coloured(&self.buffer())
    }
}
