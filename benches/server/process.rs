//! The servers that are measured: ours and, when the environment names one, stock. Each is a process of its own.
//!
//! Invariant: a server that is dropped is killed with everything it started, and waited for.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use mltrack_log::door;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::http::{Connection, post, request, text_of};

const START_MAX: Duration = Duration::from_mins(3);
const RETRY_AFTER: Duration = Duration::from_micros(500);

/// Which server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ours,
    Stock,
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    process: Child,
    /// From just before the program was started to its first healthy answer.
    pub started_ns: f64,
}

impl Kind {
    /// Ours, and stock when the environment names it.
    pub fn all() -> Vec<Kind> {
        let stock = stock_python().map(|_| Kind::Stock);
        std::iter::once(Kind::Ours).chain(stock).collect()
    }

    /// How a figure is called: that of stock is a baseline.
    pub fn label(self, what: &str) -> String {
        match self {
            Kind::Ours => what.to_owned(),
            Kind::Stock => format!("  stock: {what}"),
        }
    }

    /// Stock is measured with less, so that a run ends the same day.
    pub fn share(self, count: u64) -> u64 {
        match self {
            Kind::Ours => count,
            Kind::Stock => (count / 200).max(100),
        }
    }
}

pub fn stock_python() -> Option<PathBuf> {
    std::env::var_os("MLTRACK_STOCK_PYTHON").map(PathBuf::from)
}

impl Server {
    /// Starts a server over a folder: a store of ours, or a folder for stock's database.
    pub fn start(kind: Kind, folder: &Path) -> Result<Server> {
        let address = free_address()?;
        let port = address.port().to_string();
        let mut command = match kind {
            Kind::Ours => ours(folder, &port),
            Kind::Stock => stock(folder, &port)?,
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let start = door::monotonic();
        let process = command.spawn().context("start the server")?;
        let mut server = Server {
            address,
            process,
            started_ns: 0.0,
        };
        let health = request("GET", "/health", b"");
        loop {
            if let Ok(mut connection) = Connection::open(address)
                && connection.ask(&health).is_ok()
            {
                server.started_ns = (door::monotonic() - start).as_nanos() as f64;
                return Ok(server);
            }
            if let Some(status) = server.process.try_wait()? {
                bail!("the server ended while it started: {status}");
            }
            ensure!(
                door::monotonic() - start < START_MAX,
                "the server does not become healthy"
            );
            std::thread::sleep(RETRY_AFTER);
        }
    }

    /// An experiment to work in; its id.
    pub fn experiment(&self, name: &str) -> Result<String> {
        let body = format!(r#"{{"name":"{name}"}}"#);
        let reply = Connection::open(self.address)?.ask(&post("experiments/create", &body))?;
        text_of(&reply, "/experiment_id")
    }

    /// A run to work in; its id.
    pub fn run(&self, experiment: &str) -> Result<String> {
        let body = format!(r#"{{"experiment_id":"{experiment}","start_time":1}}"#);
        let reply = Connection::open(self.address)?.ask(&post("runs/create", &body))?;
        text_of(&reply, "/run/info/run_id")
    }

    /// Memory that no file stands behind, of the server and what it started.
    pub fn anonymous_bytes(&self) -> Result<f64> {
        let group = self.process.id().to_string();
        let mut sum = 0;
        for entry in fs::read_dir("/proc")? {
            let path = entry?.path();
            // A process may end while it is looked at.
            let Ok(stat) = fs::read_to_string(path.join("stat")) else {
                continue;
            };
            let group_of = stat
                .rsplit_once(')')
                .and_then(|(_, rest)| rest.split_whitespace().nth(2));
            if group_of != Some(group.as_str()) {
                continue;
            }
            let status = fs::read_to_string(path.join("status")).unwrap_or_default();
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("RssAnon:"));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            sum += kib.unwrap_or_default() * 1024;
        }
        Ok(sum as f64)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(group) = Pid::from_raw(self.process.id() as i32) {
            kill_process_group(group, Signal::KILL).ok();
        }
        self.process.wait().ok();
    }
}

fn ours(store: &Path, port: &str) -> Command {
    let program = std::env::var_os("MLTRACK_BENCH_PROGRAM");
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_mltrack").into());
    let mut command = Command::new(program);
    command
        .args(["serve", "--port", port, "--store"])
        .arg(store);
    command
}

fn stock(folder: &Path, port: &str) -> Result<Command> {
    let python = stock_python().context("MLTRACK_STOCK_PYTHON names a Python with MLflow")?;
    let mut command = Command::new(python);
    command
        .args(["-m", "mlflow", "server", "--workers", "1", "--port", port])
        .arg("--backend-store-uri")
        .arg(format!("sqlite:///{}", folder.join("stock.db").display()))
        .arg("--artifacts-destination")
        .arg(folder.join("artifacts"))
        .current_dir(folder)
        .env("MLFLOW_DISABLE_TELEMETRY", "true")
        .env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false");
    Ok(command)
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
