//! Clients log to `mltrack serve` at about half of what it takes while the server is killed at random and started again:
//! every acknowledged point is there in the end, once, and nothing has grown but the log.
//!
//! `MLTRACK_SOAK_SECONDS` says how long, ten seconds when it is not given; `MLTRACK_SOAK_SEED` repeats the moments of a
//! run's kills. A client that got no answer sends the same point again, as `MLflow`'s client does, so a point may be
//! sent twice and must still count once.

mod client;
mod server;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use mltrack_log::door;
use tempfile::TempDir;

use client::{Client, value_at};
use server::{Server, Usage};

const CLIENTS: usize = 6;
const SECONDS: u64 = 10;
/// A server that is left alone holds what it needs for its own files, whatever it has served.
const DESCRIPTORS_MAX: usize = 200;
const MAPS_MAX: usize = 1_000;
const MEMORY_BYTES_MAX: u64 = 200 << 20;
/// What a killed server leaves behind does not add up.
const LEFTOVERS_MAX: usize = 32;
const BYTES_A_POINT_MAX: u64 = 400;
const BYTES_BASE: u64 = 128 << 20;

#[test]
fn a_server_that_is_killed_under_load_loses_no_acknowledged_point_and_leaks_nothing() {
    let seconds = number("MLTRACK_SOAK_SECONDS").unwrap_or(SECONDS);
    let seed =
        number("MLTRACK_SOAK_SEED").unwrap_or_else(|| u64::from_le_bytes(door::random_bytes()));
    println!("soak: {seconds} s, MLTRACK_SOAK_SEED={seed}");
    let place = TempDir::new().expect("a folder for the store");
    let mut server = Server::start(place.path());
    let stop = AtomicBool::new(false);
    let clients: Vec<Client> = (0..CLIENTS)
        .map(|_| Client::new(server.address()))
        .collect();
    let (acknowledged, kills, peak) = std::thread::scope(|scope| {
        let logging: Vec<_> = clients
            .into_iter()
            .map(|client| scope.spawn(|| client.log_until(&stop)))
            .collect();
        let (kills, peak) = kill_for(&mut server, Duration::from_secs(seconds), seed);
        stop.store(true, SeqCst);
        let ended: Vec<_> = logging
            .into_iter()
            .map(|thread| thread.join().expect("a client ends well"))
            .collect();
        (ended, kills, peak)
    });
    let points: u64 = acknowledged.iter().map(|client| client.acknowledged).sum();
    println!("soak: {points} points acknowledged over {kills} kills; at most {peak:?}");
    assert!(points > 0, "the clients logged");
    let start = door::monotonic();
    for client in &acknowledged {
        check(client);
    }
    println!("soak: read back in {:?}", start.elapsed());
    let rest = server.usage();
    assert!(rest.descriptors <= DESCRIPTORS_MAX, "{rest:?}");
    assert!(peak.maps <= MAPS_MAX, "{peak:?}");
    assert!(peak.memory_bytes <= MEMORY_BYTES_MAX, "{peak:?}");
    server.stop();
    let (leftovers, bytes) = server::left_in(place.path());
    assert!(
        leftovers.len() <= LEFTOVERS_MAX,
        "after {kills} kills: {leftovers:?}"
    );
    let most = points * BYTES_A_POINT_MAX + BYTES_BASE;
    assert!(bytes <= most, "{bytes} bytes on disk for {points} points");
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
    )
}

/// Kills and starts until the time is over; how often, and the most that a server used meanwhile.
fn kill_for(server: &mut Server, time: Duration, seed: u64) -> (u32, Usage) {
    let start = door::monotonic();
    let (mut state, mut kills, mut peak) = (seed | 1, 0, Usage::default());
    while door::monotonic() - start < time {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Between a moment, in which clients are about to connect, and two seconds of work.
        let until = door::monotonic() + Duration::from_millis(50 + state % 2_000);
        while door::monotonic() < until {
            std::thread::park_timeout(until - door::monotonic());
        }
        peak = peak.most(server.usage());
        server.kill();
        server.start_again();
        kills += 1;
    }
    (kills, peak)
}

/// Every acknowledged step of a client's run is there once, with its value.
fn check(client: &Client) {
    let history = client.history();
    let wanted = client.acknowledged;
    assert!(
        history.len() as u64 >= wanted,
        "{} of {wanted} points are there",
        history.len()
    );
    for (step, point) in history.iter().enumerate() {
        assert_eq!(
            *point,
            (step as u64, value_at(step as u64)),
            "run {}",
            client.run()
        );
    }
    // The request that was under way when all ended may have been taken without an answer.
    assert!(
        history.len() as u64 <= wanted + client::BATCH,
        "{} for {wanted}",
        history.len()
    );
}
