//! What a whole plot promises, whatever it is given.

use super::*;

const SIZE: Size = Size {
    width: 60,
    height: 10,
};

fn check_form(text: &str, width: usize, glyphs: Glyphs) {
    for line in text.lines() {
        assert!(line.chars().count() <= width, "too wide: {line:?}");
        assert_eq!(line.trim_end(), line);
    }
    assert!(text.ends_with('\n'));
    assert!(
        glyphs == Glyphs::Braille || text.is_ascii(),
        "not ASCII: {text}"
    );
}

fn curves(text: &str, height: usize) -> Vec<String> {
    let rows = text.lines().take(height);
    rows.map(|row| {
        row.split_once(['|', '+', '│', '┤'])
            .expect("an axis")
            .1
            .to_owned()
    })
    .collect()
}

#[test]
fn a_line_in_ascii_looks_like_this() {
    let points: Vec<(f64, f64)> = (0..=20).map(|x| (f64::from(x), f64::from(x * x))).collect();
    let series = [Series {
        name: "square",
        points: &points,
    }];
    let text = plot(
        &series,
        Size {
            width: 40,
            height: 5,
        },
        Glyphs::Ascii,
    );
    let expected = "\
400 +                                aaa
    |                           aaaaa
    |                      aaaaa
    |              aaaaaaaa
  0 +aaaaaaaaaaaaaa
    +-----------------------------------
    0               10                20
a square  last 400  min 0  max 400
";
    assert_eq!(text, expected);
}

#[test]
fn one_spike_in_a_million_points_is_drawn_at_the_top() {
    let mut points: Vec<(f64, f64)> = (0..1_000_000).map(|x| (f64::from(x), 1.0)).collect();
    points[654_321].1 = 9.0;
    points[123_456].1 = -7.0;
    for glyphs in [Glyphs::Braille, Glyphs::Ascii] {
        let text = plot(
            &[Series {
                name: "spike",
                points: &points,
            }],
            SIZE,
            glyphs,
        );
        let rows = curves(&text, SIZE.height);
        assert_eq!(rows[0].trim().chars().count(), 1, "{text}");
        assert_eq!(rows[9].trim().chars().count(), 1, "{text}");
        assert!(
            text.lines().next().unwrap().trim_start().starts_with("9 "),
            "{text}"
        );
        assert!(
            text.lines().nth(9).unwrap().trim_start().starts_with("-7 "),
            "{text}"
        );
    }
}

#[test]
fn nan_breaks_the_line_and_is_counted() {
    let points: Vec<(f64, f64)> = (0..=40)
        .map(|x| {
            (
                f64::from(x),
                if (10..30).contains(&x) { f64::NAN } else { 1.0 },
            )
        })
        .collect();
    let text = plot(
        &[Series {
            name: "gap",
            points: &points,
        }],
        SIZE,
        Glyphs::Ascii,
    );
    let row = curves(&text, SIZE.height)
        .into_iter()
        .find(|row| row.contains('a'))
        .unwrap();
    assert!(row.trim().contains("          "), "{text}");
    assert!(text.contains("20 not finite"), "{text}");
}

#[test]
fn several_lines_carry_the_letters_of_their_legend() {
    let falling: Vec<(f64, f64)> = (0..100)
        .map(|x| (f64::from(x), 100.0 - f64::from(x)))
        .collect();
    let rising: Vec<(f64, f64)> = (0..100).map(|x| (f64::from(x), f64::from(x))).collect();
    let series = [
        Series {
            name: "down",
            points: &falling,
        },
        Series {
            name: "up",
            points: &rising,
        },
    ];
    for glyphs in [Glyphs::Braille, Glyphs::Ascii] {
        let text = plot(&series, SIZE, glyphs);
        let rows = curves(&text, SIZE.height).concat();
        assert!(rows.contains('a') && rows.contains('b'), "{text}");
        assert!(
            text.contains("\na down ") && text.contains("\nb up "),
            "{text}"
        );
    }
}

#[test]
fn nothing_to_draw_says_so() {
    let nan = [(0.0, f64::NAN), (f64::INFINITY, 1.0)];
    for points in [&nan[..], &[]] {
        let text = plot(
            &[Series {
                name: "none",
                points,
            }],
            SIZE,
            Glyphs::Ascii,
        );
        assert!(
            text.starts_with("no finite values to plot\na none  nothing to draw"),
            "{text}"
        );
    }
    assert_eq!(
        plot(&[], SIZE, Glyphs::Braille),
        "no finite values to plot\n"
    );
}

#[test]
fn equal_values_run_through_the_middle_beside_their_number() {
    for glyphs in [Glyphs::Braille, Glyphs::Ascii] {
        for height in 4..12 {
            let points = [(0.0, 3.5), (1.0, 3.5)];
            let size = Size { height, ..SIZE };
            let text = plot(
                &[Series {
                    name: "flat",
                    points: &points,
                }],
                size,
                glyphs,
            );
            let labelled = text.lines().position(|line| line.starts_with("3.5"));
            let rows = curves(&text, height);
            let drawn = rows.iter().position(|row| !row.trim().is_empty());
            assert_eq!(labelled, drawn, "{text}");
        }
    }
}

#[test]
fn a_narrow_legend_drops_whole_numbers_and_cuts_none() {
    let points = [(0.0, -123_456_789.0), (1.0, -987_654_321.0)];
    let size = Size { width: 40, ..SIZE };
    let text = plot(
        &[Series {
            name: "n",
            points: &points,
        }],
        size,
        Glyphs::Ascii,
    );
    let legend = text.lines().last().unwrap();
    assert_eq!(legend, "a n  last -987654321  min -987654321");
}

#[test]
fn points_may_come_in_any_order() {
    let forward: Vec<(f64, f64)> = (0..50).map(|x| (f64::from(x), f64::from(x % 7))).collect();
    let backward: Vec<(f64, f64)> = forward.iter().rev().copied().collect();
    let [one, other] = [&forward, &backward]
        .map(|points| plot(&[Series { name: "s", points }], SIZE, Glyphs::Braille));
    assert_eq!(one, other);
}

#[test]
fn every_size_and_every_kind_of_value_keeps_the_form() {
    let wild = [
        (0.0, f64::MAX),
        (1.0, f64::MIN),
        (2.0, f64::from_bits(1)),
        (f64::NAN, 0.0),
        (-f64::MAX, f64::NEG_INFINITY),
        (f64::MAX, -0.0),
        (3.0, 1e-300),
    ];
    let tame = [(1.0, 1_000_000.001), (2.0, 1_000_000.002)];
    let close = [
        (-1.000_000_01e-300, -999_999_999.000_1),
        (-1e-300, -999_999_999.000_2),
    ];
    let name = "a name that is longer than any of the widths, and not only ASCII: é";
    for glyphs in [Glyphs::Braille, Glyphs::Ascii] {
        for width in [0, 1, 40, 41, 79, 200] {
            for height in [0, 1, 5, 30] {
                for points in [&wild[..], &tame, &close, &wild[..1]] {
                    let series = [Series { name, points }; 60];
                    let text = plot(&series, Size { width, height }, glyphs);
                    check_form(&text, width.max(Size::MIN.width), glyphs);
                }
            }
        }
    }
}

#[test]
fn a_smoothed_line_has_the_points_as_its_shade_and_keeps_their_spikes() {
    let mut points: Vec<(f64, f64)> = (0..1000).map(|x| (f64::from(x), 1.0)).collect();
    points[500].1 = 9.0;
    let smoothed = vec![points.iter().map(|(x, _)| (*x, 1.5)).collect()];
    let series = [Series {
        name: "s",
        points: &points,
    }];
    for glyphs in [Glyphs::Braille, Glyphs::Ascii] {
        let drawing = Drawing {
            series: &series,
            smoothed: &smoothed,
            bands: &[],
            size: SIZE,
            glyphs,
            axis: Axis::Linear,
        };
        let text = drawing.text();
        let rows = curves(&text, SIZE.height);
        assert_eq!(rows[0].trim().chars().count(), 1, "{text}");
        assert!(text.contains("max 9"), "{text}");
        if glyphs == Glyphs::Ascii {
            assert_eq!(rows[0].trim(), ".");
            assert!(rows.concat().contains("aaaa"), "{text}");
        }
    }
}

#[test]
fn a_logarithmic_axis_spreads_powers_evenly_and_counts_what_it_cannot_show() {
    let points: Vec<(f64, f64)> = (0..=4)
        .map(|x| (f64::from(x), 10_f64.powi(x)))
        .chain([(5.0, 0.0), (6.0, -3.0)])
        .collect();
    let series = [Series {
        name: "s",
        points: &points,
    }];
    let size = Size {
        width: 40,
        height: 5,
    };
    let drawing = Drawing {
        series: &series,
        smoothed: &[],
        bands: &[],
        size,
        glyphs: Glyphs::Ascii,
        axis: Axis::Log,
    };
    let text = drawing.text();
    let labels: Vec<&str> = text
        .lines()
        .take(5)
        .map(|row| row.split(['|', '+']).next().unwrap().trim())
        .collect();
    assert_eq!((labels[0], labels[4]), ("10000", "1"), "{text}");
    let rows = curves(&text, 5);
    let lengths: Vec<usize> = rows.iter().map(|row| row.trim().len()).collect();
    assert!(
        lengths.iter().max().unwrap() - lengths.iter().min().unwrap() <= 5,
        "{text}"
    );
    assert!(text.ends_with("2 not above 0: not drawn\n"), "{text}");
}
