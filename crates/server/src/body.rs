//! Bodies on their way in and out.
//!
//! Invariants: nobody is handed more of a body than the limit, whether its length was announced, hidden or came
//! compressed; a client that stops sending is not waited for longer than the request's time; a request is under way
//! until the last byte of its answer is.

use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};
use mltrack::door;
use tokio::time::Sleep;

use crate::blocking::blocking;
use crate::link::UnderWay;
use crate::refusal::Refusal;

/// The longest body that is taken in although it is refused.
const REFUSED_LEN_MAX: u64 = 128 << 20;

/// What went wrong with a body while it was read.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    #[error("the body stopped on its way for {} s", .0.as_secs())]
    Stopped(Duration),
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

/// Whether the body of a request turned out longer than allowed.
#[derive(Clone, Debug, Default)]
pub struct TooLong(Arc<AtomicBool>);

impl TooLong {
    /// Whether it did.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a body is measured by.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most bytes; none for what is stored piece by piece.
    pub len_max: Option<usize>,
    /// The longest pause.
    pub pause_max: Duration,
}

/// The body that a handler gets, and whether it was found too long later.
pub async fn admit(
    headers: &mut HeaderMap,
    body: Incoming,
    bounds: Bounds,
) -> Result<(Body, Option<TooLong>), Refusal> {
    let announced = body.size_hint();
    if announced.upper() == Some(0) {
        return Ok((Body::empty(), None));
    }
    if let Some(len_max) = bounds.len_max
        && announced.lower() > len_max as u64
    {
        // Time is left to answer in.
        let_pass(body, announced.lower(), bounds.pause_max / 2).await;
        return Err(too_large(len_max));
    }
    if let Some(coding) = headers.get(header::CONTENT_ENCODING) {
        let Some(len_max) = bounds.len_max else {
            let what = "an artifact cannot be sent with a Content-Encoding";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, what)
                .hint("send its bytes as they are"));
        };
        let coding = Coding::of(coding.as_bytes())?;
        let plain = unpack(coding, body, len_max).await?;
        headers.remove(header::CONTENT_ENCODING);
        headers.insert(header::CONTENT_LENGTH, plain.len().into());
        return Ok((Body::from(plain), None));
    }
    if announced.exact().is_some() && bounds.len_max.is_some() {
        // Its length is kept by the protocol, and its time by the request's.
        return Ok((Body::new(body), None));
    }
    let too_long = TooLong::default();
    let bounded = Bounded {
        inner: body,
        left: bounds.len_max.map(|len_max| (len_max, len_max)),
        pause_max: bounds.pause_max,
        pause: None,
        too_long: too_long.clone(),
    };
    Ok((Body::new(bounded), Some(too_long)))
}

/// Takes in a body that is refused, unless it is huge or slow: a client that is cut off while it sends never reads why.
async fn let_pass(mut body: Incoming, len: u64, time_max: Duration) {
    if len > REFUSED_LEN_MAX {
        return;
    }
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    // The refusal goes out whether the rest came or not.
    drop(tokio::time::timeout(time_max, all).await);
}

/// The refusal of a body that is too long.
pub fn too_large(len_max: usize) -> Refusal {
    let what = format!("the body of the request is longer than {len_max} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, what)
        .hint("send less at once, or start the server with a larger --body-max")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Zstd,
    Deflate,
}

impl Coding {
    fn of(name: &[u8]) -> Result<Coding, Refusal> {
        match name.to_ascii_lowercase().as_slice() {
            b"identity" | b"" => Ok(Coding::Identity),
            b"gzip" | b"x-gzip" => Ok(Coding::Gzip),
            b"zstd" => Ok(Coding::Zstd),
            b"deflate" => Ok(Coding::Deflate),
            _ => Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "this Content-Encoding is not known here",
            )
            .hint("use gzip, zstd or deflate")),
        }
    }
}

/// The whole body, unpacked up to the limit: what is longer is refused when the limit is reached, not when it is
/// unpacked.
async fn unpack(coding: Coding, body: Incoming, len_max: usize) -> Result<Bytes, Refusal> {
    let limited = axum::body::to_bytes(Body::new(body), len_max).await;
    let packed = limited.map_err(|_| too_large(len_max))?;
    if coding == Coding::Identity {
        return Ok(packed);
    }
    let plain = blocking(move || {
        let mut plain = Vec::new();
        let reader: Box<dyn Read> = match coding {
            Coding::Zstd => Box::new(zstd::Decoder::with_buffer(&packed[..])?),
            Coding::Deflate => Box::new(flate2::read::ZlibDecoder::new(&packed[..])),
            _ => Box::new(flate2::read::MultiGzDecoder::new(&packed[..])),
        };
        reader.take(len_max as u64 + 1).read_to_end(&mut plain)?;
        std::io::Result::Ok(plain)
    });
    match plain.await {
        Ok(plain) if plain.len() > len_max => Err(too_large(len_max)),
        Ok(plain) => Ok(plain.into()),
        Err(error) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("the body is not what its Content-Encoding says: {error}"),
        )),
    }
}

/// A body that is measured while it is read.
struct Bounded {
    inner: Incoming,
    /// What may still come, and what could at first.
    left: Option<(usize, usize)>,
    pause_max: Duration,
    pause: Option<Pin<Box<Sleep>>>,
    too_long: TooLong,
}

impl Bounded {
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let pause = self.pause.get_or_insert_with(|| {
            let deadline = door::monotonic() + self.pause_max;
            Box::pin(tokio::time::sleep_until(deadline.into()))
        });
        match pause.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(BodyError::Stopped(self.pause_max)))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn measure(&mut self, frame: &Frame<Bytes>) -> Result<(), BodyError> {
        let (Some((left, whole)), Some(bytes)) = (&mut self.left, frame.data_ref()) else {
            return Ok(());
        };
        let Some(rest) = left.checked_sub(bytes.len()) else {
            self.too_long.0.store(true, Ordering::Relaxed);
            return Err(BodyError::TooLong(*whole));
        };
        *left = rest;
        Ok(())
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Pending => self.wait(context),
            Poll::Ready(Some(Ok(frame))) => {
                self.pause = None;
                Poll::Ready(Some(self.measure(&frame).map(|()| frame)))
            }
            Poll::Ready(other) => Poll::Ready(other.map(|frame| frame.map_err(BodyError::from))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of an answer: while it lives its request is under way.
pub struct Answered {
    inner: Body,
    _under_way: UnderWay,
}

impl Answered {
    /// The body of the answer to a request.
    pub fn new(inner: Body, under_way: UnderWay) -> Answered {
        Answered {
            inner,
            _under_way: under_way,
        }
    }
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
