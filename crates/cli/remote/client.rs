//! What asks a server to run a command, and takes in what it says.
//!
//! Invariants: the token goes to the address that was named and nowhere else, for no redirect is followed; an answer
//! without an exit code is a failure, however much of it came.

use std::error::Error as _;
use std::io::Write;
use std::time::Duration;

use mltrack::Code;
use mltrack_server::command::{CommandAsk, Cut, FRAMES_TYPE, Frame, Frames};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::address::Address;
use super::following::Following;
use super::target::Target;
use crate::context::Context;
use crate::failure::{Failure, Outcome};

/// How often a follower looks whether it was interrupted.
const PATIENCE: Duration = Duration::from_millis(250);
/// The variable with the token.
const KEY: &str = "MLTRACK_KEY";

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    address: Address,
    http: reqwest::Client,
    runtime: Runtime,
}

/// An answer that comes.
struct Coming {
    response: Response,
    frames: Frames,
}

impl Client {
    pub fn new(address: &Address) -> Outcome<Client> {
        // Somebody may have chosen one already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
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
            address: address.clone(),
            http,
            runtime,
        })
    }

    /// Runs a command there, and answers its exit code. What it prints goes to `target` and to stderr.
    pub fn run(&self, ask: &CommandAsk, target: &mut Target<'_>) -> Outcome<u8> {
        self.runtime.block_on(async {
            let mut answer = self.answer(ask).await?;
            loop {
                if let Some(code) = take(self.next(&mut answer).await?, target)? {
                    return Ok(code);
                }
            }
        })
    }

    /// The same with a command that goes on until it is interrupted.
    pub fn follow(
        &self,
        ask: &CommandAsk,
        (target, following): (&mut Target<'_>, &mut Following),
        context: &Context,
    ) -> Outcome<u8> {
        self.runtime.block_on(async {
            let mut answer = self.answer(ask).await?;
            loop {
                if let Some(stop) = following.end(context) {
                    return Err(stop);
                }
                let frame = tokio::select! {
                    frame = self.next(&mut answer) => frame?,
                    () = tokio::time::sleep(PATIENCE) => continue,
                };
                match frame {
                    Frame::Position(text) => following.at(&text, target)?,
                    frame => {
                        if let Some(code) = take(frame, target)? {
                            return Ok(code);
                        }
                    }
                }
            }
        })
    }

    async fn answer(&self, ask: &CommandAsk) -> Outcome<Coming> {
        Ok(Coming {
            response: self.send(ask).await?,
            frames: Frames::default(),
        })
    }

    /// The next frame. Cancelling this loses nothing.
    async fn next(&self, coming: &mut Coming) -> Outcome<Frame> {
        loop {
            let frame = coming.frames.next_frame();
            if let Some(frame) = frame.map_err(|error| self.broken(&error))? {
                return Ok(frame);
            }
            let piece = coming.response.chunk().await;
            match piece.map_err(|error| self.broken(&causes(&error)))? {
                Some(piece) => coming.frames.push(&piece),
                None => return Err(self.broken(&"it ended before the command did").into()),
            }
        }
    }

    /// What a path of the interface answers.
    pub fn json(&self, parts: &[&str], query: &[(&str, &str)]) -> Outcome<Value> {
        self.runtime.block_on(async {
            let response = self.get(parts, query).await?;
            let body = response.bytes().await;
            let body = body.map_err(|error| self.broken(&causes(&error)))?;
            Ok(serde_json::from_slice(&body).map_err(|error| self.broken(&error))?)
        })
    }

    /// The same of one that answers with bytes, which go to a writer as they come.
    pub fn download(
        &self,
        parts: &[&str],
        query: &[(&str, &str)],
        to: &mut dyn Write,
    ) -> Outcome<()> {
        self.runtime.block_on(async {
            let mut response = self.get(parts, query).await?;
            loop {
                let piece = response.chunk().await;
                match piece.map_err(|error| self.broken(&causes(&error)))? {
                    Some(piece) => to.write_all(&piece)?,
                    None => return Ok(()),
                }
            }
        })
    }

    async fn get(&self, parts: &[&str], query: &[(&str, &str)]) -> Outcome<Response> {
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("{} is no address: {error}", self.address))
        };
        let mut url: Url = self
            .address
            .url("/api/v1")
            .parse()
            .map_err(|error| wrong(&error))?;
        url.path_segments_mut()
            .map_err(|()| wrong(&"it has no path"))?
            .extend(parts);
        url.query_pairs_mut().extend_pairs(query);
        let (request, has_key) = with_key(self.http.get(url));
        let response = request
            .send()
            .await
            .map_err(|error| self.unreached(&error))?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        Err(self.refused(response, has_key, false).await.into())
    }

    async fn send(&self, ask: &CommandAsk) -> Outcome<Response> {
        let body = serde_json::to_vec(ask).map_err(|error| {
            Failure::new(Code::SerializationError, "the command cannot be sent").cause(error)
        })?;
        let request = self
            .http
            .post(self.address.url("/api/v1/command"))
            .header("content-type", "application/json")
            .header("accept", FRAMES_TYPE)
            .body(body);
        let (request, has_key) = with_key(request);
        let response = request
            .send()
            .await
            .map_err(|error| self.unreached(&error))?;
        let kind = response.headers().get("content-type");
        if response.status() == StatusCode::OK && kind.is_some_and(|kind| kind == FRAMES_TYPE) {
            return Ok(response);
        }
        Err(self.refused(response, has_key, true).await.into())
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
    async fn refused(&self, response: Response, has_key: bool, is_command: bool) -> Failure {
        let status = response.status();
        let location = response.headers().get("location").cloned();
        let body: Value = match response.bytes().await {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            Err(_) => Value::Null,
        };
        let said = body["error"].as_str();
        let address = &self.address;
        let is_unknown = is_command || said.is_none();
        match status {
            StatusCode::UNAUTHORIZED => unauthorized(address, said, has_key),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::OK
                if is_unknown =>
            {
                Failure::new(
                    Code::Unsupported,
                    format!("the server at {address} does not know what mltrack asks it"),
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

/// With the token that the environment has; and whether it has one.
fn with_key(request: RequestBuilder) -> (RequestBuilder, bool) {
    let key = std::env::var(KEY).ok();
    match key.as_deref().map(str::trim).filter(|key| !key.is_empty()) {
        Some(key) => (request.bearer_auth(key), true),
        None => (request, false),
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
fn take(frame: Frame, target: &mut Target<'_>) -> Outcome<Option<u8>> {
    match frame {
        Frame::Beat | Frame::Position(_) => {}
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
