//! What a panic said, for the run that it ends.
//!
//! A closure run by [`Tracker::run`](crate::Tracker::run) hands over its panic's message by itself. A `Run` that is
//! dropped by an unwinding thread can only learn it from a hook, and the library installs none unasked: see
//! [`record_panics`].

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::sync::Once;

use mltrack_event::RunError;

use crate::end::in_words;

thread_local! {
    /// The last panic of this thread.
    static LAST: RefCell<Option<RunError>> = const { RefCell::new(None) };
}

static INSTALL: Once = Once::new();

/// Remembers the message, place and stack of panics, so that a run dropped by one fails with them. Installs a panic
/// hook once, which calls the one that was there.
pub fn record_panics() {
    INSTALL.call_once(|| {
        let earlier = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let message = message(info.payload());
            let place = info
                .location()
                .map(|place| format!(" at {place}"))
                .unwrap_or_default();
            let mut error = in_words("panic", format!("{message}{place}"));
            error.trace = Some(Backtrace::force_capture().to_string());
            LAST.with(|last| *last.borrow_mut() = Some(error));
            earlier(info);
        }));
    });
}

/// What is known about the panic that unwinds this thread.
pub(crate) fn recorded() -> RunError {
    let last = LAST.with(|last| last.borrow_mut().take());
    last.unwrap_or_else(|| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("without a name").to_owned();
        in_words("panic", format!("the thread {name} panicked"))
    })
}

/// What is known about a panic that was caught.
pub(crate) fn caught(payload: &(dyn Any + Send)) -> RunError {
    let last = LAST.with(|last| last.borrow_mut().take());
    last.unwrap_or_else(|| in_words("panic", message(payload)))
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}
