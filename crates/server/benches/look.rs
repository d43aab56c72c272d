//! What looking costs over HTTP: searches of runs, alone and while others log, histories, and the memory of the server.
//!
//! `cargo bench -p mltrack-server --bench look [-- RUNS [POINTS]]`: 10,000 runs with ten metrics, ten params and three
//! tags each, and 100,000 points of one metric, when not said otherwise.
//!
//! Invariant: the server is a process of its own, so its memory and its time are its own.
#![expect(
    clippy::disallowed_methods,
    reason = "what is measured is the time that passes for a client"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use mltrack::{EndState, ParamValue, PastEnd, PastRun, RunId, Tracker, WallTime};
use mltrack_server::{Options, Server};

const ROUNDS: usize = 300;
const BEGUN_NS: i64 = 1_700_000_000_000_000_000;
const MS_NS: i64 = 1_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|word| word != "--bench");
    let first = arguments.next();
    if first.as_deref() == Some("serve") {
        return serve(&arguments.next().expect("a folder"));
    }
    let number = |word: Option<String>, or| word.and_then(|word| word.parse().ok()).unwrap_or(or);
    let runs = number(first, 10_000);
    let points = number(arguments.next(), 100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join(".mltrack");
    let made = make(&store, runs, points);
    println!("{runs} runs, {points} points");
    let served = Served::start(&store);
    served.memory("idle");
    searches(&served, &made);
    while_others_log(&served, &store, &made);
    histories(&served, &made);
    served.memory("after");
}

/// What the store has.
struct Made {
    experiment: String,
    long: RunId,
}

fn make(store: &Path, runs: usize, points: usize) -> Made {
    let tracker = Tracker::open(store).expect("a store");
    let experiment = tracker.experiment("many").expect("an experiment");
    let mut import = experiment.import().expect("an import");
    let columns = import.columns((0..10).map(|metric| format!("m{metric}")));
    let columns = columns.expect("names");
    for at in 0..runs {
        let begun_ns = BEGUN_NS + at as i64 * MS_NS;
        let mut past = PastRun::new(format!("run-{at}"), WallTime(begun_ns));
        past.is_detached = true;
        let param = |param: usize| {
            let value = format!("{}", (at * 31 + param * 7) % 100);
            (format!("p{param}"), ParamValue::Text(value))
        };
        past.params = (0..10).map(param).collect();
        past.tags = ["team", "stage", "paper"]
            .iter()
            .map(|key| ((*key).to_owned(), format!("{key}-{}", at % 7)))
            .collect();
        let run = import.begin(&past).expect("a run");
        let value = |metric: usize| ((at * 7919 + metric * 104_729) % 10_007) as f64 / 10_007.0;
        let values: Vec<f64> = (0..10).map(value).collect();
        let logged = import.log(run, columns, 0, WallTime(begun_ns + MS_NS), &values);
        logged.expect("values");
        let end = PastEnd::Ended(EndState::Completed, None);
        let ended = import.end(run, WallTime(begun_ns + 2 * MS_NS), end);
        ended.expect("an end");
    }
    let past = PastRun::new("long", WallTime(BEGUN_NS));
    let long = import.begin(&past).expect("a run");
    let loss = import.columns(["loss"]).expect("a name");
    for step in 0..points as i64 {
        let value = 1.0 / (step + 1) as f64;
        let time = WallTime(BEGUN_NS + step * MS_NS);
        let logged = import.log(long, loss, step, time, &[value]);
        logged.expect("a value");
    }
    let end = PastEnd::Ended(EndState::Completed, None);
    let ended = import.end(long, WallTime(BEGUN_NS), end);
    ended.expect("an end");
    let made = Made {
        experiment: experiment.id().to_string(),
        long,
    };
    drop((import, experiment));
    // What has been there for a while has one: without it, a server folds the log before it answers.
    tracker.snapshot().expect("a snapshot");
    tracker.close().expect("a closed store");
    made
}

fn serve(store: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tracker = Tracker::open(store).expect("a store");
        let options = Options {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..Options::default()
        };
        let server = Server::bind(tracker, options).await.expect("an address");
        println!("{}", server.address());
        let closed = async {
            let wait = || std::io::stdin().read_to_end(&mut Vec::new());
            // Whoever started this closes its input, or is gone.
            let _ = tokio::task::spawn_blocking(wait).await;
        };
        server.serve(closed).await.expect("a served store");
    });
}

struct Served {
    process: Child,
    address: SocketAddr,
}

impl Served {
    fn start(store: &Path) -> Served {
        let begun = Instant::now();
        let mut process = Command::new(std::env::current_exe().expect("a program"))
            .arg("serve")
            .arg(store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        let output = process.stdout.take().expect("an output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.trim().parse().expect("an address");
        println!("start {:?}", begun.elapsed());
        Served { process, address }
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        let reader = BufReader::with_capacity(1 << 20, stream.try_clone().expect("a socket"));
        Client { stream, reader }
    }

    fn memory(&self, when: &str) {
        let path = format!("/proc/{}/status", self.process.id());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("RssAnon"));
        println!("{when}: {}", line.unwrap_or("RssAnon unknown"));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends when its input does.
        let _ = self.process.wait();
    }
}

struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    fn get(&mut self, path: &str) -> Vec<u8> {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"))
    }

    fn post(&mut self, path: &str, body: &str) -> Vec<u8> {
        let len = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len}\r\n\r\n{body}"
        ))
    }

    fn send(&mut self, request: &str) -> Vec<u8> {
        self.stream
            .write_all(request.as_bytes())
            .expect("a request");
        let (mut len, mut is_chunked) = (0, false);
        let status = self.line();
        assert!(status.contains(" 200 "), "{status}");
        loop {
            let line = self.line().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                len = value.trim().parse().expect("a length");
            }
            is_chunked |= line.starts_with("transfer-encoding: chunked");
        }
        let mut body = Vec::new();
        loop {
            if is_chunked {
                len = usize::from_str_radix(&self.line(), 16).expect("a length");
            }
            let start = body.len();
            body.resize(start + len, 0);
            self.reader.read_exact(&mut body[start..]).expect("a body");
            if !is_chunked {
                return body;
            }
            self.line();
            if len == 0 {
                return body;
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }
}

/// Prints the first, the median and the 99th percentile of how long `work` took.
fn timed(what: &str, rounds: usize, mut work: impl FnMut(usize)) {
    let mut took: Vec<Duration> = (0..rounds)
        .map(|round| {
            let begun = Instant::now();
            work(round);
            begun.elapsed()
        })
        .collect();
    let first = took[0];
    took.sort_unstable();
    let at = |part: usize| took[(rounds * part / 100).min(rounds - 1)];
    println!(
        "{what}: first {first:?}, p50 {:?}, p99 {:?}",
        at(50),
        at(99)
    );
}

const SEARCH: &str = "/api/2.0/mlflow/runs/search";

fn question(made: &Made, round: usize) -> String {
    let metric = round % 10;
    format!(
        r#"{{"experiment_ids":["{}"],"filter":"metrics.m{metric} > 0.2","order_by":["metrics.m{} DESC"],"max_results":100}}"#,
        made.experiment,
        (metric + 1) % 10
    )
}

fn searches(served: &Served, made: &Made) {
    let mut client = served.client();
    timed("search, the same columns", ROUNDS, |_| {
        client.post(SEARCH, &question(made, 0));
    });
    timed("search, ten columns in turn", ROUNDS, |round| {
        client.post(SEARCH, &question(made, round));
    });
    let text = format!(
        r#"{{"experiment_ids":["{}"],"filter":"params.p1 LIKE '1%' AND tags.team = 'team-3'","order_by":["params.p2"],"max_results":100}}"#,
        made.experiment
    );
    timed("search of params and tags", ROUNDS, |_| {
        client.post(SEARCH, &text);
    });
    let all = format!(
        r#"{{"experiment_ids":["{}"],"max_results":50000}}"#,
        made.experiment
    );
    timed("search, every run in one page", 3, |_| {
        client.post(SEARCH, &all);
    });
}

/// Searches while another process logs as fast as it can, and what that does to who logs.
fn while_others_log(served: &Served, store: &Path, made: &Made) {
    let tracker = Tracker::open(store).expect("a store");
    let run = tracker.experiment("busy").expect("an experiment");
    let run = run.start_run().expect("a run");
    let (should_stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut client = served.client();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut step = 0;
            while !should_stop.load(Relaxed) {
                for _ in 0..20 {
                    run.log_metric_at("m1", 0.5, step).expect("a point");
                    step += 1;
                }
                count.store(step as u64, Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        timed("search while another process logs", ROUNDS, |round| {
            client.post(SEARCH, &question(made, round));
        });
        should_stop.store(true, Relaxed);
    });
    println!("points logged meanwhile: {}", count.load(Relaxed));
    run.finish().expect("an end");
    tracker.close().expect("a closed store");
}

fn histories(served: &Served, made: &Made) {
    let mut client = served.client();
    let path = format!(
        "/api/2.0/mlflow/metrics/get-history?run_id={}&metric_key=loss",
        made.long
    );
    let mut len = 0;
    timed("history in one reply", 21, |_| {
        len = client.get(&path).len();
    });
    println!("its length: {len}");
    timed("history in pages of 25,000", 5, |_| {
        let mut token = String::new();
        loop {
            let body = client.get(&format!("{path}&max_results=25000&page_token={token}"));
            let text = String::from_utf8(body).expect("a text");
            let Some(at) = text.find("next_page_token\":\"") else {
                break;
            };
            let rest = &text[at + "next_page_token\":\"".len()..];
            rest[..rest.find('"').expect("an end")].clone_into(&mut token);
        }
    });
}
