//! `/api/v1/command`: a command of the command line that looks, run on the store of the server.
//!
//! Invariants: nothing is started that who started the server does not let run; a command whose client is gone is gone,
//! too, and there are never more at once than the host allows.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use mltrack::Code;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Body;
use super::command_child::Child;
use super::error::{Answer, Fault, Faults};
use crate::blocking::blocking;
use crate::command::{
    CommandAsk, CommandHost, CommandPlan, CommandRefusal, Cut, FRAMES_TYPE, Frame,
};
use crate::shared::Shared;

/// How long nothing is said before the client is told that the server is still there.
const BEAT: Duration = Duration::from_secs(15);
/// The table of commands is deep, and a thread that waits has a small stack.
const CHECK_STACK_LEN: usize = 8 << 20;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(command))
}

/// Run a command that looks
///
/// What `mltrack -C http://..` sends. The answer is a row of frames: a byte (0 nothing new, 1 stdout, 2 stderr, 3 the
/// exit code, 4 cut off by the server, as JSON, 5 where to go on), four bytes of length, little-endian, and so many bytes.
#[utoipa::path(post, path = "/command", tag = "store", request_body = CommandAsk,
    responses((status = 200, description = "what it prints, and its exit code",
        content((Vec<u8> = "application/vnd.mltrack.command"))), Faults))]
async fn command(State(shared): State<Shared>, Body(ask): Body<CommandAsk>) -> Answer<Response> {
    let Some(host) = shared.options().commands.clone() else {
        let what = "this server runs no commands: it is a part of another program";
        return Err(Fault::new(Code::Unsupported, what)
            .status(StatusCode::FORBIDDEN)
            .hint("ask its interface instead: GET /api/v1/openapi.json"));
    };
    let (check, asked) = (host.check, ask.clone());
    let plan = blocking(move || checked(check, asked)).await?;
    let turn = turn(shared.commands())?;
    let child = Child::start(&host, &ask)
        .await
        .map_err(|error| cannot_start(&host, &error))?;
    Ok(answer(Running {
        child,
        is_over: false,
        plan,
        deadline: tokio::time::Instant::from(mltrack::door::monotonic() + host.time_max),
        host,
        shared,
        _turn: turn,
    }))
}

fn checked(
    check: fn(&CommandAsk) -> Result<CommandPlan, CommandRefusal>,
    ask: CommandAsk,
) -> Answer<CommandPlan> {
    let thread = std::thread::Builder::new()
        .name("command-check".into())
        .stack_size(CHECK_STACK_LEN)
        .spawn(move || check(&ask));
    let outcome = thread.map(std::thread::JoinHandle::join);
    let Ok(Ok(outcome)) = outcome else {
        return Err(Fault::new(
            Code::InternalError,
            "the command cannot be checked",
        ));
    };
    outcome.map_err(|refusal| Fault {
        hint: refusal.hint,
        ..Fault::invalid(refusal.what)
    })
}

fn turn(places: &Arc<Semaphore>) -> Answer<OwnedSemaphorePermit> {
    Arc::clone(places).try_acquire_owned().map_err(|_| {
        Fault::new(Code::Busy, "the server runs as many commands as it may")
            .hint("try again, or start it with a larger --commands-max")
    })
}

fn cannot_start(host: &CommandHost, error: &std::io::Error) -> Fault {
    tracing::error!(program = %host.program.display(), %error, "a command cannot be started");
    Fault::new(
        Code::Busy,
        format!("the command cannot be started: {error}"),
    )
    .hint("try again; the server's log says more")
}

/// A command under way.
struct Running {
    child: Child,
    is_over: bool,
    plan: CommandPlan,
    deadline: tokio::time::Instant,
    host: CommandHost,
    shared: Shared,
    _turn: OwnedSemaphorePermit,
}

impl Running {
    async fn next(&mut self) -> Option<Frame> {
        if self.is_over {
            return None;
        }
        let follows = self.plan.follows;
        let frame = tokio::select! {
            frame = self.child.next() => frame,
            () = tokio::time::sleep_until(self.deadline), if !follows => self.too_long(),
            () = self.shared.stopping().cancelled(), if follows => stopping(),
            () = tokio::time::sleep(BEAT) => Frame::Beat,
        };
        self.is_over = matches!(frame, Frame::Exit(_) | Frame::Cut(_));
        Some(frame)
    }

    fn too_long(&self) -> Frame {
        let limit_s = self.host.time_max.as_secs();
        Frame::Cut(Cut::new(
            Code::Busy,
            format!("the command was not done after {limit_s} s"),
            "ask for less at once, or start the server with a longer --command-timeout",
        ))
    }
}

fn stopping() -> Frame {
    let hint = "ask again when it is back";
    Frame::Cut(Cut::new(Code::Network, "the server ends", hint))
}

fn answer(running: Running) -> Response {
    let frames = stream::unfold(running, |mut running| async {
        let frame = running.next().await?;
        Some((
            Ok::<Bytes, std::convert::Infallible>(frame.encoded().into()),
            running,
        ))
    });
    let mut response = HttpBody::from_stream(frames).into_response();
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, FRAMES_TYPE);
    set(header::CACHE_CONTROL, "no-store, no-transform");
    // A proxy that collects answers would hold back what a command says meanwhile.
    set(header::HeaderName::from_static("x-accel-buffering"), "no");
    response
}
