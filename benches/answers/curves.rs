//! Curves as training logs them, appended beneath the library so that millions of points take seconds.
//!
//! A loss decays towards a floor with 5 % of noise; values were born as 32-bit floats; steps are one apart, times 1 ms
//! with 10 % of jitter, all from one seed.

use anyhow::{Result, ensure};
use mltrack::{MetricKey, Run, RunId, Tracker};
use mltrack_event::{ColumnsId, MetricSetDefined, encode_metrics};
use mltrack_log::{Appended, Batch};

const BATCH_LEN: u64 = 1000;
const START_NS: i64 = 1_790_000_000_000_000_000;

/// A run and what it logs.
pub struct Curve {
    pub run: RunId,
    columns: ColumnsId,
    width: usize,
    noise: Noise,
}

impl Curve {
    /// A run of `width` metrics that are logged together: loss, and others of names that do not matter.
    pub fn begin(tracker: &Tracker, width: usize) -> Result<(Curve, Run)> {
        let run = tracker.experiment("curves")?.start_run()?;
        let names: Vec<String> = (0..width).map(name).collect();
        // Defines the metrics and the set of them.
        run.log_metrics(0, names.iter().map(|name| (name.as_str(), 1.0)))?;
        let mut members = Vec::new();
        for name in &names {
            members.push(MetricKey::new(name.as_str())?.id());
        }
        let columns = match members[..] {
            [one] => one.into(),
            _ => MetricSetDefined::new(members).id,
        };
        let curve = Curve {
            run: run.id(),
            columns,
            width,
            noise: Noise(1),
        };
        Ok((curve, run))
    }

    /// Appends rows at the steps from 1 up to and including `rows`.
    pub fn append(&mut self, tracker: &Tracker, rows: u64) -> Result<()> {
        let log = tracker.log().expect("the tracker is open for writing");
        let (mut batch, mut payload) = (Batch::new(), Vec::new());
        let mut values = vec![0.0; self.width];
        for step in 1..=rows {
            for (column, value) in values.iter_mut().enumerate() {
                *value = self.noise.loss(step, rows, column);
            }
            payload.clear();
            let (run, columns) = (self.run.key(), self.columns);
            let (type_id, version) =
                encode_metrics(run, columns, step as i64, &values, &mut payload)?;
            let jitter_ns = (self.noise.uniform() * 100_000.0) as i64;
            let time_ns = START_NS + step as i64 * 1_000_000 + jitter_ns;
            batch.push(type_id.0, version.0, Some(time_ns), &payload)?;
            if step % BATCH_LEN == 0 || step == rows {
                let appended = log.append(&mut batch)?;
                ensure!(
                    matches!(appended, Appended::Visible { .. }),
                    "an append was deferred without a rival"
                );
            }
        }
        Ok(())
    }
}

fn name(column: usize) -> String {
    match column {
        0 => "loss".into(),
        other => format!("metric-{other}"),
    }
}

/// A generator of noise that is the same on every machine.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// From 0 up to 1.
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn loss(&mut self, step: u64, rows: u64, column: usize) -> f64 {
        let done = step as f64 / rows as f64;
        let clean = 0.1 + (column + 1) as f64 * (-5.0 * done).exp();
        // The sum of four is nearly normal.
        let sum: f64 = (0..4).map(|_| self.uniform() - 0.5).sum();
        f64::from((clean * (1.0 + 0.087 * sum)) as f32)
    }
}
