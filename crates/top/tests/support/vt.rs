//! A terminal for tests: a pty, and what a program has drawn on it.
//!
//! Invariant: nothing waits longer than [`PATIENCE`], and nothing sleeps: every wait is for something that comes.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use mltrack::door;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// As long as a busy machine may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts the words in a job of their own, and continues the job by the first line that is typed after it stopped.
const SHELL: &str =
    r#""$@"; echo "the shell again"; read -r; fg > /dev/null; echo "it ended with $?""#;

/// A program on a terminal.
pub struct Vt {
    /// None once the terminal is gone. With what ends the listening when it is dropped.
    ours: Option<(OwnedFd, PipeWriter)>,
    child: Pid,
    /// How it ended. It is waited for elsewhere, so that waiting here can come to an end.
    end: Receiver<ExitStatus>,
    has_ended: bool,
    output: Receiver<Vec<u8>>,
    grid: Grid,
    /// Everything that was written, for what no screen shows.
    pub written: Vec<u8>,
}

impl Vt {
    /// As the leader of a session that has the terminal, as under `ssh -t`: no shell could continue it.
    pub fn start(command: &Command, size: (u16, u16)) -> Vt {
        Vt::in_session(command, size, &[])
    }

    /// As a job of a shell that has the terminal.
    pub fn start_in_shell(command: &Command, size: (u16, u16)) -> Vt {
        Vt::start_by(&[], command, size)
    }

    /// The same, started by these words, which are in the job as well.
    pub fn start_by(starter: &[&str], command: &Command, size: (u16, u16)) -> Vt {
        let shell = ["bash", "--norc", "-mc", SHELL, "bash"];
        Vt::in_session(command, size, &[&shell[..], starter].concat())
    }

    fn in_session(command: &Command, (width, height): (u16, u16), before: &[&str]) -> Vt {
        // Whoever else is started meanwhile must not hold an end of this terminal, or its end is never told.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        set_size(&ours, (width, height));
        let child = spawn(command, before, &ours);
        let pid = Pid::from_child(&child);
        let (hung_up, hangs_up) = pipe().unwrap();
        let output = listen(File::from(ours.try_clone().unwrap()), hung_up);
        Vt {
            ours: Some((ours, hangs_up)),
            child: pid,
            end: end_of(child),
            has_ended: false,
            output,
            grid: Grid::new(width.into(), height.into()),
            written: Vec::new(),
        }
    }

    fn ours(&self) -> &OwnedFd {
        &self.ours.as_ref().expect("it is not gone").0
    }

    pub fn type_keys(&mut self, keys: &str) {
        let mut ours = File::from(self.ours().try_clone().unwrap());
        ours.write_all(keys.as_bytes()).unwrap();
    }

    /// The kernel tells whoever has the terminal.
    pub fn resize(&mut self, (width, height): (u16, u16)) {
        set_size(self.ours(), (width, height));
        self.grid = Grid::new(width.into(), height.into());
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.child, signal).unwrap();
    }

    /// As when a window is closed, or a connection lost.
    pub fn hang_up(&mut self) {
        self.ours = None;
    }

    /// Waits until the screen is as it is to be, and gives it.
    pub fn wait_for(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let deadline = door::monotonic() + PATIENCE;
        loop {
            let screen = self.grid.text();
            if is_so(&screen) {
                return screen;
            }
            // A view of running runs writes every second, so no single wait tells that it is too late.
            let left = deadline.saturating_duration_since(door::monotonic());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("{what} never came:\n{screen}");
            };
            self.take(&bytes);
        }
    }

    pub fn wait_for_text(&mut self, text: &str) -> String {
        self.wait_for(text, |screen| screen.contains(text))
    }

    /// Waits for the end, and for all that was written until then: the exit code, or the signal below zero.
    pub fn wait_end(&mut self) -> i32 {
        let status = self.end.recv_timeout(PATIENCE);
        let status = status.unwrap_or_else(|_| panic!("it never ended:\n{}", self.grid.text()));
        self.has_ended = true;
        // Nobody holds the other end any more, so there is an end of what can be read.
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.take(&bytes);
        }
        let signal = || -status.signal().unwrap_or(0);
        status.code().unwrap_or_else(signal)
    }

    fn take(&mut self, bytes: &[u8]) {
        self.grid.take(bytes);
        self.written.extend(bytes);
    }

    /// Whether what is typed is shown and lines are edited: as a shell wants it.
    pub fn is_restored(&self) -> bool {
        // Both ends have the same modes.
        let modes = tcgetattr(self.ours()).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Whether the screen of before is shown, and its cursor.
    pub fn is_left(&self) -> bool {
        let is_last = |code: &str, other: &str| self.last(code) > self.last(other);
        is_last("\u{1b}[?1049l", "\u{1b}[?1049h") && is_last("\u{1b}[?25h", "\u{1b}[?25l")
    }

    /// How often a code was written.
    pub fn count(&self, code: &str) -> usize {
        self.places(code).count()
    }

    /// Where it was written last.
    pub fn last(&self, code: &str) -> Option<usize> {
        self.places(code).last()
    }

    fn places(&self, code: &str) -> impl Iterator<Item = usize> {
        let windows = self.written.windows(code.len()).enumerate();
        let found = windows.filter(move |(_, part)| *part == code.as_bytes());
        found.map(|(place, _)| place)
    }
}

impl Drop for Vt {
    fn drop(&mut self) {
        // A shell and its job end by the terminal going away; whoever has ended may have given its id to another.
        if !self.has_ended {
            kill_process(self.child, Signal::KILL).ok();
        }
    }
}

/// The command in a session of its own, with the terminal to itself: so the kernel tells it of sizes and hang-ups, and
/// no signal to its group reaches the tests.
fn spawn(command: &Command, before: &[&str], ours: &OwnedFd) -> Child {
    let name = ptsname(ours, Vec::new()).unwrap();
    let name = name.to_str().unwrap();
    let open = || OpenOptions::new().read(true).write(true).open(name);
    let stdio = || Stdio::from(open().unwrap());
    let before = before.iter().map(OsStr::new);
    let words = before.chain([command.get_program()]);
    let mut session = Command::new("setsid");
    session
        .env("TERM", "xterm-256color")
        .env("LANG", "C.UTF-8")
        .arg("--ctty")
        .args(words.chain(command.get_args()))
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(stdio())
        .stdout(stdio())
        .stderr(stdio());
    let removed = command.get_envs().filter(|(_, value)| value.is_none());
    for (name, _) in removed {
        session.env_remove(name);
    }
    if let Some(folder) = command.get_current_dir() {
        session.current_dir(folder);
    }
    // What it holds of the terminal is closed at the return.
    session.spawn().unwrap()
}

fn end_of(mut child: Child) -> Receiver<ExitStatus> {
    let (sender, end) = channel();
    std::thread::spawn(move || sender.send(child.wait().unwrap()));
    end
}

fn set_size(terminal: &OwnedFd, (width, height): (u16, u16)) {
    let size = Winsize {
        ws_row: height,
        ws_col: width,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).unwrap();
}

/// Until the program's end, or until nobody wants to know any more: then our end is not held here either.
fn listen(mut ours: File, hung_up: PipeReader) -> Receiver<Vec<u8>> {
    let (sender, output) = channel();
    std::thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while has_something(&ours, &hung_up) {
            // The end of a terminal is told as an error.
            let Ok(len @ 1..) = ours.read(&mut bytes) else {
                return;
            };
            if sender.send(bytes[..len].to_vec()).is_err() {
                return;
            }
        }
    });
    output
}

fn has_something(ours: &File, hung_up: &PipeReader) -> bool {
    let mut both = [
        PollFd::new(ours, PollFlags::IN),
        PollFd::new(hung_up, PollFlags::IN),
    ];
    poll(&mut both, None).unwrap();
    both[1].revents().is_empty()
}

/// What stands on the screen.
struct Grid {
    width: usize,
    rows: Vec<Vec<char>>,
    at: (usize, usize),
    /// The beginning of a letter or a code whose end has not come yet.
    rest: Vec<u8>,
}

impl Grid {
    fn new(width: usize, height: usize) -> Grid {
        Grid {
            width,
            rows: vec![vec![' '; width]; height],
            at: (0, 0),
            rest: Vec::new(),
        }
    }

    fn text(&self) -> String {
        let line = |row: &Vec<char>| row.iter().collect::<String>().trim_end().to_owned() + "\n";
        self.rows.iter().map(line).collect()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.rest.extend(bytes);
        let bytes = std::mem::take(&mut self.rest);
        let whole = match std::str::from_utf8(&bytes) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = String::from_utf8_lossy(&bytes[..whole]).into_owned();
        let mut left = text.as_str();
        while let Some(letter) = left.chars().next() {
            if letter == '\u{1b}' {
                let Some(len) = code_len(left) else { break };
                self.obey(&left[..len]);
                left = &left[len..];
            } else {
                self.put(letter);
                left = &left[letter.len_utf8()..];
            }
        }
        self.rest = [left.as_bytes(), &bytes[whole..]].concat();
    }

    fn put(&mut self, letter: char) {
        let (x, y) = self.at;
        match letter {
            '\r' => self.at.0 = 0,
            '\n' => self.at.1 = (y + 1).min(self.rows.len() - 1),
            _ => {
                if let Some(cell) = self.rows[y].get_mut(x) {
                    *cell = letter;
                }
                self.at.0 = (x + 1).min(self.width);
            }
        }
    }

    fn obey(&mut self, code: &str) {
        let Some(body) = code.strip_prefix("\u{1b}[") else {
            return;
        };
        let (numbers, name) = body.split_at(body.len() - 1);
        let mut parts = numbers
            .split(';')
            .map(|part| part.parse::<usize>().unwrap_or(1));
        match name {
            "H" => {
                let (y, x) = (parts.next().unwrap_or(1), parts.next().unwrap_or(1));
                self.at = (x.saturating_sub(1), (y.max(1) - 1).min(self.rows.len() - 1));
            }
            "J" => self.rows.iter_mut().for_each(|row| row.fill(' ')),
            _ => {}
        }
    }
}

/// How long the code is that the text begins with; `None` when its end has not come yet.
fn code_len(text: &str) -> Option<usize> {
    if text.len() < 2 {
        return None;
    }
    if !text.starts_with("\u{1b}[") {
        return Some(2);
    }
    let end = text[2..].find(|letter: char| ('@'..='~').contains(&letter))?;
    Some(2 + end + 1)
}
