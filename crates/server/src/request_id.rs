//! The name of a request, by which its answer, its error and its lines in the log are found together.
//!
//! Invariants: two requests of one server never get the same name from it; a name that a client gives is kept when it
//! can be written anywhere without being quoted.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use mltrack::door;

/// The header in which it travels both ways.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const LEN_MAX: usize = 64;

/// The name of a request; handlers may take it as an argument.
#[derive(Clone, Debug)]
pub struct RequestId(pub HeaderValue);

impl RequestId {
    /// As text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<RequestId, Infallible> {
        let known = parts.extensions.get::<RequestId>().cloned();
        Ok(known.unwrap_or(RequestId(HeaderValue::from_static(""))))
    }
}

/// Gives names to requests.
#[derive(Debug)]
pub struct RequestIds {
    start: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// Names that no other server gives.
    pub fn new() -> RequestIds {
        RequestIds {
            start: u64::from_le_bytes(door::random_bytes()),
            next: AtomicU64::new(0),
        }
    }

    /// The name of a request with these headers.
    pub fn of(&self, headers: &HeaderMap) -> RequestId {
        match headers.get(HEADER) {
            Some(given) if is_sane(given.as_bytes()) => RequestId(given.clone()),
            _ => self.make(),
        }
    }

    fn make(&self) -> RequestId {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        // An odd factor maps no two counts to one number, and neighbours far apart.
        let number = self.start ^ count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut digits = [0; 16];
        for (place, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize];
        }
        RequestId(HeaderValue::from_bytes(&digits).expect("hexadecimal digits may be in a header"))
    }
}

fn is_sane(bytes: &[u8]) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    !bytes.is_empty() && bytes.len() <= LEN_MAX && bytes.iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn given(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HEADER, HeaderValue::from_static(text))])
    }

    #[test]
    fn a_sane_name_is_kept_and_any_other_replaced() {
        let ids = RequestIds::new();
        assert_eq!(ids.of(&given("trial-7.b_2")).as_str(), "trial-7.b_2");
        for text in ["", "two words", "a,b", "<script>"] {
            let made = ids.of(&given(text));
            assert_eq!(made.as_str().len(), 16, "{text:?}");
        }
        let long = HeaderMap::from_iter([(HEADER, "x".repeat(65).parse().unwrap())]);
        assert_eq!(ids.of(&long).as_str().len(), 16);
    }

    #[test]
    fn names_do_not_repeat() {
        let ids = RequestIds::new();
        let made: HashSet<String> = (0..10_000)
            .map(|_| ids.of(&HeaderMap::new()).as_str().to_owned())
            .collect();
        assert_eq!(made.len(), 10_000);
    }
}
