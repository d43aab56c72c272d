//! What the server counts about itself.
//!
//! Invariants: counting takes no lock that a writer holds for longer than a look-up; there are as many rows as routes
//! times statuses, whatever clients send.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use mltrack::door;

/// The upper bounds of the buckets of times, in microseconds.
pub const BUCKETS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 10_000_000,
];

/// The row of requests that no route took.
pub const NO_ROUTE: &str = "none";

/// All counts of a server.
#[derive(Debug)]
pub struct Figures {
    routes: RwLock<HashMap<Box<str>, Arc<Route>>>,
    received: AtomicU64,
    sent: AtomicU64,
    connections_open: AtomicU64,
    connections_taken: AtomicU64,
    connections_refused: AtomicU64,
    started: Instant,
    started_ns: i64,
}

/// The counts of one route.
#[derive(Debug, Default)]
pub struct Route {
    rows: RwLock<Vec<(Method, StatusCode, AtomicU64)>>,
    buckets: [AtomicU64; BUCKETS_US.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
}

/// What is known at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    /// Bytes that came in.
    pub received: u64,
    /// Bytes that went out.
    pub sent: u64,
    /// Connections that are open.
    pub connections_open: u64,
    /// Connections that were taken.
    pub connections_taken: u64,
    /// Connections that were one too many.
    pub connections_refused: u64,
    /// When the server started, in nanoseconds since 1970.
    pub started_ns: i64,
    /// How long ago.
    pub up: Duration,
}

impl Figures {
    /// Everything at zero.
    pub fn new() -> Figures {
        Figures {
            routes: RwLock::default(),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            connections_open: AtomicU64::new(0),
            connections_taken: AtomicU64::new(0),
            connections_refused: AtomicU64::new(0),
            started: door::monotonic(),
            started_ns: door::wall_time_ns(),
        }
    }

    /// Bytes came in.
    pub fn received(&self, count: u64) {
        self.received.fetch_add(count, Ordering::Relaxed);
    }

    /// Bytes went out.
    pub fn sent(&self, count: u64) {
        self.sent.fetch_add(count, Ordering::Relaxed);
    }

    /// A connection was taken.
    pub fn connection_opened(&self) {
        self.connections_open.fetch_add(1, Ordering::Relaxed);
        self.connections_taken.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection is over.
    pub fn connection_closed(&self) {
        self.connections_open.fetch_sub(1, Ordering::Relaxed);
    }

    /// A connection was one too many.
    pub fn connection_refused(&self) {
        self.connections_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was answered. `route` is a template of ours, never what a client wrote.
    pub fn answered(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = known.get(route) {
            return row.add(method, status, took);
        }
        drop(known);
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let row = routes.entry(route.into()).or_default();
        row.add(method, status, took);
    }

    /// The routes that were used, by name.
    pub fn routes(&self) -> Vec<(Box<str>, Arc<Route>)> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let mut routes: Vec<_> = routes
            .iter()
            .map(|(name, route)| (name.clone(), Arc::clone(route)))
            .collect();
        routes.sort_by(|(first, _), (second, _)| first.cmp(second));
        routes
    }

    /// Everything that has no route.
    pub fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            received: read(&self.received),
            sent: read(&self.sent),
            connections_open: read(&self.connections_open),
            connections_taken: read(&self.connections_taken),
            connections_refused: read(&self.connections_refused),
            started_ns: self.started_ns,
            up: door::monotonic().duration_since(self.started),
        }
    }
}

/// The methods that have a row of their own.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
    Method::OPTIONS,
];

impl Route {
    fn add(&self, method: &Method, status: StatusCode, took: Duration) {
        let took_us = took.as_micros() as u64;
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
        let place = BUCKETS_US.partition_point(|bound| *bound < took_us);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        // A client may invent methods.
        let other = Method::TRACE;
        let method = if METHODS.contains(method) {
            method
        } else {
            &other
        };
        let is_row = |row: &&(Method, StatusCode, AtomicU64)| row.0 == *method && row.1 == status;
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, count)) = rows.iter().find(is_row) {
            count.fetch_add(1, Ordering::Relaxed);
            return;
        }
        drop(rows);
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have added it meanwhile.
        match rows.iter().find(is_row) {
            Some((_, _, count)) => drop(count.fetch_add(1, Ordering::Relaxed)),
            None => rows.push((method.clone(), status, AtomicU64::new(1))),
        }
    }

    /// How many requests were answered, by method and status.
    pub fn counts(&self) -> Vec<(Method, StatusCode, u64)> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.iter()
            .map(|(method, status, count)| (method.clone(), *status, count.load(Ordering::Relaxed)))
            .collect()
    }

    /// For each bucket how many took no longer than its bound, then how many there are, and their sum in seconds.
    pub fn times(&self) -> ([u64; BUCKETS_US.len()], u64, f64) {
        let mut sum = 0;
        let below = std::array::from_fn(|place| {
            sum += self.buckets[place].load(Ordering::Relaxed);
            sum
        });
        let sum_us = self.sum_us.load(Ordering::Relaxed);
        let count = self.count.load(Ordering::Relaxed);
        (below, count, sum_us as f64 / 1e6)
    }
}
