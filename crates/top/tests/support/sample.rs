//! A store that is the same each time: ids, times and values are made up from numbers, none from a clock.

use std::path::Path;

use mltrack::{
    EndState, Level, Line, Piece, PieceColumn, RemoteRun, RemoteState, RemoteUpdate, Result, RunId,
    Tracker, WallTime,
};

const SECOND: i64 = 1_000_000_000;
/// When somebody looks at it.
pub const NOW_NS: i64 = 1_760_000_000 * SECOND;

/// One run of the sample.
struct Plan {
    number: u8,
    experiment: &'static str,
    name: &'static str,
    lr: f64,
    optimizer: &'static str,
    /// So long ago it began, and so many steps it took, one every two seconds.
    ago_s: i64,
    steps: i64,
    end: Option<EndState>,
}

const PLANS: [Plan; 8] = [
    plan(
        1,
        "digits",
        "calm-yak",
        0.3,
        "sgd",
        90_000,
        900,
        Some(EndState::Completed),
    ),
    plan(
        2,
        "digits",
        "red-oak",
        0.1,
        "sgd",
        9_000,
        1200,
        Some(EndState::Completed),
    ),
    plan(
        3,
        "digits",
        "shy-fox",
        0.03,
        "adam",
        7_500,
        1200,
        Some(EndState::Completed),
    ),
    plan(
        4,
        "digits",
        "loud-bee",
        3.0,
        "sgd",
        5_400,
        140,
        Some(EndState::Failed),
    ),
    plan(
        5,
        "text",
        "slow-owl",
        0.001,
        "adam",
        4_000,
        500,
        Some(EndState::Cancelled),
    ),
    plan(6, "text", "odd-lynx", 0.002, "adam", 2_600, 1250, None),
    plan(7, "digits", "kind-elk", 0.01, "adam", 1_500, 750, None),
    plan(8, "digits", "bold-ant", 0.05, "adam", 252, 126, None),
];

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn plan(
    number: u8,
    experiment: &'static str,
    name: &'static str,
    lr: f64,
    optimizer: &'static str,
    ago_s: i64,
    steps: i64,
    end: Option<EndState>,
) -> Plan {
    Plan {
        number,
        experiment,
        name,
        lr,
        optimizer,
        ago_s,
        steps,
        end,
    }
}

/// Makes the store, which is to be looked at as of [`NOW_NS`].
pub fn make(path: &Path) -> Result<Tracker> {
    let tracker = Tracker::builder(path).no_system_metrics().open()?;
    for plan in &PLANS {
        let run = begin(&tracker, plan)?;
        let (mut mark, _) = tracker.piece_mark(plan.name)?;
        let points = Points::of(plan);
        let mut piece = Piece {
            columns: points.columns(),
            lines: lines(plan),
            ..Piece::default()
        };
        run.bring(&mut piece, &mut mark, "{}")?;
        if let Some(end) = plan.end {
            let time = WallTime(begun(plan) + plan.steps * 2 * SECOND);
            run.update(&RemoteUpdate {
                state: Some(RemoteState::Ended(end)),
                time: Some(time),
                ..RemoteUpdate::default()
            })?;
        }
    }
    Ok(tracker)
}

fn begun(plan: &Plan) -> i64 {
    NOW_NS - plan.ago_s * SECOND
}

fn begin(tracker: &Tracker, plan: &Plan) -> Result<RemoteRun> {
    let experiment = tracker.experiment(plan.experiment)?;
    let mut id = [7; 16];
    // The first bytes are a time, in milliseconds; the last are random in life.
    id[..6].copy_from_slice(&(begun(plan) / 1_000_000).to_be_bytes()[2..]);
    for (at, byte) in id[12..].iter_mut().enumerate() {
        *byte = plan.number.wrapping_mul(67).wrapping_add(at as u8 * 59);
    }
    let new = tracker.new_remote_run(experiment.id());
    new.id(RunId::from_bytes(id))
        .name(plan.name)
        .started(WallTime(begun(plan)))
        .param("lr", plan.lr)
        .param("optimizer", plan.optimizer)
        .param("batch", 128_i64)
        .param("seed", i64::from(plan.number))
        .tag("team", "vision")
        .create()
}

/// Columns of points, which a piece borrows.
struct Points {
    steps: Vec<i64>,
    times_ns: Vec<i64>,
    columns: Vec<(&'static str, Vec<f64>)>,
}

impl Points {
    fn of(plan: &Plan) -> Points {
        let steps: Vec<i64> = (0..plan.steps).collect();
        let at = |step: &i64| begun(plan) + step * 2 * SECOND;
        let made = |of: fn(&Plan, i64) -> f64| steps.iter().map(|step| of(plan, *step)).collect();
        Points {
            times_ns: steps.iter().map(at).collect(),
            columns: vec![
                ("accuracy", made(accuracy)),
                ("grad_norm", made(grad_norm)),
                ("loss", made(loss)),
                (
                    "val/loss",
                    made(|plan, step| loss(plan, step / 25 * 25) * 1.15),
                ),
                (
                    "system/cpu.percent",
                    made(|_, step| 62.0 + 30.0 * noise(step, 3)),
                ),
                (
                    "system/gpu.0.utilization.percent",
                    made(|_, step| 91.0 + 8.0 * noise(step, 5)),
                ),
                (
                    "system/memory.bytes",
                    made(|_, step| 6.1e9 + 2e5 * step as f64),
                ),
            ],
            steps,
        }
    }

    fn columns(&self) -> Vec<PieceColumn<'_>> {
        let column = |(name, values): &'_ (&'static str, Vec<f64>)| (*name, values.len());
        let names: Vec<(&str, usize)> = self.columns.iter().map(column).collect();
        let columns = names.into_iter().zip(&self.columns);
        columns
            .map(|((name, count), (_, values))| PieceColumn {
                name,
                steps: &self.steps[..count],
                times_ns: &self.times_ns[..count],
                values,
            })
            .collect()
    }
}

/// From -1 to 1, and without any order that is seen.
fn noise(step: i64, seed: u64) -> f64 {
    let mut mixed = (step as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (seed << 40);
    mixed ^= mixed >> 29;
    mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 32;
    (mixed % 20_001) as f64 / 10_000.0 - 1.0
}

fn loss(plan: &Plan, step: i64) -> f64 {
    if plan.end == Some(EndState::Failed) {
        // It diverges, and then there are no numbers any more.
        return if step > 120 {
            f64::NAN
        } else {
            0.4 * (0.05 * step as f64).exp()
        };
    }
    let pace = plan.lr.powf(0.3) / 40.0;
    let spike = if step == 333 { 1.4 } else { 0.0 };
    0.08 + 2.2 * (-pace * step as f64).exp() + 0.05 * noise(step, u64::from(plan.number)) + spike
}

fn accuracy(plan: &Plan, step: i64) -> f64 {
    let loss = loss(plan, step);
    if loss.is_nan() {
        0.1
    } else {
        0.99 - 0.38 * loss.min(2.3)
    }
}

fn grad_norm(plan: &Plan, step: i64) -> f64 {
    let loss = loss(plan, step);
    (0.4 * loss).exp() * (1.0 + 0.5 * noise(step, 9))
}

fn lines(plan: &Plan) -> Vec<Line> {
    let line = |step: i64, level: Level, text: String| Line {
        time: Some(WallTime(begun(plan) + step * 2 * SECOND)),
        level,
        source: "stdout".to_owned(),
        text,
    };
    let mut lines = Vec::new();
    for step in (0..plan.steps).step_by(25) {
        let text = format!(
            "step {step:>4}  loss {:.4}  accuracy {:.4}",
            loss(plan, step),
            accuracy(plan, step)
        );
        lines.push(line(step, Level::Info, text));
    }
    if plan.number == 8 {
        lines.push(line(
            plan.steps - 1,
            Level::Warn,
            "the queue of batches ran empty for 0.4 s".to_owned(),
        ));
    }
    if plan.end == Some(EndState::Failed) {
        lines.push(line(
            plan.steps - 1,
            Level::Error,
            "loss is NaN: stopping".to_owned(),
        ));
    }
    lines
}
