//! A stream of lines with an `Idempotency-Key`: sent again after a break, it goes on where it stopped.
//!
//! Invariants: what is sent again must begin with the very bytes that were dealt with; no line is written twice. Lines that
//! were being written when the server ended are told as refused: whether they are in the log nobody knows.

use axum::body::BodyDataStream;
use axum::http::HeaderMap;
use futures_util::StreamExt as _;
use mltrack::Code;
use serde::{Deserialize, Serialize};

use super::error::{Answer, Fault};
use super::idempotency::{key_of, reused, unkept};
use super::ingest::{Acknowledgement, refused};
use super::remembered::{Claim, Turn};
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::shared::Shared;

/// What a key of a stream stands for.
const REQUEST: &str = "ingest";

/// How far a stream has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Place {
    /// How many bytes of it were dealt with.
    bytes: u64,
    /// Their hash.
    hash: String,
    line: u64,
    lsn: Option<u64>,
    accepted: u64,
    refused: u64,
    done: bool,
}

/// What is remembered of a stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    dealt: Place,
    /// Where it is when the batch is written that is being written.
    begun: Option<Place>,
}

/// The progress of a stream with a key.
pub struct Progress {
    turn: Turn,
    hasher: blake3::Hasher,
    kept: Kept,
}

impl Progress {
    /// That of the request's key, when it has one. What of the stream was dealt with is read and left out; the rest of
    /// what was read beyond comes back, and what is to be told of the part that was left out.
    pub async fn begin(
        shared: &Shared,
        (caller, headers): (&Caller, &HeaderMap),
        body: &mut BodyDataStream,
    ) -> Answer<Option<(Progress, Vec<u8>, Option<Acknowledgement>)>> {
        let Some(key) = key_of(headers)? else {
            return Ok(None);
        };
        let caller = caller.name.as_deref().unwrap_or_default();
        let turn = shared.remembered().turn(caller, &key).await;
        let (turn, claim) = blocking(move || {
            let claim = turn.claim::<Kept>(REQUEST);
            (turn, claim)
        })
        .await;
        let known = match claim.map_err(|error| unkept(&error))? {
            Claim::Mine => None,
            Claim::Taken(Some(known)) if known.request == REQUEST => known.outcome,
            Claim::Taken(_) => return Err(reused()),
        };
        let mut progress = Progress {
            turn,
            hasher: blake3::Hasher::new(),
            kept: Kept::default(),
        };
        let Some(known) = known else {
            return Ok(Some((progress, Vec::new(), None)));
        };
        let told = told_of(&known);
        let mut place = known.begun.unwrap_or(known.dealt);
        place.refused = told.refused;
        let rest = progress.skip(&place, body).await?;
        progress.kept.dealt = place;
        Ok(Some((progress, rest, Some(told))))
    }

    /// The line that was dealt with last.
    pub fn line(&self) -> u64 {
        self.kept.dealt.line
    }

    /// Reads what was dealt with.
    async fn skip(&mut self, place: &Place, body: &mut BodyDataStream) -> Answer<Vec<u8>> {
        let (mut left, mut rest) = (place.bytes, Vec::new());
        while left > 0 || place.done {
            let Some(bytes) = body.next().await else {
                break;
            };
            let bytes =
                bytes.map_err(|error| Fault::invalid(format!("the stream broke off: {error}")))?;
            let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.hasher.update(&bytes[..taken]);
            left -= taken as u64;
            rest.extend_from_slice(&bytes[taken..]);
            if place.done && !rest.is_empty() {
                return Err(reused());
            }
        }
        if left > 0 || (place.bytes > 0 && self.hash() != place.hash) {
            return Err(reused());
        }
        Ok(rest)
    }

    fn hash(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }

    /// Notes that a batch is about to be written: these bytes, up to this line.
    pub fn begin_batch(&mut self, bytes: &[u8], line: u64) -> Answer<()> {
        self.hasher.update(bytes);
        let dealt = &self.kept.dealt;
        self.kept.begun = Some(Place {
            bytes: dealt.bytes + bytes.len() as u64,
            hash: self.hash(),
            line,
            ..dealt.clone()
        });
        let kept = self.turn.keep(REQUEST, &self.kept);
        kept.map_err(|error| unkept(&error))
    }

    /// Notes what became of it.
    pub fn end_batch(&mut self, told: &Acknowledgement, is_done: bool) {
        let mut place = self.kept.begun.take().unwrap_or_default();
        place.lsn = told.lsn.or(place.lsn);
        place.accepted += told.accepted;
        place.refused += told.refused;
        place.done = is_done;
        self.kept.dealt = place;
        if let Err(error) = self.turn.keep(REQUEST, &self.kept) {
            // What was noted before the batch still keeps its lines from being written twice.
            tracing::error!(%error, "how far a stream with a key has come cannot be kept");
        }
    }
}

/// What is told of lines that are left out.
fn told_of(known: &Kept) -> Acknowledgement {
    let dealt = &known.dealt;
    let mut told = Acknowledgement {
        line: dealt.line,
        lsn: dealt.lsn,
        accepted: dealt.accepted,
        refused: dealt.refused,
        earlier: true,
        ..Acknowledgement::default()
    };
    if let Some(begun) = &known.begun {
        told.line = begun.line;
        told.refused += begun.line - dealt.line;
        let what = format!(
            "whether the lines {} to {} are in the log is not known: the server ended while it wrote them",
            dealt.line + 1,
            begun.line
        );
        let fault = Fault::new(Code::Partial, what);
        told.errors.push(refused(dealt.line + 1, fault));
    }
    told
}
