//! What asks a server to run a command, and takes in what it says.
//!
//! Invariants: the token goes to the address that was named and nowhere else, for no redirect is followed; an answer
//! without an exit code is a failure, however much of it came.

use std::error::Error as _;

use mltrack::Code;
use mltrack_server::command::{CommandAsk, Cut, FRAMES_TYPE, Frame, Frames};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::address::Address;
use super::target::Target;
use crate::failure::{Failure, Outcome};

/// The variable with the token.
const KEY: &str = "MLTRACK_KEY";

/// A client of one server.
pub struct Client<'a> {
    address: &'a Address,
    http: reqwest::Client,
    runtime: Runtime,
}

impl Client<'_> {
    pub fn new(address: &Address) -> Outcome<Client<'_>> {
        // Somebody may have chosen one already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(std::time::Duration::from_secs(10))
            .user_agent(concat!("mltrack/", env!("CARGO_PKG_VERSION")));
        if address.is_here() {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| {
            Failure::new(Code::Network, "the client cannot be made").cause(causes(&error))
        })?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            Failure::new(Code::IoError, "the client cannot be started").cause(error)
        })?;
        Ok(Client {
            address,
            http,
            runtime,
        })
    }

    /// Runs a command there, and answers its exit code. What it prints goes to `target` and to stderr.
    pub fn run(&self, ask: &CommandAsk, target: &mut Target) -> Outcome<u8> {
        self.runtime.block_on(async {
            let mut response = self.send(ask).await?;
            let mut frames = Frames::default();
            loop {
                let piece = response.chunk().await;
                let piece = piece.map_err(|error| self.broken(&causes(&error)))?;
                let Some(piece) = piece else {
                    return Err(self.broken(&"it ended before the command did").into());
                };
                frames.push(&piece);
                while let Some(frame) = frames.next_frame().map_err(|error| self.broken(&error))? {
                    if let Some(code) = take(frame, target)? {
                        return Ok(code);
                    }
                }
            }
        })
    }

    async fn send(&self, ask: &CommandAsk) -> Outcome<Response> {
        let body = serde_json::to_vec(ask).map_err(|error| {
            Failure::new(Code::SerializationError, "the command cannot be sent").cause(error)
        })?;
        let mut request = self
            .http
            .post(self.address.url("/api/v1/command"))
            .header("content-type", "application/json")
            .header("accept", FRAMES_TYPE)
            .body(body);
        let key = std::env::var(KEY).ok();
        let key = key.as_deref().map(str::trim).filter(|key| !key.is_empty());
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let response = request
            .send()
            .await
            .map_err(|error| self.unreached(&error))?;
        let kind = response.headers().get("content-type");
        if response.status() == StatusCode::OK && kind.is_some_and(|kind| kind == FRAMES_TYPE) {
            return Ok(response);
        }
        Err(self.refused(response, key.is_some()).await.into())
    }

    fn unreached(&self, error: &reqwest::Error) -> Failure {
        let what = format!("the server at {} cannot be reached", self.address);
        let cause = causes(error);
        let hint = if cause.contains("certificate") {
            "SSL_CERT_FILE=ca.pem mltrack ...  when the server's certificate is from an authority of your own"
        } else {
            "mltrack serve  on the machine that has the store, or check the address and the port"
        };
        Failure {
            is_retryable: true,
            ..Failure::new(Code::Network, what).cause(cause).hint(hint)
        }
    }

    fn broken(&self, why: &dyn std::fmt::Display) -> Failure {
        let what = format!("the answer of {} broke off", self.address);
        Failure {
            is_retryable: true,
            ..Failure::new(Code::Network, what)
                .cause(why.to_string())
                .hint("try again")
        }
    }

    /// What a refusal means, in the words of the server where it has some.
    async fn refused(&self, response: Response, has_key: bool) -> Failure {
        let status = response.status();
        let location = response.headers().get("location").cloned();
        let body: Value = match response.bytes().await {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            Err(_) => Value::Null,
        };
        let said = body["error"].as_str();
        let address = self.address;
        match status {
            StatusCode::UNAUTHORIZED => unauthorized(address, said, has_key),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::OK => {
                Failure::new(
                    Code::Unsupported,
                    format!("the server at {address} runs no commands"),
                )
                .cause("it is older than this mltrack, or it is another server")
                .hint("update mltrack there, or give the command on that machine: -C PATH")
            }
            _ if status.is_redirection() => {
                let to = location.and_then(|to| to.to_str().ok().map(str::to_owned));
                Failure::new(Code::Network, format!("{address} sends clients elsewhere"))
                    .hint(format!("mltrack -C {} ...", to.unwrap_or_default()))
            }
            _ => match said {
                Some(said) => told(said, body["code"].as_str(), body["hint"].as_str()),
                None => Failure::new(Code::Network, format!("{address} answers with {status}"))
                    .hint("check the address; the log of the server or of its proxy says more"),
            },
        }
    }
}

fn unauthorized(address: &Address, said: Option<&str>, has_key: bool) -> Failure {
    let what = said.unwrap_or("the server asks for a token");
    let failure = Failure::new(Code::Unauthorized, format!("{address}: {what}"));
    if has_key {
        failure
            .cause("MLTRACK_KEY holds a token that it does not take")
            .hint("mltrack key new NAME --role viewer  on the machine that has the store makes another")
    } else {
        failure.hint(
            "MLTRACK_KEY=mlt_.. mltrack ...; `mltrack key new NAME --role viewer` there makes one",
        )
    }
}

/// What the server says, with its code and its hint.
fn told(what: &str, code: Option<&str>, hint: Option<&str>) -> Failure {
    let code = Code::ALL.iter().find(|known| Some(known.name()) == code);
    let code = code.copied().unwrap_or(Code::Network);
    Failure {
        hint: hint.map(str::to_owned),
        is_retryable: code.is_retryable(),
        ..Failure::new(code, what)
    }
}

/// Its exit code when it was the last frame.
fn take(frame: Frame, target: &mut Target) -> Outcome<Option<u8>> {
    match frame {
        Frame::Beat => {}
        Frame::Stdout(bytes) => target.write(&bytes)?,
        Frame::Stderr(bytes) => target.tell(&bytes),
        Frame::Exit(code) => return Ok(Some(code)),
        Frame::Cut(Cut { error, code, hint }) => {
            return Err(told(&error, Some(&code), hint.as_deref()).into());
        }
    }
    Ok(None)
}

fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}
