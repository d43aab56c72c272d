//! `GET /metrics`: the server's figures as Prometheus reads them.
//!
//! Invariants: a label is a route of ours, a method, a status or a bound of a bucket, never what a client sent; asking
//! costs no walk over artifacts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::blocking::blocking;
use crate::figures::{BUCKETS_US, Figures};
use crate::shared::Shared;

/// The route.
pub fn routes() -> Router<Shared> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(shared): State<Shared>) -> Response {
    let text = blocking(move || {
        let mut text = String::new();
        write_server(&mut text, shared.figures());
        write_requests(&mut text, shared.figures());
        write_store(&mut text, &shared);
        write_process(&mut text);
        text
    });
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text.await).into_response()
}

/// The name, what it is, and its kind.
fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    line(text, format_args!("# HELP {name} {help}"));
    line(text, format_args!("# TYPE {name} {kind}"));
}

/// One that has no labels.
fn single(text: &mut String, name: &str, help: &str, kind: &str, value: impl std::fmt::Display) {
    head(text, name, help, kind);
    line(text, format_args!("{name} {value}"));
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a string cannot fail");
}

fn write_server(text: &mut String, figures: &Figures) {
    let totals = figures.totals();
    for (name, help, kind, value) in [
        (
            "mltrack_received_bytes_total",
            "Bytes that came in over connections.",
            "counter",
            totals.received,
        ),
        (
            "mltrack_sent_bytes_total",
            "Bytes that went out over connections.",
            "counter",
            totals.sent,
        ),
        (
            "mltrack_connections",
            "Connections that are open.",
            "gauge",
            totals.connections_open,
        ),
        (
            "mltrack_connections_total",
            "Connections that were taken.",
            "counter",
            totals.connections_taken,
        ),
        (
            "mltrack_connections_refused_total",
            "Connections that were one too many.",
            "counter",
            totals.connections_refused,
        ),
        (
            "mltrack_up_seconds",
            "How long the server has been up.",
            "gauge",
            totals.up.as_secs(),
        ),
    ] {
        single(text, name, help, kind, value);
    }
    let started_s = totals.started_ns as f64 / 1e9;
    let help = "When the process started, in seconds since 1970.";
    single(text, "process_start_time_seconds", help, "gauge", started_s);
}

fn write_requests(text: &mut String, figures: &Figures) {
    let routes = figures.routes();
    let name = "mltrack_requests_total";
    head(text, name, "Requests that were answered.", "counter");
    for (route, counts) in &routes {
        for (method, status, count) in counts.counts() {
            let status = status.as_u16();
            line(
                text,
                format_args!(
                    "{name}{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {count}"
                ),
            );
        }
    }
    let name = "mltrack_request_seconds";
    head(text, name, "Time until an answer began.", "histogram");
    for (route, counts) in &routes {
        let (below, count, sum_s) = counts.times();
        for (bound_us, below) in BUCKETS_US.iter().zip(below) {
            let bound_s = *bound_us as f64 / 1e6;
            line(
                text,
                format_args!("{name}_bucket{{route=\"{route}\",le=\"{bound_s}\"}} {below}"),
            );
        }
        line(
            text,
            format_args!("{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}"),
        );
        line(
            text,
            format_args!("{name}_sum{{route=\"{route}\"}} {sum_s}"),
        );
        line(
            text,
            format_args!("{name}_count{{route=\"{route}\"}} {count}"),
        );
    }
}

fn write_store(text: &mut String, shared: &Shared) {
    let tracker = shared.tracker();
    // A store that cannot be read has no lsn to tell; the other figures are told all the same.
    if let Ok(Some(next)) = tracker.next_lsn() {
        let help = "The lsn that the next record of the log gets.";
        single(text, "mltrack_log_next_lsn", help, "counter", next.get());
    }
    if let Some(len) = tracker.path().map(log_len) {
        let help = "Bytes of the log and of what is folded from it, without artifacts.";
        single(text, "mltrack_log_bytes", help, "gauge", len);
    }
}

/// The sizes of the files of the log, which lie side by side in the store's folder.
fn log_len(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else {
        return 0;
    };
    entries
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|file| file.len())
        .sum()
}

fn write_process(text: &mut String) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    for (field, name, help) in [
        (
            "VmRSS:",
            "process_resident_memory_bytes",
            "Memory in use, with mapped files.",
        ),
        (
            "RssAnon:",
            "mltrack_anonymous_memory_bytes",
            "Memory in use that is no file's.",
        ),
    ] {
        let kib = status.lines().find_map(|line| {
            let value = line.strip_prefix(field)?;
            value.split_whitespace().next()?.parse::<u64>().ok()
        });
        if let Some(kib) = kib {
            single(text, name, help, "gauge", kib * 1024);
        }
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        let help = "Files and sockets that are open.";
        single(text, "process_open_fds", help, "gauge", files.count());
    }
}
