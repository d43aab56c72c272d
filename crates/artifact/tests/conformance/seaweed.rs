//! A real S3 server in a process of its own, `SeaweedFS`, which `cargo xtask test` installs.
//!
//! Invariants: the server dies with the test's process, however that ends: a shell holds a pipe from it. Everything it
//! writes lies in its own folder.

#![allow(dead_code)]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mltrack_artifact::{BlobStore, Credentials, Options, StoreUrl};
use mltrack_log::door;

pub const BUCKET: &str = "blobs";
const START_MAX: Duration = Duration::from_secs(40);

/// Ends the server and takes its sockets away, which it makes in the system's folder whatever it is told, when its own
/// input ends, which it does with the process that started it. Takes the folder of the one
/// that all cases share away, because nothing of this process is left that could.
const KEEPER: &str = r#"exec 3<&0; "$@" </dev/null & read -r _ <&3; kill -9 $!; wait; for port in $PORTS; do rm -f "$SOCKETS"/seaweedfs-*-"$port".sock; done; [ -z "$REMOVE" ] || rm -rf "$REMOVE""#;

/// A server with an empty folder.
pub struct Server {
    folder: tempfile::TempDir,
    ports: [u16; 8],
    keeper: Option<Child>,
    is_shared: bool,
}

impl Server {
    pub fn start() -> Server {
        Server::new(false)
    }

    pub fn new(is_shared: bool) -> Server {
        let mut server = Server {
            is_shared,
            folder: tempfile::tempdir().expect("a temporary folder"),
            ports: free_ports(),
            keeper: None,
        };
        let identities = serde_json::json!({"identities": [{
            "name": "test", "credentials": [{"accessKey": "key", "secretKey": "secret"}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }]});
        std::fs::write(server.folder.path().join("s3.json"), identities.to_string())
            .expect("the settings");
        server.start_again();
        server
    }

    /// Starts it with the bytes it had. One that was killed now and then does not elect itself its own leader; whoever
    /// runs one starts it once more then.
    pub fn start_again(&mut self) {
        for is_last in [false, false, true] {
            self.spawn();
            match self.wait_until_it_stores() {
                Ok(()) => return,
                // The keeper of a shared one takes its folder away when it ends.
                Err(error) if is_last || self.is_shared => {
                    let log = std::fs::read_to_string(self.folder.path().join("log"));
                    let log = log.unwrap_or_default();
                    panic!("the S3 server does not store: {error}\n{log}");
                }
                Err(_) => self.kill(),
            }
        }
    }

    fn spawn(&mut self) {
        let folder = self.folder.path();
        let [
            master,
            master_grpc,
            volume,
            volume_grpc,
            filer,
            filer_grpc,
            s3,
            s3_grpc,
        ] = self.ports;
        let log = std::fs::File::create(folder.join("log")).expect("a log");
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(weed());
        // Its logs go where everything else of it goes, not to the system's own folder.
        command.env("TMPDIR", folder);
        command.env("SOCKETS", std::env::temp_dir());
        command.env("PORTS", self.ports.map(|port| port.to_string()).join(" "));
        command.arg(format!("-logdir={}", folder.display()));
        command.args([
            "server",
            "-ip=127.0.0.1",
            "-master.telemetry=false",
            "-s3",
            "-volume.max=40",
        ]);
        command.args([
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.volumeSizeLimitMB=64",
        ]);
        command.arg(format!("-dir={}", folder.display()));
        command.arg(format!("-s3.config={}", folder.join("s3.json").display()));
        for (name, port) in [
            ("master", master),
            ("volume", volume),
            ("filer", filer),
            ("s3", s3),
        ] {
            command.arg(format!("-{name}.port={port}"));
        }
        let grpc = [
            ("master", master_grpc),
            ("volume", volume_grpc),
            ("filer", filer_grpc),
            ("s3", s3_grpc),
        ];
        for (name, port) in grpc {
            command.arg(format!("-{name}.port.grpc={port}"));
        }
        command.current_dir(folder).stdin(Stdio::piped());
        if self.is_shared {
            command.env("REMOVE", folder);
        }
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        self.keeper = Some(command.spawn().expect("sh starts"));
    }

    /// It answers before it can store: a put that succeeds is the only sign.
    fn wait_until_it_stores(&self) -> mltrack_artifact::Result<()> {
        let end = door::monotonic() + START_MAX;
        let mut options = options();
        (options.retries, options.request_timeout) = (0, Duration::from_secs(5));
        let url = url(&self.endpoint(), "start");
        let store = BlobStore::open(&url, options).expect("a client");
        loop {
            // Another content each time, since what is there is not stored again.
            let result = store.put_bytes(&door::random_bytes::<16>());
            match result {
                Ok(_) => return Ok(()),
                Err(error) if door::monotonic() > end => return Err(error),
                Err(_) => std::thread::park_timeout(Duration::from_millis(50)),
            }
        }
    }

    /// As a power cut would: it has no time to finish anything.
    pub fn kill(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().expect("the shell ends");
        }
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports[6])
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }
}

/// A root at this endpoint.
pub fn url(endpoint: &str, prefix: &str) -> StoreUrl {
    let text =
        format!("s3://{BUCKET}/{prefix}?endpoint={endpoint}&region=us-east-1&path_style=true");
    StoreUrl::parse(&text).expect("a URL")
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The options of a store that may use the server.
pub fn options() -> Options {
    let mut options = Options::new(door::random_bytes::<16>, door::wall_time_ns);
    options.credentials = Some(credentials("secret"));
    options
}

pub fn credentials(secret: &str) -> Credentials {
    Credentials {
        access_key_id: "key".to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: None,
    }
}

fn weed() -> PathBuf {
    let cache = std::env::var_os("MLTRACK_CACHE_DIR").map_or_else(
        || {
            std::env::home_dir()
                .expect("a home folder")
                .join(".cache")
                .join("mltrack")
        },
        PathBuf::from,
    );
    let program = cache.join("seaweedfs").join("bin").join("weed");
    assert!(
        program.is_file(),
        "{} is missing: `cargo xtask test --only tools` installs it",
        program.display()
    );
    program
}

/// Ports that nobody listens at. Somebody else may take one before the server does, and then it says so.
fn free_ports() -> [u16; 8] {
    let listeners = [(); 8].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("a port").port())
}
