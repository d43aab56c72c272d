//! The live stream: nothing lost, nothing doubled, a thousand listeners, and slow ones that harm nobody.

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::StreamExt as _;
use mltrack::{Cursor, Tracker};
use mltrack_server::{Options, Server};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// A message of a stream.
#[derive(Debug)]
struct Message {
    id: Option<u64>,
    kind: String,
    data: Value,
}

/// A stream, read message by message.
struct Listener {
    body: BodyDataStream,
    pending: String,
}

impl Listener {
    async fn open(router: &Router, path: &str, last_id: Option<u64>) -> Listener {
        let mut request = Request::get(path);
        if let Some(id) = last_id {
            request = request.header("last-event-id", id.to_string());
        }
        let request = request.body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Listener {
            body: response.into_body().into_data_stream(),
            pending: String::new(),
        }
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.pending.find("\n\n") {
                let message = read(&self.pending[..end]);
                self.pending.drain(..end + 2);
                if let Some(message) = message {
                    return Some(message);
                }
                continue;
            }
            let bytes = self.body.next().await?.unwrap();
            self.pending.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next record, past what the stream says about itself.
    async fn next_record(&mut self) -> Message {
        loop {
            let message = self.next().await.expect("the stream goes on");
            if message.kind == "message" {
                return message;
            }
            assert_eq!(message.kind, "hello");
        }
    }
}

/// `None` for a comment.
fn read(text: &str) -> Option<Message> {
    let field = |name: &str| {
        let lines = text.lines();
        lines.filter_map(|line| line.strip_prefix(name)).next_back()
    };
    Some(Message {
        id: field("id: ").map(|id| id.parse().unwrap()),
        kind: field("event: ").unwrap_or("message").to_owned(),
        data: serde_json::from_str(field("data: ")?).unwrap(),
    })
}

/// A store, and a server over it that is asked without sockets.
struct Setting {
    runtime: Runtime,
    tracker: Tracker,
    router: Router,
    _server: Server,
    _folder: TempDir,
}

impl Setting {
    fn new() -> Setting {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".mltrack");
        let runtime = Runtime::new().unwrap();
        let tracker = Tracker::open(&path).unwrap();
        let options = Options {
            bind: ([127, 0, 0, 1], 0).into(),
            ..Options::default()
        };
        let opened = Tracker::open(&path).unwrap();
        let server = runtime.block_on(Server::bind(opened, options)).unwrap();
        Setting {
            router: server.router_without_checks(),
            _server: server,
            runtime,
            tracker,
            _folder: folder,
        }
    }

    /// Every record of the log up to now.
    fn lsns(&self) -> Vec<u64> {
        let mut follow = self.tracker.tail().from(Cursor::Start).follow();
        let next = || follow.next_within(std::time::Duration::ZERO).unwrap();
        std::iter::from_fn(next)
            .map(|event| event.lsn.get())
            .collect()
    }
}

#[test]
fn a_stream_tells_what_is_logged_as_tail_prints_it() {
    let setting = Setting::new();
    setting.runtime.block_on(async {
        let mut listener =
            Listener::open(&setting.router, "/api/v1/events?types=metrics_logged", None).await;
        assert_eq!(listener.next().await.unwrap().kind, "hello");
        let run = setting
            .tracker
            .experiment("live")
            .unwrap()
            .start_run()
            .unwrap();
        run.log_metrics(7, [("loss", 0.5), ("acc", f64::NAN)])
            .unwrap();
        let message = listener.next().await.unwrap();
        let event = &message.data;
        assert_eq!(message.id, event["lsn"].as_u64());
        assert_eq!(event["type"], "metrics_logged");
        assert_eq!(event["experiment"], "live");
        assert_eq!(event["run"], run.id().to_string());
        assert_eq!(event["payload"]["values"], serde_json::json!([0.5, "NaN"]));
        assert_eq!(event["labels"], serde_json::json!(["loss", "acc"]));
        run.finish().unwrap();
    });
}

#[test]
fn a_stream_of_one_run_or_of_a_filter_has_nothing_else() {
    let setting = Setting::new();
    let experiment = setting.tracker.experiment("live").unwrap();
    let wanted = experiment.run().tag("team", "vision").start().unwrap();
    let other = experiment.run().tag("team", "speech").start().unwrap();
    for step in 0..50 {
        wanted.log_metrics(step, [("loss", 1.0)]).unwrap();
        other.log_metrics(step, [("loss", 2.0)]).unwrap();
    }
    let id = wanted.id().to_string();
    let paths = [
        format!("/api/v1/events?after=start&types=metrics_logged&run={id}"),
        "/api/v1/events?after=start&types=metrics_logged&filter=tags.team%3D%27vision%27"
            .to_owned(),
    ];
    setting.runtime.block_on(async {
        for path in paths {
            let mut listener = Listener::open(&setting.router, &path, None).await;
            for step in 0..50 {
                let message = listener.next_record().await;
                assert_eq!(message.data["payload"]["step"], step);
                assert_eq!(message.data["run"], id);
            }
        }
    });
    wanted.finish().unwrap();
    other.finish().unwrap();
}

#[test]
fn points_are_merged_to_ticks_that_hold_all_of_them() {
    let setting = Setting::new();
    let run = setting
        .tracker
        .experiment("live")
        .unwrap()
        .start_run()
        .unwrap();
    for step in 0..300 {
        run.log_metrics(step, [("loss", step as f64)]).unwrap();
    }
    let last = *setting.lsns().last().unwrap();
    setting.runtime.block_on(async {
        let path = "/api/v1/events?after=start&merge=250ms";
        let mut listener = Listener::open(&setting.router, path, None).await;
        let mut steps = Vec::new();
        let mut seen = 0;
        while seen < last {
            let message = listener.next().await.unwrap();
            if message.kind == "tick" {
                seen = message.data["lsn"].as_u64().unwrap();
                let points = message.data["points"].as_array().unwrap();
                let told = points
                    .iter()
                    .flat_map(|part| part["step"].as_array().unwrap());
                steps.extend(told.map(|step| step.as_i64().unwrap()));
            }
        }
        assert_eq!(steps, (0..300).collect::<Vec<_>>());
    });
    run.finish().unwrap();
}

#[test]
fn a_cursor_behind_the_end_of_the_log_is_told_that_it_was_rewound() {
    let setting = Setting::new();
    setting.tracker.experiment("live").unwrap();
    let end = *setting.lsns().last().unwrap();
    setting.runtime.block_on(async {
        let mut listener = Listener::open(&setting.router, "/api/v1/events", Some(end + 100)).await;
        let message = listener.next().await.unwrap();
        assert_eq!((message.kind.as_str(), message.id), ("rewound", Some(end)));
        setting.tracker.experiment("later").unwrap();
        assert_eq!(listener.next_record().await.id, Some(end + 1));
    });
}

#[test]
fn closing_the_server_ends_every_stream_with_a_last_word() {
    let served = crate::support::Served::start();
    let url = served.url("/api/v1/events");
    let body = std::thread::spawn(move || {
        let runtime = Runtime::new().unwrap();
        let text = async { reqwest::get(url).await.unwrap().text().await.unwrap() };
        runtime.block_on(text)
    });
    // The experiment is told to whoever listens by then; the end is told to all.
    served.wait_for_listeners(1);
    drop(served);
    let text = body.join().unwrap();
    assert!(
        text.contains("event: cut") && text.contains("closing"),
        "{text}"
    );
}

#[test]
fn a_thousand_listeners_hear_everything_while_others_never_read() {
    const LISTENERS: usize = 1_000;
    const SILENT: usize = 100;
    const POINTS: i64 = 200;
    let setting = Setting::new();
    let run = setting
        .tracker
        .experiment("live")
        .unwrap()
        .start_run()
        .unwrap();
    setting.runtime.block_on(async {
        let mut silent = Vec::new();
        for _ in 0..SILENT {
            silent.push(Listener::open(&setting.router, "/api/v1/events", None).await);
        }
        let mut tasks = Vec::new();
        for _ in 0..LISTENERS {
            let path = "/api/v1/events?types=metrics_logged";
            let mut listener = Listener::open(&setting.router, path, None).await;
            tasks.push(tokio::spawn(async move {
                let mut steps = 0;
                while steps < POINTS {
                    let message = listener.next_record().await;
                    assert_eq!(message.data["payload"]["step"], steps);
                    steps += 1;
                }
            }));
        }
        let writer = run.clone();
        let written = tokio::task::spawn_blocking(move || {
            for step in 0..POINTS {
                writer.log_metrics(step, [("loss", 1.0)]).unwrap();
            }
        });
        written.await.unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        // Who did not read reads late, and gets it all from the log.
        let mut late = silent.pop().unwrap();
        let mut steps = 0;
        while steps < POINTS {
            let message = late.next_record().await;
            if message.data["type"] == "metrics_logged" {
                assert_eq!(message.data["payload"]["step"], steps);
                steps += 1;
            }
        }
    });
    run.finish().unwrap();
}

/// Logs so many points, faster than anybody reads them.
fn log_many(setting: &Setting, count: i64) {
    let run = setting
        .tracker
        .experiment("live")
        .unwrap()
        .start_run()
        .unwrap();
    for step in 0..count {
        run.log_metrics(step, [("loss", 1.0)]).unwrap();
    }
    run.finish().unwrap();
}

/// The last step of the points that a listener hears until its stream ends or the run does; steps are checked to come
/// one after the other.
async fn hear(listener: &mut Listener) -> (i64, Option<Message>) {
    let mut steps = 0;
    loop {
        let message = listener.next().await.unwrap();
        match (message.kind.as_str(), message.data["type"].as_str()) {
            ("message", Some("metrics_logged")) => {
                assert_eq!(message.data["payload"]["step"], steps);
                steps += 1;
            }
            ("message", Some("run_ended")) => return (steps, None),
            ("cut", _) => return (steps, Some(message)),
            _ => {}
        }
    }
}

#[test]
fn who_falls_behind_what_is_kept_for_all_reads_on_in_the_log() {
    let setting = Setting::new();
    setting.runtime.block_on(async {
        let mut late = Listener::open(&setting.router, "/api/v1/events", None).await;
        assert_eq!(late.next().await.unwrap().kind, "hello");
        log_many(&setting, 80_000);
        let mut prompt = Listener::open(&setting.router, "/api/v1/events?after=start", None).await;
        assert_eq!(hear(&mut prompt).await.0, 80_000);
        assert_eq!(hear(&mut late).await.0, 80_000);
    });
}

#[test]
fn who_falls_too_far_behind_is_cut_off_and_told_where_to_go_on() {
    let setting = Setting::new();
    setting.runtime.block_on(async {
        let mut late =
            Listener::open(&setting.router, "/api/v1/events?types=metrics_logged", None).await;
        assert_eq!(late.next().await.unwrap().kind, "hello");
        log_many(&setting, 300_000);
        let end = *setting.lsns().last().unwrap();
        // One that reads in time shows that the reader has got to the end.
        let path = format!("/api/v1/events?after={}", end - 10);
        let mut prompt = Listener::open(&setting.router, &path, None).await;
        while prompt.next_record().await.id != Some(end) {}
        let (_, cut) = hear(&mut late).await;
        let cut = cut.expect("the stream ends").data;
        assert_eq!(cut["reason"], "too slow");
        assert!(cut["after"].as_u64().unwrap() < end);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    /// The first message of each listener greets it, so every one reads at least one more: else nobody would get on.
    fn a_listener_that_breaks_off_anywhere_loses_and_doubles_nothing(
        breaks in proptest::collection::vec(2_usize..60, 1..12),
        merge in any::<bool>(),
    ) {
        let setting = Setting::new();
        let experiment = setting.tracker.experiment("live").unwrap();
        let writer = std::thread::spawn(move || {
            let run = experiment.start_run().unwrap();
            for step in 0..400 {
                run.log_metrics(step, [("loss", step as f64)]).unwrap();
                if step % 40 == 0 {
                    run.note("on we go").unwrap();
                }
            }
            run.finish().unwrap();
        });
        let path = if merge { "/api/v1/events?merge=250ms" } else { "/api/v1/events" };
        let mut breaks = breaks.into_iter().cycle();
        let seen = setting.runtime.block_on(async {
            let mut seen: Vec<u64> = Vec::new();
            let mut last = Some(0);
            loop {
                let mut listener = Listener::open(&setting.router, path, last).await;
                for _ in 0..breaks.next().unwrap() {
                    let message = listener.next().await.unwrap();
                    match message.kind.as_str() {
                        "message" => seen.push(message.data["lsn"].as_u64().unwrap()),
                        "tick" => seen.extend(records_of(&message.data)),
                        other => assert_eq!(other, "hello"),
                    }
                    last = message.id.or(last);
                    if message.data.to_string().contains("run_ended") {
                        return seen;
                    }
                }
            }
        });
        writer.join().unwrap();
        let all = setting.lsns();
        if merge {
            // Ticks count points instead of naming records: each of the 400 came once.
            let points = seen.iter().filter(|lsn| **lsn == 0).count();
            prop_assert_eq!(points, 400);
        } else {
            prop_assert_eq!(seen, all);
        }
    }
}

/// Zero for each point, the lsn for each other event.
fn records_of(tick: &Value) -> Vec<u64> {
    let points = tick["points"].as_array().unwrap().iter();
    let count: u64 = points.map(|part| part["count"].as_u64().unwrap()).sum();
    let events = tick["events"].as_array().unwrap().iter();
    let mut records: Vec<u64> = events.map(|event| event["lsn"].as_u64().unwrap()).collect();
    records.extend(std::iter::repeat_n(0, count as usize));
    records
}
