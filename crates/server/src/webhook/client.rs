//! One delivery over the network: signed, sent once, never followed elsewhere.
//!
//! Invariants: the connection goes to an address that the gate admitted, with no proxy between; a redirect is an answer
//! like any other; no more of an answer is read than can be shown.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mltrack::door;
use sha2::Sha256;

use super::address::{Gate, Refused};

/// How long a receiver may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How long a connection may take, the look-up of the name included.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How much of an answer is read, in bytes.
const BODY_LEN_MAX: usize = 64 << 10;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Which delivery it is: the same for every attempt.
    pub delivery_id: String,
    /// The body.
    pub body: String,
    /// The secret it is signed with.
    pub secret: Option<String>,
}

/// What became of an attempt.
#[derive(Clone, Debug)]
pub enum Attempt {
    /// The receiver answered.
    Answered {
        /// The status.
        status: u16,
        /// The beginning of the body.
        body: String,
        /// How long it asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// It may not be sent there.
    Refused(Refused),
    /// Nobody answered.
    Failed(String),
}

/// Sends deliveries.
#[derive(Clone, Debug)]
pub struct Sender {
    gate: Gate,
    http: reqwest::Client,
}

impl Sender {
    /// One that sends where the gate lets it.
    pub fn new(gate: Gate) -> Result<Sender, reqwest::Error> {
        // Somebody may have chosen one already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .dns_resolver(gate)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_MAX)
            .timeout(ANSWER_MAX)
            .user_agent(concat!("mltrack/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Sender { gate, http })
    }

    /// Sends once.
    pub async fn send(&self, url: &str, signed: &Signed) -> Attempt {
        let url = match self.gate.check(url) {
            Ok(url) => url,
            Err(refused) => return Attempt::Refused(refused),
        };
        let time = (door::wall_time_ns() / 1_000_000_000).to_string();
        let mut request = self
            .http
            .post(url)
            .header("Content-Type", "application/json")
            .header("X-MLflow-Delivery-Id", &signed.delivery_id)
            .header("X-MLflow-Timestamp", &time);
        if let Some(secret) = &signed.secret {
            let signature = signature(secret, &signed.delivery_id, &time, &signed.body);
            request = request.header("X-MLflow-Signature", signature);
        }
        match request.body(signed.body.clone()).send().await {
            Ok(response) => answered(response).await,
            Err(error) => failed(&error),
        }
    }
}

async fn answered(mut response: reqwest::Response) -> Attempt {
    let status = response.status().as_u16();
    let after = response.headers().get("Retry-After");
    let after = after.and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= BODY_LEN_MAX {
            body.truncate(BODY_LEN_MAX);
            break;
        }
    }
    Attempt::Answered {
        status,
        body: String::from_utf8_lossy(&body).into_owned(),
        retry_after: after.map(Duration::from_secs),
    }
}

/// What failed, down to its first cause; a refusal of the gate is told as one.
fn failed(error: &reqwest::Error) -> Attempt {
    let mut what = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return Attempt::Refused(refused.clone());
        }
        let inner = cause.downcast_ref::<std::io::Error>();
        let refused = inner.and_then(|inner| inner.get_ref()?.downcast_ref::<Refused>());
        if let Some(refused) = refused {
            return Attempt::Refused(refused.clone());
        }
        what = format!("{what}: {cause}");
        source = cause.source();
    }
    Attempt::Failed(what)
}

/// `v1,` and the HMAC-SHA256 of `<delivery id>.<time>.<body>` in base64.
pub fn signature(secret: &str, delivery_id: &str, time: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.expect("a key of any length will do");
    for part in [delivery_id, ".", time, ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_receivers_compute() {
        // printf 'id.1.{}' | openssl dgst -sha256 -hmac key -binary | base64
        assert_eq!(signature("key", "id", "1", "{}"), EXPECTED);
    }

    const EXPECTED: &str = "v1,5PVmP2AfJGwnp9flV+flrzfukNWA9zyUdqvI+IQalVs=";
}
