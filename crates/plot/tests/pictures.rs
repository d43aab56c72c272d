//! One picture of each kind, byte for byte: what a chart looks like changes only when somebody has looked at it.
//!
//! `MLTRACK_BLESS=1 cargo test -p mltrack-plot --test pictures` writes them again.

use std::fs;
use std::path::PathBuf;

use mltrack_plot::{
    Bar, Bars, Confusion, Curves, Dot, HeatPanel, Heats, Line, Middle, Page, Panel, Parallel,
    ParallelAxis, ParallelRow, Picture, Reach, Scale, Scatter, Share, Slice, Spread, ThemeName,
    look_at, look_of, ribbon, smoothed, thinned,
};

fn check(name: &str, picture: &Picture) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let file = folder.join(format!("{name}.svg"));
    let svg = picture.svg();
    assert!(picture.svg() == svg, "the same picture twice differs");
    if std::env::var_os("MLTRACK_BLESS").is_some_and(|value| value == "1") {
        fs::write(&file, &svg).unwrap();
        return;
    }
    let known = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        known == svg,
        "{name}.svg is drawn otherwise: look at it, and bless it with MLTRACK_BLESS=1"
    );
}

fn page() -> Page {
    Page::new(84.0, 60.0).unwrap()
}

/// Numbers that look like noise and are the same everywhere.
fn noise(seed: u64, index: u64) -> f64 {
    let mut state =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ index.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state ^= state >> 29;
    state = state.wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^= state >> 32;
    (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
}

/// A loss that falls, by arithmetic that is exact on every machine.
fn falling(seed: u64, count: u64) -> Vec<(f64, f64)> {
    let value = |step: u64| 2.0 / (1.0 + step as f64 / 150.0) + 0.25 * noise(seed, step);
    (0..count).map(|step| (step as f64, value(step))).collect()
}

fn curves() -> Curves {
    let line = |name: usize, seed: u64| {
        let mut points = falling(seed, 3000);
        points[700].1 = 3.5;
        points[1500].1 = f64::NAN;
        Line {
            name,
            smooth: thinned(&smoothed(&points, 0.9), 300),
            points: thinned(&points, 300),
            band: Vec::new(),
        }
    };
    Curves {
        panels: vec![Panel {
            title: "loss".to_owned(),
            lines: vec![line(0, 1), line(1, 2)],
        }],
        names: vec![
            (
                "brave-otter".to_owned(),
                look_of("0199c0de0000700080000000000000ff"),
            ),
            (
                "a-run-with-a-name-that-is-far-too-long-for-a-column".to_owned(),
                look_of("0123456789abcdef0123456789abcdef"),
            ),
        ],
        x_name: "step".to_owned(),
        note: "× not a finite number".to_owned(),
        ..Curves::default()
    }
}

#[test]
fn curves_with_smoothing_a_spike_and_a_hole() {
    check("curves", &curves().draw(&page().title("Loss of two runs")));
    check(
        "curves-dark",
        &curves().draw(&page().theme(ThemeName::Dark)),
    );
}

#[test]
fn curves_on_logarithmic_axes_over_time_in_panels() {
    let line = |seed| Line {
        points: falling(seed, 40)
            .iter()
            .map(|(x, y)| (x * 90.0, y * y * 0.01 + 1e-5))
            .collect(),
        ..Line::default()
    };
    let panel = |title: &str, seed| Panel {
        title: title.to_owned(),
        lines: vec![line(seed)],
    };
    let chart = Curves {
        panels: vec![panel("train/loss", 3), panel("val/loss", 4)],
        names: vec![("run".to_owned(), look_at(2))],
        x_name: "time since the start".to_owned(),
        x_scale: Scale::Duration,
        y_scale: Scale::Log,
        ..Curves::default()
    };
    let page = Page::new(84.0, 100.0).unwrap().theme(ThemeName::Print);
    check("curves-panels", &chart.draw(&page));
}

#[test]
fn groups_with_bands() {
    let line = |name: usize| {
        let seeds = (0..5).map(|seed| falling(10 * name as u64 + seed, 400));
        let lines: Vec<Vec<(f64, f64)>> = seeds
            .map(|line| {
                smoothed(&line, 0.8)
                    .iter()
                    .map(|(x, y)| (*x, y + 0.4 * name as f64))
                    .collect()
            })
            .collect();
        let ribbons = ribbon(&lines, 200, Middle::Mean, Spread::Interval);
        let reach =
            |it: &mltrack_plot::Ribbon| it.band.map(|(low, high)| Reach { x: it.x, low, high });
        Line {
            name,
            points: ribbons.iter().map(|it| (it.x, it.middle)).collect(),
            smooth: Vec::new(),
            band: ribbons.iter().filter_map(reach).collect(),
        }
    };
    let chart = Curves {
        panels: vec![Panel {
            title: "loss".to_owned(),
            lines: (0..3).map(line).collect(),
        }],
        names: (0..3)
            .map(|group| (format!("lr=0.{} (n=5)", group + 1), look_at(group)))
            .collect(),
        x_name: "step".to_owned(),
        note: "mean with its 95% interval".to_owned(),
        ..Curves::default()
    };
    check("groups", &chart.draw(&page()));
}

#[test]
fn parallel_axes() {
    let axis = |name: &str, scale, words: &[&str]| ParallelAxis {
        name: name.to_owned(),
        scale,
        words: words.iter().map(|&word| word.to_owned()).collect(),
    };
    let row = |index: u64| {
        let rate = 1e-4 * (1.0 + (noise(1, index) + 0.5) * 300.0);
        let loss = 0.2 + noise(4, index).abs() + rate;
        ParallelRow {
            values: vec![
                Some(rate),
                Some((index % 2) as f64),
                Some(f64::from(16_u32 << (index % 4))),
                (index != 7).then_some(loss),
            ],
        }
    };
    let chart = Parallel {
        axes: vec![
            axis("lr", Scale::Log, &[]),
            axis("optimiser", Scale::Linear, &["adam", "sgd"]),
            axis("batch_size", Scale::Linear, &[]),
            axis("loss", Scale::Linear, &[]),
        ],
        rows: (0..30).map(row).collect(),
        is_less_better: true,
    };
    check("parallel", &chart.draw(&page()));
}

#[test]
fn histograms_over_steps() {
    let slice = |step: u64| {
        let centre = step as f64 / 20.0 - 0.5;
        let edges: Vec<f64> = (0..=24).map(|edge| f64::from(edge) / 8.0 - 1.5).collect();
        let near = |edge: &f64| 1.0 / (1.0 + 20.0 * (edge - centre) * (edge - centre));
        let counts = edges[..24]
            .iter()
            .map(|edge| (200.0 * near(edge) - 20.0).max(0.0) as u64);
        Slice {
            x: (step * 100) as f64,
            counts: counts.collect(),
            edges,
        }
    };
    let chart = Heats {
        panels: vec![HeatPanel {
            title: "weights/layer1".to_owned(),
            slices: (0..25).map(slice).collect(),
        }],
        x_name: "step".to_owned(),
        y_name: "value".to_owned(),
        ..Heats::default()
    };
    check("histograms", &chart.draw(&page()));
}

#[test]
fn confusion_matrices() {
    let count = |row: u64, column: u64| {
        if row == column {
            90 + 3 * row
        } else {
            ((noise(row, column) + 0.3).max(0.0) * 20.0) as u64
        }
    };
    let matrix = |size: u64, share| Confusion {
        labels: (0..size).map(|label| label.to_string()).collect(),
        counts: (0..size)
            .map(|row| (0..size).map(|column| count(row, column)).collect())
            .collect(),
        share,
        name: "confusion".to_owned(),
    };
    let square = Page::new(84.0, 76.0).unwrap();
    check("confusion", &matrix(10, Share::Row).draw(&square));
    let words = Confusion {
        labels: ["aeroplane", "bicycle", "cat"].map(str::to_owned).to_vec(),
        ..matrix(3, Share::None)
    };
    check("confusion-counts", &words.draw(&square));
}

#[test]
fn dots_and_bars() {
    let looks = (0..12).map(look_at);
    let dots = looks.enumerate().map(|(index, look)| Dot {
        x: 1e-4 * f64::from(1 << index),
        y: 0.8 + 0.2 * noise(5, index as u64),
        look,
    });
    let scatter = Scatter {
        dots: dots.collect(),
        x: ("lr".to_owned(), Scale::Log),
        y: ("accuracy".to_owned(), Scale::Linear),
    };
    check("scatter", &scatter.draw(&page()));
    let bars = (0..8_u64).map(|index| Bar {
        name: format!("run-{index}"),
        value: 0.5 + noise(6, index),
        look: look_at(index as usize),
    });
    let bars = Bars {
        bars: bars.collect(),
        name: "accuracy".to_owned(),
    };
    check("bars", &bars.draw(&page()));
}

#[test]
fn a_png_is_as_large_as_asked_for() {
    let png = curves().draw(&page()).png(300.0).unwrap();
    // The header: width and height of 84 x 60 mm at 300 dpi.
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(png[16..20], 992_u32.to_be_bytes());
    assert_eq!(png[20..24], 709_u32.to_be_bytes());
}
