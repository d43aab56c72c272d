//! The view in motion: keys, answers, signals and the clock, one after another.
//!
//! Invariants: the thread waits in the kernel unless there is something to do; a key is drawn at once, data as often as
//! the feed tells it; a signal that ends the process ends the view first, and one that stops it leaves it first.

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use mltrack::{Tracker, door};
use ratatui_crossterm::crossterm::event::{Event as Typed, read};
use rustix::process::{Signal, kill_current_process_group};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::raise;

use crate::clock::next_change;
use crate::error::TopError;
use crate::feed::{self, Told, Wish};
use crate::filter_line::Edit;
use crate::keys::{Action, action};
use crate::model::Model;
use crate::options::Options;
use crate::question::Question;
use crate::terminal::Screen;
use crate::update::{Effect, act, take};
use crate::view;

/// Texts about now are renewed no oftener than this.
const TICK_MIN: Duration = Duration::from_millis(250);

/// Nobody listens for this signal here, so the kernel does what it does for every program: it stops the process within
/// the call, or not at all where no shell could ever continue it, such as under `ssh -t HOST mltrack top`.
const STOPS: Signal = Signal::TTIN;

/// How the view ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Somebody quit.
    Quit,
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// A signal asked for it; the caller ends by it as well.
    Signal(i32),
}

/// What can happen.
enum Event {
    Typed(io::Result<Typed>),
    Told(Told),
    Signal(i32),
    /// Some thread panicked, and the terminal was given back.
    Panicked,
}

struct Session {
    model: Model,
    screen: Screen,
    feed: Sender<Wish>,
    /// What was asked last, as its answer has settled it.
    asked: Question,
}

/// Takes over the terminal until somebody quits, or a signal asks for the end.
///
/// To be called on the main thread: Ctrl-Z stops the process within a call of it, with all of its group.
///
/// Errors: [`TopError::NoTerminal`] when standard output is none, [`TopError::Store`] when the store cannot be read.
pub fn run(tracker: Tracker, options: &Options) -> Result<Ended, TopError> {
    if !io::stdout().is_terminal() {
        return Err(TopError::NoTerminal);
    }
    let (teller, events) = channel();
    let told = teller.clone();
    let feed = feed::start(options.reader(tracker), move |what| {
        told.send(Event::Told(what)).ok();
    })?;
    let size = Screen::size().map_err(TopError::Terminal)?;
    // Before the terminal is taken over, so that none ends the process in between.
    listen_for_signals(teller.clone())?;
    let told = teller.clone();
    let screen = Screen::enter(move || {
        told.send(Event::Panicked).ok();
    });
    let mut session = Session {
        model: options.model(size, door::wall_time_ns()),
        screen: screen.map_err(TopError::Terminal)?,
        feed,
        asked: Question::default(),
    };
    listen_for_keys(teller)?;
    session.ask(true)?;
    loop {
        session.draw()?;
        if let Some(ended) = session.wait(&events)? {
            return Ok(ended);
        }
    }
}

fn listen_for_keys(teller: Sender<Event>) -> Result<(), TopError> {
    let listen = move || {
        loop {
            let typed = read();
            let is_over = typed.is_err();
            if teller.send(Event::Typed(typed)).is_err() || is_over {
                return;
            }
        }
    };
    spawn("top-keys", listen)
}

fn listen_for_signals(teller: Sender<Event>) -> Result<(), TopError> {
    let signals = [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT];
    let mut signals = Signals::new(signals).map_err(TopError::Terminal)?;
    let listen = move || {
        for signal in signals.forever() {
            if teller.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    };
    spawn("top-signals", listen)
}

fn spawn(name: &'static str, work: impl FnOnce() + Send + 'static) -> Result<(), TopError> {
    let spawned = thread::Builder::new().name(name.into()).spawn(work);
    spawned.map_err(|source| TopError::Thread { name, source })?;
    Ok(())
}

impl Session {
    fn draw(&mut self) -> Result<(), TopError> {
        let model = &self.model;
        let drawn = self.screen.draw(|buffer| {
            // The terminal may have another size by now, of which an event tells.
            let mut model = model.clone();
            (model.width, model.height) = (buffer.area.width, buffer.area.height);
            view::draw(&model, buffer)
        });
        drawn.map_err(TopError::Terminal)
    }

    /// Waits for something to happen, and takes in everything that did.
    fn wait(&mut self, events: &Receiver<Event>) -> Result<Option<Ended>, TopError> {
        let change = next_change(&self.model).filter(|_| !self.model.is_paused);
        let event = match change {
            Some(within) => events.recv_timeout(within.max(TICK_MIN)),
            None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if !self.model.is_paused {
            self.model.now_ns = door::wall_time_ns();
        }
        let mut next = match event {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Err(TopError::Panicked),
        };
        while let Some(event) = next {
            if let Some(ended) = self.happen(event)? {
                return Ok(Some(ended));
            }
            next = events.try_recv().ok();
        }
        self.ask(false)?;
        Ok(None)
    }

    /// Asks when the screen wants to know something else than before.
    fn ask(&mut self, is_first: bool) -> Result<(), TopError> {
        let question = self.model.question();
        if !is_first && question == self.asked {
            return Ok(());
        }
        self.asked = question.clone();
        let sent = self.feed.send(Wish::Ask(Box::new(question)));
        sent.map_err(|_| TopError::Panicked)
    }

    fn happen(&mut self, event: Event) -> Result<Option<Ended>, TopError> {
        match event {
            Event::Told(Told::Failed(error)) => return Err(TopError::Store(*error)),
            Event::Told(Told::Gone) | Event::Panicked => return Err(TopError::Panicked),
            Event::Told(Told::Answer(answer)) => {
                let settled = answer.question.settled(&answer);
                if take(&mut self.model, *answer) {
                    self.asked = settled;
                }
            }
            Event::Signal(SIGTSTP) => self.stop()?,
            Event::Signal(SIGCONT) => self.screen.enter_again().map_err(TopError::Terminal)?,
            Event::Signal(SIGINT) => return Ok(Some(Ended::Interrupted)),
            Event::Signal(signal) => return Ok(Some(Ended::Signal(signal))),
            Event::Typed(typed) => return self.typed(&typed.map_err(TopError::Terminal)?),
        }
        Ok(None)
    }

    fn typed(&mut self, typed: &Typed) -> Result<Option<Ended>, TopError> {
        let is_typing = self.model.filter.is_open();
        let action = match typed {
            Typed::Key(key) => action(*key, is_typing),
            Typed::Paste(text) if is_typing => Some(Action::EditFilter(Edit::Insert(text.clone()))),
            Typed::Resize(width, height) => {
                (self.model.width, self.model.height) = (*width, *height);
                None
            }
            _ => None,
        };
        let effect = action.map_or(Effect::None, |action| act(&mut self.model, &action));
        self.obey(effect)
    }

    fn obey(&mut self, effect: Effect) -> Result<Option<Ended>, TopError> {
        match effect {
            Effect::None => {}
            Effect::Quit => return Ok(Some(Ended::Quit)),
            Effect::Interrupt => return Ok(Some(Ended::Interrupted)),
            Effect::Redraw => self.screen.redraw().map_err(TopError::Terminal)?,
            Effect::Suspend => {
                self.screen.leave();
                // As the terminal would do it: whoever started this process and waits for it is stopped as well, or
                // the shell would never come back.
                let sent = kill_current_process_group(STOPS);
                sent.map_err(|error| TopError::Terminal(error.into()))?;
                self.screen.enter_again().map_err(TopError::Terminal)?;
            }
        }
        Ok(None)
    }

    /// Stops the process until somebody continues it, with the terminal given back.
    fn stop(&mut self) -> Result<(), TopError> {
        self.screen.leave();
        raise(STOPS.as_raw()).map_err(TopError::Terminal)?;
        self.screen.enter_again().map_err(TopError::Terminal)
    }
}
