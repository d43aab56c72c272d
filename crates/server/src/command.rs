//! Commands of the command line that a client asks a server to run: what is asked, and how the answer travels.
//!
//! The answer is a row of frames: a byte that says what it is, four bytes of length, little-endian, and so many bytes.
//!
//! Invariants: the server knows no command itself: whether one may run is asked of who started the server, before
//! anything is started; a frame is never longer than [`FRAME_LEN_MAX`].

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use mltrack::Code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The type of a body that is a row of frames.
pub const FRAMES_TYPE: &str = "application/vnd.mltrack.command";
/// The most bytes of one frame, without its head.
pub const FRAME_LEN_MAX: usize = 1 << 20;
/// The bytes before those of a frame.
const HEAD_LEN: usize = 5;

/// A command that a server is asked to run on its store.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandAsk {
    /// Its words, without the program and the store: `["runs", "resnet", "--json"]`.
    pub arguments: Vec<String>,
    /// What its answer is shown on.
    #[serde(default)]
    pub screen: Screen,
    /// Whether it says between its bytes where to go on; only `tail` does.
    #[serde(default)]
    pub positions: bool,
}

/// What the answer to a command is shown on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about two streams"
)]
pub struct Screen {
    /// Whether a person watches the answer.
    pub is_watched: bool,
    /// Whether a person watches what is said beside it.
    pub is_told: bool,
    /// Columns.
    pub width: u16,
    /// Lines.
    pub height: u16,
    /// Whether the answer has colours.
    pub colour: bool,
    /// Whether what is said beside it has.
    pub told_colour: bool,
    /// Whether it shows more than ASCII.
    pub is_unicode: bool,
}

impl Default for Screen {
    fn default() -> Screen {
        Screen {
            is_watched: false,
            is_told: false,
            width: 80,
            height: 24,
            colour: false,
            told_colour: false,
            is_unicode: false,
        }
    }
}

/// How a server runs commands.
#[derive(Clone, Debug)]
pub struct CommandHost {
    /// The program. It reads a [`CommandAsk`] as one line of JSON and answers on its stdout and stderr; it ends when
    /// its stdin does. Asked for positions, it writes its stdout as frames.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Whether a command may run, and for how long.
    pub check: fn(&CommandAsk) -> Result<CommandPlan, CommandRefusal>,
    /// The most commands at once.
    pub count_max: usize,
    /// How long a command may take that has an end.
    pub time_max: Duration,
}

/// What a command is like that may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandPlan {
    /// Whether it goes on until nobody listens any more.
    pub follows: bool,
}

/// Why a command may not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct CommandRefusal {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A part of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Nothing new: the server is still there.
    Beat,
    /// Bytes of the answer itself.
    Stdout(Vec<u8>),
    /// Bytes said beside it.
    Stderr(Vec<u8>),
    /// The command has ended, with this exit code. Nothing follows.
    Exit(u8),
    /// The server has ended it. Nothing follows.
    Cut(Cut),
    /// Where to go on when what came before was read: the text of a [`mltrack::Position`].
    Position(String),
}

/// Why a server ended a command.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Cut {
    /// In words.
    pub error: String,
    /// The name of its code.
    pub code: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Cut {
    /// With a code of the library.
    pub fn new(code: Code, error: impl Into<String>, hint: impl Into<String>) -> Cut {
        Cut {
            error: error.into(),
            code: code.name().to_owned(),
            hint: Some(hint.into()),
        }
    }
}

/// Bytes that are no row of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is no row of frames, from byte {offset} of it on")]
pub struct FrameError {
    /// Where they stop making sense.
    pub offset: u64,
}

impl Frame {
    /// Its bytes.
    #[must_use]
    pub fn encoded(&self) -> Vec<u8> {
        let (kind, bytes) = match self {
            Frame::Beat => (0, Vec::new()),
            Frame::Stdout(bytes) => (1, bytes.clone()),
            Frame::Stderr(bytes) => (2, bytes.clone()),
            Frame::Exit(code) => (3, vec![*code]),
            Frame::Cut(cut) => (4, serde_json::to_vec(cut).unwrap_or_default()),
            Frame::Position(text) => (5, text.clone().into_bytes()),
        };
        assert!(bytes.len() <= FRAME_LEN_MAX, "a frame is never longer");
        let mut frame = Vec::with_capacity(HEAD_LEN + bytes.len());
        frame.push(kind);
        frame.extend((bytes.len() as u32).to_le_bytes());
        frame.extend(bytes);
        frame
    }

    fn decoded(kind: u8, bytes: &[u8]) -> Option<Frame> {
        match (kind, bytes) {
            (0, _) => Some(Frame::Beat),
            (1, _) => Some(Frame::Stdout(bytes.to_vec())),
            (2, _) => Some(Frame::Stderr(bytes.to_vec())),
            (3, [code]) => Some(Frame::Exit(*code)),
            (4, _) => serde_json::from_slice(bytes).ok().map(Frame::Cut),
            (5, _) => String::from_utf8(bytes.to_vec()).ok().map(Frame::Position),
            _ => None,
        }
    }
}

/// Takes frames out of bytes that come in pieces.
///
/// ```
/// use mltrack_server::command::{Frame, Frames};
///
/// let bytes = [Frame::Stdout(b"a".to_vec()).encoded(), Frame::Exit(0).encoded()].concat();
/// let mut frames = Frames::default();
/// frames.push(&bytes[..7]);
/// assert_eq!(frames.next_frame()?, Some(Frame::Stdout(b"a".to_vec())));
/// assert_eq!(frames.next_frame()?, None);
/// frames.push(&bytes[7..]);
/// assert_eq!(frames.next_frame()?, Some(Frame::Exit(0)));
/// # Ok::<(), mltrack_server::command::FrameError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    offset: u64,
}

impl Frames {
    /// The next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next frame; none until more has come.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let offset = self.offset;
        let Some((head, rest)) = self.bytes.split_first_chunk::<HEAD_LEN>() else {
            return Ok(None);
        };
        let [kind, len @ ..] = *head;
        let len = u32::from_le_bytes(len) as usize;
        if len > FRAME_LEN_MAX {
            return Err(FrameError { offset });
        }
        let Some(bytes) = rest.get(..len) else {
            return Ok(None);
        };
        let frame = Frame::decoded(kind, bytes).ok_or(FrameError { offset })?;
        self.bytes.drain(..HEAD_LEN + len);
        self.offset += (HEAD_LEN + len) as u64;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_comes_back_however_the_bytes_are_cut() {
        let cut = Cut::new(Code::Busy, "too long", "ask for less");
        let frames = [
            Frame::Stdout(vec![1, 2, 3]),
            Frame::Beat,
            Frame::Stderr(b"note".to_vec()),
            Frame::Cut(cut),
            Frame::Position("0a:7".to_owned()),
            Frame::Stdout(Vec::new()),
            Frame::Exit(130),
        ];
        let bytes: Vec<u8> = frames.iter().flat_map(Frame::encoded).collect();
        for step in 1..bytes.len() {
            let (mut taken, mut seen) = (Frames::default(), Vec::new());
            for piece in bytes.chunks(step) {
                taken.push(piece);
                while let Some(frame) = taken.next_frame().unwrap() {
                    seen.push(frame);
                }
            }
            assert_eq!(seen, frames, "in pieces of {step}");
        }
    }

    #[test]
    fn what_is_no_frame_is_named_by_its_place() {
        let mut frames = Frames::default();
        frames.push(&Frame::Exit(0).encoded());
        frames.push(b"<html>");
        assert_eq!(frames.next_frame(), Ok(Some(Frame::Exit(0))));
        assert_eq!(frames.next_frame(), Err(FrameError { offset: 6 }));
        let mut frames = Frames::default();
        frames.push(&[9, 0, 0, 0, 0]);
        assert_eq!(frames.next_frame(), Err(FrameError { offset: 0 }));
    }
}
