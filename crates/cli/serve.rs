//! `mltrack serve`: the store over HTTP, for `MLflow`'s clients and for whoever looks.
//!
//! Invariants: what is printed is true when it is printed, for clients may connect by then; a first signal finishes
//! what is under way, a second one ends at once; the store is whole either way; who can be reached from other machines
//! without asking for a token was told so.

mod holder;
mod journal;
mod size;

use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use mltrack::{Code, Lsn, Tracker};
use mltrack_server::command::CommandHost;
use mltrack_server::{Compression, Host, Options, ServeError, TlsFiles, keys};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::interrupt::{tell_of_end, tell_of_hangup, tell_of_interrupt};
use crate::moment::Length;
use crate::output::quantity::grouped;
use crate::program::Program;
use crate::remote::rows;
use crate::store;
use size::Size;

/// Serve the store over HTTP, to clients of `MLflow` and others
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack serve
  mltrack serve --bind 0.0.0.0:5000 --auth token --allow-host tracker.example
  mltrack serve --read-only --bind 127.0.0.1:0")]
pub struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:5000",
        conflicts_with_all = ["host", "port"]
    )]
    bind: SocketAddr,
    /// The address to listen on, with the port of --port
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// The port to listen on, with the address of --host
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Where clients keep artifacts themselves, such as `s3://bucket/runs`; without, they send them here
    #[arg(long, value_name = "URI")]
    artifact_root: Option<String>,
    /// Refuse every call that would change the store
    #[arg(long)]
    read_only: bool,
    /// Let webhooks be sent to private addresses and without TLS, too
    #[arg(long)]
    webhook_allow_private: bool,
    /// Say where it listens as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    doors: Doors,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    journal: Journal,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who may ask")]
struct Doors {
    /// Whether callers must show the token of a key: `mltrack key new`
    #[arg(long, value_name = "HOW", default_value = "none")]
    auth: Auth,
    /// A name by which the server is reached, besides localhost and addresses in digits; `*` is every name
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// A site whose pages may use the server, such as `https://notebooks.example`
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// The certificate to encrypt with, in PEM, with those that vouch for it; SIGHUP reads it again
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Let everybody who reaches a public address do everything
    #[arg(long)]
    allow_public_without_auth: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// The most bytes of a body that is no artifact
    #[arg(long, value_name = "SIZE", default_value = "32MiB")]
    body_max: Size,
    /// How long an answer may take to begin
    #[arg(long, value_name = "LENGTH", default_value = "60s")]
    request_timeout: Length,
    /// The most requests that are worked on at once
    #[arg(long, value_name = "N", default_value_t = 1024,
          value_parser = clap::value_parser!(u32).range(1..))]
    requests_max: u32,
    /// The most connections at once
    #[arg(long, value_name = "N", default_value_t = 4096,
          value_parser = clap::value_parser!(u32).range(1..))]
    connections_max: u32,
    /// The most commands at once that clients run with `mltrack -C http://..`
    #[arg(long, value_name = "N", default_value_t = 16,
          value_parser = clap::value_parser!(u16).range(1..))]
    commands_max: u16,
    /// How long such a command may take, unless it goes on by itself
    #[arg(long, value_name = "LENGTH", default_value = "10m")]
    command_timeout: Length,
    /// Which answers are compressed for clients that accept it
    #[arg(long, value_name = "WHICH", default_value = "remote")]
    compress: Compress,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Log")]
struct Journal {
    /// The form of what is told on stderr
    #[arg(long, value_name = "FORM", default_value = "text")]
    log_format: journal::Format,
    /// How much is told on stderr
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: journal::Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Auth {
    /// Everybody may do everything
    None,
    /// Callers show the token of a key, and may do what its role allows
    Token,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Compress {
    /// Those for other machines
    Remote,
    /// All
    Always,
    /// None
    Never,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let options = options(arguments);
    check_public(arguments, options.bind)?;
    journal::begin(arguments.journal.log_format, arguments.journal.log_level);
    allow_files(options.connections_max);
    let tracker = store::open_to_serve(context, arguments.read_only)?;
    let next = tracker.next_lsn()?;
    let path = tracker.path().unwrap_or(Path::new("")).to_owned();
    let options = Options {
        commands: Some(commands(&arguments.limits, &path, &context.program)),
        ..options
    };
    let is_encrypted = options.tls.is_some();
    let host = Host::open(tracker.clone(), options).map_err(|error| failure(&error, &path))?;
    let stopper = host.stopper();
    match host.reloader() {
        None => tell_of_interrupt(move || stopper.stop())?,
        Some(reloader) => {
            tell_of_end(move || stopper.stop())?;
            tell_of_hangup(move || match reloader.reload() {
                Ok(()) => tracing::info!("the certificate was read again"),
                Err(error) => tracing::error!(%error, "the certificate stays as it was"),
            })?;
        }
    }
    advise(arguments, &tracker, host.address(), context)?;
    announce(arguments.json, &path, host.address(), next, is_encrypted)?;
    host.run().map_err(|error| failure(&error, &path))?;
    tracker.close()?;
    Ok(Exit::Done)
}

fn options(arguments: &Arguments) -> Options {
    let mut bind = arguments.bind;
    if let Some(host) = arguments.host {
        bind.set_ip(host);
    }
    if let Some(port) = arguments.port {
        bind.set_port(port);
    }
    let (doors, limits) = (&arguments.doors, &arguments.limits);
    let certificate = doors.tls_cert.clone().zip(doors.tls_key.clone());
    Options {
        bind,
        is_read_only: arguments.read_only,
        artifact_root: arguments.artifact_root.clone(),
        is_token_needed: doors.auth == Auth::Token,
        hosts_allowed: doors.allow_host.clone(),
        origins_allowed: doors.cors_origin.clone(),
        tls: certificate.map(|(certificates, key)| TlsFiles { certificates, key }),
        body_len_max: limits.body_max.0,
        request_timeout: limits.request_timeout.0,
        requests_max: limits.requests_max as usize,
        connections_max: limits.connections_max as usize,
        compression: match limits.compress {
            Compress::Remote => Compression::Remote,
            Compress::Always => Compression::Always,
            Compress::Never => Compression::Never,
        },
        webhook_allow_private: arguments.webhook_allow_private,
        ..Options::default()
    }
}

/// This program runs them, on the same store.
fn commands(limits: &Limits, store: &Path, program: &Program) -> CommandHost {
    let (program, mut arguments) = program.lasting();
    arguments.extend(["-C".into(), store.into(), "answer".into()]);
    CommandHost {
        program,
        arguments,
        check: rows::check,
        count_max: limits.commands_max.into(),
        time_max: limits.command_timeout.0,
    }
}

/// An address that others reach needs tokens, or somebody who wants it without.
fn check_public(arguments: &Arguments, bind: SocketAddr) -> Outcome<()> {
    let doors = &arguments.doors;
    if bind.ip().is_loopback() || doors.auth == Auth::Token || doors.allow_public_without_auth {
        return Ok(());
    }
    Err(Failure::usage(format!("other machines can reach {bind}, and nobody is asked for a token"))
        .cause("whoever reaches it could read, change and delete everything in the store")
        .hint(format!(
            "mltrack key new NAME; mltrack serve --bind {bind} --auth token   (or --allow-public-without-auth)"
        ))
        .into())
}

/// A connection is a file to the system, and many systems allow a thousand unless asked for more.
fn allow_files(connections_max: usize) {
    const BESIDE: u64 = 512;
    let mut limit = getrlimit(Resource::Nofile);
    let needed = connections_max as u64 + BESIDE;
    if limit.current.is_some_and(|current| current < needed) {
        limit.current = Some(limit.maximum.map_or(needed, |maximum| maximum.min(needed)));
        // Refused, the server takes as many connections as there is room for, and says so when one more comes.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// What is legal, and probably not meant.
fn advise(
    arguments: &Arguments,
    tracker: &Tracker,
    address: SocketAddr,
    context: &Context,
) -> Outcome<()> {
    let doors = &arguments.doors;
    if doors.auth != Auth::Token {
        return Ok(());
    }
    if keys::list(tracker)?.is_empty() {
        let place = tracker.path().map(|path| path.display().to_string());
        context.note(&format!(
            "nobody has a key yet: mltrack -C {} key new NAME --role admin",
            place.unwrap_or_default()
        ));
    }
    if !address.ip().is_loopback() && doors.tls_cert.is_none() {
        context.note(
            "tokens travel unencrypted: give --tls-cert and --tls-key, or let a proxy encrypt",
        );
    }
    Ok(())
}

/// The lines a person needs. They go out at once, so that what started this can wait for them.
fn announce(
    as_json: bool,
    store: &Path,
    address: SocketAddr,
    next: Option<Lsn>,
    is_encrypted: bool,
) -> Outcome<()> {
    let scheme = if is_encrypted { "https" } else { "http" };
    let url = format!("{scheme}://{}", reachable(address));
    let events = next.map_or(0, |next| next.get() - 1);
    let mut stdout = io::stdout().lock();
    if as_json {
        let object = json!({"schema": 1, "store": store, "events": events, "url": url});
        writeln!(stdout, "{object}")?;
    } else {
        let noun = if events == 1 { "event" } else { "events" };
        let events = grouped(events);
        writeln!(stdout, "store   {} ({events} {noun})", store.display())?;
        writeln!(stdout, "ui      {url}")?;
        writeln!(stdout, "mlflow  MLFLOW_TRACKING_URI={url}")?;
    }
    Ok(stdout.flush()?)
}

/// An address that a client on this machine can connect to: one that means every address is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn failure(error: &ServeError, store: &Path) -> Failure {
    const ANOTHER: &str = "choose another: mltrack serve --bind 127.0.0.1:0";
    match error {
        ServeError::Bind { address, source } if source.kind() == io::ErrorKind::AddrInUse => {
            let holder = holder::find(*address, store);
            let who = holder
                .as_ref()
                .map(|holder| format!(" by {}", holder.text()));
            let what = format!("{address} is taken{}", who.unwrap_or_default());
            let hint = match holder {
                Some(holder) if holder.has_store => {
                    format!("use it: MLFLOW_TRACKING_URI=http://{address}, or {ANOTHER}")
                }
                _ => ANOTHER.to_owned(),
            };
            Failure {
                is_retryable: true,
                ..Failure::new(Code::PortBusy, what).hint(hint)
            }
        }
        ServeError::Bind { address, source } => {
            Failure::new(Code::IoError, format!("{address} cannot be listened on"))
                .cause(source)
                .hint(ANOTHER)
        }
        ServeError::Tls(error) => Failure::usage(error.to_string())
            .hint("give both files in PEM: mltrack serve --tls-cert chain.pem --tls-key key.pem"),
        ServeError::Store(error) => Failure::from(error),
        _ => Failure::new(Code::IoError, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_means_all_is_shown_as_one_that_can_be_reached() {
        let shown = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(shown("0.0.0.0:5000"), "127.0.0.1:5000");
        assert_eq!(shown("[::]:5000"), "[::1]:5000");
        assert_eq!(shown("192.0.2.7:80"), "192.0.2.7:80");
    }
}
