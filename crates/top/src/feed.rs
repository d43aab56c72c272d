//! The thread that reads the store: it answers the newest question, and answers again when something was appended.
//!
//! 1. Nothing is read for nothing: the log's tail wakes it. What no event tells, who is gone, is looked at every
//!    [`LOOK_AGAIN`] while a run seems to be running.
//! 2. However much is written, an answer stands for [`REST`] at least, and four times as long as it took to make: most
//!    of a processor stays free. A new question is answered at once.
//! 3. It only reads.

mod curves;
mod list;
mod reader;
mod waiting;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use mltrack::{RunState, door};

use crate::error::TopError;
use crate::question::{Answer, Question};
pub use reader::{Reader, Scope};
use waiting::Waiting;

const LOOK_AGAIN: Duration = Duration::from_secs(10);
const REST: Duration = Duration::from_millis(250);

/// What the thread is told.
pub enum Wish {
    Ask(Box<Question>),
    /// Something was appended behind what was read last, or waiting for it failed.
    Appended(Result<(), Box<mltrack::Error>>),
}

/// What it tells.
pub enum Told {
    Answer(Box<Answer>),
    Failed(Box<mltrack::Error>),
    /// It ended.
    Gone,
}

/// Says that the thread is gone, however it ended.
struct Farewell<F: Fn(Told)>(F);

impl<F: Fn(Told)> Drop for Farewell<F> {
    fn drop(&mut self) {
        (self.0)(Told::Gone);
    }
}

/// Starts the thread. It ends when the sender that is returned is dropped.
pub fn start(
    mut reader: Reader,
    tell: impl Fn(Told) + Send + 'static,
) -> Result<Sender<Wish>, TopError> {
    let (asker, wishes) = channel();
    let waiting = Waiting::start(reader.tracker().clone(), asker.clone())?;
    // Held by whoever waits for the log as well, so a closed channel cannot tell the end; the process does.
    let work = move || {
        let farewell = Farewell(tell);
        if let Err(error) = answer_all(&mut reader, &wishes, &waiting, &farewell.0) {
            (farewell.0)(Told::Failed(Box::new(error)));
        }
    };
    let spawned = thread::Builder::new().name("top-feed".into()).spawn(work);
    spawned.map_err(|source| TopError::Thread {
        name: "top-feed",
        source,
    })?;
    Ok(asker)
}

/// The state of the thread between two answers.
struct Turn {
    question: Option<Box<Question>>,
    is_new: bool,
    is_appended: bool,
    /// Before then, what is appended is no reason to answer.
    rests_until: Instant,
    looks_again: bool,
}

fn answer_all(
    reader: &mut Reader,
    wishes: &Receiver<Wish>,
    waiting: &Waiting,
    tell: &impl Fn(Told),
) -> mltrack::Result<()> {
    let mut turn = Turn {
        question: None,
        is_new: false,
        is_appended: false,
        rests_until: door::monotonic(),
        looks_again: false,
    };
    loop {
        if !turn.wait(wishes)? {
            return Ok(());
        }
        let Some(question) = &turn.question else {
            continue;
        };
        let begun = door::monotonic();
        let answer = reader.answer(question)?;
        let ended = door::monotonic();
        turn.rests_until = ended + REST.max(4 * ended.saturating_duration_since(begun));
        turn.looks_again = is_any_running(&answer);
        turn.is_new = false;
        turn.is_appended = false;
        turn.question = Some(Box::new(question.settled(&answer)));
        waiting.ask(answer.lsn);
        tell(Told::Answer(Box::new(answer)));
    }
}

fn is_any_running(answer: &Answer) -> bool {
    let running = |count: &crate::question::StateCount| count.state == RunState::Running;
    answer.counts.iter().any(running)
}

impl Turn {
    /// Waits until there is something to answer; `false` when nobody asks any more.
    fn wait(&mut self, wishes: &Receiver<Wish>) -> mltrack::Result<bool> {
        loop {
            while let Ok(wish) = wishes.try_recv() {
                self.take(wish)?;
            }
            let is_paused = self.question.as_ref().is_none_or(|asked| asked.is_paused);
            let rest = self
                .rests_until
                .saturating_duration_since(door::monotonic());
            let is_due = self.is_appended && !is_paused;
            if self.is_new || (is_due && rest.is_zero()) {
                return Ok(true);
            }
            let limit = match (is_due, self.looks_again && !is_paused) {
                (true, _) => Some(rest),
                (false, true) => Some(LOOK_AGAIN),
                (false, false) => None,
            };
            let wish = match limit {
                Some(limit) => wishes.recv_timeout(limit),
                None => wishes.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match wish {
                Ok(wish) => self.take(wish)?,
                Err(RecvTimeoutError::Timeout) => return Ok(true),
                Err(RecvTimeoutError::Disconnected) => return Ok(false),
            }
        }
    }

    fn take(&mut self, wish: Wish) -> mltrack::Result<()> {
        match wish {
            Wish::Ask(question) => {
                self.question = Some(question);
                self.is_new = true;
            }
            Wish::Appended(Ok(())) => self.is_appended = true,
            Wish::Appended(Err(error)) => return Err(*error),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn() -> (Turn, Sender<Wish>, Receiver<Wish>) {
        let (asker, wishes) = channel();
        let turn = Turn {
            question: Some(Box::default()),
            is_new: false,
            is_appended: false,
            rests_until: door::monotonic(),
            looks_again: false,
        };
        (turn, asker, wishes)
    }

    #[test]
    fn what_is_appended_is_answered_after_the_rest_and_a_question_at_once() {
        let (mut turn, asker, wishes) = turn();
        turn.rests_until = door::monotonic() + Duration::from_millis(40);
        asker.send(Wish::Appended(Ok(()))).unwrap();
        assert!(turn.wait(&wishes).unwrap());
        assert!(door::monotonic() >= turn.rests_until);
        turn.is_appended = false;
        turn.rests_until = door::monotonic() + Duration::from_hours(1);
        asker.send(Wish::Ask(Box::default())).unwrap();
        assert!(turn.wait(&wishes).unwrap());
    }

    #[test]
    fn nothing_is_answered_while_the_view_is_paused() {
        let (mut turn, asker, wishes) = turn();
        let paused = Question {
            is_paused: true,
            ..Question::default()
        };
        asker.send(Wish::Ask(Box::new(paused))).unwrap();
        assert!(turn.wait(&wishes).unwrap());
        turn.is_new = false;
        asker.send(Wish::Appended(Ok(()))).unwrap();
        drop(asker);
        assert!(!turn.wait(&wishes).unwrap(), "an append is no reason");
    }
}
