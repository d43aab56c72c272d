//! A server over a fresh store, and a small client of it.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use mltrack::Tracker;
use mltrack_server::{Options, Server};
use reqwest::header::HeaderMap;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// A server that runs until this is dropped.
pub struct Served {
    pub folder: TempDir,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    client: Runtime,
    http: reqwest::Client,
}

impl Served {
    /// A server over an empty store.
    pub fn start() -> Served {
        Served::start_with(&Options::default())
    }

    /// The same with options; the port is always a free one.
    pub fn start_with(options: &Options) -> Served {
        let folder = tempfile::tempdir().unwrap();
        Served::on(folder, options)
    }

    /// A server over the store in a folder.
    pub fn on(folder: TempDir, options: &Options) -> Served {
        let tracker = Tracker::open(folder.path().join(".mltrack")).unwrap();
        Served::over(folder, tracker, options)
    }

    /// The same over a store that the test has opened its own way.
    pub fn over(folder: TempDir, tracker: Tracker, options: &Options) -> Served {
        let bind = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = Options {
            bind,
            ..options.clone()
        };
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(Server::bind(tracker, options)).unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async { stopped.await.unwrap_or(()) };
            runtime.block_on(server.serve(stopped)).unwrap();
        });
        drop(rustls::crypto::ring::default_provider().install_default());
        Served {
            folder,
            address,
            stop: Some(stop),
            thread: Some(thread),
            client: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            http: reqwest::Client::new(),
        }
    }

    /// Ends it, and answers the folder of its store.
    pub fn stop(mut self) -> TempDir {
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// Asks it to end, and goes on without waiting for that.
    pub fn ask_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).unwrap();
        }
    }

    /// Where a path of it is.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks, and answers the status and the JSON of the body, null when it is none.
    pub fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.http.get(self.url(path)))
    }

    /// The bytes of an answer of a type.
    pub fn bytes(&self, path: &str, accept: &str) -> Vec<u8> {
        let request = self.http.get(self.url(path)).header("accept", accept);
        self.client.block_on(async {
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["content-type"], accept);
            response.bytes().await.unwrap().to_vec()
        })
    }

    /// Waits until so many live streams have begun.
    pub fn wait_for_listeners(&self, count: u64) {
        while self.get("/api/v1/store").1["listeners"].as_u64() < Some(count) {}
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.post(self.url(path));
        let request = request.header("content-type", "application/json");
        self.send(request.body(body.to_string()))
    }

    /// The client, to make requests for [`Served::send`] and [`Served::raw`].
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Sends any request, and answers the status, the headers and the bytes of the body.
    pub fn raw(&self, request: reqwest::RequestBuilder) -> (u16, HeaderMap, Vec<u8>) {
        self.client.block_on(async {
            let response = request.send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            (status, headers, response.bytes().await.unwrap().to_vec())
        })
    }

    /// Sends any request, and answers the text of the body.
    pub fn text(&self, request: reqwest::RequestBuilder) -> String {
        let text = async { request.send().await.unwrap().text().await.unwrap() };
        self.client.block_on(text)
    }

    /// Sends any request.
    pub fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        self.client.block_on(async {
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let bytes = response.bytes().await.unwrap();
            (
                status,
                serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            )
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended on its own, which the join below tells.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}
