//! The process that runs a command for a client.
//!
//! Invariants: it is told what to do on its stdin and nowhere else; it gets nothing of the client's but that; it is
//! killed when this is dropped, and ends by itself when the server is killed, for its stdin ends then.

use std::io;
use std::process::{ExitStatus, Stdio};

use mltrack::Code;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::command::{CommandAsk, CommandHost, Cut, Frame, Frames};

/// What is read of its output at once.
const PIECE_LEN: usize = 32 << 10;
/// How many pieces wait for the client before the process waits.
const PIECES_MAX: usize = 8;
/// What the surroundings of the server say about its own terminal and store, and not about the client's.
const NOT_PASSED: &[&str] = &[
    "MLTRACK_STORE",
    "MLTRACK_KEY",
    "PAGER",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "TERM",
    "COLUMNS",
    "LINES",
    "LC_ALL",
    "LC_CTYPE",
    "LANG",
];

/// A process that runs a command.
pub struct Child {
    process: tokio::process::Child,
    pieces: Receiver<Frame>,
    /// Open as long as somebody waits for the answer.
    _stdin: ChildStdin,
}

impl Child {
    /// Starts it.
    pub async fn start(host: &CommandHost, ask: &CommandAsk) -> io::Result<Child> {
        let mut command = Command::new(&host.program);
        command
            .args(&host.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for name in NOT_PASSED {
            command.env_remove(name);
        }
        let locale = if ask.screen.is_unicode {
            "C.UTF-8"
        } else {
            "C"
        };
        command.env("LC_ALL", locale);
        let mut process = command.spawn()?;
        let gone = || io::Error::other("it has no pipes");
        let mut stdin = process.stdin.take().ok_or_else(gone)?;
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        let (teller, pieces) = channel(PIECES_MAX);
        let stdout = stdout.ok_or_else(gone)?;
        if ask.positions {
            tokio::spawn(pass_on_frames(stdout, teller.clone()));
        } else {
            tokio::spawn(pass_on(stdout, Frame::Stdout, teller.clone()));
        }
        tokio::spawn(pass_on(stderr.ok_or_else(gone)?, Frame::Stderr, teller));
        let mut line = serde_json::to_vec(ask)?;
        line.push(b'\n');
        // One that ends before it has read it says why itself.
        drop(stdin.write_all(&line).await);
        Ok(Child {
            process,
            pieces,
            _stdin: stdin,
        })
    }

    /// What it says next, or how it ended. Cancelling this loses nothing.
    pub async fn next(&mut self) -> Frame {
        if let Some(piece) = self.pieces.recv().await {
            return piece;
        }
        match self.process.wait().await {
            Ok(status) => ended(status),
            Err(error) => Frame::Cut(Cut::new(
                Code::InternalError,
                format!("nobody knows how the command ended: {error}"),
                "try again",
            )),
        }
    }
}

fn ended(status: ExitStatus) -> Frame {
    match status.code() {
        Some(code) => Frame::Exit(u8::try_from(code).unwrap_or(u8::MAX)),
        None => Frame::Cut(Cut::new(
            Code::Busy,
            format!("the command was ended on the server: {status}"),
            "try again; ask for less at once if it was for memory",
        )),
    }
}

/// Of a process that writes frames: those with bytes and with positions, which keep their order.
async fn pass_on_frames(mut output: impl AsyncRead + Unpin, teller: Sender<Frame>) {
    let (mut piece, mut frames) = (vec![0; PIECE_LEN], Frames::default());
    while let Ok(count @ 1..) = output.read(&mut piece).await {
        frames.push(&piece[..count]);
        loop {
            let frame = match frames.next_frame() {
                Ok(None) => break,
                Ok(Some(frame @ (Frame::Stdout(_) | Frame::Position(_)))) => frame,
                Ok(Some(_)) | Err(_) => Frame::Cut(Cut::new(
                    Code::InternalError,
                    "the command does not say what it was asked for",
                    "ask for it without positions",
                )),
            };
            let is_over = matches!(frame, Frame::Cut(_));
            if teller.send(frame).await.is_err() || is_over {
                return;
            }
        }
    }
}

async fn pass_on(
    mut output: impl AsyncRead + Unpin,
    frame: fn(Vec<u8>) -> Frame,
    teller: Sender<Frame>,
) {
    let mut piece = vec![0; PIECE_LEN];
    while let Ok(count @ 1..) = output.read(&mut piece).await {
        if teller.send(frame(piece[..count].to_vec())).await.is_err() {
            return;
        }
    }
}
