//! One artifact of 256 MiB through the proxy, up and down, over one connection. Each round's bytes are new ones.

use anyhow::{Result, ensure};
use mltrack_log::door;

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::http::{Connection, request};
use crate::process::{Kind, Server};

const ROW: &str = "artifacts";
const ROUNDS: u64 = 5;

pub fn run(bench: &Bench) -> Result<()> {
    let length = bench.size(256 << 20, 16 << 20) as usize;
    for kind in Kind::all() {
        let place = bench.place()?;
        let folder = match kind {
            Kind::Ours => place.store(),
            Kind::Stock => place.path().to_owned(),
        };
        let server = Server::start(kind, &folder)?;
        let experiment = server.experiment("artifacts")?;
        let run = server.run(&experiment)?;
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let mut came = vec![1; length];
        for round in 0..ROUNDS {
            let bytes = noise(length, round + 1);
            let path = format!(
                "/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/big-{round}"
            );
            let put = request("PUT", &path, &bytes);
            let mut connection = Connection::open(server.address)?;
            let start = door::monotonic();
            connection.ask(&put)?;
            up.push(length as f64 / (door::monotonic() - start).as_secs_f64());
            let get = request("GET", &path, b"");
            let start = door::monotonic();
            connection.fetch(&get, &mut came)?;
            down.push(length as f64 / (door::monotonic() - start).as_secs_f64());
            ensure!(came == bytes, "the same bytes come back");
        }
        let figure = Figure::new(kind.label("up, bytes"), Unit::PerSecond, &up);
        bench.show(ROW, &figure.at_least(800e6));
        let figure = Figure::new(kind.label("down, bytes"), Unit::PerSecond, &down);
        bench.show(ROW, &figure.at_least(1e9));
    }
    Ok(())
}

/// Bytes that neither compress nor repeat.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    });
    let mut bytes: Vec<u8> = words
        .take(length.div_ceil(8))
        .flat_map(u64::to_le_bytes)
        .collect();
    bytes.truncate(length);
    bytes
}
