//! What programs print, as lines of a run's log: bytes go in, a thread of their own makes and logs the lines.
//!
//! Invariants: who prints waits for room in memory, as long as lines are being logged; once nothing has been logged for
//! [`PATIENCE`] it waits no more, and what finds no room is counted and told; lines are logged in the order of their source; the end of the run, and of the last handle,
//! log everything first.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use mltrack_capture::console::{Assembler, ConsoleLine};
use mltrack_capture::secrets;
use mltrack_event::{Level, Line, WallTime};
use mltrack_log::door;

use crate::code::Code;
use crate::console_level::level_of;
use crate::lock::guard;
use crate::run::{Inner, Run};
use crate::warning::Warning;

/// Bytes that wait for the log at most.
const WAITING_LEN_MAX: usize = 4 << 20;
/// When nothing has been logged for so long, the log stands still.
const PATIENCE: Duration = Duration::from_secs(1);
/// The end of a run is more patient.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// So many bytes are made into lines at a time.
const TAKEN_LEN: usize = 64 << 10;
/// So often progress bars are looked at.
const REST_INTERVAL: Duration = Duration::from_secs(1);
/// A record holds so many lines, and about so many bytes, at most.
const RECORD_LINES_MAX: usize = 512;
const RECORD_LEN_MAX: usize = 256 << 10;
/// Who says what no program printed.
const OWN_SOURCE: &str = "mltrack";

/// Takes what a program prints and logs it as lines; see [`Run::console`].
pub struct Console {
    shared: Option<Arc<Shared>>,
    /// Keeps the run for as long as lines are to come.
    _run: Run,
    thread: Option<JoinHandle<()>>,
}

/// One source of a [`Console`]. Writing never fails.
#[derive(Clone)]
pub struct ConsoleWriter {
    shared: Option<Arc<Shared>>,
    source: usize,
}

/// What the writers and the thread share.
pub(crate) struct Shared {
    run: Weak<Inner>,
    state: Mutex<State>,
    filled: Condvar,
    drained: Condvar,
    process: u32,
    /// Ends what feeds it, before the last lines are made.
    before_end: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

#[derive(Default)]
struct State {
    sources: Vec<Source>,
    waiting: VecDeque<Piece>,
    waiting_len: usize,
    /// How often something was taken: a thread that moves.
    taken_count: u64,
    is_stalled: bool,
    is_closing: bool,
    is_done: bool,
}

struct Source {
    name: String,
    /// Bytes for which there was no room.
    lost_len: u64,
}

struct Piece {
    source: usize,
    bytes: Vec<u8>,
    time_ns: i64,
}

impl Run {
    /// Takes what programs print as lines of this run's log: give each source a
    /// [`writer`](Console::writer), and write to it what was read.
    ///
    /// A progress bar that is written over by `\r` is logged as it was last, and every ten seconds meanwhile. Colours
    /// and other control sequences are left out, very long lines are cut in several, what looks like a secret is masked,
    /// bytes that are no UTF-8 stand as U+FFFD, which a line of the source `mltrack` says once. A word such as `ERROR`
    /// or `WARNING` at the beginning gives a line its level.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use std::io::Write as _;
    ///
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// let console = run.console();
    /// console.writer("stdout").write_all(b"\r 1%\r 50%\r100%\nERROR: no data\n").unwrap();
    /// run.finish()?;
    /// let lines = tracker.lines(run.id()).fetch()?;
    /// assert_eq!(lines[0].text, "100%");
    /// assert_eq!(lines[1].level, mltrack::Level::Error);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn console(&self) -> Console {
        let started = self.inner().and_then(Console::start);
        let (shared, thread) = started.unzip();
        Console {
            shared,
            _run: self.clone(),
            thread,
        }
    }
}

impl Console {
    /// `None` when the system gives no thread: then nothing is logged, which `on_warning` is told.
    fn start(inner: &Arc<Inner>) -> Option<(Arc<Shared>, JoinHandle<()>)> {
        let shared = Arc::new(Shared {
            run: Arc::downgrade(inner),
            state: Mutex::default(),
            filled: Condvar::new(),
            drained: Condvar::new(),
            process: std::process::id(),
            before_end: Mutex::default(),
        });
        let logged = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("mltrack-console".into());
        match thread.spawn(move || Logger::default().log(&logged)) {
            Ok(thread) => {
                let mut consoles = guard(&inner.consoles);
                consoles.retain(|console| console.strong_count() > 0);
                consoles.push(Arc::downgrade(&shared));
                Some((shared, thread))
            }
            Err(error) => {
                let what = "the system gives no thread for console lines";
                let error = crate::Error::new(Code::InternalError, what).with_source(error);
                inner.store.warnings.tell(&Warning::NotLogged { error });
                None
            }
        }
    }

    /// Takes what one source prints: `stdout`, `stderr` or any other name.
    pub fn writer(&self, source: impl Into<String>) -> ConsoleWriter {
        let source = self.shared.as_ref().map_or(0, |shared| {
            let mut state = guard(&shared.state);
            state.sources.push(Source {
                name: source.into(),
                lost_len: 0,
            });
            state.sources.len() - 1
        });
        ConsoleWriter {
            shared: self.shared.clone(),
            source,
        }
    }

    /// What has to be done before the last lines are made.
    pub(crate) fn before_end(&self, end: impl FnOnce() + Send + 'static) {
        if let Some(shared) = &self.shared {
            *guard(&shared.before_end) = Some(Box::new(end));
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let Some(shared) = &self.shared else {
            return;
        };
        if shared.process != std::process::id() {
            // In a forked child there is no such thread, and maybe a lock that nobody will open.
            std::mem::forget(self.thread.take());
            return;
        }
        shared.close();
    }
}

impl Write for ConsoleWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(shared) = &self.shared
            && shared.process == std::process::id()
        {
            shared.take(self.source, bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn take(&self, source: usize, bytes: &[u8]) {
        let time_ns = door::wall_time_ns();
        let mut state = guard(&self.state);
        let is_full = |state: &mut State| state.waiting_len >= WAITING_LEN_MAX && !state.is_closing;
        if !state.is_stalled {
            state = self.wait_while(state, PATIENCE, is_full);
        }
        state.is_stalled = is_full(&mut state);
        if state.is_stalled || state.is_done {
            if let Some(source) = state.sources.get_mut(source) {
                source.lost_len += bytes.len() as u64;
            }
            return;
        }
        state.waiting_len += bytes.len();
        // Small prints soon after each other are one piece.
        match state.waiting.back_mut() {
            Some(last) if last.source == source && last.time_ns == time_ns => {
                last.bytes.extend_from_slice(bytes);
            }
            _ => state.waiting.push_back(Piece {
                source,
                bytes: bytes.to_vec(),
                time_ns,
            }),
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Logs everything, and takes nothing more. Waits for it as long as it goes on.
    pub fn close(&self) {
        if self.process != std::process::id() {
            return;
        }
        let before_end = guard(&self.before_end).take();
        if let Some(before_end) = before_end {
            before_end();
        }
        let mut state = guard(&self.state);
        state.is_closing = true;
        self.filled.notify_all();
        drop(self.wait_while(state, END_PATIENCE, |state| !state.is_done));
    }

    /// Waits while something is so, and no longer than `patience` without anything being taken.
    fn wait_while<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        patience: Duration,
        is_so: impl Fn(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        let mut taken_count = u64::MAX;
        while is_so(&mut state) && state.taken_count != taken_count {
            taken_count = state.taken_count;
            let waits = |state: &mut State| is_so(state) && state.taken_count == taken_count;
            let waited = self.drained.wait_timeout_while(state, patience, waits);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    /// What there is to be logged; `None` when nothing more comes.
    fn next(&self) -> Option<(VecDeque<Piece>, Vec<Source>)> {
        let state = guard(&self.state);
        let is_empty = |state: &mut State| state.waiting.is_empty() && !state.is_closing;
        let waited = self
            .filled
            .wait_timeout_while(state, REST_INTERVAL, is_empty);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let mut taken_len = 0;
        let fits = state.waiting.iter().take_while(|piece| {
            let is_first = taken_len == 0;
            taken_len += piece.bytes.len();
            is_first || taken_len <= TAKEN_LEN
        });
        let count = fits.count();
        let pieces: VecDeque<Piece> = state.waiting.drain(..count).collect();
        if pieces.is_empty() && state.is_closing {
            return None;
        }
        state.waiting_len -= pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>();
        state.taken_count += 1;
        self.drained.notify_all();
        let sources = state.sources.iter_mut();
        let sources = sources.map(|source| {
            let (name, lost_len) = (source.name.clone(), std::mem::take(&mut source.lost_len));
            Source { name, lost_len }
        });
        Some((pieces, sources.collect()))
    }
}

/// What the thread knows of one source.
struct Voice {
    name: String,
    assembler: Assembler,
    is_said: bool,
}

#[derive(Default)]
struct Logger {
    voices: Vec<Voice>,
    lines: Vec<Line>,
    made: Vec<ConsoleLine>,
    is_told: bool,
}

impl Logger {
    fn log(mut self, shared: &Shared) {
        while let Some((pieces, sources)) = shared.next() {
            self.meet(sources);
            for piece in pieces {
                if let Some(voice) = self.voices.get_mut(piece.source) {
                    voice
                        .assembler
                        .write(&piece.bytes, piece.time_ns, &mut self.made);
                    self.take_made(piece.source);
                }
                self.send_if_long(shared);
            }
            self.each(Assembler::rest);
            self.send(shared);
        }
        self.each(Assembler::finish);
        self.send(shared);
        guard(&shared.state).is_done = true;
        shared.drained.notify_all();
    }

    fn meet(&mut self, sources: Vec<Source>) {
        for (at, Source { name, lost_len }) in sources.into_iter().enumerate() {
            if lost_len > 0 {
                let text = format!("{lost_len} bytes of {name} are not here: the log stood still");
                self.say(text);
            }
            if at >= self.voices.len() {
                self.voices.push(Voice {
                    name,
                    assembler: Assembler::new(secrets::mask),
                    is_said: false,
                });
            }
        }
    }

    fn each(&mut self, make: impl Fn(&mut Assembler, i64, &mut Vec<ConsoleLine>)) {
        for at in 0..self.voices.len() {
            let now_ns = door::wall_time_ns();
            make(&mut self.voices[at].assembler, now_ns, &mut self.made);
            self.take_made(at);
        }
    }

    fn take_made(&mut self, source: usize) {
        let voice = &mut self.voices[source];
        for made in self.made.drain(..) {
            self.lines.push(Line {
                level: level_of(&made.text),
                source: voice.name.clone(),
                text: made.text,
                time: Some(WallTime(made.time_ns)),
            });
        }
        if !voice.is_said && voice.assembler.replaced_count() > 0 {
            voice.is_said = true;
            let text = format!("{}: bytes that are no UTF-8 stand as U+FFFD", voice.name);
            self.say(text);
        }
    }

    fn say(&mut self, text: String) {
        self.lines.push(Line {
            level: Level::Warn,
            source: OWN_SOURCE.to_owned(),
            text,
            time: Some(WallTime(door::wall_time_ns())),
        });
    }

    fn send_if_long(&mut self, shared: &Shared) {
        if self.lines.len() >= RECORD_LINES_MAX {
            self.send(shared);
        }
    }

    fn send(&mut self, shared: &Shared) {
        let mut lines = std::mem::take(&mut self.lines);
        while !lines.is_empty() {
            let mut length = 0;
            let fits = lines.iter().take(RECORD_LINES_MAX).take_while(|line| {
                length += line.text.len();
                length <= RECORD_LEN_MAX
            });
            let rest = lines.split_off(fits.count().max(1));
            self.append(shared, lines);
            lines = rest;
        }
    }

    fn append(&mut self, shared: &Shared, lines: Vec<Line>) {
        // Whoever holds the console holds the run, so this is never its last handle.
        let Some(inner) = shared.run.upgrade() else {
            return;
        };
        let count = lines.len() as u64;
        match inner.log_lines(lines) {
            Ok(_) => self.is_told = false,
            // The run has ended, and its program goes on printing.
            Err(error) if error.code() == Code::InvalidState => {}
            Err(error) => {
                if !std::mem::replace(&mut self.is_told, true) {
                    let lost = Warning::LinesLost { count, error };
                    inner.store.warnings.tell(&lost);
                }
            }
        }
    }
}

impl Inner {
    /// Logs what consoles of this run still hold, and closes them.
    pub fn close_consoles(&self) {
        let consoles: Vec<Arc<Shared>> = guard(&self.consoles)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for console in consoles {
            console.close();
        }
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ConsoleWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConsoleWriter")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
