//! What a sample of the machine costs: processor time of 60 samples, with no child process and with 300.
//!
//! `cargo bench -p mltrack-capture --bench sampling`. At one sample a second, 0.5 % of a core is 5,000 µs a sample.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mltrack_capture::system::{Sampler, Watched};
use rustix::time::{ClockId, clock_gettime};

const SAMPLES: u32 = 60;

fn main() {
    for children in [0, 300] {
        let mut kept: Vec<Child> = (0..children).map(|_| child()).collect();
        let (values, micros) = measure();
        println!(
            "{children:4} children: {micros:7.1} µs of processor time a sample, {values} values, {:.3} % of a core at 1 s",
            micros / 1e4
        );
        for child in &mut kept {
            child.kill().expect("it is ours");
            child.wait().expect("it was started");
        }
    }
}

/// A process that waits for us to go.
fn child() -> Child {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    command.spawn().expect("there is a cat")
}

fn measure() -> (usize, f64) {
    #[expect(clippy::disallowed_methods, reason = "a bench has no door")]
    let begun = Instant::now();
    let watched = Watched {
        process: std::process::id(),
        store: Some(std::env::temp_dir()),
        is_whole: true,
    };
    let mut sampler = Sampler::new(watched, begun);
    let before = processor_time();
    let mut values = 0;
    for sample in 1..=SAMPLES {
        // Every sample meets new processes on a busy machine; here one of them is made for it.
        let met = Command::new("true").status();
        met.expect("there is a true");
        values = sampler
            .sample(begun + Duration::from_secs(u64::from(sample)))
            .len();
    }
    let used = processor_time().saturating_sub(before);
    (values, used.as_secs_f64() * 1e6 / f64::from(SAMPLES))
}

/// Of this process alone, in user and kernel.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}
