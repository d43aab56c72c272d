//! A terminal for tests: a pty, and what a program has drawn on it.
//!
//! Invariant: nothing waits longer than [`PATIENCE`], and nothing sleeps: every wait is for something that comes.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// As long as a busy machine may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program on a terminal.
pub struct Vt {
    ours: OwnedFd,
    theirs: File,
    child: Child,
    output: Receiver<Vec<u8>>,
    grid: Grid,
    /// Everything that was written, for what no screen shows.
    pub written: Vec<u8>,
}

impl Vt {
    pub fn start(mut command: Command, (width, height): (u16, u16)) -> Vt {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let name = name.to_str().unwrap();
        let open = || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .open(name)
                .unwrap()
        };
        set_size(&ours, (width, height));
        let stdio = || Stdio::from(open());
        command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        let theirs = open();
        let child = command.spawn().unwrap();
        // The command holds ends of the terminal, too.
        drop(command);
        let output = listen(File::from(ours.try_clone().unwrap()));
        Vt {
            ours,
            theirs,
            child,
            output,
            grid: Grid::new(width.into(), height.into()),
            written: Vec::new(),
        }
    }

    pub fn type_keys(&mut self, keys: &str) {
        let mut ours = File::from(self.ours.try_clone().unwrap());
        ours.write_all(keys.as_bytes()).unwrap();
    }

    pub fn resize(&mut self, (width, height): (u16, u16)) {
        set_size(&self.ours, (width, height));
        self.grid = Grid::new(width.into(), height.into());
        // The kernel tells only who has the terminal for his own.
        self.signal(Signal::WINCH);
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits until the screen is as it is to be, and gives it.
    pub fn wait_for(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        loop {
            let screen = self.grid.text();
            if is_so(&screen) {
                return screen;
            }
            let Ok(bytes) = self.output.recv_timeout(PATIENCE) else {
                panic!("{what} never came:\n{screen}");
            };
            self.grid.take(&bytes);
            self.written.extend(bytes);
        }
    }

    pub fn wait_for_text(&mut self, text: &str) -> String {
        self.wait_for(text, |screen| screen.contains(text))
    }

    /// Waits until the program has stopped itself.
    pub fn wait_stopped(&mut self) {
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED)
            .unwrap()
            .unwrap();
        assert!(status.stopped(), "{status:?}");
    }

    /// Waits for the end: the exit code, or the signal below zero.
    pub fn wait_end(&mut self) -> i32 {
        let status = self.child.wait().unwrap();
        while let Ok(bytes) = self.output.try_recv() {
            self.grid.take(&bytes);
            self.written.extend(bytes);
        }
        status
            .code()
            .unwrap_or_else(|| -status.signal().unwrap_or(0))
    }

    /// Whether what is typed is shown and lines are edited: as a shell wants it.
    pub fn is_restored(&self) -> bool {
        let modes = tcgetattr(&self.theirs).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    pub fn has_written(&self, code: &str) -> bool {
        let code = code.as_bytes();
        self.written.windows(code.len()).any(|part| part == code)
    }
}

impl Drop for Vt {
    fn drop(&mut self) {
        // It has ended already unless a test failed.
        self.child.kill().ok();
        self.child.wait().ok();
    }
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

fn listen(mut ours: File) -> Receiver<Vec<u8>> {
    let (sender, output) = channel();
    std::thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        // The end of a terminal is told as an error.
        while let Ok(len @ 1..) = ours.read(&mut bytes) {
            if sender.send(bytes[..len].to_vec()).is_err() {
                return;
            }
        }
    });
    output
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
