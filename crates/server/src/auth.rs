//! Who a request comes from, by the token it carries.
//!
//! Invariants: a token is compared by its hash, so the time it takes tells nothing about it; keys that another process
//! made or revoked count within half a second; guessing costs the guesser, and nobody else.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mltrack::{Tracker, door};

use crate::access::Need;
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::keys::{self, Key};
use crate::refusal::Refusal;

/// How old what is known of the keys may be.
const AGE_MAX: Duration = Duration::from_millis(300);
/// Wrong tokens from one address in one period before it is told to wait.
const FAILURES_MAX: u32 = 10;
const PERIOD: Duration = Duration::from_mins(1);
/// Addresses that are remembered.
const ADDRESSES_MAX: usize = 4096;

/// The keys as they were a moment ago.
#[derive(Debug, Default)]
struct Known {
    by_hash: HashMap<[u8; 32], Arc<Key>>,
    read: Option<Instant>,
}

/// Tells callers by their tokens.
#[derive(Debug)]
pub struct Doorman {
    tracker: Tracker,
    known: RwLock<Arc<Known>>,
    /// Held by the one who reads the keys anew.
    reading: tokio::sync::Mutex<()>,
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

#[derive(Debug)]
struct Failures {
    count: u32,
    since: Instant,
}

impl Doorman {
    /// Knows the keys of this store.
    pub fn new(tracker: Tracker) -> Doorman {
        Doorman {
            tracker,
            known: RwLock::default(),
            reading: tokio::sync::Mutex::default(),
            failures: Mutex::default(),
        }
    }

    /// Who sends a request with these headers. A request that needs nothing is anybody's.
    pub async fn caller(
        &self,
        headers: &HeaderMap,
        need: Need,
        peer: IpAddr,
    ) -> Result<Caller, Refusal> {
        if need == Need::Nothing {
            return Ok(Caller::nobody());
        }
        let tokens = tokens(headers);
        if tokens.is_empty() {
            return Err(
                Refusal::new(StatusCode::UNAUTHORIZED, "this server asks for a token").hint(
                    "make one with `mltrack key new NAME`, and set MLFLOW_TRACKING_TOKEN to it",
                ),
            );
        }
        let mut key = self.known(AGE_MAX).await?.find(&tokens);
        if key.is_none() {
            self.check_patience(peer)?;
            // It may be newer than what is known.
            key = self.known(Duration::ZERO).await?.find(&tokens);
        }
        let Some(key) = key else {
            return Err(self.failed(peer, "this token is unknown"));
        };
        if !key.is_active(door::wall_time_ns()) {
            return Err(self.failed(peer, "this token has expired or was revoked"));
        }
        Ok(Caller::of(&key))
    }

    async fn known(&self, age_max: Duration) -> Result<Arc<Known>, Refusal> {
        let now = door::monotonic();
        let known = self.peek();
        if known.is_fresh(now, age_max) {
            return Ok(known);
        }
        // While one reads, the others go by what is known, if that is anything.
        let _reading = match self.reading.try_lock() {
            Ok(reading) => reading,
            Err(_) if known.read.is_some() && !age_max.is_zero() => return Ok(known),
            Err(_) => self.reading.lock().await,
        };
        let known = self.peek();
        if known.is_fresh(now, age_max) {
            return Ok(known);
        }
        let tracker = self.tracker.clone();
        let read = door::monotonic();
        let keys = blocking(move || keys::list(&tracker))
            .await
            .map_err(|error| {
                tracing::error!(%error, "the keys cannot be read");
                let what = "the keys of the store cannot be read";
                Refusal::new(StatusCode::SERVICE_UNAVAILABLE, what).retry_after(1)
            })?;
        let by_hash = keys
            .into_iter()
            .map(|key| (*key.hash.as_bytes(), Arc::new(key)));
        let known = Arc::new(Known {
            by_hash: by_hash.collect(),
            read: Some(read),
        });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&known);
        Ok(known)
    }

    fn peek(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Refuses an address that has been wrong too often.
    fn check_patience(&self, peer: IpAddr) -> Result<(), Refusal> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(failures) = failures.get(&network(peer)) else {
            return Ok(());
        };
        let age = door::monotonic().duration_since(failures.since);
        let Some(left) = PERIOD.checked_sub(age) else {
            return Ok(());
        };
        if failures.count < FAILURES_MAX {
            return Ok(());
        }
        let what = "too many wrong tokens came from this address";
        Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, what)
            .hint("wait, then use a token of `mltrack key new`")
            .retry_after(left.as_secs() as u32 + 1))
    }

    fn failed(&self, peer: IpAddr, what: &str) -> Refusal {
        let now = door::monotonic();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network(peer);
        if failures.len() >= ADDRESSES_MAX && !failures.contains_key(&network) {
            failures.retain(|_, failures| now.duration_since(failures.since) < PERIOD);
            if failures.len() >= ADDRESSES_MAX {
                // Too many to tell apart: all are begun anew, rather than any remembered for ever.
                failures.clear();
            }
        }
        let entry = failures.entry(network).or_insert(Failures {
            count: 0,
            since: now,
        });
        if now.duration_since(entry.since) >= PERIOD {
            *entry = Failures {
                count: 0,
                since: now,
            };
        }
        entry.count += 1;
        tracing::info!(%peer, count = entry.count, what, "refused");
        Refusal::new(StatusCode::UNAUTHORIZED, what)
            .hint("make a new one with `mltrack key new NAME`")
    }
}

impl Known {
    fn is_fresh(&self, now: Instant, age_max: Duration) -> bool {
        // What was read after the question is as new as can be.
        self.read
            .is_some_and(|read| now.saturating_duration_since(read) < age_max || read > now)
    }

    fn find(&self, tokens: &[String]) -> Option<Arc<Key>> {
        tokens.iter().find_map(|token| {
            let hash = blake3::hash(token.as_bytes());
            let key = self.by_hash.get(hash.as_bytes())?;
            // This comparison takes the same time whatever differs.
            (key.hash == hash).then(|| Arc::clone(key))
        })
    }
}

/// Who is taken for one: a whole network of IPv6 belongs to one customer.
fn network(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            Ipv6Addr::from(network).into()
        }
    }
}

/// What may be the token of a request: that of `Bearer`, or either half of `Basic`.
fn tokens(headers: &HeaderMap) -> Vec<String> {
    let value = headers.get(header::AUTHORIZATION);
    let Some((scheme, rest)) = value
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
    else {
        return Vec::new();
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return vec![rest.trim().to_owned()];
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Vec::new();
    }
    let pair = BASE64_STANDARD.decode(rest.trim()).ok();
    let Some(pair) = pair.and_then(|pair| String::from_utf8(pair).ok()) else {
        return Vec::new();
    };
    let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
    [password, user]
        .into_iter()
        .filter(|half| !half.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens_of(value: &str) -> Vec<String> {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        tokens(&headers)
    }

    #[test]
    fn a_token_is_found_in_every_form_that_clients_send_it() {
        assert_eq!(tokens_of("Bearer mlt_a"), ["mlt_a"]);
        assert_eq!(tokens_of("bearer mlt_a"), ["mlt_a"]);
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        assert_eq!(tokens_of(&basic("anna:mlt_a")), ["mlt_a", "anna"]);
        assert_eq!(tokens_of(&basic("mlt_a:")), ["mlt_a"]);
        assert_eq!(tokens_of(&basic("mlt_a")), ["mlt_a"]);
        for text in ["", "mlt_a", "Basic ???", "Digest mlt_a"] {
            assert!(tokens_of(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_network_of_the_newer_protocol_is_one_guesser() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
