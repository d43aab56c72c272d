//! `mltrack serve`: the store over HTTP, for `MLflow`'s clients and for whoever looks.
//!
//! Invariants: what is printed is true when it is printed, for clients may connect by then; a first signal finishes
//! what is under way, a second one ends at once; the store is whole either way.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use mltrack::{Code, Lsn, Tracker};
use mltrack_server::{Host, Options, ServeError};
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::interrupt::tell_of_interrupt;
use crate::output::quantity::{counted, grouped};
use crate::store;

/// Serve the store over HTTP, to clients of `MLflow` and others
#[derive(Debug, clap::Args)]
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
    host: Option<std::net::IpAddr>,
    /// The port to listen on, with the address of --host
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Where clients keep artifacts themselves, such as `s3://bucket/runs`; without, they send them here
    #[arg(long, value_name = "URI")]
    artifact_root: Option<String>,
    /// Refuse every call that would change the store
    #[arg(long)]
    read_only: bool,
    /// Say where it listens as one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let options = options(arguments);
    let tracker = open(arguments, context)?;
    let next = tracker.next_lsn()?;
    let shown = tracker.path().unwrap_or(Path::new("")).to_owned();
    let host = Host::open(tracker.clone(), options).map_err(|error| failure(&error))?;
    let stopper = host.stopper();
    tell_of_interrupt(move || stopper.stop())?;
    announce(arguments, &shown, host.address(), next)?;
    host.run().map_err(|error| failure(&error))?;
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
    Options {
        bind,
        is_read_only: arguments.read_only,
        artifact_root: arguments.artifact_root.clone(),
        ..Options::default()
    }
}

/// A store that is only read must be there; otherwise it is made when none is found.
fn open(arguments: &Arguments, context: &Context) -> Outcome<Tracker> {
    if arguments.read_only {
        return store::open_to_look(context);
    }
    store::open_to_begin(context)
}

/// The lines a person needs. They go out at once, so that what started this can wait for them.
fn announce(
    arguments: &Arguments,
    store: &Path,
    address: SocketAddr,
    next: Option<Lsn>,
) -> Outcome<()> {
    let url = format!("http://{}", reachable(address));
    let events = next.map_or(0, |next| next.get() - 1);
    let mut stdout = io::stdout().lock();
    if arguments.json {
        let object = json!({"schema": 1, "store": store, "events": events, "url": url});
        writeln!(stdout, "{object}")?;
    } else {
        let events = match events {
            1 => counted(1, "event"),
            events => format!("{} events", grouped(events)),
        };
        writeln!(stdout, "store   {} ({events})", store.display())?;
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

fn failure(error: &ServeError) -> Failure {
    match error {
        ServeError::Bind { address, source } if source.kind() == io::ErrorKind::AddrInUse => {
            Failure::new(Code::PortBusy, format!("{address} is taken"))
                .hint("choose another: mltrack serve --bind 127.0.0.1:0")
        }
        ServeError::Bind { address, source } => {
            Failure::new(Code::IoError, format!("{address} cannot be listened on"))
                .cause(source)
                .hint("choose another: mltrack serve --bind 127.0.0.1:0")
        }
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
