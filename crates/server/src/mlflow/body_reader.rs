//! The body of a request for code that reads and waits, such as the storing of an upload.
//!
//! Invariants: a body that ends early is an error of the reader and never the end of the content; at most a few frames
//! wait, so a slow disk holds the client back.

use std::io::{self, Read};

use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Frames that wait at most; one has up to half a megabyte.
const WAITING_MAX: usize = 16;

/// One frame, the end of the body, or why there is none.
type Frame = io::Result<Option<Bytes>>;

/// Reads a body. Only for threads that may wait.
pub struct BodyReader {
    frames: Receiver<Frame>,
    rest: Bytes,
    is_at_end: bool,
}

/// Moves the frames of a body to a reader until one of both has enough.
pub struct Pump {
    body: Body,
    frames: Sender<Frame>,
}

/// The two ends of a body.
pub fn reader_of(body: Body) -> (Pump, BodyReader) {
    let (sender, frames) = channel(WAITING_MAX);
    let reader = BodyReader {
        frames,
        rest: Bytes::new(),
        is_at_end: false,
    };
    (
        Pump {
            body,
            frames: sender,
        },
        reader,
    )
}

impl Pump {
    /// Runs until the body has ended or nobody reads any more. Dropping it before that fails the reader.
    pub async fn run(self) {
        let mut stream = self.body.into_data_stream();
        loop {
            let frame = match stream.next().await {
                Some(Ok(bytes)) => Ok(Some(bytes)),
                Some(Err(error)) => Err(io::Error::other(error)),
                None => Ok(None),
            };
            let is_last = !matches!(frame, Ok(Some(_)));
            if self.frames.send(frame).await.is_err() || is_last {
                return;
            }
        }
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.is_at_end && !buffer.is_empty() {
            match self.frames.blocking_recv() {
                Some(Ok(Some(bytes))) => self.rest = bytes,
                Some(Ok(None)) => self.is_at_end = true,
                Some(Err(error)) => return Err(error),
                None => {
                    let what = "the client went away before the end of what it sent";
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
                }
            }
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_nobody_moves_any_more_is_an_error_and_not_an_end() {
        let (pump, mut reader) = reader_of(Body::from("abc"));
        drop(pump);
        let error = reader.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_body_comes_whole_and_then_ends() {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let (pump, mut reader) = reader_of(Body::from("abc"));
        runtime.spawn(pump.run());
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
    }
}
